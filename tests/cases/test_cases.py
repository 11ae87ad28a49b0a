# SPDX-License-Identifier: GPL-2.0-or-later
"""Conformance cases: a folder LANGUAGE/CASE each, with disk.json, the guest's files and expect.json.

A new case needs no code; tests/cases/README.md says what the files hold.
"""

import os

import pytest

import menus


def all_cases():
    for language in sorted(os.listdir(menus.HERE)):
        folder = os.path.join(menus.HERE, language)
        if not os.path.isdir(folder):
            continue
        for case in sorted(os.listdir(folder)):
            if os.path.exists(os.path.join(folder, case, "expect.json")):
                yield language + "/" + case


@pytest.mark.parametrize("case", list(all_cases()))
def test_the_menu_is_right(case):
    folder = os.path.join(menus.HERE, case)
    wrong = menus.differences(menus.inspect(folder), menus.load(folder, "expect.json"))

    assert not wrong, "\n".join(wrong)
