# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations to differ about: from GRUB's grammar, and real ones with mistakes put in.

A generator is a function of a seed. Words hold wildcards only behind quotes, for grub-emu always
expands them; `boot`, and a kernel at the top level, are left out, for grub-emu has nothing to boot.
"""

import glob
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import randomscripts  # noqa: E402

CASES = os.path.join(os.path.dirname(HERE), "cases", "grub2")
MOST_ENTRIES = 10


class Script(randomscripts.Script):
    """More of the grammar than the tests beside it: options, submenus, files, arguments."""

    def __init__(self, seed):
        super().__init__(seed)
        # The functions that stand for loaders have a status of their own where they fail.
        self.fails = self.random.random() < .6

    def variable(self):
        found = super().variable()
        return "$a" if self.fails and "?" in found else found

    def piece(self):
        if self.random.random() < .15:
            return self.any('$@', '"$@"', '$*', '"$*"', '$#', '${10}', '$1x', '"$2"', '${unset}')
        return super().piece()

    def options(self):
        return "".join(self.any("", "", " --id " + self.word(), f" --id='{self.chars()}'",
                                " --class " + self.word(), " --unrestricted", " --hotkey q",
                                " --users " + self.any("$unset", "root", '""'), " " + self.word(),
                                " --odd", " -", " --", " --id", f" {self.variable()}")
                       for _ in range(self.random.randrange(3)))

    def loader(self):
        if not self.fails:
            return [self.any(f"linux /boot/k {self.words(4)}", "linux /boot/k x; initrd /boot/i")]
        return [self.any(f"linux /boot/k {self.words(4)}", f"linux /boot/k2 {self.words(2)}",
                         f"linux {self.word()} {self.word()}", "linux", "initrd /boot/i",
                         "initrd /boot/i /boot/i2", "initrd /boot/none", "initrd",
                         "linux /boot/none", f"linux ($root)/boot/k {self.words(2)}",
                         f"linux /boot/k \\\n{self.words(2)}", "multiboot /boot/k a b",
                         "module /boot/i c 'd e'", "module --nounzip /boot/k2 f",
                         "linux16 /boot/k old", "initrd16 /boot/i")]

    def more(self):
        return [self.any("source /boot/grub/more.cfg", "source /boot/none", "load_env saved",
                         "load_env", f"tr -s {self.name()} {self.word()} {self.word()}",
                         f"tr -U -s {self.name()}", f"tr -s {self.name()} ab xy",
                         f"regexp -s {self.name()} '^(.)(.*)$' {self.word()}",
                         f"regexp -s 2:{self.name()} '(.)(.?)' \"{self.variable()}\"",
                         f"setparams {self.words(3)}", "shift", "shift 2",
                         f"export {self.name()}", f"read {self.name()}", "true", "false", "! true",
                         f"eval {self.word()}={self.word()}", "break", "continue 2",
                         f"probe --set {self.name()} --fs hd0,msdos1",
                         f"search --set={self.name()} -f /boot/k", "search -f /boot/none",
                         f"search --set {self.name()} --file /boot/k --hint hd9,msdos1",
                         "save_env a b", f"set a={self.word()}; save_env a; unset a; load_env a",
                         f"for {self.name()} in \"$@\"; do {self.name()}=x{self.variable()}; done",
                         f"if test -f /boot/{self.any('k', 'none', 'empty')}; then set a=f; fi",
                         f"set {self.name()}=\\\n", f"unset {self.name()} {self.name()}",
                         f"time set {self.name()}={self.chars()}", "cat /boot/k", "cat /boot/none",
                         f"cmp /boot/k /boot/{self.any('k', 'k2', 'none')}")]

    def statement(self, depth):
        kind = self.random.random()
        if kind < .12:
            return self.more()
        return super().statement(depth)

    def body(self):
        lines = []
        for _ in range(self.random.randint(1, 4)):
            lines += self.any(self.loader, self.loader, lambda: self.statement(1), self.more)()
        return lines

    def item(self, depth):
        title = self.any(f'"{len(self.lines)}[$a][$b][{"" if self.fails else "$?"}]"', self.word(), '""', "'x'",
                         f"'{self.chars()}'", f"\"$1\"{self.chars()}")
        if depth and self.random.random() < .2:
            inner = []
            for _ in range(self.random.randint(1, 3)):
                inner += self.statement(1) if self.random.random() < .4 else []
                inner += self.item(depth - 1)
            return [f"submenu {title}{self.options()} {{"] + inner + ["}"]
        if self.random.random() < .1:
            return ["menuentry " + title + self.options() + " --source 'linux /boot/k source $1'"]
        end = self.any("}", "}", "}", " }; " + self.any("true", "a=b", "", "false"))
        return [f"menuentry {title}{self.options()} {{"] + self.body() + [end]

    def text(self):
        for _ in range(self.random.randint(1, MOST_ENTRIES)):
            for _ in range(self.random.randrange(3)):
                self.lines += self.statement(2)
            self.lines += self.item(2)
        if self.random.random() < .3:
            self.lines.append("set default=" + self.any("0", "1", "2>0", "''", "'1>'", "x", self.word()))
        if self.random.random() < .1:
            self.lines.append("source /boot/grub/menu.cfg")
        return "\n".join(self.lines) + self.any("\n", "\n", "", " \\\n", "\r\n", "\n\n")


def script(seed):
    return Script(seed).text()


def menu(seed):
    return randomscripts.Menu(seed).text()


# ---- real configurations, with mistakes ------------------------------------------------------------

PATHS = re.compile(r"(?m)^(\s*(?:linux|linux16|linuxefi)\s+)\S+")
INITRDS = re.compile(r"(?m)^(\s*(?:initrd|initrd16|initrdefi)\s+)\S.*$")
TOKENS = ("'", '"', "{", "}", ";", "$a", "${b}", "\\", "#", " ", "\n", "if", "fi", "then", "else",
          "[", "]", "&", "--id", "--class", "set a=b", "''", "$", "*", "$?", "$1", "\\\n", "function")
NO_TERMINAL = re.compile(r"(?m)^.*\b(?:boot|halt|reboot|exit|sleep|normal|legacy_\w+|chainloader|"
                         r"configfile|extract\w+|loopback|multiboot2?|module2?|kfreebsd|fwsetup|"
                         r"password\w*|superusers|timeout|terminal\w*|gfxterm)\b.*$")


def real():
    """Texts of our cases' grub.cfg, and of the collection's where it is there, by name."""
    folders = [CASES]
    shared = os.environ.get("BOOTFS_SHARED") or os.path.join(HERE, "..", "..", "..", "shared")
    folders += [os.path.join(shared, "corpus", kind) for kind in ("cases", "real")]
    names = []
    for folder in folders:
        names += glob.glob(os.path.join(folder, "*", "tree*", "boot", "grub*", "grub.cfg"))
        names += glob.glob(os.path.join(folder, "*", "tree*", "grub*", "grub.cfg"))
    return sorted(n for n in names if os.path.getsize(n) < 40000)


def mutate(rand, text):
    lines = text.split("\n")
    for _ in range(rand.randint(1, 4)):
        at = rand.randrange(len(lines))
        kind = rand.randrange(6)
        if kind == 0:
            del lines[at]
            lines = lines or [""]
        elif kind == 1:
            lines.insert(at, lines[rand.randrange(len(lines))])
        elif kind == 2:
            other = rand.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        else:
            place = rand.randint(0, len(lines[at]))
            lines[at] = lines[at][:place] + rand.choice(TOKENS) \
                + lines[at][place + rand.randrange(3):]
    return "\n".join(lines)


REAL = []


def mutated(seed):
    if not REAL:
        REAL.extend(real())
    rand = random.Random(seed)
    with open(rand.choice(REAL), encoding="utf-8", errors="replace") as file:
        text = file.read().encode("ascii", "replace").decode("ascii").replace("*", "x")
    text = NO_TERMINAL.sub("true", text)
    text = INITRDS.sub(r"\1/boot/i", PATHS.sub(r"\1/boot/k", text))
    text = re.sub(r"(?m)^\s*(linux|initrd)", r"\t\1", text)
    return mutate(rand, text)


# ---- searches over several disks -------------------------------------------------------------------

DEVICES = ("hd0", "hd0,msdos1", "hd1", "hd1,", "hd1,msdos1", "hd1,gpt2", "hd1,2", "hd2,", "hd2,gpt1",
           "hd2,msdos2", "hd2,3", "hd9,msdos1", "fd0", "")
UUIDS = [str(n) * 8 + "-" + "-".join([str(n) * 4] * 3) + "-" + str(n) * 12 for n in
         ("01", "02", "03", "04")]


def one_search(rand):
    variable = rand.choice("abcd")
    kind, keys = rand.choice([("--file", ("/m1", "/m2", "/m3", "/d/m4", "/boot/k", "m1", "/d", "/no")),
                              ("--label", ("one", "two", "ONE", "none")),
                              ("--fs-uuid", tuple(u[:36] for u in UUIDS))])
    key = rand.choice(keys)
    if kind == "--fs-uuid":
        key = "-".join(("%02d" % rand.randint(1, 5)) * n for n in (4, 2, 2, 2, 6))
    if rand.random() < .2:
        name = {"--file": "file", "--label": "fs_label", "--fs-uuid": "fs_uuid"}[kind]
        hints = " ".join(rand.sample(DEVICES[:-1], rand.randrange(3)))
        return f"search.{name} {key} {variable} {hints}"
    words = [rand.choice([kind, "-" + kind[2].replace("f", "f" if kind == "--file" else "u")]),
             rand.choice([f"--set={variable}", f"-s {variable}", f"--set {variable}"])]
    words += [rand.choice([f"--hint={d}", f"--hint {d}" if d else "", f"--hint-bios={d}",
                           f"--hint-baremetal={d}", f"--hint-efi={d}", "--no-floppy", "-n"])
              for d in rand.sample(DEVICES, rand.randrange(4))]
    rand.shuffle(words)
    return "search " + " ".join(words + [key])


def searches(seed):
    rand = random.Random(seed)
    lines = []
    for number in range(rand.randint(1, 6)):
        for _ in range(rand.randint(1, 3)):
            line = one_search(rand)
            lines.append(rand.choice([line, line, f"if {line}; then e=y; else e=n; fi"]))
        inside = "\n".join(one_search(rand) for _ in range(rand.randrange(2)))
        lines.append(f'menuentry "{number} $a $b $c $d $e" {{\n{inside}\n'
                     'linux (hd0,msdos1)/boot/k "$a" "$b" "$c" "$d"\n}')
    return "\n".join(lines) + "\n"


KINDS = {"searches": searches, "script": script, "menu": menu, "mutated": mutated}
