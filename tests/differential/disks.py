# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks whose configuration is exchanged in place: a new one costs a write, not a mke2fs."""

import json
import os
import re
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
import mkdisk  # noqa: E402

BLOCK = 1024
START = 1 << 20          # of the only partition
CONFIG = "/boot/grub/grub.cfg"
MOST = 96 * BLOCK        # bytes of a configuration
FILES = {"/boot/k": "kernel\n", "/boot/k2": "kernel two\n", "/boot/i": "initrd\n",
         "/boot/i2": "initrd two\n", "/boot/grub/more.cfg": "set more=yes\n",
         "/boot/grub/menu.cfg": "menuentry 'more' $a { linux /boot/k more $b; }\n",
         "/boot/empty": "", "/boot/grub/grubenv":
         "# GRUB Environment Block\nsaved=value\nsaved_entry=1\n".ljust(1024, "#")}


def block_text(number):
    return f"#{number:08d}".encode() + b"=" * (BLOCK - 10) + b"\n"


class Disk:
    """An image with one ext2 file system. `image` is its path."""

    def __init__(self, folder, files=None):
        case = os.path.join(folder, "case")
        for path, content in {**FILES, **(files or {})}.items():
            place = case + "/tree" + path
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(content)
        with open(case + "/tree" + CONFIG, "wb") as file:
            for number in range(MOST // BLOCK):
                file.write(block_text(number))
        with open(case + "/disk.json", "w", encoding="ascii") as file:
            file.write('{"partitions": [{"tree": "tree", "fs": "ext2"}]}')
        self.image = os.path.join(folder, "disk.img")
        mkdisk.build(case, self.image)
        with open(self.image, "rb") as file:
            content = file.read()
        self.blocks = [content.index(block_text(n)) for n in range(MOST // BLOCK)]
        said = subprocess.run(["debugfs", "-R", f"imap {CONFIG}", f"{self.image}?offset={START}"],
                              capture_output=True, text=True, check=True, env=mkdisk.TOOLS).stdout
        block, offset = re.search(r"located at block (\d+), offset (0x\w+)", said).groups()
        self.size_at = START + int(block) * BLOCK + int(offset, 16) + 4
        self.file = open(self.image, "r+b", buffering=0)
        self.images = [self.image]

    def write(self, text):
        """Makes this the configuration."""
        content = text.encode("utf-8", "surrogateescape")[:MOST]
        for number in range(0, len(content), BLOCK):
            os.pwrite(self.file.fileno(), content[number:number + BLOCK],
                      self.blocks[number // BLOCK])
        os.pwrite(self.file.fileno(), struct.pack("<I", len(content)), self.size_at)


SUPERBLOCK, UUID_AT, LABEL_AT = 1024, 0x68, 0x78   # of ext2
MARKS = ("/m1", "/m2", "/m3", "/d/m4")


class Several(Disk):
    """hd0 with the configuration, and two of a few other disks, whose labels and UUIDs change."""

    def __init__(self, folder, rand):
        super().__init__(folder)
        self.others = [self.other(os.path.join(folder, str(n)), rand) for n in range(6)]

    @staticmethod
    def other(folder, rand):
        parts = rand.randint(2, 5)
        for number in range(parts):
            for path in rand.sample(MARKS, 2):
                place = f"{folder}/tree{number}{path}"
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "w", encoding="ascii") as file:
                    file.write("mark\n")
        with open(folder + "/disk.json", "w", encoding="ascii") as file:
            table = rand.choice(["msdos", "gpt"])
            file.write(json.dumps({"table": table, "partitions": [
                {"tree": f"tree{n}", "fs": "ext2", "mib": 2} for n in range(parts)]}))
        image = folder + "/disk.img"
        mkdisk.build(folder, image)
        with open(image, "rb") as file:
            content = file.read()
        found, at = [], 0
        while (at := content.find(b"\x53\xef", at + 1)) >= 0:
            if (at - 0x38 - SUPERBLOCK) % (1 << 20) == 0:
                found.append(at - 0x38)
        return image, found

    def shuffle(self, rand):
        """Other disks, with other names on them."""
        chosen = rand.sample(self.others, 2)
        self.images = [self.image] + [image for image, _ in chosen]
        places = [(self.image, [START + SUPERBLOCK])] + chosen
        for image, superblocks in places:
            with open(image, "r+b") as file:
                for at in superblocks:
                    file.seek(at + UUID_AT)
                    file.write(bytes([rand.randint(1, 4)]) * 16)
                    file.seek(at + LABEL_AT)
                    file.write(rand.choice(("", "one", "two", "ONE")).encode().ljust(16, b"\0"))
