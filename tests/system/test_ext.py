# SPDX-License-Identifier: GPL-2.0-or-later
"""ext2, ext3 and ext4 with every feature mke2fs knows, compared with the kernel's driver."""

import contextlib
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import damage  # noqa: E402
import fsdump  # noqa: E402

# What mke2fs is told, and what the kernel here can mount.
VARIANTS = {
    "ext2": "-t ext2",
    "ext2-1k": "-t ext2 -b 1024",
    "ext2-rev0": "-t ext2 -r 0 -O none",
    "ext2-no-filetype": "-t ext2 -O ^filetype",
    "ext3": "-t ext3",
    "ext3-1k-128": "-t ext3 -b 1024 -I 128",
    "ext3-no-index": "-t ext3 -O ^dir_index",
    "ext4": "-t ext4",
    "ext4-1k": "-t ext4 -b 1024",
    "ext4-2k": "-t ext4 -b 2048",
    "ext4-128": "-t ext4 -I 128",
    "ext4-512": "-t ext4 -I 512",
    "ext4-32bit": "-t ext4 -O ^64bit",
    "ext4-no-csum": "-t ext4 -O ^metadata_csum",
    "ext4-uninit-bg": "-t ext4 -O ^metadata_csum,uninit_bg",
    "ext4-csum-seed": "-t ext4 -O metadata_csum_seed",
    "ext4-no-extents": "-t ext4 -O ^extents,^64bit",
    "ext4-no-journal": "-t ext4 -O ^has_journal",
    "ext4-no-flex": "-t ext4 -O ^flex_bg",
    "ext4-meta-bg": "-t ext4 -O meta_bg,^resize_inode",
    "ext4-meta-bg-1k": "-t ext4 -b 1024 -O meta_bg,^resize_inode",
    "ext4-sparse-super2": "-t ext4 -O sparse_super2,^resize_inode",
    "ext4-inline": "-t ext4 -O inline_data",
    "ext4-inline-512": "-t ext4 -O inline_data -I 512",
    "ext4-inline-1k": "-t ext4 -O inline_data -b 1024",
    "ext4-bigalloc": "-t ext4 -O bigalloc -C 16384",
    "ext4-bigalloc-1k": "-t ext4 -b 1024 -O bigalloc -C 65536",
    "ext4-mmp": "-t ext4 -O mmp",
    "ext4-large-dir": "-t ext4 -O large_dir",
    "ext4-ea-inode": "-t ext4 -O ea_inode",
    "ext4-encrypt-flag": "-t ext4 -O encrypt",
    "ext4-verity-flag": "-t ext4 -O verity",
    "ext4-orphan-file": "-t ext4 -O orphan_file",
    "ext4-fast-commit": "-t ext4 -O fast_commit",
    "ext4-stable-inodes": "-t ext4 -O stable_inodes",
    "ext2-hurd": "-t ext2 -o hurd",
    "ext4-none-of-the-old": "-t ext4 -O ^ext_attr,^huge_file,^dir_nlink,^extra_isize,^large_file",
    "ext4-no-names-index": "-t ext4 -O ^dir_index,^filetype",
    "ext4-no-sparse-super": "-t ext4 -O ^sparse_super,^resize_inode",
    "ext4-one-backup": "-t ext4 -E stride=4,stripe_width=16,num_backup_sb=1 -O sparse_super2",
    "ext4-packed": "-t ext4 -E packed_meta_blocks=1 -G 256",
    "ext4-small-groups": "-t ext4 -g 1024",
    "ext4-1k-1024": "-t ext4 -b 1024 -I 1024",
    "ext4-fast-commit-size": "-t ext4 -O fast_commit -J fast_commit_size=512",
}

# What the kernel here cannot mount: made from a folder and compared with it.
UNMOUNTABLE = {
    "ext4-quota": "-t ext4 -O quota,project",
    "ext4-8k": "-t ext4 -b 8192",
    "ext4-16k": "-t ext4 -b 16384",
    "ext4-32k-bigalloc": "-t ext4 -b 32768 -O bigalloc -C 131072",
    "ext4-64k": "-t ext4 -b 65536",
    "ext4-casefold": "-t ext4 -O casefold -E encoding=utf8",
    "ext4-casefold-strict": "-t ext4 -O casefold -E encoding=utf8-12.1,encoding_flags=strict",
}


def make_image(path, options, size="96M", *more):
    """An empty file system."""
    fsdump.run("truncate", "-s", size, path)
    fsdump.run("mke2fs", "-q", "-F", *options.split(), "-L", "a label", *more, path)


@pytest.mark.parametrize("variant", VARIANTS)
def test_reads_what_the_kernel_reads(variant, tmp_path):
    image = tmp_path / "image"
    make_image(image, VARIANTS[variant], "256M")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        fsdump.make_tree(at, names=2000)
        fsdump.fragment(at / "fragments", at / "others", 60)
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mnt", "ro") as at:
        fsdump.assert_same(said, fsdump.tree(at))
    later = fsdump.without_straight_extents(said)
    assert later == set() or "inline" in variant
    assert b"/boot/vmlinuz" not in later
    assert len(said["files"][b"/fragments"]["extents"]) > 1
    name = variant.split("-")[0]
    assert [(v["fs"], v["label"], v["readable"]) for v in said["volumes"]] == [(name, "a label", True)]
    uuid = fsdump.run("blkid", "-p", "-o", "value", "-s", "UUID", image).decode().strip()
    assert said["volumes"][0]["uuid"] == uuid
    assert not [line for line in fsdump.report(said) if line.startswith("warning")]


@pytest.mark.parametrize("variant", UNMOUNTABLE)
def test_reads_what_mke2fs_copied(variant, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    fsdump.make_tree(source, special=False)
    image = tmp_path / "image"
    make_image(image, UNMOUNTABLE[variant], "256M", "-d", source)
    said = fsdump.dump(image)
    real = fsdump.tree(source)
    del said["files"][b"/lost+found"]
    fsdump.assert_same(said, real, compare=("type", "size", "sha256", "target"))


def test_reads_times_of_the_next_century(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4")
    times = (-1, 0, 2**31 - 1, 2**31, 2**32, 2**33 + 5, -(2**31))
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        for time in times:
            (at / f"{time}").touch()
            os.utime(at / f"{time}", (time, time))
    files = fsdump.dump(image)["files"]
    assert [files[b"/%d" % time]["mtime"] for time in times] == list(times)


def test_reads_a_kernel_in_a_thousand_pieces(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4 -b 1024 -N 10000 -m 0", "64M")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        # Every second small file removed from a full disk leaves the holes for one big file.
        (at / "fill").mkdir()
        with contextlib.suppress(OSError):
            for number in range(9000):
                (at / "fill" / f"{number}").write_bytes(fsdump.content(8192, b"%d" % number))
                if number % 100 == 0:
                    os.sync()
        for file in sorted((at / "fill").iterdir(), key=lambda file: int(file.name))[::2]:
            file.unlink()
        os.sync()
        with open(at / "kernel", "wb") as file:
            for number in range(20):
                file.write(fsdump.content(1 << 20, b"%d" % number))
    said = fsdump.dump(image)
    with fsdump.mounted(image, tmp_path / "mnt", "ro") as at:
        fsdump.assert_same(said, fsdump.tree(at))
    assert len(said["files"][b"/kernel"]["extents"]) > 1000


@pytest.mark.parametrize("flags", (1, 2))
@pytest.mark.parametrize("hashes", ("legacy", "half_md4", "tea"))
def test_finds_every_name_by_the_index(hashes, flags, tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4 -b 1024 -N 20000 -O ^metadata_csum", "128M")
    fsdump.run("tune2fs", "-E", f"hash_alg={hashes}", image)
    fsdump.run("debugfs", "-w", "-R", f"ssv flags {flags}", image)
    names = [b"%d \xfc\xe4\x80" % number + b"x" * (number % 50) for number in range(12000)]
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        os.mkdir(at / "many")
        for name in names:
            os.symlink(b"t", os.path.join(os.fsencode(at / "many"), name))
    files = fsdump.dump(image)["files"]
    assert {name for name in files if name.startswith(b"/many/")} == {b"/many/" + name for name in names}
    assert all(files[b"/many/" + name].get("target") == b"t" for name in names)
    assert files[b"/many"]["size"] > 300000
    read = f"strace -f -e trace=pread64 {fsdump.BUILD}/tests/tools/fs-dump --walk=/many/none {image} 2>&1 | grep -c pread"
    few = int(fsdump.run("sh", "-c", read))
    assert few < 60, "the index is not used"


def test_a_damaged_index_costs_only_time(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4 -b 4096 -O ^metadata_csum", "128M")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        os.mkdir(at / "many")
        for number in range(3000):
            (at / "many" / f"name {number}").touch()
    block = int(fsdump.run("debugfs", "-R", "bmap /many 0", image))
    for at, value in ((24, 7), (28, 99), (29, 77), (30, 200), (32, 255), (34, 255), (36, 255), (37, 255)):
        with open(image, "r+b") as disk:
            disk.seek(4096 * block + at)
            old = disk.read(1)
            disk.seek(4096 * block + at)
            disk.write(bytes([value]))
        said = fsdump.dump(image, walk="/many/name 1234")
        # A wrong count or block may hide names; what the index itself cannot be is seen.
        assert "error" not in said or at >= 32
        with open(image, "r+b") as disk:
            disk.seek(4096 * block + at)
            disk.write(old)


def test_reads_past_a_wrong_checksum_and_says_so(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        fsdump.make_tree(at)
    before = fsdump.dump(image)
    commands = "ssv free_blocks_count 7\nsif /boot/vmlinuz checksum 0x12345678\n"
    fsdump.run("debugfs", "-w", "-f", "/dev/stdin", image, input=commands.encode())
    after = fsdump.dump(image)
    assert after["files"][b"/boot/vmlinuz"]["sha256"] == before["files"][b"/boot/vmlinuz"]["sha256"]
    warnings = [line for line in fsdump.report(after) if line.startswith("warning")]
    assert warnings == ["warning hd0: a checksum is wrong, as on a running guest's disk; read as it lies"]


def test_names_the_feature_it_does_not_know(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4 -O ^metadata_csum")
    with open(image, "r+b") as file:
        file.seek(1024 + 0x60)
        flags = int.from_bytes(file.read(4), "little") | 0x40000000
        file.seek(1024 + 0x60)
        file.write(flags.to_bytes(4, "little"))
    said = fsdump.dump(image)
    assert said["volumes"][0]["problem"] == "ext4 uses unknown incompatible feature 0x40000000"
    assert not said["volumes"][0]["readable"]


def test_tells_of_a_disk_that_is_cut_off(tmp_path):
    image = tmp_path / "image"
    make_image(image, "-t ext4")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        fsdump.make_tree(at)
    os.truncate(image, 60 << 20)
    said = fsdump.dump(image)
    assert "warning hd0: the file system is larger than its volume: is the disk cut off?" in fsdump.report(said)
    assert said["files"][b"/boot/size-100"]["size"] == 100


@pytest.mark.parametrize("variant", ("ext2-1k", "ext4", "ext4-inline", "ext4-no-csum", "ext4-bigalloc"))
def test_damaged_disks_give_errors_not_crashes(variant, tmp_path):
    image = tmp_path / "image"
    make_image(image, VARIANTS[variant], "24M")
    with fsdump.mounted(image, tmp_path / "mnt", "rw") as at:
        (at / "boot").mkdir()
        for number in range(40):
            (at / "boot" / f"file {number}").write_bytes(fsdump.content(number * 70))
        os.symlink("boot/file 7", at / "link")
        fsdump.fragment(at / "fragments", at / "others", 20)
    damage.assert_survived(image)


@contextlib.contextmanager
def attached(*images):
    """Loop devices."""
    loops = []
    try:
        for image in images:
            loops.append(fsdump.run("losetup", "-f", "--show", image).decode().strip())
        yield loops
    finally:
        for loop in loops:
            subprocess.run(["losetup", "-d", loop], check=False)


def test_reads_a_file_system_whose_journal_is_on_another_disk(tmp_path):
    image, journal, at = tmp_path / "image", tmp_path / "journal", tmp_path / "mnt"
    at.mkdir()
    fsdump.run("truncate", "-s", "96M", image, journal)
    with attached(image, journal) as (disk, log):
        fsdump.run("mke2fs", "-q", "-F", "-O", "journal_dev", "-b", "4096", log)
        fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-J", f"device={log}", disk)
        fsdump.run("mount", "-o", f"journal_path={log}", disk, at)
        try:
            fsdump.make_tree(at)
            real = fsdump.tree(at)
        finally:
            fsdump.run("umount", at)
        fsdump.run("sync", disk, log)
    said = fsdump.dump(image, journal)
    fsdump.assert_same(said, real)
    assert said["volumes"][1]["fs"] == "jbd" and not said["volumes"][1]["problem"]
    assert "note hd1 an ext journal: no file system of its own" in fsdump.report(said)
    assert not [line for line in fsdump.report(said) if line.startswith("warning")]
