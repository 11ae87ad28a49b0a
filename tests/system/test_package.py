# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian packages: built from what is checked out, looked at by lintian, installed on a machine
of their own, tried by their own test, removed without a trace."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, TOP

sys.path.insert(0, str(TOP / "tests" / "support"))

import machine  # noqa: E402

needs_machine = pytest.mark.skipif(bool(machine.usable()), reason=machine.usable() or "")
needs_release = pytest.mark.skipif(BUILD.name != "release-gcc", reason="packages are release builds")


def paragraphs(path):
    for text in Path(path).read_text().split("\n\n"):
        yield dict(re.findall(r"^([A-Za-z-]+): *((?:.|\n[ \t])*)", text, re.M))


def package_names(field):
    return {word.split()[0] for word in field.replace("\n", " ").split(",") if word.strip()}


def listed(group):
    lines = [line.split() for line in (TOP / "debian-packages.txt").read_text().splitlines()]
    return {line[1] for line in lines if line and line[0] == group}


def test_the_version_is_one():
    version = re.search(r"^VERSION := (\S+)", (TOP / "Makefile").read_text(), re.M)[1]
    assert (TOP / "debian/changelog").read_text().startswith(f"bootfs ({version}) ")
    assert f"\n## {version}" in (TOP / "CHANGELOG.md").read_text()


def test_what_the_package_is_built_with_is_what_the_build_needs():
    source = next(paragraphs(TOP / "debian/control"))
    needed = [word for word in source["Build-Depends"].split(",") if "<!nocheck>" not in word]
    ours = {name for name in package_names(",".join(needed)) if not name.startswith(("debhelper", "dh-"))}
    assert ours == listed("build") - {"build-essential"}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """The built .deb files. What is compiled already is not compiled again."""
    source = tmp_path_factory.mktemp("package") / "bootfs"
    source.mkdir()
    subprocess.run(f"tar -c --exclude=./build --exclude-vcs . | tar -C {source} -x", shell=True,
                   cwd=TOP, check=True)
    shutil.copytree(BUILD, source / "build" / BUILD.name, symlinks=True,
                    ignore=shutil.ignore_patterns("tests"))
    done = subprocess.run(["dpkg-buildpackage", "-b", "-nc", "-us", "-uc", "-Pnocheck"],
                          cwd=source, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted(path for path in source.parent.glob("*.deb") if "-dbgsym" not in path.name)


@needs_release
def test_lintian_finds_nothing(packages):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *packages],
                          check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@needs_release
@needs_machine
def test_it_installs_works_and_goes(packages, tmp_path):
    with machine.Root(tmp_path) as root, machine.Booted(root, bind=[packages[0].parent]) as booted:
        folder = packages[0].parent
        booted.works("dpkg", "-i", *[folder / path.name for path in packages])
        assert booted.works("systemctl", "is-active", "bootfs") == "active\n"
        assert booted.works("systemctl", "is-enabled", "bootfs") == "enabled\n"
        booted.works("ls", "/bootfs")
        assert "all is well" in booted.works(folder / "bootfs/debian/tests/guest")
        booted.works("systemctl", "start", "bootfs")
        booted.works("dpkg", "--purge", "bootfs", "bootfs-nbd")
        left = booted.run("ls", "-d", "/bootfs", "/etc/bootfs", "/var/lib/bootfs",
                          "/usr/share/doc/bootfs", "/usr/libexec/bootfs")
        assert left.stdout == ""


def test_what_is_installed_by_hand_can_be_taken_away(tmp_path):
    variant, compiler = BUILD.name.rsplit("-", 1)
    command = ["make", "-s", "-C", TOP, f"V={variant}", f"CC={compiler}", f"DESTDIR={tmp_path}"]
    subprocess.run([*command, "install"], check=True)
    assert (tmp_path / "usr/local/bin/bootfs").exists()
    subprocess.run([*command, "uninstall"], check=True)
    left = [p.relative_to(tmp_path) for p in tmp_path.rglob("*") if not p.is_dir() or p.is_symlink()]
    assert left == [Path("etc/bootfs/bootfs.conf")]
