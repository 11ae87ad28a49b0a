# SPDX-License-Identifier: GPL-2.0-or-later
"""What the build under test was made without, and the marks of tests that need it."""

import os
import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")

# find-libraries writes the settings into the build's first line: STATIC XL NBD PKG_CONFIG.
_line = re.match(r"libraries_for := (\S+) (\S+) (\S+)", (BUILD / "libraries.mk").read_text()) \
    if (BUILD / "libraries.mk").exists() else None
STATIC, XL, NBD = _line.groups() if _line else ("-static-pie", "yes", "yes")

NO_XL = "built with XL=no: without xl's parser"
NO_NBD = "built with NBD=no: without QEMU's images and NBD"
needs_xl = pytest.mark.skipif(XL == "no", reason=NO_XL)
needs_nbd = pytest.mark.skipif(NBD == "no", reason=NO_NBD)
PROGRAMS_LEFT_OUT = ({"bootfs-config"} if XL == "no" else set()) | \
    ({"bootfs-inspect-nbd", "bootfs-serve"} if NBD == "no" else set())


def skip_what_was_left_out(conf, programs=BUILD):
    """For a test that runs BUILD's bootfs with this configuration."""
    if programs != BUILD:
        return
    if XL == "no" and re.search(r"^xl-config *= *(?!none)\S", conf, re.M):
        pytest.skip(NO_XL)
    if NBD == "no" and re.search(r"\b(qcow2?|qed|vhdx?|vmdk|nbd(\+\w+)?:)\b|nbd:", conf):
        pytest.skip(NO_NBD)
