#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py [--minutes N] [--seed N] [--count N] [--kind NAME]...: GRUB and bootfs read the same disks.

Prints every difference with its seed and a minimal reproducer, and what was tried, by kind. Ends
with 1 where there is a difference that CONSCIOUS does not give a reason for.
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "tests", "support"), os.path.join(ROOT, "tests", "cases")]
import disks  # noqa: E402
import generate  # noqa: E402
import grubemu  # noqa: E402
import judge  # noqa: E402
import menus  # noqa: E402

MOST_PLACES = 16

# What differs and shall: a pattern of the configuration, and why.
CONSCIOUS = {
    r"(?m)(-n\b|--no-floppy).*\bfd0\b|\bfd0\b.*(-n\b|--no-floppy)":
        "up to 2.06 a floppy among the hints ends a search with --no-floppy; GRUB 2.12 passes it over",
}


def inspect(images):
    done = subprocess.run([menus.INSPECTOR, "--json", "--grub-platform=emu",
                           "--grub-flavour=debian", *images], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=60, check=False)
    return json.loads(done.stdout)


def plain(text):
    """As a terminal shows it: control bytes and what is no ASCII say nothing."""
    return re.sub(r"[^!-~]+", "", text)


def one(name):
    device, _, path = name.partition(")")
    return menus.place({"dev": device[1:], "path": path})


def theirs(calls):
    start = grubemu.loaded(calls)
    if start and "kernel" in start:
        return {"kernel": one(start["kernel"]), "initrd": [one(i) for i in start["initrd"]],
                "cmdline": plain(start["cmdline"])}
    if start:
        return {"hypervisor": one(start["hypervisor"]), "xen": plain(start["xen"]),
                "modules": [(one(m), plain(c)) for m, c in start["modules"]]}
    return None


def ours(entry):
    if entry["error"]:
        return None
    if entry["hypervisor"]:
        return {"hypervisor": menus.place(entry["hypervisor"]),
                "xen": plain(entry["hypervisor"]["cmdline"]),
                "modules": [(menus.place(m), plain(m["cmdline"])) for m in entry["modules"]]}
    if not entry["kernel"]:
        return None
    return {"kernel": menus.place(entry["kernel"]), "cmdline": plain(entry["cmdline"]),
            "initrd": menus.places(entry["initrd"])}


def way(menu, path):
    titles = {tuple(e["path"]): e["title"] for e in menu["entries"]}
    return [plain(titles[tuple(path[:n])]) for n in range(1, len(path) + 1)]


def loads_early(screen):
    """Was a loader called on the way, by the commands of a submenu?"""
    return "~C" in screen[:max(screen.rfind("Booting `"), 0)]


def questions(menu):
    """(place, the entry that must start or None for any) to ask GRUB about."""
    leaves = [e for e in menu["entries"] if not e["submenu"]]
    asked = [(">".join(map(str, e["path"])), e) for e in leaves[:MOST_PLACES]]
    levels = collections.Counter(tuple(e["path"][:-1]) for e in menu["entries"])
    for level, count in list(levels.items())[:4]:
        first = next((e for e in leaves if tuple(e["path"]) == level + (0,)), None)
        if first:  # behind the last one is the first
            asked.append((">".join(map(str, [*level, count])), first))
    default = next((e for e in leaves if e["path"] == menu["default"]), None)
    if default:
        asked.append((judge.DEFAULT, default))
    return asked


def difference(judged, disk, text):
    """What GRUB does otherwise than we; None: nothing."""
    disk.write("true\n" + text)  # the judge ran commands before: $? is not empty
    menu = inspect(disk.images)
    if not menu["entries"]:
        _, calls, screen = judged.run(disk.images, ["0"])[0]
        return "no entries here" if "Booting" in screen or calls else None
    asked = questions(menu)
    for (place, entry), (titles, calls, screen) in zip(
            asked, judged.run(disk.images, [p for p, _ in asked])):
        if "~CRASHED~" in screen:
            continue  # GRUB wrote where it must not: what follows means nothing
        if "~KILLED~" in screen:
            return f"{place}: GRUB did not end"
        # Not comparable: an answer that waits for a password, and one that a kernel loaded before
        # the entry changes, for grub-emu has none to boot.
        if "username:" in screen or "~TOP~" in screen or loads_early(screen):
            continue
        titles = [plain(t) for t in titles]
        if titles != way(menu, entry["path"]):
            return f"{place}: titles {titles}, here {way(menu, entry['path'])}"
        if theirs(calls) != ours(entry):
            return f"{place}: starts {theirs(calls)}, here {ours(entry)} ({entry['error']})"
    return None


def shrink(judged, disk, text, deadline_s=8):
    """Fewer lines, then fewer words, that differ all the same."""
    end = time.monotonic() + deadline_s
    for split, join in ((str.splitlines, "\n".join), (lambda t: re.split(r"( )", t), "".join)):
        parts = split(text)
        size = max(len(parts) // 2, 1)
        while size and time.monotonic() < end:
            at = 0
            while at < len(parts) and time.monotonic() < end:
                fewer = parts[:at] + parts[at + size:]
                if fewer and difference(judged, disk, join(fewer)):
                    parts = fewer
                else:
                    at += size
            size //= 2
        text = join(parts)
    return text


def reason(text):
    for pattern, why in CONSCIOUS.items():
        if re.search(pattern, text):
            return why
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--count", type=int, default=1 << 30, help="configurations of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", action="append", choices=generate.KINDS)
    parser.add_argument("--show", action="store_true", help="print the configuration of the seed")
    given = parser.parse_args()
    kinds = given.kind or list(generate.KINDS)
    if given.show:
        sys.stdout.write(generate.KINDS[kinds[0]](given.seed))
        return 0
    end = time.monotonic() + given.minutes * 60
    tried, different, conscious = (collections.Counter() for _ in range(3))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, judge.Judge() as judged:
        one, several = os.path.join(folder, "one"), os.path.join(folder, "several")
        usual = disks.Disk(one)
        many = disks.Several(several, random.Random(0)) if "searches" in kinds else None
        seed = given.seed
        while time.monotonic() < end and seed < given.seed + given.count:
            for kind in kinds:
                text = generate.KINDS[kind](seed)
                disk = many if kind == "searches" else usual
                if disk is many:
                    many.shuffle(random.Random(seed))
                found = difference(judged, disk, text)
                tried[kind] += 1
                if found and reason(text):
                    conscious[kind] += 1
                elif found:
                    different[kind] += 1
                    small = shrink(judged, disk, text)
                    print(f"--- {kind} {seed}: {found}\n{small}\n"
                          f"=> {difference(judged, disk, small)}", flush=True)
            seed += 1
    for kind in kinds:
        print(f"{kind}: {tried[kind]} tried, {different[kind]} different, "
              f"{conscious[kind]} conscious")
    return 1 if sum(different.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
