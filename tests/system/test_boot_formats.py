# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that boot from FAT, ISO 9660 or a packed file system, through the daemon: the sandboxed
inspector may use everything their readers need, and kernels that lie packed on the disk come out
whole."""

import os
import subprocess

import pytest
from conftest import boot_files

FORMATS = {
    "vfat": "mkfs.vfat -C -F 32 $IMAGE 66000 && mcopy -i $IMAGE -s $TREE/boot ::/",
    "iso9660": "xorriso -as mkisofs -R -o $IMAGE $TREE",
    "iso9660-joliet": "xorriso -as mkisofs -J --norock -o $IMAGE $TREE",
    "squashfs-gzip": "mksquashfs $TREE $IMAGE -comp gzip",
    "squashfs-lzo": "mksquashfs $TREE $IMAGE -comp lzo",
    "squashfs-lz4": "mksquashfs $TREE $IMAGE -comp lz4",
    "squashfs-xz": "mksquashfs $TREE $IMAGE -comp xz -Xbcj x86 -b 1M",
    "squashfs-zstd": "mksquashfs $TREE $IMAGE -comp zstd -b 1M",
    "squashfs-lzma": "mksquashfs $TREE $IMAGE -comp lzma",
    "squashfs-plain": "mksquashfs $TREE $IMAGE -noI -noD -noF",
    "erofs": "mkfs.erofs $IMAGE $TREE",
    "erofs-lz4": "mkfs.erofs -zlz4hc $IMAGE $TREE",
}


@pytest.mark.parametrize("name", FORMATS)
def test_boots(tmp_path, start_bootfs, name):
    tree, image = tmp_path / "tree", tmp_path / "image"
    files = boot_files()
    for path, content in files.items():
        where = tree / path.lstrip("/")
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content.encode() if isinstance(content, str) else content)
    subprocess.run(["sh", "-ec", FORMATS[name]], check=True, capture_output=True,
                   env=os.environ | {"TREE": str(tree), "IMAGE": str(image)})
    disk = start_bootfs().disk(image)
    assert not (disk / "error").exists(), (disk / "log").read_text()
    assert (disk / "default/title").read_text() == "First\n"
    assert (disk / "default/kernel").read_bytes() == files["/boot/vmlinuz-1"]
    assert (disk / "default/initrd").read_bytes() == files["/boot/initrd-1"]
    assert (disk / "entries/1/kernel").read_bytes() == files["/boot/vmlinuz-2"]


@pytest.mark.parametrize("packing", ["-comp xz", "-noI -noD -noF"])
def test_boots_a_kernel_that_lies_in_a_squashfs_in_a_file(tmp_path, guest, start_bootfs, packing):
    """As k3OS has it: GRUB's loopback opens the file."""
    inner = tmp_path / "inner"
    inner.mkdir()
    files = boot_files()
    (inner / "vmlinuz").write_bytes(files["/boot/vmlinuz-1"])
    (inner / "initrd").write_bytes(files["/boot/initrd-1"])
    packed = tmp_path / "kernel.squashfs"
    subprocess.run(["mksquashfs", inner, packed, *packing.split()], check=True,
                   capture_output=True)
    image = guest("a.img", files={
        "/boot/kernel.squashfs": packed.read_bytes(),
        "/boot/grub/grub.cfg": "menuentry k3os {\n  loopback loop /boot/kernel.squashfs\n"
                               "  set root=(loop)\n  linux /vmlinuz ro\n  initrd /initrd\n}\n"})
    disk = start_bootfs().disk(image)
    assert not (disk / "error").exists(), (disk / "log").read_text()
    assert (disk / "default/kernel").read_bytes() == files["/boot/vmlinuz-1"]
    assert (disk / "default/initrd").read_bytes() == files["/boot/initrd-1"]
