# SPDX-License-Identifier: GPL-2.0-or-later
"""Every attack of tests/support/hostile.py, through the daemon and through the wrapper: the guest
boots or is told why not, nothing runs, nothing is written, nothing is left, nobody else waits."""

import hashlib
import json
import re
import time
from pathlib import Path

import pytest
from conftest import BUILD, boot_files, domain, make_guest
from wrapper import Wrapper, parse_simple, processes_of

import hostile

# A minute is no speed: what has no bound takes for ever.
MOST_SECONDS = 60
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
TEXTS = ("menu", "log", "error", "default/title", "default/source", "default/kernel.info")


def digest(image):
    """Of all bytes of a disk; of a sparse one, of its first part and its times."""
    with open(image, "rb") as disk:
        known = hashlib.sha256(disk.read(256 << 20)).hexdigest()
    stat = image.stat()
    return known, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_blocks


def text(path):
    return path.read_bytes().decode() if path.exists() else ""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Another domain's disk."""
    return make_guest(tmp_path_factory.mktemp("good") / "good.img", boot_files(9, 50_000, 50_000),
                      size="16M")


class Attack:
    """A case, shown by a bootfs beside a good domain."""

    def __init__(self, name, folder, start_bootfs, good):
        self.folder = folder / "case"
        self.case = hostile.make(name, self.folder)
        self.before = digest(self.case.image)
        self.bootfs = start_bootfs(domain("evil", self.case.image), domain("good", good))
        self.evil = self.bootfs.mount / "evil"
        self.wrapper = Wrapper.__new__(Wrapper)
        self.wrapper.image, self.wrapper.folder = self.case.image, folder
        self.wrapper.out, self.wrapper.config = folder / "out", folder / "wrapper.conf"
        self.wrapper.out.mkdir()

    def boot(self, mountpoint):
        """The wrapper's copies, or {}: then it failed and left nothing."""
        self.wrapper.configure(mountpoint)
        done = self.wrapper.run("-q", "--output-format=simple")
        if done.returncode:
            assert done.returncode == 1 and done.stdout == ""
            assert done.stderr.count("\n") == 1 and not OBEYED.search(done.stderr), done.stderr
            assert not any(self.wrapper.out.iterdir())
            return {}
        items = parse_simple(done.stdout)
        assert set(items) <= {"kernel", "ramdisk", "args"}
        return items

    def check_texts(self):
        seen = "".join(text(self.evil / name) for name in TEXTS)
        assert not OBEYED.search(seen)
        assert len(seen) < 4 << 20
        told = json.loads((self.evil / "menu.json").read_bytes().decode("utf-8", "strict"))
        assert len(text(self.evil / "log").splitlines()) <= 1100
        for words in self.case.says:
            assert words in seen, seen[-3000:]
        return told

    def check_copies(self, items):
        if self.case.boots is not None:
            assert bool(items) == self.case.boots, text(self.evil / "error")
        for name, content in (("kernel", self.case.kernel), ("ramdisk", self.case.initrd)):
            if items and content is not None:
                assert Path(items[name]).read_bytes() == content
        for path in self.wrapper.out.iterdir():
            assert str(path) in items.values()
            path.unlink()

    def check_nothing_else(self):
        assert digest(self.case.image) == self.before
        assert not hostile.canary(self.folder).exists()
        assert self.bootfs.process.poll() is None
        left = [pid for pid in processes_of(self.wrapper.config)]
        assert not left


@pytest.mark.parametrize("name", hostile.cases)
def test_gets_nowhere(name, tmp_path, start_bootfs, good):
    attack = Attack(name, tmp_path, start_bootfs, good)
    began = time.monotonic()
    told = attack.check_texts()
    assert (told["status"] == "ok") == (attack.case.boots is True) or attack.case.boots is None
    attack.check_copies(attack.boot(attack.bootfs.mount))
    if list(hostile.cases).index(name) % 4 == 0:  # a private bootfs is the same program
        attack.check_copies(attack.boot(tmp_path / "nothing"))
    assert (attack.bootfs.mount / "good/default/kernel").read_bytes() == \
        boot_files(9, 50_000, 50_000)["/boot/vmlinuz-1"]
    assert time.monotonic() - began < MOST_SECONDS
    attack.check_nothing_else()
