# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks GRUB itself: grub-emu, driven through a terminal, reads the grub.cfg of a disk image.

grub-emu has no loader commands, so functions of those names are called in their place and print
what they were given. What is on the screen is read back: titles from the menu and from "Booting",
arguments from the functions' lines.
"""

import os
import re
import shlex
import subprocess
import tempfile

import pexpect

PROGRAM = "/usr/bin/grub-emu"
KERNELS = ("linux", "linux16", "linuxefi")
HYPERVISORS = ("multiboot", "multiboot2", "xen_hypervisor")
INITRDS = ("initrd", "initrd16", "initrdefi")
MODULES = ("module", "module2", "xen_module")
OTHERS = ("chainloader", "devicetree")

# Values are printed in pieces, so that no line is wrapped at the screen's edge.
PRINT = r"""
function __say {
	__s="$2"
	while regexp --set 1:__h --set 2:__t '^(.{40})(.+)$' "$__s"; do
		echo "~$1-$__h~"
		__s="$__t"
	done
	echo "~$1+$__s~"
}
function __record {
	__say C "$1"
	__say R "$root"
	shift
	for __a in "$@"; do
		__say A "$__a"
	done
	while regexp '^x--' "x$1"; do
		shift
	done
	__there "$1"
}
function __record_all {
	__say C "$1"
	__say R "$root"
	shift
	for __a in "$@"; do
		__say A "$__a"
	done
	__there "$@"
}
function __there {
	__missing=0
	for __a in "$@"; do
		if [ -f "$__a" ]; then true; else __say M "$__a"; __missing=1; fi
	done
	echo "~E~"
	[ "$__missing" = 0 ]
}
"""
LOADER = 'function %s {\n\t%s %s "$@"\n}\n'

# The guest's file is read as GRUB reads its own; the screen stays a text screen whatever it says.
START = """set root=%(root)s
set prefix=(%(root)s)%(folder)s
source (%(root)s)%(config)s
terminal_output console
unset pager
unset fallback
%(after)s
"""

MENU = r"\x1b\[24;1H *\x1b\[\d+;78H"  # the last that GRUB draws of a menu
ROW = re.compile(r"\x1b\[(\d+);3H([* ])([^\x1b]*?) *\x1b\[")
ANY_KEY = "Press any key to continue"
ENDS = {0: "done", 1: "menu", 2: "shell", 3: "password", -1: "off"}
HOME, DOWN, END, ENTER = "\x01", "\x0e", "\x05", "\r"


class NotUnderstood(Exception):
    """GRUB shows something that this driver does not know."""


def write_probe(folder, root, config, after):
    """A grub.cfg that defines the loaders and then reads the guest's file."""
    text = PRINT + "".join(LOADER % (name, "__record_all" if name in INITRDS else "__record", name)
                           for name in KERNELS + HYPERVISORS + INITRDS + MODULES + OTHERS)
    text += START % {"root": root, "folder": os.path.dirname(config), "config": config,
                     "after": after}
    with open(os.path.join(folder, "grub.cfg"), "w", encoding="utf-8") as file:
        file.write(text)


def rows(screen):
    """The titles of the menu drawn last, and which of them is chosen."""
    drawn, chosen = {}, None
    for line, mark, title in ROW.findall(screen[max(screen.rfind("GNU GRUB"), 0):]):
        drawn[int(line)] = title
        if mark == "*":
            chosen = int(line)
    lines = sorted(drawn)
    return [drawn[n] for n in lines], lines.index(chosen) if chosen else None


def records(screen):
    """What the loader functions printed: [{"command", "root", "words", "missing"}]."""
    found, current, parts = [], {}, {}
    for kind, more, text in re.findall(r"~([CRAME])([-+]?)([^~\r\n]*)~", screen):
        if kind == "E":
            found.append(current)
            continue
        parts[kind] = parts.get(kind, "") + text
        if more == "-":
            continue
        text = parts.pop(kind)
        if kind == "C":
            current = {"command": text, "words": [], "missing": False}
        elif kind == "R":
            current["root"] = text
        elif kind == "A":
            current["words"].append(text)
        else:
            current["missing"] = True
    return found


def quoted(words):
    """A command line as GRUB hands it to a kernel (lib/cmdline.c)."""
    escaped = [re.sub(r"([\\'\"])", r"\\\1", word) for word in words]
    return " ".join(f'"{word}"' if " " in word else word for word in escaped)


def place(record, word):
    return word if word.startswith("(") else f"({record['root']}){word}"


def loaded(calls):
    """What upstream's GRUB would start after these calls, in the words of expect.json; or None."""
    entry, ready = None, False
    for call in calls:
        command, words = call["command"], list(call["words"])
        while words and words[0].startswith("--"):
            words.pop(0)
        if not words or call["missing"] or not all(w[:1] in "/(" for w in words[:1]):
            ready = ready and command not in KERNELS  # an initrd needs the last one to succeed
            continue
        if command in KERNELS:
            ready = True
            entry = {"kernel": place(call, words[0]), "cmdline": quoted(words[1:]), "initrd": []}
        elif command in HYPERVISORS:
            entry = {"hypervisor": place(call, words[0]), "xen": quoted(words[1:]), "modules": []}
        elif entry and command in INITRDS and "kernel" in entry and ready:
            entry["initrd"] = [place(call, word) for word in words]
        elif entry and command in MODULES and "hypervisor" in entry:
            entry["modules"].append((place(call, words[0]), quoted(words[1:])))
    return entry


class GrubEmu:
    """One run of grub-emu on an image, as a context. `after` is run behind the guest's grub.cfg."""

    def __init__(self, image, after="", config="/boot/grub/grub.cfg", root="hd0,msdos1"):
        self.folder = tempfile.TemporaryDirectory(prefix="grub-emu-")
        write_probe(self.folder.name, root, config, after)
        disk = os.path.join(self.folder.name, "disk.img")  # a copy: save_env writes
        subprocess.run(["cp", "--sparse=always", image, disk], check=True)
        device_map = os.path.join(self.folder.name, "map")
        with open(device_map, "w", encoding="ascii") as file:
            file.write(f"(hd0) {disk}\n")
        self.child = pexpect.spawn(PROGRAM, ["-m", device_map, "-r", "host",
                                             "-d", self.folder.name],
                                   env={"TERM": "vt100", "PATH": "/usr/bin",
                                        "CACA_DRIVER": "null"},
                                   timeout=20, dimensions=(25, 80), encoding="utf-8",
                                   codec_errors="replace")
        self.child.delaybeforesend = None

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.child.close(force=True)
        self.folder.cleanup()

    def until(self, *patterns):
        """What is shown until one of the patterns, and its number; -1 where GRUB ended."""
        try:
            number = self.child.expect([*patterns, pexpect.EOF])
        except pexpect.TIMEOUT as late:
            raise NotUnderstood(repr(self.child.before[-2000:])) from late
        if number == len(patterns):
            return -1, self.child.before
        return number, self.child.before + self.child.after

    def menu(self):
        """The rows of the menu that comes next, and the chosen one; None: no menu came."""
        number, screen = self.until(MENU, r"grub> ")
        return rows(screen) if number == 0 else None

    def boot(self):
        """Waits until an entry has run by itself: titles on the way, its calls, how it ended."""
        screen, number = "", 0
        while number == 0 and "Failed to boot" not in screen:
            if screen:  # an error in a submenu: it goes on when a key was pressed
                self.child.send(" ")
            number, more = self.until(ANY_KEY, MENU, "grub> ", "Enter username")
            screen += more
        titles = re.findall(r"Booting\s+`(.*?)'\s*?\r\n\r\r\n", screen, re.S)
        return titles, records(screen), ENDS[number]


def top_menu(image, **where):
    """Titles of the first menu and the number of the one that is chosen."""
    with GrubEmu(image, "set timeout=-1\nset timeout_style=menu", **where) as grub:
        return grub.menu()


def submenu(image, path, **where):
    """Titles of the submenu at the path (numbers), and the chosen one."""
    with GrubEmu(image, f"set timeout=-1\nset timeout_style=menu\nset default={path[0]}",
                 **where) as grub:
        grub.menu()
        for number in [None, *path[1:]]:
            if number is not None:
                grub.child.send(HOME + DOWN * number)
            grub.child.send(ENTER)
            shown = grub.menu()
        return shown


def run_entry(image, path=None, **where):
    """Boots the entry at the path, or without one the default; as GrubEmu.boot()."""
    after = "set timeout=0\nset timeout_style=menu"
    if path is not None:
        after += "\nset default=" + shlex.quote(">".join(map(str, path)))
    with GrubEmu(image, after, **where) as grub:
        return grub.boot()
