# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations made at random, for boot loaders to agree about. They wait a second at most."""

import random

SEEDS = 8


def syslinux_head(rand, labels):
    lines = ["TIMEOUT 10"]
    menu = rand.random() < 0.6
    if menu:
        lines.append(rand.choice(["UI menu.c32", "DEFAULT menu.c32"]))
    else:
        lines.append("DEFAULT " + rand.choice(labels + [labels[0] + " extra=1", "/boot/k2 own=1"]))
        lines.append("PROMPT " + rand.choice("01"))
    if menu and rand.random() < 0.5:
        lines.append("Default " + rand.choice(labels))
    if rand.random() < 0.3:
        lines.append("append global=1")
    if rand.random() < 0.3:
        lines.append("ONTIMEOUT " + rand.choice(labels + ["/boot/k1 ot=1", labels[0] + " more=1"]))
    return menu, lines


def syslinux_label(rand, number, name, menu):
    lines = [rand.choice(["KERNEL /boot/k1", "linux /boot/k2", "LINUX k3", "kernel ../k1",
                          "Kernel /boot/k1 own=1"])]
    lines += rand.choice([[], ["APPEND -"], ["append one=1", "append two=2"],
                          [f"Append root={number} initrd=/boot/i1"],
                          [f"APPEND root={number}  two  blanks"],
                          [f"APPEND root={number} quiet initrd=../i2,/boot/i1 last"]])
    if rand.random() < 0.4:
        lines.append("INITRD " + rand.choice(["/boot/i1", "/boot/i1,/boot/i2", "../i2"]))
    if menu and rand.random() < 0.3:
        lines.append("MENU LABEL ^" + name.title())
    if menu and rand.random() < 0.2:
        lines.append("MENU DEFAULT")
    if rand.random() < 0.2:
        lines += ["TEXT HELP", "KERNEL /boot/none", "ENDTEXT"]
    else:
        rand.shuffle(lines)
    return ["Label " + name] + [rand.choice(["", "  ", "\t"]) + line for line in lines]


def syslinux(seed):
    """A syslinux.cfg in /boot/syslinux; k1, k2, i1, i2 lie in /boot, k3 beside it."""
    rand = random.Random(seed)
    labels = rand.sample(["linux", "rescue", "a", "old", "x-1"], rand.randint(1, 4))
    menu, lines = syslinux_head(rand, labels)
    rand.shuffle(lines)
    for number, name in enumerate(labels):
        lines += syslinux_label(rand, number, name, menu)
    return "\n".join(lines) + "\n"


def legacy_entry(rand, number):
    lines = [rand.choice(["title ", "title\t", "title="]) + f"Entry  {number} ",
             rand.choice(["root (hd0,0)", "root\t(hd0,0)", "rootnoverify (hd0,0)"])]
    kernel = rand.choice(["/boot/k1", "(hd0,0)/boot/k2", "(hd0,1)/k3"])
    lines.append("kernel " + rand.choice(["", "--no-mem-option "]) + kernel + rand.choice(
        ["", f" root={number}", "  a  b\tc", " x='y z' \"q\"", " quiet \\\n more"]))
    if rand.random() < 0.5:
        lines.append("initrd " + rand.choice(["/boot/i1", "(hd0,1)/i2", "/boot/i1 extra"]))
    if rand.random() < 0.3:
        lines.append(rand.choice(["quiet", "savedefault", "# comment", "boot"]))
    return lines


def legacy(seed):
    """A menu.lst in /boot/grub of (hd0,0) with k1, k2, i1 in /boot; k3 and i2 are on (hd0,1)."""
    rand = random.Random(seed)
    entries = rand.randint(1, 4)
    lines = ["timeout 1", rand.choice(["default 0", f"default={rand.randint(0, entries)}",
                                       "default saved", "# default 3"])]
    if rand.random() < 0.5:
        lines.append("fallback " + rand.choice(["0", "1", "1 2"]))
    if rand.random() < 0.3:
        lines.append("hiddenmenu")
    rand.shuffle(lines)
    for number in range(entries):
        lines += legacy_entry(rand, number)
    return "\n".join(lines) + "\n"
