# SPDX-License-Identifier: GPL-2.0-or-later
"""volumes/: guests' file systems as folders, compared with what the kernel itself shows of them,
and hostile ones that must come to an end."""

import contextlib
import os
import shutil
import stat
import subprocess
import sys

import pytest

from conftest import TOP, boot_files, bytes_like, domain, make_guest, wait_until

sys.path.insert(0, str(TOP / "tests" / "support"))

import fsdump  # noqa: E402
import lvm  # noqa: E402

MORE = "volumes = root"


@contextlib.contextmanager
def written(image, folder):
    """The image, mounted to be written; all of it lies on the disk behind it."""
    with fsdump.mounted(image, folder, "rw") as kernel:
        yield kernel
        # Another mount namespace may hold on to it, so that unmounting writes nothing.
        subprocess.run(["fsfreeze", "-f", kernel], check=True)
        subprocess.run(["fsfreeze", "-u", kernel], check=True)


def make_tree(tree):
    """Files of every kind that are shown, and some that are not."""
    for path, content in boot_files().items():
        (tree / path.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
        (tree / path.lstrip("/")).write_bytes(content.encode() if isinstance(content, str)
                                              else content)
    deep = tree / "usr" / "share" / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (deep / "empty").write_bytes(b"")
    (deep / "tiny").write_bytes(b"x" * 20)
    with open(deep / "sparse", "wb") as f:
        f.seek(3 << 20)
        f.write(b"end")
    many = tree / "many"
    many.mkdir()
    for i in range(1200):
        (many / f"file-{i:04}-with-a-name-that-is-a-little-longer").write_bytes(b"%d" % i)
    (tree / "naïve ☃").write_bytes(b"utf-8")
    (tree / os.fsdecode(b"latin\xe9")).write_bytes(b"latin")
    (tree / "-rf *").write_bytes(b"odd")
    os.symlink("usr/share/a", tree / "short")
    os.symlink("/usr/share", deep / "absolute")
    os.symlink("../../../../many/file-0007-with-a-name-that-is-a-little-longer", deep / "file")
    os.symlink("/nowhere", tree / "dangling")
    os.symlink("loop", tree / "loop")
    os.symlink("../../..", tree / "usr" / "outside")
    os.mkfifo(tree / "fifo")
    os.mknod(tree / "device", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    (tree / "usr" / "setuid").write_bytes(b"s")
    os.chmod(tree / "usr" / "setuid", 0o6755)
    os.chmod(tree / "usr" / "share", 0o711)
    for path in (deep / "tiny", deep, tree / "usr"):
        os.utime(path, (1_000_000_000, 1_234_567_890))


def inside(root, path):
    """Does the guest's link lead somewhere in the guest? Absolute ones count from its root."""
    for _ in range(50):
        if not os.path.islink(path):
            return path if os.path.exists(path) else None
        target = os.readlink(path)
        base = root if target.startswith("/") else os.path.dirname(path)
        path = os.path.normpath(os.path.join(base, target.lstrip("/")))
        if not path.startswith(str(root)):
            path = str(root)
    return None


def describe(root, guests_own):
    """{path: what it is} of a tree; a guest's own tree as volumes/ must show it."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            real = inside(root, path) if guests_own else path
            if real is None:
                continue
            what = os.lstat(real)
            key = os.path.relpath(path, root)
            if stat.S_ISREG(what.st_mode):
                found[key] = ("file", what.st_size, what.st_mode & 0o555, int(what.st_mtime),
                              fsdump.sha256(real))
            elif os.path.islink(path):
                if stat.S_ISDIR(os.stat(real).st_mode):
                    leads = real if guests_own else os.path.realpath(path)
                    found[key] = ("link", os.path.relpath(leads, root))
            elif stat.S_ISDIR(what.st_mode):
                found[key] = ("folder", what.st_mode & 0o555, int(what.st_mtime))
    return found


MKFS = {
    "ext4": "mke2fs -q -t ext4 {}",
    "ext4-inline": "mke2fs -q -t ext4 -I 256 -O inline_data {}",
    "xfs": "mkfs.xfs -q {}",
    "btrfs": "mkfs.btrfs -q {}",
}


@pytest.mark.parametrize("kind", MKFS)
def test_is_what_the_kernel_shows(tmp_path, start_bootfs, kind):
    image = tmp_path / "guest.img"
    with open(image, "wb") as f:
        f.truncate(400 << 20)
    subprocess.run([*MKFS[kind].split()[:-1], image], check=True)
    with written(image, tmp_path / "kernel") as kernel:
        make_tree(kernel)
        expected = describe(kernel, True)
    volume = start_bootfs(domain("mail", image), more=MORE).mount / "mail/volumes/hd0"
    assert describe(volume, False) == expected
    assert len(expected) > 1200 and ("link", "usr/share") in expected.values()


def test_logical_volumes_have_a_folder_of_their_own(tmp_path, start_bootfs):
    root = make_guest(tmp_path / "root.img", {"/etc/hostname": "mail\n"}, size="16M")
    boot = make_guest(tmp_path / "boot.img", boot_files())
    with lvm.Group(tmp_path, "vg") as group:
        for name in ("root", "home-1"):
            group.lvcreate("-n", name, "-L", "16M")
            group.write(name, root.read_bytes())
    bootfs = start_bootfs(domain("mail", boot, *group.disks), more=MORE)
    volumes = bootfs.mount / "mail/volumes"
    assert sorted(os.listdir(volumes)) == ["hd0", "lvm"]
    assert sorted(os.listdir(volumes / "lvm")) == ["vg-home--1", "vg-root"]
    assert (volumes / "lvm/vg-root/etc/hostname").read_text() == "mail\n"
    assert not (volumes / "lvm/vg-gone").exists() and not (volumes / "hd1").exists()


def test_packed_files_of_any_size(tmp_path, start_bootfs):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "big").write_bytes(bytes_like(3, 21_000_000))
    (tree / "small").write_bytes(b"small" * 1000)
    subprocess.run(["mksquashfs", tree, tmp_path / "guest.img", "-quiet", "-no-progress"],
                   check=True, stdout=subprocess.DEVNULL)
    bootfs = start_bootfs(domain("mail", tmp_path / "guest.img"), more=MORE)
    volume = bootfs.mount / "mail/volumes/hd0"
    for name in ("big", "small"):
        assert fsdump.sha256(volume / name) == fsdump.sha256(tree / name)
    with open(volume / "big", "rb") as f:  # backwards, over the edges of what is kept
        for at in range(20_999_000, 0, -2_999_999):
            f.seek(at)
            assert f.read(4096) == bytes_like(3, 21_000_000)[at:at + 4096]


@pytest.fixture(name="shown")
def fixture_shown(tmp_path, start_bootfs):
    """A guest's first volume as volumes/ shows it, and the daemon."""
    tree = tmp_path / "tree"
    tree.mkdir()
    make_tree(tree)
    image = tmp_path / "guest.img"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, image, "64M"], check=True)
    bootfs = start_bootfs(domain("mail", image), more=MORE)
    bootfs.volume = bootfs.mount / "mail/volumes/hd0"
    bootfs.image = image
    return bootfs


def test_the_tools_of_every_day_work(shown, tmp_path):
    quiet = {"check": True, "capture_output": True, "timeout": 300}
    subprocess.run(["tar", "-C", shown.volume, "-cf", tmp_path / "t.tar", "."], **quiet)
    (tmp_path / "tar").mkdir()
    subprocess.run(["tar", "-C", tmp_path / "tar", "-xf", tmp_path / "t.tar"], **quiet)
    ours = describe(shown.volume, False)
    assert describe(tmp_path / "tar", False) == ours
    if shutil.which("rsync"):
        subprocess.run(["rsync", "-a", f"{shown.volume}/", tmp_path / "rsync"], **quiet)
        assert describe(tmp_path / "rsync", False) == ours
    found = subprocess.run(["grep", "-rl", "^718$", shown.volume], **quiet, text=True)
    assert found.stdout.count("\n") == 1 and "file-0718" in found.stdout
    subprocess.run(["du", "-s", shown.volume], **quiet)
    subprocess.run(["find", "-L", shown.volume, "-name", "x"], capture_output=True, check=False,
                   timeout=300)


def test_nothing_gives_rights(shown):
    what = os.stat(shown.volume / "usr/setuid")
    assert stat.S_IMODE(what.st_mode) == 0o555 and (what.st_uid, what.st_gid) == (0, 0)
    assert not (shown.volume / "fifo").exists() and not (shown.volume / "device").exists()
    assert not os.path.lexists(shown.volume / "dangling")
    assert os.readlink(shown.volume / "usr/outside") == ".."
    with pytest.raises(OSError):
        open(shown.volume / "new", "wb")


def test_is_for_root_alone(tmp_path, start_bootfs):
    image = make_guest(tmp_path / "guest.img", boot_files())
    mount = start_bootfs(domain("mail", image), more=MORE + "\naccess = daemon").mount
    assert stat.S_IMODE(os.stat(mount / "mail").st_mode) == 0o550
    for folder in (mount, mount.parent, mount.parent.parent, tmp_path.parent):
        if not str(folder).startswith(str(mount)):
            os.chmod(folder, 0o755)
    as_group = ["setpriv", "--reuid=65534", "--regid=daemon", "--clear-groups"]
    assert subprocess.run([*as_group, "cat", mount / "mail/menu"], check=False,
                          capture_output=True).returncode == 0
    for path in ("volumes", "volumes/hd0", "volumes/hd0/boot/vmlinuz-1"):
        done = subprocess.run([*as_group, "ls", mount / "mail" / path], check=False,
                              capture_output=True, text=True)
        assert done.returncode and "Permission denied" in done.stderr
    # By a folder that root opened before, too.
    held = os.open(mount / "mail/volumes/hd0/boot", os.O_RDONLY)
    done = subprocess.run([*as_group, "cat", f"/proc/self/fd/{held}/vmlinuz-2"], check=False,
                          pass_fds=[held], capture_output=True)
    os.close(held)
    assert done.returncode and not done.stdout


def test_is_off_unless_switched_on(tmp_path, start_bootfs):
    image = make_guest(tmp_path / "guest.img", boot_files())
    bootfs = start_bootfs(domain("mail", image), ttl="0s")
    assert not (bootfs.mount / "mail/volumes").exists()
    off = bootfs.conf.read_text()
    bootfs.write(off.replace("[bootfs]", "[bootfs]\n" + MORE))
    bootfs.reload()
    assert (bootfs.mount / "mail/volumes/hd0/boot/vmlinuz-2").stat().st_size == 100_001
    held = os.open(bootfs.mount / "mail/volumes/hd0", os.O_RDONLY)
    bootfs.write(off)
    bootfs.reload()
    assert not (bootfs.mount / "mail/volumes").exists()
    with pytest.raises(OSError):
        os.stat("usr", dir_fd=held)
    os.close(held)


def test_a_disk_by_its_path_has_them_too(shown):
    folder = shown.disk(shown.image)
    assert describe(folder / "volumes/hd0/usr", False) == describe(shown.volume / "usr", False)


def test_a_changed_disk_is_seen_by_whoever_looks_anew(tmp_path, start_bootfs):
    image = make_guest(tmp_path / "guest.img", {**boot_files(), "/etc/motd": "old\n"})
    bootfs = start_bootfs(domain("mail", image), more=MORE, ttl="0s")
    motd = bootfs.mount / "mail/volumes/hd0/etc/motd"
    assert motd.read_text() == "old\n"
    subprocess.run(["debugfs", "-w", "-R", "rm /etc/motd", image], check=True,
                   capture_output=True)
    (tmp_path / "new").write_text("new and longer\n")
    subprocess.run(["debugfs", "-w", "-R", f"write {tmp_path}/new etc/motd", image], check=True,
                   capture_output=True)
    assert motd.read_text() == "new and longer\n"


# ---- hostile trees ----------------------------------------------------------------------------

def test_a_hundred_thousand_names(tmp_path, start_bootfs):
    image = tmp_path / "guest.img"
    with open(image, "wb") as f:
        f.truncate(400 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-N", "150000", image], check=True)
    with written(image, tmp_path / "kernel") as kernel:
        (kernel / "many").mkdir()
        for i in range(100_000):
            os.mknod(kernel / "many" / f"{i:06}")
    bootfs = start_bootfs(domain("mail", image), more=MORE, timeout="60s")
    many = bootfs.mount / "mail/volumes/hd0/many"
    assert sorted(os.listdir(many)) == [f"{i:06}" for i in range(100_000)]
    assert (many / "099999").stat().st_size == 0 and not (many / "100000").exists()


def test_memory_is_bounded_and_listings_come_again(tmp_path, start_bootfs):
    tree = tmp_path / "tree"
    for i in range(60):
        (tree / f"{i:02}").mkdir(parents=True)
        for j in range(500):
            (tree / f"{i:02}" / f"{j:03}").write_bytes(b"%d" % j)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-N", "40000", "-d", tree,
                    tmp_path / "guest.img", "200M"], check=True)
    bootfs = start_bootfs(domain("mail", tmp_path / "guest.img"),
                          more=MORE + "\ncache-memory = 1M")
    volume = bootfs.mount / "mail/volumes/hd0"
    held = volume / "07" / "123"
    inode = held.stat().st_ino
    folder = os.open(volume / "07", os.O_RDONLY)
    for i in range(60):
        assert len(os.listdir(volume / f"{i:02}")) == 500
    assert held.stat().st_ino == inode and held.read_bytes() == b"123"
    assert len(os.listdir(folder)) == 500
    os.close(folder)


def debugfs(image, *commands):
    subprocess.run(["debugfs", "-w", "-f", "-", image], check=True, capture_output=True,
                   text=True, input="".join(c + "\n" for c in commands))


def test_loops_of_folders_end(tmp_path, start_bootfs):
    image = make_guest(tmp_path / "guest.img", {"/a/b/file": "x", "/c/file": "y"})
    # Each of them is in each other, twice: without an end there were 2^depth paths.
    debugfs(image, "link /a /a/b/a1", "link /a /a/b/a2", "link /a/b /a/b/self", "link /a /c/a",
            "link /c /a/c", "link /a/b /b2", "link / /root2")
    volume = start_bootfs(domain("mail", image), more=MORE).mount / "mail/volumes/hd0"
    done = subprocess.run(["find", volume], capture_output=True, text=True, check=False,
                          timeout=120)
    assert done.stdout.count("\n") < 20
    assert sorted(os.path.basename(line) for line in done.stdout.splitlines()
                  if line.endswith("/file")) == ["file", "file"]


def test_folders_deeper_than_any_path_end(tmp_path, start_bootfs):
    image = tmp_path / "guest.img"
    with open(image, "wb") as f:
        f.truncate(64 << 20)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", image], check=True)
    with written(image, tmp_path / "kernel") as kernel:
        here = os.open(kernel, os.O_RDONLY)
        for _ in range(60):
            os.mkdir("d" * 100, dir_fd=here)
            there = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = there
        os.close(here)
    volume = start_bootfs(domain("mail", image), more=MORE).mount / "mail/volumes/hd0"
    done = subprocess.run(["find", volume], capture_output=True, text=True, check=False,
                          timeout=120)
    assert 30 < done.stdout.count("\n") < 45 and "too long" in done.stderr


def test_a_waiting_folder_stops_no_other(shown):
    """Look-ups wait one by one in the folder that is asked about, and nowhere else."""
    readers = [subprocess.Popen(["find", shown.volume], stdout=subprocess.DEVNULL)
               for _ in range(8)]
    try:
        for name in ("menu", "log", "menu.json"):
            assert (shown.mount / "mail" / name).read_bytes()
        wait_until(lambda: all(r.poll() is not None for r in readers), 120)
        assert all(r.returncode == 0 for r in readers)
    finally:
        for reader in readers:
            if reader.poll() is None:
                reader.kill()
            reader.wait(10)
