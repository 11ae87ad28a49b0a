# SPDX-License-Identifier: GPL-2.0-or-later
"""A bootfs whose inspector has been taken over by its guest: that domain alone shows an error, the
log says which and why, and every other domain is read meanwhile."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import time

import pytest
from conftest import BUILD, boot_files, domain, make_guest, wait_until

pytestmark = pytest.mark.skipif("asan" in str(BUILD),
                                reason="the sanitizers need what the sandbox takes away")

KERNEL = boot_files()["/boot/vmlinuz-1"]


@pytest.fixture
def programs(tmp_path):
    """A bootfs with bad-inspect beside it: it does what the first disk's boot sector says."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, source in (("bootfs", "bootfs"), ("bootfs-config", "bootfs-config"),
                         ("bootfs-inspect", "tests/tools/bad-inspect")):
        shutil.copy(BUILD / source, folder / name)
    return folder


@pytest.fixture
def bootfs(guest, start_bootfs, programs):
    """Two domains alike; the inspector of "bad" does what order() says."""
    return start_bootfs(domain("bad", guest("bad.img")), domain("good", guest("good.img")),
                        programs=programs, ttl="0s", timeout="2s")


def order(bootfs, deed):
    with open(bootfs.folder.parent / "bad.img", "r+b") as disk:
        disk.write(f"bad-inspect: {deed}\n".encode().ljust(512, b"\0"))


def error(bootfs):
    """What the bad domain shows; empty: it boots."""
    path = bootfs.mount / "bad/error"
    return path.read_text() if "error" in os.listdir(bootfs.mount / "bad") else ""


def answer_length(bootfs):
    """By trying at which length the real answer is whole: half of what is tried each time."""
    low, high = 0, 1 << 16
    while high - low > 1:
        middle = (low + high) // 2
        order(bootfs, f"stop-at {middle}")
        low, high = (middle, high) if error(bootfs) else (low, middle)
    return high


DEEDS = {
    "socket": "inspector killed by SIGSYS",
    "fork": "inspector killed by SIGSYS",
    "write-disk": "inspector killed by SIGSYS",
    "open": "open: EPERM (0)",
    "segfault": "inspector killed by SIGSEGV",
    "exit-5": "inspector failed with exit status 5",
    "exit-0": "inspector's answer refused: head: ",
    "half": "inspector's answer refused: number of disks: not as asked",
    "too-much": "inspector's answer refused: head: longer than there is room for",
    "flood": "inspector's answer refused: head: ",
}


@pytest.mark.parametrize("deed", DEEDS)
def test_the_domain_and_the_log_say_what_it_did(bootfs, deed):
    order(bootfs, deed)
    assert DEEDS[deed] in error(bootfs)
    assert re.search(rf"^bootfs: bad: {re.escape(DEEDS[deed])}", bootfs.said(), re.M)
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL
    order(bootfs, "")
    assert error(bootfs) == "", "it recovers with the next inspection"


def test_the_log_is_not_filled(bootfs):
    """Five lines a minute. The first of a minute counts from when it is written."""
    order(bootfs, "segfault")
    start = time.monotonic()
    for _ in range(200):
        error(bootfs)
    minutes = 1 + int((time.monotonic() - start) / 60)
    assert 5 <= bootfs.said().count("bootfs: bad: ") <= 5 * minutes


def test_half_an_answer_is_none(bootfs):
    """Dead at every point, or ended as if all were well: never half a menu."""
    length = answer_length(bootfs)
    assert 500 < length < 5000
    for at in range(0, length, length // 60):
        order(bootfs, f"stop-at {at}")
        assert "inspector's answer refused: " in error(bootfs), at
    for at in (*range(0, length, length // 10), length):
        order(bootfs, f"die-at {at}")
        assert "inspector killed by SIGSEGV" in error(bootfs), at
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


def test_a_lie_in_any_byte_is_refused_or_only_text(bootfs):
    """All files that a lie may change are read; the daemon serves on. Every bit of the answer is
    tried in tests/unit/test_wire.c."""
    length, refused = answer_length(bootfs), 0
    for at in range(0, length, 8):
        order(bootfs, f"lie {at} {(0xFF, 0, 0x80, 0x7F)[at % 4]}")
        if error(bootfs):
            refused += 1
            continue
        for name in ("menu", "menu.json", "log"):
            (bootfs.mount / "bad" / name).read_bytes()
    assert refused > length / 8 / 4
    assert bootfs.process.poll() is None
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


@pytest.mark.parametrize("deed", ["hang", "hang-at 100"])
def test_others_are_read_while_it_hangs(guest, start_bootfs, programs, deed):
    bootfs = start_bootfs(domain("bad", guest("bad.img")), domain("good", guest("good.img")),
                          programs=programs, ttl="1m", timeout="5s")
    order(bootfs, deed)
    reads = 0
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(error, bootfs)
        time.sleep(0.1)
        while True:
            assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL
            if waiting.done():
                break
            reads += 1
        assert reads >= 2
        assert "no answer within 5 s (inspect-timeout)" in waiting.result()
    assert "bootfs: bad: no answer within 5 s (inspect-timeout)" in bootfs.said()
    children = f"/proc/{bootfs.pid}/task/{bootfs.pid}/children"
    wait_until(lambda: not open(children, encoding="ascii").read(), why="a child is left")


def test_the_guests_kernel_is_not_what_it_may_change(bootfs):
    """A liar can name other pieces of its own disk; never another disk, never past its end."""
    order(bootfs, "")
    assert (bootfs.mount / "bad/default/kernel").read_bytes() == KERNEL
    length, sizes = answer_length(bootfs), set()
    disk = (bootfs.folder.parent / "bad.img").read_bytes()
    for at in range(length // 2, length, 9):
        order(bootfs, f"lie {at} 1")
        if error(bootfs):
            continue
        for kernel in (bootfs.mount / "bad/entries").glob("*/kernel"):
            seen = kernel.read_bytes()
            sizes.add(len(seen))
            assert seen[:512] in disk, at
    assert sizes


@pytest.fixture
def folder(tmp_path, start_bootfs, programs):
    """The open root of a volume of "bad", whose menu is not asked for again; and its daemon."""
    files = boot_files() | {f"/etc/{i:02}/file": b"x" for i in range(40)}
    bootfs = start_bootfs(domain("bad", make_guest(tmp_path / "bad.img", files)),
                          domain("good", make_guest(tmp_path / "good.img", files)),
                          programs=programs, ttl="60s", timeout="2s", more="volumes = root")
    bootfs.root = os.open(bootfs.mount / "bad/volumes/hd0/etc", os.O_RDONLY)
    assert len(os.listdir(bootfs.root)) == 40
    yield bootfs
    os.close(bootfs.root)


def look(root, name):
    """What a folder shows; None: an error."""
    try:
        there = os.open(name, os.O_RDONLY, dir_fd=root)
    except OSError:
        return None
    try:
        return os.listdir(there)
    except OSError:
        return None
    finally:
        os.close(there)


@pytest.mark.parametrize("deed", ["segfault", "exit-0", "too-much", "half", "flood", "hang",
                                  "die-at 60", "write-disk"])
def test_a_folder_that_is_not_told_is_an_error_of_that_folder(folder, deed):
    order(folder, deed)
    assert look(folder.root, "07") is None
    assert os.listdir(folder.mount / "good/volumes/hd0/etc/07") == ["file"]
    order(folder, "")
    wait_until(lambda: look(folder.root, "07") == ["file"], 20)


def test_lies_about_a_folder_show_no_name_that_is_none(folder):
    for at in range(130):
        for byte in (0, ord("/"), ord("."), 255):
            order(folder, f"lie {at} {byte}")
            names = look(folder.root, f"{at % 40:02}")
            assert names is None or all(n and "/" not in n for n in names)
    order(folder, "")
    assert os.listdir(folder.mount / "good/volumes/hd0/etc/39") == ["file"]
    assert folder.process.poll() is None


@pytest.fixture
def packed(tmp_path, start_bootfs, programs):
    """The open folder of a compressed file of "bad", as long as 40,000 bytes."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_bytes(b"packed " * 5000 + os.urandom(5000))
    image = tmp_path / "bad.img"
    subprocess.run(["mkfs.erofs", "--quiet", "-zlz4", image, tree], check=True)
    bootfs = start_bootfs(domain("bad", image), programs=programs, ttl="60s", timeout="2s",
                          more="volumes = root")
    bootfs.root = os.open(bootfs.mount / "bad/volumes/hd0", os.O_RDONLY)
    assert "file" in os.listdir(bootfs.root)
    yield bootfs
    os.close(bootfs.root)


def read_packed(bootfs):
    """All bytes of the file, read anew; None: an error."""
    try:
        there = os.open("file", os.O_RDONLY, dir_fd=bootfs.root)
    except OSError:
        return None
    try:
        os.posix_fadvise(there, 0, 0, os.POSIX_FADV_DONTNEED)
        return os.pread(there, 1 << 20, 0)
    except OSError:
        return None
    finally:
        os.close(there)


def test_lies_about_a_file_are_errors_or_bytes_of_its_size(packed):
    good = read_packed(packed)
    assert len(good) == 40_000
    seen = []
    for at in range(100):
        order(packed, f"lie {at} {(0xFF, 0, 0x80, 0x7F)[at % 4]}")
        seen.append(read_packed(packed))
    assert None in seen and all(len(content) == len(good) for content in seen if content)
    for deed in ("segfault", "exit-0", "too-much", "half", "flood", "stop-at 20"):
        order(packed, deed)
        assert read_packed(packed) is None, deed
    assert packed.process.poll() is None
    order(packed, "")
    wait_until(lambda: read_packed(packed) == good, 20)
