# SPDX-License-Identifier: GPL-2.0-or-later
"""/bootfs/.stats: what monitoring reads."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import BUILD, boot_files, domain, wait_until

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from exposition import Exposition  # noqa: E402


def stats(bootfs):
    return Exposition((bootfs.mount / ".stats").read_text())


@pytest.fixture
def mail(guest, start_bootfs):
    return start_bootfs(domain("mail", guest("mail.img")), domain("lost", "/nowhere/lost.img"),
                        ttl="60s")


def test_reading_it_inspects_nothing(mail):
    for _ in range(3):
        told = stats(mail)
    assert told.get("inspections_total", question="menu") == 0
    assert told.get("domains") == 2
    assert told.find("domain_ok") == []
    assert told.get("start_time_seconds") <= time.time()


def test_counts_inspections_and_what_was_spared(mail):
    (mail.mount / "mail/menu").read_text()
    first = stats(mail)
    for _ in range(5):
        os.listdir(mail.mount / "mail")
    second = stats(mail)
    for told in (first, second):
        assert told.get("inspections_total", question="menu") == 1
        assert told.get("inspection_seconds_count") == 1
        assert told.get("inspection_max_seconds") >= told.get("inspection_seconds_sum") - 1e-6
        assert told.get("domain_ok", domain="mail") == 1
        assert told.get("domain_checked_timestamp_seconds", domain="mail") <= time.time()
    assert second.get("cache_hits_total") >= first.get("cache_hits_total") + 5
    assert second.get("cache_bytes") > 0


def test_counts_the_bytes_that_were_read(mail):
    kernel = (mail.mount / "mail/default/kernel").read_bytes()
    wait_until(lambda: stats(mail).get("read_bytes_total", of="content") == len(kernel))
    menu = (mail.mount / "mail/menu").read_bytes()
    assert stats(mail).get("read_bytes_total", of="text") >= len(menu)


def test_says_why_a_domain_has_no_menu(mail):
    error = (mail.mount / "lost/error").read_text()
    told = stats(mail)
    assert told.get("failures_total", reason="disk") == 1
    assert told.get("domain_ok", domain="lost") == 0
    [labels] = told.find("domain_error")
    assert labels["domain"] == "lost"
    assert labels["error"] in error and "/nowhere/lost.img" in labels["error"]


def test_an_error_that_was_mended_is_not_told_any_more(guest, start_bootfs, tmp_path):
    bootfs = start_bootfs(domain("mail", tmp_path / "mail.img"), ttl="0s")
    assert (bootfs.mount / "mail/error").exists()
    assert len(stats(bootfs).find("domain_error")) == 1
    guest("mail.img")
    (bootfs.mount / "mail/menu").read_text()
    assert stats(bootfs).find("domain_error") == []
    assert stats(bootfs).get("domain_ok", domain="mail") == 1


def test_a_guests_words_stay_inside_their_label(guest, start_bootfs):
    cfg = "menuentry 'x' { linux \"/boot/k\\\"} 1\n# TYPE \x1b[2J\\\\n\" }\n"
    bootfs = start_bootfs(domain("evil", guest("evil.img", boot_files(cfg=cfg))))
    assert (bootfs.mount / "evil/error").exists()
    [labels] = stats(bootfs).find("domain_error")
    assert set(labels) == {"domain", "error"}
    assert labels["error"].isprintable()


@pytest.mark.skipif("asan" in str(BUILD), reason="the sanitizers need what the sandbox takes away")
def test_inspectors_that_die_and_that_lie_are_told_apart(guest, start_bootfs, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, source in (("bootfs", "bootfs"), ("bootfs-inspect", "tests/tools/bad-inspect")):
        shutil.copy(BUILD / source, programs / name)
    bootfs = start_bootfs(*[domain(deed, guest(f"{deed}.img")) for deed in ("fork", "half", "hang")],
                          programs=programs, timeout="5s")
    for deed in ("fork", "half", "hang"):
        with open(tmp_path / f"{deed}.img", "r+b") as disk:
            disk.write(f"bad-inspect: {deed}\n".encode().ljust(512, b"\0"))
        assert (bootfs.mount / deed / "error").exists()
    told = stats(bootfs)
    for reason in ("died", "refused", "timeout"):
        assert told.get("failures_total", reason=reason) == 1
    wait_until(lambda: stats(bootfs).get("inspectors_running") == 0)
    wait_until(lambda: stats(bootfs).get("inspectors_hanging") == 0)


def test_is_for_those_who_may_read_menus(mail):
    path = mail.mount / ".stats"
    assert path.stat().st_mode & 0o7777 == 0o400
    assert subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", path],
                          check=False, capture_output=True).returncode != 0
    assert ".stats" not in os.listdir(mail.mount)


def test_no_domain_can_have_its_name(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")))
    bootfs.write(bootfs.conf.read_text() + domain(".stats", "/nowhere/x.img"))
    check = subprocess.run([BUILD / "bootfs", "--check", "--config", bootfs.conf],
                           check=False, capture_output=True, text=True)
    assert check.returncode != 0 and ".stats" in check.stderr
    assert (bootfs.mount / ".stats").is_file()
