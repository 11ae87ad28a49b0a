# SPDX-License-Identifier: GPL-2.0-or-later
"""Partition tables and volume names, compared with sfdisk and with GRUB itself."""

import json
import pathlib
import re
import subprocess
import sys

import pexpect
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

TABLES = {
    "dos": "label: dos\n1M,4M\n5M,1M,S,*\n6M,50M,E\n7M,4M\nstart=12M,size=1M\nstart=15M,size=1M\n",
    "dos-slots": "label: dos\n/dev/x2: start=1M,size=4M\n/dev/x4: start=6M,size=1M,type=ef\n",
    "dos-extended-first": "label: dos\n1M,20M,E\n30M,10M\n2M,3M\n6M,3M\n",
    "dos-85": "label: dos\n1M,4M\n6M,50M,85\n7M,4M\nstart=12M,size=1M\n",
    "gpt": "label: gpt\n1M,4M,U\n5M,1M,S\n6M,50M,L\n",
    "gpt-gaps": "label: gpt\n/dev/x3: start=1M,size=4M\n/dev/x120: start=6M,size=4M\n",
    "gpt-short": "label: gpt\ntable-length: 8\n1M,4M\n",
    "gpt-long": "label: gpt\ntable-length: 256\n1M,4M\n/dev/x200: start=7M,size=4M\n",
}


def make_table(path, script, sector=512):
    """A disk of 64 MiB with a table; sfdisk's own account of it."""
    fsdump.run("truncate", "-s", "64M", path)
    if sector == 512:
        fsdump.run("sfdisk", "-q", path, input=script.encode())
        return json.loads(fsdump.run("sfdisk", "-J", path))["partitiontable"]
    loop = fsdump.run("losetup", "-f", "--show", "-b", sector, path).decode().strip()
    try:
        fsdump.run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", loop, input=script.encode())
        return json.loads(fsdump.run("sfdisk", "-J", loop))["partitiontable"]
    finally:
        subprocess.run(["losetup", "-d", loop], check=False)


def expected(table):
    """Our volumes of sfdisk's partitions: number, start, size, PARTUUID."""
    unit = table["sectorsize"]
    found = []
    for partition in table["partitions"]:
        number = int(re.search(r"(\d+)$", partition["node"])[1])
        if partition["type"] in ("5", "f", "85"):
            continue
        uuid = partition.get("uuid", f"{table['id'][2:]}-{number:02x}").lower()
        found.append((number, partition["start"] * unit, partition["size"] * unit, uuid))
    return sorted(found)


def seen(said):
    """The same of what we found."""
    return sorted(
        (int(re.search(r"(\d+)$", v["name"])[1]), v["start"], v["size"], v["part_uuid"])
        for v in said["volumes"]
        if "," in v["name"]
    )


@pytest.mark.parametrize("sector", (512, 4096))
@pytest.mark.parametrize("name", TABLES)
def test_finds_the_partitions_that_sfdisk_finds(name, sector, tmp_path):
    if sector == 4096 and name.startswith("dos"):
        pytest.skip("a file does not tell an MBR's sector size")
    image = tmp_path / "disk"
    table = make_table(image, TABLES[name], sector)
    said = fsdump.dump(image, volumes_only=True)
    assert seen(said) == expected(table)
    kind = {"dos": "MBR", "gpt": "GPT"}[table["label"]]
    assert fsdump.report(said)[0] == f"ok hd0 {image} 64.0 MiB, {kind}"
    assert not [line for line in fsdump.report(said) if line.startswith("warning")]


def test_an_mbr_on_a_disk_of_4096_byte_sectors(tmp_path):
    image = tmp_path / "disk"
    table = make_table(image, TABLES["dos"], 4096)
    loop = fsdump.run("losetup", "-f", "--show", "-r", "-b", "4096", image).decode().strip()
    try:
        assert seen(fsdump.dump("--sector-size=4096", loop, volumes_only=True)) == expected(table)
    finally:
        subprocess.run(["losetup", "-d", loop], check=False)


def test_a_gpt_is_read_from_its_backup(tmp_path):
    image = tmp_path / "disk"
    table = make_table(image, TABLES["gpt"])
    with open(image, "r+b") as disk:
        disk.seek(512)
        disk.write(b"\0" * 512)
    said = fsdump.dump(image, volumes_only=True)
    assert seen(said) == expected(table)
    assert "warning hd0: the primary GPT is damaged: its backup is used" in fsdump.report(said)


def grub_names(folder, *images):
    """What GRUB's own `ls` lists, in its order."""
    (folder / "device.map").write_text("".join(f"(hd{n}) {image}\n" for n, image in enumerate(images)))
    (folder / "grub.cfg").write_text("terminal_output console\nls\necho the end\nexit\n")
    grub = pexpect.spawn("grub-emu", ["-m", str(folder / "device.map"), "-d", str(folder)], timeout=20)
    try:
        grub.expect("the end")
        shown = re.sub(rb"\x1b\[[0-9;]*m|[\r\n]", b"", grub.before).decode()
    finally:
        grub.close(force=True)
    return [name for name in re.findall(r"\(([^()]*)\)", shown) if name.startswith("hd")]


def test_names_and_order_are_grubs(tmp_path):
    images = []
    for name in ("dos", "gpt", "dos-slots", "gpt-gaps", "dos-extended-first"):
        images.append(tmp_path / name)
        make_table(images[-1], TABLES[name])
    images.append(tmp_path / "empty")
    fsdump.run("truncate", "-s", "8M", images[-1])
    said = fsdump.dump(*images, volumes_only=True)
    assert [v["name"] for v in said["volumes"]] == grub_names(tmp_path, *images)


def test_casefolded_folders_find_any_case(tmp_path):
    source = tmp_path / "source"
    (source / "Boot").mkdir(parents=True)
    (source / "Boot" / "Grüße").write_text("hello")
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "16M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-O", "casefold", "-E", "encoding=utf8,root_owner=0:0", image)
    commands = f"mkdir /fold\nsif /fold flags 0x40080000\ncd /fold\nwrite {source}/Boot/Grüße Grüße\n"
    fsdump.run("debugfs", "-w", "-f", "/dev/stdin", image, input=commands.encode())
    assert fsdump.dump(image, walk="/fold/GRÜSSE")["files"][b""]["size"] == 5
    assert fsdump.dump(image, walk="/fold/grüße")["files"][b""]["size"] == 5
    assert fsdump.dump(image, walk="/FOLD/grüße")["error"] == "ENOENT"


def test_links_stay_inside_the_guest(tmp_path):
    source = tmp_path / "source"
    (source / "etc").mkdir(parents=True)
    (source / "etc" / "passwd").write_text("guest")
    (source / "up").symlink_to("../../../../../../etc/passwd")
    (source / "absolute").symlink_to("/etc/passwd")
    (source / "outside").symlink_to(__file__)
    (source / "loop").symlink_to("loop")
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "16M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-d", source, image)
    assert fsdump.dump(image, walk="/up")["files"][b""]["size"] == 5
    assert fsdump.dump(image, walk="/absolute")["files"][b""]["size"] == 5
    assert fsdump.dump(image, walk="/outside")["error"] == "ENOENT"
    assert fsdump.dump(image, walk="/loop")["error"] == "ELOOP"


def test_a_block_device_is_inspected_in_the_sandbox(tmp_path):
    image = tmp_path / "disk"
    make_table(image, TABLES["dos"])
    loop = fsdump.run("losetup", "-f", "--show", "-r", image).decode().strip()
    try:
        # libblkid tries more system calls on a device than on a file.
        done = subprocess.run([f"{fsdump.BUILD}/bootfs-inspect", loop], capture_output=True, check=False)
    finally:
        subprocess.run(["losetup", "-d", loop], check=False)
    assert b"ok      hd0 /dev/loop" in done.stdout
    assert b"killed" not in done.stdout + done.stderr


def test_a_cloned_file_system_is_told(tmp_path):
    image, clone = tmp_path / "image", tmp_path / "clone"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("sfdisk", "-q", image, input=b"label: dos\nstart=2048,size=16M\nsize=16M\n")
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-E", f"offset={1 << 20}", image, "16M")
    fsdump.run("cp", "--sparse=always", image, clone)
    fsdump.run("dd", f"if={image}", f"of={clone}", "bs=1M", "skip=1", "seek=17", "count=16", "conv=notrunc")
    said = fsdump.report(fsdump.dump(image, clone, volumes_only=True))
    assert [line for line in said if line.startswith("warning")] == [
        "warning hd0,msdos1 and hd1,msdos2 have one UUID: a search for it finds hd0,msdos1, as GRUB does",
        "warning hd0,msdos1 and hd1,msdos1 have one UUID: a search for it finds hd0,msdos1, as GRUB does",
    ]
    alone = fsdump.report(fsdump.dump(clone, volumes_only=True))
    assert "warning hd0,msdos2 and hd0,msdos1 have one UUID: a search for it finds hd0,msdos2, as GRUB does" in alone


@pytest.mark.parametrize("name, sector", [
    ("dos", 512), ("dos-extended-first", 512), ("gpt", 512), ("gpt-long", 512), ("gpt", 4096)])
def test_survives_damaged_tables(name, sector, tmp_path):
    image = tmp_path / "disk"
    make_table(image, TABLES[name], sector)
    damage.assert_scan_survived(image)
