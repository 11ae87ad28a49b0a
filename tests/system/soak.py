#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""soak.py [--seconds N] [--folder DIR]: a bootfs for as long as one likes, while domains come and
go, disks are replaced, damaged and cut, readers and wrappers are killed. Memory, descriptors,
threads and children are watched; status 1 where one of them grows. As root:

    nice tests/system/soak.py --seconds 1800
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from conftest import BUILD, Bootfs, boot_files, domain, make_guest, wait_until  # noqa: E402

GUESTS = 6
# Bytes: small ones, so that much happens in little time.
KERNEL, INITRD = 400_000, 900_000


class Watch:
    """What the daemon holds."""

    def __init__(self, pid):
        self.pid = pid
        self.samples = []

    def sample(self):
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        memory = sum(int(line.split()[1]) for line in rollup.splitlines()
                     if line.startswith("Anonymous:"))
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {"memory_kib": memory, "descriptors": len(os.listdir(f"/proc/{self.pid}/fd")),
                "threads": len(os.listdir(f"/proc/{self.pid}/task")), "children": len(children)}

    def note(self):
        self.samples.append(self.sample())

    def middle(self, name, part):
        """The median of one of `part`s: 0, 1, 2 are the first, second and last third."""
        third = max(1, len(self.samples) // 3)
        return statistics.median(s[name] for s in self.samples[part * third:][:third])


class Soak:
    """One bootfs, its guests, and those who make trouble until .end is set."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.end = threading.Event()
        self.counts = {}
        self.wrong = []
        self.seed = seed
        self.images = [self.make_image(i) for i in range(GUESTS)]
        self.bootfs = Bootfs(self.subfolder("bootfs"), self.conf(range(GUESTS)))
        self.out = self.subfolder("out")
        self.wrapper_conf = folder / "wrapper.conf"
        self.wrapper_conf.write_text(f"[bootfs]\nmountpoint = {self.bootfs.mount}\n"
                                     "xl-config = none\nworker-user = nobody\n")

    def subfolder(self, name):
        (self.folder / name).mkdir()
        return self.folder / name

    def make_image(self, number):
        """Most are ext4; one needs an inspector for every kernel."""
        image = self.folder / f"g{number}.img"
        files = boot_files(number, KERNEL, INITRD)
        if number != 1:
            make_guest(image, files, size="16M")
        else:
            tree = self.folder / "squash"
            for path, content in files.items():
                where = tree / path.lstrip("/")
                where.parent.mkdir(parents=True, exist_ok=True)
                where.write_bytes(content.encode() if isinstance(content, str) else content)
            subprocess.run(["mksquashfs", tree, image, "-quiet", "-no-progress", "-noappend"],
                           check=True, stdout=subprocess.DEVNULL)
        shutil.copy(image, f"{image}.good")
        return image

    def conf(self, numbers):
        return ("[bootfs]\nxl-config = none\nworker-user = nobody\ncache-ttl = 50ms\n"
                "cache-memory = 8M\ninspect-timeout = 5s\n" +
                "\n".join(domain(f"g{i}", self.images[i]) for i in numbers))

    # ---- those who make trouble: each does one thing -------------------------------------------

    def reads(self, picks):
        number = picks.randrange(GUESTS)
        there = self.bootfs.mount / f"g{number}"
        if picks.random() < 0.4:
            there = self.bootfs.disk(self.images[number])
        for name in picks.sample(("menu", "menu.json", "log", "entries/0/kernel",
                                  "entries/0/initrd", "entries/1/cmdline", "default/source"), 3):
            (there / name).read_bytes()
        os.listdir(there)

    def is_killed(self, picks):
        what = self.bootfs.mount / f"g{picks.randrange(GUESTS)}/entries/0/kernel"
        reader = subprocess.Popen(["cat", what], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(picks.random() * 0.02)
        reader.kill()
        reader.wait()

    def boots(self, picks):
        """The wrapper; sometimes its caller has enough of it."""
        wrapper = subprocess.Popen(
            [BUILD / "bootfs-pygrub", "-q", f"--config={self.wrapper_conf}",
             f"--output-directory={self.out}", self.images[picks.randrange(GUESTS)]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if picks.random() < 0.3:
            time.sleep(picks.random() * 0.05)
            wrapper.send_signal(picks.choice((signal.SIGTERM, signal.SIGKILL)))
        wrapper.wait()
        for copy in self.out.iterdir():
            copy.unlink(missing_ok=True)

    def changes_a_disk(self, picks):
        image = self.images[picks.randrange(GUESTS)]
        how = picks.randrange(5)
        if how == 0:
            os.utime(image)
        elif how == 1:
            shutil.copy(f"{image}.good", f"{image}.new")
            os.rename(f"{image}.new", image)
        elif how == 2:
            with open(image, "r+b") as disk:
                for _ in range(picks.randrange(1, 50)):
                    disk.seek(picks.randrange(1 << 20))
                    disk.write(picks.randbytes(picks.randrange(1, 100)))
        elif how == 3:
            os.truncate(image, picks.randrange(4 << 20))
        else:
            os.rename(image, f"{image}.away")
            time.sleep(0.02)
            os.rename(f"{image}.away", image)
        time.sleep(0.05)

    def reloads(self, picks):
        numbers = picks.sample(range(GUESTS), picks.randrange(1, GUESTS + 1))
        self.bootfs.write(self.conf(numbers))
        os.kill(self.bootfs.pid, signal.SIGHUP)
        time.sleep(0.2)

    # ---- all together ---------------------------------------------------------------------------

    def repeat(self, act, number):
        picks = random.Random(f"{self.seed} {number}")
        while not self.end.is_set():
            with contextlib.suppress(OSError):
                act(picks)
            self.counts[act.__name__] = self.counts.get(act.__name__, 0) + 1
            if self.bootfs.process.poll() is not None:
                self.wrong.append("the daemon is dead")
                self.end.set()

    def run(self, seconds):
        acts = [self.reads, self.reads, self.is_killed, self.boots, self.changes_a_disk,
                self.reloads]
        threads = [threading.Thread(target=self.repeat, args=(act, i))
                   for i, act in enumerate(acts)]
        watch = Watch(self.bootfs.pid)
        end = time.monotonic() + seconds
        for thread in threads:
            thread.start()
        while time.monotonic() < end and not self.end.wait(max(0.2, seconds / 300)):
            watch.note()
        self.end.set()
        for thread in threads:
            thread.join()
        if not self.wrong:
            self.judge(watch)
        return watch

    def judge(self, watch):
        for image in self.images:
            shutil.copy(f"{image}.good", image)
        self.bootfs.write(self.conf(range(GUESTS)))
        self.bootfs.reload()
        for number in range(GUESTS):
            self.expect_right(number)
        wait_until(lambda: self.is_quiet(watch), 30, f"something is left: {watch.sample()}")
        for name, slack in (("memory_kib", 4096), ("descriptors", 20), ("threads", 4)):
            before, after = watch.middle(name, 1), watch.middle(name, 2)
            if after > before * 1.1 + slack:
                self.wrong.append(f"{name} grows: {before} in the second third, {after} in the last")

    def expect_right(self, number):
        """After all of this every guest is shown as on the first day."""
        kernel = self.bootfs.mount / f"g{number}/default/kernel"
        expected = boot_files(number, KERNEL, INITRD)["/boot/vmlinuz-1"]

        def is_right():
            with contextlib.suppress(OSError):
                return kernel.read_bytes() == expected
            return False
        wait_until(is_right, 30, f"g{number} is not shown again")

    def is_quiet(self, watch):
        """No disk is open, no child runs, and workers are as few as at the start."""
        now = watch.sample()
        return not now["children"] and not self.bootfs.open_disks()


def soak(folder, seconds, seed=1):
    """What was wrong (empty: nothing), how often each thing was done, and the watch."""
    it = Soak(folder.resolve(), seed)
    try:
        watch = it.run(seconds)
    finally:
        it.end.set()
        it.bootfs.clean_up()
    return it.wrong, it.counts, watch


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bootfs-soak-", dir=options.folder) as folder:
        wrong, counts, watch = soak(Path(folder), options.seconds)
    print("done:", ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    for name in ("memory_kib", "descriptors", "threads", "children"):
        print(f"{name}: medians of the thirds",
              *(watch.middle(name, part) for part in range(3)),
              "most", max(s[name] for s in watch.samples))
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
