# SPDX-License-Identifier: GPL-2.0-or-later
"""Each limit of bootfs.conf, reached: what was found so far stays where that is safe, and `log`
names the setting."""

import json
import os
import re

import pytest
from conftest import TOP, boot_files, bytes_like, domain

ENTRY = "menuentry 'Good' { linux /boot/vmlinuz-1 ro\n initrd /boot/initrd-1\n}\n"
FILES = boot_files(1, 1_500_000, 1_600_000)


class Shown:
    """A guest with this configuration below a bootfs with these settings."""

    def __init__(self, guest, start_bootfs, cfg, settings, **more):
        files = {**FILES, "/boot/grub/grub.cfg": cfg}
        self.bootfs = start_bootfs(domain("mail", guest("mail.img", files)), more=settings, **more)
        self.folder = self.bootfs.mount / "mail"

    def text(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    def titles(self):
        told = json.loads(self.text("menu.json"))
        return [entry["title"] for entry in told["entries"]]

    def boots(self):
        return self.text("error") == "" and \
            (self.folder / "default/kernel").read_bytes() == FILES["/boot/vmlinuz-1"]


@pytest.fixture
def show(guest, start_bootfs):
    return lambda cfg, settings, **more: Shown(guest, start_bootfs, cfg, settings, **more)


@pytest.mark.parametrize("what, name", [("kernel", "max-kernel"), ("initrd", "max-initrd")])
def test_a_bigger_file_is_an_error_and_the_menu_stays(show, what, name):
    shown = show(ENTRY + "menuentry 'Small' { linux /boot/vmlinuz-2\n}\n", f"{name} = 1M")
    assert re.search(rf"{what} too big: 1\.\d MiB, limit 1\.0 MiB \({name}\)", shown.text("error"))
    assert shown.titles() == ["Good", "Small"]
    assert not (shown.folder / "entries/0/kernel").exists()
    assert (shown.folder / "entries/1/kernel").read_bytes() == FILES["/boot/vmlinuz-2"]


def test_a_longer_configuration_is_not_read(show):
    shown = show(ENTRY + "#" * 5000, "max-config = 4K")
    assert "/boot/grub/grub.cfg: the configuration is larger than max-config" in \
        shown.text("error")


def test_a_longer_file_inside_a_configuration_costs_only_itself(guest, start_bootfs):
    files = {**FILES, "/boot/grub/grub.cfg": ENTRY + "source /boot/grub/more.cfg\n",
             "/boot/grub/more.cfg": "#" * 5000}
    bootfs = start_bootfs(domain("mail", guest("mail.img", files)), more="max-config = 4K")
    assert "more.cfg" in (bootfs.mount / "mail/log").read_text()
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == FILES["/boot/vmlinuz-1"]


def test_entries_behind_the_last_one_are_left_out(show):
    shown = show(ENTRY + "menuentry 'B' { true\n}\nmenuentry 'C' { true\n}\n", "max-entries = 2")
    assert shown.titles() == ["Good", "B"] and shown.boots()
    assert "max-entries" in shown.text("log")


def test_a_script_that_takes_too_many_steps_is_stopped(show):
    shown = show(ENTRY + "while true; do true; done\nmenuentry 'Late' { true\n}\n",
                 "max-steps = 1000")
    assert shown.titles() == ["Good"] and shown.boots()
    assert "max-steps" in shown.text("log")


def test_an_entry_that_takes_too_many_steps_costs_only_itself(show):
    shown = show(ENTRY + "menuentry 'Bad' { while true; do true; done; }\n", "max-steps = 1000")
    assert shown.titles() == ["Good", "Bad"] and shown.boots()
    assert "max-steps" in shown.text("entries/1/error") + shown.text("log")


def test_lines_of_the_log_are_counted_and_not_kept(show):
    nonsense = "".join(f"nonsense{i}\n" for i in range(500))
    shown = show(ENTRY + nonsense, "max-log = 20")
    log = shown.text("log").splitlines()
    assert 20 <= len(log) <= 30 and shown.boots()
    dropped = int(re.search(r"^note    (\d+) more lines are not kept$", shown.text("log"), re.M)[1])
    assert len([line for line in log if "nonsense" in line]) + dropped == 500


def test_little_memory_keeps_the_entries_before(show):
    shown = show(ENTRY + "x=aaaaaaaaaaaaaaaa\nwhile true; do x=\"$x$x\"; done\n",
                 "inspect-memory = 16M")
    assert shown.titles()[:1] == ["Good"] and shown.boots()
    assert re.search("memory|max-steps", shown.text("log"))


def test_too_little_memory_for_anything_is_an_error(show):
    """A menu that does not fit: an error that names the setting, and no crash."""
    shown = show("".join(f"menuentry '{i} {'x' * 2000}' {{ linux /boot/vmlinuz-1\n}}\n"
                         for i in range(4000)), "inspect-memory = 16M")
    said = shown.text("error") + shown.text("log")
    assert "inspect-memory" in said
    assert "killed" not in said


def test_time_that_is_over_is_an_error(show):
    shown = show(ENTRY + "while true; do true; done\n", "max-steps = 4000000000", timeout="300ms")
    assert "no answer within 0.3 s (inspect-timeout)" in shown.text("error")
    assert os.listdir(shown.folder) and shown.bootfs.process.poll() is None


def test_every_limit_is_in_the_manual():
    settings = re.findall(r'^\t\{"((?:max|inspect|cache)[a-z-]+)"', (TOP / "config/settings.c").read_text(),
                          re.M)
    manual = (TOP / "man/bootfs.conf.5").read_text()
    assert len(settings) >= 10
    assert not [name for name in settings if f"Cm {name} No = " not in manual]


def test_bytes_at_the_limit_are_still_taken(guest, start_bootfs):
    files = {**FILES, "/boot/vmlinuz-1": bytes_like(1, 1 << 20)}
    bootfs = start_bootfs(domain("mail", guest("mail.img", {**files, "/boot/grub/grub.cfg": ENTRY})),
                          more="max-kernel = 1M")
    assert len((bootfs.mount / "mail/default/kernel").read_bytes()) == 1 << 20
