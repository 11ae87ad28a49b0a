# SPDX-License-Identifier: GPL-2.0-or-later
"""btrfs over one or more images, mounted by the kernel."""

import fcntl
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import fstree

MIB = 1 << 20


def run(*command):
    ran = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    assert ran.returncode == 0, (command, ran.stderr)
    return ran.stdout


def detach(loops):
    """Gives loop devices back; whoever else has one open for a moment would delay that."""
    for loop in loops:
        subprocess.run(["losetup", "-d", loop], check=False)
        backing = Path("/sys/block", os.path.basename(loop), "loop/backing_file")
        for _ in range(100):
            if not backing.exists():
                break
            time.sleep(0.05)
    # The kernel remembers devices by their UUIDs, also of files that are gone.
    subprocess.run(["btrfs", "device", "scan", "--forget"], capture_output=True, check=False)


@contextmanager
def attached(images):
    """Loop devices; one test at a time on this machine, as the kernel's list of devices is one."""
    loops = []
    with open("/run/lock/bootfs-test-btrfs", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            for image in images:
                loops.append(run("losetup", "-f", "--show", image).strip())
                # The device's cache may still hold an earlier superblock.
                run("blockdev", "--flushbufs", loops[-1])
            yield loops
        finally:
            detach(loops)


@contextmanager
def mounted(images, options="defaults"):
    """All devices of one file system, mounted by the kernel."""
    with attached(images) as loops:
        devices = "".join(f",device={loop}" for loop in loops)
        with fstree.mounted(loops[0], options=options + devices, kind="btrfs") as root:
            yield root


def make(folder, options="", devices=1, size=400 * MIB):
    images = [folder / f"image{i}" for i in range(devices)]
    for image in images:
        image.unlink(missing_ok=True)
        with open(image, "wb") as file:
            file.truncate(size)
    run("mkfs.btrfs", "-q", "-f", *options.split(), *images)
    return images
