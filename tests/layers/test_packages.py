# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of packages, and what reads it, on releases that are made here: a real apt with a small
repository of its own."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
LIST = TOP / "debian-packages.txt"

# What the releases differ in. bookworm has the libraries of a later clang as well.
BOOKWORM = {"clang": "clang-14", "clang-14": "", "libclang-rt-14-dev": "", "libclang-rt-19-dev": "",
            "xen-utils-4.17": ""}
TRIXIE = {"clang": "clang-19", "clang-19": "", "libclang-rt-17-dev": "", "libclang-rt-19-dev": "",
          "xen-utils-4.20": ""}


def stanza(name, depends, *more):
    lines = [f"Package: {name}", "Version: 1", "Architecture: all", "Maintainer: nobody",
             "Description: -", *more]
    return "\n".join(lines + ([f"Depends: {depends}"] if depends else [])) + "\n\n"


@pytest.fixture
def machine(tmp_path):
    """machine(release, installed): the environment of a machine whose apt knows these packages."""
    def make(release, installed=()):
        for folder in ("repository", "etc/apt.conf.d", "etc/preferences.d", "state/lists/partial",
                       "cache/archives/partial", "dpkg/info", "dpkg/updates"):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "dpkg/status").write_text("".join(
            stanza(name, "", "Status: install ok installed") for name in installed))
        (tmp_path / "repository/Packages").write_text("".join(
            stanza(name, depends, f"Filename: {name}.deb", "Size: 1", f"SHA256: {'0' * 64}")
            for name, depends in release.items()))
        (tmp_path / "etc/sources.list").write_text(
            f"deb [trusted=yes] file:{tmp_path}/repository ./\n")
        config = tmp_path / "apt.conf"
        config.write_text(f'Dir::Etc "{tmp_path}/etc"; Dir::State "{tmp_path}/state";'
                          f'Dir::Cache "{tmp_path}/cache";'
                          f'Dir::State::status "{tmp_path}/dpkg/status"; APT::Sandbox::User "";')
        environment = {**os.environ, "APT_CONFIG": str(config),
                       "DPKG_ADMINDIR": str(tmp_path / "dpkg")}
        subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True)
        return environment
    return make


def installer(folder, packages):
    """A copy of tests/install-packages that reads this list."""
    (folder / "tests").mkdir()
    (folder / "debian-packages.txt").write_text(packages)
    program = folder / "tests/install-packages"
    program.write_bytes((TOP / "tests/install-packages").read_bytes())
    program.chmod(0o755)
    return program


def listed(program, environment, *groups):
    done = subprocess.run([program, "--list", *groups], env=environment, check=False, text=True,
                          capture_output=True)
    return done.stdout.split(), done.returncode


@pytest.mark.parametrize("release, runtime, xen", [
    (BOOKWORM, "libclang-rt-14-dev", "xen-utils-4.17"),
    (TRIXIE, "libclang-rt-19-dev", "xen-utils-4.20")])
def test_each_release_gets_what_it_has(machine, tmp_path, release, runtime, xen):
    environment = machine(release)
    program = installer(tmp_path, "test libclang-rt-{clang}-dev\n"
                                  "test xen-utils-4.20 | xen-utils-4.17\nlint other\n")
    assert listed(program, environment, "test") == ([runtime, xen], 0)


def test_an_alternative_that_is_installed_is_enough(machine, tmp_path):
    environment = machine({"new": ""}, installed=["old"])
    program = installer(tmp_path, "test new | old\n")
    assert listed(program, environment, "test") == (["old"], 0)
    done = subprocess.run([program, "test"], env=environment, check=False, text=True,
                          capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_package_that_apt_does_not_know_is_named(machine, tmp_path):
    program = installer(tmp_path, "test here\ntest one | other\n")
    done = subprocess.run([program, "test"], env=machine({"here": ""}), check=False, text=True,
                          capture_output=True)
    assert done.returncode == 1
    assert "one | other" in done.stderr and "here" not in done.stderr


def test_a_group_that_is_not_in_the_list_is_refused():
    done = subprocess.run([TOP / "tests/install-packages", "nope"], check=False, text=True,
                          capture_output=True)
    assert done.returncode == 1 and '"nope"' in done.stderr


def test_every_group_that_is_asked_for_is_in_the_list():
    groups = {line.split()[0] for line in LIST.read_text().splitlines()
              if line and not line.startswith("#")}
    lines = [line for name in ("Makefile", "tests/cross-arm64", ".ci/run")
             for line in (TOP / name).read_text().splitlines() if not line.startswith("#")]
    asked = re.findall(r"(?:install-packages\"?|TEST_PACKAGES :=|everything=\")((?: ?[a-z]+)+)",
                       "\n".join(lines))
    assert len(asked) > 5
    assert {word for words in asked for word in words.split()} <= groups
