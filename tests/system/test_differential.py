# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB and bootfs read the same generated configurations (tests/differential), fixed seeds, a few.

`make differential MINUTES=N` tries as many as there is time for.
"""

import os
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "tests", "differential")
sys.path.insert(0, FOLDER)
import disks  # noqa: E402
import generate  # noqa: E402
import grubemu  # noqa: E402
import judge  # noqa: E402
import run  # noqa: E402

COUNT = int(os.environ.get("BOOTFS_DIFFERENTIAL", "40"))
pytestmark = pytest.mark.skipif(
    not os.path.exists(grubemu.PROGRAM) or not shutil.which("debugfs"),
    reason="no grub-emu or no debugfs here")


@pytest.mark.parametrize("kind", list(generate.KINDS))
def test_grub_and_bootfs_agree(kind):
    done = subprocess.run([sys.executable, os.path.join(FOLDER, "run.py"), "--kind", kind,
                           "--count", str(COUNT), "--minutes", "10"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{kind}: {COUNT} tried" in done.stdout, done.stdout


def test_the_same_seed_gives_the_same_configuration():
    for make in generate.KINDS.values():
        assert make(7) == make(7) != make(8)


@pytest.mark.parametrize("text, wrong", [
    ("menuentry 'a' { linux /boot/k x; }\n", {"title": "b"}),
    ("menuentry 'a' { linux /boot/k x; }\n", {"cmdline": "y"}),
    ("menuentry 'a' { linux /boot/k; initrd /boot/i; }\n", {"initrd": []}),
    ("menuentry 'a' { linux /boot/none; }\nmenuentry 'b' { true; }\n", {"error": None}),
])
def test_a_wrong_menu_is_seen(text, wrong, monkeypatch, tmp_path):
    seen = run.inspect

    def inspect(images):
        menu = seen(images)
        menu["entries"][0].update(wrong)
        return menu

    disk = disks.Disk(str(tmp_path))
    with judge.Judge() as judged:
        assert run.difference(judged, disk, text) is None
        monkeypatch.setattr(run, "inspect", inspect)
        assert run.difference(judged, disk, text) is not None
