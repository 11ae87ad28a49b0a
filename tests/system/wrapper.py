# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wrapper's tests share: a guest, an output folder, and a bootfs-pygrub to run on them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import BUILD, TOP, domain

sys.path.insert(0, str(TOP / "tests" / "support"))

import small_guest  # noqa: E402

__all__ = ["Wrapper", "children", "fixture_private", "fixture_setup", "parse_simple",
           "processes_of", "small_guest"]


class Wrapper:
    """Before mount() no bootfs runs, and the wrapper starts its own."""

    def __init__(self, folder, files=None, **more):
        self.folder = folder
        self.files = files or small_guest.standard_files()
        self.image = small_guest.make(folder, self.files, **more)
        self.out = folder / "out"
        self.out.mkdir()
        self.config = folder / "wrapper.conf"
        self.bootfs = None
        self.configure(folder / "nothing")

    def configure(self, mountpoint, more=""):
        self.config.write_text(f"[bootfs]\nmountpoint = {mountpoint}\nxl-config = none\n"
                               f"worker-user = nobody\n{more}\n")

    def mount(self, start_bootfs, **more):
        self.bootfs = start_bootfs(domain("mail", self.image), **more)
        self.configure(self.bootfs.mount)
        return self

    def command(self, *options, image=None):
        command = [BUILD / "bootfs-pygrub", f"--config={self.config}",
                   f"--output-directory={self.out}", *options, image or self.image]
        return [str(word) for word in command]

    def run(self, *options, image=None, env=None, **more):
        return subprocess.run(self.command(*options, image=image), capture_output=True,
                              check=False, text=True, timeout=120,
                              errors="surrogateescape",
                              env={**os.environ, **(env or {})}, **more)

    def clean(self):
        for path in self.out.iterdir():
            path.unlink()


@pytest.fixture(name="setup", params=["mounted", "private"])
def fixture_setup(request, tmp_path, start_bootfs):
    made = Wrapper(tmp_path)
    if request.param == "mounted":
        made.mount(start_bootfs)
    return made


@pytest.fixture(name="private")
def fixture_private(tmp_path):
    return Wrapper(tmp_path)


def parse_simple(text, separator="\n"):
    assert text.endswith(separator * 2)
    return dict(item.split(" ", 1) for item in text[:-2].split(separator))


def processes_of(folder):
    """Living processes that name the folder in their command line: {pid: words}."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(folder).encode() in words and state != "Z":
            found[int(entry.name)] = words
    return found


def children(pid):
    """All processes below one, each before those below it."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    direct = [int(word) for word in text.split()]
    return direct + [below for child in direct for below in children(child)]
