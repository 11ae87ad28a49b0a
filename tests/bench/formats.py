#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""formats.py [--runs N] [--only NAME,...] [--json FILE]: what bootfs reads, how right and how fast.

Makes an image of each format with a tree of some 400 files and a kernel of 60 MB (in more than a
thousand pieces where the kernel's driver writes it), compares every file and every extent with the
tree, and prints one line a format, the best of all runs; beside it the same image read by libfsimage (Debian's pygrub),
by GRUB's readers (grub-mount, grub-fstest) and by the kernel. Needs root and the programs of the
tests: `make bench-formats`."""

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
sys.path[:0] = [str(TOP / "tests/support"), str(TOP / "tests/system")]

import fsdump  # noqa: E402
import lvm  # noqa: E402
import mdraid  # noqa: E402

MIB = 1 << 20
KERNEL, SIZE = 60_000_000, 300 * MIB
PIECE = 48 << 10
PYGRUB = next(iter(sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
GRUB_CFG = "menuentry 'Linux' {\n\tlinux /boot/vmlinuz ro\n}\n"
MTOOLS = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8", "MTOOLS_SKIP_CHECK": "1"}

# What pygrub's library says of an image, in a process of its own: it may crash.
LIBFSIMAGE = """
import hashlib, json, sys, time
sys.path.insert(1, sys.argv[1])
import xenfsimage
xenfsimage.init()
begin = time.perf_counter()
fs = xenfsimage.open(sys.argv[2], int(sys.argv[3]), "")
fs.open_file("/boot/grub/grub.cfg").read()
said = {"ms": (time.perf_counter() - begin) * 1e3}
right = 0
for path, digest in json.load(sys.stdin).items():
    begin = time.perf_counter()
    try:
        file, content = fs.open_file(path), hashlib.sha256()
        at = took = 0
        while block := file.read(1 << 20, at):
            at += len(block)
            took += time.perf_counter() - begin
            content.update(block)
            begin = time.perf_counter()
        right += content.hexdigest() == digest
        if path == "/boot/vmlinuz":
            said["mb_s"] = at / 1e6 / took
    except OSError:
        pass
print(json.dumps(said | {"right": right}))
"""


def run(*command, **options):
    return fsdump.run(*command, **options)


def kernel_bytes():
    """Three parts of noise, one of text, as a kernel is for a compressor."""
    text = b"a line of text that packs well enough\n" * 28_000
    blocks = [fsdump.content(MIB, b"%d" % n) if n % 4 else text[:MIB] for n in range(58)]
    return b"".join(blocks)[:KERNEL]


def make_tree(root, links=True):
    """Files of every size, many names, deep folders; nothing that a format here cannot hold."""
    boot = root / "boot"
    (boot / "grub").mkdir(parents=True)
    (boot / "grub/grub.cfg").write_text(GRUB_CFG)
    for size in (0, 1, 60, 155, 511, 512, 2048, 4095, 4096, 4097, 65536, 1_000_001):
        (boot / f"size-{size}").write_bytes(fsdump.content(size))
    many = root / "lib/modules"
    many.mkdir(parents=True)
    for number in range(350):
        (many / f"module-{number}-{'x' * (number % 40)}.ko").write_bytes(fsdump.content(number * 37))
    deep = root / "/".join(["deep"] * 7)
    deep.mkdir(parents=True)
    (deep / "bottom").write_text("bottom")
    if links:
        (root / "vmlinuz").symlink_to("boot/vmlinuz")
        (boot / "up").symlink_to("../lib/modules")


def fill_up(folder):
    """Takes all space that is left, in ever smaller files."""
    size = 1 << 30
    while size >= PIECE:
        with contextlib.suppress(OSError), open(folder / f"rest{size}", "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        size //= 2


def write_in_holes(path, content):
    """The kernel on a disk that has only holes left: every second small file was removed."""
    folder = path.parent / "fill"
    folder.mkdir()
    count = 2 * (len(content) // PIECE + 30)
    for number in range(count):
        (folder / f"{number}").write_bytes(b"x" * PIECE)
    os.sync()
    fill_up(folder)
    for number in range(0, count, 2):
        (folder / f"{number}").unlink()
    os.sync()
    path.write_bytes(content)
    shutil.rmtree(folder)


def write_in_disorder(path, content):
    """The kernel's pieces in an order of chance, each on the disk before the next."""
    places = list(range(0, len(content), PIECE))
    random.Random(1).shuffle(places)
    with open(path, "wb", buffering=0) as file:
        for at in places:
            os.pwrite(file.fileno(), content[at:at + PIECE], at)
            os.fsync(file.fileno())


FAT = "mkfs.vfat -F {} $IMAGE && mcopy -i $IMAGE -s $TREE/* ::/"
ISO = "xorriso -as mkisofs -quiet {} -o $IMAGE $TREE"
SQUASH = "mksquashfs $TREE $IMAGE -quiet -no-progress -noappend -comp {}"
COMPARE = ("type", "size", "sha256", "target")

# GRUB's name of the device ("": the whole image; None: it cannot be told the sector size), where
# the file system begins, and the kernel's driver (None: not in this kernel, or no such device).
FORMATS = {
    "ext2": ("", 0, "ext2"),
    "ext3": ("", 0, "ext3"),
    "ext4": ("", 0, "ext4"),
    "ext4 inline_data": ("", 0, "ext4"),
    "ext4 bigalloc": ("", 0, "ext4"),
    "XFS version 4": ("", 0, None),
    "XFS version 5": ("", 0, "xfs"),
    "btrfs": ("", 0, "btrfs"),
    "btrfs zstd": ("", 0, "btrfs"),
    "FAT16": ("", 0, None),
    "FAT32": ("", 0, None),
    "ISO 9660 Joliet": ("", 0, None),
    "ISO 9660 Rock Ridge": ("", 0, None),
    "SquashFS gzip": ("", 0, "squashfs"),
    "SquashFS xz": ("", 0, "squashfs"),
    "SquashFS zstd": ("", 0, "squashfs"),
    "EROFS": ("", 0, "erofs"),
    "EROFS lz4": ("", 0, "erofs"),
    "UFS 1": ("", 0, None),
    "UFS 2": ("", 0, None),
    "MBR logical": ("loop0,msdos5", 2 * MIB, "ext4"),
    "GPT": ("loop0,gpt1", MIB, "ext4"),
    "GPT 4096": (None, MIB, "ext4"),
    "LVM linear": ("lvm/vg0-root", 0, None),
    "LVM striped": ("lvm/vg2-root", 0, None),
    "md RAID1 1.0": (f"mduuid/{mdraid.UUID.hex()}", 0, None),
    "md RAID1 1.2": (f"mduuid/{mdraid.UUID.hex()}", 0, None),
}


class Bench:
    """One image after the other, and the folder that they are made of."""

    def __init__(self, folder, runs):
        self.folder, self.runs = folder, runs
        self.kernel = kernel_bytes()
        self.source, self.plain = folder / "source", folder / "plain"
        for root, links in ((self.source, True), (self.plain, False)):
            make_tree(root, links)
            (root / "boot/vmlinuz").write_bytes(self.kernel)
        self.mount = folder / "mount"

    # ---- making images ----------------------------------------------------------------------

    def empty(self, name="image", size=SIZE):
        image = self.folder / name
        image.unlink(missing_ok=True)
        with open(image, "wb") as file:
            file.truncate(size)
        return image

    def by_kernel(self, mkfs, options="rw"):
        """Filled through the kernel's driver, the kernel in pieces; the tree as it shows it."""
        image = self.empty()
        run(*mkfs.split(), image)
        with fsdump.mounted(image, self.folder / "fill", options) as root:
            make_tree(root)
            write = write_in_holes if "mke2fs" in mkfs else write_in_disorder
            write(root / "boot/vmlinuz", self.kernel)
        with fsdump.mounted(image, self.folder / "fill", "ro") as root:
            return [image], fsdump.tree(root)

    def by_tool(self, command, tree=None, size=SIZE):
        """Made of the folder by one command."""
        tree = tree or self.source
        image = self.empty(size=size)
        run("sh", "-ec", command, env=MTOOLS | {"IMAGE": str(image), "TREE": str(tree)})
        return [image], fsdump.tree(tree)

    def xfs4(self):
        def lines(folder, depth):
            for path in sorted(folder.iterdir()):
                indent = " " * depth
                if path.is_symlink():
                    yield f"{indent}{path.name} l--777 0 0 {os.readlink(path)}"
                elif path.is_dir():
                    yield f"{indent}{path.name} d--755 0 0"
                    yield from lines(path, depth + 1)
                    yield f"{indent}$"
                else:
                    yield f"{indent}{path.name} ---644 0 0 {path}"
        proto = self.folder / "proto"
        proto.write_text("\n".join(["/", "0 0", "d--755 0 0", *lines(self.source, 1), "$"]) + "\n")
        return self.by_tool(f"mkfs.xfs -q -m crc=0,finobt=0 -n ftype=0 -p {proto} $IMAGE")

    def ext4_bytes(self):
        image = self.empty("inner", 120 * MIB)
        run("mke2fs", "-q", "-F", "-t", "ext4", "-d", self.source, image)
        return image.read_bytes(), fsdump.tree(self.source)

    def partition(self, table, start, sector=512):
        content, tree = self.ext4_bytes()
        image = self.empty()
        loop = run("losetup", "-f", "--show", "-b", sector, image).decode().strip()
        try:
            run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", loop, input=table.encode())
            run("blockdev", "--flushbufs", loop)
        finally:
            subprocess.run(["losetup", "-d", loop], check=False)
        with open(image, "r+b") as disk:
            disk.seek(start)
            disk.write(content)
        return [image], tree

    def lvm(self, *options):
        content, tree = self.ext4_bytes()
        with lvm.Group(self.folder, f"vg{len(options)}", disks=2, size="200M") as group:
            group.lvcreate("-n", "root", "-L", "120M", *options)
            group.write("root", content)
        return group.disks, tree

    def md(self, version):
        content, tree = self.ext4_bytes()
        disks = [self.folder / f"md{number}" for number in range(2)]
        for number, disk in enumerate(disks):
            mdraid.write_member(disk, 150 * 2048, version, content, level=1, disks=2,
                                number=number, roles=[0, 1])
        return disks, tree

    def single(self, name):
        """An image and its tree, by the name of the row."""
        make = {
            "ext2": lambda: self.by_kernel("mke2fs -q -t ext2"),
            "ext3": lambda: self.by_kernel("mke2fs -q -t ext3"),
            "ext4": lambda: self.by_kernel("mke2fs -q -t ext4"),
            "ext4 inline_data": lambda: self.by_kernel("mke2fs -q -t ext4 -O inline_data"),
            "ext4 bigalloc": lambda: self.by_kernel("mke2fs -q -t ext4 -O bigalloc"),
            "XFS version 4": self.xfs4,
            "XFS version 5": lambda: self.by_kernel("mkfs.xfs -q"),
            "btrfs": lambda: self.by_kernel("mkfs.btrfs -q"),
            "btrfs zstd": lambda: self.by_kernel("mkfs.btrfs -q", "compress-force=zstd"),
            "FAT16": lambda: self.by_tool(FAT.format(16), self.plain),
            "FAT32": lambda: self.by_tool(FAT.format(32), self.plain),
            "ISO 9660 Joliet": lambda: self.by_tool(ISO.format("-J -joliet-long --norock"), self.plain),
            "ISO 9660 Rock Ridge": lambda: self.by_tool(ISO.format("-R")),
            "SquashFS gzip": lambda: self.by_tool(SQUASH.format("gzip"), size=0),
            "SquashFS xz": lambda: self.by_tool(SQUASH.format("xz"), size=0),
            "SquashFS zstd": lambda: self.by_tool(SQUASH.format("zstd"), size=0),
            "EROFS": lambda: self.by_tool("mkfs.erofs $IMAGE $TREE", size=0),
            "EROFS lz4": lambda: self.by_tool("mkfs.erofs -zlz4 $IMAGE $TREE", size=0),
            "UFS 1": lambda: self.by_tool("rm $IMAGE; makefs -t ffs -o version=1 -s 300m $IMAGE $TREE"),
            "UFS 2": lambda: self.by_tool("rm $IMAGE; makefs -t ffs -o version=2 -s 300m $IMAGE $TREE"),
            "MBR logical": lambda: self.partition("label: dos\n1M,,E\nstart=2M,size=200M\n", 2 * MIB),
            "GPT": lambda: self.partition("label: gpt\nstart=1M,size=200M\n", MIB),
            "GPT 4096": lambda: self.partition("label: gpt\nstart=1M,size=200M\n", MIB, 4096),
            "LVM linear": self.lvm,
            "LVM striped": lambda: self.lvm("-i", "2"),
            "md RAID1 1.0": lambda: self.md("1.0"),
            "md RAID1 1.2": lambda: self.md("1.2"),
        }
        return make[name]()

    # ---- measuring --------------------------------------------------------------------------

    def best_ms(self, action):
        """The fewest milliseconds that it took; whoever else uses the machine only adds to them."""
        return min(timed_ms(action) for _ in range(self.runs))

    def best_mb_s(self, action):
        return max(action() for _ in range(self.runs))

    def ours(self, images, tree):
        said = fsdump.dump(*images)
        if not said["files"]:
            return {}
        said["files"].pop(b"/lost+found", None)
        files = {path: f for path, f in tree.items() if f["type"] in ("file", "link")}
        wrong = {line.split("'")[1].encode() for line in
                 fsdump.differences(said, files, COMPARE) if not line.startswith("too many")}
        straight = [f for f in said["files"].values() if "extents_sha256" in f]
        walk = [BUILD / "tests/tools/fs-dump", "--walk=/boot/grub/grub.cfg", *images]
        return {"files": len(files), "right": len(files) - len(wrong),
                "extents": sum(f["extents_sha256"] == f["sha256"] for f in straight),
                "straight": len(straight),
                "pieces": len(said["files"][b"/boot/vmlinuz"]["extents"]),
                "ms": self.best_ms(lambda: run(*walk)),
                "mb_s": self.best_mb_s(lambda: self.ours_mb_s(images))}

    def ours_mb_s(self, images):
        """The first read through a fresh bootfs, of a domain that has these disks."""
        mount = self.folder / "bootfs"
        disks = "".join(f"disk = file:{image},xvd{'ab'[n]},w\n" for n, image in enumerate(images))
        config = self.folder / "bootfs.conf"
        config.write_text(f"[bootfs]\nmountpoint = {mount}\nxl-config =\nworker-user = nobody\n"
                          f"[domain guest]\n{disks}")
        daemon = subprocess.Popen([BUILD / "bootfs", "-f", "--config", config])
        try:
            while not os.path.ismount(mount) and daemon.poll() is None:
                time.sleep(0.001)
            os.stat(mount / "guest/default/kernel")
            return read_mb_s(mount / "guest/default/kernel", self.kernel)
        finally:
            daemon.terminate()
            daemon.wait()

    def pygrub(self, images, tree, offset):
        """What libfsimage reads; whether pygrub itself hands the kernel out."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        done = subprocess.run(["/usr/bin/python3", PYGRUB, "-q", "--output-format=simple0",
                               f"--output-directory={out}", images[0]], capture_output=True, check=False)
        kernels = list(out.glob("boot_kernel*"))
        boots = done.returncode == 0 and kernels and kernels[0].read_bytes() == self.kernel
        digests = {os.fsdecode(path): f["sha256"] for path, f in tree.items() if f["type"] == "file"}
        library = ["/usr/bin/python3", "-c", LIBFSIMAGE, PYGRUB.parent.parent / "lib/python", images[0], str(offset)]
        said = {"files": len(digests), "boots": bool(boots)}
        for _ in range(self.runs):
            done = subprocess.run(library, input=json.dumps(digests), capture_output=True, text=True, check=False)
            if done.returncode:
                return said
            one = json.loads(done.stdout)
            said |= {"right": one["right"], "ms": min(one["ms"], said.get("ms", 1e9)),
                     "mb_s": max(one.get("mb_s", 0), said.get("mb_s", 0))}
        return said

    def grub(self, images, tree, device):
        """GRUB's readers: every file by grub-mount, times by grub-fstest."""
        if device is None:
            return {}
        fstest = ["grub-fstest", "-c", str(len(images)), *map(str, images), "cat"]
        place = f"({device})" if device else ""
        done = subprocess.run([*fstest, f"{place}/boot/grub/grub.cfg"], capture_output=True, check=False)
        if done.stdout.decode(errors="replace") != GRUB_CFG:
            return {}
        said = {"ms": self.best_ms(lambda: run(*fstest, f"{place}/boot/grub/grub.cfg"))}

        def mb_s():
            begin = time.perf_counter()
            size = len(run(*fstest, f"{place}/boot/vmlinuz"))
            return size / 1e6 / (time.perf_counter() - begin)
        said["mb_s"] = self.best_mb_s(mb_s)
        self.mount.mkdir(exist_ok=True)
        root = ["-r", device] if device else []
        with contextlib.ExitStack() as stack:
            run("grub-mount", *root, *images, self.mount)
            stack.callback(subprocess.run, ["umount", "-l", self.mount], check=False)
            files = {path: f for path, f in tree.items() if f["type"] == "file"}
            said["right"] = sum(same_content(os.fsencode(self.mount) + path, f) for path, f in files.items())
            said["files"] = len(files)
        return said

    def by_mount(self, images, offset, fstype):
        """The kernel's driver."""
        if fstype is None:
            return {}
        options = f"ro,offset={offset}" + (",noload" if fstype in ("ext3", "ext4") else "")

        def cfg():
            self.mount.mkdir(exist_ok=True)
            begin = time.perf_counter()
            run("mount", "-t", fstype, "-o", f"loop,{options}", images[0], self.mount)
            (self.mount / "boot/grub/grub.cfg").read_bytes()
            took = (time.perf_counter() - begin) * 1e3
            run("umount", self.mount)
            return took

        def mb_s():
            with fsdump.mounted(images[0], self.mount, options, fstype) as root:
                return read_mb_s(root / "boot/vmlinuz", self.kernel)
        return {"ms": min(cfg() for _ in range(self.runs)), "mb_s": self.best_mb_s(mb_s)}

    def row(self, name):
        grub, offset, fstype = FORMATS[name]
        images, tree = self.single(name)
        return {"ours": self.ours(images, tree), "pygrub": self.pygrub(images, tree, offset),
                "grub": self.grub(images, tree, grub), "kernel": self.by_mount(images, offset, fstype)}


def timed_ms(action):
    begin = time.perf_counter()
    action()
    return (time.perf_counter() - begin) * 1e3


def read_mb_s(path, content):
    digest, took = hashlib.sha256(), 0.0
    with open(path, "rb", buffering=0) as file:
        while True:
            begin = time.perf_counter()
            block = file.read(MIB)
            took += time.perf_counter() - begin
            if not block:
                break
            digest.update(block)
    assert digest.digest() == hashlib.sha256(content).digest(), path
    return len(content) / 1e6 / took


def same_content(path, file):
    try:
        return fsdump.sha256(path) == file["sha256"]
    except OSError:
        return False


def number(value, digits=0):
    return f"{value:.{digits}f}" if value is not None else "-"


def share(said, part="right", whole="files"):
    return f"{said[part]}/{said[whole]}" if part in said else "-"


def line(name, row):
    ours, pygrub, grub, kernel = (row[key] for key in ("ours", "pygrub", "grub", "kernel"))
    cells = [name, share(ours), share(ours, "extents", "straight"), number(ours.get("pieces")),
             share(grub), share(pygrub), "yes" if pygrub["boots"] else "no",
             " / ".join(number(said.get("ms"), 1) for said in (ours, pygrub, grub, kernel)),
             " / ".join(number(said.get("mb_s")) for said in (ours, pygrub, grub, kernel))]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(FORMATS), help="rows, by commas: " + ", ".join(FORMATS))
    parser.add_argument("--json", default=str(BUILD / "bench-formats.json"))
    args = parser.parse_args()
    if os.geteuid() != 0 or not PYGRUB:
        sys.exit("bench-formats: needs root, and pygrub from Debian's xen-utils")
    rows = {}
    print("| format | files right | extents right | pieces | GRUB: files | libfsimage: files | "
          "pygrub boots | ms to grub.cfg: ours / libfsimage / GRUB / kernel | "
          "MB/s of 60 MB: the same |\n" + "|---" * 9 + "|")
    with tempfile.TemporaryDirectory(prefix="bootfs-formats.") as folder:
        bench = Bench(Path(folder), args.runs)
        for name in FORMATS:
            if name in args.only.split(",") or args.only == ",".join(FORMATS):
                rows[name] = bench.row(name)
                print(line(name, rows[name]), flush=True)
    Path(args.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
