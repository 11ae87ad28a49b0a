# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB itself as a judge that answers in milliseconds: grub-emu with grubshim.c loaded into it.

One process of grub-emu starts once; for each disk, and on it for each entry, a copy of it goes on
(fork). grub-emu has no loader commands, so functions of those names record what they are given.
"""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import grubemu  # noqa: E402

RECORD = r"""
function __record {
	__loaded=1
	echo "~C$1~;"
	echo "~R$root~;"
	shift
	for __a in "$@"; do
		echo "~A$__a~;"
	done
	while regexp '^x--' "x$1"; do
		shift
	done
	__there "$1"
}
function __record_all {
	__loaded=1
	echo "~C$1~;"
	echo "~R$root~;"
	shift
	for __a in "$@"; do
		echo "~A$__a~;"
	done
	__there "$@"
}
function __there {
	__missing=0
	for __a in "$@"; do
		if [ -f "$__a" ]; then true; else echo "~Mx~;"; __missing=1; fi
	done
	echo "~Ex~;"
	[ "$__missing" = 0 ]
}
"""
START = """terminal_output console
echo "~JOB~"
read __root
read __folder
read __config
unset __at
unset __loaded
set root=$__root
set prefix=($__root)$__folder
source ($__root)$__config
terminal_output console
unset pager
unset fallback
echo "~PATH~"
read __at
if [ "$__at" != = ]; then set default="$__at"; fi
set timeout=0
set timeout_style=menu
if [ "$__loaded" ]; then echo "~TOP~"; fi
"""
CALL = re.compile(r"~([CRAME])(.*?)~;", re.S)
DISKS = 3       # at most
DEFAULT = "="   # a place: what starts by itself
BOOTING = re.compile(r"Booting\s+`(.*?)'\s*?\r?\n", re.S)


def build(folder):
    """Compiles the shim; returns its path."""
    shim = os.path.join(folder, "grubshim.so")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-w", "-o", shim,
                    os.path.join(HERE, "grubshim.c"), "-ldl"], check=True)
    return shim


def calls(screen):
    """What the loaders were given, in the words of grubemu.loaded()."""
    found, current = [], {}
    for kind, text in CALL.findall(screen):
        text = text.replace("\r\n", "\n").replace("\r", "")
        if kind == "C":
            current = {"command": text, "words": [], "missing": False}
        elif kind == "R":
            current["root"] = text
        elif kind == "A":
            current["words"].append(text)
        elif kind == "M":
            current["missing"] = True
        else:
            found.append(current)
    return found


class Judge:
    """A running grub-emu, as a context."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="judge-")
        path = self.folder.name
        loaders = "".join(
            grubemu.LOADER % (name, "__record_all" if name in grubemu.INITRDS else "__record", name)
            for name in grubemu.KERNELS + grubemu.HYPERVISORS + grubemu.INITRDS + grubemu.MODULES
            + grubemu.OTHERS)
        with open(os.path.join(path, "grub.cfg"), "w", encoding="utf-8") as file:
            file.write(RECORD + loaders + START)
        with open(os.path.join(path, "map"), "w", encoding="ascii") as file:
            for number in range(DISKS):
                file.write(f"(hd{number}) {path}/judge{number}.img\n")
        for number in range(DISKS):
            with open(os.path.join(path, f"judge{number}.img"), "wb") as file:
                file.truncate(1 << 20)
        self.shim = build(path)
        self.start()

    def start(self):
        jobs, to_judge = os.pipe()
        from_judge, answers = os.pipe()
        path = self.folder.name

        def descriptors():
            high = os.dup(jobs), os.dup(answers)
            os.dup2(os.dup(high[0]), 3)
            os.dup2(high[1], 4)
        self.process = subprocess.Popen(
            [grubemu.PROGRAM, "-m", path + "/map", "-r", "host", "-d", path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"LD_PRELOAD": self.shim, "TERM": "vt100", "PATH": "/usr/bin"},
            preexec_fn=descriptors, close_fds=False)
        os.close(jobs)
        os.close(answers)
        self.jobs = os.fdopen(to_judge, "wb")
        self.answers = os.fdopen(from_judge, "rb")

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.jobs.close()
        self.process.wait()
        self.answers.close()
        self.folder.cleanup()

    def ask(self, images, places, root="hd0,msdos1", config="/boot/grub/grub.cfg"):
        """What the screen showed when each of these places ("1>0"; DEFAULT) was started."""
        lines = ["|".join(images), root, os.path.dirname(config), config, *places]
        self.jobs.write(("\n".join(lines) + "\n\n").encode())
        self.jobs.flush()
        screens = []
        while True:
            length = int(self.answers.readline())
            if not length:
                return screens
            screens.append(self.answers.read(length).decode("utf-8", "replace"))

    def run(self, images, places, **where):
        """[(titles on the way, calls of loaders, the screen)] for each place."""
        return [(BOOTING.findall(s), calls(s), s) for s in self.ask(images, places, **where)]
