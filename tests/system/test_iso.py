# SPDX-License-Identifier: GPL-2.0-or-later
"""ISO 9660 made by xorriso and genisoimage, compared with the folder it was made of and with what GRUB's own
reader shows. (Many test kernels have no driver for it.)"""

import contextlib
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

ENVIRONMENT = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}
ROCK_RIDGE = {
    "rock-ridge": ["-R"],
    "rock-ridge-joliet": ["-R", "-J"],
    "rock-ridge-relaxed": ["-R", "-relaxed-filenames", "-l", "-iso-level", "3"],
    "rock-ridge-1999": ["-R", "-iso-level", "4"],
    "hard-disk": ["-R", "-partition_offset", "16"],
}


def make(image, folder, *options, label="A LABEL", program=("xorriso", "-as", "mkisofs")):
    fsdump.run(*program, "-quiet", "-o", image, "-V", label, *options, folder, env=ENVIRONMENT)
    return image


@contextlib.contextmanager
def grub_mounted(image, at):
    """What GRUB's reader sees, as a folder."""
    at.mkdir()
    fsdump.run("grub-mount", image, at)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=False)


def assert_grub_agrees(image, at, said):
    """Same names; files read the same. (grub-mount shows links as what they lead to.)"""
    with grub_mounted(image, at) as theirs:
        for path, file in said["files"].items():
            there = os.fsencode(theirs) + path
            if file["type"] == "folder":
                ours = {other[len(path) + 1:] for other in said["files"]
                        if other.startswith(path + b"/") and b"/" not in other[len(path) + 1:]}
                assert set(os.listdir(there)) == ours, path
            if file["type"] == "file":
                assert fsdump.sha256(there) == file["sha256"], path


def whole_disk(said):
    return next(volume for volume in said["volumes"] if volume["name"] == "hd0")


def blkid(image):
    """UUID and label as libblkid has them."""
    values = [fsdump.run("blkid", "-p", "-s", name, "-o", "value", image).decode().rstrip("\n")
              for name in ("UUID", "LABEL")]
    return tuple(values)


def names_of(volume):
    return volume["uuid"], volume["label"].encode("latin-1").decode()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    root = tmp_path_factory.mktemp("source") / "tree"
    fsdump.make_tree(root)
    # xorriso 1.5.4 dies of a link whose target is one name of 1000 bytes.
    (root / "link-1000").unlink()
    (root / "link-long").symlink_to("x/" * 500 + "/end")
    return root


@pytest.mark.parametrize("variant", ROCK_RIDGE)
def test_reads_rock_ridge(tmp_path, source, variant):
    image = make(tmp_path / "image", source, *ROCK_RIDGE[variant])
    said = fsdump.dump(image, volume="hd0")
    real = fsdump.tree(source)
    # The root's own record of another tree: not compared.
    real[b""] = {"type": "folder"}
    if "moved" in variant:
        real[b"/rr_moved"] = {"type": "folder"}
    fsdump.assert_same(said, real)
    assert not fsdump.without_straight_extents(said)
    assert names_of(whole_disk(said)) == blkid(image)
    assert_grub_agrees(image, tmp_path / "grub", said)


def test_follows_folders_that_were_moved(tmp_path, source):
    """genisoimage moves what lies deeper than eight folders, and leaves a stand-in."""
    image = make(tmp_path / "image", source, "-R", program=["genisoimage"])
    said = fsdump.dump(image)
    real = fsdump.tree(source) | {b"": {"type": "folder"}, b"/rr_moved": {"type": "folder"}}
    # It writes links of many components with a wrong length, here 395 as 139.
    real[b"/link-long"]["target"] = b"EUCLEAN"
    fsdump.assert_same(said, real)


def put(root, name, content):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def simple(tmp_path_factory):
    """What Joliet and plain ISO 9660 can hold too."""
    root = tmp_path_factory.mktemp("simple") / "tree"
    put(root, "BOOT/GRUB/GRUB.CFG", b"menuentry x { linux /vmlinuz }\n")
    put(root, "BOOT/VMLINUZ", fsdump.content(3_000_001))
    put(root, "BOOT/INITRD.IMG", fsdump.content(100_000))
    for size in (0, 1, 2047, 2048, 2049):
        put(root, f"SIZES/S{size}", fsdump.content(size))
    put(root, "ZEROS/FILE", bytes(1_000_000))
    for number in range(500):
        put(root, f"MANY/N{number}", b"%d" % number)
    return root


def test_reads_plain_names_in_any_case(tmp_path, simple):
    image = make(tmp_path / "image", simple, "--norock", "-iso-level", "3")
    said = fsdump.dump(image)
    real = {path.lower(): file for path, file in fsdump.tree(simple).items()}
    fsdump.assert_same(said, real, compare=("type", "size", "sha256"))
    assert not fsdump.without_straight_extents(said)
    assert names_of(whole_disk(said)) == blkid(image)


def test_reads_joliet(tmp_path, simple):
    root = tmp_path / "tree"
    subprocess.run(["cp", "-a", simple, root], check=True)
    put(root, "Größe 日本/Datei mit Namen.txt", b"unicode")
    put(root, "long/" + "n" * 103, b"long")
    image = make(tmp_path / "image", root, "--norock", "-J", "-joliet-long", label="Größe 日本 x")
    said = fsdump.dump(image)
    fsdump.assert_same(said, fsdump.tree(root), compare=("type", "size", "sha256"))
    assert names_of(whole_disk(said)) == blkid(image)
    assert_grub_agrees(image, tmp_path / "grub", said)


@pytest.mark.parametrize("label", [
    "lower_And_UPPER", "ÄÖÜ", "日本", "a label of thirty-two characters", "under__scores  ", "x"])
def test_tells_labels_as_libblkid_does(tmp_path, simple, label):
    for options in (["-R"], ["-R", "-J"]):
        image = make(tmp_path / "image", simple / "SIZES", *options, label=label)
        assert names_of(whole_disk(fsdump.dump(image, volumes_only=True))) == blkid(image)


def test_reads_ten_thousand_names_in_a_folder(tmp_path):
    root = tmp_path / "tree"
    for number in range(10_000):
        put(root, f"many/vmlinuz-{number}-{'x' * (number % 97)}", b"")
    said = fsdump.dump(make(tmp_path / "image", root, "-R"))
    fsdump.assert_same(said, fsdump.tree(root) | {b"": {"type": "folder"}})


def test_sees_a_hybrid_image_as_disk_and_file_system(tmp_path, simple):
    """An install image for USB sticks: an ISO 9660 volume with a partition table."""
    efi = tmp_path / "efi"
    with open(efi, "wb") as file:
        file.truncate(2 << 20)
    fsdump.run("mkfs.vfat", "-n", "ESP", efi)
    image = make(tmp_path / "image", simple, "-R", "-append_partition", "2", "0xef", efi)
    said = fsdump.dump(image)
    kinds = {volume["name"]: volume["fs"] for volume in said["volumes"] if volume["readable"]}
    assert kinds["hd0"] == "iso9660"
    assert kinds["hd0,msdos2"] == "vfat"


def test_refuses_compressed_files_aloud(tmp_path, simple):
    image = tmp_path / "image"
    fsdump.run("xorriso", "-outdev", image, "-map", simple, "/", "-set_filter_r", "--zisofs",
               "/ZEROS", "--", env=ENVIRONMENT)
    said = fsdump.dump(image)
    assert said["files"][b"/ZEROS/FILE"]["size"] == 1_000_000
    assert said["files"][b"/ZEROS/FILE"]["sha256"] in ("ENOTSUP", "EOPNOTSUPP")
    assert any("zisofs" in line for line in fsdump.report(said))
    assert said["files"][b"/SIZES/S2049"]["sha256"] == fsdump.sha256(simple / "SIZES/S2049")


def test_opens_a_volume_that_was_cut_off(tmp_path, simple):
    image = make(tmp_path / "image", simple, "-R")
    os.truncate(image, 1 << 20)
    said = fsdump.dump(image)
    assert said["files"][b"/BOOT/VMLINUZ"]["sha256"] == "EUCLEAN"
    assert said["files"][b"/BOOT/VMLINUZ"]["extents"] == "EUCLEAN"


@pytest.mark.parametrize("options", [["-R"], ["-J", "--norock"], ["--norock"]],
                         ids=["rock-ridge", "joliet", "plain"])
def test_survives_damage(tmp_path, options):
    root = tmp_path / "tree"
    for number in range(30):
        put(root, f"FOLDER{number % 3}/{'n' * number}{number}", b"x" * 100 * number)
        os.symlink("t" * number + "/../x", root / f"FOLDER{number % 3}/L{number}")
    deep = root / "/".join([str(root)] + [f"D{number}" for number in range(12)])
    deep.mkdir(parents=True)
    damage.assert_survived(make(tmp_path / "image", root, *options))
