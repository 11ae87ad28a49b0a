# SPDX-License-Identifier: GPL-2.0-or-later
"""grub-reboot's next_entry: honoured once, without a byte written to the guest's disk."""

import hashlib
import json
import os
import subprocess
import time

import pytest

from conftest import BUILD, boot_files, make_guest

CFG = """load_env
if [ "${next_entry}" ]; then
  set default="${next_entry}"
  set next_entry=
  save_env next_entry
elif [ "${saved_entry}" ]; then
  set default="${saved_entry}"
fi
menuentry First --id first { linux /boot/vmlinuz-1 one; }
menuentry Second --id second { linux /boot/vmlinuz-2 two; }
"""


def environment(**values):
    block = "# GRUB Environment Block\n" + "".join(f"{k}={v}\n" for k, v in values.items())
    return block + "#" * (1024 - len(block))


class Host:
    def __init__(self, folder, start, more=""):
        self.folder, self.image, self.state = folder, folder / "mail.img", folder / "state"
        self.out = folder / "out"
        self.out.mkdir()
        (self.state / "one-shot").mkdir(parents=True)
        (self.state / "one-shot/.since").touch()
        os.utime(self.state / "one-shot/.since", (0, 0))
        self.make(next_entry="second")
        self.start, self.more, self.bootfs = start, more, None

    def make(self, **values):
        files = {**boot_files(cfg=CFG), "/boot/grub/grubenv": environment(**values)}
        make_guest(self.image, files)

    def run(self, domain="mail"):
        conf = f"state-folder = {self.state}\n{self.more}"
        self.bootfs = self.start(f"[domain {domain}]\ndisk = file:{self.image},xvda,w\n",
                                 more=conf, ttl="0s")
        return self

    def wrapper(self, *options):
        result = subprocess.run(
            [BUILD / "bootfs-pygrub", f"--config={self.bootfs.conf}", "-q", *options,
             "--bootfs", self.bootfs.mount, f"--output-directory={self.out}", self.image],
            capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        return "two" if "'two'" in result.stdout or " two" in result.stdout else "one"

    def default(self):
        return (self.bootfs.mount / "mail/default/cmdline").read_text().strip()


@pytest.fixture
def host(tmp_path, start_bootfs):
    return Host(tmp_path, start_bootfs)


def test_a_one_shot_entry_boots_once(host):
    before = hashlib.sha256(host.image.read_bytes()).digest()
    host.run()
    assert host.default() == "two"
    assert host.wrapper() == "two"
    assert host.wrapper() == "one"
    assert host.default() == "one"
    assert "booted once already" in (host.bootfs.mount / "mail/log").read_text()
    assert hashlib.sha256(host.image.read_bytes()).digest() == before


def test_looking_consumes_nothing(host):
    host.run()
    for _ in range(2):
        assert host.default() == "two"
        host.wrapper("-n")
        subprocess.run([BUILD / "bootfs-pygrub", "-l", "--bootfs", host.bootfs.mount, host.image],
                       check=True, capture_output=True)
        subprocess.run([BUILD / "bootfs-inspect", host.image], check=True, capture_output=True)
    assert "one-shot" in (host.bootfs.mount / "mail/menu").read_text()
    menu = json.loads((host.bootfs.mount / "mail/menu.json").read_text())
    assert menu["one_shot"]["value"] == "second"
    assert host.wrapper() == "two"


def test_a_new_one_is_honoured_again(host):
    host.run()
    assert host.wrapper() == "two"
    time.sleep(1.1)
    host.make(next_entry="second")
    assert host.wrapper() == "two"
    assert len([p for p in (host.state / "one-shot").iterdir() if p.name[0] != "."]) == 1


def test_the_private_bootfs_knows_the_records_too(host):
    host.run()
    assert host.wrapper() == "two"
    host.bootfs.stop()
    assert host.wrapper() == "one"


def test_one_that_is_older_than_our_records_never_fires(host):
    os.utime(host.state / "one-shot/.since", (2**31, 2**31))
    host.run()
    assert host.default() == "one"
    assert "before bootfs came" in (host.bootfs.mount / "mail/log").read_text()


def test_without_a_place_for_records_none_is_honoured(host):
    (host.state / "one-shot/.since").unlink()
    (host.state / "one-shot").rmdir()
    (host.state / "one-shot").write_text("in the way")
    host.run()
    assert host.default() == "one"
    assert "one-shot entry not honoured" in (host.bootfs.mount / "mail/log").read_text()


def test_a_disk_of_no_domain_has_no_one_shot_entry(host):
    host.run()
    other = make_guest(host.folder / "other.img",
                       {**boot_files(cfg=CFG), "/boot/grub/grubenv": environment(
                           next_entry="second")})
    folder = host.bootfs.disk(other)
    assert (folder / "default/cmdline").read_text().strip() == "one"


def test_the_setting_ignores_it(tmp_path, start_bootfs):
    host = Host(tmp_path, start_bootfs, more="one-shot = ignore\n").run()
    assert host.default() == "one"
    assert "is not honoured" in (host.bootfs.mount / "mail/log").read_text()


def test_a_record_goes_with_its_domain(host):
    host.run()
    assert host.wrapper() == "two"
    record = host.state / "one-shot/mail"
    assert record.exists()
    host.bootfs.conf.write_text(host.bootfs.conf.read_text().replace("[domain mail]",
                                                                     "[domain web]"))
    host.bootfs.reload()
    assert not record.exists()
