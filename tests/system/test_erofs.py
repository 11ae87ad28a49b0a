# SPDX-License-Identifier: GPL-2.0-or-later
"""EROFS with the layouts and compressions that mkfs.erofs makes, compared with the kernel's
driver."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

VARIANTS = {
    "plain": "",
    "no-inline": "-Enoinline_data",
    "extended": "-Eforce-inode-extended",
    "compact": "-Eforce-inode-compact -T 1600000000",
    "chunks": "--chunksize=4096",
    "chunks-large": "--chunksize=1048576",
    "chunk-indexes": "--chunksize=16384 -Eforce-chunk-indexes",
    "block-map": "--chunksize=65536 -Eforce-inode-blockmap",
    "no-checksum": "-Enosbcrc -x-1",
    "lz4": "-zlz4",
    "lz4-hc": "-zlz4hc,12",
    "lz4-large": "-zlz4hc -C65536",
    "lz4-1M": "-zlz4 -C1048576",
    "lz4-legacy": "-zlz4 -Elegacy-compress",
    "lz4-tails": "-zlz4hc -Eztailpacking",
    "lz4-large-tails": "-zlz4hc -C16384 -Eztailpacking",
    "lz4-short": "-zlz4 --max-extent-bytes=8192",
}


# What erofs-utils learned since 1.5; tried where this mkfs.erofs can do it.
NEWER = {
    "lzma": "-zlzma",
    "lzma-large": "-zlzma,9 -C65536",
    "lzma-tails": "-zlzma -Eztailpacking",
    "deflate": "-zdeflate",
    "deflate-large-tails": "-zdeflate,9 -C65536 -Eztailpacking",
    "zstd": "-zzstd",
    "zstd-large": "-zzstd,19 -C262144",
    "zstd-tails": "-zzstd -Eztailpacking",
    "lz4-fragments": "-zlz4hc -Efragments",
    "lz4-all-fragments": "-zlz4hc -Eall-fragments",
    "zstd-fragments": "-zzstd -C65536 -Efragments",
    "lzma-all-fragments": "-zlzma -C65536 -Eall-fragments",
    "lz4-shared": "-zlz4hc -Ededupe",
    "lz4-shared-large": "-zlz4hc -C65536 -Ededupe,fragments",
    "zstd-shared": "-zzstd -C65536 -Ededupe,all-fragments",
    "lzma-shared": "-zlzma -Ededupe",
    "two-algorithms": "-zlz4hc:zstd -C65536",
    "legacy-fragments": "-zlz4hc -Elegacy-compress,fragments",
    "blocks-of-512": "-b512",
    "lz4-blocks-of-512": "-b512 -zlz4",
    "zstd-blocks-of-1024": "-b1024 -zzstd -C16384",
}


def make(image, folder, options):
    fsdump.run("mkfs.erofs", *options.split(), image, folder)
    return image


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp("source") / "tree"
    fsdump.make_tree(root)
    # mkfs.erofs 1.5 takes names of 254 bytes at most.
    (root / "long" / ("n" * 255)).rename(root / "long" / ("n" * 254))
    boot = root / "boot"
    numbers = b"".join(b"%d " % number for number in range(700_000))
    (boot / "packable").write_bytes(numbers)
    mixed = b"".join(numbers[at:at + at % 90_000] + fsdump.content(at % 30_000)
                     for at in range(0, 3_000_000, 70_001))
    (boot / "partly-packable").write_bytes(mixed)
    for size in (5000, 8192, 8193, 12_289, 100_001):
        (boot / f"packable-{size}").write_bytes(numbers[:size])
    return root


@pytest.mark.parametrize("variant", VARIANTS)
def test_reads_what_the_kernel_reads(tmp_path, source, variant):
    image = make(tmp_path / "image", source, VARIANTS[variant])
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mount", fstype="erofs") as theirs:
        fsdump.assert_same(said, fsdump.tree(theirs))
    packed = {b"/boot/packable", b"/boot/partly-packable"} if "lz4" in variant else set()
    assert packed <= fsdump.without_straight_extents(said)
    if not packed:
        assert not fsdump.without_straight_extents(said)


@pytest.mark.parametrize("variant", NEWER)
def test_reads_what_the_kernel_reads_of_newer_images(tmp_path, source, variant):
    image = tmp_path / "image"
    # Parts of files again, for what shares pieces and packs their ends together.
    tree = tmp_path / "tree"
    fsdump.run("cp", "-a", source, tree)
    packable = (tree / "boot/packable").read_bytes()
    for number in range(8):
        (tree / f"part{number}").write_bytes(packable[number * 300_000:][:400_000 + number])
    done = subprocess.run(["mkfs.erofs", *NEWER[variant].split(), image, tree], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this mkfs.erofs cannot make it: {done.stderr.splitlines()[-1:]}")
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mount", fstype="erofs") as theirs:
        fsdump.assert_same(said, fsdump.tree(theirs))
    if variant != "blocks-of-512":
        assert b"/boot/packable" in fsdump.without_straight_extents(said)


# Made by erofs-utils 1.8, so that older releases try these too.
SEEDS = sorted((pathlib.Path(__file__).parent / "erofs").glob("*.erofs"))


@pytest.mark.parametrize("seed", SEEDS, ids=[path.stem for path in SEEDS])
def test_reads_what_the_kernel_reads_of_kept_images(tmp_path, seed):
    image = tmp_path / "image"
    shutil.copy(seed, image)
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mount", fstype="erofs") as theirs:
        fsdump.assert_same(said, fsdump.tree(theirs))
    numbers = b"".join(b"%d " % number for number in range(30_000))
    for path in (b"/one", b"/two"):
        assert said["files"][path]["sha256"] == hashlib.sha256(numbers[:40_000 + len(path)]).hexdigest()


def test_refuses_a_superblock_with_a_wrong_checksum(tmp_path, source):
    image = make(tmp_path / "image", source, "")
    with open(image, "r+b") as file:
        file.seek(1024 + 24)
        file.write(b"\1")
    volume = fsdump.dump(image, volumes_only=True)["volumes"][0]
    assert volume["problem"] == "the superblock of EROFS has a wrong checksum"
    assert subprocess.run(["mount", "-o", "ro,loop", "-t", "erofs", image, tmp_path], check=False,
                          capture_output=True).returncode


def test_tells_uuid_and_label(tmp_path, source):
    image = make(tmp_path / "image", source, "-Enosbcrc -U 01234567-89ab-cdef-0123-456789abcdef")
    with open(image, "r+b") as file:
        file.seek(1024 + 64)
        file.write(b"a label\0")
    volume = fsdump.dump(image, volumes_only=True)["volumes"][0]
    assert volume["uuid"] == "01234567-89ab-cdef-0123-456789abcdef"
    assert volume["label"] == "a label"


def test_reads_ten_thousand_names_in_a_folder(tmp_path):
    root = tmp_path / "tree"
    (root / "many").mkdir(parents=True)
    for number in range(10_000):
        (root / "many" / f"initrd.img-{number}-{'x' * (number % 200)}").touch()
    image = make(tmp_path / "image", root, "")
    fsdump.assert_same(fsdump.dump(image), fsdump.tree(root))


def test_names_what_it_cannot_read(tmp_path, source):
    blob = f"--chunksize=4096 --blobdev={tmp_path / 'blob'}"
    image = make(tmp_path / "image", source, blob)
    problem = fsdump.dump(image)["volumes"][0]["problem"]
    assert problem.startswith("EROFS that keeps its data on 1 more devices")


def test_opens_a_volume_that_was_cut_off_with_a_warning(tmp_path, source):
    image = make(tmp_path / "image", source, "")
    os.truncate(image, image.stat().st_size // 8192 * 4096)
    said = fsdump.dump(image)
    assert any("EROFS: larger than its volume" in line for line in fsdump.report(said))
    assert any("EUCLEAN" in (file.get("sha256"), file.get("error"))
               for file in said["files"].values())


@pytest.mark.parametrize("options", ["", "-zlz4", "-zlz4hc -C65536 -Eztailpacking",
                                     "-zlz4 -Elegacy-compress", "--chunksize=4096"])
def test_survives_damage(tmp_path, options):
    root = tmp_path / "tree"
    for number in range(60):
        path = root / f"folder{number % 3}" / f"{'n' * number}{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fsdump.content(100 * number) + b"%d " % number * number * 200)
        os.symlink("t" * number + "/../x", f"{path}.link")
    damage.assert_survived(make(tmp_path / "image", root, options))


@pytest.mark.parametrize("seed", SEEDS, ids=[path.stem for path in SEEDS])
def test_kept_images_survive_damage(tmp_path, seed):
    shutil.copy(seed, tmp_path / "image")
    damage.assert_survived(tmp_path / "image")
