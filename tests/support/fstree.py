"""Trees that are hard to read, made on a mounted file system, and what the kernel says of them."""

import ctypes
import fcntl
import hashlib
import json
import os
import random
import stat
import struct
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

FICLONERANGE = 0x4020940D
KEEP_SIZE, PUNCH_HOLE = 1, 2
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.fallocate64.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def fallocate(fd, mode, offset, length):
    if LIBC.fallocate64(fd, mode, offset, length):
        raise OSError(ctypes.get_errno(), "fallocate")


@contextmanager
def mounted(*images, options="loop", kind=None):
    """The kernel's view of an image, read and write; unmounted whatever happens."""
    folder = tempfile.mkdtemp(prefix="bootfs-mount.")
    command = ["mount", "-o", options, str(images[0]), folder]
    if kind:
        command[1:1] = ["-t", kind]
    try:
        subprocess.run(command, check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        os.rmdir(folder)


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def same_hash_names(count):
    """Names that XFS's hash of seven bits a letter cannot tell apart, of odd bytes."""
    names = [b""]
    while len(names) < count:
        names = [n + pair for n in names for pair in (b"ab", b"`\xe2")]
    return names[:count]


def make_small(root):
    """A bit of everything that is quick to make."""
    (root / "boot").mkdir()
    (root / "boot/grub.cfg").write_text("menuentry x { linux /vmlinuz }\n")
    (root / "empty").touch()
    (root / "inline").write_bytes(noise(40, 1))
    (root / "kernel").write_bytes(noise(3_000_001, 2))
    (root / ("n" * 255)).write_text("long name")
    (root / os.fsdecode(b"latin-1 \xe4\xf6\xfc")).write_text("odd bytes")
    (root / "\u00fcber \u65e5\u672c").write_text("unicode")
    (root / "short link").symlink_to("boot/grub.cfg")
    (root / "long link").symlink_to("x/" * 500 + "end")
    (root / "absolute").symlink_to("/boot/grub.cfg")
    os.link(root / "kernel", root / "hard link")
    os.mkfifo(root / "fifo")
    os.mknod(root / "device", 0o600 | stat.S_IFBLK, os.makedev(7, 0))
    os.utime(root / "empty", (-1_000_000_000, -1_000_000_000))
    os.utime(root / "boot/grub.cfg", (2_000_000_000, 2_000_000_000))
    os.chmod(root / "empty", 0o4751)
    deep = root / "deep"
    for i in range(60):
        deep = deep / f"d{i}"
    deep.mkdir(parents=True)
    (deep / "leaf").write_bytes(noise(5000, 3))


def make_folders(root, names=10_000):
    """Folders of every size; names removed again leave stale entries and holes."""
    for count in (1, 3, 8, 30, 100, 300, 1000):
        folder = root / f"of {count}"
        folder.mkdir()
        for i in range(count):
            (folder / f"name {i} {'x' * (i % 50)}").touch()
    big = root / "many"
    big.mkdir()
    for i in range(names):
        with open(big / f"initrd.img-6.1.0-{i}-amd64{'y' * (i % 97)}", "wb") as file:
            if i % 100 == 0:
                file.write(noise(6000, i))
    thinned = root / "thinned"
    thinned.mkdir()
    for i in range(3000):
        (thinned / f"{'z' * 60}{i}").touch()
    for i in range(3000):
        if i % 7 or 1000 < i < 2000:
            (thinned / f"{'z' * 60}{i}").unlink()
    same = root / "same hash"
    same.mkdir()
    for name in same_hash_names(2048):
        (same / os.fsdecode(name)).touch()


def make_files(root, pieces=1500):
    """Holes, unwritten space, and files in many pieces."""
    with open(root / "sparse", "wb") as file:
        file.seek(9 << 20)
        file.write(b"far out")
        file.seek(123_456)
        file.write(b"near")
    with open(root / "only a hole", "wb") as file:
        file.truncate(10_000_000)
    with open(root / "preallocated", "wb") as file:
        file.write(noise(10_000, 4))
        file.flush()
        fallocate(file.fileno(), 0, 0, 3_000_000)
        file.seek(1_000_000)
        file.write(noise(5000, 5))
    with open(root / "beyond the end", "wb") as file:
        file.write(b"short")
        file.flush()
        fallocate(file.fileno(), KEEP_SIZE, 0, 2_000_000)
    with open(root / "punched", "wb") as file:
        file.write(noise(2 * pieces * 4096, 6))
        file.flush()
        os.fsync(file.fileno())
        for i in range(pieces):
            fallocate(file.fileno(), PUNCH_HOLE | KEEP_SIZE, (2 * i + 1) * 4096, 4096)
    with open(root / "written in holes", "wb") as file:
        fallocate(file.fileno(), 0, 0, 2 * pieces * 4096)
        for i in range(pieces):
            file.seek(2 * i * 4096)
            file.write(noise(4096, i))
    os.sync()


def make_clones(root, pieces=1500):
    """A file whose blocks are another's in disorder: in many pieces without a hole."""
    with open(root / "punched", "rb") as source, open(root / "shuffled", "wb") as target:
        order = list(range(2 * pieces))
        random.Random(7).shuffle(order)
        for to, at in enumerate(order):
            fcntl.ioctl(target, FICLONERANGE,
                        struct.pack("qQQQ", source.fileno(), at * 4096, 4096, to * 4096))
    with open(root / "kernel", "rb") as source, open(root / "clone", "wb") as target:
        fcntl.ioctl(target, FICLONERANGE, struct.pack("qQQQ", source.fileno(), 0, 0, 0))
    os.sync()


TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


def content_hash(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def node_of(path, name, ignore):
    st = os.lstat(path)
    node = {"type": TYPES.get(stat.S_IFMT(st.st_mode), "other"), "mode": stat.S_IMODE(st.st_mode)}
    if "mtime" not in ignore:
        node["mtime"] = st.st_mtime_ns // 1_000_000_000
    if node["type"] == "file":
        node.update(size=st.st_size, sha256=content_hash(path))
    if node["type"] == "link":
        node.update(size=st.st_size, target=os.fsencode(os.readlink(path)).decode("latin-1"))
    return os.fsencode(name).decode("latin-1"), node


def kernel_view(root, ignore=()):
    """Every path of a mounted tree (as fs-dump writes paths) with what can be known of it."""
    root = str(root)
    view = dict([node_of(root, "", ignore)])
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            view.update([node_of(path, path[len(root):], ignore)])
    return view


def our_view(build, *images, arguments=(), ignore=(), timeout=120):
    """The same as bootfs' reader has it, and the whole of fs-dump's answer."""
    answer = subprocess.run([build / "tests/tools/fs-dump", *arguments, *map(str, images)],
                            check=True, capture_output=True, timeout=timeout)
    answer = json.loads(answer.stdout)
    view = {}
    for node in answer["files"]:
        keep = ["type", "mode", "error"] + ([] if "mtime" in ignore else ["mtime"])
        keep += {"file": ["size", "sha256"], "link": ["size", "target"]}.get(node.get("type"), [])
        assert node["path"] not in view, "a path twice"
        view[node["path"]] = {k: node[k] for k in keep if k in node}
    return view, answer


def differences(ours, theirs):
    """At most ten lines; empty when both trees are the same."""
    lines = [f"{p!r}: ours {ours.get(p)}, kernel {theirs.get(p)}"
             for p in sorted(ours.keys() | theirs.keys()) if ours.get(p) != theirs.get(p)]
    return lines[:10]


def wrong_extents(answer):
    """Files whose extents, read from the image, give other bytes than the reader."""
    return [n["path"] for n in answer["files"]
            if n.get("type") == "file" and n.get("extents_sha256", n["sha256"]) != n["sha256"]]


def extents_of(answer, path):
    return next(n["extents"] for n in answer["files"] if n["path"] == path)
