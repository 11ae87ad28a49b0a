# SPDX-License-Identifier: GPL-2.0-or-later
"""The arrows between the folders, and the law: only the inspectors know what reads guests' bytes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import law

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))

import built  # noqa: E402

BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")

# Which folders a folder's files may include headers of, besides their own.
MAY_INCLUDE = {
    "core": set(),
    "model": {"core"},
    "wire": {"core", "model"},
    "sandbox": {"core", "model"},
    "parsers": {"core", "model"},
    "ask": {"core", "model", "wire"},
    "render": {"core", "model"},
    "inspect": {"ask", "core", "model", "parsers", "render", "sandbox", "wire"},
    "images": {"core", "model", "sandbox", "wire"},
    "config": {"core", "model"},
    "fuse": {"ask", "config", "core", "model", "render", "wire"},
    "pygrub": {"config", "core", "model"},
    "menu": {"core", "model", "pygrub"},
    "admin": {"config", "core", "model", "pygrub"},
    "bin": {"admin", "ask", "config", "core", "fuse", "images", "inspect", "menu", "model",
            "pygrub", "render"},
}
# Inside the wall: volumes and file systems do not know the boot loaders' languages, nor these them.
PARSERS_MAY_INCLUDE = {
    "disk": {"disk", "fs"},
    "fs": {"disk", "fs"},
    "boot": {"boot"},
    "kernel": {"boot", "kernel"},
}
# Boot sectors and core images lie outside of file systems: what reads them sees disks.
INSTALLED_MAY_INCLUDE = {"parsers/disk/blockdev.h", "parsers/fs/unpack.h"}

# The law, as a list: shared objects the daemon may be linked with.
DAEMON_LIBRARIES = {"libfuse3", "libinih", "libjansson", "libc", "libpthread",
                    "ld-linux-x86", "ld-linux-aarch64", "linux-vdso"}


def sources(folder):
    return sorted(p for p in (TOP / folder).rglob("*.[ch]"))


@pytest.mark.parametrize("folder", sorted(MAY_INCLUDE))
def test_a_folder_includes_only_what_it_may_know(folder):
    wrong = [f"{path.relative_to(TOP)} includes {name}" for path in sources(folder)
             for name in law.includes(path)
             if name.split("/")[0] not in MAY_INCLUDE[folder] | {folder}]
    assert not wrong


@pytest.mark.parametrize("room", sorted(PARSERS_MAY_INCLUDE))
def test_disks_and_boot_loaders_do_not_know_each_other(room):
    wrong = [f"{path.relative_to(TOP)} includes {name}" for path in sources(f"parsers/{room}")
             for name in law.includes(path) if name.startswith("parsers/")
             and name.split("/")[1] not in PARSERS_MAY_INCLUDE[room]
             and not (path.parent.name == "installed" and name in INSTALLED_MAY_INCLUDE)]
    assert not wrong


def test_the_law_nobody_outside_the_wall_includes_what_is_behind_it():
    assert not law.reaches_over_the_wall(TOP)


@pytest.mark.parametrize("program", sorted(set(law.programs(TOP)) - built.PROGRAMS_LEFT_OUT))
def test_the_law_only_the_inspectors_are_linked_with_what_is_behind_the_wall(program):
    if not (BUILD / program).exists():
        pytest.skip(f"{program} is not built here")
    expected = set(law.BEHIND_THE_WALL) if program in law.INSPECTORS else set()
    assert law.linked_over_the_wall(BUILD, program) == expected
    assert "core" in law.linked_archives(BUILD, program), "this map shows no archive of ours"


def test_the_law_is_seen_to_be_broken(tmp_path):
    """A daemon that calls a reader of disks, in a copy of the tree: both checks must see it."""
    copy = tmp_path / "copy"
    shutil.copytree(TOP, copy, symlinks=True, ignore=lambda folder, names: {
        name for name in names if name in (".git", "build", "__pycache__")})
    shutil.copytree(BUILD, copy / BUILD.relative_to(TOP), ignore=shutil.ignore_patterns("tests"))
    main = copy / "bin/bootfs.c"
    main.write_text('#include "parsers/disk/blockdev.h"\n' + main.read_text()
                    + "\nstruct blockdev offends(void);\nstruct blockdev offends(void)\n"
                    "{\n\treturn blockdev_on_memory(NULL, 0);\n}\n")
    assert law.reaches_over_the_wall(copy) == ["bin/bootfs.c includes parsers/disk/blockdev.h"]
    variant, compiler = BUILD.name.split("-", 1)
    make = ["make", "-C", str(copy), f"V={variant}", f"CC={compiler}", f"STATIC={built.STATIC}",
            f"XL={built.XL}", f"NBD={built.NBD}", f"{BUILD.relative_to(TOP)}/bootfs"]
    refused = subprocess.run(make, capture_output=True, text=True)
    assert refused.returncode and "blockdev_on_memory" in refused.stderr
    makefile = (copy / "Makefile").read_text()
    (copy / "Makefile").write_text(re.sub(r"(?m)^(bootfs_parts\s*:=)", r"\1 parsers", makefile))
    subprocess.run(make, check=True, capture_output=True)
    assert law.linked_over_the_wall(copy / BUILD.relative_to(TOP), "bootfs") == {"parsers"}


def test_every_include_names_its_folder():
    wrong = [f"{p.relative_to(TOP)}: {n}" for folder in MAY_INCLUDE for p in sources(folder)
             for n in law.includes(p) if "/" not in n]
    assert not wrong


@pytest.mark.parametrize("folder", sorted(MAY_INCLUDE))
def test_a_header_compiles_alone(folder):
    for header in (TOP / folder).rglob("*.h"):
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-DFUSE_USE_VERSION=314",
                        "-I", str(TOP), "-I/usr/include/fuse3", "-fsyntax-only", "-include",
                        str(header), "-x", "c", "/dev/null"], check=True)


def libraries(program):
    text = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    return {re.split(r"[.]so|-\d", line.split()[0].split("/")[-1])[0]
            for line in text.splitlines()}


@pytest.mark.skipif("asan" in str(BUILD), reason="the sanitizers link libraries of their own")
def test_the_law_the_daemon_links_no_parser_of_guest_data():
    assert libraries(BUILD / "bootfs") <= DAEMON_LIBRARIES


@pytest.mark.skipif(built.STATIC == "-pie", reason="built with STATIC=-pie, as the sanitizers need")
@pytest.mark.parametrize("program", ["bootfs-inspect", "bootfs-pygrub"])
def test_what_starts_often_is_static(program):
    result = subprocess.run(["ldd", str(BUILD / program)], capture_output=True, text=True)
    said = result.stdout + result.stderr  # the second for a static program that is moved about
    assert "not a dynamic executable" in said or "statically linked" in said


@built.needs_nbd
@pytest.mark.skipif("asan" in str(BUILD), reason="the sanitizers link libraries of their own")
def test_what_starts_qemu_is_linked_with_the_c_library_only():
    assert libraries(BUILD / "bootfs-serve") <= {"libc", "ld-linux-x86", "ld-linux-aarch64",
                                                 "linux-vdso"}


@built.needs_nbd
def test_only_the_inspector_for_images_knows_libnbd():
    def symbols(program):
        return subprocess.run(["nm", str(BUILD / program)], check=True, capture_output=True,
                              text=True).stdout

    assert "nbd_pread" in symbols("bootfs-inspect-nbd")
    for program in ("bootfs", "bootfs-inspect", "bootfs-serve"):
        assert "nbd_pread" not in symbols(program), program


def test_nothing_reads_xenstore():
    """A domain's frontend paths there are written by the guest."""
    for name in {"bootfs", "bootfs-inspect", "bootfs-pygrub",
                 "bootfs-config"} - built.PROGRAMS_LEFT_OUT:
        content = (BUILD / name).read_bytes()
        assert b"/local/domain" not in content and b"libxenstore" not in content, name
