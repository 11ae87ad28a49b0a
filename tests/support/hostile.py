# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that attack their host, made when they are needed: one function an attack.

    hostile.make("gzip-bomb-kernel", folder).image

tests/system/test_hostile_guests.py holds bootfs against all of them, tests/bench/hostile.py shows
them to Xen's pygrub as well."""

import gzip
import os
import struct
import subprocess
from pathlib import Path

import small_guest

GRUB, LEGACY = "boot/grub/grub.cfg", "boot/grub/menu.lst"
KERNEL = b"\x7fELF a kernel " * 100
INITRD = b"070701 an initrd" * 50
ENTRY = ("menuentry 'Good' {\n\tlinux /boot/vmlinuz root=/dev/xvda1 ro\n"
         "\tinitrd /boot/initrd.img\n}\n")

cases = {}


class Case:
    """What one attack came to, and what must be seen of it."""

    def __init__(self, image, boots=True, says=(), kernel=KERNEL, initrd=INITRD):
        self.image = Path(image)
        self.boots = boots    # the default entry boots; False: the wrapper fails
        self.says = [says] if isinstance(says, str) else says  # in `log`, `menu` or `error`
        self.kernel = kernel  # the bytes that must be copied; None: any
        self.initrd = initrd


def case(name):
    """An attack; its function gets a new folder and gives a Case."""
    def add(build):
        cases[name] = build
        return build
    return add


def make(name, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return cases[name](folder)


def sh(command):
    subprocess.run(["sh", "-ec", f"PATH=$PATH:/usr/sbin; {command}"], check=True,
                   capture_output=True)


def guest(folder, config=ENTRY, path=GRUB, more=None, special=None, **options):
    """MBR, ext4, a kernel, an initrd and this configuration. `special`: {path: make(host path)}."""
    files = {"boot/vmlinuz": KERNEL, "boot/initrd.img": INITRD, path: config, **(more or {})}
    tree = folder / "guest.img.tree"
    for name, build in (special or {}).items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        build(tree / name)
    return small_guest.make(folder, {k: v for k, v in files.items() if v is not None}, **options)


def link(target):
    return lambda path: path.symlink_to(target)


# ---- code in a configuration (CVE-2007-4993) ----------------------------------------------------

def canary(folder):
    """What an attack leaves behind where it gets through: in the folder above the guest's."""
    return folder / "canary"


@case("python-in-menu-lst")
def python_in_menu_lst(folder):
    touch = f'__import__("os").system("touch {canary(folder)}")'
    return Case(guest(folder, f'default "+str({touch})+"\ntimeout={touch}\n'
                      f"title {touch}\nroot (hd0,0)\n"
                      f'kernel /boot/vmlinuz a="+{touch}+" \'"""{touch}"""\n'
                      "initrd /boot/initrd.img\n", LEGACY), says="__import__")


@case("shell-in-grub-cfg")
def shell_in_grub_cfg(folder):
    touch = f"touch {canary(folder)}"
    return Case(guest(folder, f"x=\"`{touch}`\"\ny='$({touch})'\nset a='; {touch};'\n{touch}\n"
                      f"menuentry '$({touch}) `{touch}` ; {touch}' {{\n"
                      f" linux /boot/vmlinuz '$({touch})' \"`{touch}`\" ';{touch}' $x $y\n"
                      " initrd /boot/initrd.img\n}\n"), says="$(touch")


# ---- size (CVE-2012-2625, XSA-25), kernels that unpack (CVE-2011-1583, -3262) --------------------

@case("gzip-bomb-kernel")
def gzip_bomb_kernel(folder):
    bomb = gzip.compress(gzip.compress(bytes(300 << 20), 9), 9)
    kernel = b"MZ" + bytes(0x1f0) + b"\x04" + bytes(12) + b"\x55\xaaHdrS" + bytes(4000) + bomb
    return Case(guest(folder, more={"boot/vmlinuz": kernel, "boot/initrd.img": bomb}),
                kernel=kernel, initrd=bomb)


def huge(folder, path, size, **options):
    """A file that claims so many bytes and has none."""
    image = guest(folder, **options)
    sh(f"debugfs -w -R 'set_inode_field /{path} size {size}' '{image}?offset=1048576'")
    return image


@case("kernel-of-8-tib")
def kernel_of_8_tib(folder):
    return Case(huge(folder, "boot/vmlinuz", 8 << 40), boots=False, says="kernel too big: 8.0 TiB")


@case("initrd-of-8-tib")
def initrd_of_8_tib(folder):
    return Case(huge(folder, "boot/initrd.img", 8 << 40), boots=False, says="initrd too big")


@case("configuration-of-4-gib")
def configuration_of_4_gib(folder):
    return Case(huge(folder, GRUB, 4 << 30), boots=False, says="max-config")


@case("a-thousand-initrds")
def a_thousand_initrds(folder):
    return Case(guest(folder, "menuentry x {\n linux /boot/vmlinuz\n initrd " +
                      "/boot/initrd.img " * 1000 + "\n}\n"), boots=False, says="more than 64 files")


# ---- logs (XSA-180) and answers (XSA-198) -------------------------------------------------------

@case("a-million-warnings")
def a_million_warnings(folder):
    lines = "".join(f"nonsense{i}\n" for i in range(900_000))
    return Case(guest(folder, ENTRY + lines), says="unknown command")


@case("one-warning-a-million-times")
def one_warning_a_million_times(folder):
    return Case(guest(folder, ENTRY + "foo\n" * 1_000_000), says="times)")


@case("arguments-that-forge-items")
def arguments_that_forge_items(folder):
    return Case(guest(folder, "menuentry x {\n linux /boot/vmlinuz \"a=')(kernel '/etc/shadow\" "
                      "'\"q\"' ')' '(args x)' \\\\ z\n initrd /boot/initrd.img\n}\n"))


@case("a-newline-in-arguments")
def a_newline_in_arguments(folder):
    return Case(guest(folder, "menuentry x {\n linux /boot/vmlinuz 'a\nkernel /etc/shadow\nb'\n"
                      " initrd /boot/initrd.img\n}\n"), boots=None)


# ---- formats (XSA-258) --------------------------------------------------------------------------

def qcow2_head(backing, size=64 << 20):
    return struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 104, len(backing), 16, size, 0, 1, 65536,
                       131072, 1, 0, 0).ljust(104, b"\0") + backing


@case("raw-disk-that-poses-as-qcow2")
def raw_disk_that_poses_as_qcow2(folder):
    """The boot code is free for the guest to write: 440 bytes before the partition table."""
    image = guest(folder)
    with open(image, "r+b") as disk:
        disk.write(qcow2_head(b"/etc/passwd"))
    return Case(image)


@case("qcow2-head-and-nothing-else")
def qcow2_head_and_nothing_else(folder):
    image = folder / "guest.img"
    image.write_bytes(qcow2_head(b"/etc/passwd").ljust(8 << 20, b"\0"))
    return Case(image, boots=False)


# ---- symbolic links -----------------------------------------------------------------------------

@case("links-to-the-hosts-files")
def links_to_the_hosts_files(folder):
    return Case(guest(folder, more={"boot/vmlinuz": None, "boot/initrd.img": None},
                      special={"boot/vmlinuz": link("/etc/passwd"),
                               "boot/initrd.img": link("../../../../../../etc/shadow")}),
                boots=False, says="/boot/vmlinuz")


@case("configuration-is-a-link-to-the-hosts")
def configuration_is_a_link_to_the_hosts(folder):
    return Case(guest(folder, None, special={GRUB: link("/etc/hostname"),
                                             LEGACY: link("../" * 30 + "proc/self/environ")}),
                boots=False)


@case("links-in-a-circle")
def links_in_a_circle(folder):
    return Case(guest(folder, more={"boot/vmlinuz": None},
                      special={"boot/vmlinuz": link("a"), "boot/a": link("b"),
                               "boot/b": link("a")}), boots=False, says="/boot/vmlinuz")


@case("links-that-expand-8^30-fold")
def links_that_expand(folder):
    special = {f"boot/l{i}": link("/".join([f"l{i - 1}/.."] * 7 + [f"l{i - 1}"]))
               for i in range(1, 30)}
    return Case(guest(folder, more={"boot/vmlinuz": None, "boot/l0/x": b""},
                      special={**special, "boot/vmlinuz": link("l29/../initrd.img")}),
                boots=False, says="/boot/vmlinuz")


@case("a-link-that-leads-back-inside")
def a_link_that_leads_back_inside(folder):
    """At the guest's root ".." stays there, as in the guest."""
    return Case(guest(folder, more={"boot/vmlinuz": None, "etc/passwd": KERNEL},
                      special={"boot/vmlinuz": link("../" * 40 + "etc/passwd")}))


# ---- text ---------------------------------------------------------------------------------------

EVIL = b"\x1b]0;owned\x07\x1b[2J\x9b31m\xc2\x9b\xe2\x80\xae\xe2\x81\xa6\xff\xfe\x7f\x08\r\\"


@case("text-that-terminals-obey")
def text_that_terminals_obey(folder):
    config = (b"menuentry '" + EVIL + b"' --id '" + EVIL + b"' { linux /boot/vmlinuz '" + EVIL +
              b"' root=x\n initrd /boot/initrd.img\n}\n" + EVIL + b"\nmenuentry '" + EVIL +
              b"' { linux '/boot/" + EVIL + b"'\n}\n")
    return Case(guest(folder, config), says="\\e]0;owned")


@case("a-latin-1-title")
def a_latin_1_title(folder):
    return Case(guest(folder, ENTRY.replace("Good", "Gr\xfc\xdfe").encode("latin-1")),
                says="Gr\\xfc\\xdfe")


@case("nul-bytes")
def nul_bytes(folder):
    return Case(guest(folder, b"\0\0\n" + ENTRY.encode() + b"menuentry 'x\0y' { linux /boot/v\0 }\n"
                      + bytes(5000)))


@case("names-with-slashes-and-dots")
def names_with_slashes_and_dots(folder):
    return Case(guest(folder, ENTRY + "".join(
        f"menuentry '{title}' --id '{title}' {{ linux /boot/vmlinuz\n}}\n"
        for title in ("../../etc", "/", ".", "..", "a/b", "a\nb", "x" * 5000))))


# ---- configurations that never end --------------------------------------------------------------

def bomb(name, config, **expected):
    @case(name)
    def build(folder):
        return Case(guest(folder, config() if callable(config) else config), **expected)


bomb("a-million-entries", lambda: ENTRY + "menuentry x {\ntrue\n}\n" * 700_000, says="max-entries")
bomb("an-entry-of-600-kib", lambda: ENTRY + "menuentry '" + "x" * 600_000 + "' --class a {\n"
     "linux /boot/vmlinuz\n}\n")
bomb("an-entry-of-600-kib-of-options", lambda: ENTRY + "menuentry " + "--class a " * 60_000 +
     "'x' {\nlinux /boot/vmlinuz\n}\n")
bomb("an-entry-of-600-kib-of-quotes", lambda: ENTRY + "menuentry '" + "' '" * 200_000 + "'\n")
bomb("nested-five-thousand-deep", lambda: ENTRY + "if true; then " * 5000 + "true" + "; fi" * 5000,
     says="fewer blocks")
bomb("a-file-that-sources-itself", ENTRY + "source /boot/grub/grub.cfg\n")
bomb("a-function-that-calls-itself", ENTRY + "function f { f; f; }\nf\n")
bomb("a-loop-without-end", ENTRY + "while true; do x=$x; done\n", says="max-steps")
bomb("variables-that-double", ENTRY + "x=aaaaaaaaaaaaaaaa\nwhile true; do x=\"$x$x\"; done\n")
bomb("a-regular-expression-that-backtracks", ENTRY + "regexp '(a*)*(a|aa)*(.*)*b' '" + "a" * 5000 +
     "'\n")


@case("six-thousand-bls-files")
def six_thousand_bls_files(folder):
    entries = {f"boot/loader/entries/{i:05}.conf": f"title {i}\nlinux /boot/vmlinuz\n"
               "initrd /boot/initrd.img\n" for i in range(6000)}
    return Case(guest(folder, "blscfg\n", more=entries, mib=96))


# ---- what a kernel can be instead of a file -----------------------------------------------------

def node(kind, major=0, minor=0):
    return lambda path: os.mknod(path, kind | 0o666, os.makedev(major, minor))


def no_file(name, build):
    @case(name)
    def make_case(folder):
        return Case(guest(folder, more={"boot/vmlinuz": None}, special={"boot/vmlinuz": build}),
                    boots=False, says="/boot/vmlinuz")


no_file("kernel-is-a-device", node(0o020000, 1, 5))
no_file("kernel-is-a-disk", node(0o060000, 7, 0))
no_file("kernel-is-a-fifo", node(0o010000))
no_file("kernel-is-a-folder", lambda path: path.mkdir())


@case("kernel-is-a-hole")
def kernel_is_a_hole(folder):
    return Case(guest(folder, more={"boot/vmlinuz": None}, sparse={"boot/vmlinuz": 3 << 20}),
                kernel=bytes(3 << 20))


# ---- partitions and disks -----------------------------------------------------------------------

def entry(kind, start, size):
    return struct.pack("<B3sB3sII", 0, b"", kind, b"", start, size)


def put(disk, sector, entries):
    disk.seek(sector * 512 + 446)
    disk.write(b"".join(entries).ljust(64, b"\0") + b"\x55\xaa")


def bare(folder, size):
    image = folder / "guest.img"
    with open(image, "wb") as disk:
        disk.truncate(size)
    return image


@case("logical-partitions-in-a-circle")
def logical_partitions_in_a_circle(folder):
    image = guest(folder)
    with open(image, "r+b") as disk:
        put(disk, 0, [entry(0x83, 2048, 100_000), entry(5, 110_000, 20_000)])
        put(disk, 110_000, [entry(0x83, 8, 8), entry(5, 100, 100)])
        put(disk, 110_100, [entry(0x83, 8, 8), entry(5, 0, 100)])
    return Case(image)


@case("a-hundred-thousand-logical-partitions")
def a_hundred_thousand_logical_partitions(folder):
    image = guest(folder)
    with open(image, "r+b") as disk:
        disk.truncate(600 << 20)
        put(disk, 0, [entry(0x83, 2048, 129_024), entry(5, 131_072, 1_000_000)])
        for i in range(100_000):
            put(disk, 131_072 + i * 8, [entry(0x83, 1, 4), entry(5, (i + 1) * 8, 8)])
    return Case(image)


def gpt(folder, **fields):
    """One partition; then what the header says is another truth."""
    image = folder / "guest.img"
    made = guest(folder, name="part.img")
    with open(made, "rb") as source, open(image, "wb") as disk:
        source.seek(1 << 20)
        disk.seek(1 << 20)
        disk.write(source.read())
        disk.truncate(66 << 20)
    sh(f"printf 'label: gpt\\nstart=2048, size=129024\\n' | sfdisk -q {image}")
    places = {"header_size": (12, "<I"), "entries": (72, "<Q"), "count": (80, "<I"),
              "size": (84, "<I")}
    with open(image, "r+b") as disk:
        for head in (512, (66 << 20) - 512):
            for name, value in fields.items():
                at, form = places[name]
                disk.seek(head + at)
                disk.write(struct.pack(form, value))
    return image


@case("gpt-of-2^32-entries")
def gpt_of_many_entries(folder):
    return Case(gpt(folder, count=0xFFFFFFFF), boots=None)


@case("gpt-with-entries-of-no-size")
def gpt_with_entries_of_no_size(folder):
    return Case(gpt(folder, size=0), boots=None)


@case("gpt-with-entries-outside")
def gpt_with_entries_outside(folder):
    return Case(gpt(folder, entries=0x7FFFFFFFFFFFFFFF), boots=None)


@case("a-table-inside-a-partition")
def a_table_inside_a_partition(folder):
    """The same table again, at the start of its own first partition, which covers the disk."""
    image = bare(folder, 32 << 20)
    with open(image, "r+b") as disk:
        put(disk, 0, [entry(0x83, 1, 60_000), entry(5, 0, 60_000)])
        put(disk, 1, [entry(0x83, 0, 60_000), entry(5, 0, 60_000)])
    return Case(image, boots=False)


@case("a-disk-of-0-bytes")
def a_disk_of_0_bytes(folder):
    return Case(bare(folder, 0), boots=False, says="0 bytes")


@case("a-disk-of-511-bytes")
def a_disk_of_511_bytes(folder):
    return Case(bare(folder, 511), boots=False)


@case("a-disk-of-8-tib")
def a_disk_of_8_tib(folder):
    image = guest(folder)
    os.truncate(image, (8 << 40) - 4096)
    return Case(image)


@case("a-disk-cut-in-half")
def a_disk_cut_in_half(folder):
    image = guest(folder)
    os.truncate(image, 9 << 20)
    return Case(image, boots=None, kernel=None, initrd=None)
