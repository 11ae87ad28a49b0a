# SPDX-License-Identifier: GPL-2.0-or-later
"""The oldest libraries: README's table is what `floors` checks, and older ones are refused."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
FLOORS = TOP / "floors"


def checked():
    """{what people call it: version} of the script."""
    text = FLOORS.read_text()
    found = {name: version for _, version, name in
             (line.split() for line in re.search(r"libraries='\n(.*?)\n'", text, re.S)[1].splitlines())}
    found["glibc"] = re.search(r"^glibc=(.*)$", text, re.M)[1]
    found["Linux' headers"] = re.search(r"^headers=(.*)$", text, re.M)[1]
    return found


def stated():
    text = (TOP / "README.md").read_text().split("## Requirements")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| ([^|]+?) \| (\d[\d.]*) \|", text, re.M))


def test_the_readme_states_what_is_checked():
    table = stated()
    assert checked().items() <= table.items()
    # No library says these: they are looked for when the program runs.
    assert set(table) - set(checked()) == {"Linux", "systemd"}


def run(**env):
    return subprocess.run([FLOORS], env={**os.environ, **env}, capture_output=True, text=True,
                          check=False, timeout=60)


def test_this_host_is_new_enough():
    done = run()
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("module, old, name", [
    ("fuse3", "3.9.9", "libfuse"), ("ext2fs", "1.45.7", "libext2fs"), ("blkid", "2.35", "libblkid"),
    ("libnbd", "1.4.2", "libnbd"), ("xenlight", "4.13.4", "Xen")])
def test_an_older_library_is_named(tmp_path, module, old, name):
    (tmp_path / f"{module}.pc").write_text(f"Name: {name}\nDescription: old\nVersion: {old}\n")
    done = run(PKG_CONFIG_PATH=str(tmp_path))
    assert done.returncode == 1
    assert re.search(rf"bootfs needs {name} [\d.]+; this host has {re.escape(old)}\.", done.stderr)


@pytest.mark.parametrize("header, text, says", [
    ("features.h", "#define __GLIBC__ 2\n#define __GLIBC_MINOR__ 30\n", "glibc 2.31; this host has 2.30"),
    ("linux/version.h", f"#define LINUX_VERSION_CODE {5 << 16 | 9 << 8 | 200}\n",
     "Linux' headers 5.10; this host has 5.9")])
def test_an_older_c_library_or_kernel_is_named(tmp_path, header, text, says):
    (tmp_path / "linux").mkdir()
    (tmp_path / header).write_text(text)
    done = run(CC=f"gcc -I{tmp_path}")
    assert done.returncode == 1 and says in done.stderr


def test_another_c_library_is_not_measured(tmp_path):
    (tmp_path / "features.h").write_text("")
    done = run(CC=f"gcc -I{tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
