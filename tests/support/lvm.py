# SPDX-License-Identifier: GPL-2.0-or-later
"""LVM groups in files, made by LVM's own tools without device-mapper.

    with lvm.Group(tmp_path, "vg", disks=2) as group:
        group.lvcreate("-n", "root", "-L", "20M")
        group.write("root", content)
    group.disks
"""

import json
import re
import struct
import subprocess
import zlib

import fsdump


def note(position, disks, events=5, failed=(), filled=2**64 - 1, equal=2**64 - 1, flags=0):
    """dm-raid's superblock, the start of a metadata image."""
    bits = sum(1 << number for number in failed)
    return struct.pack("<4sIIIQQQQIIIIQIIIIQQQQ3QI", b"DmRd", 1, disks, position, events, bits & (1 << 64) - 1, filled,
                       equal, 1, 0, 0, flags, 2**64 - 1, 1, 0, 0, 0, 0, 0, 0, 0, bits >> 64, 0, 0, 0)


def _checksum(content):
    """LVM's: a CRC-32 that begins elsewhere and is not turned over at the end."""
    return zlib.crc32(content, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


class Group:
    """A volume group on fresh disks; its loop devices go when the block ends."""

    def __init__(self, folder, name, disks=1, size="64M", images=None, extent="1M"):
        self.name = name
        self.folder = folder
        self.extent = extent
        self.disks = images or [folder / f"{name}{number}" for number in range(disks)]
        if not images:
            for disk in self.disks:
                fsdump.run("truncate", "-s", size, disk)
        self.loops = []

    def __enter__(self):
        self.loops = [fsdump.run("losetup", "-f", "--show", disk).decode().strip() for disk in self.disks]
        try:
            self.tool("pvcreate", "-y", *self.loops)
            self.tool("vgcreate", "-s", self.extent, self.name, *self.loops)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for loop in self.loops:
            subprocess.run(["losetup", "-d", loop], check=False)

    def tool(self, command, *words):
        """One of LVM's tools, which sees our devices only and asks no kernel."""
        only = ",".join(f'"a|^{loop}$|"' for loop in self.loops)
        config = (f"devices{{filter=[{only},\"r|.*|\"] use_devicesfile=0}}"
                  "global{event_activation=0} activation{udev_sync=0 monitoring=0}"
                  "backup{backup=0 archive=0}")
        return fsdump.run(command, "--driverloaded", "n", "--config", config, *words).decode()

    def lvcreate(self, *words):
        """A logical volume, inactive."""
        self.tool("lvcreate", "-an", "-Zn", "-Wn", "-y", *words, self.name)

    def metadata(self):
        """The group's text."""
        file = self.folder / f"{self.name}.text"
        self.tool("vgcfgbackup", "-f", file, self.name)
        return file.read_text()

    def restore(self, text):
        """Writes a text of ours instead."""
        file = self.folder / f"{self.name}.text"
        file.write_text(text)
        self.tool("vgcfgrestore", "--force", "-y", "-f", file, self.name)

    def replace_volumes(self, volumes):
        """Other logical volumes: `name { ... }` of each."""
        text = self.metadata()
        text = re.sub(r"\n\tlogical_volumes \{.*?\n\t\}\n", "\n", text, flags=re.DOTALL)
        end = text.index("\n}\n", text.index("physical_volumes"))
        self.restore(text[:end] + "\nlogical_volumes {\n" + volumes + "\n}\n" + text[end:])

    def change_text(self, change):
        """Changes the newest text where it stands, and its checksum; the comment on the host gives way."""
        for disk in self.disks:
            raw = bytearray(disk.read_bytes()[:1 << 20])
            # The label's sector names the area; its header names the text.
            start, size, checksum = struct.unpack_from("<QQI", raw, 4096 + 40)
            text = bytes(raw[4096 + start:4096 + start + size])
            changed = change(text.decode("latin-1")).encode("latin-1")
            more, at = len(changed) - size, changed.index(b"# Linux ") + 2
            changed = changed[:at] + (changed[at + more:] if more >= 0 else b"x" * -more + changed[at:])
            assert len(changed) == size and changed != text and checksum == _checksum(text)
            raw[4096 + start:4096 + start + size] = changed
            struct.pack_into("<I", raw, 4096 + 56, _checksum(changed))
            struct.pack_into("<I", raw, 4096, _checksum(raw[4100:4096 + 512]))
            with open(disk, "r+b") as file:
                file.write(raw)

    def segments(self, volume):
        """Where LVM says that a volume lies: (start, size, stripe size, [(loop, extent)])."""
        said = json.loads(self.tool("lvs", "--segments", "--units", "b", "--nosuffix", "--reportformat", "json",
                                    "-o", "seg_start,seg_size,stripe_size,devices", f"{self.name}/{volume}"))
        for segment in said["report"][0]["seg"]:
            places = [re.fullmatch(r"(.*)\((\d+)\)", place) for place in segment["devices"].split(",")]
            yield (int(segment["seg_start"]), int(segment["seg_size"]), int(segment["stripe_size"]),
                   [(place[1], int(place[2])) for place in places])

    def write(self, volume, content):
        """Puts bytes into a linear or striped volume, the way LVM says it lies."""
        for start, size, stripe, places in self.segments(volume):
            part = content[start:start + size]
            chunk = stripe if len(places) > 1 else len(part) or 1
            for number in range(0, (len(part) + chunk - 1) // chunk):
                loop, extent = places[number % len(places)]
                at = self.place(extent) + number // len(places) * chunk
                self.write_at(loop, at, part[number * chunk:(number + 1) * chunk])

    def place(self, extent):
        """Bytes from a disk's start of one of its extents."""
        return (1 << 20) + extent * (int(self.extent[:-1]) << {"M": 20, "K": 10}[self.extent[-1]])

    def write_at(self, loop, at, content):
        """Through the loop device, so that the file and its cache agree."""
        with open(self.disks[self.loops.index(loop)], "r+b") as disk:
            disk.seek(at)
            disk.write(content)
