# SPDX-License-Identifier: GPL-2.0-or-later
"""GRUB itself reads the same disks: titles, nesting, order, the default, and what loaders get.

Stock grub-emu (upstream's GRUB 2.06, as Debian has it) is driven through a terminal; see
tests/support/grubemu.py. Cases are our own of GRUB 2, the answers of the collection beside the
repository that upstream's GRUB gave, and scripts made at random.
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "support"), os.path.join(ROOT, "tests", "cases")]
import grubemu  # noqa: E402
import menus  # noqa: E402
import mkdisk  # noqa: E402
import randomscripts  # noqa: E402

SHARED = os.environ.get("BOOTFS_SHARED") or os.path.join(ROOT, "..", "shared")
FOLDERS = {"ours": os.path.join(ROOT, "tests", "cases", "grub2"),
           "corpus": os.path.join(SHARED, "corpus", "cases")}
PAGE = 13      # rows of a menu that GRUB draws at once
MOST = 5       # entries of one case that are started, besides the default

# Where upstream's GRUB as an emulator cannot be asked, and why.
NOT_COMPARABLE = {
    "corpus/syn-grub2-direct-boot": "boots before there is a menu",
    "corpus/petitboot-grub2-source-recursion-infinite": "31 entries by running out of depth",
}

pytestmark = pytest.mark.skipif(not os.path.exists(grubemu.PROGRAM), reason="no grub-emu here")


def all_cases():
    """Folders whose GRUB is upstream's, by a name for the test."""
    for kind, folder in FOLDERS.items():
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            case = os.path.join(folder, name)
            expected = menus.load(case, "expect.json")
            if expected.get("dialect", "grub2") != "grub2" or \
                    expected.get("truth", "grub-deb") != "grub-deb" or \
                    expected.get("flavour") == "fedora":
                continue
            yield f"{kind}/{name}"


def folder_of(name):
    kind, _, case = name.partition("/")
    return os.path.join(FOLDERS[kind], case)


def inspect(image):
    """Our menu of the image, with grub-emu's platform and upstream's flavour."""
    done = subprocess.run([menus.INSPECTOR, "--json", "--grub-platform=emu",
                           "--grub-flavour=debian", image],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def children(menu, path):
    return [e for e in menu["entries"] if e["path"][:-1] == path]


def as_drawn(title):
    """A title as a menu row can show it: one line, no blanks at the end."""
    return title.replace("\t", " " * 8).replace("\n", " ").rstrip()


def same_row(row, title):
    """A row holds 73 characters of a title; where more were cut off, the last is an arrow."""
    return row == title or (len(row) > 70 and title.startswith(row.rstrip("→").rstrip()))


def same_rows(shown, entries):
    """Does a drawn menu (perhaps only its first rows, each perhaps cut) show these entries?"""
    rows = list(shown)
    while rows and not rows[-1]:
        rows.pop()
    wanted = [as_drawn(e["title"]) for e in entries]
    while wanted and not wanted[-1]:
        wanted.pop()
    if len(wanted) > PAGE:
        return len(rows) == PAGE  # which page is drawn depends on the default
    return len(rows) == len(wanted) and all(map(same_row, rows, wanted))


def squeezed(titles):
    """Without blanks: GRUB wraps the long ones."""
    return ["".join(title.split()) for title in titles]


def titles_on_the_way(menu, path):
    by_path = {tuple(e["path"]): e["title"] for e in menu["entries"]}
    return [by_path[tuple(path[:n])] for n in range(1, len(path) + 1)]


def ours(entry):
    """An entry of menu.json in the words of grubemu.loaded()."""
    if entry["hypervisor"]:
        return {"hypervisor": menus.place(entry["hypervisor"]),
                "xen": entry["hypervisor"]["cmdline"],
                "modules": [(menus.place(m), m["cmdline"]) for m in entry["modules"]]}
    if not entry["kernel"]:
        return None
    return {"kernel": menus.place(entry["kernel"]), "cmdline": entry["cmdline"],
            "initrd": menus.places(entry["initrd"])}


def normal(start):
    """GRUB's names of files in one spelling."""
    def one(name):
        device, _, path = name.partition(")")
        return menus.place({"dev": device[1:], "path": path})
    if start and "kernel" in start:
        return dict(start, kernel=one(start["kernel"]),
                    initrd=[one(i) for i in start["initrd"]])
    if start:
        return dict(start, hypervisor=one(start["hypervisor"]),
                    modules=[(one(m), c) for m, c in start["modules"]])
    return start


def same_way(menu, path, titles, end):
    """Did GRUB go down this path? A `configfile` on the way shows its menu and waits."""
    wanted = squeezed(titles_on_the_way(menu, path))
    if end == "menu":
        return squeezed(titles) == wanted[:len(titles)] and len(titles) > 0
    return squeezed(titles) == wanted


def same_start(mine, theirs):
    """Is the same started? GRUB's screen has no tabs: how many blanks one was cannot be told."""
    if mine and theirs and "\t" in mine.get("cmdline", ""):
        mine, theirs = (dict(x, cmdline=" ".join(x["cmdline"].split())) for x in (mine, theirs))
    return mine == theirs


def check_entry(image, where, menu, entry):
    titles, calls, end = grubemu.run_entry(image, entry["path"], **where)
    path = ">".join(map(str, entry["path"]))
    assert same_way(menu, entry["path"], titles, end), f"titles on the way to {path}: {titles}"
    if end == "password" or len(titles) < len(entry["path"]):
        return
    if entry["error"] and "missing" in entry["error"]:
        assert grubemu.loaded(calls) is None, f"{path} starts in GRUB, not here"
    elif end != "off":
        theirs = normal(grubemu.loaded(calls))
        assert same_start(ours(entry), theirs), f"{path} starts {ours(entry)}, in GRUB {theirs}"


def check_default(image, where, menu):
    titles, _, end = grubemu.run_entry(image, **where)
    if menu["default"] is not None:
        assert same_way(menu, menu["default"], titles, end), f"the default: {titles}"


def check_menu(image, menu, where):
    rows, _ = grubemu.top_menu(image, **where)
    assert same_rows(rows, children(menu, [])), rows
    for heading in (e for e in menu["entries"] if e["submenu"]):
        rows, _ = grubemu.submenu(image, heading["path"], **where)
        assert same_rows(rows, children(menu, heading["path"])), rows
    leaves = [e for e in menu["entries"] if not e["submenu"]]
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(check_entry, image, where, menu, e) for e in leaves[:MOST]]
        jobs.append(pool.submit(check_default, image, where, menu))
    for job in jobs:
        job.result()


@pytest.mark.parametrize("name", list(all_cases()))
def test_grub_shows_the_same(name):
    if name in NOT_COMPARABLE:
        pytest.skip(NOT_COMPARABLE[name])
    image = mkdisk.cached(folder_of(name), menus.IMAGES)
    menu = inspect(image)
    if not menu["entries"]:
        pytest.skip("an empty menu is no menu: GRUB gives its command line")
    where = {"config": menu["config"]["path"], "root": menu["config"]["volume"]}
    check_menu(image, menu, where)


@pytest.mark.parametrize("seed", range(randomscripts.SEEDS))
def test_grub_runs_random_scripts_the_same(seed):
    with tempfile.TemporaryDirectory() as folder:
        image = randomscripts.disk(randomscripts.Script(seed).text(), folder)
        menu = inspect(image)
        rows, _ = grubemu.top_menu(image)
        assert same_rows(rows, menu["entries"]), rows
        check_entry(image, {}, menu, menu["entries"][seed % len(menu["entries"])])


@pytest.mark.parametrize("seed", range(randomscripts.SEEDS))
def test_grub_takes_the_same_default(seed):
    with tempfile.TemporaryDirectory() as folder:
        image = randomscripts.disk(randomscripts.Menu(seed).text(), folder)
        menu = inspect(image)
        if menu["default"] is None:
            pytest.skip("no entry could be made of these names")
        titles, _, end = grubemu.run_entry(image)
        assert same_way(menu, menu["default"], titles, end), f"{titles}, here {menu['default']}"
