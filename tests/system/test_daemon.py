# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon through a real mount: what ordinary programs see of it."""

import os
import subprocess

import conftest
from conftest import boot_files, domain


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, check=False, **more)


def test_shows_a_domain_as_files(guest, start_bootfs):
    files = boot_files()
    bootfs = start_bootfs(domain("mail", guest("a.img", files)))
    mail = bootfs.mount / "mail"

    assert os.listdir(bootfs.mount) == ["mail"]
    assert sorted(os.listdir(mail)) == ["default", "entries", "log", "menu", "menu.json"]
    assert os.readlink(mail / "default") == "entries/0"
    assert sorted(os.listdir(mail / "entries")) == ["0", "1", "2"]
    assert (mail / "default/kernel").read_bytes() == files["/boot/vmlinuz-1"]
    assert (mail / "default/initrd").read_bytes() == files["/boot/initrd-1"]
    assert (mail / "default/cmdline").read_text() == "root=/dev/xvda1 ro quiet\n"
    assert (mail / "entries/1/title").read_text() == "Second\n"
    assert not (mail / "entries/1/initrd").exists()
    assert (mail / "menu").read_text().startswith("* 0  First\n")
