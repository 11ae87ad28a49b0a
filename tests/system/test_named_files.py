# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels and initrds that the caller names: --kernel and --ramdisk of the wrapper, kernel= and
ramdisk= below .disk."""

import subprocess
from pathlib import Path

import pytest

from conftest import bytes_like, domain, make_guest
from wrapper import fixture_private, fixture_setup, parse_simple  # noqa: F401

NAMED = ("--kernel=/boot/old", "--ramdisk=/boot/initrd.img")


@pytest.mark.parametrize("more", [(), ("--runas=65437", "--quiet"), ("--entry=0",)])
def test_copies_the_named_files(setup, more):
    done = setup.run(*NAMED, "--args=root=/dev/xvda1 ro", "--output-format=simple0", *more)
    answer = parse_simple(done.stdout, "\0")
    assert done.returncode == 0
    assert Path(answer["kernel"]).read_bytes() == setup.files["boot/old"]
    assert Path(answer["ramdisk"]).read_bytes() == setup.files["boot/initrd.img"]
    assert answer["args"] == "root=/dev/xvda1 ro"


def test_a_kernel_alone_has_neither_ramdisk_nor_arguments(setup):
    done = setup.run(NAMED[0], "--output-format=simple")
    assert done.returncode == 0 and list(parse_simple(done.stdout)) == ["kernel"]


def test_list_and_not_really_show_them(private):
    assert private.run("-n", *NAMED, "--args=a b").stdout == (
        "linux (kernel '<kernel:/boot/old>')(ramdisk '<ramdisk:/boot/initrd.img>')(args 'a b')")
    assert private.run("-l", *NAMED, "--args=a b").stdout == (
        "title: /boot/old\n  root: (hd0,msdos1)\n  kernel: /boot/old\n  args: a b\n"
        "  initrd: /boot/initrd.img\n")


def test_an_old_ramdisk_line_alone_is_ignored(private):
    done = private.run("-n", "--ramdisk=/boot/gone", "--entry=2")
    assert done.returncode == 0 and "<kernel:/boot/old>" in done.stdout
    assert "warning: --ramdisk without --kernel is ignored" in done.stderr


@pytest.mark.parametrize("options, word", [
    (("--kernel=/boot/gone",), "kernel = /boot/gone not found; looked on hd0,msdos1 (ext4)"),
    ((NAMED[0], "--ramdisk=/gone"), "ramdisk = /gone not found"),
    (("--kernel=/boot",), "is a folder"),
    (("--kernel=/boot/a\x1b[31m",), "kernel = /boot/a\\e[31m not found"),
    (("--kernel=" + "/x" * 2000,), "too long"),
    (("--kernel=/boot/old", "--isconfig"), "--isconfig"),
])
def test_what_cannot_be_is_one_clear_line(setup, options, word):
    done = setup.run(*options)
    assert done.returncode == 1 and done.stdout == ""
    assert word in done.stderr.splitlines()[-1]
    assert not any(setup.out.iterdir())


def test_a_disk_without_any_menu_boots(tmp_path, start_bootfs):
    image = make_guest(tmp_path / "bare.img", {"/vmlinuz": b"kernel"})
    folder = start_bootfs().disk(image, kernel="/vmlinuz")
    assert (folder / "default/kernel").read_bytes() == b"kernel"
    assert (folder / "default/cmdline").read_bytes() == b"\n"
    assert "named by the caller" in (folder / "log").read_text()
    assert "no menu was read" in (folder / "menu").read_text()


def test_all_disks_of_the_domain_are_searched(tmp_path, start_bootfs):
    root = make_guest(tmp_path / "root.img", {"/etc/fstab": "x"})
    boot = make_guest(tmp_path / "boot.img", {"/vmlinuz": b"kernel", "/initrd": b"initrd"})
    bootfs = start_bootfs(domain("mail", root, boot, args="console=hvc0", entry="7"))
    folder = bootfs.disk(root, kernel="/vmlinuz", ramdisk="/initrd")
    assert (folder / "default/kernel").read_bytes() == b"kernel"
    assert (folder / "default/initrd").read_bytes() == b"initrd"
    assert (folder / "default/cmdline").read_bytes() == b"\n"  # the caller's is the whole of it
    assert "kernel hd1 /vmlinuz" in (folder / "default/source").read_text()


def test_bytes_that_lie_compressed_are_asked_for(tmp_path, start_bootfs):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "vmlinuz").write_bytes(bytes_like(5, 700_000))
    subprocess.run(["mksquashfs", tree, tmp_path / "guest.img", "-quiet", "-no-progress"],
                   check=True, stdout=subprocess.DEVNULL)
    folder = start_bootfs().disk(tmp_path / "guest.img", kernel="vmlinuz")
    assert (folder / "default/kernel").read_bytes() == bytes_like(5, 700_000)
