# SPDX-License-Identifier: GPL-2.0-or-later
"""etc/examples, run as they are on a real mount: QEMU boots a guest straight from it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, TOP, boot_files, domain

sys.path.insert(0, str(TOP / "tests" / "support"))

import debian_guest  # noqa: E402
from kernel_image import linux  # noqa: E402

EXAMPLES = TOP / "etc/examples"
CMDLINE = "console=ttyS0 panic=-1 root=/dev/xvda1 'quoted word'"


def run(bootfs, name, *arguments, **more):
    environment = {**os.environ, "BOOTFS": str(bootfs.mount),
                   "PATH": f"{BUILD}:{os.environ['PATH']}", **more.pop("env", {})}
    return subprocess.run([EXAMPLES / name, *map(str, arguments)], env=environment, text=True,
                          capture_output=True, check=False, timeout=600, **more)


# ---- a guest under QEMU -------------------------------------------------------------------------


def kernel(folder):
    """Debian's own kernel, as the guest of test_debian.py has it."""
    subprocess.run(["tar", "-C", folder, "-xf", debian_guest.tarball(), "--wildcards",
                    "./boot/vmlinuz-*"], check=True)
    return next((folder / "boot").glob("vmlinuz-*")).read_bytes()


def initrd(folder):
    """One program: it prints the kernel's command line and powers off."""
    subprocess.run(["gcc", "-static", "-O1", "-o", folder / "init",
                    TOP / "tests/tools/qemu-init.c"], check=True)
    return subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=b"init\n", cwd=folder,
                          check=True, capture_output=True).stdout


@pytest.mark.skipif(not Path("/usr/bin/qemu-system-x86_64").exists(), reason="needs QEMU")
def test_a_guest_started_under_qemu_has_the_menus_command_line(guest, start_bootfs, tmp_path):
    image = guest("kvm.img", {
        "/boot/vmlinuz": kernel(tmp_path), "/boot/initrd": initrd(tmp_path),
        "/boot/grub/grub.cfg": "menuentry 'One' {\n\tlinux /boot/vmlinuz " + CMDLINE +
        "\n\tinitrd /boot/initrd\n}\n"})
    bootfs = start_bootfs(domain("kvm", image), more="grub-platform = pc")
    # Not KVM, whether or not this machine has one: a virtual machine's may not work.
    done = run(bootfs, "boot-qemu", "kvm", "-machine", "accel=tcg", "-m", "256M", "-no-reboot",
               "-nic", "none", stdin=subprocess.DEVNULL)

    shown = (bootfs.mount / "kvm/default/cmdline").read_text().strip()
    assert f"guest's command line: {shown}" in done.stdout, done.stdout[-2000:] + done.stderr


def test_a_guest_that_cannot_boot_is_not_started_and_says_why(start_bootfs, tmp_path):
    (tmp_path / "empty.img").write_bytes(bytes(1 << 20))
    bootfs = start_bootfs(domain("bare", tmp_path / "empty.img"))
    done = run(bootfs, "boot-qemu", "bare")
    assert (done.returncode, done.stderr) == (1, (bootfs.mount / "bare/error").read_text())
    assert run(bootfs, "boot-qemu").returncode == 2


# ---- libvirt's hook -----------------------------------------------------------------------------


XML = """<domain type='kvm'><name>mail</name><os><type>hvm</type>
<kernel>{folder}/mail/kernel</kernel><initrd>{folder}/mail/initrd</initrd>
<cmdline>root=/dev/xvda1 ro quiet</cmdline></os><devices>
<disk type='file' device='cdrom'><source file='/nonexistent.iso'/></disk>
<disk type='file' device='disk'><source file='{image}'/></disk></devices></domain>"""


def hook(bootfs, folder, operation, stage, xml=""):
    return run(bootfs, "libvirt-hook", "mail", operation, stage, "-", input=xml,
               env={"FOLDER": str(folder)})


def test_libvirts_hook_fetches_the_kernel_and_puts_it_away(guest, start_bootfs, tmp_path):
    files = boot_files()
    image = guest("mail.img", files)
    bootfs = start_bootfs(domain("other", image))
    folder = tmp_path / "run"
    xml = XML.format(folder=folder, image=image)

    for _ in range(2):  # again over what a start that failed left
        done = hook(bootfs, folder, "prepare", "begin", xml)
        assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "mail/kernel").read_bytes() == files["/boot/vmlinuz-1"]
    assert (folder / "mail/initrd").read_bytes() == files["/boot/initrd-1"]
    assert hook(bootfs, folder, "started", "begin", xml).returncode == 0
    assert hook(bootfs, folder, "release", "end", xml).returncode == 0
    assert not (folder / "mail").exists()


def test_libvirts_hook_leaves_other_guests_alone(start_bootfs, tmp_path):
    bootfs = start_bootfs()
    xml = "<domain><name>mail</name><os><type>hvm</type></os></domain>"
    assert hook(bootfs, tmp_path / "run", "prepare", "begin", xml).returncode == 0
    assert not (tmp_path / "run").exists()


def test_libvirts_hook_stops_a_start_without_a_kernel(start_bootfs, tmp_path):
    (tmp_path / "empty.img").write_bytes(bytes(1 << 20))
    bootfs = start_bootfs()
    xml = XML.format(folder=tmp_path / "run", image=tmp_path / "empty.img")
    done = hook(bootfs, tmp_path / "run", "prepare", "begin", xml)
    assert done.returncode != 0
    assert str(tmp_path / "empty.img") in done.stderr


# ---- recipes ------------------------------------------------------------------------------------


def entry(version):
    return f"menuentry '{version}' {{\n\tlinux /boot/vmlinuz-{version}\n}}\n"


def menu(default, *versions):
    files = {f"/boot/vmlinuz-{version}": linux(version) for version in versions}
    cfg = f"set default={default}\n" + "".join(entry(version) for version in versions)
    return {**files, "/boot/grub/grub.cfg": cfg}


@pytest.fixture
def three(guest, start_bootfs, tmp_path):
    """A guest with its newest kernel, one with an older, one that cannot boot."""
    (tmp_path / "empty.img").write_bytes(bytes(1 << 20))
    return start_bootfs(
        domain("fresh", guest("fresh.img", menu(0, "6.10.1", "6.9.2"))),
        domain("stale", guest("stale.img", menu(1, "6.10.1", "6.9.2"))),
        domain("broken", tmp_path / "empty.img"))


def test_tells_which_guests_boot_which_kernel(three):
    assert run(three, "guest-kernels").stdout.splitlines() == [
        "6.9.2\tstale", "6.10.1\tfresh", "-\tbroken"]


def test_tells_who_has_an_old_kernel_as_default(three):
    done = run(three, "old-kernels")
    assert (done.returncode, done.stdout) == (1, "stale: boots 6.9.2, has 6.10.1\n")


def test_the_check_has_the_exit_codes_of_monitoring(three, guest, start_bootfs, tmp_path):
    assert run(three, "check_bootfs").stdout == "BOOTFS CRITICAL: cannot boot: broken | guests=3\n"
    assert run(three, "check_bootfs").returncode == 2
    done = run(three, "check_bootfs", "fresh", "stale")
    assert (done.returncode, done.stdout) == (0, "BOOTFS OK: 2 guests would boot | guests=2\n")
    assert run(three, "check_bootfs", "nobody").returncode == 3
    warned = start_bootfs(domain("mail", guest("mail.img")))  # with an entry without its kernel
    assert run(warned, "check_bootfs").returncode == 1
    warned.stop()
    assert run(warned, "check_bootfs").returncode == 3


# ---- files for other programs -------------------------------------------------------------------


def test_every_example_speaks_of_the_installed_wrapper():
    for name in ("mail.cfg", "mail.xml", "xenopsd.conf"):
        paths = re.findall(r"[^\s\"'>=]*bootfs-pygrub", (EXAMPLES / name).read_text())
        assert "/usr/local/bin/bootfs-pygrub" in paths, name


def test_libvirts_example_is_xml():
    subprocess.run(["xmllint", "--noout", EXAMPLES / "mail.xml"], check=True)
