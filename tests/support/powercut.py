# SPDX-License-Identifier: GPL-2.0-or-later
"""Power cuts: a guest that upgrades its kernel again and again, and its disk at any moment.

record() runs the guest on a disk that logs every write and flush. Cuts() makes the disk as a power
cut leaves it: everything up to the last flush, and of the writes since then any part, in blocks of
512 bytes. The guest's files tell their version, so that what is read of the disk can be judged.
"""

import contextlib
import hashlib
import os
import random
import signal
import struct
import subprocess
import tempfile
import time
from pathlib import Path

import kernel_image

MKFS = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "ext4-fast": ["mkfs.ext4", "-q", "-F", "-O", "fast_commit"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}
RECORD = struct.Struct("<IIQ")


def content(kind, version):
    """A kernel's or initrd's bytes: of a size of their own, and no two versions alike."""
    seed = f"{kind} {version}".encode()
    size = 100_000 + int.from_bytes(hashlib.sha256(seed).digest()[:2], "little") * 8
    head = kernel_image.linux(f"6.1.{version}") if kind == "vmlinuz" else b""
    return head + hashlib.shake_128(seed).digest(size)


def grub_cfg(version):
    return (f"set timeout=1\nmenuentry 'Linux {version}' {{\n\tlinux /boot/vmlinuz-{version} "
            f"version={version}\n\tinitrd /boot/initrd-{version}\n}}\n")


def sync_folder(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def write_synced(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def upgrade(root, version, keep=2):
    """What a package manager does; at the end the version counts, whatever happens."""
    boot = root / "boot"
    for kind in ("vmlinuz", "initrd"):
        write_synced(boot / f"{kind}-{version}.new", content(kind, version))
        os.rename(boot / f"{kind}-{version}.new", boot / f"{kind}-{version}")
    sync_folder(boot)
    write_synced(boot / "grub/grub.cfg.new", grub_cfg(version).encode())
    os.rename(boot / "grub/grub.cfg.new", boot / "grub/grub.cfg")
    sync_folder(boot / "grub")
    for kind in ("vmlinuz", "initrd"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(boot / f"{kind}-{version - keep}")


def busy(root, rnd):
    """Other files: they make folders grow, inodes come and go, and transactions larger."""
    for _ in range(rnd.randrange(30)):
        folder = root / "var" / f"d{rnd.randrange(6)}"
        folder.mkdir(parents=True, exist_ok=True)
        number = rnd.randrange(200)
        path = folder / f"{number}{'x' * (number % 60)}"
        if path.exists() and rnd.random() < 0.4:
            path.unlink()
        else:
            path.write_bytes(rnd.randbytes(rnd.choice([0, 100, 5000, 40000])))


def make(image, kind):
    with open(image, "wb") as file:
        file.truncate(320 << 20)
    subprocess.run([*MKFS[kind], image], check=True, stdout=subprocess.DEVNULL)
    return image


@contextlib.contextmanager
def attached(path):
    device = subprocess.run(["losetup", "--find", "--show", path], check=True,
                            capture_output=True, text=True).stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@contextlib.contextmanager
def mounted(device, kind):
    options = "nouuid" if kind == "xfs" else "rw"
    with tempfile.TemporaryDirectory(prefix="bootfs-cut.") as folder:
        subprocess.run(["mount", "-o", options, device, folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def logged(build, image, log):
    """The image on a disk that logs: (path of the disk, function that marks)."""
    with tempfile.TemporaryDirectory(prefix="bootfs-cut.") as folder:
        with subprocess.Popen([build / "tests/tools/cutdisk", image, log, folder],
                              stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"

            def mark(text):
                with open(f"{folder}/mark", "wb", buffering=0) as file:
                    file.write(text.encode())

            try:
                yield f"{folder}/disk", mark
            finally:
                process.send_signal(signal.SIGTERM)


def record(build, folder, kind, versions, seed=1):
    """(the image as it was before, the log of what was written to it)."""
    image, log = make(folder / f"{kind}.img", kind), folder / f"{kind}.log"
    rnd = random.Random(seed)
    with attached(image) as device, mounted(device, kind) as root:
        (root / "boot/grub").mkdir(parents=True)
        upgrade(root, 0)
    base = folder / f"{kind}.base"
    subprocess.run(["cp", "--sparse=always", image, base], check=True)
    with logged(build, image, log) as (disk, mark), attached(disk) as device, \
            mounted(device, kind) as root:
        for version in range(1, versions + 1):
            busy(root, rnd)
            upgrade(root, version)
            mark(f"{version}")
    image.unlink()
    return base, log


def read_log(log):
    """Of each record: kind, offset, where its bytes begin in the log, how many."""
    records, at = [], 0
    size = os.path.getsize(log)
    with open(log, "rb") as file:
        while at + RECORD.size <= size:
            file.seek(at)
            kind, length, offset = RECORD.unpack(file.read(RECORD.size))
            records.append((chr(kind), offset, at + RECORD.size, length))
            at += RECORD.size + length
    return records


class Cuts:
    """The disk at moments in rising order; `image` is made into each in turn."""

    def __init__(self, image, log, seed=1):
        self.image, self.log, self.records = image, open(log, "rb"), read_log(log)
        self.disk, self.random = open(image, "r+b", buffering=0), random.Random(seed)
        self.done = self.last = 0  # records that were written; version whose mark came last

    def close(self):
        self.log.close()
        self.disk.close()

    def moments(self, count):
        """Record numbers, spread over everything but the end, where the guest unmounts."""
        marks = [i for i, record in enumerate(self.records) if record[0] == "M"]
        return sorted(self.random.randrange(1, marks[-1]) for _ in range(count))

    def bytes_of(self, record):
        self.log.seek(record[2])
        return self.log.read(record[3])

    def write(self, record):
        os.pwrite(self.disk.fileno(), self.bytes_of(record), record[1])

    def part_of(self, record):
        """What of one write reached the disk: all, nothing, or some of its blocks."""
        chance = self.random.random()
        data = self.bytes_of(record)
        if chance < 0.4:
            return [(record[1], data)]
        if chance < 0.8:
            return []
        return [(record[1] + at, data[at:at + 512]) for at in range(0, len(data), 512)
                if self.random.random() < 0.5]

    @contextlib.contextmanager
    def cut(self, moment):
        """The disk after a cut behind so many records; yields the version that must be there."""
        flushes = [i for i in range(self.done, moment) if self.records[i][0] == "F"]
        until = flushes[-1] + 1 if flushes else self.done
        for record in self.records[self.done:until]:
            if record[0] == "W":
                self.write(record)
        self.done = until
        marks = [record for record in self.records[:moment] if record[0] == "M"]
        undo = []
        for record in self.records[until:moment]:
            for offset, data in self.part_of(record) if record[0] == "W" else []:
                undo.append((offset, os.pread(self.disk.fileno(), len(data), offset)))
                os.pwrite(self.disk.fileno(), data, offset)
        try:
            yield int(self.bytes_of(marks[-1])) if marks else 0
        finally:
            for offset, data in reversed(undo):
                os.pwrite(self.disk.fileno(), data, offset)


def version_of(cmdline, kernel, initrd):
    """The version that all three say; None where they do not fit together."""
    words = dict(word.split("=", 1) for word in cmdline.split() if "=" in word)
    version = int(words.get("version", "-1"))
    if kernel == content("vmlinuz", version) and initrd == content("initrd", version):
        return version
    return None


def kernel_says(image, kind, scratch):
    """The version that the kernel's own recovery gives; None: torn or not mountable."""
    subprocess.run(["cp", "--sparse=always", image, scratch], check=True)
    try:
        with attached(scratch) as device, mounted(device, kind) as root:
            boot = root / "boot"
            cfg = (boot / "grub/grub.cfg").read_text()
            version = cfg.split("version=")[1].split()[0]
            return version_of(f"version={version}", (boot / f"vmlinuz-{version}").read_bytes(),
                              (boot / f"initrd-{version}").read_bytes())
    except (subprocess.CalledProcessError, OSError, IndexError):
        return None


def ours_says(wrapper, image):
    """(exit status, version or None, standard error) of bootfs-pygrub."""
    done = wrapper.run("--output-format=simple", image=image)
    if done.returncode:
        return done.returncode, None, done.stderr
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    version = version_of(said["args"], Path(said["kernel"]).read_bytes(),
                         Path(said["ramdisk"]).read_bytes())
    wrapper.clean()
    return 0, version, done.stderr


def judge(build, wrapper, folder, kind, versions, cuts, seed=1, with_kernel=True):
    """Counts of newest, older, error, torn; how often the kernel gives another version, or none."""
    base, log = record(build, folder, kind, versions, seed)
    counts = dict.fromkeys(("newest", "older", "error", "torn", "differs", "kernel fails"), 0)
    told = []
    disk = Cuts(base, log, seed)
    for moment in disk.moments(cuts):
        with disk.cut(moment) as least:
            status, version, why = ours_says(wrapper, base)
            theirs = kernel_says(base, kind, folder / "scratch.img") if with_kernel else version
        what = ("error" if status else "torn" if version is None
                else "newest" if version >= least else "older")
        counts[what] += 1
        counts["kernel fails"] += theirs is None
        counts["differs"] += theirs not in (version, None)
        if what != "newest" or theirs not in (version, None):
            told.append(f"{kind} cut {moment}: {what} {version}, at least {least}, kernel "
                        f"{theirs}: {why.strip()}")
    disk.close()
    for path in (base, log, folder / "scratch.img"):
        path.unlink(missing_ok=True)
    return counts, told


def beside_a_writer(wrapper, folder, kind, runs, seed=1):
    """Counts of whole versions, errors and torn ones, read while the guest upgrades on and on.

    Old versions stay for a while: what is copied after the menu was read is then still there.
    """
    image, rnd = make(folder / f"{kind}.img", kind), random.Random(seed)
    counts, told = dict.fromkeys(("whole", "error", "torn"), 0), []
    with attached(image) as device, mounted(device, kind) as root, attached(image) as ours:
        (root / "boot/grub").mkdir(parents=True)
        upgrade(root, 0)
        writer = os.fork()
        if writer == 0:
            with contextlib.suppress(BaseException):
                for version in range(1, 1 << 30):
                    busy(root, rnd)
                    upgrade(root, version, keep=40)
                    time.sleep(rnd.random() / 10)
            os._exit(1)
        try:
            for _ in range(runs):
                status, version, why = ours_says(wrapper, ours)
                what = "error" if status else "torn" if version is None else "whole"
                counts[what] += 1
                if what != "whole":
                    told.append(f"{kind}: {what}: {why.strip()}")
        finally:
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
    image.unlink()
    return counts, told
