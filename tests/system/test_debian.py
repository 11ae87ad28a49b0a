# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Debian guest (mmdebstrap, Debian's kernel and initramfs, grub-mkconfig's grub.cfg), read
through a real mount and by the wrapper, and compared with what Xen's own pygrub says."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import BUILD, TOP, domain

sys.path.insert(0, str(TOP / "tests/support"))
import debian_guest  # noqa: E402

PYGRUB = next(iter(sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
TABLES = ["msdos", "gpt"]


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


@pytest.fixture(scope="module", params=TABLES)
def debian(request):
    """(path of the disk, what stands in it)"""
    return debian_guest.disk(request.param), debian_guest.files(request.param)


def words_of(config):
    """Titles and command lines of what grub-mkconfig wrote, in order: its output is regular."""
    titles = re.findall(r"^\s*menuentry '([^']*)'", config, re.M)
    cmdlines = re.findall(r"^\s*linux\s+\S+ (.*?)\s*$", config, re.M)
    return titles, [" ".join(c.split()) for c in cmdlines]


def test_the_menu_is_what_grub_mkconfig_wrote(debian, start_bootfs):
    disk, facts = debian
    folder = start_bootfs(domain("debian", disk)).mount / "debian"
    titles, cmdlines = words_of(facts["grub.cfg"])
    assert len(titles) == 3
    entries = sorted((folder / "entries").iterdir(), key=lambda p: int(p.name))
    assert [(e / "title").read_text().rstrip("\n") for e in entries] == titles
    assert [(e / "cmdline").read_text().rstrip("\n") for e in entries] == cmdlines
    menu = json.loads((folder / "menu.json").read_text())
    assert (menu["default"], menu["timeout"], menu["status"]) == ([0], 5, "ok")
    assert "Advanced options" in (folder / "menu").read_text()
    assert (folder / "default").readlink() == Path("entries/0")


def test_kernel_and_initrd_are_the_guests_bytes(debian, start_bootfs):
    disk, facts = debian
    folder = start_bootfs(domain("debian", disk)).mount / "debian"
    for entry in (folder / "entries").iterdir():
        assert sha256(entry / "kernel") == facts["kernel"]
        assert sha256(entry / "initrd") == facts["initrd"]
        assert (entry / "initrd").stat().st_size == facts["initrd_size"]
    version = facts["kernel_path"].removeprefix("/boot/vmlinuz-")
    assert f"version {version}\n" in (folder / "default/kernel.info").read_text()


def answer_of(command, out):
    result = subprocess.run([str(c) for c in command], capture_output=True, check=True)
    text = result.stdout.decode()
    for name in re.findall(r"boot_(?:kernel|ramdisk)[.][^'\s\0]*", text):
        text = text.replace(name, name.split(".")[0] + ".X")
    copies = {p.name.split(".")[0]: sha256(p) for p in Path(out).iterdir()}
    for path in Path(out).iterdir():
        path.unlink()
    return re.sub(" +", " ", text.rstrip("\n").replace(" ')", "')")), copies


@pytest.mark.parametrize("form", ["sxp", "simple", "simple0"])
@pytest.mark.parametrize("mounted", [True, False], ids=["mounted", "private"])
def test_the_answer_equals_pygrubs(debian, form, mounted, start_bootfs, tmp_path):
    disk, facts = debian
    out = tmp_path / "out"
    out.mkdir()
    where = start_bootfs(domain("debian", disk)).mount if mounted else tmp_path / "nothing"
    options = ["-q", f"--output-format={form}", f"--output-directory={out}"]
    ours, our_copies = answer_of([BUILD / "bootfs-pygrub", *options, "--bootfs", where, disk], out)
    theirs, their_copies = answer_of(["/usr/bin/python3", PYGRUB, *options, disk], out)
    assert ours.rstrip() == theirs.rstrip()
    assert our_copies == their_copies == {"boot_kernel": facts["kernel"],
                                          "boot_ramdisk": facts["initrd"]}


def test_the_disk_is_not_written_to(debian, start_bootfs, tmp_path):
    disk, _ = debian
    before = sha256(disk)
    folder = start_bootfs(domain("debian", disk)).mount / "debian"
    subprocess.run(["tar", "-C", folder, "-cf", "/dev/null", "."], check=True)
    subprocess.run([BUILD / "bootfs-pygrub", "-q", "--bootfs", folder.parent,
                    f"--output-directory={tmp_path}", disk], check=True, capture_output=True)
    subprocess.run([BUILD / "bootfs-inspect", disk], check=True, capture_output=True)
    assert sha256(disk) == before
