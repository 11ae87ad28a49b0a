"""A Debian guest for the system tests, made for real: mmdebstrap, Debian's kernel and initramfs,
and the grub.cfg that Debian's grub-mkconfig writes for the disk it lies on.

    disk = debian_guest.disk("msdos")       # or "gpt"; a path, cached below build/cache
    debian_guest.files()                    # {"kernel": sha256, "initrd": sha256, ...}

Needs root (loop devices and mounts). Everything mounted here is unmounted here, also when a step
fails."""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CACHE = TOP / "build" / "cache"
PACKAGES = "linux-image-amd64,initramfs-tools,grub-pc-bin,grub2-common,e2fsprogs"
# What the installer of Debian writes.
DEFAULTS = """GRUB_DEFAULT=0
GRUB_TIMEOUT=5
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT="quiet"
GRUB_CMDLINE_LINUX="console=hvc0"
"""
SIZE = 2 << 30
START = 1 << 20


def run(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, **more)


def release():
    """This machine's: each release is tested on its own guests."""
    found = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.M)
    return found[1] if found else "bookworm"


def tarball():
    """The guest's whole root file system; made once."""
    tar = CACHE / "debian.tar"
    if not tar.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(CACHE / "mmdebstrap.log", "w", encoding="utf-8") as log:
            run(TOP / "tests/bootstrap", release(), tar, f"--include={PACKAGES}",
                stdout=log, stderr=log)
    return tar


@contextlib.contextmanager
def loop_partition(image):
    """The first partition of an image as a block device that knows its disk. (The kernel may
    have no table reader of its own: partx tells it where the partition lies.)"""
    loop = run("losetup", "-f", "--show", image, capture_output=True, text=True).stdout.strip()
    try:
        for _ in range(120):  # another mount namespace may still hold what was here before
            if subprocess.run(["partx", "-a", loop], check=False).returncode == 0:
                break
            subprocess.run(["partx", "-d", loop], check=False)
            time.sleep(0.5)
        for _ in range(100):
            if os.path.exists(loop + "p1"):
                break
            time.sleep(0.05)
        yield loop + "p1"
    finally:
        subprocess.run(["partx", "-d", loop], check=False)
        run("losetup", "-d", loop)


@contextlib.contextmanager
def mounted(what, where, *options):
    where.mkdir(parents=True, exist_ok=True)
    run("mount", *options, what, where)
    try:
        yield where
    finally:
        run("umount", where)


def partition(image, table):
    with open(image, "wb") as f:
        f.truncate(SIZE)
    kind = "83, bootable" if table == "msdos" else "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
    label = "dos" if table == "msdos" else "gpt"
    run("sfdisk", "-q", image, text=True,
        input=f"label: {label}\nstart={START // 512}, type={kind}\n")


def install(device, root):
    """Unpacks the guest and lets its own grub-mkconfig describe the disk it lies on."""
    run("mkfs.ext4", "-q", "-L", "root", device)
    with mounted(device, root):
        run("tar", "-C", root, "-xf", tarball(), "--exclude=./dev/*")
        (root / "boot/grub").mkdir(exist_ok=True)
        (root / "etc/default/grub").write_text(DEFAULTS)
        with contextlib.ExitStack() as stack:
            for name in ("dev", "proc", "sys"):
                stack.enter_context(mounted("/" + name, root / name, "--bind"))
            run("chroot", root, "update-grub", capture_output=True)
        config = (root / "boot/grub/grub.cfg").read_text()
        return {"grub.cfg": config, **digests(root / "boot")}


def digests(boot):
    found = {}
    for what, pattern in (("kernel", "vmlinuz-*"), ("initrd", "initrd.img-*")):
        path = next(boot.glob(pattern))
        found[what] = hashlib.sha256(path.read_bytes()).hexdigest()
        found[what + "_path"] = "/boot/" + path.name
        found[what + "_size"] = path.stat().st_size
    return found


def disk(table):
    """The guest on a disk with this partition table: a path. Tests must not change it."""
    image = CACHE / f"debian-{table}.img"
    facts = CACHE / f"debian-{table}.json"
    if not (image.exists() and facts.exists()):
        tarball()
        part = image.with_suffix(".part")
        partition(part, table)
        with loop_partition(part) as device:
            found = install(device, CACHE / f"mount-{table}-{os.getpid()}")
        (CACHE / f"mount-{table}-{os.getpid()}").rmdir()
        facts.write_text(json.dumps(found))
        part.rename(image)
    return image


def files(table):
    """What stands in the guest: grub.cfg's text, paths, sizes and sha256 of kernel and initrd."""
    disk(table)
    return json.loads((CACHE / f"debian-{table}.json").read_text())


if __name__ == "__main__":
    import sys
    print(disk(sys.argv[1]))
