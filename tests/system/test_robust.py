# SPDX-License-Identifier: GPL-2.0-or-later
"""A host that runs out of something, a clock that jumps, a daemon that is killed: files are right or
an error, the daemon lives or is followed by one that does, and all is well when the host is."""

import concurrent.futures
import contextlib
import fcntl
import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from conftest import BUILD, Bootfs, boot_files, domain, make_guest, mounts_at, wait_until

FILES = boot_files(1, 200_000, 300_000)
KERNEL = FILES["/boot/vmlinuz-1"]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return make_guest(tmp_path_factory.mktemp("guest") / "mail.img", FILES, size="16M")


class Under(Bootfs):
    """A daemon below another program: one that takes something away from it."""

    under = []

    def command(self, *more):
        return [*self.under, *super().command(*more)]

    @property
    def pid(self):
        """The daemon's: strace stays its parent, the others become it."""
        below = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(below.split()[0]) if self.under[:1] == ["strace"] else self.process.pid

    def stop(self, how=signal.SIGTERM, seconds=20):
        if self.process.poll() is None:
            os.kill(self.pid, how)
        return self.process.wait(seconds)


@pytest.fixture
def start_under(tmp_path):
    started = []

    def start(under, conf, **more):
        class This(Under):
            pass
        This.under = under
        folder = tmp_path / f"under{len(started)}"
        folder.mkdir()
        started.append(This(folder, "[bootfs]\nxl-config = none\nworker-user = nobody\n" + conf,
                            **more))
        return started[-1]

    yield start
    for bootfs in started:
        bootfs.stop(signal.SIGKILL)
        bootfs.clean_up()


def is_right(there):
    """Its kernel's bytes; False: an error."""
    with contextlib.suppress(OSError):
        seen = (there / "default/kernel").read_bytes()
        assert seen == KERNEL
        return True
    return False


def domains(image, count):
    return "".join(domain(f"d{i}", image) for i in range(count))


# ---- out of something ---------------------------------------------------------------------------

@pytest.mark.parametrize("count", [96, 128])
def test_few_descriptors(image, start_under, count):
    """Hundreds of domains, and hardly a descriptor for each. 96: fewer are refused."""
    bootfs = start_under(["prlimit", f"--nofile={count}:{count}"],
                         "cache-ttl = 0s\n" + domains(image, 60))
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda i: is_right(bootfs.mount / f"d{i}"), range(60)))
    assert bootfs.process.poll() is None
    wait_until(lambda: is_right(bootfs.mount / "d7"), 30, "it does not recover")


def test_too_few_descriptors(tmp_path):
    """It says what is too little, and does not start."""
    conf = tmp_path / "bootfs.conf"
    conf.write_text("[bootfs]\nxl-config =\nworker-user = nobody\n")
    done = subprocess.run(["prlimit", "--nofile=64:64", BUILD / "bootfs", "-f", "--config", conf,
                           tmp_path / "mnt"], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1
    assert "at most 64 files may be open here, bootfs needs 96; try: ulimit -n 96" in done.stderr
    assert not (tmp_path / "mnt").exists()


def test_little_memory(tmp_path, start_under):
    """A daemon that may have 192 MiB of addresses, and menus that need more."""
    entries = "".join(f"menuentry 'E{i} {'x' * 900}' {{ linux /boot/vmlinuz-1 {'y' * 900}\n}}\n"
                      for i in range(1500))
    big = make_guest(tmp_path / "big.img", {**FILES, "/boot/grub/grub.cfg": entries}, size="48M")
    bootfs = start_under(["prlimit", f"--as={192 << 20}"],
                         "cache-ttl = 0s\ncache-memory = 16M\n" + domains(big, 8))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: is_right(bootfs.mount / f"d{i}"), range(8)))
    assert bootfs.process.poll() is None
    wait_until(lambda: is_right(bootfs.mount / "d3"), 60, "it does not recover")


@pytest.mark.parametrize("call, error", [
    ("clone", "EAGAIN"), ("memfd_create", "ENFILE"), ("socketpair", "EMFILE"), ("openat", "EMFILE"),
    ("ftruncate", "ENOSPC"), ("pread64", "EIO"), ("epoll_ctl", "ENOMEM"), ("statx", "ENOMEM"),
    ("mmap", "ENOMEM"), ("timerfd_settime", "EINVAL")])
def test_a_call_that_fails_now_and_then(image, start_under, call, error):
    """No process, no descriptor, no memory: every third time from the fortieth on."""
    bootfs = start_under(["strace", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                          f"inject={call}:error={error}:when=40..400+3"],
                         "cache-ttl = 0s\n" + domains(image, 8))
    right = 0
    for turn in range(60):
        right += is_right(bootfs.mount / f"d{turn % 8}")
    assert right
    assert bootfs.process.poll() is None
    wait_until(lambda: is_right(bootfs.mount / "d1"), 60, "it does not recover")


@contextlib.contextmanager
def full_folder(path):
    """A file system without a free byte or inode."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=1", "none", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_full_state_folder_honours_no_one_shot_entry(tmp_path, start_under):
    env = "# GRUB Environment Block\nnext_entry=second\n".ljust(1024, "#")
    cfg = ("load_env\nif [ \"$next_entry\" ]; then set default=$next_entry; set next_entry=; "
           "save_env next_entry; fi\n" + FILES["/boot/grub/grub.cfg"].replace("set default=0\n", ""))
    image = make_guest(tmp_path / "guest.img", {**FILES, "/boot/grub/grub.cfg": cfg,
                                                "/boot/grub/grubenv": env}, size="16M")
    with full_folder(tmp_path / "state") as state:
        bootfs = start_under([], f"state-folder = {state}\n" + domain("mail", image))
        assert (bootfs.mount / "mail/default/title").read_text() == "First\n"
        assert "one-shot entry not honoured: " in (bootfs.mount / "mail/log").read_text()
        assert is_right(bootfs.mount / "mail")
        bootfs.stop()


def test_a_log_that_takes_nothing(image, start_under, tmp_path):
    """Standard error is a pipe that nobody reads: bootfs waits for nobody."""
    os.mkfifo(tmp_path / "log")
    reader = os.open(tmp_path / "log", os.O_RDONLY | os.O_NONBLOCK)
    bootfs = start_under(["sh", "-c", f'exec "$@" 2>{tmp_path}/log', "sh"], domain("mail", image))
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(200):
        os.kill(bootfs.pid, signal.SIGHUP)
        time.sleep(0.005)
    assert is_right(bootfs.mount / "mail")
    assert b"reloaded" in os.read(reader, 1 << 20)
    os.close(reader)


# ---- time ---------------------------------------------------------------------------------------

JUMPS = """
#define _GNU_SOURCE
#include <time.h>
#include <sys/syscall.h>
#include <unistd.h>
/* Ten years on, ten years back. */
int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static int calls;
	int r = (int)syscall(SYS_clock_gettime, clock, ret);

	if (clock == CLOCK_REALTIME)
		ret->tv_sec += (++calls % 3 - 1) * 315360000L;
	return r;
}
time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}
"""


def test_a_clock_that_jumps(image, start_under, tmp_path):
    source, library = tmp_path / "jumps.c", tmp_path / "jumps.so"
    source.write_text(JUMPS)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    bootfs = start_under([], "cache-ttl = 100ms\n" + domain("mail", image),
                         env={**os.environ, "LD_PRELOAD": str(library)})
    end = time.monotonic() + 2
    while time.monotonic() < end:
        assert is_right(bootfs.mount / "mail")
        assert is_right(bootfs.disk(image))


# ---- killed, and much at once ------------------------------------------------------------------

def test_killed_at_any_time_it_can_be_started_again(image, start_bootfs):
    bootfs, picks, end = start_bootfs(domain("mail", image), ttl="0s"), random.Random(1), \
        threading.Event()

    def read():
        while not end.is_set():
            is_right(bootfs.mount / "mail")
            time.sleep(0.001)
    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(12):
            time.sleep(picks.random() * 0.1)
            bootfs.process.kill()
            bootfs.process.wait(10)
            bootfs.start()
            assert mounts_at(bootfs.mount) == ["fuse.bootfs"]
    finally:
        end.set()
        for reader in readers:
            reader.join()
    assert is_right(bootfs.mount / "mail")


def test_killed_while_it_starts(image, start_bootfs):
    """Whatever the moment, the next one finds nothing in its way."""
    bootfs = start_bootfs(domain("mail", image))
    bootfs.stop()
    picks = random.Random(2)
    for _ in range(15):
        child = subprocess.Popen(bootfs.command(), stderr=subprocess.DEVNULL)
        time.sleep(picks.random() * 0.06)
        child.kill()
        child.wait(10)
    bootfs.start()
    assert mounts_at(bootfs.mount) == ["fuse.bootfs"]
    assert is_right(bootfs.mount / "mail")


def test_a_thousand_readers_at_once(image, start_bootfs):
    bootfs = start_bootfs(*(domain(f"d{i}", image) for i in range(10)), timeout="60s")
    together = threading.Barrier(1000)

    def read(i):
        together.wait(60)
        there = bootfs.mount / f"d{i % 10}"
        assert (there / "menu").read_text().startswith("* 0  First\n")
        with open(there / "default/kernel", "rb") as kernel:
            kernel.seek(i * 100)
            assert kernel.read(1000) == KERNEL[i * 100:i * 100 + 1000]
        return True
    with concurrent.futures.ThreadPoolExecutor(1000) as pool:
        assert all(pool.map(read, range(1000)))
    assert len(os.listdir(f"/proc/{bootfs.pid}/task")) < 20


def test_df_and_ls_work_while_a_disk_hangs(image, start_bootfs, tmp_path):
    mount = tmp_path / "slow"
    mount.mkdir()
    slow = subprocess.Popen([BUILD / "tests/tools/slowfs", image, "-1", "stat", mount],
                            stdout=subprocess.PIPE)
    try:
        assert slow.stdout.readline() == b"ready\n"
        bootfs = start_bootfs(domain("hung", mount / "disk"), domain("mail", image), timeout="20s")
        waiting = subprocess.Popen(["cat", bootfs.mount / "hung/menu"], stderr=subprocess.DEVNULL)
        for command in (["df", bootfs.mount], ["ls", "-l", bootfs.mount],
                        ["cat", bootfs.mount / "mail/menu"], ["umount", "-l", bootfs.mount]):
            subprocess.run(command, check=True, timeout=10, stdout=subprocess.DEVNULL)
        waiting.kill()
        waiting.wait(10)
    finally:
        slow.kill()
        slow.wait(10)
        slow.stdout.close()
        subprocess.run(["umount", "-l", mount], check=False)
