# SPDX-License-Identifier: GPL-2.0-or-later
"""This machine's sources of packages, turned into those of another release (tests/debian-sources)."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
HERE = re.search(r"^VERSION_CODENAME=(.*)$", Path("/etc/os-release").read_text(), re.M)

LINES = """# a comment
deb http://one.example/debian {here} main contrib # the archive
deb-src http://one.example/debian {here} main
deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://one.example/debian {here}-updates main
deb [signed-by=/etc/other.gpg] http://two.example/debian {here} main
deb http://three.example/tools {here}-tools main
deb http://four.example/linux {here} stable
"""
STANZAS = """Types: deb deb-src
# http://elsewhere.example
URIs: http://one.example/debian
Suites: {here} {here}-updates {here}-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://two.example/debian
Suites: {here}
Components: main

Types: deb
URIs: http://one.example/security
Suites: {here}-security
Components: main
"""


def sources(folder, release):
    return subprocess.run([TOP / "tests/debian-sources", release], check=True, text=True,
                          env={**os.environ, "APT_FOLDER": str(folder)},
                          stdout=subprocess.PIPE).stdout


def fields(text, name):
    return re.findall(rf"^{name}: (.*)$", text, re.M)


@pytest.mark.skipif(not HERE, reason="this machine's release has no name")
def test_lines_become_another_releases(tmp_path):
    (tmp_path / "sources.list").write_text(LINES.format(here=HERE[1]))
    text = sources(tmp_path, "sid")
    assert fields(text, "URIs") == ["http://one.example/debian"] * 2
    assert fields(text, "Suites") == ["sid", "sid-updates"]
    assert fields(text, "Components") == ["main contrib", "main"]
    assert fields(text, "Types") == ["deb"] * 2


@pytest.mark.skipif(not HERE, reason="this machine's release has no name")
def test_stanzas_become_another_releases(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(STANZAS.format(here=HERE[1]))
    text = sources(tmp_path, "sid")
    assert fields(text, "URIs") == ["http://one.example/debian", "http://one.example/security"]
    assert fields(text, "Suites") == ["sid sid-updates", "sid-security"]
    assert "#" not in text


def test_no_sources_are_no_error(tmp_path):
    assert sources(tmp_path, "sid") == ""
