# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks of guests that crashed: a random life of files, then the file system is shut down at once.

The kernel's GOINGDOWN request ends a mounted file system as a crash does: what is in the log stays
there, nothing more is written.
"""

import fcntl
import os
import random
import shutil
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

GOINGDOWN = 0x8004587D  # _IOR('X', 125, u32), the same for XFS and ext4
FLUSH_LOG, LOSE_LOG = 1, 2


def fsync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


class Life:
    """Files that are made, written, renamed, linked and removed; every choice from one seed."""

    def __init__(self, root, seed, synced):
        self.root, self.random, self.synced = root, random.Random(seed), synced
        self.files, self.folders = [], [root]

    def folder(self):
        return self.random.choice(self.folders)

    def create(self, number):
        path = self.folder() / f"file {number} {'x' * self.random.randrange(60)}"
        path.write_bytes(self.random.randbytes(self.random.choice([0, 10, 500, 5000, 200_000])))
        self.files.append(path)
        return path

    def make_folder(self, number):
        self.folders.append(self.folder() / f"folder {number}")
        self.folders[-1].mkdir()

    def make_many(self, number):
        folder = self.folder()
        for i in range(self.random.choice([5, 300])):
            (folder / f"many {number} {i}").touch()

    def take(self):
        return self.files.pop(self.random.randrange(len(self.files)))

    def rename(self, number):
        path, to = self.take(), self.folder() / f"renamed {number}"
        os.rename(path, to)
        self.files.append(to)
        return to

    def replace(self, _):
        path, over = self.take(), self.take()
        os.rename(path, over)
        self.files.append(over)
        return over

    def remove(self, _):
        self.take().unlink()

    def link(self, number):
        path = self.folder() / f"link {number}"
        os.link(self.random.choice(self.files), path)
        self.files.append(path)
        return path

    def symlink(self, number):
        (self.folder() / f"symlink {number}").symlink_to("t" * self.random.choice([5, 200, 900]))

    def write(self, _):
        path = self.random.choice(self.files)
        with open(path, "r+b") as file:
            file.seek(self.random.randrange(0, 400_000, 4096))
            file.write(self.random.randbytes(self.random.randrange(1, 20_000)))
        return path

    def truncate(self, _):
        path = self.random.choice(self.files)
        os.truncate(path, self.random.randrange(100_000))
        return path

    def remove_folder(self, _):
        folder = self.folders[-1]
        if folder != self.root:
            self.folders.pop()
            shutil.rmtree(folder)
            self.files = [path for path in self.files if folder not in path.parents]

    def sync(self, _):
        if not self.synced:
            os.sync()

    def live(self, steps):
        """`synced`: each step is followed by an fsync() of the file that it changed."""
        kinds = [self.create] * 8 + [self.write] * 4 + [self.rename] * 4 + [self.remove] * 3 + \
            [self.truncate, self.link, self.symlink, self.make_folder, self.replace, self.make_many,
             self.remove_folder, self.sync]
        for number in range(steps):
            step = self.random.choice(kinds) if len(self.files) > 2 else self.create
            path = step(number)
            if path and (self.synced or self.random.random() < 0.05):
                fsync(path)


@contextmanager
def mounted(device, options):
    folder = tempfile.mkdtemp(prefix="bootfs-crash.")
    subprocess.run(["mount", "-o", options, device, folder], check=True)
    try:
        yield Path(folder)
    finally:
        subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


def crash(device, seed, steps, options="loop", synced=False, how=FLUSH_LOG):
    """Mounts what mkfs made, lets files live there, and ends it without unmounting."""
    with mounted(device, options) as root:
        Life(root, seed, synced).live(steps)
        fd = os.open(root, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, GOINGDOWN, struct.pack("I", how))
        finally:
            os.close(fd)


def without_folder_times(*views):
    """The kernel's replay of fast commits sets the times of folders anew."""
    for view in views:
        for node in view.values():
            if node["type"] == "folder":
                node.pop("mtime", None)
