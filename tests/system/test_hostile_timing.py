# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that change their disks while we read them: what is shown is of one version, or an error;
never a mixture of two, never a crash, and no other domain notices."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time

import pytest
from conftest import BUILD, boot_files, domain, mounts_at

KERNELS = {boot_files(seed, 300_000, 300_000)["/boot/vmlinuz-1"] for seed in (1, 2)}
VERSIONS = {("Alpha", "word=alpha"), ("Omega", "word=omega")}


def configuration(title, word):
    return f"menuentry '{title}' {{ linux /boot/vmlinuz-1 {word}\n initrd /boot/initrd-1\n}}\n"


@contextlib.contextmanager
def flipping(folder, image, other):
    """A disk that is one and the other in turns, at every read of it."""
    mount = folder / "flip"
    mount.mkdir()
    shutil.copy(other, f"{mount}.other")
    process = subprocess.Popen([BUILD / "tests/tools/slowfs", image, "0", "read", mount],
                               stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield mount / "disk"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
        while any("fuse" in kind for kind in mounts_at(mount)):
            subprocess.run(["umount", "-l", mount], check=False)


def two_versions(guest, folder):
    """Images that differ in their configuration and nothing else."""
    first, second = sorted(VERSIONS)
    image = guest("a.img", boot_files(1, 300_000, 300_000, configuration(*first)))
    other = folder / "b.img"
    content = image.read_bytes()
    assert content.count(configuration(*first).encode()) == 1
    other.write_bytes(content.replace(configuration(*first).encode(),
                                      configuration(*second).encode()))
    return image, other


def test_what_is_read_twice_is_of_one_version(guest, start_bootfs, tmp_path):
    """XSA-155: nothing is checked in one version and used in the other."""
    with flipping(tmp_path, *two_versions(guest, tmp_path)) as disk:
        bootfs = start_bootfs(domain("mail", disk), ttl="0s")
        seen = set()
        for _ in range(30):
            told = json.loads((bootfs.mount / "mail/menu.json").read_bytes())
            entry = told["entries"][0]
            seen.add((entry["title"], entry["cmdline"]))
        assert seen <= VERSIONS and seen


def show_all(there):
    """Reads all there is; nothing but the usual errors."""
    for name in ("menu", "menu.json", "log", "default/kernel", "default/initrd"):
        with contextlib.suppress(OSError):
            (there / name).read_bytes()


@pytest.mark.parametrize("change", ["shorter", "zeros", "noise", "another guest"])
def test_a_disk_that_is_another_at_every_read_harms_nobody(guest, start_bootfs, tmp_path, change):
    image = guest("a.img", boot_files(1, 300_000, 300_000), size="16M")
    other = tmp_path / "b.img"
    content = image.read_bytes()
    if change == "another guest":
        guest("b.img", boot_files(2, 300_000, 300_000), size="16M")
    else:
        other.write_bytes({"shorter": content[:3 << 20], "zeros": bytes(len(content)),
                           "noise": os.urandom(len(content))}[change])
    with flipping(tmp_path, image, other) as disk:
        bootfs = start_bootfs(domain("mail", disk), domain("good", guest("good.img")), ttl="0s")
        for _ in range(8):
            show_all(bootfs.mount / "mail")
            show_all(bootfs.disk(disk))
        assert (bootfs.mount / "good/default/kernel").read_bytes() == \
            boot_files()["/boot/vmlinuz-1"]
        assert bootfs.process.poll() is None


def test_swapping_shrinking_and_growing_while_it_is_read(guest, start_bootfs, tmp_path):
    """By rename a reader gets the old disk or the new one; in place, bytes of this disk or EIO."""
    images = [guest(f"{seed}.img", boot_files(seed, 300_000, 300_000), size="16M")
              for seed in (1, 2)]
    disk, fresh = tmp_path / "disk.img", tmp_path / "fresh.img"
    shutil.copy(images[0], disk)
    bootfs = start_bootfs(domain("mail", disk), ttl="0s")
    end, whole = time.monotonic() + 3, 0
    for turn in itertools.count():
        if time.monotonic() > end and whole > 10:
            break
        with contextlib.suppress(OSError), open(bootfs.mount / "mail/default/kernel", "rb") as f:
            first = f.read(100_000)
            if turn % 3 == 0:
                shutil.copy(images[turn % 2], fresh)
                os.rename(fresh, disk)
            elif turn % 3 == 1:
                os.truncate(disk, 1 << 20)
            rest = f.read()
            if turn % 3 != 1:
                assert first + rest in KERNELS
                whole += 1
        if turn % 3 == 1:
            shutil.copy(images[turn % 2], disk)
        assert time.monotonic() < end + 60
    assert bootfs.process.poll() is None
