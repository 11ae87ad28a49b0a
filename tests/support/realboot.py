# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots disks with real boot loaders under QEMU and reads what they started, and with what.

Every kernel on the disk is replaced by a witness (tests/support/witness/): it prints its own name,
its command line, and the size and hash of its initrd on the serial port.
"""

import contextlib
import functools
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import mkdisk

HERE = os.path.dirname(os.path.abspath(__file__))
SECTOR = 512
CORE_AT = 40            # the first sector of a boot loader behind the tables, also behind a GPT's
SYSLINUX = "/usr/lib/syslinux/modules/bios"
EXTLINUX_MBR = "/usr/lib/EXTLINUX/altmbr.bin"
ISOLINUX = "/usr/lib/ISOLINUX/isolinux.bin"
GRUB = "/usr/lib/grub/i386-pc"
GRUB_MODULES = "biosdisk part_msdos part_gpt ext2 fat iso9660 memdisk tar normal".split()
DEADLINE_S = 240        # for machines that do much else
CFLAGS = ("-m32 -march=i386 -Os -ffreestanding -fno-pic -fno-pie -fno-stack-protector "
          "-fcf-protection=none -fno-asynchronous-unwind-tables -w").split()


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


def read(path):
    with open(path, "rb") as file:
        return bytearray(file.read())


@functools.cache
def witness_bytes():
    """The witness as a bzImage, still with the name @NAME@."""
    source = os.path.join(HERE, "witness")
    with tempfile.TemporaryDirectory() as folder:
        def at(name):
            return os.path.join(folder, name)
        run("gcc", "-m32", "-c", "-o", at("s.o"), os.path.join(source, "setup.S"))
        run("objcopy", "-O", "binary", "-j", ".text", at("s.o"), at("setup"))
        run("gcc", *CFLAGS, "-c", "-o", at("m.o"), os.path.join(source, "main.c"))
        run("ld", "-m", "elf_i386", "-T", os.path.join(source, "link.ld"), "-o", at("m.elf"),
            at("m.o"))
        run("objcopy", "-O", "binary", at("m.elf"), at("main"))
        return bytes(read(at("setup")) + read(at("main")))


@functools.cache
def efi_witness_bytes():
    """The witness as an EFI program, still with the name @NAME@ (Microsoft's "PE Format")."""
    source = os.path.join(HERE, "witness", "efi.c")
    with tempfile.TemporaryDirectory() as folder:
        thing, flat = os.path.join(folder, "efi.o"), os.path.join(folder, "flat")
        run("gcc", "-m64", "-Os", "-ffreestanding", "-fpie", "-mno-red-zone", "-mno-sse",
            "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
            "-w", "-c", "-o", thing, source)
        run("ld", "-T", os.path.join(HERE, "witness", "efi.ld"), "-o",
            flat, thing, "--oformat", "binary")
        code = bytes(read(flat))
    return pe_program(code + bytes(-len(code) % SECTOR))


def pe_program(code):
    """One section at 0x1000 that is code and data, entered at its start."""
    dos = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x40)
    head = struct.pack("<4sHHIIIHH", b"PE\0\0", 0x8664, 1, 0, 0, 0, 240, 0x22e)
    option = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20b, 2, 0, len(code), 0, 0, 0x1000,
                         0x1000, 0, 0x1000, SECTOR, 0, 0, 1, 1, 1, 0, 0,
                         0x1000 + (len(code) + 0xfff) // 0x1000 * 0x1000, SECTOR, 0, 10, 0x100,
                         1 << 20, 4096, 1 << 20, 4096, 0, 16) + bytes(128)
    section = struct.pack("<8sIIIIIIHHI", b".text", len(code), 0x1000, len(code), SECTOR, 0, 0, 0,
                          0, 0xe0000060)
    return (dos + head + option + section).ljust(SECTOR, b"\0") + code


def efi_witness(name):
    """An EFI program that calls itself `name`."""
    field = name.encode() + b"\0"
    return efi_witness_bytes().replace(b"@NAME@" + bytes(len(field) - 6), field, 1)


def witness(name):
    """A kernel that calls itself `name`; filled up to what a boot loader expects of a kernel."""
    field = name.encode() + b"\0"
    image = witness_bytes().replace(b"@NAME@" + bytes(len(field) - 6), field, 1)
    return image + b"." * (-len(image) % 8192)  # no hole: Syslinux cannot read one


def fnv(data):
    """As the witness hashes an initrd (FNV-1a, 32 bits)."""
    value = 2166136261
    for byte in data:
        value = (value ^ byte) * 16777619 & 0xffffffff
    return value


def write_at(image, offset, data):
    with open(image, "r+b") as disk:
        disk.seek(offset)
        disk.write(data)


def partitions(image):
    """[(start, size)] in bytes; the bare disk where there is no table."""
    said = subprocess.run(["sfdisk", "-d", image], capture_output=True, text=True, check=False)
    found = re.findall(r"start= *(\d+), size= *(\d+)", said.stdout)
    return [(int(a) * SECTOR, int(b) * SECTOR) for a, b in found] or \
        [(0, os.path.getsize(image))]


class Mounted:
    """The file system of a partition, mounted for as long as the `with` lasts."""

    def __init__(self, image, number):
        start, size = partitions(image)[number - 1]
        self.options = f"loop,offset={start},sizelimit={size}"
        self.image = image

    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        try:
            run("mount", "-o", self.options, self.image, self.folder)
        except BaseException:
            os.rmdir(self.folder)
            raise
        return self.folder

    def __exit__(self, *error):
        run("sync", "-f", self.folder)  # another namespace may keep the mount alive
        run("umount", self.folder)
        os.rmdir(self.folder)


def put_witnesses(case, kernels):
    """Replaces these files of a case's trees. `kernels`: [{"dev" or "volume", "path"}]."""
    disk = mkdisk_json(case)
    for kernel in kernels:
        number = re.search(r",\D*(\d+)$", kernel.get("dev") or kernel["volume"])
        part = disk["partitions"][int(number.group(1)) - 1 if number else 0]
        tree = os.path.realpath(os.path.join(case, part.get("tree", "none")))
        path = os.path.realpath(tree + "/" + kernel["path"].lstrip("/"))
        if path.startswith(tree + "/") and os.path.isfile(path):
            with open(path, "wb") as file:
                file.write(witness(f"{part['tree']}:{path[len(tree):]}"))


def mkdisk_json(case):
    with open(os.path.join(case, "disk.json"), encoding="utf-8") as file:
        return json.load(file)


def install_grub_legacy(image, stage1, stage2, partition, config):
    """Stage 1 into the boot sector, stage 2 behind it (GRUB 0.97's stage1.S, start.S, asm.S)."""
    first, second = read(stage1), read(stage2)
    struct.pack_into("<I", first, 0x44, CORE_AT)
    struct.pack_into("<I", second, 0x1f8, CORE_AT + 1)
    struct.pack_into("<I", second, 0x208, (partition - 1) << 16 | 0xffff)
    name = second.index(b"/boot/grub/menu.lst\0", 0x200, 0x300)
    second[name:name + len(config) + 1] = config.encode() + b"\0"
    write_at(image, 0, bytes(first[:440]))
    write_at(image, CORE_AT * SECTOR, bytes(second))


def install_grub(image, root, folder, config, more=""):
    """GRUB 2 for BIOS in the gap before the first partition. It reads `config`, then `more`."""
    with tempfile.TemporaryDirectory() as work:
        start = os.path.join(work, "grub.cfg")
        with open(start, "w", encoding="utf-8") as file:
            file.write(f"set root={root}\nset prefix=({root}){folder}\n"
                       f"source ({root}){config}\nterminal_output console\n{more}")
        run("tar", "-cf", os.path.join(work, "disk"), "-C", work, "grub.cfg")
        first = os.path.join(work, "first.cfg")
        with open(first, "w", encoding="utf-8") as file:
            file.write("normal (memdisk)/grub.cfg\n")
        core = os.path.join(work, "core")
        run("grub-mkimage", "-O", "i386-pc", "-o", core, "-p", "(memdisk)", "-c", first, "-m",
            os.path.join(work, "disk"), *GRUB_MODULES, *grub_commands())
        loader, sector = read(core), read(os.path.join(GRUB, "boot.img"))
    struct.pack_into("<Q", sector, 0x5c, CORE_AT)
    struct.pack_into("<Q", loader, SECTOR - 12, CORE_AT + 1)
    assert (CORE_AT * SECTOR + len(loader)) <= partitions(image)[0][0], "no room for GRUB"
    write_at(image, 0, bytes(sector[:440]))
    write_at(image, CORE_AT * SECTOR, bytes(loader))


def grub_commands():
    """Modules of the commands that a configuration may call."""
    return ("linux linux16 search search_fs_uuid search_label search_fs_file test echo regexp "
            "loadenv configfile loopback probe sleep true keystatus gzio minicmd eval read halt "
            "multiboot multiboot2 chain boot cat ls password password_pbkdf2 all_video "
            "legacycfg syslinuxcfg").split()


def install_extlinux(image, number, folder):
    """extlinux beside its configuration, Syslinux's menus with it, and a boot sector."""
    with Mounted(image, number) as mount:
        place = mount + folder
        for name in ("menu.c32", "vesamenu.c32", "libutil.c32", "libcom32.c32", "mboot.c32"):
            shutil.copy(os.path.join(SYSLINUX, name), place)
        run("extlinux", "--install", place)
    with open(EXTLINUX_MBR, "rb") as file:
        write_at(image, 0, file.read()[:439] + bytes([number]))


def make_isolinux(tree, image):
    """An ISO image of a tree that has isolinux/isolinux.cfg or boot/isolinux/isolinux.cfg."""
    folder = next(f for f in ("boot/isolinux", "isolinux", "syslinux", "")
                  if os.path.exists(os.path.join(tree, f, "isolinux.cfg")))
    shutil.copy(ISOLINUX, os.path.join(tree, folder))
    for name in ("ldlinux.c32", "menu.c32", "vesamenu.c32", "libutil.c32", "libcom32.c32"):
        shutil.copy(os.path.join(SYSLINUX, name), os.path.join(tree, folder))
    run("xorriso", "-as", "mkisofs", "-quiet", "-r", "-J", "-b",
        os.path.join(folder, "isolinux.bin"), "-c", "boot.cat", "-no-emul-boot",
        "-boot-load-size", "4", "-boot-info-table", "-o", image, tree)


def parsed(said):
    """What a witness said, or None."""
    found = re.search(rb"witness kernel (.*)\nwitness cmdline ((?s:.*?))\n"
                      rb"witness initrd (\w+) (\w+)\nwitness end", said)
    if not found:
        return None
    kernel, cmdline, size, digest = found.groups()
    return {"kernel": kernel.decode(), "cmdline": cmdline.decode("utf-8", "replace"),
            "initrd_size": int(size, 16), "initrd_hash": int(digest, 16)}


def press(machine, keys):
    """Types keys by QEMU's names; a machine that just ended is no error."""
    for key in keys.split():
        with contextlib.suppress(BrokenPipeError):
            os.write(machine.stdin.fileno(), f"sendkey {key}\n".encode())


OVMF = "/usr/share/OVMF/OVMF_CODE.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS.fd"
POLL_S = 0.1


def firmware(kind, folder):
    """QEMU's options for "pc" (SeaBIOS) and "efi" (OVMF, with variables that nobody has set)."""
    if kind == "pc":
        return []
    shutil.copy(OVMF_VARS, os.path.join(folder, "vars"))
    return ["-drive", f"if=pflash,format=raw,readonly=on,file={OVMF}", "-drive",
            f"if=pflash,format=raw,file={folder}/vars"]


def boot(image, keys="", cdrom=False, deadline_s=DEADLINE_S, more=(), kind="pc"):
    """Starts a machine; what its kernel said, or None after the deadline. `keys`: QEMU's names,
    typed again and again until something happens (a menu that waits). `more`: further disks."""
    media = ["-cdrom", image] if cdrom else []
    for disk in () if cdrom else (image, *more):
        media += ["-drive", f"file={disk},format=raw,if=ide"]
    with tempfile.TemporaryDirectory() as folder:
        serial = os.path.join(folder, "serial")
        machine = subprocess.Popen(
            ["qemu-system-x86_64", "-display", "none", "-m", "256", "-no-reboot", "-net", "none",
             "-snapshot", "-serial", "file:" + serial, "-monitor", "stdio",
             "-device", "isa-debug-exit,iobase=0xf4,iosize=4", *firmware(kind, folder), *media],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            end = time.monotonic() + deadline_s
            next_key = time.monotonic() + 1
            while machine.poll() is None and time.monotonic() < end:
                time.sleep(POLL_S)
                if keys and time.monotonic() > next_key:
                    press(machine, keys)
                    next_key = time.monotonic() + 1
        finally:
            machine.kill()
            machine.communicate()
        with open(serial, "rb") as file:
            return parsed(file.read())
