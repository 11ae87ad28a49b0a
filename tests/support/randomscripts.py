# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB scripts made at random: their results stand in the titles of menu entries, or are a default.

The same seed gives the same script. Every script ends in at most ROWS entries, so that GRUB can
show them on one screen; words hold no wildcards (grub-emu expands them, GRUB only with a module).
"""

import os
import random

import mkdisk

SEEDS = 40
ROWS = 13
NAMES = ("a", "b", "c", "d")
SAFE = "abcxyz0123456789.,:/@%+-_"


class Script:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.functions = []
        self.count = 0

    def any(self, *choices):
        return self.random.choice(choices)

    def chars(self, alphabet=SAFE, most=4):
        return "".join(self.random.choice(alphabet) for _ in range(self.random.randint(0, most)))

    def variable(self):
        name = self.random.choice(NAMES + ("1", "#", "?", "unset", "2"))
        return self.any("$", "$") + (f"{{{name}}}" if self.random.random() < .4 else name)

    def piece(self):
        kind = self.random.randrange(9)
        if kind == 0:
            return "'" + self.chars(SAFE + ' "\\$#;{}', 5) + "'"
        if kind in (1, 2):
            inner = "".join(self.any(self.chars(SAFE + " '", 3), self.variable(), '\\"', "\\$",
                                     "\\\\", "\\a", "'") for _ in range(self.random.randrange(4)))
            return '"' + inner + '"'
        if kind in (3, 4):
            return self.variable()
        if kind == 5:
            return "\\" + self.random.choice(" $\"'\\;ax#{}")
        return self.chars() or "w"

    def word(self):
        return "".join(self.piece() for _ in range(self.random.randint(1, 3)))

    def words(self, most=4):
        return " ".join(self.word() for _ in range(self.random.randint(0, most)))

    def name(self):
        return self.random.choice(NAMES)

    # ---- statements, each a list of lines

    def assign(self):
        return [self.any(f"set {self.name()}={self.word()}", f"{self.name()}={self.word()}",
                         f'set {self.name()}="{self.variable()} {self.chars()}"',
                         f"unset {self.name()}", f"set {self.name()}={self.words(2)}")]

    def condition(self):
        kind = self.random.randrange(8)
        a, b = self.word(), self.word()
        if kind == 0:
            return f"[ {a} {self.any('=', '!=', '==', '<', '>', '<=', '>=')} {b} ]"
        if kind == 1:
            return f'[ "{self.variable()}" {self.any("-eq", "-lt", "-ge", "-pgt")} ' \
                   f'{self.random.randrange(20)} ]'
        if kind == 2:
            return f'test {self.any("-n", "-z", "!", "")} "{self.variable()}"'
        if kind == 3:
            return f'[ "{self.variable()}" = "{self.chars()}" {self.any("-a", "-o")} ' \
                   f'{self.any("-f", "-d", "-e", "-s")} {self.any("/boot", "/boot/k", "/none")} ]'
        if kind == 4:
            return self.any("true", "false", "! true", "! false", "nosuchcommand", "[ ]", '[ "" ]')
        if kind == 5:
            return f'regexp --set 1:{self.name()} "([a-z]+)" "{self.variable()}{self.chars()}"'
        if kind == 6:
            return f"! [ {a} = {b} ]"
        return f'[ "{a if chr(34) not in a and chr(92) not in a else "q"}" ]'

    def branch(self, depth):
        lines = [f"if {self.condition()}; then"] + self.block(depth)
        if self.random.random() < .3:
            lines += [f"elif {self.condition()}; then"] + self.block(depth)
        if self.random.random() < .5:
            lines += ["else"] + self.block(depth)
        return lines + ["fi"]

    def loop(self, depth):
        kind = self.random.randrange(3)
        jump = []
        if self.random.random() < .3:
            jump = [f"if {self.condition()}; then {self.any('break', 'continue')}; fi"]
        if kind == 0:
            return [f"for {self.name()} in {self.words(3)} last; do"] + jump \
                + self.block(depth) + ["done"]
        self.count += 1
        counter = f"n{self.count}"
        test = f'[ "x${counter}" {"!=" if kind == 1 else "="} xiii ]'
        return [f"set {counter}=", f"{'while' if kind == 1 else 'until'} {test}; do",
                f"set {counter}=i${counter}"] + jump + self.block(depth) + ["done"]

    def function(self, depth):
        self.count += 1
        name = f"f{self.count}"
        body = self.block(depth)
        if self.random.random() < .3:
            body.append(self.any("return 1", "return", "shift", "setparams p q"))
            body += self.block(depth)
        self.functions.append(name)
        return [f"function {name} {{"] + body + ["}"]

    def call(self):
        if not self.functions:
            return self.assign()
        return [f"{self.random.choice(self.functions)} {self.words(3)}"]

    def evaluate(self):
        return [self.any(f'eval "set {self.name()}={self.chars()}"',
                         f"eval 'set {self.name()}={self.variable()}'",
                         f'eval {self.words(2)}', f'echo {self.words(3)}')]

    def oddity(self):
        return [self.any("# a comment 'with \"quotes", "", f"set {self.name()}={self.chars()} # x",
                         f"set {self.name()}={self.chars()}\\\n{self.chars()}", "set x", "fi",
                         f"set {self.name()}=a&b", "} ", f"{self.words(2)}", "set a=1; set b=2",
                         "export a", "if true; then; fi", f"set {self.name()}='two\nlines'",
                         "set 1=x", "nosuchcommand 'a' b")]

    def block(self, depth):
        lines = []
        for _ in range(self.random.randint(1, 2)):
            lines += self.statement(depth - 1)
        return lines

    def statement(self, depth):
        kind = self.random.randrange(20)
        if depth > 0 and kind < 4:
            return self.branch(depth)
        if depth > 0 and kind < 6:
            return self.loop(depth)
        if depth > 1 and kind == 6:
            return self.function(depth)
        if kind < 9:
            return self.call()
        if kind == 9:
            return self.evaluate()
        if kind == 10:
            return self.oddity() if depth >= 3 else self.assign()
        return self.assign()

    def text(self):
        for row in range(ROWS):
            for _ in range(self.random.randint(1, 3)):
                self.lines += self.statement(3)
            extra = self.any("", "", f" {self.word()}", ' --id "x y"', " --class k --unrestricted")
            self.lines.append(f'menuentry "{row}[$a][$b][$c][$d][$?]"{extra} {{')
            self.lines += [f"linux /boot/k {self.words(3)}", "}"]
        return "\n".join(self.lines) + "\n"


class Menu:
    """A tree of menus with names that look like numbers and paths, and a `default` to find."""

    TITLES = ("a", "b", "1", "2", "01", "0x1", "1 b", "a>b", "b>", "A", "x y", "-1", "2a", ">")

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = []

    def title(self):
        return self.random.choice(self.TITLES)

    def items(self, depth, path):
        lines = []
        for number in range(self.random.randint(1, 4)):
            title, name = self.title(), self.title() if self.random.random() < .5 else None
            option = f" --id '{name}'" if name else ""
            here = path + [(str(number), title, name or title)]
            self.names.append(here)
            if depth and self.random.random() < .4:
                lines += [f"submenu '{title}'{option} {{"] + self.items(depth - 1, here) + ["}"]
            else:
                lines.append(f"menuentry '{title}'{option} {{ linux /boot/k; }}")
        return lines

    def default(self):
        if self.random.random() < .2:
            return self.random.choice(("", "9", "none", "-1", "0x1", ">", "1>", "a>", "07", "1x"))
        parts = [self.random.choice(step).replace(">", ">>")
                 for step in self.random.choice(self.names)]
        if self.random.random() < .2:
            parts.append(self.title())
        return ">".join(parts)

    def text(self):
        items = self.items(2, [])
        return "\n".join([f"set default='{self.default()}'"] + items) + "\n"


def disk(text, folder):
    """The image of a disk with this grub.cfg, made below `folder`."""
    case = os.path.join(folder, "case")
    grub = os.path.join(case, "tree", "boot", "grub")
    os.makedirs(grub)
    with open(os.path.join(grub, "grub.cfg"), "w", encoding="utf-8") as file:
        file.write(text)
    with open(os.path.join(case, "tree", "boot", "k"), "w", encoding="utf-8") as file:
        file.write("stand-in for a kernel\n")
    with open(os.path.join(case, "disk.json"), "w", encoding="utf-8") as file:
        file.write('{"partitions": [{"tree": "tree", "fs": "ext4"}]}')
    image = os.path.join(folder, "disk.img")
    mkdisk.build(case, image)
    return image
