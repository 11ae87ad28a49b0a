# SPDX-License-Identifier: GPL-2.0-or-later
"""Images with a few bytes changed, always the same ones: no reader may crash, hang or contradict
itself on them. Uses tests/tools/fs-use of the build with the sanitizers."""

import os
import pathlib
import random
import subprocess

import sparse_seed

TOP = pathlib.Path(__file__).resolve().parents[2]
ASAN = "build/asan-clang"
# What numbers on disks are most often wrong with.
VALUES = (0, 1, 0x7F, 0x80, 0xFF)


def reader():
    """fs-use under the sanitizers."""
    made = subprocess.run(
        ["make", "-s", "-C", TOP, "V=asan", "CC=clang", f"{ASAN}/tests/tools/fs-use"],
        capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    return str(TOP / ASAN / "tests/tools/fs-use")


def change(disk, places, chance):
    """Writes some bytes; what stood there before."""
    before = []
    for _ in range(chance.choice((1, 2, 5, 30))):
        at = chance.choice(places)
        before.append((at, os.pread(disk, 1, at)))
        os.pwrite(disk, bytes([chance.choice((*VALUES, chance.randrange(256)))]), at)
    return before


def assert_survived(image, count, places=None, timeout=30):
    """Damages the image `count` times in what a reader reads of it (or in `places`, offsets)."""
    command = [reader(), str(image)]
    if places is None:
        places = bytes_read(image, command)
    disk = os.open(image, os.O_RDWR)
    try:
        for seed in range(count):
            before = change(disk, places, random.Random(seed))
            done = subprocess.run(command, capture_output=True, check=False, timeout=timeout)
            assert done.returncode == 0, f"seed {seed}: {done.stderr[-3000:].decode()}"
            for at, byte in reversed(before):
                os.pwrite(disk, byte, at)
    finally:
        os.close(disk)


def bytes_read(image, command):
    """Offsets of the bytes that matter: those that are not zero, of the sectors read."""
    found = []
    with open(image, "rb", buffering=0) as disk:
        for sector in sorted(sparse_seed.sectors_read(image, command)):
            disk.seek(sector * 512)
            found += [sector * 512 + at for at, byte in enumerate(disk.read(512)) if byte]
    assert len(found) > 100
    return found
