#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mkdisk CASE-FOLDER OUT.img: makes a raw disk image as the folder's disk.json describes it.

Nothing is mounted and no root is needed: file systems are made by mke2fs, mtools and xorriso out
of folders, the partition table by sfdisk. disk.json:

    {"table": "msdos" | "gpt" | "none",
     "partitions": [{"tree": "tree", "fs": "ext4" | "ext3" | "ext2" | "vfat" | "iso9660" | "none",
                     "uuid": "...", "label": "...", "mib": 40, "type": "83", "active": true,
                     "esp": true, "partuuid": "...", "partlabel": "...",
                     "attributes": "GUID:48,56"}]}

Everything but "partitions" may be left out. Partition N is the N-th of the list; on an msdos table
with more than four the fourth is the extended one and its line only keeps the place. "table":
"none" puts the first file system on the bare disk. A tree that is missing is an empty one.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile

MIB = 1 << 20
SECTOR = 512
TOOLS = dict(os.environ, LC_ALL="C", MTOOLS_SKIP_CHECK="1", SOURCE_DATE_EPOCH="1600000000",
             E2FSPROGS_FAKE_TIME="1600000000",
             PATH=os.environ.get("PATH", "/usr/bin") + ":/usr/sbin:/sbin")
GPT_TYPES = {True: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",   # EFI system partition
             False: "0fc63daf-8483-4772-8e79-3d69d8477de4"}  # Linux data


class BadCase(Exception):
    """The case cannot be made into a disk; the text says why."""


def run(command, stdin=None):
    done = subprocess.run(command, input=stdin, env=TOOLS, capture_output=True, text=True)
    if done.returncode != 0:
        raise BadCase(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")


def needed_mib(tree):
    """Room for a tree: its files in whole blocks, and as much again for the file system."""
    size = 0
    for folder, folders, files in os.walk(tree):
        for name in files:
            path = os.path.join(folder, name)
            size += 4096 if os.path.islink(path) else os.path.getsize(path) + 4096
        size += 4096 * len(folders)
    return size * 5 // 4 // MIB + 8


def make_ext(part, tree, image):
    command = ["mke2fs", "-q", "-F", "-t", part["fs"], "-b", "1024", "-E", "root_owner=0:0"]
    if part.get("uuid"):
        command += ["-U", part["uuid"]]
    if part.get("label"):
        command += ["-L", part["label"]]
    run(command + ["-d", tree, image])


def make_vfat(part, tree, image):
    big = os.path.getsize(image) >= 40 * MIB
    command = ["mkfs.vfat", "-F", "32" if big else "16"]
    if part.get("uuid"):
        command += ["-i", part["uuid"].replace("-", "")]
    if part.get("label"):
        command += ["-n", part["label"]]
    run(command + [image])
    names = sorted(os.listdir(tree))
    if names:
        run(["mcopy", "-s", "-Q", "-m", "-i", image] + [os.path.join(tree, n) for n in names]
            + ["::/"])


def make_iso(part, tree, image):
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-r", "-J", "-V", part.get("label", "ISO")]
    if part.get("uuid"):
        command.append("--modification-date=" + part["uuid"].replace("-", ""))
    run(command + ["-o", image, tree])
    size = os.path.getsize(image)
    os.truncate(image, (size + MIB - 1) // MIB * MIB)


MAKERS = {"ext2": make_ext, "ext3": make_ext, "ext4": make_ext, "vfat": make_vfat,
          "iso9660": make_iso, "none": lambda part, tree, image: None}


def make_filesystem(part, tree, image):
    kind = part.setdefault("fs", "ext4")
    if kind not in MAKERS:
        raise BadCase(f"unknown file system {kind!r}")
    least = 16 if kind == "vfat" else 1
    with open(image, "wb") as new:
        new.truncate(MIB * max(part.get("mib") or needed_mib(tree), least))
    MAKERS[kind](part, tree, image)
    return (os.path.getsize(image) + MIB - 1) // MIB * MIB


def put(disk, at, image):
    """Copies an image into the disk, leaving holes where it has zeros."""
    with open(image, "rb") as source:
        while piece := source.read(MIB // 4):
            if piece.strip(b"\0"):
                disk.seek(at)
                disk.write(piece)
            at += len(piece)


def stable_uuid(text):
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "8" + digits[17:20],
                     digits[20:32]))


def gpt_script(parts):
    yield "label: gpt"
    yield f"label-id: {stable_uuid('disk')}"
    for number, (part, start, size) in enumerate(parts, 1):
        line = [f"start={start // SECTOR}", f"size={size // SECTOR}",
                f"type={part.get('type') or GPT_TYPES[bool(part.get('esp'))]}",
                f"uuid={part.get('partuuid') or stable_uuid(f'partition {number}')}"]
        if part.get("attributes"):
            line.append(f"attrs=\"{part['attributes']}\"")
        if part.get("partlabel"):
            line.append(f"name=\"{part['partlabel']}\"")
        yield ", ".join(line)


def mbr_type(part):
    if part.get("esp"):
        return "ef"
    return part.get("type") or ("0c" if part.get("fs") == "vfat" else "83")


def mbr_script(parts, extended):
    yield "label: dos"
    yield "label-id: 0x4c4f5349"
    for number, (part, start, size) in enumerate(parts, 1):
        if extended and number == 4:
            last = parts[-1]
            size = last[1] + last[2] - start
            yield f"start={start // SECTOR}, size={size // SECTOR}, type=05"
            continue
        line = f"start={start // SECTOR}, size={size // SECTOR}, type={mbr_type(part)}"
        yield line + (", bootable" if part.get("active", number == 1) else "")


def build(case, out):
    """Makes the image `out` of the case's folder. BadCase where that cannot be done."""
    with open(os.path.join(case, "disk.json"), encoding="utf-8") as file:
        disk = json.load(file)
    table = disk.get("table", "msdos")
    extended = table == "msdos" and len(disk["partitions"]) > 4
    at = 0 if table == "none" else MIB
    parts = []
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as scratch, open(out, "wb") as image:
        empty = os.path.join(scratch, "empty")
        os.mkdir(empty)
        for index, given in enumerate(disk["partitions"]):
            part = dict(given)
            if extended and index >= 3:
                at += MIB * (index > 3)  # room for each logical one's own table
            if extended and index == 3:
                parts.append((part, at, 0))
                continue
            tree = os.path.join(case, part["tree"]) if part.get("tree") else empty
            one = os.path.join(scratch, "fs")
            size = make_filesystem(part, tree if os.path.isdir(tree) else empty, one)
            put(image, at, one)
            os.unlink(one)
            parts.append((part, at, size))
            at += size
        image.truncate(at + (0 if table == "none" else MIB))
    if table == "gpt":
        run(["sfdisk", "-q", "--no-reread", "--no-tell-kernel", out], "\n".join(gpt_script(parts)))
    elif table == "msdos":
        run(["sfdisk", "-q", "--no-reread", "--no-tell-kernel", out],
            "\n".join(mbr_script(parts, extended)))
    elif table != "none":
        raise BadCase(f"unknown partition table {table!r}")


def fingerprint(case):
    """Of everything that decides the image: the case's files and this program."""
    digest = hashlib.sha256()
    with open(__file__, "rb") as me:
        digest.update(me.read())
    for folder, folders, files in os.walk(case):
        folders.sort()
        for name in sorted(files + [f for f in folders if os.path.islink(os.path.join(folder, f))]):
            path = os.path.join(folder, name)
            if os.path.relpath(path, case) == "expect.json":
                continue
            mode = os.lstat(path).st_mode
            digest.update(f"{os.path.relpath(path, case)}\0{mode:o}\0".encode())
            if os.path.islink(path):
                digest.update(os.readlink(path).encode())
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()[:32]


def cached(case, folder):
    """The path of the case's image below `folder`, made only when the case changed."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, fingerprint(case) + ".img")
    if not os.path.exists(path):
        fresh = f"{path}.{os.getpid()}"
        build(case, fresh)
        os.rename(fresh, path)
    return path


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        build(sys.argv[1], sys.argv[2])
    except (BadCase, OSError) as problem:
        sys.exit(f"mkdisk: {problem}")
