# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks of guests as their installers leave them: a partition table, and in each partition a file
system of any kind with a tree in it. Needs root: what mkfs cannot fill is mounted.

    files = {"/boot/vmlinuz": b"...", "/boot/link": Link("vmlinuz")}
    disk(tmp_path / "a.img", "label: gpt\\nsize=10M\\nsize=300M\\n", [fat(...), xfs(...)])
"""

import contextlib
import json
import os
import subprocess
from pathlib import Path

import fsdump

MIB = 1 << 20


class Link(str):
    """A symbolic link's target."""


def fill(root, files):
    """Writes a tree: text, bytes or a Link by path."""
    for path, content in files.items():
        where = Path(root) / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            where.symlink_to(content)
        else:
            where.write_bytes(content.encode() if isinstance(content, str) else content)


def empty(image, size_mib):
    with open(image, "wb") as file:
        file.truncate(size_mib * MIB)
    return image


def ext4(image, files, size_mib=64, *options):
    tree = Path(f"{image}.tree")
    tree.mkdir()
    fill(tree, files)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, *options, empty(image, size_mib))
    return image


def fat(image, files, size_mib=34, *options):
    tree = Path(f"{image}.tree")
    tree.mkdir()
    fill(tree, files)
    fsdump.run("mkfs.vfat", "-F", "32", *options, empty(image, size_mib))
    fsdump.run("mcopy", "-i", image, "-s", *tree.iterdir(), "::/")
    return image


def xfs(image, files, size_mib=320, *options):
    fsdump.run("mkfs.xfs", "-q", *options, empty(image, size_mib))
    with fsdump.mounted(image, f"{image}.mount", "rw") as root:
        fill(root, files)
    return image


@contextlib.contextmanager
def btrfs(image, *options):
    """Made, and mounted from its top to be filled."""
    fsdump.run("mkfs.btrfs", "-q", "-f", *options, empty(image, 256))
    with fsdump.mounted(image, f"{image}.mount", "rw,subvolid=5", "btrfs") as root:
        yield root


def subvolume(path):
    """Its number."""
    fsdump.run("btrfs", "subvolume", "create", path)
    said = fsdump.run("btrfs", "inspect-internal", "rootid", path)
    return said.decode().strip()


def put(disk, at, image):
    """Copies an image to byte `at` of a disk, leaving holes holes."""
    fsdump.run("dd", f"if={image}", f"of={disk}", "bs=1M", f"seek={at}", "oflag=seek_bytes",
               "conv=notrunc,sparse")


def disk(image, size_mib, table, *parts):
    """A disk with a table of sfdisk's words and an image in each partition; None: left empty."""
    fsdump.run("sfdisk", "-q", empty(image, size_mib), input=table.encode())
    said = json.loads(fsdump.run("sfdisk", "-J", image))["partitiontable"]["partitions"]
    for partition, part in zip(said, parts):
        if part:
            assert os.path.getsize(part) <= partition["size"] * 512, part
            put(image, partition["start"] * 512, part)
    return image
