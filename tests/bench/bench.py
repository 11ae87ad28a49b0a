# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.py [--rows NAME,...] [--runs N] [--json FILE] [--realtime]: bootfs beside what else does it.

Makes its inputs, runs each row side by side with its rivals in the same minute, in turns, and
prints a table: median, middle half of the runs, processor time of the programs started, ratio to
the first rival, and whether the goal is met. Needs root. `make bench ARGS='--rows list'`."""

import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inputs import (BUILD, PYGRUB, Guest, long_cfg, loop_mount, ordinary_cfg, run,
                    short_cfg, slow_disk, timed)
from meter import Meter, percentile


def wrapper(guest, *options, mounted=True):
    where = ["--bootfs", guest.mountpoint if mounted else guest.folder / "none"]

    def action():
        run(BUILD / "bootfs-pygrub", *options, *where, "--config", guest.config,
            "--output-format=simple0", f"--output-directory={guest.out}", guest.image,
            stderr=subprocess.DEVNULL)
    return action


def pygrub(guest, *options):
    def action():
        run("/usr/bin/python3", PYGRUB, *options, "--output-format=simple0",
            f"--output-directory={guest.out}", guest.image, stderr=subprocess.DEVNULL)
    return action


def row_boot(guest, meter):
    """A whole run: menu, default, both files copied; with a mount, and without."""
    cp, own = "cp of the two files", "bootfs-pygrub -q"
    meter.compare("whole run, 8 MB + 40 MB", {
        cp: lambda: run("cp", guest.kernel, guest.initrd, guest.out),
        "pygrub -q": pygrub(guest, "-q"),
        own: wrapper(guest, "-q"),
        "the same, private": wrapper(guest, "-q", mounted=False),
    }, goals=[(own, cp, 1.6), (own, "pygrub -q", 1 / 2.2),
              ("the same, private", "pygrub -q", 1 / 1.8)])


def row_list(guest, meter):
    """The entries listed."""
    meter.compare("-l", {
        "pygrub -l": pygrub(guest, "-l"),
        "bootfs-pygrub -l": wrapper(guest, "-l"),
        "the same, private": wrapper(guest, "-l", mounted=False),
    }, goals=[("bootfs-pygrub -l", "pygrub -l", 1 / 8), ("the same, private", "pygrub -l", 1 / 5)])


def row_inspector(guest, meter):
    """Starting and ending a sandboxed inspector; what an ordinary guest costs beyond that."""
    ordinary = guest.image_with("ordinary.img", ordinary_cfg())
    empty = guest.folder / "empty.img"
    with open(empty, "wb") as f:
        f.truncate(16 << 20)
    true = guest.folder / "static-true"
    source = guest.folder / "true.c"
    source.write_text("int main(void) { return 0; }\n")
    run("gcc", "-static", "-O2", "-o", true, source)

    def bench(image, line, inspector="bootfs-inspect"):
        def action():
            said = subprocess.run([BUILD / "tests/tools/ask-bench", true, BUILD / inspector,
                                   image], capture_output=True, text=True, check=True).stdout
            words = next(l for l in said.splitlines() if l.startswith(line)).split()
            return float(words[words.index("median") + 1]) / 1e3
        return action
    medians = meter.compare("an inspector, 300 times each", {
        "fork+exec, a static program": bench(empty, "fork+exec"),
        "nothing on the disk": bench(empty, "sandboxed"),
        "an ordinary guest": bench(ordinary, "sandboxed"),
    }, runs=5, goals=[("nothing on the disk", "fork+exec, a static program", 2.5)])
    meter.goal("an ordinary guest, beyond the start",
               medians["an ordinary guest"] - medians["nothing on the disk"], 3, "ms")
    first = "with the reader of ext alone"
    meter.compare("a start, by the formats known", {
        first: bench(empty, "sandboxed", "tests/tools/ext-inspect"),
        "with all formats": bench(empty, "sandboxed"),
    }, runs=9, goals=[("with all formats", first, 1.1)])


def row_long(guest, meter):
    """A grub.cfg of more than 1 MB with 5,000 entries."""
    image = guest.image_with("long.img", long_cfg(5000), 32 << 20)
    config = guest.write_config([("long", image)], "long.conf", "cache-ttl = 1ms")
    took = []
    with guest.shown(config):
        for _ in range(meter.runs + 1):
            before = guest.stats()["bootfs_inspection_seconds_sum"]
            os.utime(image)             # else it is known to be unchanged
            (guest.mountpoint / "long/menu").read_bytes()
            took.append((guest.stats()["bootfs_inspection_seconds_sum"] - before) * 1e3)
            time.sleep(0.01)
    took = sorted(took[1:])
    meter.value("grub.cfg of 5,000 entries, inspected", {
        "median": f"{took[len(took) // 2]:.0f} ms", "fastest": f"{took[0]:.0f} ms"})
    meter.goal("5,000 entries", took[len(took) // 2], 100, "ms")


def cat(path):
    return timed(lambda: run("cat", path))


def row_read(guest, meter):
    """`cat` of the 40 MB initrd through each mount: the first time after mounting, and again."""
    def kernels():
        with loop_mount(guest) as where:
            return cat(where / "boot/initrd.img")

    def ours():
        with guest.shown():
            path = guest.mountpoint / "guest/entries/0/initrd"
            os.stat(path)
            return cat(path)

    def grub_mount():
        where = guest.folder / "grub-mount"
        where.mkdir(exist_ok=True)
        subprocess.run(["grub-mount", plain, where], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        try:
            return cat(where / "boot/initrd.img")
        finally:
            run("umount", where)

    first = "kernel ext4 on a loop device"
    rivals, goals = {first: kernels, "bootfs": ours}, [("bootfs", first, 2.0)]
    if shutil.which("grub-mount"):
        plain = guest.folder / "plain.img"      # it reads no partition table
        with open(guest.image, "rb") as f, open(plain, "wb") as g:
            f.seek(1 << 20)
            shutil.copyfileobj(f, g)
        rivals["grub-mount"] = grub_mount
        goals.append(("bootfs", "grub-mount", 1 / 3))
    meter.compare("cat initrd, first", rivals, goals=goals)
    row_again(guest, meter)


def row_again(guest, meter):
    """The same while it is known; beside tmpfs, whose pages are as small as FUSE's."""
    first = "kernel ext4 on a loop device"
    path = guest.mountpoint / "guest/entries/0/initrd"
    with loop_mount(guest) as where, tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        small = Path(memory) / "initrd"
        shutil.copy(guest.initrd, small)
        for _ in range(3):
            for known in (path, where / "boot/initrd.img", small):
                cat(known)
        meter.compare("cat initrd, again", {
            first: lambda: cat(where / "boot/initrd.img"), "bootfs": lambda: cat(path),
            "tmpfs": lambda: cat(small)}, runs=3 * meter.runs, goals=[("bootfs", first, 1.25)])


def row_domains(guest, meter):
    """Many domains: start until the mount answers; all menus, cold; what 10,000 cost."""
    def start_time(count):
        def action():
            guest.stop()
            ms = timed(lambda: guest.start(guest.many(count)))
            guest.stop()
            guest.start()
            return ms
        return action

    def menus(count, readers):
        def action():
            with guest.shown(guest.many(count)):
                return timed(lambda: guest.read_menus(count, readers))
        return action
    guest.many(10000)
    started = meter.compare("start", {"1,000 domains": start_time(1000),
                                      "10,000 domains": start_time(10000)}, runs=5)
    meter.goal("1,000 domains: start", started["1,000 domains"], 100, "ms")
    took = meter.compare("all menus, cold", {
        "1,000 domains": menus(1000, 1), "1,000 domains, two readers": menus(1000, 2),
        "10,000 domains": menus(10000, 1)}, runs=2, goals=[("10,000 domains", "1,000 domains", 12)])
    meter.goal("1,000 menus, one reader", took["1,000 domains"] / 1e3, 6, "s")
    meter.goal("1,000 menus, two readers", took["1,000 domains, two readers"] / 1e3, 4, "s")


def row_readers(guest, meter):
    """A thousand readers at once of one menu that is not known yet."""
    path = guest.mountpoint / "guest/menu"

    def read_all():
        with guest.shown(), concurrent.futures.ThreadPoolExecutor(1000) as pool:
            ms = timed(lambda: list(pool.map(lambda _: path.read_bytes(), range(1000))))
            read_all.inspections = guest.inspections()
            return ms
    meter.compare("1,000 readers of one menu", {"threads of one program": read_all}, runs=3)
    meter.goal("inspections for 1,000 readers", read_all.inspections, 1, "inspections")


def row_hung(guest, meter):
    """Others' menus, inspected each time, while a disk never answers."""
    good = guest.image_with("good.img", short_cfg(), 4 << 20)
    images = [(f"g{i}", good) for i in range(4)]
    times = {"no hung disk": [], "one hung disk": []}

    def sample(config, into):
        with guest.shown(config), concurrent.futures.ThreadPoolExecutor(1) as pool:
            stuck = pool.submit(lambda: os.path.exists(guest.mountpoint / "hung/menu"))
            for i in range(100):
                path = guest.mountpoint / f"g{i % 4}/menu"
                os.utime(good)          # else it is known to be unchanged
                into.append(timed(path.read_bytes))
                time.sleep(0.002)
            stuck.result()
    with slow_disk(guest, guest.image, -1) as disk:
        more = "cache-ttl = 1ms\ninspect-timeout = 3s"
        without = guest.write_config(images, "no-hung.conf", more)
        hung = guest.write_config([*images, ("hung", disk)], "hung.conf", more)
        for _ in range(4):
            sample(without, times["no hung disk"])
            sample(hung, times["one hung disk"])
    p99 = {name: percentile(values, 99) for name, values in times.items()}
    meter.value("a cold menu beside a hung disk, 400 each", {
        name: f"{percentile(v, 50):.2f}, 99 % {p99[name]:.2f} ms" for name, v in times.items()})
    meter.goal("p99 beside a hung disk", p99["one hung disk"] / p99["no hung disk"], 1.2,
               "times the p99 without one")


def row_idle(guest, meter):
    """Ten seconds in which nobody looks, a cache-ttl after somebody did."""
    with guest.shown(guest.many(1000)):
        for i in range(10):
            (guest.mountpoint / f"d{i}/menu").read_bytes()
        time.sleep(7)
        cpu, wakeups = guest.cpu_ms(), guest.wakeups()
        time.sleep(10)
        cpu, wakeups = guest.cpu_ms() - cpu, guest.wakeups() - wakeups
    meter.value("idle for 10 s", {"processor time": f"{cpu:.0f} ms", "wake-ups": str(wakeups)})
    meter.goal("wake-ups while idle", wakeups, 0, "wake-ups")


def row_memory(guest, meter):
    """Resident memory: the daemon's, a domain's share of it, the programs' peaks."""
    def peak(*command):
        said = subprocess.run(["/usr/bin/time", "-f", "%M", *[str(c) for c in command]],
                              capture_output=True, text=True, check=False)
        return said.stderr.strip().splitlines()[-1] + " kB"
    with guest.shown(guest.many(10)):
        for i in range(10):
            (guest.mountpoint / f"d{i}/menu").read_bytes()
        ten = guest.status("VmHWM")
    with guest.shown(guest.many(1000)):
        before = guest.status("VmRSS")
        guest.read_menus(1000)
        share = (guest.status("VmRSS") - before) / 1000
    values = {"bootfs, 10 domains looked at": f"{ten} kB",
              "a domain that was looked at": f"{share:.1f} kB"}
    if Path("/usr/bin/time").exists():
        values["bootfs-inspect"] = peak(BUILD / "bootfs-inspect", guest.image)
        values["bootfs-pygrub -q"] = peak(
            BUILD / "bootfs-pygrub", "-q", "--bootfs", guest.mountpoint,
            f"--output-directory={guest.out}", guest.image)
    meter.value("peak resident memory", values)
    meter.goal("bootfs, 10 domains", ten / 1024, 8, "MB")
    meter.goal("a domain looked at", share, 20, "kB")


ROWS = {name[4:]: f for name, f in list(globals().items()) if name.startswith("row_")}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0], epilog="Rows: " + "; ".join(
            f"{name}: {row.__doc__}" for name, row in ROWS.items()))
    parser.add_argument("--rows", default=",".join(r for r in ROWS if r != "again"))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", default=str(BUILD / "bench.json"))
    parser.add_argument("--realtime", action="store_true",
                        help="before everything else on this machine: for one that others use")
    args = parser.parse_args()
    rows = args.rows.split(",")
    if not set(rows) <= set(ROWS):
        parser.error("the rows are " + ", ".join(ROWS))
    if os.geteuid() != 0 or not PYGRUB:
        sys.exit("bench: needs root, and pygrub from Debian's xen-utils")
    if args.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with tempfile.TemporaryDirectory(prefix="bootfs-bench.") as folder:
        guest = Guest(Path(folder))
        meter = Meter(args.runs, guest.clean_out)
        guest.start()
        try:
            for name in rows:
                ROWS[name](guest, meter)
        finally:
            guest.stop()
    meter.end(args.json)


if __name__ == "__main__":
    main()
