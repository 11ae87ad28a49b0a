# SPDX-License-Identifier: GPL-2.0-or-later
"""ext file systems of guests that crashed: what the journal says is what is shown.

Disks are copied while the kernel has them mounted, and compared with what e2fsck makes of a copy.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import fsdump  # noqa: E402

MAGIC = bytes.fromhex("c03b3998")
NOT_IN_YET = "note hd0: read as its journal says; blocks not in the file system yet: "

# mke2fs' options and mount's: every form that tags and checksums have.
VARIANTS = {
    "v3-64bit": ("-t ext4", ""),
    "v3-32bit": ("-t ext4 -O ^64bit", ""),
    "none-64bit": ("-t ext4 -O ^metadata_csum", ""),
    "none-32bit": ("-t ext4 -O ^metadata_csum,^64bit", ""),
    "v1": ("-t ext4 -O ^metadata_csum", "journal_checksum"),
    "v1-async": ("-t ext4 -O ^metadata_csum", "journal_async_commit,data=writeback"),
    "ext3": ("-t ext3", ""),
    "1k": ("-t ext4 -b 1024", ""),
    "data": ("-t ext4", "data=journal"),
    "data-1k-32bit": ("-t ext3 -b 1024", "data=journal"),
}


def fsync(path):
    """Commits the journal, but leaves its blocks where they are."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def copy(image, to):
    """The disk as it is now."""
    fsdump.run("cp", "--sparse=always", image, to)
    return to


def repaired(image, tmp_path):
    """What our reader says of a copy that e2fsck has replayed."""
    fixed = copy(image, tmp_path / "fixed")
    done = subprocess.run(["e2fsck", "-fy", fixed], capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stdout
    return fsdump.dump(fixed)


def assert_as_repaired(image, tmp_path):
    """Ours of the dirty disk is that of the repaired one, and not that of the unreplayed one."""
    said = fsdump.dump(image)
    fixed = repaired(image, tmp_path)
    real = {path: {k: v for k, v in file.items() if k not in ("extents", "extents_sha256")}
            for path, file in fixed["files"].items()}
    fsdump.assert_same(said, real, compare=("type", "size", "sha256", "target", "mode", "mtime", "error"))
    assert [line for line in fsdump.report(said) if line.startswith(NOT_IN_YET)]
    assert not [line for line in fsdump.report(said) if line.startswith("warning")]
    return said


def change_much(at):
    """Folders, files, links made and removed; some files look like the journal itself."""
    (at / "boot").mkdir()
    for number in range(200):
        (at / "boot" / f"file {number}").write_bytes(fsdump.content(100 * number))
    for number in range(0, 200, 3):
        (at / "boot" / f"file {number}").unlink()
    for number in range(5):
        (at / f"folder {number}").mkdir()
        for name in range(150):
            (at / f"folder {number}" / f"{name}").symlink_to("t" * name if name else "t")
    fsync(at)
    shutil.rmtree(at / "folder 1")
    shutil.rmtree(at / "folder 3")
    # What were folders' blocks becomes data: those blocks were revoked.
    (at / "data").write_bytes((MAGIC + fsdump.content(1020)) * 2000)
    fsync(at / "data")
    (at / "boot" / "grub.cfg").write_text("new\n")
    fsync(at / "boot" / "grub.cfg")
    fsync(at)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_dirty_disk_is_read_as_e2fsck_repairs_it(variant, tmp_path):
    make, mount = VARIANTS[variant]
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-F", *make.split(), image)
    options = ",".join(filter(None, ["rw", "commit=300", mount]))
    with fsdump.mounted(image, tmp_path / "mnt", options) as at:
        change_much(at)
        dirty = copy(image, tmp_path / "dirty")
    said = assert_as_repaired(dirty, tmp_path)
    assert said["files"][b"/boot/grub.cfg"]["size"] == 4
    assert b"/folder 1" not in said["files"]


def journal_blocks(image, block=4096):
    """Where the journal's blocks lie, in bytes."""
    return [int(number) * block for number in fsdump.run("debugfs", "-R", "blocks <8>", image).split()]


def journal_start(image, journal):
    """The log's block in which its oldest transaction begins."""
    with open(image, "rb") as disk:
        disk.seek(journal + 28)
        return int.from_bytes(disk.read(4), "big")


def test_a_log_that_goes_round_is_read_from_its_oldest_transaction(tmp_path):
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-J", "size=1", image)
    journal = journal_blocks(image, 1024)[0]
    rounds = 0
    with fsdump.mounted(image, tmp_path / "mnt", "rw,commit=300,data=journal") as at:
        for number in range(400):
            (at / f"{number % 40}").write_bytes(fsdump.content(3000, b"%d" % number))
            fsync(at)
        while rounds < 3:
            (at / f"{number % 40}").write_bytes(fsdump.content(20000, b"%d" % number))
            fsync(at)
            number += 1
            dirty = copy(image, tmp_path / "dirty")
            # Near the end of 1024 blocks, so that it goes on from the first one.
            if journal_start(dirty, journal) > 900:
                assert_as_repaired(dirty, tmp_path)
                rounds += 1
            assert number < 2000


def journal_write(image, script):
    """Lets debugfs write transactions."""
    fsdump.run("debugfs", "-w", "-f", "/dev/stdin", image, input=script.encode())


@pytest.mark.parametrize("bits", ("64bit", "^64bit"))
@pytest.mark.parametrize("version", (1, 2, 3))
def test_transactions_that_debugfs_wrote(version, bits, tmp_path):
    image = tmp_path / "image"
    source = tmp_path / "source"
    source.mkdir()
    (source / "kernel").write_bytes(fsdump.content(5 * 4096))
    (source / "other").write_bytes(fsdump.content(4096))
    fsdump.run("truncate", "-s", "64M", image)
    # Without checksums in the file system, debugfs writes the first form of the log's.
    checksums = "^metadata_csum" if version == 1 else "metadata_csum"
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-O", f"{checksums},{bits}", "-d", source, image)
    blocks = [int(fsdump.run("debugfs", "-R", f"bmap /kernel {n}", image)) for n in range(5)]
    two, new, escaped = tmp_path / "two", tmp_path / "new", tmp_path / "escaped"
    two.write_bytes(fsdump.content(8192, b"two"))
    new.write_bytes(fsdump.content(4096, b"new"))
    escaped.write_bytes(MAGIC + fsdump.content(4092, b"escaped"))
    # debugfs sums up revoke blocks as well in the first form, which neither e2fsck nor Linux do.
    revokes = [f"jw -r {blocks[1]}", f"jw -r {blocks[4]}"] if version > 1 else ["", ""]
    journal_write(
        image,
        f"jo -c -v {version}\njw -b {blocks[0]},{blocks[1]} {two}\njw -b {blocks[2]} {escaped}\n"
        f"{revokes[0]}\njw -b {blocks[3]} {new}\n{revokes[1]}\njw -b {blocks[4]} {new}\njc\n",
    )
    said = assert_as_repaired(image, tmp_path)
    features = fsdump.run("dumpe2fs", "-h", image).decode()
    assert {1: "journal_checksum", 2: "journal_checksum_v2", 3: "journal_checksum_v3"}[version] in features.split()
    kinds = [piece[0] for piece in said["files"][b"/kernel"]["extents"]]
    assert "later" in kinds and ("disk" in kinds or version == 1)
    assert all(piece[0] == "disk" for piece in said["files"][b"/other"]["extents"])


def dirty_image(tmp_path, options="-t ext4 -b 4096"):
    """A disk with two transactions in its journal, each with a new file."""
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-F", *options.split(), image)
    with fsdump.mounted(image, tmp_path / "mnt", "rw,commit=300") as at:
        for name in ("first", "second"):
            (at / name).write_text(name)
            fsync(at)
            fsync(at / name)
        return copy(image, tmp_path / "dirty")


def find_blocks(image, kind):
    """Bytes from the disk's start of the log's blocks of one type."""
    found = []
    with open(image, "rb") as disk:
        for at in journal_blocks(image):
            disk.seek(at)
            head = disk.read(12)
            if head[:4] == MAGIC and int.from_bytes(head[4:8], "big") == kind:
                found.append(at)
    return found


def spoil(image, at):
    """One other byte."""
    with open(image, "r+b") as disk:
        disk.seek(at)
        byte = disk.read(1)
        disk.seek(at)
        disk.write(bytes([byte[0] ^ 0xFF]))


def test_a_damaged_commit_ends_the_log(tmp_path):
    image = dirty_image(tmp_path)
    commits = find_blocks(image, 2)
    assert b"/second" in fsdump.dump(image)["files"]
    whole = len(commits)
    for commit in reversed(commits):
        whole -= 1
        spoil(image, commit + 100)
        said = fsdump.dump(image)
        assert any(f"the journal is damaged after {whole} whole" in line for line in fsdump.report(said))
    assert b"/first" not in said["files"] and b"/second" not in said["files"]


def test_a_damaged_descriptor_ends_the_log(tmp_path):
    image = dirty_image(tmp_path)
    spoil(image, find_blocks(image, 1)[0] + 20)
    said = fsdump.dump(image)
    assert b"/first" not in said["files"]
    assert any("the journal is damaged after 0 whole" in line for line in fsdump.report(said))


def test_a_damaged_block_of_the_log_is_not_used(tmp_path):
    image, source, new = tmp_path / "image", tmp_path / "source", tmp_path / "new"
    source.mkdir()
    (source / "kernel").write_bytes(fsdump.content(8192))
    new.write_bytes(fsdump.content(8192, b"new"))
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", source, image)
    block = int(fsdump.run("debugfs", "-R", "bmap /kernel 0", image))
    journal_write(image, f"jo -c -v 3\njw -b {block},{block + 1} {new}\njc\n")
    assert fsdump.dump(image)["files"][b"/kernel"]["sha256"] == fsdump.sha256(new)
    spoil(image, find_blocks(image, 1)[0] + 4096 + 2000)
    mixed = fsdump.content(8192)[:4096] + fsdump.content(8192, b"new")[4096:]
    assert fsdump.dump(image)["files"][b"/kernel"]["sha256"] == hashlib.sha256(mixed).hexdigest()


def test_a_journal_without_superblock_is_told(tmp_path):
    image = dirty_image(tmp_path)
    spoil(image, journal_blocks(image)[0])
    said = fsdump.dump(image)
    assert "warning hd0: the journal has no superblock; what is shown may be older" in fsdump.report(said)
    assert b"/lost+found" in said["files"]


def test_fast_commits_are_replayed(tmp_path):
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-O", "fast_commit", image)
    with fsdump.mounted(image, tmp_path / "mnt", "rw,commit=300") as at:
        (at / "file").write_text("old")
        fsync(at / "file")
        fsync(at)
        os.sync()
        with open(at / "file", "w", encoding="ascii") as file:
            file.write("newer")
            file.flush()
            os.fsync(file.fileno())
        dirty = copy(image, tmp_path / "dirty")
    said = fsdump.dump(dirty)
    fast = [line for line in fsdump.report(said) if "fast commits" in line]
    assert len(fast) == 1
    assert fast[0].startswith("note hd0: read as its fast commits say; changes not in the file system yet: ")
    assert said["files"][b"/file"]["sha256"] == hashlib.sha256(b"newer").hexdigest()


def test_a_clean_disk_says_nothing_of_its_journal(tmp_path):
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "64M", image)
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", image)
    assert not [line for line in fsdump.report(fsdump.dump(image)) if "journal" in line]
