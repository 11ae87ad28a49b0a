# SPDX-License-Identifier: GPL-2.0-or-later
""".disk/: any disk of the host by its path, always read afresh, for root in this namespace only."""

import errno
import os
import shutil
import subprocess
import time

import pytest
from conftest import boot_files, bytes_like, domain

FILES = boot_files()
KERNEL = FILES["/boot/vmlinuz-1"]
INITRD = FILES["/boot/initrd-1"]


def log(folder):
    return (folder / "log").read_text()


def test_shows_any_disk(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs()
    disk = bootfs.disk(image)

    assert os.listdir(bootfs.mount) == []
    assert os.listdir(bootfs.mount / ".disk") == []
    assert (disk / "default/kernel").read_bytes() == KERNEL
    assert (disk / "default/initrd").read_bytes() == INITRD
    assert sorted(os.listdir(disk)) == ["default", "entries", "log", "menu", "menu.json"]


def test_odd_names_are_escaped(guest, start_bootfs, tmp_path):
    odd = tmp_path / "a,b=c%2F d\n\x01é"
    odd.mkdir()
    image = guest("a.img")
    shutil.move(image, odd / "disk.img")
    bootfs = start_bootfs()

    assert (bootfs.disk(odd / "disk.img") / "default/title").read_text() == "First\n"


def test_names_that_say_nothing_do_not_exist(start_bootfs):
    bootfs = start_bootfs()
    for name in ("x", "%2", "%2Fx%", "%2Fx%41", "%2fx", "%2Fx,y", "%2Fx,y=1", "%2Fx,uid=0",
                 "%2Fx,uid=-1", "%2Fx,uid=4294967295", "%2Fx,offset=x", "%2Fx,offset=1,offset=1",
                 "%2Fx,domain=", "%2Fx=y", "%2Fx,kind=z"):
        with pytest.raises(FileNotFoundError):
            os.stat(bootfs.mount / ".disk" / name)


def test_a_disk_that_is_none_says_why(start_bootfs):
    bootfs = start_bootfs()
    for path, why in (("/no/such.img", "No such file or directory"), ("/dev", "a folder"),
                      ("/dev/null", "a character device"),
                      ("/dev/vg0/mail", "try: lvchange -ay vg0/mail")):
        assert why in (bootfs.disk(path) / "error").read_text()
        assert why in log(bootfs.disk(path))


def test_each_look_sees_the_disk_as_it_is(guest, start_bootfs):
    """No time to live here: also within one process, also for a disk rewritten in place."""
    image = guest("a.img")
    bootfs = start_bootfs()
    disk = bootfs.disk(image)

    for seed in (1, 5, 9):
        with open(guest("b.img", seed=seed), "rb") as other, open(image, "r+b") as f:
            f.write(other.read())
        want = boot_files(seed)
        assert (disk / "default/kernel").read_bytes() == want["/boot/vmlinuz-1"]
        os.rename(guest("c.img", seed=seed + 20), image)
        want = boot_files(seed + 20)
        assert (disk / "default/kernel").read_bytes() == want["/boot/vmlinuz-1"]


def test_an_open_folder_stays_with_what_it_saw(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs()

    folder = os.open(bootfs.disk(image), os.O_PATH | os.O_DIRECTORY)
    try:
        with open(os.open("default/kernel", os.O_RDONLY, dir_fd=folder), "rb") as kernel:
            os.rename(guest("b.img", seed=5), image)
            # Others see the new disk, also on the very same path.
            subprocess.run(["cat", bootfs.disk(image) / "menu"], check=True, capture_output=True)
            with open(os.open("entries/0/initrd", os.O_RDONLY, dir_fd=folder), "rb") as initrd:
                assert initrd.read() == INITRD
            assert kernel.read() == KERNEL
    finally:
        os.close(folder)


@pytest.mark.parametrize("how", ["write", "touch", "shrink", "grow"])
def test_a_disk_that_changes_while_it_is_read_is_an_error(guest, start_bootfs, how):
    image = guest("a.img")
    bootfs = start_bootfs()

    with open(bootfs.disk(image) / "default/initrd", "rb", buffering=0) as f:
        assert f.read(4096) == INITRD[:4096]
        with open(image, "r+b") as disk:
            if how == "write":
                disk.seek(1 << 20)
                disk.write(bytes(4096))
            elif how == "touch":
                os.utime(image)
            else:
                disk.truncate(32 << 20 if how == "shrink" else 128 << 20)
        with pytest.raises(OSError) as error:
            f.read(1 << 20)
        assert error.value.errno == errno.EIO
    assert (bootfs.disk(image) / "default/title").exists() or how == "shrink"


def test_copying_by_path_works(guest, start_bootfs, tmp_path):
    """cp compares inode numbers between its looks; ls looks once for each name."""
    image = guest("a.img")
    bootfs = start_bootfs()
    disk = bootfs.disk(image)

    for command in (["cp", disk / "default/kernel", tmp_path / "k"], ["ls", "-lR", disk],
                    ["cp", "-a", disk, tmp_path / "all"], ["cmp", disk / "default/kernel",
                                                           tmp_path / "k"],
                    ["tar", "-C", disk, "-cf", tmp_path / "t.tar", "."],
                    ["grep", "-r", "xvda1", disk]):
        done = subprocess.run([str(c) for c in command], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
    assert (tmp_path / "k").read_bytes() == KERNEL


def test_a_domains_first_disk_stands_for_the_domain(guest, start_bootfs, tmp_path):
    swap = tmp_path / "swap.img"
    swap.write_bytes(bytes_like(1, 4 << 20))
    root = guest("root.img")
    bootfs = start_bootfs(domain("mail", swap, root, args="extra=1"))
    link = tmp_path / "link"
    link.symlink_to(swap)

    for path in (swap, link):
        assert (bootfs.disk(path) / "default/kernel").read_bytes() == KERNEL
        assert "extra=1" in (bootfs.disk(path) / "default/cmdline").read_text()
        assert "the first disk of domain mail: all its 2 disks" in log(bootfs.disk(path))
    # The second disk is looked at alone, without the domain's settings.
    assert "no domain has this disk as its first" in log(bootfs.disk(root))
    assert "extra=1" not in (bootfs.disk(root) / "default/cmdline").read_text()


def test_a_disk_that_is_first_in_two_domains_stands_for_itself(guest, start_bootfs):
    image = guest("a.img")
    other = guest("b.img", seed=5)
    bootfs = start_bootfs(domain("one", image, args="one=1"),
                          domain("two", image, other, args="two=1"))

    assert "the first disk of 2 domains" in log(bootfs.disk(image))
    assert "one=1" not in (bootfs.disk(image) / "default/cmdline").read_text()
    one, two = (bootfs.disk(image, domain=d) for d in ("one", "two"))
    assert "one=1" in (one / "default/cmdline").read_text()
    assert "two=1" in (two / "default/cmdline").read_text()
    assert "no domain three is configured" in log(bootfs.disk(image, domain="three"))


def test_a_named_domain_gets_the_disk_that_was_named(guest, start_bootfs, tmp_path):
    """libxl attaches what is not raw under other names: the named disk is the first."""
    attached = guest("attached.img", seed=5)
    second = guest("second.img", files={"/readme": "nothing to boot here"})
    bootfs = start_bootfs(
        f"[domain q]\ndisk = format=qcow2,vdev=xvda,access=rw,target={tmp_path}/no.qcow2\n"
        f"disk = file:{second},xvdb,w\n")

    kernel = (bootfs.disk(attached, domain="q") / "default/kernel").read_bytes()
    assert kernel == boot_files(5)["/boot/vmlinuz-1"]
    assert str(second) in log(bootfs.disk(attached, domain="q"))


def test_block_devices_are_looked_at_each_time(guest, start_bootfs):
    image = guest("a.img")
    loop = subprocess.run(["losetup", "-f", "--show", image], check=True, capture_output=True,
                          text=True).stdout.strip()
    try:
        bootfs = start_bootfs(domain("mail", image), f"[domain dev]\ndisk = phy:{loop},xvda,w\n",
                              ttl="100ms")
        disk = bootfs.disk(loop)
        assert (disk / "default/kernel").read_bytes() == KERNEL
        assert (bootfs.mount / "dev/default/kernel").read_bytes() == KERNEL
        assert "domain dev" in log(disk)
        major, minor = os.major(os.stat(loop).st_rdev), os.minor(os.stat(loop).st_rdev)
        assert f"device {major}:{minor}" in (disk / "default/source").read_text()
        with open(guest("b.img", seed=5), "rb") as other, open(loop, "r+b") as f:
            f.write(other.read())
        want = boot_files(5)["/boot/vmlinuz-1"]
        assert (disk / "default/kernel").read_bytes() == want
        time.sleep(0.15)
        assert (bootfs.mount / "dev/default/kernel").read_bytes() == want
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def test_source_names_device_and_inode(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs()
    status = os.stat(image)

    source = (bootfs.disk(image) / "default/source").read_text().splitlines()[0]
    assert source.endswith(f"device {os.major(status.st_dev)}:{os.minor(status.st_dev)} "
                           f"inode {status.st_ino}")


def test_an_offset_skips_what_stands_before(guest, start_bootfs, tmp_path):
    shifted = tmp_path / "shifted.img"
    with open(shifted, "wb") as f, open(guest("a.img"), "rb") as image:
        f.write(bytes_like(3, 63 * 512) + image.read())
    bootfs = start_bootfs()

    assert (bootfs.disk(shifted) / "error").exists()
    assert (bootfs.disk(shifted, offset=63 * 512) / "default/kernel").read_bytes() == KERNEL


def test_a_configuration_may_be_named(guest, start_bootfs):
    files = boot_files()
    files["/other.cfg"] = "menuentry 'Other' {\nlinux /boot/vmlinuz-2 x=y\n}\n"
    bootfs = start_bootfs()
    disk = bootfs.disk(guest("a.img", files), config="(hd0)/other.cfg")

    assert (disk / "menu").read_text().startswith("* 0  Other\n")


def test_a_bare_configuration_file_may_be_read(start_bootfs, tmp_path):
    cfg = tmp_path / "grub.cfg"
    cfg.write_text(boot_files()["/boot/grub/grub.cfg"])
    bootfs = start_bootfs()

    assert (bootfs.disk(cfg, kind="config") / "entries/1/title").read_text() == "Second\n"


def test_limits_may_be_lowered(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs()

    small = bootfs.disk(image, max_kernel=1 << 20, max_initrd=1 << 30)
    assert not (small / "entries/0/kernel").exists()
    assert (small / "entries/1/kernel").exists()


def in_namespace_of_its_own(path):
    """What a process that is root in another mount namespace is told."""
    code = f"import os; os.stat({str(path)!r})"
    return subprocess.run(["unshare", "--mount", "/usr/bin/python3", "-c", code],
                          capture_output=True, check=False, text=True).stderr


def test_other_mount_namespaces_are_refused(guest, start_bootfs):
    """A path means something else there."""
    image = guest("a.img")
    bootfs = start_bootfs()

    assert "PermissionError" in in_namespace_of_its_own(bootfs.disk(image))
    assert "PermissionError" in in_namespace_of_its_own(bootfs.disk("/no/such"))
    assert in_namespace_of_its_own(bootfs.mount) == ""
    assert os.stat(bootfs.disk(image))


def test_may_be_switched_off(guest, start_bootfs):
    image = guest("a.img")
    bootfs = start_bootfs(more="disk-paths = off")

    with pytest.raises(FileNotFoundError):
        os.stat(bootfs.disk(image))
