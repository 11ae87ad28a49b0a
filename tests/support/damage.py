# SPDX-License-Identifier: GPL-2.0-or-later
"""Images with a few bytes changed, always the same ones: no reader may crash, hang, take more
memory than an inspection has, or contradict itself on them. Uses the build with the sanitizers.

BOOTFS_DAMAGE: how often an image is damaged, 1000 unless told. BOOTFS_DAMAGE_FIGURES: a file that
gets a line for each image: its name, trials, the slowest one's milliseconds, MiB at most."""

import fcntl
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
ASAN = "build/asan-clang"
COUNT = int(os.environ.get("BOOTFS_DAMAGE", "1000"))
MEMORY_MIB = 256  # the default of inspect-memory


def build(*names):
    """Has make build programs under the sanitizers, if it has not yet; one asker at a time."""
    os.makedirs(TOP / "build", exist_ok=True)
    with open(TOP / "build/asan.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(["make", "-s", "-j2", "-C", TOP, "V=asan", "CC=clang",
                               *[f"{ASAN}/{name}" for name in names]],
                              capture_output=True, check=False)
    assert made.returncode == 0, made.stderr


def tool(name):
    """A test program under the sanitizers."""
    build("tests/tools/" + name)
    return str(TOP / ASAN / "tests/tools" / name)


def tell(figures):
    """For those who count."""
    where = os.environ.get("BOOTFS_DAMAGE_FIGURES")
    if where:
        name = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0].split("/")[-1]
        with open(where, "a", encoding="utf-8") as file:
            file.write(f"{name} {' '.join(figures)}\n")


def survived(*command):
    """What each seed saw, as lists of numbers."""
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                         timeout=1200, check=False)
    lines = ran.stdout.splitlines()
    assert ran.returncode == 0, (lines[-1:], ran.stderr[-3000:])
    seeds = [line for line in lines if line.startswith("seed ")]
    assert len(seeds) == COUNT
    figures = re.fullmatch(r"(\d+) trials, slowest (\S+) ms, memory (\S+) MiB at most", lines[-1])
    assert float(figures[3]) < MEMORY_MIB, lines[-1]
    tell(figures.groups())
    return [[int(number) for number in re.findall(r"\d+", line)[1:]] for line in seeds]


def files_seen(*images):
    """Uses a reader once for each damage of the first image: how many files each seed saw."""
    return [seen[0] for seen in survived(tool("fs-use"), f"--damage={COUNT}", *images)]


def assert_survived(*images):
    """The same; some seeds must hurt."""
    assert len(set(files_seen(*images))) > 1


def assert_scan_survived(*images):
    """Damages all disks of a guest at once: tables, labels, superblocks, whatever lies there."""
    seen = survived(tool("scan-damaged"), COUNT, *images)
    assert len({tuple(numbers) for numbers in seen}) > 1
