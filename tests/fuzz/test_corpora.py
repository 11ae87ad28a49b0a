# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file of every fuzz corpus is given to its target again: what was found once stays found."""

import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))

import built  # noqa: E402

BUILD = os.path.join(HERE, "..", "..", os.environ.get("BOOTFS_BUILD", "build/release-gcc"))
TARGETS = sorted(f[len("fuzz_"):-len(".c")] for f in os.listdir(HERE)
                 if f.startswith("fuzz_") and f.endswith(".c"))


def corpus(target):
    folder = os.path.join(HERE, "corpus", target)
    return [os.path.join(folder, f) for f in sorted(os.listdir(folder))] \
        if os.path.isdir(folder) else []


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_does_no_harm(target):
    program = os.path.join(BUILD, "tests", "fuzz", "fuzz_" + target)
    files = corpus(target)

    if target == "xlfile" and built.XL == "no":
        pytest.skip(built.NO_XL)
    assert files, f"tests/fuzz/corpus/{target} has no seed"
    done = subprocess.run([program] + files, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]


def test_small_corpora_stay_small():
    for target in TARGETS:
        for path in corpus(target):
            assert os.path.getsize(path) <= 128 * 1024, path
