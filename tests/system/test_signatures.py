# SPDX-License-Identifier: GPL-2.0-or-later
"""Volumes that bear the signatures of several formats: one that is not read hides none that is."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import fsdump  # noqa: E402
import mdraid  # noqa: E402

SIZE = 40 << 20


@pytest.fixture(name="source", scope="module")
def a_small_tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("source") / "tree"
    (root / "boot/grub").mkdir(parents=True)
    (root / "boot/grub/grub.cfg").write_text("menuentry one { linux /boot/vmlinuz }\n")
    (root / "boot/vmlinuz").write_bytes(fsdump.content(300_000))
    return root


def assert_content(said, source):
    real = fsdump.tree(source)
    for path in (b"/boot/vmlinuz", b"/boot/grub/grub.cfg"):
        assert said["files"][path]["sha256"] == real[path]["sha256"]


def iso(image, source, *options):
    fsdump.run("genisoimage", "-quiet", "-R", *options, "-o", image, source)
    return image


def fat(image, source):
    fsdump.run("truncate", "-s", SIZE, image)
    fsdump.run("mkfs.vfat", "-F", "32", "-s", "1", image)
    fsdump.run("mcopy", "-s", "-i", image, source / "boot", "::/")
    return image


def write(image, at, content):
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(content)


def blkid(image):
    """The type that libblkid names; empty where it is of two minds."""
    return subprocess.run(["blkid", "-p", "-s", "TYPE", "-o", "value", image], capture_output=True, text=True,
                          check=False).stdout.strip()


def test_a_bridge_image_is_read_as_iso9660(tmp_path, source):
    image = iso(tmp_path / "image", source, "-udf")
    assert blkid(image) == "udf"
    said = fsdump.dump(image)
    assert said["volumes"][0]["fs"] == "iso9660"
    assert_content(said, source)
    assert "note hd0: has signs of UDF, which is not read; read as iso9660" in fsdump.report(said)


# libblkid looks for no file system where it has found a part of something.
@pytest.mark.parametrize("kind, magic", [("DM_verity_hash", b"verity\0\0\1"), ("DM_snapshot_cow", b"SnAp")])
def test_a_foreign_signature_hides_no_file_system(kind, magic, tmp_path, source):
    image = iso(tmp_path / "image", source)
    write(image, 0, magic)
    assert blkid(image) == kind
    said = fsdump.dump(image)
    assert_content(said, source)
    assert f"warning hd0: has signs of {kind}, which is not read; read as iso9660" in fsdump.report(said)


@pytest.mark.parametrize("level, version", [(1, "1.2"), (0, "1.2")])
def test_a_stale_member_signature_hides_no_file_system(level, version, tmp_path, source):
    """mkfs.vfat leaves what stands in its reserved sectors and behind its end."""
    image = fat(tmp_path / "image", source)
    sectors = SIZE // 512
    at = mdraid.place(version, sectors)
    block = mdraid.super_1(level=level, disks=1, number=0, roles=[0], size=sectors - 8192, data=4096, at=at,
                           chunk=128)
    write(image, at * 512, block)
    assert blkid(image) == "linux_raid_member"
    said = fsdump.dump(image, volume="hd0")
    assert_content(said, source)
    assert ("warning hd0: has signs of linux_raid_member, which is not read; read as vfat"
            in fsdump.report(said))


def test_a_piece_of_an_array_is_not_read_as_a_whole(tmp_path, source):
    """The first chunk of RAID5 may hold a superblock; its files are elsewhere."""
    image = fat(tmp_path / "image", source)
    sectors = SIZE // 512
    at = mdraid.place("1.0", sectors)
    write(image, at * 512, mdraid.super_1(level=5, disks=3, number=0, roles=[0, 1, 2], size=sectors - 512, data=0,
                                          at=at, chunk=128))
    said = fsdump.dump(image, volumes_only=True)
    assert not any(volume["readable"] for volume in said["volumes"])


def test_what_lies_under_encryption_is_not_read(tmp_path, source):
    image = iso(tmp_path / "image", source)
    header = bytearray(592)
    header[:8] = b"LUKS\xba\xbe\0\1"
    header[168:204] = b"6f1c1e9e-44c4-4a0c-8fb6-7b3f3ac8ac5c"
    write(image, 0, header)
    said = fsdump.dump(image, volumes_only=True)
    assert said["volumes"][0]["problem"] == "LUKS-encrypted"
