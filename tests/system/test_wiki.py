# SPDX-License-Identifier: GPL-2.0-or-later
"""The disk lines that the wiki pages of Xen show: partitions as disks, in the old forms."""

import subprocess

import pytest

from conftest import BUILD, boot_files, bytes_like, make_guest


@pytest.fixture
def disks(tmp_path):
    """A guest as three partitions, each an image of its own: swap is the second."""
    base = make_guest(tmp_path / "guest_base2G.img", {"/etc/hostname": "mail\n"}, "8M")
    swap = tmp_path / "swap.img"
    swap.write_bytes(b"")
    with open(swap, "r+b") as f:
        f.truncate(8 << 20)
    subprocess.run(["mkswap", "-q", swap], check=True)
    mail = make_guest(tmp_path / "mail.img", boot_files(3))
    return [f"file:{base},hda1,w", f"file:{swap},hda2,w", f"phy:{mail},hda3,w"]


def sxp_of(mount, disk, out, *options):
    return subprocess.run([BUILD / "bootfs-pygrub", "-q", "--bootfs", mount,
                           f"--output-directory={out}", *options, disk],
                          capture_output=True, text=True, check=False)


def check_guest(folder, disks, out):
    assert (folder / "default/kernel").read_bytes() == bytes_like(3, 3 << 20)
    log = (folder / "log").read_text()
    assert "hd0,msdos3" in log and "hd0,msdos2 swap" in log
    first = disks[0].split(":")[1].split(",")[0]
    result = sxp_of(folder.parent, first, out)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("linux (kernel '")
    assert "(args 'root=/dev/xvda1 ro quiet')" in result.stdout


def test_three_partitions_in_bootfs_conf_boot_from_the_third(disks, start_bootfs, tmp_path):
    lines = "[domain mail]\n" + "".join(f"disk = {d}\n" for d in disks)
    check_guest(start_bootfs(lines).mount / "mail", disks, tmp_path)


def test_three_partitions_in_an_xl_file_boot_from_the_third(disks, start_bootfs, tmp_path):
    xl = tmp_path / "xen"
    xl.mkdir()
    text = "', '".join(disks)
    (xl / "mail.cfg").write_text(f"name = 'mail'\nbootloader = 'pygrub'\ndisk = ['{text}']\n")
    bootfs = start_bootfs(more="", env=None)
    bootfs.write(f"[bootfs]\nworker-user = nobody\nxl-config = {xl}/*.cfg\n")
    bootfs.reload()
    check_guest(bootfs.mount / "mail", disks, tmp_path)


def test_a_kernel_on_the_second_disk_is_found(start_bootfs, tmp_path):
    data = make_guest(tmp_path / "data.img", {"/data": "x"}, "8M")
    system = make_guest(tmp_path / "system.img", boot_files(5))
    bootfs = start_bootfs(f"[domain two]\ndisk = file:{data},xvda,w\ndisk = file:{system},xvdb,w\n")
    assert (bootfs.mount / "two/default/kernel").read_bytes() == bytes_like(5, 3 << 20)
    result = sxp_of(bootfs.mount, data, tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_disk_of_two_domains_is_inspected_alone(start_bootfs, tmp_path):
    image = make_guest(tmp_path / "shared.img", boot_files(7))
    bootfs = start_bootfs(f"[domain a]\ndisk = file:{image},xvda,w\nargs = from-a\n",
                          f"[domain b]\ndisk = file:{image},xvda,w\nargs = from-b\n")
    assert "from-" not in sxp_of(bootfs.mount, image, tmp_path).stdout
    named = sxp_of(bootfs.mount, image, tmp_path, "--domain=b")
    assert "from-b'" in named.stdout, named.stderr


def test_an_empty_kernel_is_shown_and_refused_in_words(start_bootfs, tmp_path):
    files = boot_files(9)
    files["/boot/vmlinuz-1"] = b""
    image = make_guest(tmp_path / "full.img", files)
    bootfs = start_bootfs(f"[domain full]\ndisk = file:{image},xvda,w\n")
    assert (bootfs.mount / "full/default/kernel").read_bytes() == b""
    assert "/boot/vmlinuz-1 is empty" in (bootfs.mount / "full/log").read_text()
    result = sxp_of(bootfs.mount, image, tmp_path)
    assert result.returncode == 1 and "is empty (0 bytes)" in result.stderr
    assert not list(tmp_path.glob("boot_*"))
