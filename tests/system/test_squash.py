# SPDX-License-Identifier: GPL-2.0-or-later
"""SquashFS with every compression and option of mksquashfs, compared with the kernel's driver."""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

VARIANTS = {
    "gzip": "-comp gzip",
    "lzo": "-comp lzo",
    "lzo-quick": "-comp lzo -Xalgorithm lzo1x_1_15",
    "gzip-strategies": "-comp gzip -Xstrategy filtered,huffman_only,run_length_encoded,fixed",
    "lz4": "-comp lz4",
    "lz4-hc": "-comp lz4 -Xhc",
    "xz": "-comp xz",
    "xz-filters": "-comp xz -Xbcj x86,arm -b 1M -Xdict-size 50%",
    "zstd": "-comp zstd",
    "zstd-most": "-comp zstd -Xcompression-level 22 -b 1M",
    "gzip-window": "-comp gzip -Xwindow-size 8 -Xcompression-level 1",
    "not-packed": "-noI -noD -noF -noX",
    "data-not-packed": "-noD -noF",
    "small-blocks": "-b 4K",
    "no-fragments": "-no-fragments",
    "tail-ends": "-tailends -always-use-fragments",
    "no-exports": "-no-exports -no-xattrs",
    "no-sparse": "-no-sparse -no-duplicates",
}


def make(image, folder, options):
    image.unlink(missing_ok=True)
    fsdump.run("mksquashfs", folder, image, "-quiet", "-no-progress", *options.split())
    return image


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp("source") / "tree"
    fsdump.make_tree(root)
    packable = root / "boot" / "packable"
    packable.write_bytes(b"".join(b"%d " % number for number in range(700_000)))
    return root


@pytest.mark.parametrize("variant", VARIANTS)
def test_reads_what_the_kernel_reads(tmp_path, source, variant):
    image = make(tmp_path / "image", source, VARIANTS[variant])
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mount", fstype="squashfs") as theirs:
        fsdump.assert_same(said, fsdump.tree(theirs))
    if "not-packed" in variant:
        assert not fsdump.without_straight_extents(said)
    assert said["volumes"][0]["fs"] == "squashfs"


def test_reads_the_old_lzma_that_no_kernel_mounts(tmp_path, source):
    image = make(tmp_path / "image", source, "-comp lzma")
    fsdump.assert_same(fsdump.dump(image), fsdump.tree(source))


def test_reads_ten_thousand_names_in_a_folder(tmp_path):
    root = tmp_path / "tree"
    (root / "many").mkdir(parents=True)
    for number in range(10_000):
        (root / "many" / f"initrd.img-{number}-{'x' * (number % 200)}").touch()
    image = make(tmp_path / "image", root, "")
    fsdump.assert_same(fsdump.dump(image), fsdump.tree(root))


def test_finds_a_kernel_in_a_squashfs_inside_a_disk(tmp_path, source):
    """As a live image has it: the volume does not begin with the disk."""
    image = make(tmp_path / "image", source, "")
    moved = tmp_path / "moved"
    moved.write_bytes(bytes(1 << 20) + image.read_bytes())
    fsdump.assert_same(fsdump.dump(moved, offset=1 << 20), fsdump.tree(source))


def test_refuses_a_volume_that_was_cut_off(tmp_path, source):
    image = make(tmp_path / "image", source, "")
    os.truncate(image, image.stat().st_size // 8192 * 4096)
    problem = fsdump.dump(image)["volumes"][0]["problem"]
    assert problem.startswith("SquashFS was cut off")


@pytest.mark.parametrize("options", ["-comp gzip", "-comp lz4", "-comp xz", "-comp zstd",
                                     "-comp lzo", "-noI -noD -noF -noX"])
def test_survives_damage(tmp_path, options):
    root = tmp_path / "tree"
    for number in range(60):
        path = root / f"folder{number % 3}" / f"{'n' * number}{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(fsdump.content(100 * number) + bytes(number * 300))
        os.symlink("t" * number + "/../x", f"{path}.link")
    image = make(tmp_path / "image", root, f"{options} -b 4K")
    damage.assert_survived(image)
