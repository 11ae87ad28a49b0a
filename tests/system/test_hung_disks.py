# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks that are slow or never answer: every request is answered in time, no other domain waits."""

import concurrent.futures
import errno
import os
import signal
import subprocess
import time

import pytest
from conftest import BUILD, boot_files, domain, mounts_at, wait_until

KERNEL = boot_files()["/boot/vmlinuz-1"]


class SlowDisk:
    """An image through tests/tools/slowfs; .fast() and .slow() switch it."""

    def __init__(self, folder, image, delay_ms, stage):
        self.mount = folder / f"slow{delay_ms}{stage}"
        self.mount.mkdir()
        self.disk = self.mount / "disk"
        self.switch = folder / (self.mount.name + ".fast")
        self.process = subprocess.Popen(
            [BUILD / "tests/tools/slowfs", image, str(delay_ms), stage, self.mount],
            stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def fast(self):
        self.switch.touch()

    def slow(self):
        self.switch.unlink()

    def end(self):
        """Whoever hangs in it comes back with an error."""
        self.process.kill()
        self.process.wait(10)
        while any("fuse" in kind for kind in mounts_at(self.mount)):
            subprocess.run(["umount", "-l", self.mount], check=False)


@pytest.fixture
def slow_disk(tmp_path, start_bootfs):  # ends before the daemons: one that hangs cannot end
    assert start_bootfs
    made = []

    def make(image, delay_ms=-1, stage="read"):
        made.append(SlowDisk(tmp_path, image, delay_ms, stage))
        return made[-1]

    yield make
    for disk in made:
        disk.end()


def seconds(call):
    began = time.monotonic()
    try:
        call()
    except OSError:
        pass
    return time.monotonic() - began


@pytest.mark.parametrize("stage", ["stat", "open", "read"])
def test_a_disk_that_never_answers_is_an_error_in_time(guest, start_bootfs, slow_disk, stage):
    hung = slow_disk(guest("hung.img"), stage=stage)
    bootfs = start_bootfs(domain("hung", hung.disk), domain("good", guest("good.img")), timeout="1s")

    began = time.monotonic()
    error = (bootfs.mount / "hung/error").read_text()
    assert 0.9 < time.monotonic() - began < 2
    assert "no answer within 1 s (inspect-timeout)" in error
    assert str(hung.disk) in error
    # It is not asked again while it hangs, and nobody waits for it a second time.
    assert seconds(lambda: (bootfs.mount / "hung/log").read_text()) < 0.5
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


@pytest.mark.parametrize("stage", ["stat", "open", "read"])
def test_a_disk_that_hangs_stops_no_other_domain(guest, start_bootfs, slow_disk, stage):
    hung = slow_disk(guest("hung.img"), stage=stage)
    bootfs = start_bootfs(domain("hung", hung.disk), domain("good", guest("good.img")), timeout="3s",
                   more="inspections = 1")

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(seconds, lambda: os.listdir(bootfs.mount / "hung"))
                   for _ in range(4)]
        time.sleep(0.1)
        assert seconds(lambda: os.listdir(bootfs.mount)) < 0.5
        took = seconds(lambda: (bootfs.mount / "good/default/kernel").read_bytes())
        assert took < 2
        assert all(w.result() < 4 for w in waiting)
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


def test_many_hung_disks_stop_no_other_domain(guest, start_bootfs, slow_disk):
    disks = []
    for i in range(6):
        disks.append(slow_disk(guest(f"hung{i}.img"), delay_ms=-1 - i,
                               stage=["stat", "open", "read"][i % 3]))
    bootfs = start_bootfs(*[domain(f"hung{i}", d.disk) for i, d in enumerate(disks)],
                   domain("good", guest("good.img")), timeout="3s")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(seconds, lambda i=i: os.listdir(bootfs.mount / f"hung{i % 6}"))
                   for i in range(12)]
        time.sleep(0.2)
        assert seconds(lambda: (bootfs.mount / "good/default/kernel").read_bytes()) < 2.5
        assert all(w.result() < 4.5 for w in waiting)


def test_a_read_that_hangs_is_an_error_in_time(guest, start_bootfs, slow_disk):
    hung = slow_disk(guest("hung.img"))
    hung.fast()
    bootfs = start_bootfs(domain("hung", hung.disk), domain("good", guest("good.img")), timeout="1s")
    kernel = bootfs.mount / "hung/default/kernel"

    with open(kernel, "rb", buffering=0) as f:
        hung.slow()
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            # More readers than workers: none of them is forgotten.
            reads = [pool.submit(os.pread, f.fileno(), 4096, i << 18) for i in range(10)]
            took = seconds(lambda: (bootfs.mount / "good/default/kernel").read_bytes())
            assert took < 0.9
            for read in reads:
                with pytest.raises(OSError) as error:
                    read.result()
                assert error.value.errno == errno.EIO
        assert time.monotonic() - began < 2.5
    hung.end()
    # Workers that hung have come back; nothing is left behind.
    assert (bootfs.mount / "good/default/kernel").read_bytes() == KERNEL


def test_a_disk_that_answers_again_is_shown_again(guest, start_bootfs, slow_disk):
    hung = slow_disk(guest("hung.img"), delay_ms=2000, stage="open")
    bootfs = start_bootfs(domain("hung", hung.disk), timeout="500ms", ttl="100ms")

    assert "no answer" in (bootfs.mount / "hung/error").read_text()
    time.sleep(0.2)
    assert "does not answer" in (bootfs.mount / "hung/error").read_text()
    hung.fast()
    wait_until(lambda: not (bootfs.mount / "hung/error").exists(), 10)
    assert (bootfs.mount / "hung/default/kernel").read_bytes() == KERNEL


def test_a_slow_disk_is_only_slow(guest, start_bootfs, slow_disk):
    """The loop never waits for it: another domain is as quick as ever meanwhile."""
    slow = slow_disk(guest("slow.img"), delay_ms=700, stage="only-open")
    bootfs = start_bootfs(domain("slow", slow.disk), domain("good", guest("good.img")))

    (bootfs.mount / "good/menu").read_text()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        reading = pool.submit((bootfs.mount / "slow/default/kernel").read_bytes)
        worst = 0
        while not reading.done():
            worst = max(worst, seconds(lambda: os.stat(bootfs.mount / "good/menu")))
            time.sleep(0.005)
        assert reading.result() == KERNEL
    assert worst < 0.4


@pytest.mark.parametrize("stage", ["stat", "open", "read"])
@pytest.mark.parametrize("command", ["cat %s/hung/menu", "ls %s/hung"])
def test_a_reader_can_be_killed_while_it_waits(guest, start_bootfs, slow_disk, stage, command):
    """Else it would stay in the kernel until the deadline, and kill -9 would not help."""
    hung = slow_disk(guest("hung.img"), stage=stage)
    bootfs = start_bootfs(domain("hung", hung.disk), timeout="30s")

    for how in (signal.SIGTERM, signal.SIGKILL):
        reader = subprocess.Popen((command % bootfs.mount).split(), stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        assert reader.poll() is None
        reader.send_signal(how)
        assert reader.wait(1) == -how
    assert seconds(lambda: os.listdir(bootfs.mount)) < 0.5


def test_a_reader_of_content_can_be_killed_while_it_waits(guest, start_bootfs, slow_disk):
    hung = slow_disk(guest("hung.img"))
    hung.fast()
    bootfs = start_bootfs(domain("hung", hung.disk), timeout="30s")
    kernel = bootfs.mount / "hung/default/kernel"
    assert os.stat(kernel)
    hung.slow()

    readers = [subprocess.Popen(["dd", f"if={kernel}", "of=/dev/null", *more],
                                stderr=subprocess.DEVNULL) for more in ([], ["iflag=direct"])]
    time.sleep(0.3)
    for reader in readers:
        reader.kill()
        assert reader.wait(2) == -signal.SIGKILL


def test_sigterm_waits_for_no_disk(guest, start_bootfs, slow_disk):
    hung = slow_disk(guest("hung.img"))
    hung.fast()
    bootfs = start_bootfs(domain("hung", hung.disk), timeout="30s")
    kernel = bootfs.mount / "hung/default/kernel"

    with open(kernel, "rb", buffering=0) as f, concurrent.futures.ThreadPoolExecutor(4) as pool:
        hung.slow()
        read = pool.submit(f.read, 4096)
        look = pool.submit(os.listdir, bootfs.disk(hung.disk))
        time.sleep(0.3)
        began = time.monotonic()
        os.kill(bootfs.pid, signal.SIGTERM)
        wait_until(lambda: not mounts_at(bootfs.mount), 1, "it is still mounted")
        for waiting in (read, look):
            with pytest.raises(OSError):
                waiting.result(2)
        assert time.monotonic() - began < 2
    hung.end()
    assert bootfs.stop() == 0


@pytest.mark.parametrize("stage", ["stat", "open"])
def test_whose_disk_it_is_is_found_past_one_that_hangs(guest, start_bootfs, slow_disk, stage):
    """.disk/ compares with every domain's first disk."""
    image = guest("good.img")
    hung = slow_disk(guest("hung.img"), stage=stage)
    bootfs = start_bootfs(domain("aaa", hung.disk), domain("good", image, args="found=1"),
                   domain("zzz", hung.disk))
    disk = bootfs.disk(image)

    assert "found=1" in (disk / "default/cmdline").read_text()
    # The second time nobody waits for the disk that hangs.
    assert seconds(lambda: (disk / "menu").read_text()) < 0.4
    assert "found=1" in (disk / "default/cmdline").read_text()


def test_no_inspector_is_left_when_time_is_over(guest, start_bootfs, slow_disk):
    hung = slow_disk(guest("hung.img"))
    bootfs = start_bootfs(domain("hung", hung.disk), timeout="500ms")

    assert "no answer" in (bootfs.mount / "hung/error").read_text()
    children = f"/proc/{bootfs.pid}/task/{bootfs.pid}/children"
    hung.end()
    wait_until(lambda: not open(children, encoding="ascii").read(), why="a child is left")
