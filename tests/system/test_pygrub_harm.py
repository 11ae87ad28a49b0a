# SPDX-License-Identifier: GPL-2.0-or-later
"""What the wrapper leaves after a failure, a signal, a dead or stopped bootfs, a disk that changes
under it: one line that says why, and nothing else."""

import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import mounts_at, wait_until
from wrapper import (Wrapper, children, fixture_private, fixture_setup,  # noqa: F401
                     parse_simple, processes_of, small_guest)


@pytest.fixture(name="mounted")
def fixture_mounted(tmp_path, start_bootfs):
    return Wrapper(tmp_path).mount(start_bootfs)


# ---- failures: one line, nothing left ----------------------------------------------------------

def assert_failed(setup, done, *words):
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("bootfs-pygrub: ")
    for word in words:
        assert str(word) in done.stderr, done.stderr
    assert not any(setup.out.iterdir())


def test_no_such_disk(setup):
    assert_failed(setup, setup.run("-q", image="/no/such/disk"), "/no/such/disk", "No such file")


def test_a_failure_with_runas_is_a_failure(setup):
    """pygrub ends with 0 then, and xl goes on with nothing."""
    assert_failed(setup, setup.run("-q", "--runas=65437", image="/no/such/disk"), "/no/such/disk")


def test_a_disk_without_anything(setup):
    empty = setup.folder / "empty.img"
    empty.write_bytes(bytes(4 << 20))
    assert_failed(setup, setup.run("-q", image=empty), empty)
    assert_failed(setup, setup.run("-l", image=empty), empty)


def test_what_is_no_disk(setup):
    assert_failed(setup, setup.run("-q", image="/dev/null"), "/dev/null")
    assert_failed(setup, setup.run("-q", image="/tmp"), "/tmp")


def test_a_kernel_that_is_not_there(private):
    files = small_guest.standard_files()
    del files["boot/old"]
    private.image = small_guest.make(private.folder, files, name="gone.img")
    done = private.run("--entry=old")
    assert_failed(private, done, private.image, "/boot/old")


def test_output_folder_missing(setup):
    setup.out.rmdir()
    done = setup.run("-q")
    setup.out.mkdir()
    assert_failed(setup, done, setup.out, "No such file")


def test_output_folder_full(setup):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", setup.out], check=True)
    try:
        assert_failed(setup, setup.run("-q"), setup.out, "MiB")
    finally:
        subprocess.run(["umount", setup.out], check=True)


def test_a_quota_that_is_used_up(mounted):
    """There is room on the file system, but not for this user: it is seen at the first bytes."""
    under = ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
             "inject=pwrite64:error=EDQUOT"]
    done = subprocess.run([*under, *mounted.command("-q")], capture_output=True, text=True,
                          timeout=120, check=False)
    assert_failed(mounted, done, "cannot write the copy of the", "Disk quota exceeded")


def test_output_folder_read_only(setup):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", setup.out], check=True)
    try:
        assert_failed(setup, setup.run("-q"), setup.out, "Read-only")
    finally:
        subprocess.run(["umount", setup.out], check=True)


def test_a_file_size_limit_of_the_process(setup):
    limit = (1 << 20, resource.RLIM_INFINITY)
    done = setup.run("-q", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert_failed(setup, done, "cannot write")


def test_pygrubs_file_limit(setup):
    done = setup.run("-q", env={"PYGRUB_MAX_FILE_SIZE_MB": "2"})
    assert done.returncode == 1 and not any(setup.out.iterdir())
    assert setup.run("-q", env={"PYGRUB_MAX_FILE_SIZE_MB": "20"}).returncode == 0


def test_an_answer_that_cannot_be_written(setup):
    assert_failed(setup, setup.run("-q", "--output=/dev/full"), "/dev/full")


def test_a_stale_answer_does_not_survive_a_failure(private):
    answer = private.folder / "answer"
    answer.write_text("linux (kernel '/old')")
    done = private.run(f"--output={answer}", image="/no/such/disk")
    assert done.returncode == 1 and answer.read_text() == ""


def test_usage_mistakes(private):
    for options in (["--frobnicate"], ["--runas=me"], ["--offset=x"], ["--output-format=y"]):
        done = private.run(*options)
        assert done.returncode == 1 and done.stdout == ""
        assert "usage: bootfs-pygrub" in done.stderr
    assert private.run("--help").returncode == 0


SYSLOG = """
import os, socket, stat, subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "none", "/dev"], check=True)
for name, major, minor in (("null", 1, 3), ("fuse", 10, 229)):
    os.mknod(f"/dev/{name}", 0o666 | stat.S_IFCHR, os.makedev(major, minor))
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind("/dev/log")
log.settimeout(5)
subprocess.run(sys.argv[1:], check=False)
print(log.recv(4096).decode())
"""


def test_syslog_tells_disk_and_domain(private):
    """libxl's log file has another name at every try."""
    command = private.command("-q", "--domain=ma\x1bil", image="/no/such/disk")
    done = subprocess.run(["unshare", "-m", "/usr/bin/python3", "-c", SYSLOG, *command],
                          capture_output=True, text=True, check=True)
    assert re.fullmatch(r"<27>bootfs-pygrub\[\d+\]: domain ma\\eil, disk /no/such/disk: "
                        r".*No such file or directory\n", done.stdout), done.stdout


def test_planted_files_stay_as_they_are(setup):
    victim = setup.folder / "victim"
    victim.write_text("precious")
    for name in ("boot_kernel", "boot_ramdisk", "boot_kernel.aaaaaaaa"):
        (setup.out / name).symlink_to(victim)
    assert setup.run("-q").returncode == 0
    assert victim.read_text() == "precious"
    assert len(list(setup.out.iterdir())) == 5


# ---- killed, stopped, changed under us ---------------------------------------------------------

class Slow(Wrapper):
    """A guest whose initrd takes a while to copy: a gigabyte of zeros."""

    def __init__(self, folder):
        files = small_guest.standard_files()
        del files["boot/initrd.img"]
        super().__init__(folder, files, sparse={"boot/initrd.img": 1000 << 20})

    def start(self, *options):
        """A wrapper that is copying by now, and the process that does it."""
        command = self.command("-q", f"--output={self.folder}/answer", *options)
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.copying(child.pid) or child.poll() is not None)
        assert child.poll() is None, child.stderr.read()
        return child, self.copying(child.pid)

    def copying(self, pid):
        """The lowest process below this one that has written some megabytes; 0: none."""
        for reader in reversed(children(pid)):
            for fd in Path(f"/proc/{reader}/fd").glob("*"):
                try:
                    if os.readlink(fd).startswith(str(self.out)) and fd.stat().st_size > 4 << 20:
                        return reader
                except OSError:
                    continue
        return 0


@pytest.fixture(name="slow")
def fixture_slow(tmp_path):
    return Slow(tmp_path)


@pytest.mark.parametrize("options", [[], ["--runas=65437"]], ids=["root", "runas"])
@pytest.mark.parametrize("where", ["mounted", "private"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_nothing(slow, start_bootfs, number, where, options):
    if where == "mounted":
        slow.mount(start_bootfs)
    known = set(processes_of(slow.folder))
    child, reader = slow.start(*options)
    below = children(child.pid)
    assert reader in below
    child.send_signal(number)
    assert child.wait(10) == -number
    wait_until(lambda: set(processes_of(slow.folder)) <= known)
    assert not any(slow.out.iterdir())
    if number != signal.SIGKILL:
        assert not (slow.folder / "answer").exists()
        assert child.stderr.read() == "bootfs-pygrub: ended by a signal\n"
    child.stderr.close()
    if slow.bootfs:
        assert mounts_at(slow.bootfs.mount) == ["fuse.bootfs"]


def kill(child):
    child.kill()
    child.wait()
    child.stderr.close()


def with_user(wrapper, line):
    """Has the wrapper run where /etc/passwd has one user more."""
    users = wrapper.folder / "passwd"
    users.write_text(Path("/etc/passwd").read_text() + line + "\n")
    plain = wrapper.command
    wrapper.command = lambda *options, **more: [
        "unshare", "-m", "sh", "-c", f'mount --bind {users} /etc/passwd && exec "$@"', "sh",
        *plain(*options, **more)]


@pytest.mark.parametrize("option", ["--runas=65437", "--domid=37"])
@pytest.mark.parametrize("where", ["mounted", "private"])
def test_runas_handles_guest_data_as_that_user(slow, start_bootfs, where, option):
    if where == "mounted":
        slow.mount(start_bootfs)
    with_user(slow, "qemu_base:x:65400:65400::/:/sbin/nologin")
    child, reader = slow.start(option)
    status = Path(f"/proc/{reader}/status").read_text()
    kill(child)
    assert "Uid:\t65437\t65437\t65437\t65437\n" in status
    assert "Gid:\t65437\t65437\t65437\t65437\n" in status
    assert re.search(r"^Groups:\s*$", status, re.M)
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


def test_a_domid_without_xapis_user_starts_nothing(setup):
    assert_failed(setup, setup.run("-q", "--domid=37"), "neither qemu_base (XAPI's) nor")


def all_mounts(pid):
    return [line for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
            if " - fuse.bootfs " in line]


def test_a_private_mount_is_seen_by_nobody(slow):
    before = set(all_mounts("self"))
    child, reader = slow.start()
    during, inside = set(all_mounts("self")), set(all_mounts(reader))
    kill(child)
    assert not [line for line in during - before if "/proc/fs" in line]
    assert [line for line in inside if " /proc/fs " in line]


def test_a_dead_mount_is_replaced_by_a_private_one(mounted):
    mounted.bootfs.stop(signal.SIGKILL)
    done = mounted.run("-q", "--output-format=simple")
    assert done.returncode == 0, done.stderr
    assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == mounted.files["boot/vmlinuz"]
    assert "private" in done.stderr


def test_a_stopped_daemon_is_replaced_by_a_private_one(mounted):
    mounted.bootfs.process.send_signal(signal.SIGSTOP)
    try:
        done = mounted.run("-q", "--output-format=simple")
    finally:
        mounted.bootfs.process.send_signal(signal.SIGCONT)
    assert done.returncode == 0, done.stderr
    assert "does not answer" in done.stderr
    assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == mounted.files["boot/vmlinuz"]


def test_a_daemon_killed_while_copying_is_replaced(slow, start_bootfs):
    slow.mount(start_bootfs)
    child, _ = slow.start()
    slow.bootfs.stop(signal.SIGKILL)
    status, said = child.wait(60), child.stderr.read()
    child.stderr.close()
    assert status == 0 and "private" in said, said
    assert sorted(p.stat().st_size for p in slow.out.iterdir()) == [3_000_000, 1000 << 20]


def test_a_disk_changed_while_copying_is_read_again(slow, start_bootfs):
    """Under .disk/ a file that changes gives EIO; the second try sees one version."""
    slow.mount(start_bootfs)
    child, _ = slow.start()
    with open(slow.image, "r+b") as disk:
        disk.write(b"\0")
    status, said = child.wait(60), child.stderr.read()
    child.stderr.close()
    assert status == 0, said
    assert "again" in said
