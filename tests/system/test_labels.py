# SPDX-License-Identifier: GPL-2.0-or-later
"""Partition tables of other machines, and of disks with large sectors; GRUB is asked for its opinion."""

import hashlib
import pathlib
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import fsdump  # noqa: E402

SECTOR = 512
MIB = 1 << 20
SIZE = 16 * MIB
# Where the file system lies, and how many sectors it has.
START, LENGTH = 4 * MIB // SECTOR, 8 * MIB // SECTOR
FILE = fsdump.content(70_000)


@pytest.fixture(name="content", scope="module")
def a_small_file_system(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fs")
    (folder / "source/boot").mkdir(parents=True)
    (folder / "source/boot/vmlinuz").write_bytes(FILE)
    fsdump.run("truncate", "-s", LENGTH * SECTOR, folder / "image")
    fsdump.run("mke2fs", "-q", "-t", "ext2", "-d", folder / "source", folder / "image")
    return (folder / "image").read_bytes()


def xor_words(block):
    total = 0
    for word in struct.unpack("<256H", block):
        total ^= word
    return total


def sun():
    """One cylinder is a MiB here."""
    label = bytearray(SECTOR)
    for number, (kind, start, sectors) in {1: (2, 4, LENGTH), 2: (5, 0, SIZE // SECTOR)}.items():
        label[142 + 4 * number + 1] = kind
        struct.pack_into(">II", label, 444 + 8 * number, start, sectors)
    struct.pack_into(">HH", label, 436, 32, 64)
    struct.pack_into(">H", label, 508, 0xDABE)
    struct.pack_into("<H", label, 510, xor_words(label))
    return [(0, label)], "sun2"


def apple():
    head = struct.pack(">2sHI", b"ER", 512, SIZE // SECTOR).ljust(SECTOR, b"\0")
    kinds = [("map", "Apple_partition_map", 1, 3), ("", "Apple_UNIX_SVR2", START, LENGTH),
             ("", "Apple_Free", START + LENGTH, 100)]
    return [(0, head)] + [
        ((number + 1) * SECTOR, struct.pack(">2sHIII32s32s", b"PM", 0, len(kinds), start, sectors, name.encode(),
                                            kind.encode()))
        for number, (name, kind, start, sectors) in enumerate(kinds)], "apple2"


def dvh():
    label = bytearray(SECTOR)
    struct.pack_into(">I", label, 0, 0x0BE5A941)
    for number, sectors, start in ((0, LENGTH, START), (8, 100, 2), (10, SIZE // SECTOR, 0)):
        struct.pack_into(">III", label, 312 + 12 * number, sectors, start, 10)
    struct.pack_into(">I", label, 504, -sum(struct.unpack(">128I", label)) & 0xFFFFFFFF)
    return [(0, label)], "dvh1"


def bsd_label(first):
    label = bytearray(SECTOR)
    struct.pack_into("<I", label, 0, 0x82564557)
    struct.pack_into("<I", label, 132, 0x82564557)
    struct.pack_into("<H", label, 138, 3)
    for number, (sectors, start) in enumerate(((LENGTH, START), (0, 0), (SIZE // SECTOR - first, first))):
        struct.pack_into("<II", label, 148 + 16 * number, sectors, start)
    return label


def bsd():
    return [(SECTOR, bsd_label(0))], "bsd1"


def mbr(kind, start, sectors):
    block = bytearray(SECTOR)
    struct.pack_into("<B3sB3sII", block, 446, 0x80, b"", kind, b"", start, sectors)
    block[510:] = b"\x55\xaa"
    return block


def bsd_in_a_partition():
    return [(0, mbr(0xA5, 2048, SIZE // SECTOR - 2048)), (2049 * SECTOR, bsd_label(2048))], "msdos1,bsd1"


def solaris(kind):
    label = bytearray(SECTOR)
    for number, (tag, start, sectors) in {0: (2, START - 2048, LENGTH), 2: (5, 0, 1000)}.items():
        struct.pack_into("<HHII", label, 72 + 12 * number, tag, 0, start, sectors)
    struct.pack_into("<H", label, 508, 0xDABE)
    struct.pack_into("<H", label, 510, xor_words(label))
    return [(0, mbr(kind, 2048, SIZE // SECTOR - 2048)), (2049 * SECTOR, label)], "msdos1,sunpc1"


LABELS = {"sun": sun(), "apple": apple(), "dvh": dvh(), "bsd": bsd(), "bsd-in-a-partition": bsd_in_a_partition(),
          "solaris": solaris(0xBF), "old-solaris": solaris(0x82)}
TITLES = {"sun": "Sun label", "apple": "Apple map", "dvh": "SGI label", "bsd": "BSD label"}


def make(image, pieces, content):
    fsdump.write_pieces(image, pieces, SIZE)
    with open(image, "r+b") as file:
        file.seek(START * SECTOR)
        file.write(content)
    return image


def grub_reads(image, partition):
    return subprocess.run(["grub-fstest", "-c", "1", image, "cat", f"(loop0,{partition})/boot/vmlinuz"],
                          capture_output=True, check=False, timeout=60).stdout


@pytest.mark.parametrize("name", LABELS)
def test_a_label_is_read_as_grub_does(name, tmp_path, content):
    pieces, partition = LABELS[name]
    image = make(tmp_path / "image", pieces, content)
    listed = fsdump.run("grub-fstest", "-c", "1", image, "ls").decode().split()
    assert f"(loop0,{partition})" in listed
    # grub-fstest opens no slice of a partition, only lists it.
    assert grub_reads(image, partition) == (b"" if "," in partition else FILE)
    said = fsdump.dump(image, volume=f"hd0,{partition}")
    assert said["files"][b"/boot/vmlinuz"]["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert said["files"][b"/boot/vmlinuz"]["extents"][0][0] == "disk"
    if name in TITLES:
        assert fsdump.report(said)[0].endswith(f", {TITLES[name]}")
    if "," in partition:
        short = partition.replace("msdos1", "1")
        assert fsdump.dump(image, volume=f"hd0,{short}")["volume"] == f"hd0,{partition}"


@pytest.mark.parametrize("name", ("sun", "dvh", "solaris"))
def test_a_label_with_a_wrong_checksum_is_none(name, tmp_path, content):
    pieces, _ = LABELS[name]
    at, label = pieces[-1]
    label = bytearray(label)
    label[300] ^= 1
    image = make(tmp_path / "image", pieces[:-1] + [(at, label)], content)
    said = fsdump.dump(image, volumes_only=True)
    assert not any(volume["readable"] for volume in said["volumes"])


@pytest.mark.parametrize("extended", (False, True))
def test_a_table_in_sectors_of_4096_bytes_is_read(extended, tmp_path, content):
    """The image of a disk with such sectors: nothing on it says so."""
    start = START // 8
    if extended:
        pieces = [(0, mbr(0x05, start - 256, LENGTH // 8 + 256)), ((start - 256) * 4096, mbr(0x83, 256, LENGTH // 8))]
    else:
        pieces = [(0, mbr(0x83, start, LENGTH // 8))]
    said = fsdump.dump(make(tmp_path / "image", pieces, content))
    assert said["volume"] == ("hd0,msdos5" if extended else "hd0,msdos1")
    assert said["files"][b"/boot/vmlinuz"]["sha256"] == hashlib.sha256(FILE).hexdigest()


def test_a_table_of_a_small_first_partition_stays_in_512(tmp_path, content):
    image = make(tmp_path / "image", [(0, mbr(0x83, 256, 1024))], content)
    said = fsdump.dump(image, volumes_only=True)
    assert [volume["size"] for volume in said["volumes"] if volume["name"] == "hd0,msdos1"] == [512 << 10]
