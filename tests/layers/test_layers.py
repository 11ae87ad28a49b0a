"""The arrows between the folders, and the law: the daemon knows no parser of guest data."""

import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")

# Which folders a folder's files may include headers of, besides their own.
MAY_INCLUDE = {
    "core": set(),
    "disk": {"core"},
    "parsers": {"core"},
    "inspect": {"core", "disk", "parsers"},
    "serve": {"core", "inspect"},
    "render": {"core", "inspect"},
    "config": {"core"},
    "fuse": {"core", "config", "inspect", "render"},
    "pygrub": {"core", "config"},
    "admin": {"core", "config", "pygrub"},
    "console": {"core", "pygrub"},
    "bin": {"admin", "console", "core", "config", "fuse", "inspect", "pygrub", "render", "serve"},
}
# The child's side; nobody else may know these, nor disk/ and parsers/.
CHILD_ONLY = {"inspect/answer.h", "inspect/sandbox.h", "inspect/served.h", "inspect/served_nbd.h"}
# The asker's side and what both sides share: it sees no disk and no parser.
ASKER = ["ask", "wire", "question", "inspection"]

# The law, as a list: shared objects the daemon may be linked with.
DAEMON_LIBRARIES = {"libfuse3", "libinih", "libjansson", "libc", "libpthread",
                    "ld-linux-x86", "ld-linux-aarch64", "linux-vdso"}


def sources(folder):
    return sorted(p for p in (TOP / folder).rglob("*.[ch]"))


def includes(path):
    return re.findall(r'^#\s*include\s+"([^"]+)"', path.read_text(), re.M)


@pytest.mark.parametrize("folder", sorted(MAY_INCLUDE))
def test_a_folder_includes_only_what_it_may_know(folder):
    wrong = []
    for path in sources(folder):
        for name in includes(path):
            first = name.split("/")[0]
            if first != folder and first not in MAY_INCLUDE[folder]:
                wrong.append(f"{path.relative_to(TOP)} includes {name}")
    assert not wrong


def test_only_the_child_includes_disks_parsers_and_the_sandbox():
    wrong = []
    for folder in ("render", "config", "fuse", "pygrub", "admin", "console"):
        for path in sources(folder):
            wrong += [f"{path}: {n}" for n in includes(path) if n in CHILD_ONLY]
    for path in sources("inspect"):
        if path.name.split(".")[0].split("_")[0] in ASKER:
            wrong += [f"{path}: {n}" for n in includes(path)
                      if n.split("/")[0] in ("disk", "parsers") or n in CHILD_ONLY]
    assert not wrong


def test_every_include_names_its_folder():
    wrong = [f"{p.relative_to(TOP)}: {n}" for folder in MAY_INCLUDE for p in sources(folder)
             for n in includes(p) if "/" not in n]
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


@pytest.mark.parametrize("program, own", [("bootfs", "ask_start"), ("bootfs-pygrub", "options_parse"),
                                          ("bootfs-admin", "admin_main"),
                                          ("bootfs-menu", "console_run"),
                                          ("bootfs-serve", "serve_main")])
def test_the_law_no_reader_of_guests_is_linked_in(program, own):
    names = subprocess.run(["nm", str(BUILD / program)], check=True, capture_output=True,
                           text=True).stdout
    assert re.search(rf"\b{own}\b", names), "symbols were stripped: this test would see nothing"
    for reader in ("fs_table", "parser_table", "volumes_scan", "answer_menu", "blkid_new_probe",
                   "ext2fs_open"):
        assert not re.search(rf"\b{reader}\b", names), reader


@pytest.mark.skipif("release" not in str(BUILD), reason="static in the release build")
@pytest.mark.parametrize("program", ["bootfs-inspect", "bootfs-pygrub"])
def test_what_starts_often_is_static(program):
    result = subprocess.run(["ldd", str(BUILD / program)], capture_output=True, text=True)
    said = result.stdout + result.stderr  # the second for a static program that is moved about
    assert "not a dynamic executable" in said or "statically linked" in said


@pytest.mark.skipif("asan" in str(BUILD), reason="the sanitizers link libraries of their own")
def test_what_starts_qemu_is_linked_with_the_c_library_only():
    assert libraries(BUILD / "bootfs-serve") <= {"libc", "ld-linux-x86", "ld-linux-aarch64",
                                                 "linux-vdso"}


def test_only_the_inspector_for_images_knows_libnbd():
    def symbols(program):
        return subprocess.run(["nm", str(BUILD / program)], check=True, capture_output=True,
                              text=True).stdout

    assert "nbd_pread" in symbols("bootfs-inspect-nbd")
    for program in ("bootfs", "bootfs-inspect", "bootfs-serve"):
        assert "nbd_pread" not in symbols(program), program


def test_nothing_reads_xenstore():
    """A domain's frontend paths there are written by the guest."""
    for name in ("bootfs", "bootfs-inspect", "bootfs-pygrub", "bootfs-config"):
        content = (BUILD / name).read_bytes()
        assert b"/local/domain" not in content and b"libxenstore" not in content, name
