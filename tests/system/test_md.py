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
import raidmodel  # noqa: E402

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


# A small file system, and arrays of disks with 8 MiB.
SMALL = 16384
CHUNK = 65536


@pytest.fixture(name="small", scope="module")
def content_of_a_small_array(tmp_path_factory):
    """The bytes of a file system of 5 MiB, and what is in it."""
    folder = tmp_path_factory.mktemp("small")
    source = folder / "source"
    (source / "boot").mkdir(parents=True)
    for size in (0, 1, 4097, 70000, 1 << 20):
        (source / "boot" / f"size-{size}").write_bytes(fsdump.content(size))
    image = folder / "fs"
    fsdump.run("truncate", "-s", "5M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", source, image)
    return mdraid.read(image), fsdump.tree(source)


def write_array(tmp_path, parts, version="1.2", **form):
    """The disks of an array; `form` as super_1() and super_0() take it, `changes` by number."""
    changes = form.pop("changes", {})
    paths = [tmp_path / f"disk{number}" for number in range(len(parts))]
    for number, path in enumerate(paths):
        fields = {"disks": len(parts), "number": number, "roles": list(range(len(parts))),
                  "chunk": CHUNK // 512} | form | changes.get(number, {})
        mdraid.write_member(path, SMALL, version, parts[number], **fields)
    return paths


def without(paths, *numbers):
    return [path for number, path in enumerate(paths) if number not in numbers]


def assert_missing(level, *paths):
    said = fsdump.dump(*paths, volumes_only=True)
    assert f"warning md/0: RAID{level}: a member is missing or out of date" in fsdump.report(said)
    assert not any(volume["readable"] for volume in said["volumes"])


@pytest.mark.parametrize("disks", (3, 4))
@pytest.mark.parametrize("layout", raidmodel.LAYOUTS_5)
def test_raid5_is_read_and_its_lost_disk_computed(layout, disks, tmp_path, small):
    number = raidmodel.LAYOUTS_5[layout]
    paths = write_array(tmp_path, raidmodel.parity(small[0], disks, CHUNK, layout), level=5, layout=number)
    said = fsdump.dump(*paths)
    assert_content(said, small[1])
    assert not fsdump.without_straight_extents(said)
    if number < 4:
        assert grub_reads(f"mduuid/{mdraid.UUID.hex()}", *paths) == fsdump.content(4097)
    for lost in range(disks):
        assert_content(fsdump.dump(*without(paths, lost)), small[1])
    assert_missing(5, *without(paths, 0, 1))


@pytest.mark.parametrize("version", ("0.90", "1.2"))
def test_raid4_is_read_and_its_lost_disk_computed(version, tmp_path, small):
    paths = write_array(tmp_path, raidmodel.parity(small[0], 3, CHUNK, "parity-last"), version, level=4)
    for lost in (None, 0, 1, 2):
        assert_content(fsdump.dump(*without(paths, lost)), small[1])
    assert_missing(4, paths[0])


@pytest.mark.parametrize("layout", raidmodel.LAYOUTS_6)
def test_raid6_is_read_and_two_lost_disks_computed(layout, tmp_path, small):
    parts = raidmodel.parity(small[0], 5, CHUNK, layout, lost=2)
    number = raidmodel.LAYOUTS_6[layout]
    paths = write_array(tmp_path, parts, level=6, layout=number)
    said = fsdump.dump(*paths)
    assert_content(said, small[1])
    assert not fsdump.without_straight_extents(said)
    if number < 4:
        assert grub_reads(f"mduuid/{mdraid.UUID.hex()}", *paths) == fsdump.content(4097)
    for lost in ((2,), (0, 1), (1, 3), (0, 4), (3, 4)):
        assert_content(fsdump.dump(*without(paths, *lost)), small[1])
    assert_missing(6, *without(paths, 0, 2, 4))


# near, far, offset, sets: as mdadm's n2, f2, o2 and f3.
@pytest.mark.parametrize("disks, near, far, offset, sets", (
    (3, 2, 1, False, 0), (5, 2, 1, False, 0), (2, 1, 2, False, 0), (3, 1, 2, False, 0), (4, 1, 2, False, 0),
    (4, 2, 2, False, 0), (4, 1, 3, False, 0), (3, 1, 2, True, 0), (4, 1, 2, True, 0), (5, 1, 3, True, 0),
    (4, 1, 2, False, 1), (6, 1, 2, False, 1), (4, 1, 2, False, 2), (5, 1, 2, False, 2), (5, 1, 2, True, 2)))
def test_raid10_of_all_forms_is_read(disks, near, far, offset, sets, tmp_path, small):
    parts, used = raidmodel.copies(small[0][:3 << 20] if disks == 2 else small[0], disks, CHUNK, near, far, offset,
                                   sets)
    layout = near | far << 8 | offset << 16 | sets << 17
    # The size decides where the far copies stand.
    paths = write_array(tmp_path, parts, level=10, layout=layout, used=used // 512)
    said = fsdump.dump(*paths)
    assert_content(said, small[1])
    for lost in range(disks):
        assert_content(fsdump.dump(*without(paths, lost)), small[1])
    if near * far == 2 and disks > 2:
        assert_missing(10, *without(paths, *range(disks - 1)))


@pytest.mark.parametrize("layout", (1, 2))
@pytest.mark.parametrize("sizes", ((4, 2, 1), (1, 2, 4), (2, 2, 3), (1, 3, 3)))
def test_raid0_of_unequal_disks_is_read(sizes, layout, tmp_path, small):
    sizes = [size << 20 for size in sizes]
    parts = raidmodel.zones(small[0], sizes, CHUNK, layout == 1)
    changes = {number: {"used": size // 512} for number, size in enumerate(sizes)}
    paths = write_array(tmp_path, parts, level=0, layout=layout, features=1 << 12, changes=changes)
    assert_content(fsdump.dump(*paths), small[1])
    assert_missing(0, *without(paths, 1))


def test_raid0_of_an_unknown_layout_is_read_as_far_as_it_is_sure(tmp_path, small):
    sizes = [1 << 20, 4 << 20]
    paths = write_array(tmp_path, raidmodel.zones(small[0], sizes, CHUNK, True), level=0,
                        changes={number: {"used": size // 512} for number, size in enumerate(sizes)})
    said = fsdump.dump(*paths, volumes_only=True)
    assert ("warning md/0: members of different sizes and no record of how they are striped; "
            "only the first part is read") in fsdump.report(said)


def test_disks_one_behind_the_other_are_read(tmp_path, small):
    sizes = [1 << 20, 3 << 20, 2 << 20]
    parts = [small[0][:1 << 20], small[0][1 << 20:4 << 20], small[0][4 << 20:]]
    paths = write_array(tmp_path, parts, level=-1, chunk=0,
                        changes={number: {"used": size // 512} for number, size in enumerate(sizes)})
    said = fsdump.dump(*paths)
    assert_content(said, small[1])
    assert "ok md/0 linear RAID of hd0, hd1, hd2" in fsdump.report(said)


def test_a_disk_that_the_newest_saw_fail_does_not_count(tmp_path, small):
    """Its own superblock knows nothing of it, and is only one event behind."""
    stale = bytes(len(small[0]))
    paths = write_array(tmp_path, [stale, small[0]], level=1, changes={
        0: {"events": 7}, 1: {"events": 8, "roles": [0xFFFE, 1]}})
    assert_content(fsdump.dump(*paths), small[1])
    parts = raidmodel.parity(small[0], 3, CHUNK, "left-symmetric")
    parts[1] = bytes(len(parts[1]))
    paths = write_array(tmp_path, parts, level=5, layout=2, changes={
        0: {"roles": [0, 0xFFFE, 2], "events": 8}, 2: {"roles": [0, 0xFFFE, 2], "events": 8}})
    assert_content(fsdump.dump(*paths), small[1])


def test_parity_of_an_array_that_was_not_stopped_is_doubted(tmp_path, small):
    parts = raidmodel.parity(small[0], 3, CHUNK, "left-symmetric")
    paths = write_array(tmp_path, parts, level=5, layout=2, resync=0)
    doubt = ("warning md/0: a member is missing and the array was not stopped: "
             "what is computed out of its parity may be wrong")
    assert doubt not in fsdump.report(fsdump.dump(*paths))
    assert doubt in fsdump.report(fsdump.dump(*paths[:2]))


def test_what_is_not_read_is_named(tmp_path, small):
    parts = raidmodel.parity(small[0], 3, CHUNK, "left-symmetric")
    for form, problem in (({"features": 4}, "RAID5: it is being reshaped, which is not read"),
                          ({"layout": 7}, "RAID5: its layout 7 is not read"),
                          ({"level": 7}, "RAID of an unknown kind: not read")):
        paths = write_array(tmp_path, parts, **({"level": 5, "layout": 2} | form))
        said = fsdump.dump(*paths, volumes_only=True)
        assert said["volumes"][-1]["problem"] == problem
    paths = write_array(tmp_path, parts, level=5, layout=2, features=1 << 9)
    assert ("warning md/0 has a journal, which is not replayed: newer data may be missing"
            in fsdump.report(fsdump.dump(*paths)))


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


@pytest.mark.parametrize("version, level", [
    *((version, 1) for version in VERSIONS), ("1.2", 0), ("0.90", 10), ("1.2", 5), ("1.2", 6)])
def test_survives_damage(version, level, tmp_path):
    """Arrays of two disks and parity; where the superblock stands in front, with a partition table inside."""
    inner = tmp_path / "inner"
    fsdump.run("truncate", "-s", "8M", inner)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext2", "-E", "offset=1048576", inner, "6M")
    fsdump.run("sfdisk", "-q", inner, input=b"label: dos\nstart=2048,bootable\n")
    front = version in ("1.1", "1.2")
    content = mdraid.read(inner) if front else mdraid.read(inner)[1 << 20:]
    lost = {5: 1, 6: 2}.get(level)
    if lost:
        # One disk of these is not given.
        parts = raidmodel.parity(content, 2 + lost, 65536, "left-symmetric", lost)
    else:
        parts = [content, content] if level == 1 else mdraid.stripes(content, 2, 65536, 2 if level else 1)
    disks = [tmp_path / f"disk{number}" for number in range(len(parts))]
    form = {1: {}, 10: {"chunk": 128, "layout": 0x102}}.get(level, {"chunk": 128, "layout": 2 if lost else 0})
    for number, disk in enumerate(disks):
        mdraid.write_member(disk, SECTORS // 2, version, parts[number], level=level, disks=len(disks),
                            number=number, roles=list(range(len(disks))), **form)
    disks = disks[:-1] if lost else disks
    assert fsdump.dump(*disks)["volume"] == ("md/0,msdos1" if front else "md/0")
    damage.assert_scan_survived(*disks)
