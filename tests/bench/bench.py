"""bench.py [--rows NAME,...] [--runs N] [--json FILE]: bootfs beside what else does the job.

Makes its inputs (a guest with an 8 MB kernel and a 40 MB initrd, both random bytes), runs each row
side by side with its rivals in the same minute, in turns, and prints a table: median, spread (the
middle half of the runs), ratio to the first rival. Needs root. `make bench ARGS='--rows list'`."""

import argparse
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
PYGRUB = next((p for p in sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
KERNEL, INITRD = 8 << 20, 40 << 20

GRUB_CFG = """set default=0
set timeout=5
menuentry 'Debian GNU/Linux' {
	linux /boot/vmlinuz root=/dev/xvda1 ro quiet
	initrd /boot/initrd.img
}
menuentry 'Debian GNU/Linux (recovery)' {
	linux /boot/vmlinuz root=/dev/xvda1 ro single
	initrd /boot/initrd.img
}
"""


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, **more)


def timed(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


class Guest:
    """The input of every row, and a bootfs that shows it."""

    def __init__(self, folder):
        self.folder = folder
        self.image = folder / "guest.img"
        self.out = folder / "out"
        self.out.mkdir()
        self.mountpoint = folder / "bootfs"
        self.daemon = None
        tree = folder / "tree"
        (tree / "boot/grub").mkdir(parents=True)
        (tree / "boot/grub/grub.cfg").write_text(GRUB_CFG)
        (tree / "boot/vmlinuz").write_bytes(os.urandom(KERNEL))
        (tree / "boot/initrd.img").write_bytes(os.urandom(INITRD))
        self.kernel, self.initrd = tree / "boot/vmlinuz", tree / "boot/initrd.img"
        with open(self.image, "wb") as f:
            f.truncate(96 << 20)
        subprocess.run(["sfdisk", "-q", str(self.image)], check=True, text=True,
                       input="label: dos\nstart=2048, type=83, bootable\n")
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, "-E", "offset=1048576", self.image, "95M")
        self.config = folder / "bootfs.conf"
        self.write_config([("guest", self.image)])

    def write_config(self, domains, name="bootfs.conf"):
        lines = ["[bootfs]", f"mountpoint = {self.mountpoint}", "xl-config =",
                 "worker-user = nobody"]
        for domain, image in domains:
            lines += [f"[domain {domain}]", f"disk = file:{image},xvda,w"]
        path = self.folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self, config=None):
        self.daemon = subprocess.Popen([BUILD / "bootfs", "-f", "--config", config or self.config])
        while not os.path.ismount(self.mountpoint):
            if self.daemon.poll() is not None:
                sys.exit("bench: bootfs did not start")
            time.sleep(0.001)

    def stop(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait()
            self.daemon = None

    def clean_out(self):
        for path in self.out.iterdir():
            path.unlink()


def wrapper(guest, *options, mounted=True):
    where = ["--bootfs", guest.mountpoint] if mounted else ["--bootfs", guest.folder / "none"]

    def action():
        run(BUILD / "bootfs-pygrub", *options, *where, "--output-format=simple0",
            f"--output-directory={guest.out}", guest.image, stderr=subprocess.DEVNULL)
    return action


def pygrub(guest, *options):
    def action():
        run("/usr/bin/python3", PYGRUB, *options, "--output-format=simple0",
            f"--output-directory={guest.out}", guest.image, stderr=subprocess.DEVNULL)
    return action


def copy(guest):
    def action():
        run("cp", guest.kernel, guest.initrd, guest.out)
    return action


def row_boot(guest, compare):
    """A whole run: menu, default, both files copied."""
    compare("whole run, mounted", {"cp of the two files": copy(guest),
                                   "pygrub -q": pygrub(guest, "-q"),
                                   "bootfs-pygrub -q": wrapper(guest, "-q")})


def row_private(guest, compare):
    """The same where no bootfs is mounted."""
    compare("whole run, private daemon", {"cp of the two files": copy(guest),
                                          "pygrub -q": pygrub(guest, "-q"),
                                          "bootfs-pygrub -q": wrapper(guest, "-q", mounted=False)})


def row_list(guest, compare):
    """The entries listed."""
    compare("-l, mounted and private", {"pygrub -l": pygrub(guest, "-l"),
                                        "bootfs-pygrub -l": wrapper(guest, "-l"),
                                        "the same, private": wrapper(guest, "-l", mounted=False)})


def row_inspector(guest, compare):
    """One inspection by itself, against starting any static program."""
    true = guest.folder / "static-true"
    source = guest.folder / "true.c"
    source.write_text("int main(void) { return 0; }\n")
    run("gcc", "-static", "-O2", "-o", true, source)
    compare("start, inspect, end", {
        "a static program": lambda: run(true),
        "bootfs-inspect": lambda: run(BUILD / "bootfs-inspect", guest.image)})


def read_all(path):
    with open(path, "rb", buffering=0) as f:
        buffer = bytearray(1 << 20)
        while f.readinto(buffer):
            pass


@contextlib.contextmanager
def loop_mount(guest):
    where = guest.folder / "kernel-mount"
    where.mkdir(exist_ok=True)
    run("mount", "-o", "loop,ro,noload,offset=1048576", guest.image, where)
    try:
        yield where
    finally:
        run("umount", where)


def row_read(guest, compare):
    """The 40 MB initrd read through each mount: the first time after mounting, and again."""
    kernel = guest.folder / "first"

    def with_loop(times):
        def action():
            with loop_mount(guest) as where:
                for _ in range(times):
                    action.ms = timed(lambda: read_all(where / "boot/initrd.img"))
            return action.ms
        return action

    def with_bootfs(times):
        def action():
            guest.stop()
            guest.start()
            path = guest.mountpoint / "guest/entries/0/initrd"
            os.stat(path)
            for _ in range(times):
                action.ms = timed(lambda: read_all(path))
            return action.ms
        return action

    def with_grub_mount():
        kernel.mkdir(exist_ok=True)
        daemon = subprocess.Popen(["grub-mount", guest.image, kernel], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        daemon.wait()
        try:
            root = kernel / "boot" if (kernel / "boot").exists() else kernel
            return timed(lambda: read_all(root / "initrd.img"))
        finally:
            run("umount", kernel)

    rivals = {"kernel ext4 on a loop device": with_loop(1), "bootfs": with_bootfs(1)}
    if shutil.which("grub-mount"):
        plain = guest.folder / "plain.img"
        if not plain.exists():
            with open(guest.image, "rb") as f, open(plain, "wb") as g:
                f.seek(1 << 20)
                shutil.copyfileobj(f, g)

        def grub_mount():
            saved, guest.image = guest.image, plain
            try:
                return with_grub_mount()
            finally:
                guest.image = saved
        rivals["grub-mount"] = grub_mount
    compare("initrd, first read", rivals)
    compare("initrd, read again", {"kernel ext4 on a loop device": with_loop(2),
                                   "bootfs": with_bootfs(2)})


def row_domains(guest, compare):
    """A thousand domains: start until the mount answers; all menus, cold."""
    images = guest.folder / "many"
    images.mkdir(exist_ok=True)
    small = images / "0.img"
    if not small.exists():
        tree = guest.folder / "small"
        (tree / "boot/grub").mkdir(parents=True)
        (tree / "boot/grub/grub.cfg").write_text(GRUB_CFG)
        (tree / "boot/vmlinuz").write_bytes(b"k" * 4096)
        (tree / "boot/initrd.img").write_bytes(b"i" * 4096)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, small, "4M")
        for i in range(1, 1000):
            os.link(small, images / f"{i}.img")
    config = guest.write_config([(f"d{i}", images / f"{i}.img") for i in range(1000)], "many.conf")
    guest.stop()

    def start_time():
        begin = time.perf_counter()
        guest.start(config)
        ms = (time.perf_counter() - begin) * 1e3
        guest.stop()
        return ms

    def menus(readers):
        def action():
            guest.start(config)
            try:
                return timed(lambda: run("sh", "-c", "ls -d " + str(guest.mountpoint) +
                                         f"/*/menu | xargs -P{readers} -n 50 cat"))
            finally:
                guest.stop()
        return action
    compare("1,000 domains: start", {"bootfs": start_time}, runs=5)
    compare("1,000 domains: all menus", {"one reader": menus(1), "two readers": menus(2)}, runs=3)
    guest.start()


def row_memory(guest, _compare):
    """Peak resident memory."""
    print("\nmemory, peak resident")

    def peak(*command):
        result = subprocess.run(["/usr/bin/time", "-f", "%M", *[str(c) for c in command]],
                                capture_output=True, text=True, check=False)
        return result.stderr.strip().splitlines()[-1]
    run("cat", guest.mountpoint / "guest/menu")
    status = Path(f"/proc/{guest.daemon.pid}/status").read_text()
    daemon = next(l.split()[1] for l in status.splitlines() if l.startswith("VmHWM"))
    print(f"  {'bootfs':34}{daemon:>8} kB")
    if shutil.which("time"):
        print(f"  {'bootfs-inspect (asker)':34}"
              f"{peak(BUILD / 'bootfs-inspect', guest.image):>8} kB")
        print(f"  {'bootfs-pygrub -q':34}" + "{:>8} kB".format(peak(
            BUILD / "bootfs-pygrub", "-q", "--bootfs", guest.mountpoint,
            f"--output-directory={guest.out}", guest.image)))


ROWS = {name[4:]: f for name, f in list(globals().items()) if name.startswith("row_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="of: " + ", ".join(ROWS))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", default=str(BUILD / "bench.json"))
    args = parser.parse_args()
    if os.geteuid() != 0 or not PYGRUB:
        sys.exit("bench: needs root, and pygrub from Debian's xen-utils")
    results = {}
    with tempfile.TemporaryDirectory(prefix="bootfs-bench.") as folder:
        guest = Guest(Path(folder))

        def compare(title, rivals, runs=args.runs):
            times = {name: [] for name in rivals}
            for turn in range(runs + 1):
                for name, action in rivals.items():
                    guest.clean_out()
                    begin = time.perf_counter()
                    ms = action()
                    ms = ms if isinstance(ms, float) else (time.perf_counter() - begin) * 1e3
                    if turn:                # the first turn warms the caches
                        times[name].append(ms)
            report(title, times)
            results[title] = times
        guest.start()
        try:
            for name in args.rows.split(","):
                ROWS[name](guest, compare)
        finally:
            guest.stop()
    Path(args.json).write_text(json.dumps(results, indent=1))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"\n{args.runs} runs each in turns; all times in {args.json}; "
          f"processor time {used.ru_utime + used.ru_stime:.0f} s")


def report(title, times):
    print(f"\n{title:36}{'median ms':>10}{'middle half':>18}{'of first':>10}")
    base = statistics.median(next(iter(times.values())))
    for name, values in times.items():
        low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
        noisy = "  noisy" if high - low > 0.4 * middle else ""
        print(f"  {name:34}{middle:10.1f}{low:9.1f} ...{high:5.1f}{middle / base:9.2f}x{noisy}",
              flush=True)


if __name__ == "__main__":
    main()
