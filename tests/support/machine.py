# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine of its own to install and start things in: this host's root file system, as an overlay
whose changes nobody else sees, with its own systemd as process 1.

    with machine.Root(folder) as root:          # the overlay; root.path / "etc/..."
        root.run("dpkg", "-i", package)         # chroot
        with machine.Booted(root) as booted:    # systemd-nspawn --boot
            booted.run("systemctl", "start", "bootfs")

Needs root, overlayfs and systemd-nspawn."""

import os
import signal
import subprocess
import time
from pathlib import Path


def usable():
    """Why it cannot be had here, or None."""
    if "overlay" not in Path("/proc/filesystems").read_text():
        return "needs overlayfs"
    if not os.path.exists("/usr/bin/systemd-nspawn"):
        return "needs systemd-nspawn (systemd-container)"
    return None


class Root:
    """The overlay; gone with all that was written to it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.path = self.folder / "root"

    def __enter__(self):
        upper = self.folder / "upper"
        for where in (upper, self.path):
            where.mkdir(parents=True)
        # An overlay's upper layer cannot itself lie on an overlay, as in a container.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", upper], check=True)
        (upper / "changes").mkdir()
        (upper / "work").mkdir()
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir=/,upperdir={upper}/changes,workdir={upper}/work", self.path],
                       check=True)
        # A container's image may forbid that packages start their services.
        for path in ("etc/machine-id", "usr/sbin/policy-rc.d"):
            (self.path / path).unlink(missing_ok=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=True)
        subprocess.run(["umount", "-l", self.folder / "upper"], check=True)

    def write(self, path, content):
        where = self.path / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(content)

    def run(self, *command, **more):
        return subprocess.run(["chroot", str(self.path), *map(str, command)], text=True,
                              capture_output=True, check=False, timeout=600, **more)


class Booted:
    """The root with systemd running in it, up to basic.target: no service of this host's."""

    def __init__(self, root, bind=()):
        self.root = root
        self.options = [f"--bind-ro={path}" for path in bind]
        self.nspawn = self.init = None
        self.log = root.folder / "console"

    def __enter__(self):
        # The container's own filter of system calls must not hide what a unit's would do.
        environment = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_SECCOMP": "0"}
        with open(self.log, "wb") as log:
            self.nspawn = subprocess.Popen(
                ["systemd-nspawn", "-D", self.root.path, "--boot", "--register=no", "--keep-unit",
                 "--link-journal=no", "--bind=/dev/fuse", "--capability=all",
                 "--console=read-only", *self.options, "--", "systemd.unit=basic.target"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, **environment})
        try:
            self.wait_for_systemd()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.nspawn.poll() is None:
            self.nspawn.send_signal(signal.SIGKILL if not self.init else signal.SIGTERM)
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait(30)

    def wait_for_systemd(self):
        """systemd-nspawn gives no descriptor to wait on without a bus: asks until it answers."""
        end = time.monotonic() + 300
        said = ""
        while said not in ("running", "degraded"):
            assert self.nspawn.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)
            children = Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children")
            self.init = (children.read_text().split() or [None])[-1]
            if self.init:
                said = self.run("systemctl", "is-system-running").stdout.strip()

    def run(self, *command, **more):
        return subprocess.run(["nsenter", "-t", self.init, "-a", *map(str, command)], text=True,
                              capture_output=True, check=False, timeout=600, **more)

    def works(self, *command):
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout
