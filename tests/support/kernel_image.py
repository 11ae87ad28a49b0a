# SPDX-License-Identifier: GPL-2.0-or-later
"""What tells its version as a kernel does: a boot sector's header (Documentation/x86/boot.rst)."""


def linux(version, size=4096):
    image = bytearray(size)
    text = f"{version} (builder) #1 SMP".encode() + b"\0"
    image[0x1f1] = 1  # sectors of the real-mode code
    image[0x1fe:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = (0x020f).to_bytes(2, "little")
    image[0x20e:0x210] = (0x400 - 0x200).to_bytes(2, "little")  # where the version stands
    image[0x400:0x400 + len(text)] = text
    return bytes(image)
