# SPDX-License-Identifier: GPL-2.0-or-later
"""File systems of guests that crashed show what the kernel shows once it has replayed their log."""

import contextlib
import os
import subprocess
import sys

import pytest
from conftest import BUILD, TOP

sys.path.insert(0, str(TOP / "tests" / "support"))

import crashed  # noqa: E402
import fstree  # noqa: E402

XFS = {
    "small-log": "-l size=10m",
    "wide-records": "-l size=20m,su=256k",
    "1k": "-b size=1k -l size=10m",
    "wide-folders": "-n size=16k -l size=10m",
    "large-inodes": "-i size=2048 -m rmapbt=1,bigtime=0 -l size=20m",
    "4k-sectors": "-s size=4096 -l size=20m",
}


def make(path, command, size="330M"):
    subprocess.run(["truncate", "-s", size, path], check=True)
    subprocess.run([*command.split(), path], check=True, stdout=subprocess.DEVNULL)
    return path


def notes(answer, kind="note"):
    return [text for said, text in answer["report"] if said == kind]


def kernels(device, options):
    """What a mount shows; it replays the log in the file."""
    with crashed.mounted(device, options) as root:
        return fstree.kernel_view(root)


def assert_same(ours, theirs, answer):
    assert not fstree.differences(ours, theirs)
    assert not fstree.wrong_extents(answer)


@pytest.mark.parametrize("variant", XFS)
def test_xfs_is_read_as_its_log_says(tmp_path, variant):
    image = tmp_path / "image"
    for seed, steps in ((1, 30), (2, 500)):
        image.unlink(missing_ok=True)
        make(image, f"mkfs.xfs -q -f --unsupported {XFS[variant]}")
        crashed.crash(image, seed, steps, how=seed)
        ours, answer = fstree.our_view(BUILD, image)
        assert any("read as its log says" in note for note in notes(answer))
        assert not notes(answer, "warning")
        assert_same(ours, kernels(image, "loop,nouuid"), answer)


@pytest.mark.parametrize("options", ["", "-b 1024 -I 128"])
def test_ext4_is_read_as_its_fast_commits_say(tmp_path, options):
    seen = 0
    for seed in range(1, 5):
        image = tmp_path / f"image{seed}"
        make(image, f"mkfs.ext4 -q -F -O fast_commit {options}", size="200M")
        crashed.crash(image, seed, 40, synced=True, how=crashed.LOSE_LOG)
        ours, answer = fstree.our_view(BUILD, image)
        seen += any("read as its fast commits say" in note for note in notes(answer))
        assert not notes(answer, "warning")
        theirs = kernels(image, "loop")
        crashed.without_folder_times(ours, theirs)
        assert_same(ours, theirs, answer)
    assert seen


@contextlib.contextmanager
def loops(*paths):
    devices = []
    try:
        for path in paths:
            done = subprocess.run(["losetup", "-f", "--show", path], check=True,
                                  capture_output=True, text=True)
            devices.append(done.stdout.strip())
        yield devices
    finally:
        for device in devices:
            subprocess.run(["losetup", "-d", device], check=False)


@pytest.mark.parametrize("kind", ["ext4", "ext4-1k", "xfs"])
def test_a_log_on_another_disk_of_the_domain_is_replayed(tmp_path, kind):
    image, log = tmp_path / "image", tmp_path / "log"
    for path, size in ((image, "330M"), (log, "80M")):
        subprocess.run(["truncate", "-s", size, path], check=True)
    block = "1024" if kind == "ext4-1k" else "4096"
    with loops(image, log) as (disk, device):
        if kind == "xfs":
            make_it = [["mkfs.xfs", "-q", "-l", f"logdev={device},size=70m", disk]]
            options = f"nouuid,logdev={device}"
        else:
            make_it = [["mke2fs", "-q", "-F", "-O", "journal_dev", "-b", block, device],
                       ["mkfs.ext4", "-q", "-F", "-b", block, "-J", f"device={device}", disk]]
            options = f"journal_path={device}"
        for command in make_it:
            subprocess.run(command, check=True)
        crashed.crash(disk, 1, 200, options=options)
        subprocess.run(["sync", image, log], check=True)
        ours, answer = fstree.our_view(BUILD, image, log)
        alone = fstree.our_view(BUILD, image)[1]
        theirs = kernels(disk, options)
    assert any("not in the file system yet" in note for note in notes(answer))
    assert not notes(answer, "warning")
    assert_same(ours, theirs, answer)
    assert any("which is none of the domain's disks" in text for text in notes(alone, "warning"))


def test_damaged_logs_give_errors_not_crashes(tmp_path):
    for kind, mkfs in (("xfs", "mkfs.xfs -q -f --unsupported -l size=10m"),
                       ("ext4", "mkfs.ext4 -q -F -O fast_commit")):
        image = make(tmp_path / kind, mkfs)
        crashed.crash(image, 3, 60, synced=True, how=crashed.LOSE_LOG)
        subprocess.run([BUILD / "tests/tools/fs-use", "--damage=100", image], check=True,
                       stdout=subprocess.DEVNULL, timeout=300)


def test_a_log_that_cannot_be_replayed_is_an_error(tmp_path):
    image = make(tmp_path / "image", "mkfs.xfs -q -f --unsupported -l size=10m")
    crashed.crash(image, 5, 400)
    with open(image, "r+b") as disk:
        start = log_start(disk)
        written = os.pread(disk.fileno(), 1 << 20, start).find(bytes(4096))
        disk.seek(start + max(written // 3, 8192))
        disk.write(b"damage" * 3)
    answer = fstree.our_view(BUILD, image)[1]
    assert [text for text in notes(answer, "warning") if "XFS log cannot be replayed" in text]
    assert not answer["volumes"][0]["readable"]


def log_start(disk):
    """Where the log begins, bytes: the superblock's block number is group and block in it."""
    superblock = os.pread(disk.fileno(), 512, 0)
    block_size, group_blocks = (int.from_bytes(superblock[at:at + 4], "big") for at in (4, 84))
    block, group_log = int.from_bytes(superblock[48:56], "big"), superblock[124]
    return ((block >> group_log) * group_blocks + (block & (1 << group_log) - 1)) * block_size
