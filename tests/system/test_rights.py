# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's own rights: no more than it needs, and it does need each of them."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import BUILD, TOP, boot_files, domain, wait_until

NEEDED = {"dac_read_search": 2, "kill": 5, "setgid": 6, "setuid": 7, "sys_chroot": 18,
          "sys_ptrace": 19,
          "sys_admin": 21}
KERNEL = boot_files()["/boot/vmlinuz-1"]


def status(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}


def capabilities(field):
    return {bit for bit in range(64) if int(field, 16) >> bit & 1}


def test_it_keeps_what_it_needs_of_roots_rights(guest, start_bootfs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")))

    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL
    for task in os.listdir(f"/proc/{bootfs.pid}/task"):
        seen = status(task)
        for name in ("CapPrm", "CapEff", "CapBnd"):
            assert capabilities(seen[name]) == set(NEEDED.values()), (task, name)
        assert capabilities(seen["CapInh"]) == capabilities(seen["CapAmb"]) == set()
        assert seen["NoNewPrivs"] == "1"


def test_the_service_gives_the_same_ones():
    unit = (TOP / "etc/bootfs.service").read_text()
    given = re.search(r"^CapabilityBoundingSet=(.*)$", unit, re.M)[1].split()
    assert set(given) == {f"CAP_{name.upper()}" for name in NEEDED}


def test_an_image_of_another_user_is_read(guest, start_bootfs, tmp_path):
    """CAP_DAC_READ_SEARCH: nobody but its owner may, and root is not its owner."""
    image = guest("mail.img")
    os.chown(image, 1234, 1234)
    image.chmod(0o600)
    bootfs = start_bootfs(domain("mail", image))
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL


def starts_without(capability, guest, tmp_path, look=None):
    """What a bootfs that was never given this right says, or what is found in it."""
    return starts(["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"],
                  guest, tmp_path, look)


def starts(under, guest, tmp_path, look=None):
    """What bootfs says that does not start below this command, or what is found in it."""
    conf, mount = tmp_path / "bootfs.conf", tmp_path / "mnt"
    mount.mkdir()
    conf.write_text("[bootfs]\nxl-config = none\nworker-user = nobody\n" +
                    domain("mail", guest("mail.img")))
    bootfs = subprocess.Popen(
        [*under, BUILD / "bootfs", "-f", f"--config={conf}", mount], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: bootfs.poll() is not None or os.path.ismount(mount))
        found = look(mount) if look and bootfs.poll() is None else ""
    finally:
        subprocess.run(["umount", "-l", mount], check=False, stderr=subprocess.DEVNULL)
        said = bootfs.communicate(timeout=20)[1].decode()
    return found or said


def test_without_the_right_to_mount_it_does_not_start(guest, tmp_path):
    assert "cannot mount" in starts_without("sys_admin", guest, tmp_path)


@pytest.mark.parametrize("capability", ["setuid", "setgid"])
def test_without_the_right_to_change_the_user_it_does_not_start(guest, tmp_path, capability):
    """Fails closed, and before anybody asks."""
    said = starts_without(capability, guest, tmp_path)
    assert "no guest could be read: the inspector: sandbox: set" in said


def without(call):
    """A kernel that lacks a system call."""
    return ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
            f"inject={call}:error=ENOSYS"]


@pytest.mark.skipif("asan" in str(BUILD), reason="there the inspector has no sandbox")
def test_a_kernel_without_seccomp_is_refused_at_the_start(guest, tmp_path):
    said = starts(without("seccomp"), guest, tmp_path)
    assert "sandbox: seccomp (CONFIG_SECCOMP_FILTER): Function not implemented" in said


@pytest.mark.skipif("asan" in str(BUILD), reason="there the inspector has no sandbox")
def test_a_kernel_without_landlock_is_told_at_the_start(guest, tmp_path):
    said = starts(without("landlock_create_ruleset"), guest, tmp_path)
    assert said == "bootfs: the inspector's sandbox: this kernel has no Landlock " \
                   "(CONFIG_SECURITY_LANDLOCK)\n"


def test_without_ptrace_no_caller_may_name_paths(guest, tmp_path):
    def look(mount):
        with pytest.raises(PermissionError):
            os.listdir(mount / ".disk" / "%2Ftmp%2Fx")
        return "refused"
    assert starts_without("sys_ptrace", guest, tmp_path, look) == "refused"
