# SPDX-License-Identifier: GPL-2.0-or-later
"""Disks on which more than one boot configuration lies: the installed boot loader decides.

Each is a function that fills a Machine; DISKS has them all by name. Real installers put the boot
loaders there, and what a real boot starts is what is right.
"""

import loaders
from loaders import Part, bios_boot, esp, system, uki

DISKS = {}


def contested(kind="pc", name=None):
    def add(make):
        DISKS[name or make.__name__] = (kind, make)
        return make
    return add


def many(kind="pc", **rows):
    """One function with several arguments: a disk for each row."""
    def add(make):
        for name, args in rows.items():
            DISKS[f"{make.__name__}-{name}"] = (kind, lambda machine, a=args: make(machine, *a))
        return make
    return add


def roots(count, *kinds, **keys):
    return [Part(system(f"system-{n}", *kinds), **keys) for n in range(1, count + 1)]


# ---- GRUB 2, several roots --------------------------------------------------------------------

@many(second_of_two=(2, 2, 1), first_of_two=(2, 1, 2), third_of_three=(3, 3, 1),
      second_of_three=(3, 2, 3), none_active=(2, 2, None))
def old_and_new_root(machine, count, installed, active):
    parts = roots(count)
    for number, part in enumerate(parts, 1):
        part["active"] = number == active
    machine.disk(parts).grub(installed)


@many(fifth=(5,), sixth=(6,))
def logical_partition(machine, installed):
    parts = roots(3) + [Part()] + roots(3)[1:]
    parts[4].files = system("logical-5")
    parts[5].files = system("logical-6")
    machine.disk(parts).grub(installed)


@many(second=(2,), third=(3,))
def gpt_with_bios_boot_partition(machine, installed):
    machine.disk([bios_boot(), *roots(2)], "gpt").grub(installed)


@contested()
def gpt_bios_boot_partition_last(machine):
    machine.disk([*roots(2), bios_boot()], "gpt").grub(2)


@many(ext2=("ext2",), ext3=("ext3",))
def other_file_systems(machine, fs):
    machine.disk(roots(2, fs=fs)).grub(2)


@contested()
def two_roots_on_fat(machine):
    machine.disk(roots(2, fs="vfat", mib=40)).grub_core("(,msdos2)/boot/grub")


@contested()
def reinstalled_from_the_other_system(machine):
    disk = machine.disk(roots(2))
    disk.grub(2)
    disk.grub(1)


@contested()
def grub_without_redundancy(machine):
    machine.disk(roots(2)).grub(2, "--no-rs-codes")


@many(of_the_first=(1,), of_the_second=(2,))
def block_list_in_a_partition(machine, installed):
    disk = machine.disk(roots(2))
    disk.grub(installed, "--force", into=f"p{installed}")
    disk.mbr()
    disk.activate(installed)


@contested()
def altmbr_starts_the_inactive_one(machine):
    disk = machine.disk(roots(2))
    disk.grub(2, "--force", into="p2")
    disk.mbr("altmbr.bin", 2)
    disk.activate(1)


@contested()
def both_partitions_have_boot_sectors(machine):
    disk = machine.disk(roots(2))
    for number in (1, 2):
        disk.grub(number, "--force", into=f"p{number}")
    disk.mbr()
    disk.activate(2)


@contested()
def mbr_and_partition_disagree(machine):
    disk = machine.disk(roots(2))
    disk.grub(1, "--force", into="p1")
    disk.grub(2)
    disk.activate(1)


@contested()
def separate_boot_beside_a_stale_one(machine):
    machine.disk([Part(system("boot", boot="")), Part(system("stale"), active=True)]).grub(
        1, boot="")


@contested()
def separate_boot_behind_the_root(machine):
    machine.disk([Part(system("stale"), active=True), Part(system("boot", boot=""))]).grub(
        2, boot="")


@contested()
def separate_boot_on_fat(machine):
    machine.disk([Part(system("stale"), active=True),
                  Part(system("boot", boot=""), fs="vfat", mib=40)]).grub_core(
                      "(,msdos2)/grub")


@many(plain=("(,msdos2)/boot/grub2",), whole_name=("(hd0,msdos2)/boot/grub2",))
def folder_called_grub2(machine, prefix):
    machine.disk([Part(system("one", "grub")), Part(system("two", "grub", "grub2"))]).grub_core(
        prefix)


@many(label=("search.fs_label second root\n",),
      file=("search.file /only-here root\n",),
      fixed=("set root=hd0,msdos2\n",))
def embedded_script(machine, script):
    parts = roots(2)
    parts[1]["label"] = "second"
    parts[1].files["/only-here"] = "here"
    machine.disk(parts).grub_core("/boot/grub", script + "set prefix=($root)/boot/grub\n")


@many(normal=("normal (memdisk)/grub.cfg\n", "grub.cfg"), prefix=("", "boot/grub/grub.cfg"))
def memdisk(machine, script, name):
    machine.disk(roots(3)).grub_core(
        "(memdisk)/", script, {name: "set root=hd0,msdos3\nset prefix=($root)/boot/grub\n"
                                     "configfile /boot/grub/grub.cfg\n"})


@contested()
def stub_leads_to_another_partition(machine):
    parts = roots(3)
    parts[1].files["/boot/grub/grub.cfg"] = "configfile (hd0,msdos3)/boot/grub/grub.cfg\n"
    machine.disk(parts).grub(2)


@contested()
def chosen_by_a_variable_of_the_first(machine):
    parts = roots(2)
    parts[1].files["/boot/grub/grub.cfg"] = (
        "set timeout=0\nif [ x$prefix = x(hd0,msdos2)/boot/grub ]; then\n"
        "menuentry right {\nlinux /boot/vmlinuz-grub root=prefix\n}\nelse\n"
        "menuentry wrong {\nlinux (hd0,msdos1)/boot/vmlinuz-grub root=wrong\n}\nfi\n")
    machine.disk(parts).grub(2)


# ---- two disks --------------------------------------------------------------------------------

UUID = "11111111-2222-3333-4444-555555555555"


@contested()
def cloned_disk_behind(machine):
    for name in ("origin", "clone"):
        machine.disk([Part(system("first-" + name)),
                      Part(system(name), uuid=UUID)]).grub(2)


@contested()
def boot_on_the_second_disk(machine):
    first = machine.disk(roots(1))
    second = machine.disk([Part(system("second-disk"), uuid=UUID)])
    second.grub(1, target=first)


@contested()
def boot_on_the_second_disk_and_its_clone_on_the_first(machine):
    first = machine.disk([Part(system("clone"), uuid=UUID), Part(system("other"))])
    second = machine.disk([Part(system("second-disk"), uuid=UUID)])
    first.grub(1)  # a clone has the modules as well
    second.grub(1, target=first)


@contested()
def each_disk_has_its_own(machine):
    for name in ("disk-a", "disk-b"):
        machine.disk([Part(system("old-" + name)), Part(system(name))]).grub(2)


# ---- GRUB 2 and GRUB Legacy -------------------------------------------------------------------

LEGACY_PARTS = {"fs": "ext2", "mib": 24}


@contested()
def menu_lst_beside_grub_cfg(machine):
    machine.disk([Part(system("both", "grub", "legacy"), **LEGACY_PARTS)]).grub(1)


@many(with_stage_1_5=(True,), without=(False,))
def grub_legacy_beside_grub_cfg(machine, embed):
    machine.disk([Part(system("both", "grub", "legacy"), **LEGACY_PARTS)]).legacy(1, embed)


@many(with_stage_1_5=(True,), without=(False,))
def grub_legacy_on_the_second(machine, embed):
    disk = machine.disk([Part(system("first", "grub"), **LEGACY_PARTS),
                         Part(system("second", "grub", "legacy"), **LEGACY_PARTS)])
    disk.legacy(2, embed)


@contested()
def grub_legacy_on_a_logical_partition(machine):
    parts = [Part(system(f"part-{n}", "grub", "legacy"), **LEGACY_PARTS) for n in range(1, 6)]
    parts[3] = Part()
    machine.disk(parts).legacy(5)


@contested()
def grub_legacy_with_another_menu(machine):
    files = system("both", "grub", "legacy")
    files["/boot/grub/grub.conf"] = files["/boot/grub/menu.lst"].replace("by=legacy", "by=conf")
    machine.disk([Part(files, **LEGACY_PARTS)]).legacy(1, False, "/boot/grub/grub.conf")


@contested()
def grub_2_over_grub_legacy(machine):
    disk = machine.disk([Part(system("old", "legacy"), **LEGACY_PARTS),
                         Part(system("new", "grub"), **LEGACY_PARTS)])
    disk.legacy(1)
    disk.grub(2)


@contested()
def grub_legacy_over_grub_2(machine):
    disk = machine.disk([Part(system("new", "grub"), **LEGACY_PARTS),
                         Part(system("old", "legacy"), **LEGACY_PARTS)])
    disk.grub(1)
    disk.legacy(2)


# ---- Syslinux ---------------------------------------------------------------------------------

@contested()
def extlinux_beside_grub_cfg(machine):
    disk = machine.disk([Part(system("both", "grub", "extlinux"))])
    disk.extlinux(1)
    disk.mbr()


@contested()
def grub_beside_extlinux(machine):
    machine.disk([Part(system("both", "grub", "extlinux"))]).grub(1)


@contested()
def grub_in_the_mbr_extlinux_in_the_partition(machine):
    disk = machine.disk([Part(system("one", "extlinux")), Part(system("two", "grub"))])
    disk.extlinux(1)
    disk.grub(2)


@many(second=(2,), first=(1,))
def two_extlinux(machine, active):
    disk = machine.disk(roots(2, "extlinux", "grub"))
    for number in (1, 2):
        disk.extlinux(number)
    disk.mbr()
    disk.activate(active)


@many(syslinux=("/boot/syslinux",), extlinux=("/boot/extlinux",), elsewhere=("/elsewhere",))
def extlinux_in_a_folder(machine, folder):
    disk = machine.disk([Part(system("both", "extlinux", "syslinux"))])
    disk.extlinux(1, folder)
    disk.mbr()


@contested()
def extlinux_by_gpt(machine):
    disk = machine.disk(roots(2, "extlinux", "grub"), "gpt")
    disk.extlinux(2)
    disk.mbr("gptmbr.bin")
    disk.activate(2)


@contested()
def extlinux_by_altmbr(machine):
    disk = machine.disk(roots(2, "extlinux", "grub"))
    disk.extlinux(2)
    disk.mbr("altmbr.bin", 2)


@contested()
def syslinux_on_fat_beside_grub(machine):
    disk = machine.disk([Part(system("root", "grub")),
                         Part(system("fat", "root-syslinux", boot="/boot"), fs="vfat", mib=40)])
    disk.syslinux(2)
    disk.mbr()
    disk.activate(2)


@contested()
def syslinux_in_a_folder(machine):
    files = {**system("fat", "root-syslinux"), **system("deep", "syslinux")}
    disk = machine.disk([Part(files, fs="vfat", mib=40)])
    disk.syslinux(1, "/boot/syslinux")
    disk.mbr()


@contested()
def grub_over_syslinux_on_fat(machine):
    disk = machine.disk([Part(system("fat", "root-syslinux", "grub"), fs="vfat", mib=40)])
    disk.syslinux(1)
    disk.grub_core("(,msdos1)/boot/grub")


# ---- EFI ---------------------------------------------------------------------------------------

def stub(target):
    return f"search.fs_uuid {target} root\nset prefix=($root)/boot/grub\n" \
           "configfile $prefix/grub.cfg\n"


def grub_program():
    return bytes(loaders.realboot.read(loaders.MONOLITHIC))


def sd_boot():
    return bytes(loaders.realboot.read(loaders.SDBOOT))


FALLBACK = "/EFI/BOOT/BOOTX64.EFI"


@many("efi", second=(2,), third=(3,))
def efi_removable_grub(machine, number):
    """As grub-install --removable: the script that finds the root is inside the program."""
    parts = roots(2)
    parts[number - 2]["uuid"] = UUID
    script = f"search.fs_uuid {UUID} root hd0,gpt2\nset prefix=($root)'/boot/grub'\n"
    machine.disk([esp({FALLBACK: loaders.grub_efi("/boot/grub", script)}), *parts], "gpt")


@contested("efi")
def efi_grub_with_its_partition(machine):
    machine.disk([esp({FALLBACK: loaders.grub_efi("(,gpt3)/boot/grub")}), *roots(2)], "gpt")


@contested("efi")
def efi_grub_beside_its_configuration(machine):
    files = {FALLBACK: loaders.grub_efi("/EFI/BOOT"), "/EFI/debian/grub.cfg": stub(UUID),
             "/EFI/BOOT/grub.cfg": "set root=hd0,gpt3\nconfigfile /boot/grub/grub.cfg\n"}
    parts = roots(2)
    parts[0]["uuid"] = UUID
    machine.disk([esp(files), *parts], "gpt")


@contested("efi")
def efi_stub_of_debian(machine):
    machine.disk([esp({FALLBACK: grub_program(), "/EFI/debian/grub.cfg": stub(UUID)}),
                  Part(system("old")), Part(system("new"), uuid=UUID)], "gpt")


@contested("efi")
def efi_two_stubs(machine):
    machine.disk([esp({FALLBACK: grub_program(), "/EFI/debian/grub.cfg": stub(UUID),
                       "/EFI/BOOT/grub.cfg": "configfile (hd0,gpt2)/boot/grub/grub.cfg\n",
                       "/EFI/ubuntu/grub.cfg": "configfile (hd0,gpt2)/boot/grub/grub.cfg\n"}),
                  Part(system("old")), Part(system("new"), uuid=UUID)], "gpt")


@contested("efi")
def efi_shim(machine):
    shim = loaders.unpacked("shim-unsigned", "usr/lib/shim/shimx64.efi")
    machine.disk([esp({FALLBACK: bytes(loaders.realboot.read(shim)),
                       "/EFI/BOOT/grubx64.efi": grub_program(),
                       "/EFI/debian/grub.cfg": stub(UUID)}),
                  Part(system("old")), Part(system("new"), uuid=UUID)], "gpt")


@contested("efi")
def efi_shim_with_fallback(machine):
    shim = bytes(loaders.realboot.read(loaders.unpacked("shim-unsigned",
                                                        "usr/lib/shim/shimx64.efi")))
    fallback = loaders.unpacked("shim-unsigned", "usr/lib/shim/fbx64.efi")
    csv = "shimx64.efi,debian,,This is the boot entry\n".encode("utf-16")
    machine.disk([esp({FALLBACK: shim,
                       "/EFI/BOOT/fbx64.efi": bytes(loaders.realboot.read(fallback)),
                       "/EFI/BOOT/grubx64.efi": sd_boot(),
                       "/EFI/debian/BOOTX64.CSV": csv, "/EFI/debian/shimx64.efi": shim,
                       "/EFI/debian/grubx64.efi": grub_program(),
                       "/EFI/debian/grub.cfg": stub(UUID), **system("esp", "bls", efi=True)}),
                  Part(system("old")), Part(system("new"), uuid=UUID)], "gpt")


@contested("efi")
def efi_systemd_boot_beside_grub(machine):
    machine.disk([esp({FALLBACK: sd_boot(), "/EFI/debian/grub.cfg": stub(UUID),
                       **system("esp", "bls", efi=True)}),
                  Part(system("root"), uuid=UUID)], "gpt")


@contested("efi")
def efi_grub_beside_systemd_boot(machine):
    machine.disk([esp({FALLBACK: grub_program(), "/EFI/debian/grub.cfg": stub(UUID),
                       "/EFI/systemd/systemd-bootx64.efi": sd_boot(),
                       **system("esp", "bls", efi=True)}),
                  Part(system("root"), uuid=UUID)], "gpt")


@contested("efi")
def efi_unified_kernel_image_at_the_fallback_path(machine):
    machine.disk([esp({FALLBACK: uki("direct"), "/EFI/Linux/other.efi": uki("other"),
                       **system("esp", "bls", efi=True)}), *roots(1)], "gpt")


@contested("efi")
def efi_systemd_boot_with_unified_kernel_images(machine):
    machine.disk([esp({FALLBACK: sd_boot(), "/EFI/Linux/a.efi": uki("image"),
                       "/EFI/debian/grub.cfg": stub(UUID)}), Part(system("root"), uuid=UUID)],
                 "gpt")


@contested("efi")
def efi_systemd_boot_default(machine):
    files = system("esp", "bls", efi=True)
    files["/loader/entries/other.conf"] = files["/loader/entries/one.conf"].replace("one", "two")
    files["/loader/loader.conf"] = "default one.conf\ntimeout 0\n"
    machine.disk([esp({FALLBACK: sd_boot(), **files}), *roots(1)], "gpt")


def both_kinds(machine):
    disk = machine.disk([esp({FALLBACK: grub_program(),
                              "/EFI/debian/grub.cfg": stub(UUID)}), bios_boot(),
                         Part(system("for-bios")), Part(system("for-efi"), uuid=UUID)], "gpt")
    disk.grub(3)


DISKS["bios_and_efi-pc"] = ("pc", both_kinds)
DISKS["bios_and_efi-efi"] = ("efi", both_kinds)


@contested("efi")
def efi_on_an_mbr_disk(machine):
    machine.disk([Part(system("old"), active=True),
                  esp({FALLBACK: grub_program(), "/EFI/debian/grub.cfg": stub(UUID)}),
                  Part(system("new"), uuid=UUID)])


@contested("efi")
def efi_clone_on_a_second_disk(machine):
    for name in ("origin", "clone"):
        machine.disk([esp({FALLBACK: grub_program(), "/EFI/debian/grub.cfg": stub(UUID)}),
                      Part(system(name), uuid=UUID)], "gpt")
