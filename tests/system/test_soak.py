# SPDX-License-Identifier: GPL-2.0-or-later
"""The short form of the soak; tests/system/soak.py runs as long as one likes."""

import soak


def test_nothing_grows_while_everything_happens(tmp_path):
    wrong, counts, watch = soak.soak(tmp_path, 20)
    assert not wrong
    assert min(counts.values()) >= 5 and len(counts) == 5, counts
    assert len(watch.samples) > 20
