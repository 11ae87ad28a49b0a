# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/: what other distributions' packages are made of, checked with their own tools as far as
this host has them, and held to what the build needs."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SPEC = TOP / "packaging/fedora/bootfs.spec"
APKBUILD = TOP / "packaging/alpine/APKBUILD"
PKGBUILD = TOP / "packaging/arch/PKGBUILD"
VERSION = re.search(r"^VERSION := (\S+)", (TOP / "Makefile").read_text(), re.M)[1]


def needs(tool, package):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"no {tool} (Debian: {package})")


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False,
                          **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def table():
    """find-libraries' table: {pkg-config's name: {distribution: package}}."""
    text = (TOP / "find-libraries").read_text()
    lines = re.search(r"^libraries='\n(.*?)\n'", text, re.M | re.S)[1].splitlines()
    names = lines[0].split()
    return {line.split()[0]: dict(zip(names, line.split())) for line in lines[1:]}


def shell_words(path, name):
    """The value of a variable of a build script, as its shell reads it."""
    return run("bash", "-c", f'. "{path}"; echo "${{{name}[@]}}"').split()


@needs("rpmspec", "rpm")
def test_the_spec_can_be_read():
    text = run("rpmspec", "-P", SPEC)
    assert re.search(rf"^Version: +{re.escape(VERSION)}$", text, re.M)
    assert run("rpmspec", "-q", "--qf", "%{name}\n", SPEC).split()[:2] == ["bootfs", "bootfs-nbd"]


@needs("rpmlint", "rpmlint")
def test_rpmlint_finds_only_what_a_local_source_is():
    said = subprocess.run(["rpmlint", str(SPEC)], capture_output=True, text=True, check=False).stdout
    found = re.findall(r"^bootfs.spec: ([EW]: .*)", said, re.M)
    assert "specfiles checked" in said
    assert set(found) <= {"W: no-buildroot-tag", f"W: invalid-url Source0: bootfs-{VERSION}.tar.gz"}


def test_the_spec_asks_for_what_the_build_asks_for():
    asked = set(re.findall(r"^BuildRequires: +pkgconfig\((\S+)\)", SPEC.read_text(), re.M))
    assert asked == set(table()) | {"cmocka"}


@needs("makepkg", "makepkg")
def test_makepkg_reads_the_pkgbuild():
    with tempfile.TemporaryDirectory() as folder:  # where others can enter, unlike tmp_path
        shutil.copy(PKGBUILD, folder)
        command = ["makepkg", "--printsrcinfo"]
        if os.geteuid() == 0:  # it refuses root
            shutil.chown(folder, 65534, 65534)
            command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        said = run(*command, cwd=folder, env={**os.environ, "HOME": folder})
    assert f"\tpkgver = {VERSION}\n" in said and "\tmakedepends = xen\n" in said


def test_archs_package_needs_what_the_build_needs():
    named = set(shell_words(PKGBUILD, "depends")) | set(shell_words(PKGBUILD, "makedepends"))
    assert named == {line["arch"] for line in table().values()}
    assert shell_words(PKGBUILD, "pkgver") == [VERSION]


def test_alpines_package_needs_what_the_build_needs():
    named = set(shell_words(APKBUILD, "makedepends"))
    needed = {line["alpine"] for line in table().values()} - {"musl-dev"}  # in build-base
    assert named == needed | {"cmocka-dev", "linux-headers"}
    assert shell_words(APKBUILD, "pkgver") == [VERSION]


@pytest.mark.parametrize("path", sorted((TOP / "packaging/alpine").iterdir()), ids=lambda p: p.name)
def test_alpines_shell_reads_its_files(path):
    run("sh", "-n", path)


@needs("shellcheck", "shellcheck")
@pytest.mark.parametrize("shell, path", [("sh", p) for p in sorted(
    (TOP / "packaging/alpine").iterdir())] + [("bash", PKGBUILD)], ids=lambda p: Path(p).name)
def test_shellcheck_finds_nothing(shell, path):
    run("shellcheck", "-s", shell, "-e", "SC2034,SC2154", path)


def test_no_program_sends_a_host_to_a_package_manager_it_may_not_have():
    """Debian's names may be given as Debian's."""
    wrong = []
    for path in sorted(TOP.rglob("*.[ch]")):
        if path.relative_to(TOP).parts[0] in ("build", "tests"):
            continue
        for text in re.findall(r'"((?:[^"\\]|\\.)*)"', path.read_text()):
            if re.search(r"\b(apt|apt-get|dnf|yum|zypper|apk|pacman)\b(?! *-)|\badduser\b", text):
                wrong.append(f"{path.relative_to(TOP)}: {text}")
    assert not wrong
