# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what our readers see (tests/tools/fs-dump) with a tree the kernel shows.

Paths and link targets are bytes everywhere. A test makes an image, mounts it or keeps the folder
it was made of, and asks:

    assert_same(dump(image), tree(mountpoint))
"""

import contextlib
import hashlib
import json
import os
import pathlib
import stat
import subprocess
import time

BUILD = os.environ.get("BOOTFS_BUILD", "build/release-gcc")


def run(*command, **options):
    """Runs a command that must succeed; its output stands in the failure."""
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def dump(*images, volume=None, offset=0, volumes_only=False, walk=None, timeout=120):
    """What fs-dump says; files as a dictionary by path."""
    command = [f"{BUILD}/tests/tools/fs-dump"]
    if volume:
        command.append(f"--volume={volume}")
    if offset:
        command.append(f"--offset={offset}")
    if walk:
        command.append(f"--walk={walk}")
    if volumes_only:
        command.append("--volumes-only")
    said = json.loads(run(*command, *images, timeout=timeout))
    for file in said["files"]:
        file["path"] = file["path"].encode("latin-1")
        if "target" in file:
            file["target"] = file["target"].encode("latin-1")
    said["files"] = {file["path"]: file for file in said["files"]}
    return said


def report(said):
    """The lines of `log`, as text."""
    return [f"{kind} {text}" for kind, text in said["report"]]


@contextlib.contextmanager
def mounted(image, at, options="ro", fstype=None):
    """The image on a folder, through a loop device; unmounted in any case."""
    at = pathlib.Path(at)
    at.mkdir(exist_ok=True)
    kind = ["-t", fstype] if fstype else []
    command = ["mount", *kind, "-o", f"loop,{options}", image, at]
    for _ in range(300):
        # Another mount namespace may still hold the last mount of this image.
        done = subprocess.run(command, capture_output=True, check=False)
        if b"busy" not in done.stderr:
            break
        time.sleep(0.1)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    try:
        yield at
    finally:
        # Another mount namespace may hold on to it: what was written must lie on the disk now.
        subprocess.run(["sync", "-f", str(at)], check=False)
        subprocess.run(["umount", "-l", str(at)], check=False)


def sha256(path):
    """Of a file's bytes."""
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        return digest.hexdigest()


def describe(path):
    """What is compared of one file, folder or link."""
    info = os.lstat(path)
    if stat.S_ISREG(info.st_mode):
        said = {"type": "file", "size": info.st_size, "sha256": sha256(path)}
    elif stat.S_ISDIR(info.st_mode):
        said = {"type": "folder"}
    elif stat.S_ISLNK(info.st_mode):
        said = {"type": "link", "target": os.readlink(path)}
    else:
        said = {"type": "other"}
    return said | {"mode": stat.S_IMODE(info.st_mode), "mtime": int(info.st_mtime // 1)}


def tree(root):
    """Everything below a folder, by path from there, as bytes."""
    root = os.fsencode(root)
    found = {b"": describe(root)}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            found[path[len(root):]] = describe(path)
    return found


def differences(said, real, compare=("type", "size", "sha256", "target", "mode", "mtime")):
    """One line for every path that differs."""
    files = said["files"]
    lines = [f"missing {path!r}" for path in real if path not in files]
    lines += [f"too many {path!r}" for path in files if path not in real]
    for path, wanted in real.items():
        ours = files.get(path, wanted)
        lines += [
            f"{path!r} {key}: {ours.get(key)!r}, not {wanted[key]!r}"
            for key in compare
            if key in wanted and ours.get(key) != wanted[key]
        ]
    return lines


def wrong_extents(said):
    """Files whose pieces, read from the images themselves, are not the content."""
    return [
        path
        for path, file in said["files"].items()
        if "extents_sha256" in file and file["extents_sha256"] != file["sha256"]
    ]


def assert_same(said, real, **options):
    """Names, types, sizes, contents and extents are those of the real tree."""
    lines = differences(said, real, **options)
    lines += [f"{path!r} extents" for path in wrong_extents(said)]
    assert not lines, "\n".join(lines[:20])


def without_straight_extents(said):
    """Regular files whose reader gives no extents, or only "later"."""
    return {
        path
        for path, file in said["files"].items()
        if file["type"] == "file"
        and (isinstance(file["extents"], str) or any(e[0] == "later" for e in file["extents"]))
    }


def write_pieces(path, pieces, size=None):
    """A sparse file of (offset, bytes) pieces."""
    with open(path, "wb") as file:
        for offset, content in pieces:
            file.seek(offset)
            file.write(content)
        if size is not None:
            file.truncate(size)


def fragment(path, other, pieces, block=4096):
    """Two files written in turns, a block each, so that neither lies in one piece."""
    with open(path, "wb", buffering=0) as one, open(other, "wb", buffering=0) as two:
        for number in range(pieces):
            one.write(hashlib.sha256(b"1 %d" % number).digest() * (block // 32))
            os.fsync(one.fileno())
            two.write(hashlib.sha256(b"2 %d" % number).digest() * (block // 32))
            os.fsync(two.fileno())


def content(size, seed=b""):
    """`size` bytes that look random and are the same every time."""
    return hashlib.shake_128(seed + b"%d" % size).digest(size)


def make_tree(root, names=300, special=True):
    """A folder with everything that readers get wrong; `special`: what only a real file system has."""
    root = os.fsencode(root)

    def path(*parts):
        return os.path.join(root, *parts)

    os.makedirs(path(b"boot", b"grub"))
    for size in (0, 1, 59, 60, 61, 100, 155, 156, 157, 160, 200, 511, 512, 1023, 1024, 4095, 4096, 4097, 70000):
        with open(path(b"boot", b"size-%d" % size), "wb") as file:
            file.write(content(size))
    with open(path(b"boot", b"vmlinuz"), "wb") as file:
        file.write(content(3 << 20))
    with open(path(b"boot", b"grub", b"grub.cfg"), "wb") as file:
        file.write(b"menuentry 'one' { linux /boot/vmlinuz }\n" * 50)
    write_pieces(path(b"hole-first"), [(1 << 20, content(5000))])
    write_pieces(path(b"hole-middle"), [(0, content(5000)), (3 << 20, content(6000))])
    write_pieces(path(b"hole-last"), [(0, content(5000))], 2 << 20)
    write_pieces(path(b"only-hole"), [], 100001)
    os.makedirs(path(b"many"))
    for number in range(names):
        with open(path(b"many", b"name with a number %d" % number), "wb") as file:
            file.write(b"%d" % number)
    os.makedirs(path(b"long"))
    with open(path(b"long", b"n" * 255), "wb") as file:
        file.write(b"long")
    with open(path(b"long", "Grüße-日本".encode()), "wb") as file:
        file.write(b"utf-8")
    deep = path(*[b"deep%d" % number for number in range(40)])
    os.makedirs(deep)
    with open(os.path.join(deep, b"bottom"), "wb") as file:
        file.write(b"bottom")
    for length in (1, 58, 59, 60, 61, 100, 155, 160, 1000):
        os.symlink(b"t" * length, path(b"link-%d" % length))
    os.symlink(b"/boot/vmlinuz", path(b"absolute"))
    os.symlink(b"../../../boot", path(b"boot", b"up"))
    if special:
        make_special(path)


def make_special(path):
    """What not every file system or tool can hold."""
    with open(path(b"long", b"latin-1 \xe4\xff"), "wb") as file:
        file.write(b"latin-1")
    os.link(path(b"boot", b"vmlinuz"), path(b"hard-link"))
    os.mkfifo(path(b"fifo"))
    os.mknod(path(b"null"), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    with open(path(b"reserved"), "wb") as file:
        file.write(content(10000))
    # Not every format can reserve blocks: there the file stays as it is.
    for where in (["-l", "200000"], ["-n", "-o", "1M", "-l", "1M"]):
        subprocess.run(["fallocate", *where, path(b"reserved")], capture_output=True, check=False)
