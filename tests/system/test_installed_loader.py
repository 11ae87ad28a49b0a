# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot loader that is installed decides: some of tests/support/contested.py, really booted.

`make contested` boots all of them. Here is one disk of each kind of boot loader, and what is told
where a boot loader cannot be followed.
"""

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import contested as disks  # noqa: E402
import loaders  # noqa: E402
import realboot  # noqa: E402


def program():
    path = os.path.join(ROOT, "tests", "contested")
    loader = importlib.machinery.SourceFileLoader("contested_program", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


JUDGE = program()
BOOTED = ("old_and_new_root-second_of_two", "block_list_in_a_partition-of_the_second",
          "embedded_script-label", "grub_legacy_beside_grub_cfg-with_stage_1_5",
          "extlinux_in_a_folder-elsewhere", "syslinux_on_fat_beside_grub", "efi_stub_of_debian")

pytestmark = pytest.mark.skipif(not shutil.which("qemu-system-x86_64"), reason="no QEMU here")


@pytest.mark.parametrize("name", BOOTED)
def test_the_installed_boot_loader_is_followed(name, tmp_path):
    if "legacy" in name and not loaders.unpacked("grub-legacy", "usr/sbin/grub"):
        pytest.skip("grub-legacy cannot be downloaded")
    result = JUDGE.judge(name, tmp_path)
    assert result["right"], result


@pytest.fixture(name="machine")
def fixture_machine(tmp_path):
    """Two roots, the second one's GRUB installed, the first one's partition active."""
    machine = loaders.Machine(tmp_path)
    disks.DISKS["old_and_new_root-second_of_two"][1](machine)
    return machine


def inspect(machine, *options):
    done = subprocess.run([JUDGE.INSPECTOR, *options, *machine.images()], capture_output=True,
                          stdin=subprocess.DEVNULL, text=True, check=False)
    return json.loads(done.stdout) if "--json" in options else done.stdout


FIRST = ("system-1 grub", "root=system-1 by=grub")
SECOND = ("system-2 grub", "root=system-2 by=grub")


def test_the_log_says_which_and_what_else(machine):
    log = inspect(machine)
    assert "\nok      installed: GRUB 2 (boot sector of hd0, core.img at sector 1 (hd0))\n" in log
    assert ("\nnote    also found: (hd0,msdos1)/boot/grub/grub.cfg (GRUB 2), not used; the next "
            "that would be\n") in log
    assert "flavour Debian (GRUB 2.06" in log
    menu = inspect(machine, "--json")
    assert menu["installed"]["followed"] and menu["grub_platform"] == "pc"
    assert [(o["volume"], o["next"]) for o in menu["also_found"]] == [("hd0,msdos1", True)]


def test_a_configuration_that_is_named_goes_first(machine):
    menu = inspect(machine, "--json", "--config=(hd0,msdos1)/boot/grub/grub.cfg")
    assert JUDGE.default_of(machine, menu) == FIRST
    assert menu["installed"] == {
        "loader": "GRUB 2", "place": "boot sector of hd0, core.img at sector 1 (hd0)",
        "followed": False, "problem": "config = names another place"}


@pytest.mark.parametrize("offset, bytes_there, why", [
    (0x5c, b"\xff" * 8, "outside the disk"),
    (512 + 500, b"\xff" * 8, "outside the disk"),
    (1024 + 8, b"\xff" * 4, "damaged, or packed in a way that is not known"),
    (1024 + 3000, bytes(4000), "damaged, or packed in a way that is not known"),
])
def test_a_core_image_that_cannot_be_read_is_told_of(machine, offset, bytes_there, why):
    realboot.write_at(machine.images()[0], offset, bytes_there)
    log = inspect(machine)
    assert "note    installed: GRUB 2 (boot sector of hd0" in log
    assert "not followed: core.img: " in log and why in log
    assert JUDGE.default_of(machine, inspect(machine, "--json")) == FIRST


def test_a_boot_loader_that_leads_nowhere_is_told_of(machine):
    with machine.disks[0].loop() as loop, machine.disks[0].mounted(loop + "p2") as root:
        os.unlink(root + "/boot/grub/grub.cfg")
    log = inspect(machine)
    assert ("not followed: (hd0,msdos2)/boot/grub/grub.cfg: no configuration there\n") in log
    assert JUDGE.default_of(machine, inspect(machine, "--json")) == FIRST


def test_without_a_table_of_code_the_order_of_places_counts(machine):
    realboot.write_at(machine.images()[0], 0, bytes(440))
    menu = inspect(machine, "--json")
    assert menu["installed"] is None and menu["grub_platform"] == "xen"
    assert JUDGE.default_of(machine, menu) == FIRST


def test_a_stub_is_no_other_configuration(tmp_path):
    machine = loaders.Machine(tmp_path, "efi")
    disks.DISKS["efi_stub_of_debian"][1](machine)
    menu = inspect(machine, "--json")
    assert menu["config"]["volume"] == "hd0,gpt3" and menu["grub_platform"] == "efi"
    others = {(o["volume"], o["path"]): (o["read"], o["next"]) for o in menu["also_found"]}
    assert others == {("hd0,gpt1", "/EFI/debian/grub.cfg"): (True, False),
                      ("hd0,gpt2", "/boot/grub/grub.cfg"): (False, True)}


def test_the_menu_is_the_one_that_a_second_question_finds(machine):
    """Both questions, menu and content, follow the same boot loader."""
    menu = inspect(machine, "--json")
    assert JUDGE.default_of(machine, menu) == SECOND
    kernel = inspect(machine, "--json", "--grub-platform=xen")
    assert JUDGE.default_of(machine, kernel) == SECOND
