# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel keeps of old looks is dropped when it becomes much: bootfs must know it as long."""

import os
import re
import subprocess

from conftest import boot_files, domain

LEAST = 512  # fuse/ops/shrink.h


def known(bootfs):
    return int(re.search(r"^known (\d+)$", (bootfs.mount / ".status").read_text(), re.M)[1])


def look_side_by_side(bootfs, image, times):
    """Each process gets a folder of its own below .disk; the kernel keeps many of them."""
    command = f"for i in $(seq {times}); do cat {bootfs.disk(image)}/menu; done"
    readers = [subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for _ in range(4)]
    for reader in readers:
        assert reader.wait(120) == 0


def test_what_nobody_uses_is_forgotten_in_time(guest, start_bootfs):
    image = guest("mail.img")
    bootfs = start_bootfs(domain("mail", image))
    counts = [0]
    with open(bootfs.mount / "mail/default/kernel", "rb") as kernel:
        start = kernel.read(10)
        for _ in range(40):
            look_side_by_side(bootfs, image, 30)
            counts.append(known(bootfs))
            if counts[-1] < counts[-2] - 100:
                break
        assert max(counts) < 3 * LEAST
        # A kernel that keeps nothing never comes near.
        assert counts[-1] < counts[-2] - 100 or max(counts) < LEAST
        # Who has a file open notices nothing.
        assert start + kernel.read() == boot_files()["/boot/vmlinuz-1"]
    assert "mail" in os.listdir(bootfs.mount)
    assert os.path.ismount(bootfs.mount)
