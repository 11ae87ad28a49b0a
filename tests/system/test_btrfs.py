"""btrfs: our reader against the kernel's."""

import itertools
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
sys.path.insert(0, str(TOP / "tests/support"))

import damage  # noqa: E402
import fstree  # noqa: E402
from btrfsdisk import MIB, attached, make, mounted, run  # noqa: E402


def compare(images, root, ignore=()):
    theirs = fstree.kernel_view(root, ignore)
    ours, answer = fstree.our_view(BUILD, *images, ignore=ignore)
    assert not fstree.differences(ours, theirs)
    assert not fstree.wrong_extents(answer)
    return answer


def reported(answer, *kinds):
    return [text for kind, text in answer["report"] if kind in kinds and "btrfs" in text]


def fill(root, names=3000, pieces=600, clones=True):
    fstree.make_small(root)
    fstree.make_folders(root, names)
    fstree.make_files(root, pieces)
    if clones:
        fstree.make_clones(root, pieces)
    for name in ("vmlinuz-83946", "vmlinuz-1600200", "vmlinuz-83944", "vmlinuz-1600202"):
        (root / name).write_text(f"{name} has the hash of another one")
    # What compresses: a lot, a little, by halves.
    (root / "zeros and text").write_bytes(b"".join(
        bytes(3000) + f"line {i}\n".encode() * 100 for i in range(3000)))
    (root / "half noise").write_bytes(b"".join(
        fstree.noise(70_000, i) + b"x" * 90_000 for i in range(40)))
    (root / "inline text").write_bytes(b"compressed and inline " * 80)
    with open(root / "packed with holes", "wb") as file:
        for i in range(50):
            file.seek(i * 500_000)
            file.write(b"abc" * 40_000)


@pytest.mark.parametrize("options", [
    "",
    "-m single -d single -n 4096",
    "-n 65536",
    "-M -n 4096",
    "-O ^no-holes,^extref,^skinny-metadata -R ^free-space-tree",
    "-R quota -O raid56",
    "--csum xxhash",
    "--csum sha256",
    "--csum blake2",
])
def test_reads_what_the_kernel_reads(tmp_path, options):
    images = make(tmp_path, options)
    with mounted(images) as root:
        fill(root)
    with mounted(images, "ro") as root:
        answer = compare(images, root)
    assert not reported(answer, "warning", "note")
    assert len(fstree.extents_of(answer, "/punched")) >= 1200
    assert fstree.extents_of(answer, "/only a hole") == [["zero", 0, 0, 10_000_000]]


@pytest.mark.parametrize("packing", ["zlib", "lzo", "zstd:15"])
@pytest.mark.parametrize("force", ["compress", "compress-force"])
def test_unpacks_what_the_kernel_packs(tmp_path, packing, force):
    images = make(tmp_path)
    with mounted(images, f"{force}={packing}") as root:
        fill(root, names=100)
    with mounted(images, "ro") as root:
        answer = compare(images, root)
    kinds = {e[0] for e in fstree.extents_of(answer, "/packed with holes")}
    assert kinds == {"later", "zero"}


@pytest.mark.parametrize("profile, devices", [
    ("dup", 2), ("raid0", 3), ("raid1", 3), ("raid1c3", 3),
    ("raid1c4", 4), ("raid10", 5), ("raid5", 3), ("raid6", 4), ("single", 3),
])
def test_joins_the_devices_of_a_guest(tmp_path, profile, devices):
    images = make(tmp_path, f"-d {profile} -m {profile}", devices)
    with mounted(images) as root:
        fill(root, names=300)
    with mounted(images, "ro") as root:
        answer = compare(images, root)
        compare(images[::-1], root)
    assert not reported(answer, "warning", "note")


@pytest.mark.parametrize("profile, devices", [
    ("raid1", 2), ("raid1c3", 3), ("raid1c4", 4), ("raid10", 4)])
def test_does_without_one_device_where_there_are_copies(tmp_path, profile, devices):
    images = make(tmp_path, f"-d {profile} -m {profile}", devices)
    with mounted(images) as root:
        fill(root, names=300)
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    for missing in range(devices):
        rest = images[:missing] + images[missing + 1:]
        ours, answer = fstree.our_view(BUILD, *rest)
        assert not fstree.differences(ours, theirs)
        assert not fstree.wrong_extents(answer)
        assert any(f"{devices - 1} of its {devices} devices found" in w
                   for w in reported(answer, "warning"))


@pytest.mark.parametrize("profile, devices, lost", [
    ("raid5", 3, 1), ("raid5", 4, 1), ("raid6", 4, 1), ("raid6", 4, 2), ("raid6", 5, 2)])
def test_computes_what_a_missing_device_held(tmp_path, profile, devices, lost):
    images = make(tmp_path, f"-d {profile} -m {profile}", devices)
    with mounted(images) as root:
        fill(root, names=100, pieces=50)
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    for missing in itertools.combinations(images, lost):
        ours, answer = fstree.our_view(BUILD, *[image for image in images if image not in missing])
        assert not fstree.differences(ours, theirs)
        assert not fstree.wrong_extents(answer)
        assert {extent[0] for extent in fstree.extents_of(answer, "/kernel")} == {"disk", "later"}
    _, answer = fstree.our_view(BUILD, *images[lost + 1:])
    assert all(node["sha256"] in ("EIO", "EUCLEAN") for node in answer["files"] if node["path"] == "/kernel")


def test_computes_what_a_device_with_missed_writes_should_hold(tmp_path):
    """Without checksums nothing but the generation tells."""
    images = make(tmp_path, "-d raid5 -m raid1c3", 3)
    with mounted(images, "nodatasum") as root:
        (root / "kernel").write_bytes(fstree.noise(3_000_000, 1))
    run("cp", "--sparse=always", images[0], tmp_path / "old")
    with mounted(images, "nodatasum,nodatacow") as root:
        with open(root / "kernel", "r+b") as file:
            file.write(fstree.noise(3_000_000, 2))
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    ours, answer = fstree.our_view(BUILD, tmp_path / "old", *images[1:])
    assert not fstree.differences(ours, theirs)
    assert any("missed the last writes" in w for w in reported(answer, "warning"))


@pytest.mark.parametrize("profile, devices", [("raid5", 3), ("raid6", 4)])
def test_computes_what_has_a_wrong_checksum(tmp_path, profile, devices):
    images = make(tmp_path, f"-d {profile} -m {profile}", devices)
    with mounted(images) as root:
        fill(root, names=100, pieces=50, clones=False)
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    spoil(images[1], MIB, 400 * MIB, 1)
    ours, answer = fstree.our_view(BUILD, *images)
    assert not fstree.differences(ours, theirs)
    assert not reported(answer, "warning", "note")


def test_says_that_a_device_is_missing_where_there_are_no_copies(tmp_path):
    images = make(tmp_path, "-d raid0 -m raid1", 2)
    with mounted(images) as root:
        fill(root, names=300)
    ours, answer = fstree.our_view(BUILD, images[0])
    assert any("1 of its 2 devices found" in w for w in reported(answer, "warning"))
    large = next(n for n in answer["files"] if n["path"] == "/kernel")
    assert large["sha256"] == "EIO" and large["extents"] == "EIO"


def test_leaves_a_device_that_missed_writes_for_last(tmp_path):
    images = make(tmp_path, "-d raid1 -m raid1", 2)
    with mounted(images) as root:
        fill(root, names=100)
    run("cp", "--sparse=always", images[0], tmp_path / "old")
    with mounted(images) as root:
        for name in ("kernel", "punched"):
            (root / name).write_bytes(fstree.noise(3_000_000, 99))
        for path in (root / "many").iterdir():
            path.unlink()
    run("cp", "--sparse=always", tmp_path / "old", tmp_path / "copy")
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    for pair in ([tmp_path / "old", images[1]], [images[1], tmp_path / "old"]):
        ours, answer = fstree.our_view(BUILD, *pair)
        assert not fstree.differences(ours, theirs)
        assert not fstree.wrong_extents(answer)
        assert any("missed the last writes" in w for w in reported(answer, "warning"))


def spoil(image, start, end, seed, every=4096):
    """One wrong byte in each block that holds something."""
    chance = random.Random(seed)
    with open(image, "r+b", buffering=0) as file:
        for at in range(start, end, every):
            file.seek(at)
            if any(file.read(every)):
                file.seek(at + chance.randrange(every))
                file.write(b"\xa5")


@pytest.mark.parametrize("csum", ["crc32c", "xxhash", "sha256", "blake2"])
def test_takes_the_other_copy_where_a_checksum_is_wrong(tmp_path, csum):
    images = make(tmp_path, f"-d raid1 -m raid1 --csum {csum}", 2)
    with mounted(images) as root:
        fill(root, names=300, clones=False)
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    spoil(images[0], MIB, 400 * MIB, 1)
    ours, answer = fstree.our_view(BUILD, *images)
    assert not fstree.differences(ours, theirs)
    assert not reported(answer, "warning", "note")


def test_says_that_data_is_bad_where_there_is_no_other_copy(tmp_path):
    image, = make(tmp_path)
    with mounted([image]) as root:
        (root / "kernel").write_bytes(fstree.noise(1_000_000, 1))
    _, answer = fstree.our_view(BUILD, image)
    _, _, at, _ = fstree.extents_of(answer, "/kernel")[0]
    spoil(image, at, at + 4096, 2)
    ours, _ = fstree.our_view(BUILD, image)
    assert ours["/kernel"]["sha256"] == "EIO"


def test_sees_subvolumes_and_snapshots_as_the_kernel_does(tmp_path):
    images = make(tmp_path)
    with mounted(images) as root:
        run("btrfs", "subvolume", "create", root / "@")
        run("btrfs", "subvolume", "create", root / "@/.snapshots")
        (root / "@/boot").mkdir()
        (root / "@/boot/vmlinuz").write_text("first")
        for i in (1, 2):
            (root / f"@/.snapshots/{i}").mkdir()
            run("btrfs", "subvolume", "snapshot", root / "@", root / f"@/.snapshots/{i}/snapshot")
            (root / "@/boot/vmlinuz").write_text(f"after {i}")
        run("btrfs", "subvolume", "delete", "-c", root / "@/.snapshots/1/snapshot")
    with mounted(images, "ro") as root:
        # Where a subvolume hung in a snapshot, the kernel makes a folder up.
        ignore = ["mtime"]
        compare(images, root, ignore)


def test_finds_the_default_subvolume_and_the_top(tmp_path):
    images = make(tmp_path)
    with mounted(images) as root:
        run("btrfs", "subvolume", "create", root / "@")
        (root / "@/boot/grub2").mkdir(parents=True)
        (root / "@/boot/grub2/grub.cfg").write_text("in the default subvolume")
        (root / "both").write_text("top")
        (root / "@/both").write_text("default")
        number = run("btrfs", "subvolume", "list", root).split()[1]
        run("btrfs", "subvolume", "set-default", number, root)
    ours, answer = fstree.our_view(BUILD, *images)
    assert ours["/boot/grub2/grub.cfg"] == ours["/@/boot/grub2/grub.cfg"]
    assert ours["/both"]["size"] == len("top")
    assert [n["path"] for n in answer["files"]].count("/both") == 1
    assert any(f"subvolume {number} is the default" in n for n in reported(answer, "note"))
    with mounted(images, "ro") as root:
        theirs = fstree.kernel_view(root)
    assert {p: n for p, n in theirs.items() if p not in ("", "/both")}.items() <= ours.items()


@pytest.mark.parametrize("subvolume, default", [("@", False), ("@rootfs", False), ("@", True)])
def test_finds_the_menu_in_a_subvolume(tmp_path, subvolume, default):
    """Ubuntu's and Debian's layout, and openSUSE's with its paths in the default subvolume."""
    images = make(tmp_path)
    prefix = "" if default else f"/{subvolume}"
    with mounted(images) as root:
        run("btrfs", "subvolume", "create", root / subvolume)
        grub = root / subvolume / "boot/grub"
        grub.mkdir(parents=True)
        (grub.parent / "vmlinuz").write_bytes(fstree.noise(100_000, 1))
        (grub / "grub.cfg").write_text(
            f"menuentry 'On btrfs' {{\n linux {prefix}/boot/vmlinuz quiet\n}}\n")
        if default:
            number = run("btrfs", "subvolume", "list", root).split()[1]
            run("btrfs", "subvolume", "set-default", number, root)
    answer = json.loads(run(BUILD / "bootfs-inspect", "--json", images[0]))
    assert answer["config"]["path"] == f"{prefix}/boot/grub/grub.cfg"
    entry, = answer["entries"]
    assert entry["bootable"] and entry["kernel"]["size"] == 100_000


def test_warns_of_a_log_that_was_not_replayed(tmp_path):
    image, = make(tmp_path)
    copy = tmp_path / "copy"
    with mounted([image], "commit=300") as root:
        (root / "before").write_text("committed")
        os.sync()
        with open(root / "after", "w", encoding="ascii") as file:
            file.write("in the log only")
            file.flush()
            os.fsync(file.fileno())
        run("cp", "--sparse=always", image, copy)
    ours, answer = fstree.our_view(BUILD, copy)
    assert "/before" in ours
    assert any("log not replayed: recent changes may be missing" in w
               for w in reported(answer, "warning"))
    ours, answer = fstree.our_view(BUILD, image)
    assert "/after" in ours and not reported(answer, "warning", "note")


def test_reads_a_file_system_grown_from_a_seed(tmp_path):
    seed, = make(tmp_path)
    with mounted([seed]) as root:
        fill(root, names=100)
    run("btrfstune", "-f", "-S", "1", seed)
    sprout = tmp_path / "sprout"
    with open(sprout, "wb") as file:
        file.truncate(600 * MIB)
    with attached([seed, sprout]) as loops, \
            fstree.mounted(loops[0], options="defaults", kind="btrfs") as root:
        run("btrfs", "device", "add", "-f", loops[1], root)
        run("mount", "-o", "remount,rw", root)
        (root / "new").write_bytes(fstree.noise(100_000, 8))
        theirs = fstree.kernel_view(root)
    ours, answer = fstree.our_view(BUILD, sprout, seed)
    assert not fstree.differences(ours, theirs)
    assert not fstree.wrong_extents(answer)


def test_reads_after_the_metadata_uuid_was_changed(tmp_path):
    images = make(tmp_path)
    with mounted(images) as root:
        fill(root, names=100)
    run("btrfstune", "-f", "-m", *images)
    with mounted(images, "ro") as root:
        assert not reported(compare(images, root), "warning", "note")


def test_uses_a_copy_of_the_superblock(tmp_path):
    images = make(tmp_path)
    with mounted(images) as root:
        fstree.make_small(root)
    with open(images[0], "r+b") as file:
        file.seek(65536 + 80)  # where the root tree is
        file.write(b"\xff" * 8)
    ours, answer = fstree.our_view(BUILD, *images)
    assert "/kernel" in ours
    assert any("wrong checksum on the superblock" in n for n in reported(answer, "note"))


@pytest.mark.parametrize("sector", [8192, 65536])
def test_reads_sectors_larger_than_this_machines_pages(tmp_path, sector):
    tree = tmp_path / "tree"
    tree.mkdir()
    fstree.make_small(tree)
    for name in ("fifo", "device"):
        (tree / name).unlink()
    images = make(tmp_path, f"-s {sector} -n 65536 --rootdir {tree}")
    compare(images, tree, ignore=["mtime"])


@pytest.mark.parametrize("options, devices", [
    ("-m single -n 4096", 1), ("-M -n 4096", 1), ("-d raid1 -m raid1", 2)])
def test_survives_damage(tmp_path, options, devices):
    images = make(tmp_path, options, devices)
    with mounted(images, "compress-force=lzo") as root:
        for i in range(200):
            (root / f"{'x' * 80}{i}").write_bytes(b"0123" * (i % 3 * 2000))
        run("btrfs", "subvolume", "create", root / "@")
        (root / "@/link").symlink_to("../x")
    seen = damage.files_seen(*images)
    if devices == 1:
        assert len(set(seen)) > 10
    else:
        # The other copy serves, unless the superblock is lost.
        assert set(seen) <= {0, 65} and seen.count(65) > 0.9 * len(seen)
