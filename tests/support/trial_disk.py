#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""trial_disk: prints the table of ask/trial_disk.c, made by e2fsprogs; for when that disk is to change."""

import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

SECTOR, START = 512, 8  # the partition begins at this sector
KIB = 64                # of the file system

CONFIG = "menuentry 'bootfs can read guests' {\n\tlinux /vmlinuz trial\n}\n"
KERNEL = "not a kernel: a trial of bootfs\n"
FEATURES = "^has_journal,^resize_inode,^dir_index"
NAMES = {"E2FSPROGS_FAKE_TIME": "1600000000", "PATH": os.environ["PATH"] + ":/usr/sbin"}
UUID = "b0075f50-7e57-4d15-8b00-00000000000"


def file_system(folder, config):
    tree, image = folder / "tree", folder / "image"
    (tree / "grub").mkdir(parents=True)
    (tree / "grub/grub.cfg").write_text(config)
    (tree / "vmlinuz").write_text(KERNEL)
    for path in (*tree.rglob("*"), tree):
        os.utime(path, (1600000000, 1600000000))
    image.write_bytes(bytes(KIB << 10))
    run = {"check": True, "env": os.environ | NAMES, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-N", "16", "-m", "0", "-O", FEATURES,
                    "-U", f"{UUID}1", "-E", f"hash_seed={UUID}2,root_owner=0:0", "-L", "trial", "-d", tree,
                    image], **run)
    subprocess.run(["e2fsck", "-fn", image], **run)
    return image.read_bytes()


def disk(config=CONFIG):
    with tempfile.TemporaryDirectory() as folder:
        inside = file_system(Path(folder), config)
    entry = struct.pack("<B3sB3sII", 0x80, b"", 0x83, b"", START, len(inside) // SECTOR)
    table = bytes(440) + struct.pack("<IH", 0xB0075F50, 0) + entry + bytes(48) + b"\x55\xaa"
    return table + bytes(SECTOR * (START - 1)) + inside


def literal(data):
    """With octal escapes, which end by themselves."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\?' else f"\\{byte:03o}" for byte in data)


def main():
    for found in re.finditer(rb"\xff{16,}|[^\0](?:(?!\xff{16})\0{0,7}[^\0])*", disk(), re.S):
        data = found[0]
        if data[:16] == b"\xff" * 16:
            print(f"\t{{{found.start()}, {len(data)}, NULL}},")
            continue
        rows = [literal(data[at:at + 18]) for at in range(0, len(data), 18)]
        print(f"\t{{{found.start()}, {len(data)},\n" + "\n".join(f'\t\t"{row}"' for row in rows) + "},")


if __name__ == "__main__":
    main()
