# SPDX-License-Identifier: GPL-2.0-or-later
"""SECURITY.md claims tests by name: each of them exists, and each attack is claimed."""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))

import hostile  # noqa: E402

TABLE = (TOP / "SECURITY.md").read_text()
CLAIMED = sorted(set(re.findall(r"`([a-z0-9_]+)::([^`A-Z]+)`", TABLE)))


def known(name):
    """The tests of a file, wherever below tests/ it lies."""
    found = set()
    for path in (TOP / "tests").glob(f"*/{name}.py"):
        found |= set(re.findall(r"^def (test_\w+)\(", path.read_text(), re.M))
    for path in (TOP / "tests").glob(f"*/{name}.c"):
        text = path.read_text()
        found |= {test for test in re.findall(r"^static void (\w+)\(void \*\*state\)", text, re.M)
                  if len(re.findall(rf"\b{test}\b", text)) > 1}  # it is in main()'s list
    return found


def test_each_claimed_test_exists():
    missing = [f"{file}::{test}" for file, test in CLAIMED
               if test not in (hostile.cases if file == "hostile" else known(file))]
    assert len(CLAIMED) > 100 and not missing


def test_every_attack_is_claimed():
    assert {test for file, test in CLAIMED if file == "hostile"} == set(hostile.cases)


def test_every_row_names_a_test():
    tables = TABLE[TABLE.index("## The tests"):TABLE.index("### Beside")]
    rows = [line for line in tables.splitlines()
            if line.startswith("| ") and not line.startswith(("| problem |", "| class |"))]
    assert len(rows) > 40
    assert not [row for row in rows if "::" not in row]
