# SPDX-License-Identifier: GPL-2.0-or-later
"""LVM2 in guests: groups made by LVM's own tools, read by us and by GRUB."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402
import lvm  # noqa: E402
import raidmodel  # noqa: E402

MIB = 1 << 20


@pytest.fixture(name="content")
def content_of_a_volume(tmp_path):
    """The bytes of a file system, and what is in it."""
    source = tmp_path / "source"
    source.mkdir()
    fsdump.make_tree(source, special=False)
    image = tmp_path / "fs"
    fsdump.run("truncate", "-s", "20M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-d", source, image)
    return image.read_bytes(), fsdump.tree(source)


def assert_content(said, real):
    del said["files"][b"/lost+found"]
    fsdump.assert_same(said, real, compare=("type", "size", "sha256", "target"))


def grub_reads(name, *disks):
    """What GRUB's LVM code gives for one file."""
    words = ["grub-fstest", "-c", str(len(disks)), *map(str, disks), "cat", f"({name})/boot/size-4097"]
    return subprocess.run(words, capture_output=True, check=False, timeout=60).stdout


def problems(said):
    return {v["name"]: v["problem"] for v in said["volumes"] if v["problem"]}


def test_a_linear_volume_is_read_as_grub_does(tmp_path, content):
    with lvm.Group(tmp_path, "vg") as group:
        group.lvcreate("-n", "root", "-L", "20M")
        group.write("root", content[0])
        text = group.metadata()
    said = fsdump.dump(*group.disks)
    assert said["volume"] == "lvm/vg-root"
    assert_content(said, content[1])
    assert not fsdump.without_straight_extents(said)
    ids = re.findall(r'id = "(.*?)"', text)
    name = f"lvmid/{ids[0]}/{ids[-1]}"
    assert fsdump.dump(*group.disks, volume=name)["volume"] == "lvm/vg-root"
    for spelling in ("lvm/vg-root", name):
        assert grub_reads(spelling, *group.disks) == fsdump.content(4097)
    report = fsdump.report(said)
    assert "ok lvm/vg LVM group on hd0" in report
    assert "note hd0 LVM physical volume" in report
    assert any(line.startswith("ok lvm/vg-root ext4 UUID ") for line in report)


def test_dashes_in_names_are_doubled(tmp_path, content):
    with lvm.Group(tmp_path, "my-vg") as group:
        group.lvcreate("-n", "the-root", "-L", "20M")
        group.write("the-root", content[0])
    assert fsdump.dump(*group.disks)["volume"] == "lvm/my--vg-the--root"
    assert grub_reads("lvm/my--vg-the--root", *group.disks) == fsdump.content(4097)


def test_a_volume_in_pieces_on_several_disks(tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=3, size="20M") as group:
        group.lvcreate("-n", "one", "-L", "4M")
        group.lvcreate("-n", "root", "-L", "2M")
        group.lvcreate("-n", "two", "-L", "3M")
        for size, loop in zip(("7M", "5M", "6M"), group.loops):
            group.tool("lvextend", "-L", f"+{size}", f"{group.name}/root", loop)
            group.lvcreate("-n", f"after{size}", "-L", "1M")
        assert len(list(group.segments("root"))) >= 4
        group.write("root", content[0])
    said = fsdump.dump(*group.disks)
    assert said["volume"] == "lvm/vg-root"
    assert_content(said, content[1])
    assert grub_reads("lvm/vg-root", *group.disks) == fsdump.content(4097)
    # In any order, and with the last disk gone.
    assert_content(fsdump.dump(*reversed(group.disks)), content[1])
    said = fsdump.dump(*group.disks[:2], volumes_only=True)
    assert problems(said)["lvm/vg-root"] == "a part of it is missing: pv2"


@pytest.mark.parametrize("stripe", ("4K", "64K", "512K"))
@pytest.mark.parametrize("disks", (2, 3))
def test_a_striped_volume_is_read_as_grub_does(disks, stripe, tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=disks) as group:
        group.lvcreate("-n", "root", "-i", disks, "-I", stripe, "-L", "21M")
        group.write("root", content[0])
    said = fsdump.dump(*group.disks)
    assert_content(said, content[1])
    assert not fsdump.without_straight_extents(said)
    assert grub_reads("lvm/vg-root", *group.disks) == fsdump.content(4097)


def part(name, disk, extent, count, visible=False):
    """A linear volume at a place of our choice."""
    status = '"READ", "WRITE"' + (', "VISIBLE"' if visible else "")
    return f"""{name} {{ id = "{volume_id(name)}" status = [{status}] flags = [] segment_count = 1
        segment1 {{ start_extent = 0 extent_count = {count} type = "striped" stripe_count = 1
        stripes = [ "pv{disk}", {extent} ] }} }}\n"""


def volume_id(name):
    """A well-formed id."""
    plain = (name.replace("_", "x") + "0" * 32)[:32]
    ends = (6, 10, 14, 18, 22, 26, 32)
    return "-".join(plain[start:end] for start, end in zip((0,) + ends, ends))


def whole(name, segment, count=20, flags='"READ", "WRITE", "VISIBLE"'):
    """A volume of one segment."""
    return f"""{name} {{ id = "{volume_id(name)}" status = [{flags}] flags = [] segment_count = 1
        segment1 {{ start_extent = 0 extent_count = {count} {segment} }} }}\n"""


def images(kind, disks, count):
    """The hidden parts of a mirror or RAID, one a disk, and their list."""
    text = "".join(part(f"root_rmeta_{n}", n, 0, 1) + part(f"root_{kind}_{n}", n, 1, count) for n in range(disks))
    return text, ", ".join(f'"root_rmeta_{n}", "root_{kind}_{n}"' for n in range(disks))


def test_mirrored_volumes_are_read_from_any_leg(tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=2) as group:
        parts, names = images("rimage", 2, 20)
        group.replace_volumes(parts + whole("root", f'type = "raid1" device_count = 2 region_size = 1024 raids = [ {names} ]'))
        for loop in group.loops:
            group.write_at(loop, group.place(1), content[0])
    said = fsdump.dump(*group.disks)
    assert [v["name"] for v in said["volumes"]] == ["hd0", "hd1", "lvm/vg-root"]
    assert_content(said, content[1])
    assert grub_reads("lvm/vg-root", *group.disks) == fsdump.content(4097)
    for disk in group.disks:
        assert_content(fsdump.dump(disk), content[1])


def test_old_mirrors_are_read_as_well(tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=2) as group:
        parts = part("root_mimage_0", 0, 3, 20) + part("root_mimage_1", 1, 5, 20)
        group.replace_volumes(parts + whole(
            "root", 'type = "mirror" mirror_count = 2 region_size = 1024 extents_moved = 20\n'
            'mirrors = [ "root_mimage_0", 0, "root_mimage_1", 0 ]'))
        group.write_at(group.loops[0], group.place(3), content[0])
        group.write_at(group.loops[1], group.place(5), content[0])
    for disks in (group.disks, group.disks[:1], group.disks[1:]):
        assert_content(fsdump.dump(*disks), content[1])


@pytest.mark.parametrize("kind, copies", (("raid0_meta", 1), ("raid0", 1), ("raid10", 2)))
def test_striped_raid_is_read(kind, copies, tmp_path, content):
    disks = 2 * copies
    chunk = 65536
    with lvm.Group(tmp_path, "vg", disks=disks) as group:
        parts, names = images("rimage", disks, 10)
        key = "raids"
        if kind == "raid0":
            key = "raid0_lvs"
            names = ", ".join(f'"root_rimage_{n}"' for n in range(disks))
            parts = "".join(part(f"root_rimage_{n}", n, 1, 10) for n in range(disks))
        region = "region_size = 1024" if kind == "raid10" else ""
        group.replace_volumes(parts + whole(
            "root", f'type = "{kind}" device_count = {disks} {region} stripe_size = {chunk // 512} {key} = [ {names} ]'))
        for number in range(len(content[0]) // chunk):
            for copy in range(copies):
                loop = group.loops[number % 2 * copies + copy]
                group.write_at(loop, group.place(1) + number // 2 * chunk, content[0][number * chunk:][:chunk])
    assert_content(fsdump.dump(*group.disks), content[1])


RAID5 = {"raid4": "parity-first", "raid5": "left-symmetric", "raid5_n": "parity-last", "raid5_la": "left-asymmetric",
         "raid5_ls": "left-symmetric", "raid5_ra": "right-asymmetric", "raid5_rs": "right-symmetric"}
RAID6 = {"raid6": "ddf-zero-restart", "raid6_zr": "ddf-zero-restart", "raid6_nr": "ddf-n-restart",
         "raid6_nc": "ddf-n-continue", "raid6_n_6": "parity-last", "raid6_la_6": "left-asymmetric-6",
         "raid6_ls_6": "left-symmetric-6", "raid6_ra_6": "right-asymmetric-6", "raid6_rs_6": "right-symmetric-6"}


def raid_group(tmp_path, kind, parts, notes=(), extents=20):
    """A volume of dm-raid's images, one a disk; `notes` are what stands on the metadata images."""
    disks = len(parts)
    chunk = "" if kind == "raid1" else "stripe_size = 128"
    with lvm.Group(tmp_path, "vg", disks=disks, size="32M") as group:
        hidden, names = images("rimage", disks, -(-len(parts[0]) >> 20))
        group.replace_volumes(hidden + whole(
            "root", f'type = "{kind}" device_count = {disks} {chunk} region_size = 1024 '
            f"raids = [ {names} ]", extents))
        for loop, part_of_it in zip(group.loops, parts):
            group.write_at(loop, group.place(1), part_of_it)
        for loop, note in zip(group.loops, notes):
            group.write_at(loop, group.place(0), note)
    return group.disks


def without(disks, *numbers):
    return [disk for number, disk in enumerate(disks) if number not in numbers]


@pytest.mark.parametrize("kind", RAID5)
def test_raid5_is_read_and_its_lost_disk_computed(kind, tmp_path, content):
    parts = raidmodel.parity(content[0], 3, 65536, RAID5[kind])
    disks = raid_group(tmp_path, kind, parts)
    assert_content(fsdump.dump(*disks), content[1])
    for lost in range(3):
        assert_content(fsdump.dump(*without(disks, lost)), content[1])
    said = fsdump.dump(disks[0], volumes_only=True)
    assert problems(said)["lvm/vg-root"] == "too many parts of it are missing or out of date"


@pytest.mark.parametrize("kind", RAID6)
def test_raid6_is_read_and_two_lost_disks_computed(kind, tmp_path, content):
    parts = raidmodel.parity(content[0], 5, 65536, RAID6[kind], lost=2)
    # Three data disks: 20 MiB are no whole number of rows of extents.
    disks = raid_group(tmp_path, kind, parts, extents=21)
    assert_content(fsdump.dump(*disks), content[1])
    for lost in ((0, 1), (1, 3), (2, 4)):
        assert_content(fsdump.dump(*without(disks, *lost)), content[1])


# What the notes say of the first image, which is an old one.
STALE = {
    "older": (lvm.note(0, 2, events=3), lvm.note(1, 2)),
    "failed": (lvm.note(0, 2), lvm.note(1, 2, events=6, failed=[0])),
    "filling": (lvm.note(0, 2, filled=0), lvm.note(1, 2)),
    "new": (b"", lvm.note(1, 2)),
    "elsewhere": (lvm.note(3, 2), lvm.note(1, 2)),
}


@pytest.mark.parametrize("reason", STALE)
def test_an_old_leg_of_a_mirror_is_not_read(reason, tmp_path, content):
    disks = raid_group(tmp_path, "raid1", [bytes(len(content[0])), content[0]], STALE[reason])
    assert_content(fsdump.dump(*disks), content[1])
    # Alone it is all that there is: only its own note can tell.
    said = fsdump.dump(disks[0], volumes_only=True)
    stale = reason == "filling"
    assert (problems(said).get("lvm/vg-root") == "too many parts of it are missing or out of date") == (
        stale or reason == "elsewhere")


@pytest.mark.parametrize("equal", (2**64 - 1, 0))
def test_an_old_leg_of_raid5_is_computed(equal, tmp_path, content):
    parts = raidmodel.parity(content[0], 3, 65536, "left-symmetric")
    parts[1] = bytes(len(parts[1]))
    notes = [lvm.note(number, 3, events=9 if number != 1 else 2, equal=equal) for number in range(3)]
    said = fsdump.dump(*raid_group(tmp_path, "raid5_ls", parts, notes))
    assert_content(said, content[1])
    doubted = any("its parity was never complete" in line for line in fsdump.report(said))
    assert doubted == (equal == 0)


@pytest.mark.parametrize("kind", ("raid1", "mirror"))
@pytest.mark.parametrize("mark", ("REBUILD", "MISSING"))
def test_a_leg_that_lvm_knows_to_be_old_is_not_read(kind, mark, tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=2) as group:
        parts, names = images("rimage", 2, 20)
        segment = f'type = "raid1" device_count = 2 region_size = 1024 raids = [ {names} ]'
        if kind == "mirror":
            segment = ('type = "mirror" mirror_count = 2 region_size = 1024\n'
                       'mirrors = [ "root_rimage_0", 0, "root_rimage_1", 0 ]')
        if mark == "REBUILD":
            head, tail = parts.split("root_rimage_0 {", 1)
            parts = head + "root_rimage_0 {" + tail.replace('"WRITE"', '"WRITE", "REBUILD"', 1)
        group.replace_volumes(parts + whole("root", segment))
        group.write_at(group.loops[0], group.place(1), bytes(len(content[0])))
        group.write_at(group.loops[1], group.place(1), content[0])
        if mark == "MISSING":
            group.change_text(lambda text: "pv0 {".join(
                part.replace("flags = []", 'flags = ["MISSING"]', number)
                for number, part in enumerate(text.split("pv0 {"))))
    assert_content(fsdump.dump(*group.disks), content[1])


def test_a_raid_that_is_being_reshaped_is_named(tmp_path, content):
    parts = raidmodel.parity(content[0], 3, 65536, "left-symmetric")
    notes = [lvm.note(number, 3, flags=1) for number in range(3)]
    said = fsdump.dump(*raid_group(tmp_path, "raid5_ls", parts, notes), volumes_only=True)
    assert problems(said)["lvm/vg-root"] == "an LVM RAID that is being reshaped, which is not read"


@pytest.mark.parametrize("mode", ("writethrough", "passthrough", "writeback"))
@pytest.mark.parametrize("pool", (True, False))
def test_a_cache_is_read_where_its_origin_has_all(pool, mode, tmp_path, content):
    with lvm.Group(tmp_path, "vg") as group:
        mode_of = f'chunk_size = 128 cache_mode = "{mode}" policy = "smq"'
        text = part("root_corig", 0, 5, 20) + part("pool_cmeta", 0, 30, 1) + part("pool_cdata", 0, 31, 4)
        if pool:
            text += whole("pool", f'type = "cache-pool" data = "pool_cdata" metadata = "pool_cmeta" {mode_of}', 4,
                          '"READ", "WRITE"')
            text += whole("root", 'type = "cache" cache_pool = "pool" origin = "root_corig"')
        else:
            text += part("pool", 0, 40, 4).replace('"WRITE"', '"WRITE", "CACHE_VOL"')
            text += whole("root", f'type = "cache" cache_pool = "pool" origin = "root_corig" {mode_of}\n'
                          'metadata_format = 2 metadata_start = 0 metadata_len = 2048 data_start = 2048 data_len = 6144')
        group.replace_volumes(text)
        group.write_at(group.loops[0], group.place(5), content[0])
    if mode != "writeback":
        assert_content(fsdump.dump(*group.disks), content[1])
        return
    said = fsdump.dump(*group.disks, volumes_only=True)
    assert problems(said)["lvm/vg-root"] == (
        "an LVM cache in writeback mode: what the guest wrote last may be in the cache only")


# The first is what LVM's own tools write; none of the others is written by them.
@pytest.mark.parametrize("old, new", (
    ("segment_count = 1", "segment_count = 2"), ("segment_count = 1", ""), ("stripe_count = 1", "stripe_count = 2"),
    ("stripe_count = 1", "")))
def test_a_text_that_contradicts_itself_is_refused_as_grub_does(old, new, tmp_path, content):
    with lvm.Group(tmp_path, "vg") as group:
        group.replace_volumes(part("root", 0, 0, 20, visible=True))
        group.write_at(group.loops[0], group.place(0), content[0])
        assert_content(fsdump.dump(*group.disks), content[1])
        group.change_text(lambda text: text.replace(old, new))
    said = fsdump.dump(*group.disks, volumes_only=True)
    assert problems(said)["lvm/vg-root"].startswith("its description makes no sense: ")
    assert not grub_reads("lvm/vg-root", *group.disks)


def test_what_is_not_read_is_named(tmp_path):
    with lvm.Group(tmp_path, "vg") as group:
        group.lvcreate("-n", "plain", "-L", "4M")
        text = group.metadata()
        group.restore(text.replace(
            "logical_volumes {",
            "logical_volumes {\n" + part("pool_tmeta", 0, 20, 1) + part("pool_tdata", 0, 21, 5)
            + whole("pool", 'type = "thin-pool" metadata = "pool_tmeta" pool = "pool_tdata" transaction_id = 0\n'
                    'chunk_size = 128 discards = "passdown" zero_new_blocks = 1', 5)
            + whole("thin", 'type = "thin" thin_pool = "pool" transaction_id = 0 device_id = 1', 5)))
    said = fsdump.dump(*group.disks, volumes_only=True)
    assert problems(said) == {
        "lvm/vg-pool": "an LVM thin-pool volume, which is not read",
        "lvm/vg-thin": "an LVM thin volume, which is not read"}
    assert "warning lvm/vg-thin: an LVM thin volume, which is not read" in fsdump.report(said)


def test_the_newest_copy_of_the_metadata_counts(tmp_path, content):
    with lvm.Group(tmp_path, "vg", disks=2) as group:
        old = shutil.copy(group.disks[0], tmp_path / "old")
        group.lvcreate("-n", "root", "-L", "20M", )
        group.write("root", content[0])
    # A disk that was away while the volume was made: its data is there, its text is old.
    with open(old, "rb") as file, open(group.disks[0], "r+b") as disk:
        disk.write(file.read(MIB))
    said = fsdump.dump(*group.disks)
    assert said["volume"] == "lvm/vg-root"
    assert_content(said, content[1])
    assert problems(fsdump.dump(group.disks[0], volumes_only=True)) == {}


def test_the_ring_of_texts_goes_round(tmp_path, content):
    with lvm.Group(tmp_path, "vg", extent="32K") as group:
        # Each change is written behind the one before it: a megabyte is soon full.
        for number in range(60):
            group.lvcreate("-n", f"volume-with-a-long-name-to-fill-the-ring-{number:060}", "-L", "32K")
        group.lvcreate("-n", "root", "-L", "20M")
        for number in range(30):
            group.tool("lvchange", "--addtag", f"tag{number}", f"{group.name}/root")
        group.write("root", content[0])
    said = fsdump.dump(*group.disks)
    assert said["volume"] == "lvm/vg-root"
    assert_content(said, content[1])


def test_a_damaged_text_is_told(tmp_path):
    with lvm.Group(tmp_path, "vg", disks=2) as group:
        group.lvcreate("-n", "root", "-L", "20M")
    raw = bytearray(group.disks[0].read_bytes()[:MIB])
    at = raw.rindex(b"logical_volumes")
    raw[at] ^= 1
    with open(group.disks[0], "r+b") as disk:
        disk.write(raw)
    said = fsdump.dump(*group.disks, volumes_only=True)
    assert said["volumes"][-1]["name"] == "lvm/vg-root"
    assert "warning hd0: its copy of the LVM metadata is damaged" in fsdump.report(said)
    said = fsdump.dump(group.disks[0], volumes_only=True)
    assert [v["name"] for v in said["volumes"]] == ["hd0"]


def test_a_cloned_disk_is_not_used_twice(tmp_path, content):
    with lvm.Group(tmp_path, "vg") as group:
        group.lvcreate("-n", "root", "-L", "20M")
        group.write("root", content[0])
    clone = shutil.copy(group.disks[0], tmp_path / "clone")
    said = fsdump.dump(*group.disks, clone)
    assert [v["name"] for v in said["volumes"]] == ["hd0", "hd1", "lvm/vg-root"]
    assert "warning hd1 is a copy of the LVM physical volume hd0: not used" in fsdump.report(said)
    assert_content(said, content[1])


def test_two_groups_of_one_name_are_told_apart(tmp_path, content):
    disks = []
    for number in range(2):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        with lvm.Group(folder, "vg") as group:
            group.lvcreate("-n", "root", "-L", "20M")
            group.write("root", content[0])
        disks += group.disks
    names = [v["name"] for v in fsdump.dump(*disks, volumes_only=True)["volumes"]]
    assert names[2] == "lvm/vg-root" and names[3].startswith("lvmid/")
    assert_content(fsdump.dump(*disks, volume=names[3]), content[1])


def test_volumes_on_themselves_end(tmp_path):
    with lvm.Group(tmp_path, "vg") as group:
        group.lvcreate("-n", "root", "-L", "4M")
    raw = group.disks[0].read_bytes()
    start = raw.rindex(b"vg {")
    length = raw.index(b"\0", start) - start
    text = raw[start:start + length + 1].replace(b'"pv0", 0', b'"root",0')
    write_text(group.disks[0], start, text)
    said = fsdump.dump(*group.disks, volumes_only=True)
    assert "lies on itself" in problems(said)["lvm/vg-root"]


def test_a_group_inside_a_volume_is_not_looked_for(tmp_path):
    """A guest's guest may be anything; GRUB does not look for it either."""
    with lvm.Group(tmp_path, "inner", size="16M") as inner:
        inner.lvcreate("-n", "hidden", "-L", "4M")
    with lvm.Group(tmp_path, "outer") as outer:
        outer.lvcreate("-n", "root", "-L", "20M")
        outer.write("root", inner.disks[0].read_bytes())
    said = fsdump.dump(*outer.disks, volumes_only=True)
    names = [volume["name"] for volume in said["volumes"]]
    assert "lvm/outer-root" in names
    assert not [name for name in names if "inner" in name]


def lvm_crc(content):
    """LVM's checksum."""
    crc = 0xF597A6CF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xEDB88320 if crc & 1 else 0)
    return crc


def write_text(path, at, text):
    """Puts a text of ours where the committed one is, with its checksum."""
    with open(path, "r+b") as disk:
        disk.seek(4096 + 40)
        place = int.from_bytes(disk.read(8), "little")
        assert 4096 + place == at
        disk.seek(4096 + 48)
        disk.write(len(text).to_bytes(8, "little") + lvm_crc(text).to_bytes(4, "little"))
        disk.seek(at)
        disk.write(text)


def test_thousands_of_volumes_are_bounded(tmp_path):
    with lvm.Group(tmp_path, "vg") as group:
        pass
    raw = group.disks[0].read_bytes()
    start = raw.rindex(b"vg {")
    text = raw[start:raw.index(b"\0", start)].decode()
    end = text.rindex("\n}\n")
    volumes = "".join(
        f'v{n} {{ id="x{n}" status=["VISIBLE"] segment1 {{ start_extent=0 extent_count=1 type="striped" '
        f'stripes=["v{n + 1}",0] }} }}\n' for n in range(5000))
    text = text[:end] + "\nlogical_volumes {\n" + volumes + "}" + text[end:] + "\0"
    start = 4096 + 512
    with open(group.disks[0], "r+b") as disk:
        disk.seek(4096 + 40)
        disk.write((512).to_bytes(8, "little"))
    write_text(group.disks[0], start, text.encode())
    said = fsdump.dump(*group.disks, volumes_only=True, timeout=10)
    assert len(said["volumes"]) == 1024
    assert "warning more than 1024 volumes: the rest is not looked at" in [
        line.split(" (")[0] for line in fsdump.report(said)]


def small_content(tmp_path):
    """A file system that is quickly looked at, with what boots."""
    source = tmp_path / "small"
    (source / "boot" / "grub").mkdir(parents=True)
    (source / "boot" / "grub" / "grub.cfg").write_text("menuentry x { linux /boot/vmlinuz }\n")
    (source / "boot" / "vmlinuz").write_bytes(fsdump.content(70000))
    image = tmp_path / "small.img"
    fsdump.run("truncate", "-s", "4M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", source, image)
    return image.read_bytes()


@pytest.mark.parametrize("kind", ("linear", "striped", "mirrored"))
def test_survives_damage(kind, tmp_path):
    content = small_content(tmp_path)
    with lvm.Group(tmp_path, "vg", disks=2, size="16M") as group:
        if kind == "mirrored":
            parts, names = images("rimage", 2, 4)
            group.replace_volumes(parts + whole(
                "root", f'type = "raid1" device_count = 2 region_size = 1024 raids = [ {names} ]', 4))
            for loop in group.loops:
                group.write_at(loop, group.place(1), content)
        else:
            group.lvcreate("-n", "root", "-L", "4M", *(["-i", "2", "-I", "64K"] if kind == "striped" else []))
            group.lvcreate("-n", "more", "-L", "2M")
            group.write("root", content)
    damage.assert_scan_survived(*group.disks)
