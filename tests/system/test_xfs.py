"""XFS: our reader against the kernel's, and against mkfs where this kernel cannot mount."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
sys.path.insert(0, str(TOP / "tests/support"))

import damage  # noqa: E402
import fstree  # noqa: E402

MIB = 1 << 20
INCOMPAT, CRC, PARENT = 216, 224, 0x80

# What this machine's mkfs.xfs can make and the kernel can mount: blocks to 4096 bytes, version 5.
MOUNTABLE = [
    "",
    "-m finobt=0,rmapbt=0,reflink=0,bigtime=0,inobtcount=0",
    "-m rmapbt=1,reflink=1,bigtime=1,inobtcount=1",
    "-m reflink=0 -i nrext64=1",
    "-i nrext64=1,size=1024",
    "-i sparse=0,size=2048",
    "-b size=1024",
    "-b size=2048 -n size=8192",
    "-n size=65536",
    "-b size=1024 -n size=32768 -i size=512",
    "-s size=4096",
    "-d agcount=4 -l size=64m,su=256k",
    "-d noalign,agcount=3,extszinherit=16,cowextsize=32 -l agnum=1 -i maxpct=10,perblock=2",
    "-d agcount=2,su=64k,sw=2 -r extsize=1m",
    "-m finobt=0,uuid=5eed0000-0000-4000-8000-000000000001 -s size=1024",
]


def make(image, options, size=400 * MIB, *, proto=None):
    image.unlink(missing_ok=True)
    with open(image, "wb") as file:
        file.truncate(size)
    words = options.split() + (["-p", str(proto)] if proto else [])
    ran = subprocess.run(["mkfs.xfs", "-q", *words, str(image)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return image


def compare(image, root, ignore=()):
    """Everything agrees, and nothing is wrong with the extents; fs-dump's answer."""
    theirs = fstree.kernel_view(root, ignore)
    ours, answer = fstree.our_view(BUILD, image, ignore=ignore)
    assert not fstree.differences(ours, theirs)
    assert not fstree.wrong_extents(answer)
    return answer


def warnings(answer):
    return [text for kind, text in answer["report"] if kind in ("warning", "note")]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def set_incompat(image, flags):
    """Adds incompatible features to the superblock and makes its checksum right again."""
    with open(image, "r+b") as file:
        sector = bytearray(file.read(512))
        old, = struct.unpack_from(">I", sector, INCOMPAT)
        struct.pack_into(">I", sector, INCOMPAT, old | flags)
        struct.pack_into("<I", sector, CRC, 0)
        struct.pack_into("<I", sector, CRC, crc32c(sector))
        file.seek(0)
        file.write(sector)


@pytest.mark.parametrize("options", MOUNTABLE)
def test_reads_what_the_kernel_reads(tmp_path, options):
    image = make(tmp_path / "image", options)
    with fstree.mounted(image) as root:
        fstree.make_small(root)
        fstree.make_folders(root)
        fstree.make_files(root)
        if "reflink=0" not in options:
            fstree.make_clones(root)
    with fstree.mounted(image, options="loop,ro") as root:
        answer = compare(image, root)
    assert not warnings(answer)
    assert len(fstree.extents_of(answer, "/punched")) >= 3000
    assert fstree.extents_of(answer, "/only a hole") == [["zero", 0, 0, 10_000_000]]


def test_reads_a_file_system_whose_log_is_on_another_disk(tmp_path):
    image, log = tmp_path / "image", tmp_path / "log"
    for path, size in ((image, 400 * MIB), (log, 80 * MIB)):
        with open(path, "wb") as file:
            file.truncate(size)
    loop = subprocess.run(["losetup", "-f", "--show", log], capture_output=True, text=True,
                          check=True).stdout.strip()
    try:
        subprocess.run(["mkfs.xfs", "-q", "-l", f"logdev={loop}", image], check=True)
        with fstree.mounted(image, options=f"loop,logdev={loop}") as root:
            fstree.make_small(root)
        with fstree.mounted(image, options=f"loop,ro,norecovery,logdev={loop}") as root:
            answer = compare(image, root)
        assert warnings(answer) == [
            "hd0 XFS: its log is on another device, which is none of the domain's disks; "
            "recent changes may be missing"]
    finally:
        subprocess.run(["losetup", "-d", loop], check=False)


def test_reads_parent_pointers_as_the_kernel_writes_them(tmp_path):
    image = make(tmp_path / "image", "")
    set_incompat(image, PARENT)
    with fstree.mounted(image) as root:
        fstree.make_small(root)
        fstree.make_folders(root, names=500)
    with fstree.mounted(image, options="loop,ro") as root:
        assert not warnings(compare(image, root))


def test_replays_the_log_until_it_is_clean_after_an_unmount(tmp_path):
    image = make(tmp_path / "image", "")
    copy = tmp_path / "copy"
    for turn in range(6):
        with fstree.mounted(image) as root:
            for i in range(4000):
                (root / f"{turn} {i}").touch()
                if i % 500 == 0:
                    os.sync()
            os.sync()
            subprocess.run(["cp", "--sparse=always", image, copy], check=True)
        ours, answer = fstree.our_view(BUILD, copy)
        assert any("read as its log says" in note for note in warnings(answer))
        assert sum(path.startswith(f"/{turn} ") for path in ours) == 4000
        with fstree.mounted(image, options="loop,ro") as root:
            assert not warnings(compare(image, root))


def prototype(folder, depth=1):
    """The lines of mkfs.xfs' prototype for a tree."""
    for path in sorted(folder.iterdir()):
        indent = " " * depth
        mode = f"{path.lstat().st_mode & 0o777:03o}"
        if path.is_symlink():
            yield f"{indent}{path.name} l--777 0 0 {os.readlink(path)}"
        elif path.is_dir():
            yield f"{indent}{path.name} d--{mode} 0 0"
            yield from prototype(path, depth + 1)
            yield f"{indent}$"
        else:
            yield f"{indent}{path.name} ---{mode} 0 0 {path}"


@pytest.fixture(scope="module")
def plain_tree(tmp_path_factory):
    """A tree that a prototype can describe: no blanks in names, links that fit an inode."""
    root = tmp_path_factory.mktemp("tree")
    (root / "many").mkdir()
    for i in range(4000):
        (root / f"many/initrd.img-{i}-{'y' * (i % 97)}").write_bytes(fstree.noise(i % 7 * 700, i))
    (root / "Folder/Deeper").mkdir(parents=True)
    (root / "Folder/Deeper/Kernel").write_bytes(fstree.noise(1_000_001, 1))
    (root / "large").write_bytes(fstree.noise(12_000_000, 2))
    (root / ("n" * 255)).write_text("long name")
    (root / "link").symlink_to("Folder/Deeper/Kernel")
    (root / "empty").touch()
    root.chmod(0o755)
    return root


# What this kernel does not mount: version 4, ascii-ci, blocks over the page size.
@pytest.mark.parametrize("options", [
    "-m crc=0,finobt=0",
    "-m crc=0,finobt=0 -n ftype=0",
    "-m crc=0,finobt=0 -n ftype=1 -b size=512 -i size=256",
    "-m crc=0,finobt=0 -b size=1024 -n size=4096 -d agcount=8",
    "-m crc=0,finobt=0 -i attr=1,projid32bit=0 -l version=1,lazy-count=0",
    "-m crc=0,finobt=0 -b size=65536 -n size=65536",
    "-n version=ci",
    "-m crc=0,finobt=0 -n version=ci",
    "-b size=8192",
    "-b size=65536",
    "-s size=32768 -b size=32768",
])
def test_reads_what_mkfs_made(tmp_path, plain_tree, options):
    proto = tmp_path / "proto"
    proto.write_text("\n".join(["/", "0 0", "d--755 0 0", *prototype(plain_tree), "$"]) + "\n")
    image = make(tmp_path / "image", options, size=800 * MIB, proto=proto)
    assert not warnings(compare(image, plain_tree, ignore=["mtime"]))


@pytest.mark.parametrize("options", ["-b size=1024", "-m crc=0,finobt=0 -b size=512"])
def test_survives_damage(tmp_path, options):
    root = tmp_path / "tree"
    (root / "folder").mkdir(parents=True)
    for i in range(200):
        (root / f"folder/{'x' * 80}{i}").write_bytes(b"0" * (i % 3 * 400))
    (root / "link").symlink_to("folder/x")
    proto = tmp_path / "proto"
    proto.write_text("\n".join(["/", "0 0", "d--755 0 0", *prototype(root), "$"]) + "\n")
    image = make(tmp_path / "image", options, proto=proto)
    damage.assert_survived(image)
