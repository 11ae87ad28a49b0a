# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the superblocks of Linux' software RAID: mdadm needs a kernel with md, this needs none."""

import os
import struct

UUID = bytes(range(0x10, 0x20))
MAGIC = 0xA92B4EFC


def _checksum(block):
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    return (total & 0xFFFFFFFF) + (total >> 32) & 0xFFFFFFFF


def super_1(*, level, disks, number, roles, size, data, at, chunk=0, layout=0, events=7, name="host:0",
            features=0, uuid=UUID, resync=2**64 - 1):
    """Version 1: sizes and offsets in sectors; `at` is where it will stand."""
    slots = 128
    block = struct.pack("<IIII16s32sQIIQIIII", MAGIC, 1, features, 0, uuid, name.encode(), 1, level & 0xFFFFFFFF,
                        layout, size, chunk, disks, 0, 0)
    block += struct.pack("<QIIII", 0, 0, 0, 0, 0)
    block += struct.pack("<QQQQII16sBBHI", data, size, at, 0, number, 0, uuid[::-1], 0, 0, 0, 0)
    block += struct.pack("<QQQII32s", 1, events, resync, 0, slots, b"")
    block += struct.pack(f"<{slots}H", *roles, *[0xFFFF] * (slots - len(roles)))
    return block[:216] + struct.pack("<I", _checksum(block)) + block[220:]


def super_0(*, level, disks, role, size, chunk=0, layout=0, events=7, minor=0, in_sync=True, uuid=UUID):
    """Version 0.90: `size` in KiB."""
    words = [0] * 1024
    ids = struct.unpack(">4I", uuid)
    words[0:16] = [MAGIC, 0, 90, 0, 0, ids[0], 1, level & 0xFFFFFFFF, size, disks, disks, minor, 0, *ids[1:]]
    words[32:41] = [1, 1, disks, disks, 0, 0, 0, events, 0]
    words[64:66] = [layout, chunk]
    for number in range(disks):
        words[128 + 32 * number:128 + 32 * number + 5] = [number, 8, number, number, 6]
    words[992:997] = [role, 8, role, role, 6 if in_sync else 0]
    words[38] = 0
    words[38] = _checksum(struct.pack("<1024I", *words))
    return struct.pack("<1024I", *words)


def place(version, sectors):
    """Where a superblock of this version stands on a disk, in sectors."""
    if version == "0.90":
        return (sectors & ~127) - 128
    return {"1.0": (sectors - 16) & ~7, "1.1": 0, "1.2": 8}[version]


def write_member(path, sectors, version, content, **fields):
    """A member disk: its superblock, and its part of the array's content; `used` sectors of it."""
    at = place(version, sectors)
    data = {"0.90": 0, "1.0": 0, "1.1": 2048, "1.2": 2048}[version]
    size = {"0.90": at, "1.0": at - 256}.get(version, sectors - data)
    size = fields.pop("used", size - size % 1024)
    if version == "0.90":
        roles = fields.pop("roles", None)
        fields.setdefault("role", fields.pop("number"))
        assert roles is None or fields["role"] < len(roles)
        if "chunk" in fields:
            fields["chunk"] *= 512
        block = super_0(size=size // 2, **fields)
    else:
        block = super_1(size=size, data=data, at=at, **fields)
    with open(path, "wb") as disk:
        disk.truncate(sectors * 512)
        disk.seek(data * 512)
        disk.write(content[:size * 512])
        disk.seek(at * 512)
        disk.write(block)
    return size * 512


def stripes(content, disks, chunk, copies=1):
    """What each disk of a striped array holds; `chunk` in bytes."""
    parts = [bytearray() for _ in range(disks)]
    groups = disks // copies
    for number in range(0, (len(content) + chunk - 1) // chunk):
        for copy in range(copies):
            parts[number % groups * copies + copy] += content[number * chunk:(number + 1) * chunk]
    return [bytes(part) for part in parts]


def read(path):
    """A whole file."""
    with open(os.fspath(path), "rb") as file:
        return file.read()
