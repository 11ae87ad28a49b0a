# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon through a real mount: what ordinary programs see of it."""

import concurrent.futures
import errno
import fcntl
import json
import mmap
import os
import pathlib
import random
import shutil
import stat
import subprocess
import tarfile
import tempfile
import time

import pytest
from conftest import boot_files, bytes_like, domain, wait_until

FILES = boot_files()
KERNEL = FILES["/boot/vmlinuz-1"]
INITRD = FILES["/boot/initrd-1"]


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, check=False, **more)


@pytest.fixture
def public():
    """A folder that everybody can enter, to be mounted on."""
    with tempfile.TemporaryDirectory(prefix="bootfs-test-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name) / "mnt"


@pytest.fixture
def mail(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")))
    return bootfs.mount / "mail"


def test_shows_a_domain_as_files(mail):
    assert os.listdir(mail.parent) == ["mail"]
    assert sorted(os.listdir(mail)) == ["default", "entries", "log", "menu", "menu.json"]
    assert os.readlink(mail / "default") == "entries/0"
    assert sorted(os.listdir(mail / "entries")) == ["0", "1", "2"]
    assert (mail / "default/kernel").read_bytes() == KERNEL
    assert (mail / "default/initrd").read_bytes() == INITRD
    assert (mail / "default/cmdline").read_text() == "root=/dev/xvda1 ro quiet\n"
    assert (mail / "entries/1/title").read_text() == "Second\n"
    assert (mail / "entries/1/id").read_text() == "second\n"
    assert (mail / "entries/1/path").read_text() == "1\n"
    assert (mail / "menu").read_text().startswith("* 0  First\n")
    assert (mail / "log").read_text().splitlines()[-1] == "result  entry 0 boots"
    assert json.loads((mail / "menu.json").read_text())["domain"] == "mail"


def test_what_does_not_exist_has_no_file(mail):
    assert not (mail / "error").exists()
    assert not (mail / "entries/1/initrd").exists()
    assert sorted(os.listdir(mail / "entries/2")) == ["cmdline", "id", "path", "script",
                                                      "source", "title"]
    for name in ("nope", "mail/nope", "mail/entries/3", "mail/entries/00", "mail/entries/-1",
                 "mail/entries/0/nope", "mail/menu/x", "x" * 255):
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            os.stat(mail.parent / name)


def test_a_missing_kernel_costs_only_its_file(mail):
    assert "[kernel missing: /boot/vmlinuz-gone]" in (mail / "menu").read_text()
    with pytest.raises(FileNotFoundError):
        (mail / "entries/2/kernel").read_bytes()


def test_modes_are_for_root_alone(mail):
    for folder, folders, files in os.walk(mail.parent):
        for name in folders + files + ["."]:
            status = os.lstat(os.path.join(folder, name))
            if not stat.S_ISLNK(status.st_mode):
                want = 0o500 if stat.S_ISDIR(status.st_mode) else 0o400
                assert stat.S_IMODE(status.st_mode) == want, name
            assert (status.st_uid, status.st_gid) == (0, 0)


def test_nobody_else_may_read(public, guest, start_bootfs):
    image = guest("mail.img")
    bootfs = start_bootfs(domain("mail", image), mount=public)

    for path in ("", "mail", "mail/menu", ".disk"):
        refused = run("setpriv", "--reuid=65534", "--clear-groups", "ls", public / path)
        assert b"Permission denied" in refused.stderr
    refused = run("setpriv", "--reuid=65534", "--clear-groups", "ls", bootfs.disk(image))
    assert b"Permission denied" in refused.stderr


def test_a_group_may_read_when_it_is_said_so(public, guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")), more="access = daemon", mount=public)
    menu = bootfs.mount / "mail/menu"

    assert stat.S_IMODE(os.stat(menu).st_mode) == 0o440
    assert stat.S_IMODE(os.stat(menu.parent).st_mode) == 0o550
    as_daemon = run("setpriv", "--reuid=65534", "--regid=1", "--clear-groups", "cat", menu)
    assert b"First" in as_daemon.stdout
    as_other = run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", menu)
    assert as_other.returncode != 0
    assert stat.S_IMODE(os.stat(bootfs.mount / ".disk").st_mode) == 0o500


def test_sizes_are_true(mail):
    count = 0
    for folder, _, files in os.walk(mail):
        for name in files:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                assert len(f.read()) == os.stat(path).st_size, path
            count += 1
    assert count > 20
    assert os.lstat(mail / "default").st_size == len("entries/0")


def test_everyday_programs_work(mail, tmp_path):
    for command in (["ls", "-l", mail], ["ls", "-laR", mail.parent], ["find", mail.parent],
                    ["find", mail, "-newer", mail, "-type", "f"],
                    ["grep", "-rl", "xvda1", mail], ["stat", mail / "default/kernel"],
                    ["du", "-a", mail], ["wc", "-c", mail / "default/initrd"],
                    ["cp", mail / "default/kernel", tmp_path / "k"],
                    ["cp", "-a", mail, tmp_path / "copy"],
                    ["cmp", mail / "default/kernel", tmp_path / "k"],
                    ["diff", "-r", mail, tmp_path / "copy"],
                    ["tar", "-C", mail.parent, "-cf", tmp_path / "mail.tar", "mail"],
                    ["df", mail]):
        done = run(*command)
        assert (done.returncode, done.stderr) == (0, b""), command
    with tarfile.open(tmp_path / "mail.tar") as tar:
        assert tar.extractfile("mail/entries/0/initrd").read() == INITRD


def test_a_listing_that_outlasts_the_time_to_live_is_of_one_piece(guest, start_bootfs, tmp_path):
    bootfs = start_bootfs(domain("mail", guest("mail.img")), ttl="50ms")
    slow = "find %s -exec sleep 0.02 ';' -print | wc -l" % (bootfs.mount / "mail")
    done = run("sh", "-c", slow)

    assert done.stderr == b""
    assert int(done.stdout) == 30
    done = run("tar", "-C", bootfs.mount, "--checkpoint=400", "--checkpoint-action=sleep=1",
               "-cf", tmp_path / "x.tar", "mail")
    assert done.returncode == 0, done.stderr


def test_reads_at_any_place_and_size(mail):
    picks = random.Random(1)
    with open(mail / "default/initrd", "rb", buffering=0) as f:
        for _ in range(200):
            at, size = picks.randrange(len(INITRD) + 10), picks.choice([1, 4095, 70000, 3 << 20])
            assert os.pread(f.fileno(), size, at)[:size] == INITRD[at:at + size]
        with mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE) as mapped:
            assert mapped[1000:2000] == INITRD[1000:2000]


def test_direct_reads_see_the_same(mail, tmp_path):
    for block in ("1M", "64K", "4M"):
        done = run("dd", f"if={mail}/default/initrd", f"of={tmp_path}/i", f"bs={block}",
                   "iflag=direct")
        assert done.returncode == 0
        assert (tmp_path / "i").read_bytes() == INITRD


def test_many_readers_at_once_see_the_same(mail):
    def read(i):
        path = mail / ("default/kernel" if i % 2 else "default/initrd")
        with open(path, "rb") as f:
            return f.read() == (KERNEL if i % 2 else INITRD)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(40)))


def test_nothing_can_be_changed(mail):
    for attempt in (lambda: open(mail / "menu", "ab"), lambda: os.mkdir(mail / "x"),
                    lambda: os.unlink(mail / "menu"), lambda: os.chmod(mail / "menu", 0o777),
                    lambda: os.truncate(mail / "menu", 0), lambda: os.utime(mail / "menu"),
                    lambda: os.rename(mail / "menu", mail / "x"),
                    lambda: os.symlink("x", mail / "x"), lambda: os.link(mail / "log", mail / "y"),
                    lambda: os.mkfifo(mail / "x"), lambda: os.chown(mail / "menu", 1, 1)):
        with pytest.raises(OSError) as error:
            attempt()
        assert error.value.errno == errno.EROFS
    for attempt in (lambda: os.setxattr(mail / "menu", "user.x", b"y"),
                    lambda: os.getxattr(mail / "menu", "user.x")):
        with pytest.raises(OSError):
            attempt()


def test_no_ioctl_is_known(mail):
    with open(mail / "menu", "rb") as menu:
        for number in (0x80086601, 0x40086602, 0x5401, 0xC0189436, 0):  # FS_IOC_GETFLAGS, ...
            with pytest.raises(OSError) as error:
                fcntl.ioctl(menu, number, bytes(256))
            assert error.value.errno in (errno.ENOTTY, errno.EROFS, errno.EOPNOTSUPP)


def test_a_domain_without_a_disk_says_so_and_costs_no_other(guest, start_bootfs, tmp_path):
    empty = tmp_path / "empty.img"
    empty.touch()
    noise = tmp_path / "noise.img"
    noise.write_bytes(bytes_like(9, 1 << 20))
    bootfs = start_bootfs(domain("good", guest("good.img")), domain("none", "/no/such.img"),
                          domain("folder", tmp_path), domain("empty", empty),
                          domain("noise", noise), domain("null", "/dev/null"))

    assert sorted(os.listdir(bootfs.mount)) == ["empty", "folder", "good", "noise", "none", "null"]
    for name, why in (("none", "/no/such.img: cannot open: No such file or directory"),
                      ("folder", "a folder, neither a disk image nor a block device"),
                      ("empty", "empty, 0 bytes"), ("noise", "no"),
                      ("null", "a character device, neither")):
        there = bootfs.mount / name
        error = (there / "error").read_text()
        assert why in error
        assert error.count("\n") == 1
        assert (there / "log").read_text().splitlines()[-1].endswith(error.strip()[-20:])
        assert not (there / "default").is_symlink()
        assert not (there / "menu").exists()
        assert json.loads((there / "menu.json").read_text())["status"] == "error"
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


def test_a_missing_disk_among_others_is_a_warning(guest, start_bootfs):
    """The others keep their names: hd1 stays hd1."""
    bootfs = start_bootfs(domain("mail", "/no/such.img", guest("b.img")))
    mail = bootfs.mount / "mail"

    assert "warning /no/such.img: cannot open" in (mail / "log").read_text()
    assert (mail / "default/kernel").read_bytes() == KERNEL
    assert "(hd1)/boot/grub/grub.cfg" in (mail / "menu").read_text()


def test_an_image_format_that_cannot_be_read_yet_says_so(start_bootfs, tmp_path):
    image = tmp_path / "x.qcow2"
    image.write_bytes(b"QFI\xfb" + bytes(1 << 16))
    bootfs = start_bootfs(f"[domain q]\ndisk = format=qcow2,vdev=xvda,access=rw,target={image}\n")

    assert "qcow2" in (bootfs.mount / "q/error").read_text()


def test_no_disk_is_opened_before_somebody_looks(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")), domain("web", guest("b.img", seed=5)))

    assert run("ls", "-la", bootfs.mount).returncode == 0
    assert os.stat(bootfs.mount / "mail").st_mode
    assert bootfs.open_disks() == []
    assert (bootfs.mount / "mail/menu").read_text()
    assert {os.path.basename(d) for d in bootfs.open_disks()} == {"a.img"}


def test_disks_are_closed_when_nobody_looks_any_more(guest, start_bootfs):
    """An open descriptor keeps a logical volume from being taken down."""
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image), ttl="200ms")
    disks = bootfs.open_disks

    with open(bootfs.mount / "mail/default/kernel", "rb") as f:
        assert f.read(10) == KERNEL[:10]
        time.sleep(0.5)
        assert disks()
        assert f.read() == KERNEL[10:]
    wait_until(lambda: not disks(), why="the disk stays open")
    assert (bootfs.disk(image) / "default/title").read_text() == "First\n"
    wait_until(lambda: not disks(), why="the disk below .disk stays open")
    # And are opened again, also for one who has been in there all the time.
    done = run("sh", "-c", "cat title; sleep 0.6; sha256sum <kernel; cat kernel | wc -c",
               cwd=bootfs.mount / "mail/entries/0")
    assert str(len(KERNEL)).encode() in done.stdout
    assert done.stderr == b""


def test_two_domains_of_one_name_are_one_with_a_warning(guest, start_bootfs, tmp_path):
    for number, seed in ((1, 1), (2, 5)):
        image = guest(f"{number}.img", seed=seed)
        (tmp_path / f"{number}.cfg").write_text(
            f'name = "mail"\ntype = "pv"\ndisk = ["file:{image},xvda,w"]\n')
    bootfs = start_bootfs(xl=tmp_path / "*.cfg")

    assert os.listdir(bootfs.mount) == ["mail"]
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL
    assert "2.cfg" in bootfs.said() and "1.cfg" in bootfs.said()


def test_a_changed_image_is_seen_after_the_time_to_live(guest, start_bootfs, tmp_path):
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image), ttl="300ms")
    kernel = bootfs.mount / "mail/default/kernel"
    other = boot_files(7)

    with open(kernel, "rb") as old:
        assert old.read(100) == KERNEL[:100]
        os.rename(guest("b.img", other), image)
        time.sleep(0.4)
        with open(kernel, "rb") as new:
            assert new.read() == other["/boot/vmlinuz-1"]
        assert old.read() == KERNEL[100:]
        assert (bootfs.mount / "mail/default/initrd").read_bytes() == other["/boot/initrd-1"]


def test_an_unchanged_image_keeps_its_inode_numbers(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image), ttl="100ms")
    paths = [bootfs.mount / "mail" / p for p in ("", "menu", "entries", "entries/0/kernel")]
    numbers = lambda: [os.stat(p).st_ino for p in paths]  # noqa: E731
    before = numbers()

    time.sleep(0.15)
    assert numbers() == before
    os.utime(image)  # looked at again, and all is as it was
    time.sleep(0.15)
    assert numbers() == before


def test_open_content_keeps_its_number_when_only_the_menu_changes(guest, start_bootfs):
    """And with it the page cache."""
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image), ttl="100ms")
    mail = bootfs.mount / "mail"
    menu, kernel = os.stat(mail / "menu").st_ino, os.stat(mail / "default/kernel").st_ino

    with open(mail / "default/kernel", "rb") as f:
        subprocess.run(["debugfs", "-w", "-R", "rm /boot/vmlinuz-2", image], check=True,
                       capture_output=True)
        time.sleep(0.15)
        assert os.stat(mail / "menu").st_ino != menu
        assert "vmlinuz-2" in (mail / "menu").read_text()
        assert os.stat(mail / "default/kernel").st_ino == kernel
        assert (mail / "default/kernel").read_bytes() == KERNEL
        assert f.read() == KERNEL


def test_shrinking_a_disk_while_it_is_read_is_an_error_and_no_more(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs(domain("mail", image))

    with open(bootfs.mount / "mail/default/initrd", "rb", buffering=0) as f:
        assert f.read(4096) == INITRD[:4096]
        os.truncate(image, 1 << 20)
        with pytest.raises(OSError) as error:
            while f.read(1 << 20):
                pass
        assert error.value.errno == errno.EIO
    assert os.listdir(bootfs.mount) == ["mail"]


def test_a_hundred_domains_fit_in_little_memory(guest, start_bootfs, tmp_path):
    image = guest("a.img", boot_files(1, 100_000, 100_000), size="8M")
    copies = []
    for i in range(100):
        copies.append(tmp_path / f"copy{i}.img")
        shutil.copyfile(image, copies[-1])
    bootfs = start_bootfs(*[domain(f"guest{i}", c) for i, c in enumerate(copies)])

    def resident():
        with open(f"/proc/{bootfs.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

    for i in range(10):
        assert (bootfs.mount / f"guest{i}/menu").read_text()
    ten = resident()
    for i in range(100):
        assert (bootfs.mount / f"guest{i}/default/kernel").read_bytes()
    print(f"10 domains: {ten} kB; 100 domains: {resident()} kB")
    if "asan" not in os.environ.get("BOOTFS_BUILD", ""):
        assert ten < 8192
        assert (resident() - ten) / 90 < 20 + 2 * 1024 / 90  # and the workers' two buffers
