# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks with the boot loaders of real systems on them, put there by those loaders' own installers.

A Machine has disks, a disk has partitions, a partition has a tree of files. Kernels are witnesses
(realboot.py) that know which configuration started them:

    machine = Machine(folder)
    disk = machine.disk([Part(system("old")), Part(system("new"))])
    disk.grub(2)                      # grub-install, of the second partition
    machine.boot()                    # {"kernel": "new grub", "cmdline": ...}

Needs root: installers want block devices and mounts.
"""

import contextlib
import glob
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

import mkdisk
import realboot

run = realboot.run
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOWNLOADS = os.path.join(TOP, "build", "loaders")
MODULES = "part_msdos part_gpt ext2 fat normal linux search search_fs_uuid test configfile echo"
STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub"
SDBOOT = "/usr/lib/systemd/boot/efi/systemd-bootx64.efi"
MONOLITHIC = "/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi"
MBR = "/usr/lib/syslinux/mbr/"


def unpacked(package, pattern):
    """A file of a Debian package that is unpacked, not installed; None: it cannot be had."""
    folder = os.path.join(DOWNLOADS, package)
    if not glob.glob(folder + "/" + pattern):
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["apt-get", "-q", "download", package], cwd=folder,
                              capture_output=True, check=False)
        if done.returncode:
            return None
        run("dpkg-deb", "-x", glob.glob(folder + "/*.deb")[0], folder)
    return glob.glob(folder + "/" + pattern)[0]


class Kernel(bytes):
    """A witness, or a program around one, that remembers its name."""

    def __new__(cls, content, name):
        made = super().__new__(cls, content)
        made.name = name
        return made


# ---- trees ---------------------------------------------------------------------------------------

def entry(loader, kernel, args):
    """A configuration with one entry, in a loader's language."""
    return {
        "grub": f"set timeout=0\nmenuentry one {{\nlinux {kernel} {args}\n}}\n",
        "legacy": f"default 0\ntimeout 0\ntitle one\nkernel {kernel} {args}\n",
        "syslinux": f"DEFAULT one\nPROMPT 0\nLABEL one\nLINUX {kernel}\nAPPEND {args}\n",
        "bls": f"title one\nlinux {kernel}\noptions {args}\n",
        "lilo": f"default=one\nimage={kernel}\nlabel=one\nappend=\"{args}\"\n",
    }[loader]


PLACES = {"grub": "/boot/grub/grub.cfg", "grub2": "/boot/grub2/grub.cfg",
          "legacy": "/boot/grub/menu.lst", "extlinux": "/boot/extlinux/extlinux.conf",
          "syslinux": "/boot/syslinux/syslinux.cfg", "root-syslinux": "/syslinux.cfg",
          "bls": "/loader/entries/one.conf", "lilo": "/etc/lilo.conf"}
LANGUAGES = {"grub2": "grub", "extlinux": "syslinux", "root-syslinux": "syslinux"}


def system(name, *kinds, boot="/boot", efi=False):
    """The files of a system: for each kind of configuration a kernel of its own. `boot`: where
    its kernels are seen (a separate /boot has them at its top)."""
    files = {}
    for kind in kinds or ("grub",):
        kernel = f"{boot}/vmlinuz-{kind}"
        place = PLACES[kind] if boot == "/boot" else PLACES[kind].removeprefix("/boot")
        make = realboot.efi_witness if efi else realboot.witness
        files[kernel] = Kernel(make(f"{name} {kind}"), f"{name} {kind}")
        files[place] = entry(LANGUAGES.get(kind, kind), kernel, f"root={name} by={kind}")
    return files


def uki(name):
    """A unified kernel image by systemd's stub."""
    with tempfile.TemporaryDirectory() as folder:
        texts = {"osrel": f"ID=test\nPRETTY_NAME=\"{name}\"\nVERSION_ID=1\n",
                 "cmdline": f"root={name} by=uki"}
        sections, at = [], 0x1000000
        for key, text in {**texts, "linux": realboot.efi_witness(name + " uki")}.items():
            path = os.path.join(folder, key)
            with open(path, "wb") as file:
                file.write(text.encode() if isinstance(text, str) else text)
            sections += ["--add-section", f".{key}={path}", "--change-section-vma",
                         f".{key}={at:#x}"]
            at += 0x1000000
        out = os.path.join(folder, "uki.efi")
        run("objcopy", *sections, STUB, out)
        return Kernel(realboot.read(out), name + " uki")


def grub_efi(prefix, script=""):
    """GRUB as an EFI program, by grub-mkimage."""
    with tempfile.TemporaryDirectory() as work:
        command = ["grub-mkimage", "-O", "x86_64-efi", "-o", work + "/grub.efi", "-p", prefix]
        if script:
            with open(work + "/first.cfg", "w", encoding="utf-8") as file:
                file.write(script)
            command += ["-c", work + "/first.cfg"]
        run(*command, *MODULES.split())
        return bytes(realboot.read(work + "/grub.efi"))


class Part(dict):
    """A partition: a tree of files by path, and mkdisk's keys (fs, mib, uuid, label, esp...)."""

    def __init__(self, files=None, **keys):
        super().__init__({"fs": "ext4", "mib": 32, **keys})
        self.files = files or {}


def esp(files=None, **keys):
    return Part(files, **{"fs": "vfat", "mib": 40, "esp": True, **keys})


def bios_boot():
    return Part(fs="none", mib=1, type="21686148-6449-6E6F-744E-656564454649")


# ---- disks ---------------------------------------------------------------------------------------

class Disk:
    """An image with a table and its partitions."""

    def __init__(self, folder, parts, table):
        self.image = folder + ".img"
        self.parts = parts
        described = []
        for number, part in enumerate(parts, 1):
            tree = os.path.join(folder, f"tree{number}")
            os.makedirs(tree)
            for path, content in part.files.items():
                where = tree + path
                os.makedirs(os.path.dirname(where), exist_ok=True)
                with open(where, "wb") as file:
                    file.write(content.encode() if isinstance(content, str) else content)
            described.append({**part, "tree": f"tree{number}"})
        with open(os.path.join(folder, "disk.json"), "w", encoding="utf-8") as file:
            mkdisk.json.dump({"table": table, "partitions": described}, file)
        mkdisk.build(folder, self.image)
        shutil.rmtree(folder)

    @contextlib.contextmanager
    def loop(self):
        """The disk as a block device with its partitions."""
        loop = run("losetup", "-f", "--show", self.image).decode().strip()
        try:
            for _ in range(120):
                if not subprocess.run(["partx", "-a", loop], check=False,
                                      capture_output=True).returncode:
                    break
                subprocess.run(["partx", "-d", loop], check=False, capture_output=True)
                time.sleep(0.25)
            for _ in range(100):
                if os.path.exists(loop + "p1") or len(self.parts) == 0:
                    break
                time.sleep(0.05)
            yield loop
        finally:
            subprocess.run(["partx", "-d", loop], check=False, capture_output=True)
            run("losetup", "-d", loop)

    @contextlib.contextmanager
    def mounted(self, device):
        folder = tempfile.mkdtemp()
        run("mount", device, folder)
        try:
            yield folder
        finally:
            run("sync", "-f", folder)
            run("umount", folder)
            os.rmdir(folder)

    def grub(self, number, *options, boot="/boot", into="", modules=MODULES, target=None):
        """grub-install for a BIOS: into the disk, `into`="p1" a partition, or another `target`."""
        with contextlib.ExitStack() as stack:
            loop = stack.enter_context(self.loop())
            root = stack.enter_context(self.mounted(f"{loop}p{number}"))
            where = stack.enter_context(target.loop()) if target else loop + into
            run("grub-install", "--target=i386-pc", "--boot-directory=" + root + boot,
                "--locales=", "--themes=", "--fonts=", "--install-modules=" + modules, *options,
                where)

    def grub_core(self, prefix, script="", files=None):
        """A core image of our own making in the gap behind the MBR, as grub-bios-setup writes it.
        `files`: its memdisk. (grub-bios-setup itself wants the image in a file system that the
        kernel has mounted, and that is not FAT here.)"""
        with tempfile.TemporaryDirectory() as work:
            command = ["grub-mkimage", "-O", "i386-pc", "-o", work + "/core.img", "-p", prefix]
            if script:
                with open(work + "/first.cfg", "w", encoding="utf-8") as file:
                    file.write(script)
                command += ["-c", work + "/first.cfg"]
            if files:
                run("mkfs.vfat", "-C", work + "/fat", "64")
                for name, content in files.items():
                    for end in [m.start() for m in re.finditer("/", name)]:
                        run("mmd", "-i", work + "/fat", "::" + name[:end])
                    run("mcopy", "-i", work + "/fat", "-", "::" + name, input=content.encode())
                command += ["-m", work + "/fat"]
            run(*command, "biosdisk", "memdisk", "search_label", "search_fs_file",
                *MODULES.split())
            core, boot = realboot.read(work + "/core.img"), realboot.read(
                realboot.GRUB + "/boot.img")
        struct.pack_into("<Q", boot, 0x5c, 1)
        struct.pack_into("<Q", core, realboot.SECTOR - 12, 2)
        assert len(core) < realboot.partitions(self.image)[0][0] - realboot.SECTOR
        realboot.write_at(self.image, 0, bytes(boot[:440]))
        realboot.write_at(self.image, realboot.SECTOR, bytes(core))

    def legacy(self, number, embed=True, menu="/boot/grub/menu.lst"):
        """GRUB Legacy by its own shell. `embed`: stage 1.5 behind the MBR."""
        stages = os.path.dirname(unpacked("grub-legacy", "usr/lib/grub/*/stage2"))
        shell = unpacked("grub-legacy", "usr/sbin/grub")
        with contextlib.ExitStack() as stack:
            loop = stack.enter_context(self.loop())
            root = stack.enter_context(self.mounted(f"{loop}p{number}"))
            os.makedirs(root + "/boot/grub", exist_ok=True)
            for name in glob.glob(stages + "/*"):
                shutil.copy(name, root + "/boot/grub")
        script = f"device (hd0) {self.image}\nroot (hd0,{number - 1})\n"
        if embed:
            script += "setup (hd0)\n"
        else:
            script += (f"install /boot/grub/stage1 (hd0) /boot/grub/stage2 p {menu}\n")
        said = subprocess.run(["qemu-i386-static", shell, "--batch", "--no-floppy", "--device-map=/dev/null"],
                              input=script + "quit\n", capture_output=True, text=True,
                              check=False).stdout
        assert "Error" not in said, said

    def extlinux(self, number, folder="/boot/extlinux"):
        with contextlib.ExitStack() as stack:
            loop = stack.enter_context(self.loop())
            root = stack.enter_context(self.mounted(f"{loop}p{number}"))
            os.makedirs(root + folder, exist_ok=True)
            shutil.copy(os.path.join(realboot.SYSLINUX, "ldlinux.c32"), root + folder)
            run("extlinux", "--install", root + folder)

    def syslinux(self, number, folder=None):
        """syslinux on a FAT partition."""
        start, _ = realboot.partitions(self.image)[number - 1]
        options = ["--directory", folder] if folder else []
        run("syslinux", "--install", *options, "--offset", str(start), self.image)

    def mbr(self, name="mbr.bin", number=None):
        """Code that starts a partition: mbr.bin, gptmbr.bin, altmbr.bin with its number."""
        code = bytes(realboot.read(MBR + name))
        if number:
            code = code[:439] + bytes([number])
        realboot.write_at(self.image, 0, code[:440])

    def activate(self, number):
        """The active partition of an MBR; GPT: the attribute that gptmbr.bin looks for."""
        with open(self.image, "rb") as file:
            gpt = b"EFI PART" in file.read(1024)[512:]
        if gpt:
            run("sfdisk", "-q", "--no-reread", "--part-attrs", self.image, str(number),
                "LegacyBIOSBootable")
        else:
            run("sfdisk", "-q", "--no-reread", "--activate", self.image, str(number))


class Machine:
    """Disks, booted together."""

    def __init__(self, folder, kind="pc"):
        self.folder, self.kind, self.disks = str(folder), kind, []

    def disk(self, parts, table="msdos"):
        folder = os.path.join(self.folder, f"disk{len(self.disks)}")
        os.makedirs(folder)
        self.disks.append(Disk(folder, parts, table))
        return self.disks[-1]

    def images(self):
        return [disk.image for disk in self.disks]

    def boot(self, deadline_s=realboot.DEADLINE_S):
        first, *more = self.images()
        return realboot.boot(first, deadline_s=deadline_s, more=more, kind=self.kind)

    def witness_of(self, volume, path):
        """The name of the witness in a file that a menu names: "hd0,msdos2", "/boot/vmlinuz"."""
        disk, _, number = volume.partition(",")
        part = self.disks[int(disk[2:])].parts[int(re.sub(r"\D", "", number) or 1) - 1]
        fat = part["fs"] == "vfat"
        for name, content in part.files.items():
            if isinstance(content, Kernel) and \
                    (name == path or fat and name.lower() == path.lower()):
                return content.name
        return f"nothing: ({volume}){path}"
