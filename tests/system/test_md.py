# SPDX-License-Identifier: GPL-2.0-or-later
"""Linux' software RAID, every version of its superblock; GRUB is asked for its opinion."""

import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402
import mdraid  # noqa: E402

SECTORS = 65536
VERSIONS = ("0.90", "1.0", "1.1", "1.2")


@pytest.fixture(name="content")
def content_of_an_array(tmp_path):
    """The bytes of a file system, and what is in it."""
    source = tmp_path / "source"
    source.mkdir()
    fsdump.make_tree(source, special=False)
    image = tmp_path / "fs"
    fsdump.run("truncate", "-s", "24M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-d", source, image)
    return mdraid.read(image), fsdump.tree(source)


def assert_content(said, real):
    del said["files"][b"/lost+found"]
    fsdump.assert_same(said, real, compare=("type", "size", "sha256", "target"))


def grub_reads(name, *disks):
    """What GRUB's md code gives for one file."""
    words = ["grub-fstest", "-c", str(len(disks)), *map(str, disks), "cat", f"({name})/boot/size-4097"]
    return subprocess.run(words, capture_output=True, check=False, timeout=30).stdout


def mirror(tmp_path, version, content, **changes):
    """Two disks."""
    disks = [tmp_path / "one", tmp_path / "two"]
    for number, disk in enumerate(disks):
        fields = {"level": 1, "disks": 2, "number": number, "roles": [0, 1]} | changes.get(disk.name, {})
        mdraid.write_member(disk, SECTORS, version, content, **fields)
    return disks


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mirror_is_read_as_grub_does(version, tmp_path, content):
    disks = mirror(tmp_path, version, content[0])
    said = fsdump.dump(*disks, volume="md/0")
    assert [v["name"] for v in said["volumes"]] == ["hd0", "hd1", "md/0"]
    assert "ok md/0 RAID1 of hd0, hd1" in fsdump.report(said)
    assert_content(said, content[1])
    assert not fsdump.without_straight_extents(said)
    uuid = f"mduuid/{mdraid.UUID.hex()}"
    assert fsdump.dump(*disks, volume=uuid)["volume"] == "md/0"
    for name in ("md/0", uuid) if version != "0.90" else (uuid,):
        assert grub_reads(name, *disks) == fsdump.content(4097)


@pytest.mark.parametrize("version", VERSIONS)
def test_one_leg_of_a_mirror_is_enough(version, tmp_path, content):
    for disk in mirror(tmp_path, version, content[0]):
        said = fsdump.dump(disk)
        assert said["volume"] == "md/0"
        assert_content(said, content[1])


def test_the_newer_leg_counts(tmp_path, content):
    old = bytes(len(content[0]))
    for number, name in enumerate(("one", "two")):
        disks = mirror(tmp_path, "1.2", content[0], **{name: {"events": 3}})
        mdraid.write_member(disks[number], SECTORS, "1.2", old, level=1, disks=2, number=number,
                            roles=[0, 1], events=3)
        assert_content(fsdump.dump(*disks), content[1])


def test_a_leg_that_is_being_filled_does_not_count(tmp_path, content):
    disks = mirror(tmp_path, "1.2", content[0], two={"features": 2, "events": 9})
    mdraid.write_member(disks[1], SECTORS, "1.2", b"", level=1, disks=2, number=1, roles=[0, 1],
                        features=2, events=9)
    assert_content(fsdump.dump(*disks), content[1])


def test_a_spare_does_not_count(tmp_path, content):
    disks = mirror(tmp_path, "1.2", content[0])
    spare = tmp_path / "spare"
    mdraid.write_member(spare, SECTORS, "1.2", b"", level=1, disks=2, number=2, roles=[0, 1, 0xFFFF], events=9)
    assert_content(fsdump.dump(spare, *disks), content[1])
    said = fsdump.dump(spare, volumes_only=True)
    assert "warning md/0: RAID1: a member is missing or out of date" in fsdump.report(said)


@pytest.mark.parametrize("level, disks, layout, copies", (
    (0, 2, 0, 1), (0, 3, 0, 1), (10, 2, 0x102, 2), (10, 4, 0x102, 2), (10, 3, 0x103, 3)))
@pytest.mark.parametrize("version", ("0.90", "1.2"))
def test_stripes_are_read_as_grub_does(version, level, disks, layout, copies, tmp_path, content):
    chunk = 65536
    paths = [tmp_path / f"disk{number}" for number in range(disks)]
    parts = mdraid.stripes(content[0], disks, chunk, copies)
    for number, path in enumerate(paths):
        mdraid.write_member(path, SECTORS, version, parts[number], level=level, disks=disks, number=number,
                            roles=list(range(disks)), chunk=chunk // 512, layout=layout)
    said = fsdump.dump(*paths)
    assert said["volume"] == "md/0"
    assert_content(said, content[1])
    assert grub_reads(f"mduuid/{mdraid.UUID.hex()}", *paths) == fsdump.content(4097)
    if copies > 1:
        assert_content(fsdump.dump(*paths[1:]), content[1])
    else:
        said = fsdump.dump(*paths[1:], volumes_only=True)
        assert "warning md/0: RAID0: a member is missing or out of date" in fsdump.report(said)


def test_other_levels_are_named(tmp_path, content):
    paths = [tmp_path / f"disk{number}" for number in range(3)]
    for number, path in enumerate(paths):
        mdraid.write_member(path, SECTORS, "1.2", content[0], level=5, disks=3, number=number,
                            roles=[0, 1, 2], chunk=128)
    said = fsdump.dump(*paths, volumes_only=True)
    assert said["volumes"][-1]["problem"] == "RAID5: not read"
    assert "warning md/0: RAID5: not read" in fsdump.report(said)


def test_members_can_be_partitions_and_arrays_can_have_partitions(tmp_path, content):
    outer = "label: dos\nstart=2048,type=fd\n"
    inner = tmp_path / "inner"
    fsdump.run("truncate", "-s", "26M", inner)
    fsdump.run("sfdisk", "-q", inner, input=b"label: gpt\nstart=2048\n")
    array = bytearray(mdraid.read(inner))
    array[1 << 20:(1 << 20) + len(content[0])] = content[0]
    disks = []
    for number, leg in enumerate(mirror(tmp_path, "1.2", bytes(array))):
        disk = tmp_path / f"disk{number}"
        fsdump.run("truncate", "-s", "40M", disk)
        fsdump.run("sfdisk", "-q", disk, input=outer.encode())
        fsdump.run("dd", f"if={leg}", f"of={disk}", "bs=1M", "seek=1", "conv=notrunc,sparse")
        disks.append(disk)
    said = fsdump.dump(*disks)
    assert said["volume"] == "md/0,gpt1"
    assert_content(said, content[1])
    assert fsdump.dump(*disks, volume=f"mduuid/{mdraid.UUID.hex()},1")["volume"] == "md/0,gpt1"
    assert "note hd0,msdos1 member of a RAID (md)" in fsdump.report(said)


@pytest.mark.parametrize("version, level", [*((version, 1) for version in VERSIONS), ("1.2", 0), ("0.90", 10)])
def test_survives_damage(version, level, tmp_path):
    """Arrays of two disks; where the superblock stands in front, with a partition table inside."""
    inner = tmp_path / "inner"
    fsdump.run("truncate", "-s", "8M", inner)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext2", "-E", "offset=1048576", inner, "6M")
    fsdump.run("sfdisk", "-q", inner, input=b"label: dos\nstart=2048,bootable\n")
    front = version in ("1.1", "1.2")
    content = mdraid.read(inner) if front else mdraid.read(inner)[1 << 20:]
    disks = [tmp_path / f"disk{number}" for number in range(2)]
    parts = [content, content] if level == 1 else mdraid.stripes(content, 2, 65536, 2 if level else 1)
    form = {0: {"chunk": 128}, 1: {}, 10: {"chunk": 128, "layout": 0x102}}[level]
    for number, disk in enumerate(disks):
        mdraid.write_member(disk, SECTORS // 2, version, parts[number], level=level, disks=2,
                            number=number, roles=[0, 1], **form)
    assert fsdump.dump(*disks)["volume"] == ("md/0,msdos1" if front else "md/0")
    damage.assert_scan_survived(*disks)
