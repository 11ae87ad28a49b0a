# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a copy of this machine, where bootfs's packages are installed; tries, upgrades and purges
them there.

    package_trial.run(folder, packages)         # raises if something is wrong
    python3 package_trial.py PACKAGE...         # as tests/package-trial does"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine

GUEST = Path(__file__).resolve().parents[2] / "debian/tests/guest"
# What a purge must not leave.
OURS = ("/bootfs", "/etc/bootfs", "/var/lib/bootfs", "/usr/share/doc/bootfs", "/usr/libexec/bootfs",
        "/usr/bin/bootfs", "/usr/lib/systemd/system/bootfs.service",
        "/lib/systemd/system/bootfs.service")


def newer(package, folder):
    """The same package with a higher version."""
    tree = folder / (package.stem + ".tree")
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    text = control.read_text()
    version = next(line.split()[1] for line in text.splitlines() if line.startswith("Version: "))
    # bootfs-nbd depends on bootfs of its own version.
    control.write_text(text.replace(version, version + "+upgrade"))
    result = folder / package.name
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, result], check=True,
                   stdout=subprocess.DEVNULL)
    return result


def main_pid(booted):
    return booted.works("systemctl", "show", "-P", "MainPID", "bootfs").strip()


def try_package(booted, guest):
    said = booted.works(guest)
    assert said.endswith("all is well\n"), said
    booted.works("systemctl", "start", "bootfs")


def upgrade(booted, packages):
    """The new one runs when dpkg ends, and the settings are the old ones."""
    before = main_pid(booted)
    settings = booted.works("cat", "/etc/bootfs/bootfs.conf")
    booted.works("dpkg", "-i", *packages)
    assert main_pid(booted) not in (before, "0")
    assert booted.works("systemctl", "is-active", "bootfs") == "active\n"
    assert booted.works("cat", "/etc/bootfs/bootfs.conf") == settings
    assert booted.works("ls", "/bootfs") == "mail\n"


def purge(booted, packages):
    booted.works("dpkg", "--purge", *[package.name.split("_")[0] for package in packages])
    left = booted.run("ls", "-d", *OURS).stdout
    assert left == "", left


def run(folder, packages, install=False):
    """`install`: they are not on this machine, only in the copy."""
    packages = [Path(path).resolve() for path in packages]
    changed = folder / "newer"
    changed.mkdir()
    for package in packages:
        newer(package, changed)
    binds = [f"{changed}:/newer", f"{packages[0].parent}:/packages", f"{GUEST}:/guest"]
    with machine.Root(folder) as root, machine.Booted(root, bind=binds) as booted:
        if install:
            booted.works("dpkg", "-i", *[f"/packages/{package.name}" for package in packages])
            assert booted.works("systemctl", "is-active", "bootfs") == "active\n"
        assert booted.works("systemctl", "is-enabled", "bootfs") == "enabled\n"
        began = time.monotonic()
        try_package(booted, "/guest")
        print(f"tried in {time.monotonic() - began:.1f} s")
        upgrade(booted, [f"/newer/{package.name}" for package in packages])
        try_package(booted, "/guest")
        purge(booted, packages)


if __name__ == "__main__":
    if machine.usable():
        sys.exit(f"package-trial: {machine.usable()}")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as where:
        run(Path(where), sys.argv[1:])
    print("package-trial: 1 passed, 0 failed")
