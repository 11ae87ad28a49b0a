# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon where things are not as usual: odd calls, odd settings, much at once."""

import concurrent.futures
import contextlib
import errno
import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from conftest import BUILD, boot_files, bytes_like, domain, make_guest, mounts_at, wait_until

FILES = boot_files()
KERNEL = FILES["/boot/vmlinuz-1"]
INITRD = FILES["/boot/initrd-1"]


def make_squash(image, files, *options):
    """A guest whose files do not lie plainly on its disk."""
    tree = str(image) + ".tree"
    for path, content in files.items():
        os.makedirs(os.path.dirname(tree + path), exist_ok=True)
        with open(tree + path, "wb") as f:
            f.write(content.encode() if isinstance(content, str) else content)
    subprocess.run(["mksquashfs", tree, image, "-quiet", "-noappend", *options],
                   check=True, capture_output=True)
    shutil.rmtree(tree)
    return image


@pytest.fixture
def squash(tmp_path):
    return make_squash(tmp_path / "squash.img", FILES)


# ---- contents that must be asked for ------------------------------------------------------------


def test_compressed_files_are_read_by_the_inspector(squash, start_bootfs):
    bootfs = start_bootfs(domain("mail", squash))
    mail = bootfs.mount / "mail"

    def read(i):
        name, want = (("kernel", KERNEL), ("initrd", INITRD))[i % 2]
        return (mail / "default" / name).read_bytes() == want

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(16)))
    for flags in (os.O_DIRECT, 0):
        fd = os.open(mail / "default/kernel", os.O_RDONLY | flags)
        try:
            assert os.preadv(fd, [buffer := bytearray(4096)], 8192) == 4096
            assert buffer == KERNEL[8192:12288]
        finally:
            os.close(fd)
    assert (bootfs.disk(squash) / "default/initrd").read_bytes() == INITRD


def memfds(bootfs):
    found = []
    for fd in os.listdir(f"/proc/{bootfs.pid}/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/{bootfs.pid}/fd/{fd}"))
    return [f for f in found if "memfd" in f]


def test_their_memory_is_given_back(squash, start_bootfs):
    bootfs = start_bootfs(domain("mail", squash), ttl="200ms")

    with open(bootfs.mount / "mail/default/kernel", "rb") as f:
        assert f.read(1) == KERNEL[:1]
        assert len(memfds(bootfs)) == 1
        time.sleep(0.4)
        assert f.read() == KERNEL[1:]
    wait_until(lambda: not memfds(bootfs), why="a memfd stays open")
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL


def test_little_memory_goes_round(start_bootfs, tmp_path):
    """More compressed kernels at once than the cache holds: each reader waits for its turn."""
    images = [make_squash(tmp_path / f"{i}.img", boot_files(i, 700_000, 900_000))
              for i in range(6)]
    bootfs = start_bootfs(*[domain(f"g{i}", d) for i, d in enumerate(images)],
                          more="cache-memory = 1M")
    slow = [open(bootfs.mount / f"g{i}/default/kernel", "rb", buffering=0) for i in range(6)]

    def read(i):
        name, offset, size = (("kernel", 0, 700_000), ("initrd", 2, 900_000))[i % 2]
        data = (bootfs.mount / f"g{i // 2 % 6}/default" / name).read_bytes()
        return data == bytes_like(i // 2 % 6 + offset, size)

    for i, f in enumerate(slow):
        assert f.read(1000) == bytes_like(i, 1000)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(pool.map(read, range(48)))
    for i, f in enumerate(slow):
        assert f.readall() == bytes_like(i, 700_000)[1000:]
        f.close()


def test_a_compressed_file_that_changed_meanwhile_is_an_error(squash, start_bootfs, tmp_path):
    bootfs = start_bootfs(domain("mail", squash))
    other = make_squash(tmp_path / "other.img", boot_files(5, kernel_size=2 << 20))

    with open(bootfs.mount / "mail/default/kernel", "rb", buffering=0) as f:
        with open(other, "rb") as source, open(squash, "r+b") as target:
            target.write(source.read())
        with pytest.raises(OSError) as error:
            f.read(4096)
        assert error.value.errno == errno.EIO
    assert os.listdir(bootfs.mount / "mail")


def test_guests_that_pose_as_each_other_are_kept_apart(start_bootfs, tmp_path):
    """All that tells a file from another is the same: inode, times, size. Not the disk."""
    images = [make_squash(tmp_path / f"{seed}.img", boot_files(seed), "-all-time", "1000",
                          "-mkfs-time", "1000") for seed in (1, 5)]
    bootfs = start_bootfs(domain("one", images[0]), domain("two", images[1]))

    for name, seed in (("one", 1), ("two", 5), ("one", 1)):
        there = bootfs.mount / name / "default"
        assert (there / "kernel").read_bytes() == boot_files(seed)["/boot/vmlinuz-1"]
        assert (there / "initrd").read_bytes() == boot_files(seed)["/boot/initrd-1"]
    assert os.stat(bootfs.mount / "one/default/kernel").st_ino != \
        os.stat(bootfs.mount / "two/default/kernel").st_ino


def file_with_number(folder, number):
    """A new file that got the inode number of a removed one; None where it is not to be had."""
    for i in range(500):
        path = folder / f"new{i}"
        path.touch()
        if os.stat(path).st_ino == number:
            return path
    return None


def test_a_reused_inode_number_is_no_old_friend(start_bootfs, tmp_path, monkeypatch):
    """An image made anew may get the number that another had; guests of one template are alike."""
    monkeypatch.setenv("E2FSPROGS_FAKE_TIME", "1000000000")
    one, two = (make_guest(tmp_path / f"{seed}.img", boot_files(seed), options=["-U", "clear"])
                for seed in (1, 5))
    spare = shutil.copy(two, tmp_path / "spare.img")
    bootfs = start_bootfs(domain("one", one), domain("two", two), ttl="100ms")
    for name, seed in (("one", 1), ("two", 5)):
        kernel = bootfs.mount / name / "default/kernel"
        assert kernel.read_bytes() == boot_files(seed)["/boot/vmlinuz-1"]
    wait_until(lambda: not bootfs.open_disks())

    number = os.stat(one).st_ino
    os.unlink(one)
    again = file_with_number(tmp_path, number)
    if not again:
        pytest.skip("this file system does not give inode numbers again")
    shutil.copy(spare, again)
    os.rename(again, two)
    time.sleep(0.2)
    assert (bootfs.mount / "two/default/kernel").read_bytes() == boot_files(5)["/boot/vmlinuz-1"]
    # Nor for the domain itself.
    shutil.copy(spare, one)
    time.sleep(0.2)
    assert (bootfs.mount / "one/default/kernel").read_bytes() == boot_files(5)["/boot/vmlinuz-1"]


# ---- odd calls ----------------------------------------------------------------------------------


def test_odd_open_flags(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    menu = bootfs.mount / "mail/menu"
    for flags in (os.O_NONBLOCK, os.O_DIRECT, os.O_NOATIME, os.O_SYNC, os.O_NOFOLLOW,
                  os.O_LARGEFILE, os.O_NOCTTY):
        fd = os.open(menu, os.O_RDONLY | flags)
        assert os.read(fd, 4096).startswith(b"* 0  First")
        os.close(fd)
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_TRUNC | os.O_WRONLY, os.O_APPEND | os.O_WRONLY):
        with pytest.raises(OSError) as error:
            os.open(menu, flags)
        assert error.value.errno == errno.EROFS
    for name, flags in (("new", os.O_CREAT | os.O_WRONLY), ("", os.O_TMPFILE | os.O_RDWR),
                        ("menu", os.O_CREAT | os.O_EXCL | os.O_WRONLY)):
        with pytest.raises(OSError):
            os.open(bootfs.mount / "mail" / name, flags)
    with pytest.raises(NotADirectoryError):
        os.open(menu, os.O_DIRECTORY)
    with pytest.raises(OSError):
        os.open(bootfs.mount / "mail/default", os.O_NOFOLLOW)


def test_names_of_every_length(guest, start_bootfs, tmp_path):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    for parent in (bootfs.mount, bootfs.mount / ".disk", bootfs.mount / "mail",
                   bootfs.mount / "mail/entries"):
        for length in (1, 255, 256, 1024, 1025, 4000):
            for letter in ("x", "9", "%"):
                with pytest.raises(OSError) as error:
                    os.stat(parent / (letter * length))
                assert error.value.errno in (errno.ENOENT, errno.ENAMETOOLONG)
    deep = tmp_path / "d" / ("x" * 200) / ("y" * 200) / ("z" * 200)
    deep.mkdir(parents=True)
    shutil.copy(guest("b.img"), deep / "disk.img")
    assert (bootfs.disk(deep / "disk.img") / "default/title").read_text() == "First\n"


def test_a_link_in_the_tree_stays_in_the_tree(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    for folder, folders, files in os.walk(bootfs.mount):
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                assert os.path.realpath(path).startswith(str(bootfs.mount))


def test_what_a_guest_writes_is_only_text(guest, start_bootfs):
    """Newlines, escapes, quotes, a path as title: no file but the known ones, no control byte."""
    cfg = ("menuentry 'a\x1b[2J\nkernel /etc/passwd' --id '../../../etc' {\n"
           "linux /boot/vmlinuz-1 \"x\ty\" '$(id)`id`'\n}\n"
           "menuentry \"\u202etxt.exe\" { linux /../../boot/vmlinuz-2\n}\n")
    bootfs = start_bootfs(domain("mail", guest("a.img", boot_files(1, cfg=cfg))))
    mail = bootfs.mount / "mail"

    assert sorted(os.listdir(mail / "entries")) == ["0", "1"]
    for name in ("menu", "log", "entries/0/title", "entries/0/id", "entries/0/source",
                 "entries/0/script", "entries/1/title"):
        text = (mail / name).read_text()
        assert all(c in "\n\t" or c >= " " for c in text), name
        assert "\u202e" not in text
    assert (mail / "entries/0/title").read_text().count("\n") == 1
    assert "id" in (mail / "entries/0/cmdline").read_text()


# ---- odd settings -------------------------------------------------------------------------------


def test_no_time_to_live_at_all(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image), ttl="0s")

    for _ in range(5):
        assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL
        assert os.listdir(bootfs.mount / "mail/entries/0")
    done = subprocess.run(["ls", "-lR", bootfs.mount], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    os.rename(guest("b.img", seed=5), image)
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == boot_files(5)["/boot/vmlinuz-1"]
    assert (bootfs.disk(image) / "default/title").read_text() == "First\n"


def test_a_cache_too_small_for_all_is_only_slower(tmp_path, start_bootfs):
    """Big menus, one megabyte for them all."""
    cfg = "".join(f"menuentry 'Entry {i} {'x' * 200}' {{ linux /boot/vmlinuz-1 n={i}\n}}\n"
                  for i in range(400))
    image = make_guest(tmp_path / "a.img", boot_files(1, 100_000, 100_000, cfg), size="16M")
    copies = [shutil.copy(image, tmp_path / f"{i}.img") for i in range(12)]
    bootfs = start_bootfs(*[domain(f"g{i}", c) for i, c in enumerate(copies)],
                          more="cache-memory = 1M")

    held = [open(bootfs.mount / f"g{i}/default/kernel", "rb") for i in range(3)]
    for _ in range(2):
        for i in range(12):
            there = bootfs.mount / f"g{i}"
            assert (there / "entries/399/cmdline").read_text() == "n=399\n"
            assert len(os.listdir(there / "entries")) == 400
    for f in held:
        assert len(f.read()) == 100_000
        f.close()


def test_hundreds_of_domains_at_once(tmp_path, start_bootfs):
    """Also where a process may have few descriptors open at first."""
    image = make_guest(tmp_path / "a.img", boot_files(1, 100_000, 100_000), size="8M")
    copies = [shutil.copy(image, tmp_path / f"{i}.img") for i in range(150)]
    bootfs = start_bootfs(*[domain(f"g{i}", c) for i, c in enumerate(copies)], ttl="60s")

    with open(f"/proc/{bootfs.pid}/limits", encoding="ascii") as limits:
        soft = next(int(line.split()[3]) for line in limits if "open files" in line)
    assert soft > 4 * 150
    assert sorted(os.listdir(bootfs.mount)) == sorted(f"g{i}" for i in range(150))
    done = subprocess.run(f"cat {bootfs.mount}/*/default/title | sort | uniq -c", shell=True,
                          capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["150", "First"]


def test_mount_programs_can_start_it(guest, tmp_path):
    conf, mount = tmp_path / "conf", tmp_path / "mnt"
    conf.write_text("[bootfs]\nxl-config = none\nworker-user = nobody\n" +
                    domain("mail", guest("a.img")))
    mount.mkdir()
    options = f"config={conf},noauto,nofail,x-systemd.automount,nosuid"
    done = subprocess.run(["mount", "-t", "fuse", "-o", options, f"{BUILD}/bootfs#none", mount],
                          capture_output=True, text=True, check=False)
    try:
        assert (done.returncode, done.stderr) == (0, "")
        assert (mount / "mail/default/kernel").read_bytes() == KERNEL
    finally:
        subprocess.run(["umount", "-l", mount], check=True)
    wrong = subprocess.run(["mount", "-t", "fuse", "-o", "wrong", f"{BUILD}/bootfs#none", mount],
                           capture_output=True, text=True, check=False)
    assert wrong.returncode != 0
    assert 'unknown mount option "wrong"' in wrong.stderr


# ---- much at once -------------------------------------------------------------------------------


def change(image, spare, picks):
    """What happens to a guest's disk on a host."""
    how = picks.randrange(4)
    if how == 0:
        os.utime(image)
    elif how == 1:
        copy = f"{image}.new"
        shutil.copy(spare, copy)
        os.rename(copy, image)
    elif how == 2:
        with open(spare, "rb") as source, open(image, "r+b") as target:
            shutil.copyfileobj(source, target)
    else:
        with contextlib.suppress(OSError):
            os.rename(image, f"{image}.away")
            time.sleep(0.02)
            os.rename(f"{image}.away", image)


def look(bootfs, images, picks):
    """One of the things people do; whatever comes back must be one of the two kernels."""
    i = picks.randrange(len(images))
    there = bootfs.mount / f"g{i}" if picks.random() < 0.6 else bootfs.disk(images[i])
    try:
        what = picks.randrange(6)
        if what == 0:
            os.listdir(there / "entries")
        elif what == 1:
            (there / "menu.json").read_bytes()
        elif what == 2:
            data = (there / "entries/1/kernel").read_bytes()
            assert len(data) == 100_001
        elif what == 3:
            for folder, _, files in os.walk(there):
                for name in files:
                    os.stat(os.path.join(folder, name))
        elif what == 4:
            os.readlink(there / "default")
        else:
            with open(there / "entries/0/initrd", "rb") as f:
                f.seek(picks.randrange(100_000))
                f.read(5000)
    except OSError as error:
        assert error.errno in (errno.ENOENT, errno.EIO, errno.ESTALE, errno.ENOTDIR), error


@pytest.mark.parametrize("cache", ["1M", "256M"])
def test_holds_when_all_happens_together(tmp_path, start_bootfs, cache):
    images, spares = [], []
    for i in range(4):
        images.append(make_guest(tmp_path / f"{i}.img", boot_files(i, 150_000, 200_000),
                                 size="8M"))
        spares.append(shutil.copy(images[-1], f"{images[-1]}.spare"))
    images.append(make_squash(tmp_path / "s.img", boot_files(9, 150_000, 200_000)))
    spares.append(shutil.copy(images[-1], f"{images[-1]}.spare"))
    bootfs = start_bootfs(*[domain(f"g{i}", d) for i, d in enumerate(images)], ttl="30ms",
                          more=f"cache-memory = {cache}")
    end = time.monotonic() + 6

    def reader(seed):
        picks = random.Random(seed)
        while time.monotonic() < end:
            look(bootfs, images, picks)

    def changer(seed):
        picks = random.Random(seed)
        while time.monotonic() < end:
            i = picks.randrange(len(images))
            change(images[i], spares[i], picks)
            if picks.random() < 0.1:
                os.kill(bootfs.pid, signal.SIGHUP)
            time.sleep(0.03)

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        jobs = [pool.submit(reader, s) for s in range(6)] + [pool.submit(changer, 99)]
        killed = 0
        while time.monotonic() < end:
            victim = subprocess.Popen(["grep", "-r", "x", bootfs.mount],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.Random(killed).random() / 10)
            victim.kill()
            victim.wait(5)
            killed += 1
        for job in jobs:
            job.result()
    assert bootfs.process.poll() is None, bootfs.said()
    for i, spare in enumerate(spares):
        shutil.copy(spare, images[i])
    time.sleep(0.1)
    for i in range(4):
        assert (bootfs.mount / f"g{i}/entries/1/kernel").read_bytes() == bytes_like(i + 1, 100_001)
    assert bootfs.stop() == 0
    assert not mounts_at(bootfs.mount)
