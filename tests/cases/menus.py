# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the inspector on a case's disk and compares its menu with the expected one."""

import json
import os
import posixpath
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import mkdisk  # noqa: E402

BUILD = os.path.join(ROOT, os.environ.get("BOOTFS_BUILD", "build/release-gcc"))
IMAGES = os.path.join(ROOT, "build", "case-images")
INSPECTOR = os.path.join(BUILD, "tests", "tools", "bare-inspect")


def load(case, name):
    with open(os.path.join(case, name), encoding="utf-8") as file:
        return json.load(file)


def inspect(case, flavour=None):
    """The menu of the case's disk, as menu.json. `flavour` overrides what disk.json says."""
    disk = load(case, "disk.json")
    command = [INSPECTOR, "--json", "--grub-platform=" + disk.get("platform", "xen")]
    flavour = flavour or disk.get("flavour")
    if flavour:
        command.append("--grub-flavour=" + flavour)
    done = subprocess.run(command + [mkdisk.cached(case, IMAGES)], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr.decode("utf-8", "replace")[-4000:]
    return json.loads(done.stdout.decode("utf-8"))


def squeezed(text):
    return " ".join((text or "").split())


def without_initrd(cmdline):
    """Boot loaders differ in whether they leave initrd= in; it names no argument of Linux."""
    return re.sub(r"(^| )initrd=\S*", "", cmdline or "")


def place(file):
    """A file of either vocabulary (dev/path, volume/path) as "(volume)/path"; any table's name."""
    if not file:
        return None
    volume = re.sub(r",(msdos|gpt)", ",", file.get("volume") or file.get("dev"))
    return f"({volume}){posixpath.normpath('/' + file['path'].lstrip('/'))}"


def places(files):
    return [place(f) for f in files or []]


def boots(entry):
    """Is this an expected entry that starts a kernel?"""
    return bool(entry.get("kernel") or entry.get("hypervisor")) and not entry.get("error") \
        and entry.get("status", "boot") == "boot"


class Comparison:
    """Collects what is different, one line each. `exact`: blanks count too."""

    def __init__(self, exact=True):
        self.exact = exact
        self.found = []

    def same(self, what, shown, expected):
        if shown != expected:
            self.found.append(f"{what}: {shown!r}, expected {expected!r}")

    def text(self, what, shown, expected):
        if not self.exact:
            shown, expected = squeezed(shown), squeezed(expected)
        self.same(what, shown, expected)

    def entry(self, name, shown, expected):
        self.same(name + " path", shown["path"], expected["path"])
        self.same(name + " submenu", shown["submenu"], bool(expected.get("submenu")))
        self.text(name + " title", shown["title"], expected["title"])
        if expected.get("id") is not None:
            self.same(name + " id", shown["id"] or "", expected["id"])
        if shown["submenu"]:
            return
        if "error" in expected:
            self.same(name + " error", shown["error"], expected["error"])
        self.same(name + " boots", shown["bootable"], boots(expected))
        if boots(expected):
            self.files(name, shown, expected)

    def files(self, name, shown, expected):
        if not expected.get("kernel"):  # a hypervisor alone is what is started
            expected = dict(expected, kernel=expected["hypervisor"],
                            cmdline=expected["hypervisor"].get("cmdline", ""))
        self.same(name + " kernel", place(shown["kernel"]), place(expected.get("kernel")))
        self.same(name + " initrd", places(shown["initrd"]), places(expected.get("initrd")))
        self.text(name + " cmdline", without_initrd(shown["cmdline"]),
                  without_initrd(expected.get("cmdline", "")))
        self.same(name + " hypervisor", place(shown["hypervisor"]),
                  place(expected.get("hypervisor")))
        if expected.get("hypervisor"):
            self.text(name + " hypervisor's cmdline", shown["hypervisor"]["cmdline"],
                      expected["hypervisor"].get("cmdline", ""))
            self.same(name + " modules", places(shown["modules"]),
                      places(expected.get("modules")))

    def menu(self, shown, expected):
        wanted = expected["entries"]
        self.same("titles", [squeezed(e["title"]) for e in shown["entries"]],
                  [squeezed(e["title"]) for e in wanted])
        for entry, want in zip(shown["entries"], wanted):
            self.entry("entry " + ">".join(map(str, want["path"])), entry, want)
        self.same("default", shown["default"], self.default(expected))
        for key in ("loader", "flavour", "timeout_style", "default_reason"):
            if key in expected and expected[key] is not None:
                self.same(key, shown[key], expected[key])
        if "config" in expected:
            self.same("config", shown["config"]["path"], expected["config"])
        if "timeout" in expected:
            self.same("timeout", shown["timeout"], expected["timeout"])
        self.words("error", shown["error"] or "", expected.get("error"))
        said = "\n".join(w["text"] for w in shown["warnings"])
        for part in expected.get("warnings", []):
            self.words("warnings", said, part)

    def words(self, what, shown, part):
        if part and part not in shown:
            self.found.append(f"{what}: {part!r} is not in {shown!r}")

    @staticmethod
    def default(expected):
        """menu.json names a default only where it boots."""
        path = expected.get("default")
        for entry in expected["entries"]:
            if entry["path"] == path and boots(entry):
                return path
        return None


def differences(shown, expected, exact=True):
    comparison = Comparison(exact)
    comparison.menu(shown, expected)
    return comparison.found
