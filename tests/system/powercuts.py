#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""powercuts.py CUTS [KIND...]: the long form of test_power_cuts.py, as root; prints a table."""

import sys
import tempfile
from pathlib import Path

from conftest import BUILD, TOP
from wrapper import Wrapper

sys.path.insert(0, str(TOP / "tests" / "support"))

import powercut  # noqa: E402

ROUND = 50  # cuts in one recording


def main():
    cuts, kinds = int(sys.argv[1]), sys.argv[2:] or list(powercut.MKFS)
    for kind in kinds:
        total = {}
        for seed in range(1, (cuts + ROUND - 1) // ROUND + 1):
            with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
                wrapper = Wrapper(Path(folder))
                counts, told = powercut.judge(BUILD, wrapper, Path(folder), kind, 20,
                                              min(ROUND, cuts - ROUND * (seed - 1)), seed)
            total = {what: total.get(what, 0) + count for what, count in counts.items()}
            print(*told, sep="\n", flush=True)
        print(kind, total, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
