# SPDX-License-Identifier: GPL-2.0-or-later
"""How a daemon begins, is told to change, and ends: nothing mounted, nothing left."""

import errno
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import BUILD, boot_files, domain, mounts_at, unmount_below, wait_until

FILES = boot_files()
KERNEL = FILES["/boot/vmlinuz-1"]


def bootfs_says(*arguments, programs=BUILD, **more):
    done = subprocess.run([programs / "bootfs", *[str(a) for a in arguments]], capture_output=True,
                          text=True, check=False, timeout=30, **more)
    return done.returncode, done.stderr or done.stdout


@pytest.fixture
def conf(tmp_path, guest):
    file = tmp_path / "bootfs.conf"
    file.write_text("[bootfs]\nxl-config = none\nworker-user = nobody\n" +
                    f"mountpoint = {tmp_path}/mnt\n" + domain("mail", guest("mail.img")))
    yield file
    unmount_below(tmp_path)


def daemons(conf):
    found = subprocess.run(["pgrep", "-f", f"bootfs.*{conf}"], capture_output=True, text=True,
                           check=False).stdout.split()
    return [int(pid) for pid in found]


# ---- the command line ---------------------------------------------------------------------------


def test_tells_what_it_takes():
    assert bootfs_says("--help")[0] == 0
    assert "Usage: bootfs" in bootfs_says("-h")[1]
    status, text = bootfs_says("--version")
    assert (status, text.split()[0]) == (0, "bootfs")


@pytest.mark.parametrize("arguments, why", [
    (["--nope"], "unknown option --nope"),
    (["-x"], "unknown option -x"),
    (["--config"], "--config needs a value"),
    (["-o", "ro,nope"], 'unknown mount option "nope"'),
    (["a", "b", "c"], "one mount point"),
    ([""], "empty name"),
    (["lst"], "lst is no command and no folder"),
    (["--ready-fd=77", "-f"], "no open descriptor"),
    (["--ready-fd=1"], "needs --foreground"),
])
def test_refuses_a_wrong_command_line(arguments, why):
    status, text = bootfs_says(*arguments)

    assert status == 2
    assert why in text


def test_checks_a_configuration(conf, tmp_path):
    assert bootfs_says("--check", "--config", conf) == (0, f"{conf}: ok, 1 domains\n")
    conf.write_text("[bootfs]\ncache-ttl = nope\n[domain a/b]\nxl-config = none\nnope = 1\n")
    status, text = bootfs_says("--check", "--config", conf)
    assert status == 1
    assert f"{conf}:2: " in text
    assert f"{conf}:3: " in text
    assert not (tmp_path / "mnt").exists()


def test_a_wrong_configuration_mounts_nothing(conf, tmp_path):
    conf.write_text(conf.read_text() + "nope = 1\n")
    status, text = bootfs_says("--config", conf)

    assert status == 1
    assert f'{conf}:7: unknown setting "nope"' in text
    assert not mounts_at(tmp_path / "mnt")
    assert daemons(conf) == []


# ---- to the background and back -----------------------------------------------------------------


def test_goes_to_the_background_when_the_mount_answers(conf, tmp_path):
    status, text = bootfs_says("--config", conf, cwd=tmp_path)

    assert (status, text) == (0, "")
    assert (tmp_path / "mnt/mail/default/kernel").read_bytes() == KERNEL
    pid, = daemons(conf)
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert {os.readlink(f"/proc/{pid}/fd/{n}") for n in (0, 1, 2)} == {"/dev/null"}
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not daemons(conf))
    assert not (tmp_path / "mnt").exists()  # it was made, and is removed


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_unmounts_and_ends(guest, start_bootfs, how):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    assert (bootfs.mount / "mail/menu").exists()

    assert bootfs.stop(how) == 0
    assert mounts_at(bootfs.mount) == []
    assert not bootfs.mount.exists()


def test_readers_get_an_error_when_it_ends(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    with open(bootfs.mount / "mail/default/initrd", "rb", buffering=0) as f:
        assert f.read(10)
        bootfs.stop()
        with pytest.raises(OSError) as error:
            os.pread(f.fileno(), 100, 4 << 20)
        assert error.value.errno in (errno.ENOTCONN, errno.ECONNABORTED)


@pytest.mark.parametrize("lazy", [False, True])
def test_ends_when_somebody_else_unmounts(guest, start_bootfs, lazy):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    with open(bootfs.mount / "mail/default/initrd", "rb", buffering=0) as f:
        assert f.read(10)
        busy = subprocess.run(["umount", bootfs.mount], check=False, capture_output=True)
        assert busy.returncode != 0
        if lazy:
            subprocess.run(["umount", "-l", bootfs.mount], check=True)
            assert len(f.readall()) == len(FILES["/boot/initrd-1"]) - 10
    if not lazy:
        subprocess.run(["umount", bootfs.mount], check=True)
    assert bootfs.process.wait(10) == 0
    assert not bootfs.mount.exists()


def test_leaves_alone_what_others_mounted_there(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", bootfs.mount], check=True)
    try:
        bootfs.stop()
        assert mounts_at(bootfs.mount)[-1] == "tmpfs"
    finally:
        subprocess.run(["umount", bootfs.mount], check=True)
        bootfs.clean_up()


# ---- mount points -------------------------------------------------------------------------------


def test_refuses_a_mount_point_that_it_cannot_take(conf, tmp_path):
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    (full / "x").touch()
    file.touch()
    for path, why in ((full, "not empty"), (file, "not a folder"),
                      (tmp_path / "no/such", "the folder that it would lie in is missing"),
                      ("/proc/nope", "cannot be made")):
        status, text = bootfs_says("--config", conf, path)
        assert (status, why in text) == (1, True), text
        assert str(path) in text
    assert daemons(conf) == []


def test_takes_odd_names_and_links(conf, tmp_path):
    odd = tmp_path / "a b\\c\nd é"
    odd.mkdir()
    link = tmp_path / "link"
    link.symlink_to(odd)
    status, text = bootfs_says("--config", conf, link)
    assert (status, text) == (0, "")
    assert os.listdir(odd) == ["mail"]
    status, text = bootfs_says("--config", conf, odd)
    assert (status, "a bootfs is mounted there already" in text) == (1, True)
    pid, = daemons(conf)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not daemons(conf))
    assert os.listdir(odd) == []
    assert odd.exists()


def test_a_relative_mount_point_and_configuration(conf, tmp_path):
    (tmp_path / "here").mkdir()
    assert bootfs_says("--config", conf.name, "here", cwd=tmp_path) == (0, "")
    assert os.listdir(tmp_path / "here") == ["mail"]
    pid, = [int(p) for p in subprocess.run(["pgrep", "-f", "bootfs --config bootfs.conf here"],
                                           capture_output=True, text=True,
                                           check=False).stdout.split()
            if os.readlink(f"/proc/{p}/exe") == str(BUILD / "bootfs")]
    conf.write_text(conf.read_text().replace("domain mail", "domain web"))
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: os.listdir(tmp_path / "here") == ["web"])
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not mounts_at(tmp_path / "here"))


def test_never_touches_a_living_bootfs(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    status, text = bootfs_says("--config", bootfs.conf, bootfs.mount)

    assert status == 1
    assert "a bootfs is mounted there already" in text
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL


def test_takes_dead_mounts_away_however_many(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    for _ in range(3):
        bootfs.stop(signal.SIGKILL)
        with pytest.raises(OSError) as error:
            os.listdir(bootfs.mount)
        assert error.value.errno in (errno.ENOTCONN, errno.ECONNABORTED)
        bootfs.start()
        assert mounts_at(bootfs.mount) == ["fuse.bootfs"]
    # Stacked: what an older version or a race may have left.
    bootfs.stop(signal.SIGKILL)
    for _ in range(3):
        fd = os.open("/dev/fuse", os.O_RDWR)
        subprocess.run(["mount", "-i", "-t", "fuse.bootfs", "-o",
                        f"fd={fd},rootmode=40000,user_id=0,group_id=0", "bootfs", bootfs.mount],
                       check=True, pass_fds=[fd])
        os.close(fd)
    assert len(mounts_at(bootfs.mount)) == 4
    bootfs.start()
    assert mounts_at(bootfs.mount) == ["fuse.bootfs"]
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL


def test_a_bootfs_that_does_not_answer_is_no_dead_one(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    os.kill(bootfs.pid, signal.SIGSTOP)
    try:
        status, text = bootfs_says("--config", bootfs.conf, bootfs.mount)
        assert status == 1
        assert "does not answer" in text
    finally:
        os.kill(bootfs.pid, signal.SIGCONT)
    assert (bootfs.mount / "mail/menu").exists()


# ---- what may be missing ------------------------------------------------------------------------


def test_needs_root(conf, for_everybody):
    status, text = bootfs_says("--config", conf, programs=for_everybody, user=65534, group=65534,
                               extra_groups=[])
    assert (status, text) == (1, "bootfs: must be run as root: it mounts, and opens disks\n")


def test_says_when_dev_fuse_is_missing(conf, tmp_path):
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", 
         'mount -t tmpfs none /dev && mknod /dev/null c 1 3 && exec "$0" --config "$1"',
         BUILD / "bootfs", conf], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "bootfs: /dev/fuse is missing: try modprobe fuse\n"
    assert not (tmp_path / "mnt").exists()


def test_works_without_bootfs_config(tmp_path, guest):
    """One message, no domains of xl, all else as ever."""
    alone = tmp_path / "bin"
    alone.mkdir()
    for program in ("bootfs", "bootfs-inspect"):
        shutil.copy(BUILD / program, alone)
    conf = tmp_path / "bootfs.conf"
    conf.write_text(f"[bootfs]\nmountpoint = {tmp_path}/mnt\nworker-user = nobody\n" +
                    f"xl-config = {tmp_path}/*.cfg\n" + domain("mail", guest("a.img")))
    (tmp_path / "web.cfg").write_text('name = "web"\n')
    done = subprocess.run([alone / "bootfs", "--config", conf], capture_output=True, text=True,
                          check=False)
    try:
        assert done.returncode == 0
        assert done.stderr.count("\n") == 1
        assert "bootfs-config" in done.stderr
        assert os.listdir(tmp_path / "mnt") == ["mail"]
        assert (tmp_path / "mnt/mail/default/kernel").read_bytes() == KERNEL
    finally:
        for pid in daemons(conf):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not daemons(conf))


def test_needs_its_inspector(tmp_path, conf):
    alone = tmp_path / "bin"
    alone.mkdir()
    shutil.copy(BUILD / "bootfs", alone)
    done = subprocess.run([alone / "bootfs", "--config", conf], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (
        1, "bootfs: bootfs-inspect is missing: it lies beside bootfs\n")


# ---- xl's domains, reloading --------------------------------------------------------------------


def test_the_wiki_pages_domain_works_from_an_xl_file(guest, start_bootfs, tmp_path):
    """Old disk forms; the swap is second, the kernel on the first."""
    root = guest("guest_base2G.img")
    swap, data = tmp_path / "swap.img", guest("data.img", files={"/readme": "data"})
    swap.write_bytes(bytes(8 << 20))
    (tmp_path / "mail.cfg").write_text(
        'name = "mail"\nbootloader = "pygrub"\n'
        f"disk = [ 'file:{root},hda1,w', 'file:{swap},hda2,w', 'phy:{data},hda3,w' ]\n")
    bootfs = start_bootfs(xl=tmp_path / "*.cfg")

    assert os.listdir(bootfs.mount) == ["mail"]
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL
    assert (bootfs.disk(root) / "default/kernel").read_bytes() == KERNEL
    assert "all its 3 disks" in (bootfs.disk(root) / "log").read_text()


def test_sighup_shows_what_the_configuration_says_now(guest, start_bootfs):
    a, b = guest("a.img"), guest("b.img", seed=5)
    bootfs = start_bootfs(domain("one", a), domain("two", b))
    one = os.stat(bootfs.mount / "one").st_ino
    assert (bootfs.mount / "two/menu").exists()

    with open(bootfs.mount / "two/default/kernel", "rb") as f:
        bootfs.write(bootfs.conf.read_text().split("[domain")[0] +
                     domain("one", a, args="new=1") + domain("three", b))
        bootfs.reload()
        assert sorted(os.listdir(bootfs.mount)) == ["one", "three"]
        assert os.stat(bootfs.mount / "one").st_ino == one
        assert "new=1" in (bootfs.mount / "one/default/cmdline").read_text()
        assert (bootfs.mount / "three/default/kernel").read_bytes() == \
            boot_files(5)["/boot/vmlinuz-1"]
        assert f.read() == boot_files(5)["/boot/vmlinuz-1"]
    wait_until(lambda: not (bootfs.mount / "two").exists())


def test_a_wrong_configuration_leaves_the_running_one(guest, start_bootfs):
    bootfs = start_bootfs(domain("one", guest("a.img")))
    good = bootfs.conf.read_text()

    bootfs.write(good + "\nnope = 1\n[domain x]\n")
    bootfs.reload()
    assert "unknown setting" in bootfs.said()
    assert "the configuration stays as it was" in bootfs.said()
    assert os.listdir(bootfs.mount) == ["one"]
    assert (bootfs.mount / "one/default/kernel").read_bytes() == KERNEL
    bootfs.write(good + "access = no-such-group\n".replace("access", "[bootfs]\naccess"))
    bootfs.reload()
    assert os.listdir(bootfs.mount) == ["one"]


def test_reloads_while_it_is_read(guest, start_bootfs):
    bootfs = start_bootfs(domain("one", guest("a.img")), ttl="20ms")
    end = time.monotonic() + 2

    while time.monotonic() < end:
        os.kill(bootfs.pid, signal.SIGHUP)
        assert (bootfs.mount / "one/default/kernel").read_bytes() == KERNEL
        assert os.listdir(bootfs.mount / "one/entries/0")
    assert bootfs.process.poll() is None


# ---- restarting, private ones -------------------------------------------------------------------


def test_a_killed_daemon_is_followed_by_a_new_one(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("a.img")))
    with open(bootfs.mount / "mail/default/initrd", "rb", buffering=0) as f:
        assert f.read(10)
        bootfs.stop(signal.SIGKILL)
        bootfs.start()
        with pytest.raises(OSError):
            os.pread(f.fileno(), 100, 4 << 20)
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL


def test_a_private_one_ends_with_whoever_started_it(conf, tmp_path):
    """Also when that one is killed: nothing is left, and nothing was ever seen outside."""
    mount = tmp_path / "private"
    mount.mkdir()
    script = (f'mount --make-rprivate / 2>/dev/null || mount --bind {mount} {mount}; '
              f'"{BUILD}/bootfs" -f --private --config {conf} {mount} & '
              f'while ! [ -e {mount}/mail ]; do sleep 0.01; done; echo ready; '
              f'ls {mount}; wait')
    shell = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=subprocess.PIPE,
                             text=True)
    assert shell.stdout.readline() == "ready\n"
    assert shell.stdout.readline() == "mail\n"
    assert mounts_at(mount) == []
    assert os.listdir(mount) == []
    pid, = daemons(conf)[-1:]
    shell.kill()
    shell.wait()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), why="the private daemon is left")


def test_a_private_one_tells_why_it_does_not_start(conf, tmp_path):
    conf.write_text(conf.read_text() + "nope = 1\n")
    read_end, write_end = os.pipe()
    done = subprocess.run([BUILD / "bootfs", "-f", "--private", f"--ready-fd={write_end}",
                           "--config", conf, tmp_path / "x"], pass_fds=[write_end], check=False,
                          capture_output=True)
    os.close(write_end)
    with open(read_end, encoding="utf-8") as f:
        assert f.read() == f'{conf}:7: unknown setting "nope"'
    assert done.returncode == 1


def test_a_second_daemon_elsewhere_is_its_own(guest, start_bootfs):
    first, second = (start_bootfs(domain("mail", guest(f"{n}.img", seed=n))) for n in (1, 5))

    assert (first.mount / "mail/default/kernel").read_bytes() == KERNEL
    assert (second.mount / "mail/default/kernel").read_bytes() == \
        boot_files(5)["/boot/vmlinuz-1"]


def test_more_domains_are_looked_at_than_descriptors_are_there(guest, start_bootfs, tmp_path):
    first = guest("d0.img", boot_files(kernel_size=4096, initrd_size=4096), size="4M")
    images = [first] + [tmp_path / f"d{i}.img" for i in range(1, 300)]
    for image in images[1:]:
        os.link(first, image)
    bootfs = start_bootfs(*[domain(f"d{i}", image) for i, image in enumerate(images)], ttl="60s",
                          prefix=["prlimit", "--nofile=256"])
    for i in range(300):
        assert (bootfs.mount / f"d{i}/menu").read_text().startswith("* 0  First\n")
    assert len(os.listdir(f"/proc/{bootfs.pid}/fd")) < 200
    assert len((bootfs.mount / "d0/default/kernel").read_bytes()) == 4096
