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
