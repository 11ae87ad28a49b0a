"""A small guest for tests that need a disk with a menu, not a real system: MBR, ext4, a grub.cfg,
files of given bytes. Made without root and without a mount.

    make(folder, files={"boot/vmlinuz": b"...", "boot/grub/grub.cfg": "..."})   # folder/guest.img
"""

import os
import subprocess

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
