# SPDX-License-Identifier: GPL-2.0-or-later
"""The collection of menus with known answers that lies beside the repository, where it does.

Its answers come from GRUB itself or from the documented rules. Each case is read twice: as it
stands (then the answer of either GRUB will do, where nothing on the disk says which one it is)
and with the flavour that its answer was made with (then it must be right to the letter).
"""

import os

import pytest

import menus

SHARED = os.environ.get("BOOTFS_SHARED") or os.path.join(menus.ROOT, "..", "shared")
CASES = os.path.join(SHARED, "corpus", "cases")
FLAVOURS = {"grub-deb": "debian", "grub-rh": "fedora"}

# Where we differ on purpose: what our menu shows, and why.
ON_PURPOSE = {
    "uroot-syslinux-15-valid-config-with-three-includes":
        "MENU BEGIN is a submenu here, the answer has its entries in one list",
    "petitboot-syslinux-nested-config":
        "a .bss file is a boot sector: listed, but not started as a Linux kernel",
    "syn-grub2-direct-boot":
        "the kernel loaded outside any entry is shown as an entry of its own",
}

names = sorted(os.listdir(CASES)) if os.path.isdir(CASES) else []
results = {}

pytestmark = pytest.mark.skipif(not names, reason=f"no collection of cases in {CASES}")


def leaves(menu):
    return [e for e in menu["entries"] if not e["submenu"]]


def loosely_right(shown, expected):
    """The entries that boot, in order, with their kernels, and the default: what a user sees."""
    wanted = [e for e in leaves(expected) if menus.boots(e)]
    titles = [e["title"] for e in wanted]
    given = [e for e in leaves(shown) if e["bootable"] or e["title"] in titles]
    default = next((e for e in wanted if e["path"] == expected["default"]), None)
    chosen = next((e for e in given if e["path"] == shown["default"]), None)

    def facts(entry):
        return entry and (menus.squeezed(entry["title"]), menus.place(entry.get("kernel")),
                          menus.places(entry.get("initrd")),
                          menus.squeezed(menus.without_initrd(entry.get("cmdline"))))

    if expected.get("toplevel"):
        wanted = default = dict(expected["toplevel"], title=chosen and chosen["title"])
        return facts(chosen) == facts(default)
    return [facts(e) for e in given] == [facts(e) for e in wanted] and \
        facts(chosen) == facts(default)


@pytest.mark.parametrize("case", names)
def test_the_menu_is_right(case):
    folder = os.path.join(CASES, case)
    expected = menus.load(folder, "expect.json")
    other = expected.get("other_grub")
    answers = [expected] + ([other] if other and "entries" in other else [])
    results[case] = False
    if case in ON_PURPOSE:
        assert loosely_right(menus.inspect(folder), expected), ON_PURPOSE[case]
    else:
        shown = menus.inspect(folder)
        wrong = [menus.differences(shown, answer, exact=False) for answer in answers]
        assert [] in wrong, "\n".join(wrong[0])
        shown = menus.inspect(folder, FLAVOURS.get(expected["truth"]))
        wrong = menus.differences(shown, expected, exact=expected["truth"] in FLAVOURS)
        assert not wrong, "\n".join(wrong)
    results[case] = True


def test_say_how_many_are_right(capsys):
    right = sum(results.values())

    with capsys.disabled():
        print(f"\ncorpus: {right} of {len(results)} cases right")
    assert results
