# SPDX-License-Identifier: GPL-2.0-or-later
"""What bootfs does not read is named in the error: the administrator knows at once why a guest
shows nothing. (README's table says which of these Debian's pygrub reads.)"""

import os
import pathlib
import struct
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import fsdump  # noqa: E402

NOTHING = "; no readable volume holds a boot configuration"

# What the error says, and what makes such an image.
MADE = {
    "ReiserFS": "mkreiserfs -q -f -f $IMAGE",
    "JFS": "mkfs.jfs -q $IMAGE",
    "F2FS": "mkfs.f2fs -q $IMAGE",
    "NTFS": "mkfs.ntfs -q -F -Q $IMAGE",
    "exFAT": "mkfs.exfat $IMAGE",
    "Minix": "mkfs.minix $IMAGE",
    "UFS": "mkdir $IMAGE.d; makefs -t ffs -o version=1 -s 72m $IMAGE $IMAGE.d",
    "UFS 2": "mkdir $IMAGE.d; makefs -t ffs -o version=2 -s 72m $IMAGE $IMAGE.d",
}
LUKS = {
    "LUKS 1": "echo x | cryptsetup -q luksFormat --type luks1 --pbkdf-force-iterations 1000 $IMAGE -",
    "LUKS 2": "echo x | cryptsetup -q luksFormat --type luks2 --pbkdf pbkdf2 "
              "--pbkdf-force-iterations 1000 $IMAGE -",
}


def error_of(image):
    """The last line that bootfs-inspect says."""
    done = subprocess.run([f"{fsdump.BUILD}/bootfs-inspect", image], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1
    return done.stdout.splitlines()[-1].removeprefix("error ").removeprefix(f"{image}: ")


def make(image, command):
    fsdump.run("truncate", "-s", "72M", image)
    fsdump.run("sh", "-ec", command, env=os.environ | {"IMAGE": str(image)})
    return image


@pytest.mark.parametrize("name", MADE)
def test_a_file_system_that_is_not_read_is_named(name, tmp_path):
    image = make(tmp_path / "image", MADE[name])
    assert error_of(image) == f"hd0 is {name.split()[0]}, which is not read{NOTHING}"


@pytest.mark.parametrize("name", LUKS)
def test_encryption_is_named(name, tmp_path):
    image = make(tmp_path / "image", LUKS[name])
    assert error_of(image) == f"hd0 is LUKS-encrypted{NOTHING}"


def test_it_is_named_in_a_partition_too(tmp_path):
    inner = make(tmp_path / "inner", MADE["F2FS"])
    image = tmp_path / "image"
    fsdump.run("truncate", "-s", "80M", image)
    fsdump.run("sfdisk", "-q", image, input=b"label: gpt\nstart=2048,size=72M\n")
    fsdump.run("dd", f"if={inner}", f"of={image}", "bs=1M", "seek=1", "conv=notrunc,sparse")
    assert error_of(image) == f"hd0,gpt1 is F2FS, which is not read{NOTHING}"


def test_zfs_is_named(tmp_path):
    """No tool here makes it: a label's list and its uberblocks."""
    image = tmp_path / "image"
    fsdump.write_pieces(image, [(16384, bytes([1, 1, 0, 0]) + bytes(7) + b"\1" + struct.pack(">IIIB", 36, 32, 7, 0))]
                        + [(131072 + slot * 1024, struct.pack("<QQ", 0x00BAB10C, 5000)) for slot in range(128)],
                        72 << 20)
    assert error_of(image) == f"hd0 is ZFS, which is not read{NOTHING}"


def test_bcachefs_is_named(tmp_path):
    image = tmp_path / "image"
    fsdump.write_pieces(image, [(4120, bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef"))], 72 << 20)
    assert error_of(image) == f"hd0 is bcachefs, which is not read{NOTHING}"
