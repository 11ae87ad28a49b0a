# SPDX-License-Identifier: GPL-2.0-or-later
"""What the benchmarks look at: guests made on the spot, and a bootfs that shows them."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
PYGRUB = next((p for p in sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
KERNEL, INITRD = 8 << 20, 40 << 20
UUID = "6f1d2a34-9a0c-4c53-8f0e-51b2c7d3e4f5"


def run(*command, **more):
    more.setdefault("stdout", subprocess.DEVNULL)
    return subprocess.run([str(c) for c in command], check=True, stdin=subprocess.DEVNULL, **more)


def timed(action):
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1e3


def entry(title, options="quiet", kernel="/boot/vmlinuz", initrd="/boot/initrd.img"):
    return f"""menuentry '{title}' --class gnu-linux $menuentry_id_option 'id-{title}' {{
	load_video
	insmod gzio
	search --no-floppy --fs-uuid --set=root {UUID}
	echo 'Loading Linux ...'
	linux {kernel} root=UUID={UUID} ro {options}
	initrd {initrd}
}}
"""


def short_cfg():
    return ("set default=0\nset timeout=5\n" + "".join(
        f"menuentry '{title}' {{\n\tlinux /boot/vmlinuz root=/dev/xvda1 ro {options}\n"
        "\tinitrd /boot/initrd.img\n}\n"
        for title, options in (("Debian GNU/Linux", "quiet"),
                               ("Debian GNU/Linux (recovery)", "single"))))


def ordinary_cfg(kernels=3):
    """As long, and as much of a program, as what a distribution writes."""
    inside = "".join(entry(f"Linux {i}") + entry(f"Linux {i} (recovery)", "single")
                     for i in range(kernels))
    return f"""if [ -s $prefix/grubenv ]; then
	set have_grubenv=true
	load_env
fi
if [ "${{next_entry}}" ]; then
	set default="${{next_entry}}"
	set next_entry=
	save_env next_entry
else
	set default="0"
fi
if [ x"${{feature_menuentry_id}}" = xy ]; then
	menuentry_id_option="--id"
else
	menuentry_id_option=""
fi
function load_video {{
	if [ x$feature_all_video_module = xy ]; then
		insmod all_video
	else
		insmod efi_gop
		insmod vbe
	fi
}}
if [ x$feature_timeout_style = xy ]; then
	set timeout_style=menu
fi
set timeout=5
{entry("Debian GNU/Linux")}submenu 'Advanced options' --id advanced {{
{inside}}}
if [ -f ${{config_directory}}/custom.cfg ]; then
	source ${{config_directory}}/custom.cfg
fi
"""


def long_cfg(entries):
    return 'menuentry_id_option="--id"\n' + "".join(
        entry(f"Linux {i}", f"quiet n={i}") for i in range(entries))


def write_tree(tree, cfg, kernel_size=4096, initrd_size=4096):
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/grub/grub.cfg").write_text(cfg)
    (tree / "boot/vmlinuz").write_bytes(os.urandom(kernel_size))
    (tree / "boot/initrd.img").write_bytes(os.urandom(initrd_size))
    return tree


def make_image(image, tree, size, partition=None):
    """An ext4 file system with the tree's files; `partition`: bytes where it begins on an MBR disk."""
    with open(image, "wb") as f:
        f.truncate(size)
    blocks = (size - (partition or 0)) // 1024
    if partition:
        subprocess.run(["sfdisk", "-q", str(image)], check=True, text=True,
                       input=f"label: dos\nstart={partition // 512}, type=83, bootable\n")
    run("mke2fs", "-q", "-F", "-t", "ext4", "-U", UUID, "-d", tree, "-E",
        f"offset={partition or 0},lazy_itable_init=1", image, f"{blocks}k")
    return image


class Guest:
    """The input of most rows, and a bootfs that shows it."""

    def __init__(self, folder):
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.mountpoint = folder / "bootfs"
        self.daemon = None
        tree = write_tree(folder / "tree", short_cfg(), KERNEL, INITRD)
        self.kernel, self.initrd = tree / "boot/vmlinuz", tree / "boot/initrd.img"
        self.image = make_image(folder / "guest.img", tree, 96 << 20, 1 << 20)
        self.config = self.write_config([("guest", self.image)])

    def image_with(self, name, cfg, size=16 << 20):
        """A small guest with that configuration; made once."""
        image = self.folder / name
        if not image.exists():
            make_image(image, write_tree(self.folder / f"{name}.tree", cfg), size)
        return image

    def many(self, count):
        """A configuration of so many domains. Their images are one file's names: each is inspected."""
        images = self.folder / "many"
        images.mkdir(exist_ok=True)
        first = self.image_with("small.img", short_cfg(), 4 << 20)
        domains = [(f"d{i}", images / f"{i}.img") for i in range(count)]
        for _, image in domains:
            if not image.exists():
                os.link(first, image)
        return self.write_config(domains, f"many-{count}.conf")

    def read_menus(self, count, readers=1):
        """Each domain's menu once. (A shell's pattern would look at each before `cat` does.)"""
        run("sh", "-c", f"seq -f {self.mountpoint}/d%.0f/menu 0 {count - 1} | "
            f"xargs -P{readers} -n 50 cat")

    def write_config(self, domains, name="bootfs.conf", more=""):
        lines = ["[bootfs]", f"mountpoint = {self.mountpoint}", "xl-config =",
                 "worker-user = nobody", more]
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

    @contextlib.contextmanager
    def shown(self, config=None):
        """Another daemon than the usual one, for so long."""
        self.stop()
        self.start(config)
        try:
            yield self
        finally:
            self.stop()
            self.start()

    def stats(self):
        """{sample: value} of .stats."""
        lines = (self.mountpoint / ".stats").read_text().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in lines if not line.startswith("#")}

    def inspections(self):
        return self.stats()['bootfs_inspections_total{question="menu"}']

    def status(self, field):
        """A number of /proc/PID/status, kB of memory or switches of context."""
        text = Path(f"/proc/{self.daemon.pid}/status").read_text()
        return int(next(l.split()[1] for l in text.splitlines() if l.startswith(field)))

    def cpu_ms(self):
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def wakeups(self):
        """How often any of its threads gave the processor up, and so was woken later."""
        return sum(int(line.split()[1]) for task in Path(f"/proc/{self.daemon.pid}/task").iterdir()
                   for line in (task / "status").read_text().splitlines()
                   if "ctxt_switches" in line)

    def clean_out(self):
        for path in self.out.iterdir():
            path.unlink()


@contextlib.contextmanager
def loop_mount(guest):
    where = guest.folder / "kernel-mount"
    where.mkdir(exist_ok=True)
    run("mount", "-o", "loop,ro,noload,offset=1048576", guest.image, where)
    try:
        yield where
    finally:
        run("umount", where)


@contextlib.contextmanager
def slow_disk(guest, image, delay_ms, stage="read"):
    """The image through a FUSE file whose requests take so long; -1: for ever."""
    mount = guest.folder / "slow"
    mount.mkdir(exist_ok=True)
    fast = Path(f"{mount}.fast")
    daemon = subprocess.Popen([BUILD / "tests/tools/slowfs", image, str(delay_ms), stage, mount])
    try:
        while not os.path.ismount(mount):
            time.sleep(0.001)
        yield mount / "disk"
    finally:
        fast.touch()
        run("umount", "-l", mount)
        daemon.kill()
        daemon.wait()
        fast.unlink()
