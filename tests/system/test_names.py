# SPDX-License-Identifier: GPL-2.0-or-later
"""Names are looked up as the file system itself does: folded, normalised, or byte by byte."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import fsdump  # noqa: E402
import guestdisk  # noqa: E402

# A name on the disk, and what else finds it in a folder that folds as Unicode 12.1 does.
FOLDED = {
    "Vmlinuz-6.1": ["VMLINUZ-6.1", "vmlinuz-6.1"],
    "Grüße": ["GRÜSSE", "grüße", "Gru\u0308sse"],
    "ΣΊΣΥΦΟΣ": ["σίσυφος", "ΣΊΣυφοσ"],
    "ﬁle": ["FILE", "file"],
    "Ångström": ["a\u030angstro\u0308m", "\u212bNGSTRÖM"],
    "ᏓᏓᏓ": ["\uaba3\uaba3\uaba3"],
    "한글": ["\u1112\u1161\u11ab\u1100\u1173\u11af"],
    "soft\u00adhyphen": ["softhyphen"],
}


def finds(image, path):
    """The file that a boot loader gets for this path, by its size; None: none."""
    said = fsdump.dump(image, walk=path)
    return said["files"][b""]["size"] if "error" not in said else None


@pytest.mark.parametrize("indexed", (False, True))
def test_a_casefolded_folder_of_ext4_finds_what_the_kernel_would(tmp_path, indexed):
    """debugfs writes the names; e2fsck makes the index, with the hashes of folded names."""
    image, script = tmp_path / "image", []
    fsdump.run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "1024", "-O", "casefold", "-E",
               "encoding=utf8", guestdisk.empty(image, 64))
    script += ["mkdir /fold", "sif /fold flags 0x40080000", "mkdir /plain"]
    for number, name in enumerate(FOLDED):
        source = tmp_path / f"{number}"
        source.write_bytes(b"x" * (number + 1))
        script += [f"cd {folder}\nwrite {source} \"{name}\"" for folder in ("/fold", "/plain")]
    script += [f"symlink \"/fold/Some File {number}\" x" for number in range(800 if indexed else 0)]
    fsdump.run("debugfs", "-w", "-f", "/dev/stdin", image, input="\n".join(script).encode())
    if indexed:
        fsdump.run("sh", "-c", f"e2fsck -fyD {image} || [ $? = 1 ]")
        assert b"Root node dump" in fsdump.run("debugfs", "-R", "htree_dump /fold", image)
    for number, (name, others) in enumerate(FOLDED.items()):
        for other in (name, *others):
            assert finds(image, f"/fold/{other}") == number + 1, other
        assert finds(image, f"/plain/{name}") == number + 1
        assert finds(image, f"/plain/{others[0]}") is None
    assert finds(image, "/fold/Grusse") is None


@pytest.mark.parametrize("names", (5, 3000))
def test_xfs_with_ascii_ci_folds_ascii_alone(tmp_path, names):
    proto, kernel = tmp_path / "proto", tmp_path / "kernel"
    kernel.write_bytes(b"kernel")
    lines = [f"  Name-{number} ---644 0 0 /dev/null" for number in range(names)]
    proto.write_text("\n".join(["/", "0 0", "d--755 0 0", " Boot d--755 0 0", *lines,
                                f"  Grüße-VMLINUZ ---644 0 0 {kernel}", " $", "$"]) + "\n")
    image = tmp_path / "image"
    fsdump.run("mkfs.xfs", "-q", "-n", "version=ci", "-p", proto, guestdisk.empty(image, 320))
    for path in ("/Boot/Grüße-VMLINUZ", "/BOOT/gRüßE-vmlinuz", "/boot/grüße-Vmlinuz"):
        assert finds(image, path) == 6
    assert finds(image, f"/bOOt/nAME-{names - 1}") == 0
    assert finds(image, "/Boot/GRÜßE-VMLINUZ") is None
    assert finds(image, f"/Boot/Name-{names}") is None


def test_fat_folds_what_its_names_hold(tmp_path):
    image = guestdisk.fat(tmp_path / "image", {
        "/EFI/Boot/BootX64.EFI": b"1", "/Größe 日本/ЗАГРУЗКА": b"22", "/SHORT.TXT": b"333"})
    for path, size in (("/efi/boot/bootx64.efi", 1), ("/EFI/BOOT/BOOTX64.EFI", 1),
                       ("/GRÖßE 日本/загрузка", 2), ("/short.txt", 3), ("/Short.TXT", 3)):
        assert finds(image, path) == size, path
    assert finds(image, "/Grosse 日本/загрузка") is None
