# SPDX-License-Identifier: GPL-2.0-or-later
"""FAT12, FAT16 and FAT32, made by mkfs.vfat, filled by mtools, compared with the folder they were
filled from and with what GRUB's own reader shows. (Many test kernels have no FAT driver.)"""

import contextlib
import os
import pathlib
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

MIB = 1 << 20
MTOOLS = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1"}
COMPARE = ("type", "size", "sha256", "mtime")

VARIANTS = {
    "fat12": ("-F 12", 16 * MIB),
    "fat12-1024": ("-F 12 -S 1024", 16 * MIB),
    "fat12-4096": ("-F 12 -S 4096", 24 * MIB),
    "fat16": ("-F 16", 64 * MIB),
    "fat16-one-table": ("-F 16 -f 1 -s 2", 33 * MIB),
    "fat16-2048": ("-F 16 -S 2048 -s 1", 64 * MIB),
    "fat16-4096": ("-F 16 -S 4096 -s 1", 64 * MIB),
    "fat16-root-1024": ("-F 16 -r 1024 -R 9 -a", 64 * MIB),
    "fat32": ("-F 32", 256 * MIB),
    "fat32-one-sector": ("-F 32 -s 1", 64 * MIB),
    "fat32-64-sectors": ("-F 32 -s 64", 2200 * MIB),
    "fat32-1024": ("-F 32 -S 1024", 256 * MIB),
    "fat32-2048": ("-F 32 -S 2048 -s 1", 200 * MIB),
    "fat32-4096": ("-F 32 -S 4096 -s 1", 300 * MIB),
    "fat16-atari": ("-F 16 --variant=atari -A", 30 * MIB),
    "fat32-odd-header": ("-F 32 -b 20 -R 40 -h 63 -D 0x81 -g 255/63 -I", 128 * MIB),
    "fat32-three-tables": ("-F 32 -f 3 -R 100", 256 * MIB),
}


def mtool(name, image, *arguments):
    fsdump.run(name, "-i", image, *arguments, env=MTOOLS)


def make(image, options, size):
    """An empty file system; small ones get a serial number and a label of their own."""
    image.unlink(missing_ok=True)
    with open(image, "wb") as file:
        file.truncate(size)
    fsdump.run("mkfs.vfat", "-i", "12ABcd34", "-n", "A LABEL", *options.split(), image)
    return image


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_tree(root):
    """A bit of everything that FAT can hold; times are even seconds, as FAT's are."""
    put(root, "EFI/BOOT/BOOTX64.EFI", fsdump.content(70_000))
    put(root, "boot/grub/grub.cfg", b"menuentry x { linux /vmlinuz }\n")
    put(root, "boot/vmlinuz-6.1.0-18-amd64", fsdump.content(3 * MIB + 1))
    put(root, "boot/lower.txt", b"lower")
    put(root, "boot/MixedCase.Txt", b"mixed")
    for size in (0, 1, 511, 512, 513, 4095, 4096, 4097, 65536):
        put(root, f"sizes/{size}", fsdump.content(size))
    for number in range(300):
        put(root, f"many/initrd.img-{number}{'y' * (number % 97)}", b"%d" % number)
    put(root, "names/" + "n" * 255, b"long")
    put(root, "names/" + "m" * 13, b"exactly one piece")
    put(root, "names/" + "o" * 26, b"exactly two pieces")
    put(root, "names/Größe 日本語", b"unicode")
    put(root, "names/ЗАГРУЗКА", b"cyrillic")
    put(root, "names/two.dots.here", b"dots")
    put(root, "names/with blank.x y", b"blanks")
    put(root, "/".join([str(root)] + [f"deep{n}" for n in range(40)]) + "/bottom", b"bottom")
    for path in [root, *root.rglob("*")]:
        os.utime(path, (1_700_000_000, 1_700_000_000))


def forget_where_space_is(image):
    """Without FAT32's hint mtools takes the first free clusters, as on FAT12 and FAT16."""
    with open(image, "r+b") as file:
        boot = file.read(512)
        if boot[82:87] == b"FAT32":
            info, = struct.unpack_from("<H", boot, 48)
            file.seek(info * struct.unpack_from("<H", boot, 11)[0] + 492)
            file.write(b"\xff" * 4)


def fragment(image, root, pieces):
    """A file in `pieces` pieces or more: written where every second small file was removed."""
    names = [f"{'ab'[number % 2]}{number:06}" for number in range(2 * pieces)]
    for name in names:
        put(root, f"small/{name}", b"x")
    mtool("mmd", image, "::/small")
    mtool("mcopy", image, *[root / "small" / name for name in names], "::/small")
    mtool("mdel", image, "::/small/a*")
    for name in names[::2]:
        (root / "small" / name).unlink()
    forget_where_space_is(image)
    put(root, "small/big", fsdump.content(2 * MIB))
    mtool("mcopy", image, root / "small/big", "::/small/big")


@contextlib.contextmanager
def grub_mounted(image, at):
    """What GRUB's reader sees, as a folder."""
    at.mkdir()
    fsdump.run("grub-mount", image, at)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp("source") / "tree"
    make_tree(root)
    return root


def in_small_letters(said):
    """Names of capital letters only, as GRUB has them."""
    files = said["files"]
    return {"files": {b"/".join(part.lower() if part.isupper() and len(part) < 13 else part
                                for part in path.split(b"/")): file
                      for path, file in files.items()}}


def volume_of(said):
    return next(volume for volume in said["volumes"] if volume["readable"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_reads_what_mtools_wrote(tmp_path, source, variant):
    image = make(tmp_path / "image", *VARIANTS[variant])
    for path in source.iterdir():
        mtool("mcopy", image, "-s", "-m", "-Q", path, "::/")
    said = fsdump.dump(image)
    real = fsdump.tree(source)
    folders = {path for path, file in real.items() if file["type"] == "folder"}
    fsdump.assert_same(said, {p: f for p, f in real.items() if p not in folders} |
                       {p: {"type": "folder"} for p in folders}, compare=COMPARE)
    assert not fsdump.without_straight_extents(said)
    assert volume_of(said)["uuid"] == "12AB-CD34"
    assert volume_of(said)["label"] == "A LABEL"
    with grub_mounted(image, tmp_path / "grub") as theirs:
        # GRUB shows short names in small letters.
        fsdump.assert_same(in_small_letters(said), fsdump.tree(theirs),
                           compare=("type", "size", "sha256"))


@pytest.mark.parametrize("variant", ["fat12", "fat16-2048", "fat32-one-sector", "fat32"])
def test_follows_the_chains_of_fragmented_files(tmp_path, variant):
    root = tmp_path / "tree"
    root.mkdir()
    image = make(tmp_path / "image", *VARIANTS[variant])
    pieces = 150
    fragment(image, root, pieces)
    said = fsdump.dump(image)
    fsdump.assert_same(said, fsdump.tree(root), compare=("type", "size", "sha256"))
    assert len(said["files"][b"/small/big"]["extents"]) >= pieces


def long_entries(name, number):
    """Directory entries of an empty file with a long name, as VFAT writes them."""
    short = b"N%07d   " % number
    total = 0
    for byte in short:
        total = ((total >> 1 | total << 7) + byte) & 0xFF
    units = name.encode("utf-16-le") + b"\0\0"
    units += b"\xff" * (-len(units) % 26)
    pieces = [units[at:at + 26] for at in range(0, len(units), 26)]
    entries = b""
    for order, piece in reversed(list(enumerate(pieces, 1))):
        last = 0x40 if order == len(pieces) else 0
        entries += struct.pack("<B10sBBB12sH4s", order | last, piece[:10], 15, 0, total,
                               piece[10:22], 0, piece[22:])
    return entries + short + bytes([32]) + bytes(10) + struct.pack("<HHHI", 0, 0x21, 0, 0)


def test_reads_ten_thousand_names_in_a_folder(tmp_path):
    """FAT16 with a root folder of 32,000 entries: mtools would take an hour to fill it."""
    image = make(tmp_path / "image", "-F 16 -r 32000", 64 * MIB)
    names = [f"vmlinuz-6.1.0-{n}-amd64" for n in range(10_000)]
    with open(image, "r+b") as file:
        boot = file.read(512)
        reserved, tables = struct.unpack_from("<HB", boot, 14)
        sectors, = struct.unpack_from("<H", boot, 22)
        file.seek((reserved + tables * sectors) * 512 + 32)  # behind the label
        file.write(b"".join(long_entries(name, n) for n, name in enumerate(names)))
    fsdump.run("fsck.fat", "-n", image)
    said = fsdump.dump(image)
    assert set(said["files"]) == {b""} | {b"/" + name.encode() for name in names}
    assert not any("error" in file for file in said["files"].values())


def test_opens_a_volume_that_was_cut_off_with_a_warning(tmp_path, source):
    image = make(tmp_path / "image", *VARIANTS["fat16"])
    mtool("mcopy", image, "-s", source / "boot", "::/")
    os.truncate(image, 32 * MIB)
    said = fsdump.dump(image)
    assert any("FAT: larger than its volume" in line for line in fsdump.report(said))
    assert said["files"][b"/boot/lower.txt"]["sha256"] == fsdump.sha256(source / "boot/lower.txt")


@pytest.mark.parametrize("variant", ["fat12", "fat16", "fat32"])
def test_survives_damage(tmp_path, variant):
    root = tmp_path / "tree"
    for number in range(30):
        put(root, f"folder{number % 3}/a long name of a file {number}", b"x" * 700 * number)
        put(root, f"folder{number % 3}/inside/SHORT{number}", b"y" * number)
    options, _ = VARIANTS[variant]
    image = make(tmp_path / "image", options, {"fat12": 5, "fat16": 9, "fat32": 34}[variant] * MIB)
    for path in root.iterdir():
        mtool("mcopy", image, "-s", path, "::/")
    damage.assert_survived(image)
