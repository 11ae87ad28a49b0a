# SPDX-License-Identifier: GPL-2.0-or-later
"""What the system tests share: small guests, and bootfs daemons that always come down again."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))

import built  # noqa: E402

BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")

GRUB_CFG = """set default=0
set timeout=5
menuentry 'First' --id first {
\tlinux /boot/vmlinuz-1 root=/dev/xvda1 ro quiet
\tinitrd /boot/initrd-1
}
menuentry 'Second' --id second {
\tlinux /boot/vmlinuz-2 root=/dev/xvda1 ro single
}
menuentry 'Gone' --id gone {
\tlinux /boot/vmlinuz-gone
}
"""


def pytest_sessionstart():
    """Skipping everything would look like success. A shell's background job ignores SIGINT, and so
    would every program started here."""
    if os.geteuid() != 0:
        pytest.exit("tests/system needs root: it mounts, and makes users", returncode=1)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def for_everybody():
    """The programs in a folder that every user can reach: root's home, where the build may lie, is
    closed to others, as pytest's folders are."""
    with tempfile.TemporaryDirectory(prefix="bootfs-programs-") as folder:
        os.chmod(folder, 0o755)
        for program in BUILD.glob("bootfs*"):
            if program.is_file() and os.access(program, os.X_OK):
                shutil.copy(program, folder)
        yield Path(folder)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Remembers which test failed: its files stay."""
    outcome = yield
    item.broke = getattr(item, "broke", False) or outcome.get_result().failed


@pytest.fixture(autouse=True)
def give_disk_space_back(request, tmp_path):
    """All images of all tests are some thirty gigabytes. Set up first, so done with last."""
    yield
    if request.node.broke:
        return
    for folder, folders, files in os.walk(tmp_path):
        folders[:] = [f for f in folders if not os.path.ismount(os.path.join(folder, f))]
        for name in files:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))


def wait_until(true, seconds=10.0, why="it did not happen"):
    """Polls; there is nothing to be notified by."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, why
        time.sleep(0.01)


def bytes_like(seed, size):
    """Reproducible bytes that no file system stores in a smaller form."""
    block = bytes((i * 7 + seed * 31 + (i >> 8) * 13) & 0xFF for i in range(65536))
    return (block * (size // len(block) + 1))[:size]


def make_guest(image, files, size="64M", options=()):
    """An image that is one ext4 file system with these files: {path: bytes or str}."""
    tree = Path(str(image) + ".tree")
    for path, content in files.items():
        where = tree / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content.encode() if isinstance(content, str) else content)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", tree, image, size],
                   check=True)
    subprocess.run(["rm", "-rf", tree], check=True)
    return image


def boot_files(seed=1, kernel_size=3 << 20, initrd_size=5 << 20, cfg=GRUB_CFG):
    """What make_guest() needs for a guest that boots."""
    return {
        "/boot/grub/grub.cfg": cfg,
        "/boot/vmlinuz-1": bytes_like(seed, kernel_size),
        "/boot/vmlinuz-2": bytes_like(seed + 1, 100_001),
        "/boot/initrd-1": bytes_like(seed + 2, initrd_size),
    }


@pytest.fixture
def guest(tmp_path):
    """make(name, files=..., seed=...): the path of a small guest's image."""
    def make(name, files=None, seed=1, **more):
        return make_guest(tmp_path / name, files or boot_files(seed), **more)
    return make


def mounts():
    """Path and type of every mount, the topmost last."""
    for line in os.fsdecode(Path("/proc/self/mountinfo").read_bytes()).splitlines():
        left, right = line.split(" - ")
        yield re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), left.split(" ")[4]), right.split()[0]


def mounts_at(path):
    """Types of what is mounted on a path, the topmost last."""
    return [kind for where, kind in mounts() if where == str(path)]


def unmount_below(folder):
    """Takes every bootfs mount below a folder away; its daemon ends then."""
    for where, kind in reversed(list(mounts())):
        if kind == "fuse.bootfs" and Path(where).is_relative_to(folder):
            subprocess.run(["umount", "-l", where], check=False)


class Bootfs:
    """A daemon in the foreground, mounted at .mount; the tests end it by .stop()."""

    def __init__(self, folder, conf, mount=None, options=(), env=None, programs=BUILD,
                 prefix=()):
        built.skip_what_was_left_out(conf, programs)
        self.folder = folder
        self.programs = programs
        self.prefix = prefix
        self.mount = Path(mount or folder / "mnt")
        self.conf = folder / "bootfs.conf"
        self.write(conf)
        self.errors = folder / "stderr"
        self.process = None
        self.options = list(options)
        self.env = env
        self.start()

    def write(self, conf):
        self.conf.write_text(conf)

    def command(self, *more):
        return [*self.prefix, self.programs / "bootfs", "-f", "--config", self.conf,
                *self.options, *more, self.mount]

    def start(self):
        read_end, write_end = os.pipe()
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                self.command(f"--ready-fd={write_end}"), stdin=subprocess.DEVNULL,
                stdout=errors, stderr=errors, pass_fds=[write_end], env=self.env)
        os.close(write_end)
        word = os.read(read_end, 4096).decode()  # who starts it may hold the other end, too
        os.close(read_end)
        assert word == "1", f"bootfs does not start: {word or self.said()}"

    @property
    def pid(self):
        return self.process.pid

    def said(self):
        return self.errors.read_text()

    def reload(self):
        count = self.said().count("reloaded") + self.said().count("stays as it was")
        os.kill(self.pid, signal.SIGHUP)
        wait_until(lambda: self.said().count("reloaded") +
                   self.said().count("stays as it was") > count, why="no reload")

    def disk(self, path, **keys):
        """The folder of a disk below .disk."""
        def escape(text):
            return re.sub("[/%,=]", lambda m: f"%{ord(m[0]):02X}", str(text))
        keys = "".join(f",{key.replace('_', '-')}={escape(value)}" for key, value in keys.items())
        return self.mount / ".disk" / (escape(path) + keys)

    def open_disks(self):
        """The test's files that the daemon has open."""
        found = []
        for fd in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.append(os.readlink(fd))
        return [f for f in found if f.startswith(str(self.folder.parent)) and
                not f.startswith(str(self.folder))]

    def stop(self, how=signal.SIGTERM, seconds=10):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(seconds)

    def clean_up(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        while "fuse.bootfs" in mounts_at(self.mount):
            subprocess.run(["umount", "-l", self.mount], check=False)


def domain(name, *disks, **settings):
    """A [domain] section of bootfs.conf."""
    lines = [f"[domain {name}]"] + [f"disk = file:{d},xvd{'abcdefgh'[i]},w"
                                    for i, d in enumerate(disks)]
    return "\n".join(lines + [f"{k} = {v}" for k, v in settings.items()]) + "\n"


@pytest.fixture
def start_bootfs(tmp_path):
    """
    start(*domains, ttl="5s", timeout="10s", xl="none", more="", ...): a Bootfs. Domains are
    sections as domain() writes them; xl is a pattern of xl's files.
    """
    started = []

    def start(*domains, ttl="5s", timeout="10s", xl="none", more="", **other):
        conf = (f"[bootfs]\nxl-config = {xl}\nworker-user = nobody\ncache-ttl = {ttl}\n"
                f"inspect-timeout = {timeout}\n{more}\n" + "\n".join(domains))
        folder = tmp_path / f"bootfs{len(started)}"
        folder.mkdir()
        started.append(Bootfs(folder, conf, **other))
        return started[-1]

    yield start
    for bootfs in started:
        bootfs.clean_up()
