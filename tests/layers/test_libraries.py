# SPDX-License-Identifier: GPL-2.0-or-later
"""find-libraries: what it asks pkg-config for, and what it says where a library is missing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


def find(tmp_path, hidden=(), tools=(), **settings):
    """Runs find-libraries on a host whose pkg-config hides some libraries, and that has only the
    package managers in `tools`."""
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "bin"
    path.mkdir()
    for name in ("sh", "awk", "sed", "sort", "xargs", "echo", "cc", "gcc", "as", "ld"):
        (path / name).symlink_to(shutil.which(name))
    for name in tools:
        (path / name).symlink_to("/bin/true")
    asker = path / "pkg-config"
    asker.write_text("#!/bin/sh\n" + "".join(
        f'case " $* " in *" {name} "*) exit 1 ;; esac\n' for name in hidden) +
        f'exec {shutil.which("pkg-config")} "$@"\n')
    asker.chmod(0o755)
    return subprocess.run([TOP / "find-libraries"], capture_output=True, text=True, check=False,
                          env={"PATH": str(path), "LC_ALL": "C", **settings})


def variables(result):
    assert result.returncode == 0, result.stderr
    return dict(line.split(" := ", 1) for line in result.stdout.splitlines())


def test_every_library_is_asked_for(tmp_path):
    found = variables(find(tmp_path, STATIC="-pie"))
    assert {"-lfuse3", "-linih", "-ljansson"} <= set(found["daemon_libs"].split())
    assert {"-lext2fs", "-lblkid", "-lzstd"} <= set(found["inspector_libs"].split())
    assert "-lncursesw" in found["menu_libs"].split()
    assert found["nbd_libs"] == "-lnbd"


def test_all_that_is_missing_is_named_at_once(tmp_path):
    result = find(tmp_path, hidden=["jansson", "libzstd"])
    assert result.returncode != 0 and result.stdout == ""
    assert "does not know: jansson libzstd\n" in result.stderr


@pytest.mark.parametrize("tool, hint", [("apt-get", "try: apt-get install libjansson-dev\n"),
                                        ("apk", "try: apk add jansson-dev\n"),
                                        ("rpm", "pkgconfig(NAME) to dnf or zypper\n")])
def test_what_is_missing_is_called_as_this_distribution_calls_it(tmp_path, tool, hint):
    assert hint in find(tmp_path, hidden=["jansson"], tools=[tool]).stderr


def test_a_host_without_apt_hears_nothing_of_it(tmp_path):
    for number, tools in enumerate([[], ["apk"], ["rpm"], ["pacman"]]):
        said = find(tmp_path / str(number), hidden=["jansson"], tools=tools).stderr
        assert "jansson" in said and not re.search(r"\bapt\b", said), tools


@pytest.mark.parametrize("library, switch", [("xlutil", "XL"), ("libnbd", "NBD")])
def test_what_can_be_left_out_is_said_and_left_out(tmp_path, library, switch):
    without = find(tmp_path / "1", hidden=[library])
    assert without.returncode != 0 and f"make {switch}=no builds without" in without.stderr
    found = variables(find(tmp_path / "2", hidden=[library], **{switch: "no"}))
    assert not {"xl_libs", "nbd_libs"}.issubset(found)


def test_a_library_that_has_no_query_is_linked_by_name(tmp_path):
    found = variables(find(tmp_path, hidden=["lzo2", "libcrypt"], STATIC="-pie"))
    assert "-llzo2" in found["inspector_libs"].split()
    assert found["crypt_libs"] == "-lcrypt"


def test_missing_static_libraries_are_named_with_the_way_out(tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\ncase " $* " in *static*-lblkid*) exit 1 ;; esac\nexec gcc "$@"\n')
    compiler.chmod(0o755)
    result = find(tmp_path, CC=str(compiler))
    assert result.returncode != 0
    assert "no static libraries for: blkid; make STATIC=-pie links" in result.stderr
    assert variables(find(tmp_path / "pie", CC=str(compiler), STATIC="-pie"))


@pytest.mark.parametrize("settings", [{"STATIC": "yes"}, {"XL": "maybe"}, {"NBD": ""}])
def test_a_setting_that_does_not_exist_is_refused(tmp_path, settings):
    name, value = next(iter(settings.items()))
    result = find(tmp_path, **settings)
    if value:
        assert result.returncode != 0 and f"{name}={value}: " in result.stderr
    else:
        assert result.returncode == 0, f"an empty setting is none: {result.stderr}"


def test_xls_parser_is_an_archive_unless_asked_otherwise(tmp_path):
    assert variables(find(tmp_path / "1", STATIC="-pie"))["xl_libs"].endswith("/libxlutil.a")
    assert variables(find(tmp_path / "2", STATIC="-pie", XL="shared"))["xl_libs"] == "-lxlutil"


def test_the_makefile_names_no_library_that_can_be_asked_for():
    for name in ("Makefile", "tests/lint"):
        named = set(re.findall(r"(?<![\w-])-l:?[a-z]\w*", (TOP / name).read_text()))
        assert named <= {"-lpthread", "-lcmocka"}, name


def make(*arguments):
    return subprocess.run(["make", "-n", *arguments], cwd=TOP, capture_output=True, text=True,
                          check=False, env={**os.environ, "MAKEFLAGS": ""})


def test_make_asks_again_only_when_a_setting_changes(tmp_path):
    build = f"B={tmp_path}/release-gcc"
    kept = tmp_path / "release-gcc/libraries.mk"
    make(build, "STATIC=-pie")
    first = kept.stat()
    make(build, "STATIC=-pie")
    assert kept.stat().st_mtime_ns == first.st_mtime_ns
    make(build, "STATIC=-pie", "NBD=no")
    assert "nbd_libs" not in kept.read_text()
    assert "-pie yes no" in kept.read_text()


def test_what_needs_no_library_asks_for_none(tmp_path):
    for goal in ("help", "deps", "clean"):
        done = make(f"B={tmp_path}/release-gcc", "PKG_CONFIG=/bin/false", goal)
        assert done.returncode == 0 and "find-libraries" not in done.stderr, goal
