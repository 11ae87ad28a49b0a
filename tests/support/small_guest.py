"""A small guest for tests that need a disk with a menu, not a real system: MBR, ext4, a grub.cfg,
files of given bytes. Made without root and without a mount.

    make(folder, files={"boot/vmlinuz": b"...", "boot/grub/grub.cfg": "..."})   # folder/guest.img
    with Bootfs(build, folder, domains={"mail": [image]}) as bootfs: ...        # a running daemon
"""

import os
import signal
import subprocess
import time
from pathlib import Path

CMDLINE = "root=/dev/xvda1 ro quiet"
GRUB_CFG = f"""set default=0
set timeout=5
menuentry 'Debian GNU/Linux' --id simple {{
	linux /boot/vmlinuz {CMDLINE}
	initrd /boot/initrd.img
}}
submenu 'Advanced options' --id advanced {{
	menuentry 'Debian GNU/Linux, recovery' --id recovery {{
		linux /boot/vmlinuz root=/dev/xvda1 ro single
		initrd /boot/initrd.img
	}}
	menuentry 'An old one' --id old {{
		linux /boot/old root=/dev/xvda1
		initrd /boot/initrd.img
	}}
}}
"""


def standard_files():
    return {"boot/vmlinuz": os.urandom(3_000_000), "boot/old": os.urandom(5000),
            "boot/initrd.img": os.urandom(7_000_001), "boot/grub/grub.cfg": GRUB_CFG}


def make(folder, files=None, name="guest.img", mib=64, sparse=None):
    """The image's path. `sparse`: files of that many bytes, all zeros, without blocks."""
    tree = folder / (name + ".tree")
    for path, content in (files or standard_files()).items():
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    for path, size in (sparse or {}).items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        with open(tree / path, "wb") as f:
            f.truncate(size)
    image = folder / name
    with open(image, "wb") as f:
        f.truncate(mib << 20)
    subprocess.run(["sfdisk", "-q", str(image)], check=True, text=True,
                   input="label: dos\nstart=2048, type=83, bootable\n")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), "-E", "offset=1048576",
                    str(image), f"{mib - 1}M"], check=True)
    return image


def write_config(folder, mountpoint, domains=None, settings=()):
    lines = ["[bootfs]", f"mountpoint = {mountpoint}", "xl-config =", "worker-user = nobody",
             *settings]
    for domain, disks in (domains or {}).items():
        lines.append(f"[domain {domain}]")
        lines += [f"disk = file:{disk},xvd{chr(97 + i)},w" if "=" not in str(disk) else str(disk)
                  for i, disk in enumerate(disks)]
    path = folder / "bootfs.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


class Bootfs:
    """bootfs in the foreground on folder/bootfs; unmounted and dead at the end."""

    def __init__(self, build, folder, **config):
        self.mountpoint = folder / "bootfs"
        self.config = write_config(folder, self.mountpoint, **config)
        self.build = build
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen([self.build / "bootfs", "-f", "--config", self.config])
        deadline = time.monotonic() + 20
        while not os.path.ismount(self.mountpoint):
            assert self.process.poll() is None, "bootfs ended"
            assert time.monotonic() < deadline, "bootfs does not mount"
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        subprocess.run(["umount", "-l", self.mountpoint], check=False, stderr=subprocess.DEVNULL)


def mounts():
    """All fuse.bootfs mounts of this mount namespace, by mount point."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {line.split()[4] for line in lines if " - fuse.bootfs " in line}
