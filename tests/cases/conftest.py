# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases' trees hold no tests, and links that lead round in circles."""

collect_ignore_glob = ["*/*/tree"]
