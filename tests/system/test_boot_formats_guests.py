# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole guests as their distributions' installers leave them: tables, file systems, subvolumes,
logical volumes, and the boot configuration that lies on them. Through the daemon: what an
administrator gets to see, and the bytes that would boot."""

import pathlib
import re
import sys

import pytest
from conftest import bytes_like, domain

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import btrfsdisk  # noqa: E402
import fsdump  # noqa: E402
import guestdisk  # noqa: E402
import lvm  # noqa: E402
from guestdisk import Link  # noqa: E402

KERNEL, OLD_KERNEL = bytes_like(1, 700_001), bytes_like(2, 600_003)
INITRD, OLD_INITRD = bytes_like(3, 900_007), bytes_like(4, 800_009)


@pytest.fixture
def boots(start_bootfs):
    """boots(*disks, title=, cmdline=, kernel=, initrd=): what the guest's folder must hold."""
    def check(*disks, title, cmdline, source, kernel=KERNEL, initrd=INITRD):
        guest = start_bootfs(domain("guest", *disks)).mount / "guest"
        log = (guest / "log").read_text()
        assert not (guest / "error").exists(), log
        assert (guest / "default/title").read_text() == f"{title}\n"
        assert (guest / "default/cmdline").read_text() == f"{cmdline}\n"
        assert (guest / "default/kernel").read_bytes() == kernel
        assert (guest / "default/initrd").read_bytes() == initrd
        assert source in (guest / "menu").read_text()
        return guest
    return check


# ---- openSUSE: all in btrfs, the default subvolume is a snapshot ---------------------------------

OPENSUSE = """set btrfs_relative_path="y"
export btrfs_relative_path
if [ -s $prefix/grubenv ]; then
  load_env
fi
set default="${{saved_entry}}"
menuentry 'openSUSE Tumbleweed' --class opensuse --id 'gnulinux-simple' {{
	insmod btrfs
	set root='hd0,gpt2'
	search --no-floppy --fs-uuid --set=root {uuid}
	linux {at}/boot/vmlinuz-6.6.3-1-default root=UUID={uuid} splash=silent
	initrd {at}/boot/initrd-6.6.3-1-default
}}
if [ -f "/.snapshots/grub-snapshot.cfg" ]; then
  source "/.snapshots/grub-snapshot.cfg"
fi
"""


def opensuse_tree(uuid, kernel, initrd, at=""):
    return {
        "/boot/grub2/grub.cfg": OPENSUSE.format(uuid=uuid, at=at),
        "/boot/grub2/grubenv": "# GRUB Environment Block\n".ljust(1024, "#"),
        "/boot/vmlinuz-6.6.3-1-default": kernel,
        "/boot/initrd-6.6.3-1-default": initrd,
        "/boot/vmlinuz": Link("vmlinuz-6.6.3-1-default"),
        "/etc/fstab": f"UUID={uuid} / btrfs defaults 0 0\n",
    }


def make_opensuse(folder, default, relative=True):
    """
    `@` holds the snapshots; the system runs in number 1, and 2 is an older one. `default` becomes
    the default subvolume. Without `relative` paths begin at the top, as upstream's GRUB has them.
    """
    image = folder / "root.btrfs"
    with guestdisk.btrfs(image) as top:
        uuid = fsdump.run("findmnt", "-no", "UUID", top).decode().strip()
        guestdisk.subvolume(top / "@")
        guestdisk.subvolume(top / "@/.snapshots")
        (top / "@/boot/grub2").mkdir(parents=True)
        guestdisk.subvolume(top / "@/boot/grub2/x86_64-efi")
        numbers = {}
        for snapshot, kernel, initrd in ((1, KERNEL, INITRD), (2, OLD_KERNEL, OLD_INITRD)):
            (top / f"@/.snapshots/{snapshot}").mkdir()
            root = top / f"@/.snapshots/{snapshot}/snapshot"
            numbers[snapshot] = guestdisk.subvolume(root)
            at = "" if relative else f"/@/.snapshots/{snapshot}/snapshot"
            guestdisk.fill(root, opensuse_tree(uuid, kernel, initrd, at))
        fsdump.run("btrfs", "subvolume", "set-default", numbers[default], top)
        fsdump.run("btrfs", "property", "set", "-ts", top / "@/.snapshots/2/snapshot", "ro", "true")
    table = "label: gpt\nsize=8M, type=21686148-6449-6E6F-744E-656564454649\nsize=256M\nsize=20M\n"
    return guestdisk.disk(folder / "opensuse.img", 300, table, None, image), uuid


@pytest.mark.parametrize("relative", (True, False))
@pytest.mark.parametrize("default", (1, 2))
def test_opensuse_boots_from_its_default_subvolume(tmp_path, boots, default, relative):
    """After a rollback another snapshot is the default, with its own kernel and menu."""
    image, uuid = make_opensuse(tmp_path, default, relative)
    boots(image, title="openSUSE Tumbleweed", cmdline=f"root=UUID={uuid} splash=silent",
          source="(hd0,gpt2)/boot/grub2/grub.cfg, btrfs",
          kernel={1: KERNEL, 2: OLD_KERNEL}[default], initrd={1: INITRD, 2: OLD_INITRD}[default])


def test_a_snapshot_can_be_booted_by_its_path_from_the_top(tmp_path, start_bootfs):
    image, _ = make_opensuse(tmp_path, 1, relative=False)
    disk = start_bootfs().disk(image, config="/@/.snapshots/2/snapshot/boot/grub2/grub.cfg")
    assert (disk / "default/kernel").read_bytes() == OLD_KERNEL


# ---- Fedora and RHEL: ESP, /boot, entries in files ------------------------------------------------

BLS = """title Fedora Linux ({version}) 39 (Server)
version {version}
linux /vmlinuz-{version}
initrd /initramfs-{version}.img
options root=UUID=7d4b1e7c-0000-4000-8000-000000000001 ro {options} $tuned_params
grub_users $grub_users
grub_arg --unrestricted
grub_class fedora
"""
FEDORA_CFG = """set pager=1
if [ -f ${{config_directory}}/grubenv ]; then
  load_env -f ${{config_directory}}/grubenv
elif [ -s $prefix/grubenv ]; then
  load_env
fi
set default="${{saved_entry}}"
search --no-floppy --fs-uuid --set=boot {uuid}
insmod blscfg
blscfg
"""
ESP_CFG = """search --no-floppy --root-dev-only --fs-uuid --set=dev {uuid}
set prefix=($dev)/grub2
export $prefix
configfile $prefix/grub.cfg
"""
NEW, OLD = "6.6.9-200.fc39.x86_64", "6.5.6-300.fc39.x86_64"
EFI_TABLE = "label: gpt\nsize=40M, type=U\nsize=340M\nsize=300M, type=E6D6D379-F507-44C2-A23C-238F2A3DF928\n"


def fedora_boot(uuid, saved=""):
    env = f"# GRUB Environment Block\nsaved_entry={saved}\n".ljust(1024, "#")
    machine = "0123456789abcdef0123456789abcdef"
    return {
        "/grub2/grub.cfg": FEDORA_CFG.format(uuid=uuid),
        "/grub2/grubenv": env,
        f"/loader/entries/{machine}-{NEW}.conf": BLS.format(version=NEW, options="rhgb quiet"),
        f"/loader/entries/{machine}-{OLD}.conf": BLS.format(version=OLD, options="rhgb quiet"),
        f"/vmlinuz-{NEW}": KERNEL, f"/initramfs-{NEW}.img": INITRD,
        f"/vmlinuz-{OLD}": OLD_KERNEL, f"/initramfs-{OLD}.img": OLD_INITRD,
    }


@pytest.mark.parametrize("kind", ("ext4", "xfs"))
@pytest.mark.parametrize("saved", (NEW, OLD))
def test_fedora_boots_an_entry_of_its_boot_partition(tmp_path, boots, kind, saved):
    """ESP, /boot of its own, and a root in btrfs with the subvolumes root and home."""
    uuid = "5eed0000-0000-4000-8000-00000000000b"
    files = fedora_boot(uuid, f"0123456789abcdef0123456789abcdef-{saved}")
    if kind == "ext4":
        boot = guestdisk.ext4(tmp_path / "boot", files, 64, "-U", uuid)
    else:
        boot = guestdisk.xfs(tmp_path / "boot", files, 320, "-m", f"uuid={uuid}")
    esp = guestdisk.fat(tmp_path / "esp", {"/EFI/fedora/grub.cfg": ESP_CFG.format(uuid=uuid),
                                           "/EFI/fedora/shimx64.efi": b"MZ"})
    root = tmp_path / "root"
    with guestdisk.btrfs(root) as top:
        for name in ("root", "home"):
            guestdisk.subvolume(top / name)
        guestdisk.fill(top / "root", {"/etc/os-release": "ID=fedora\n"})
    disk = guestdisk.disk(tmp_path / "fedora.img", 720, EFI_TABLE, esp, boot, root)
    new = saved == NEW
    boots(disk, title=f"Fedora Linux ({saved}) 39 (Server)",
          cmdline="root=UUID=7d4b1e7c-0000-4000-8000-000000000001 ro rhgb quiet",
          source="grub.cfg", kernel=KERNEL if new else OLD_KERNEL, initrd=INITRD if new else OLD_INITRD)


def test_rhel_boots_from_xfs_with_its_root_on_lvm(tmp_path, boots):
    uuid = "5eed0000-0000-4000-8000-00000000000c"
    files = fedora_boot(uuid)
    boot = guestdisk.xfs(tmp_path / "boot", files, 320, "-m", f"uuid={uuid}")
    esp = guestdisk.fat(tmp_path / "esp", {"/EFI/redhat/grub.cfg": ESP_CFG.format(uuid=uuid)})
    root = guestdisk.xfs(tmp_path / "rootfs", {"/etc/os-release": "ID=rhel\n"}, 310)
    with lvm.Group(tmp_path, "rhel", size="400M") as group:
        group.lvcreate("-n", "root", "-L", "310M")
        for start, size, _, places in group.segments("root"):
            assert start == 0 and size == 310 << 20
            guestdisk.put(group.disks[0], group.place(places[0][1]), root)
    table = EFI_TABLE.replace("size=300M", "size=400M")
    disk = guestdisk.disk(tmp_path / "rhel.img", 820, table, esp, boot, group.disks[0])
    guest = boots(disk, title=f"Fedora Linux ({NEW}) 39 (Server)",
                  cmdline="root=UUID=7d4b1e7c-0000-4000-8000-000000000001 ro rhgb quiet", source="grub.cfg")
    assert re.search(r"ok +lvm/rhel-root xfs", (guest / "log").read_text())


# ---- Debian with everything on LVM ---------------------------------------------------------------

DEBIAN_LVM = """set default="0"
insmod part_msdos
insmod lvm
insmod ext2
set root='lvmid/{ids}'
if [ x$feature_platform_search_hint = xy ]; then
  search --no-floppy --fs-uuid --set=root --hint='lvmid/{ids}'  {uuid}
else
  search --no-floppy --fs-uuid --set=root {uuid}
fi
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-{uuid}' {{
	linux	/boot/vmlinuz-6.1.0-18-amd64 root=/dev/mapper/debian--vg-root ro  quiet
	initrd	/boot/initrd.img-6.1.0-18-amd64
}}
"""


def test_debian_boots_from_a_logical_volume(tmp_path, boots):
    """The installer's guided LVM: one physical volume in a logical partition, /boot inside."""
    uuid = "5eed0000-0000-4000-8000-00000000000d"
    with lvm.Group(tmp_path, "debian-vg", size="200M") as group:
        group.lvcreate("-n", "swap_1", "-L", "8M")
        group.lvcreate("-n", "root", "-L", "96M")
        ids = re.findall(r'id = "(.*?)"', group.metadata())
        files = {
            "/boot/grub/grub.cfg": DEBIAN_LVM.format(ids=f"{ids[0]}/{ids[-1]}", uuid=uuid),
            "/boot/vmlinuz-6.1.0-18-amd64": KERNEL,
            "/boot/initrd.img-6.1.0-18-amd64": INITRD,
        }
        group.write("root", guestdisk.ext4(tmp_path / "root", files, 96, "-U", uuid).read_bytes())
    table = "label: dos\nstart=2048, size=1M\nstart=8192, type=5\nstart=10240, size=200M, type=8e\n"
    disk = guestdisk.disk(tmp_path / "debian.img", 220, table, None, None, group.disks[0])
    boots(disk, title="Debian GNU/Linux", cmdline="root=/dev/mapper/debian--vg-root ro quiet",
          source="(lvm/debian--vg-root)/boot/grub/grub.cfg")


# ---- small systems -------------------------------------------------------------------------------

ALPINE = """# Generated by update-extlinux 6.04_pre1-r13
DEFAULT menu.c32
PROMPT 0
MENU TITLE Alpine/Linux Boot Menu
MENU HIDDEN
MENU AUTOBOOT Alpine will be booted automatically in # seconds.
TIMEOUT 10
LABEL virt
  MENU DEFAULT
  MENU LABEL Linux virt
  LINUX vmlinuz-virt
  INITRD initramfs-virt
  APPEND root=/dev/vda modules=sd-mod,usb-storage,ext4 rootfstype=ext4

MENU SEPARATOR
"""


def test_alpine_boots_from_a_bare_disk(tmp_path, boots):
    """setup-disk without partitions: the file system is the disk."""
    disk = guestdisk.ext4(tmp_path / "alpine.img", {
        "/boot/extlinux.conf": ALPINE, "/boot/menu.c32": b"\x7fELF", "/boot/vmlinuz-virt": KERNEL,
        "/boot/initramfs-virt": INITRD})
    boots(disk, title="Linux virt", source="(hd0)/boot/extlinux.conf, ext4",
          cmdline="root=/dev/vda modules=sd-mod,usb-storage,ext4 rootfstype=ext4")


EXTLINUX = """default l0
prompt 1
timeout 50
label l0
	menu label Debian GNU/Linux, kernel 6.1.0-18-amd64
	linux /boot/vmlinuz-6.1.0-18-amd64
	initrd /boot/initrd.img-6.1.0-18-amd64
	append root=/dev/xvda1 rootflags=subvol=@rootfs ro quiet
"""


@pytest.mark.parametrize("subvolume", ("@rootfs", "@", "default"))
def test_extlinux_reads_the_subvolume_it_was_installed_in(tmp_path, boots, subvolume):
    """Its paths begin there, whatever the top holds; without a name it is the default subvolume."""
    image = tmp_path / "extlinux.img"
    with guestdisk.btrfs(image) as top:
        name = "sub" if subvolume == "default" else subvolume
        number = guestdisk.subvolume(top / name)
        guestdisk.fill(top / name, {
            "/boot/extlinux/extlinux.conf": EXTLINUX, "/boot/vmlinuz-6.1.0-18-amd64": KERNEL,
            "/boot/initrd.img-6.1.0-18-amd64": INITRD})
        if subvolume == "default":
            fsdump.run("btrfs", "subvolume", "set-default", number, top)
        else:
            guestdisk.fill(top, {"/boot/vmlinuz-6.1.0-18-amd64": b"not this one"})
    place = "" if subvolume == "default" else f"/{subvolume}"
    boots(image, title="Debian GNU/Linux, kernel 6.1.0-18-amd64",
          cmdline="root=/dev/xvda1 rootflags=subvol=@rootfs ro quiet",
          source=f"(hd0){place}/boot/extlinux/extlinux.conf, btrfs")


K3OS = """set default=0
set timeout=10
set gfxmode=auto
insmod all_video
insmod gfxterm
menuentry "k3OS Current" {
  search.fs_label K3OS_STATE root
  set sqfile=/k3os/system/kernel/current/kernel.squashfs
  loopback loop0 /$sqfile
  set root=($root)
  linux (loop0)/vmlinuz printk.devkmsg=on console=tty1
  initrd /k3os/system/kernel/current/initrd
}
"""


def test_k3os_boots_a_kernel_in_a_squashfs_behind_a_link(tmp_path, boots):
    inner, packed = tmp_path / "inner", tmp_path / "kernel.squashfs"
    guestdisk.fill(inner, {"/vmlinuz": KERNEL, "/lib/modules/x": b"module"})
    fsdump.run("mksquashfs", inner, packed, "-quiet", "-no-progress")
    state = guestdisk.ext4(tmp_path / "state", {
        "/boot/grub/grub.cfg": K3OS,
        "/k3os/system/kernel/current": Link("5.4.0-88-generic"),
        "/k3os/system/kernel/5.4.0-88-generic/kernel.squashfs": packed.read_bytes(),
        "/k3os/system/kernel/5.4.0-88-generic/initrd": INITRD}, 64, "-L", "K3OS_STATE")
    esp = guestdisk.fat(tmp_path / "esp", {"/EFI/BOOT/BOOTX64.EFI": b"MZ"}, 34, "-n", "K3OS_GRUB")
    disk = guestdisk.disk(tmp_path / "k3os.img", 120, "label: gpt\nsize=40M, type=U\nsize=70M\n", esp, state)
    boots(disk, title="k3OS Current", cmdline="printk.devkmsg=on console=tty1",
          source="(hd0,gpt2)/boot/grub/grub.cfg")


ISOLINUX = {
    "/isolinux/isolinux.cfg": "path\nprompt 0\ntimeout 0\ninclude menu.cfg\ndefault vesamenu.c32\n",
    "/isolinux/menu.cfg": "menu hshift 4\nmenu title Debian GNU/Linux installer menu\ninclude txt.cfg\n",
    "/isolinux/txt.cfg": "label install\n\tmenu label ^Install\n\tmenu default\n"
                         "\tkernel /install.amd/vmlinuz\n"
                         "\tappend vga=788 initrd=/install.amd/initrd.gz --- quiet\n",
}


@pytest.mark.parametrize("grub", (False, True))
def test_an_install_iso_boots(tmp_path, boots, grub):
    """A hybrid image: an ISO 9660 volume with a partition table and an ESP; isolinux or GRUB."""
    tree, image = tmp_path / "tree", tmp_path / "netinst.iso"
    files = ISOLINUX | {"/install.amd/vmlinuz": KERNEL, "/install.amd/initrd.gz": INITRD}
    if grub:
        files["/boot/grub/grub.cfg"] = (
            "if [ x$feature_default_font_path = xy ] ; then\n font=unicode\nfi\n"
            "menuentry --hotkey=i 'Install' {\n set background_color=black\n"
            " linux /install.amd/vmlinuz vga=788 --- quiet\n initrd /install.amd/initrd.gz\n}\n")
    guestdisk.fill(tree, files)
    esp = guestdisk.fat(tmp_path / "efi", {"/EFI/BOOT/GRUBX64.EFI": b"MZ"}, 34)
    fsdump.run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-V", "Debian 12 amd64 n", "-o", image,
               "-append_partition", "2", "0xef", esp, tree)
    boots(image, title="Install", cmdline="vga=788 --- quiet",
          source="(hd0)/boot/grub/grub.cfg, iso9660" if grub else "(hd0)/isolinux/isolinux.cfg, iso9660")


# ---- several disks -------------------------------------------------------------------------------

TWO_DISKS = """set default=0
menuentry 'Linux on two disks' {
	search --no-floppy --label --set=root ROOT
	linux /boot/vmlinuz root=LABEL=ROOT ro
	search --no-floppy --label --set=root DATA
	initrd /initrd.img
}
"""


def test_a_guest_on_two_disks_finds_its_kernel_on_the_other(tmp_path, boots):
    """The menu on the first disk, the kernel on the second, its initrd on volumes of both."""
    boot = guestdisk.ext4(tmp_path / "boot", {"/grub/grub.cfg": TWO_DISKS}, 20, "-L", "BOOT")
    root = guestdisk.ext4(tmp_path / "root", {"/boot/vmlinuz": KERNEL}, 40, "-L", "ROOT")
    with lvm.Group(tmp_path, "data", disks=2, size="32M") as group:
        group.lvcreate("-n", "data", "-L", "40M")
        data = guestdisk.ext4(tmp_path / "data", {"/initrd.img": INITRD}, 40, "-L", "DATA")
        assert {loop for *_, places in group.segments("data") for loop, _ in places} == set(group.loops)
        group.write("data", data.read_bytes())
    first = guestdisk.disk(tmp_path / "first.img", 64, "label: dos\nsize=20M,bootable\nsize=32M,type=8e\n",
                           boot, group.disks[0])
    second = guestdisk.disk(tmp_path / "second.img", 90, "label: gpt\nsize=40M\nsize=32M\n", root, group.disks[1])
    guest = boots(first, second, title="Linux on two disks", cmdline="root=LABEL=ROOT ro",
                  source="(hd0,msdos1)/grub/grub.cfg")
    assert "kernel hd1,gpt1 /boot/vmlinuz\ninitrd lvm/data-data /initrd.img\n" in (
        guest / "default/source").read_text()


def test_a_btrfs_of_two_disks_boots(tmp_path, boots):
    """raid1 over both disks; also where one of them is gone."""
    images = btrfsdisk.make(tmp_path, "-d raid1 -m raid1", devices=2, size=256 << 20)
    with btrfsdisk.mounted(images) as root:
        guestdisk.fill(root, {"/boot/grub/grub.cfg": "menuentry raid {\nlinux /boot/k ro\ninitrd /boot/i\n}\n",
                              "/boot/k": KERNEL, "/boot/i": INITRD})
    for disks in (images, images[1:]):
        boots(*disks, title="raid", cmdline="ro", source="(hd0)/boot/grub/grub.cfg, btrfs")
