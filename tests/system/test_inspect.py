# SPDX-License-Identifier: GPL-2.0-or-later
"""bootfs-inspect by hand: what it says of a whole guest, and of everything that is none."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import pytest

BUILD = os.environ.get("BOOTFS_BUILD", "build/release-gcc")
INSPECT = f"{BUILD}/bootfs-inspect"

pytestmark = [
    pytest.mark.skipif("asan" in BUILD, reason="the sanitizers need what the sandbox takes away"),
]

UUID = "3f0c2c1e-1111-4222-8333-444455556666"
GRUB_CFG = """\
load_env
set default="${saved_entry}"
set timeout=5
foo bar
menuentry 'Debian GNU/Linux' --id gnulinux-simple-3f0c {
	linux /boot/vmlinuz-6.1.0-18-amd64 root=UUID=3f0c ro quiet
	initrd /boot/initrd.img-6.1.0-18-amd64
}
foo baz
submenu 'Advanced options for Debian GNU/Linux' --id gnulinux-advanced-3f0c {
	menuentry 'Debian GNU/Linux, with Linux 6.1.0-18-amd64' --id a {
		linux /boot/vmlinuz-6.1.0-18-amd64 root=UUID=3f0c ro
		initrd /boot/initrd.img-6.1.0-18-amd64
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0-17-amd64' --id b {
		linux /boot/vmlinuz-6.1.0-17-amd64 root=UUID=3f0c ro
		initrd /boot/initrd.img-6.1.0-17-amd64
	}
	menuentry 'Debian GNU/Linux, with Linux 6.1.0-9-amd64' --id c {
		linux /boot/vmlinuz-6.1.0-9-amd64 root=UUID=3f0c ro
		initrd /boot/initrd.img-6.1.0-9-amd64
	}
}
foo
menuentry 'Other disk' --id other {
	chainloader +1
}
"""
SIZES = {"vmlinuz-6.1.0-18-amd64": 8194, "initrd.img-6.1.0-18-amd64": 40281,
         "vmlinuz-6.1.0-17-amd64": 8195, "initrd.img-6.1.0-17-amd64": 40282}


def sh(command, **options):
    return subprocess.run(["sh", "-ec", f"PATH=$PATH:/usr/sbin; {command}"], check=True,
                          capture_output=True, text=True, **options).stdout


def inspect(*arguments, timeout=30):
    done = subprocess.run([INSPECT, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False)
    assert done.stderr == ""
    return done


def write_tree(tree):
    grub = tree / "boot/grub"
    grub.mkdir(parents=True)
    for name, size in SIZES.items():
        (tree / "boot" / name).write_bytes(os.urandom(size))
    (grub / "grub.cfg").write_text(GRUB_CFG)
    (grub / "menu.lst").write_text("title Old\nkernel /boot/vmlinuz-6.1.0-17-amd64\n")
    env = "# GRUB Environment Block\nsaved_entry=gnulinux-advanced-3f0c>b\n"
    (grub / "grubenv").write_text(env.ljust(1024, "#"))


@pytest.fixture(scope="module")
def guest(tmp_path_factory):
    """The guest of the manual: 10 GiB, MBR, ext4 and swap."""
    folder = tmp_path_factory.mktemp("guest")
    tree, disk = folder / "tree", folder / "mail.img"
    write_tree(tree)
    sh(f"""truncate -s 10G {disk}
           printf 'label: dos\\n2048,65536,83\\n67584,2048,82\\n' | sfdisk -q {disk}
           mke2fs -q -F -t ext4 -U {UUID} -L root -E offset=1048576 -d {tree} {disk} 32M
           truncate -s 1M {disk}.swap; mkswap -q {disk}.swap
           dd if={disk}.swap of={disk} bs=1M seek=33 conv=notrunc status=none""")
    return disk


@contextlib.contextmanager
def loop_device(image):
    device = sh(f"losetup --show -f -r {image}").strip()
    try:
        yield device
    finally:
        sh(f"losetup -d {device}")


LOG = f"""\
ok      hd0 DISK 10.0 GiBDEVICE, MBR
ok      hd0,msdos1 ext4 UUID {UUID}, label "root"
note    hd0,msdos2 swap: skipped
ok      menu (hd0,msdos1)/boot/grub/grub.cfg: GRUB 2, 5 entries, platform xen, flavour upstream \
(no sign of a distribution's GRUB)
note    also found: (hd0,msdos1)/boot/grub/menu.lst (GRUB Legacy), not used; the next that would be
warning grub.cfg:4: unknown command "foo" (3 times)
warning entry 3: /boot/vmlinuz-6.1.0-9-amd64 not found on hd0,msdos1
result  entry 2 boots
"""


def expected_log(disk, device=""):
    return LOG.replace("DISK", str(disk)).replace("DEVICE", device)


def test_the_log_of_an_image_is_that_of_the_manual(guest):
    done = inspect(guest)
    assert done.stdout == expected_log(guest)
    assert done.returncode == 0


def test_the_log_of_a_block_device_names_its_numbers(guest):
    with loop_device(guest) as device:
        numbers = os.stat(device).st_rdev
        text = f", device {os.major(numbers)}:{os.minor(numbers)}"
        assert inspect(device).stdout == expected_log(device, text)


def test_the_json_is_that_of_the_manual(guest):
    said = json.loads(inspect("--json", guest).stdout)
    assert list(said) == ["schema", "domain", "status", "error", "loader", "flavour",
                          "grub_platform", "disks", "config", "installed", "also_found",
                          "timeout", "timeout_style",
                          "default", "default_index", "default_reason", "missing_entry", "entries", "warnings"]
    assert said["disks"] == [{"name": "hd0", "path": str(guest), "size": 10737418240}]
    assert said["config"] == {"disk": "hd0", "volume": "hd0,msdos1", "fs": "ext4",
                              "path": "/boot/grub/grub.cfg"}
    assert (said["status"], said["error"], said["domain"]) == ("ok", None, None)
    assert (said["default"], said["default_index"], said["timeout"]) == ([1, 1], 2, 5)
    assert said["default_reason"] == "saved_entry in (hd0,msdos1)/boot/grub/grubenv"
    assert said["entries"][0] == {
        "index": 0, "path": [0], "title": "Debian GNU/Linux", "id": "gnulinux-simple-3f0c",
        "submenu": False, "bootable": True, "error": None,
        "kernel": {"volume": "hd0,msdos1", "path": "/boot/vmlinuz-6.1.0-18-amd64", "size": 8194},
        "initrd": [{"volume": "hd0,msdos1", "path": "/boot/initrd.img-6.1.0-18-amd64",
                    "size": 40281}],
        "cmdline": "root=UUID=3f0c ro quiet", "hypervisor": None, "modules": []}
    assert said["entries"][1] == {
        "index": None, "path": [1], "title": "Advanced options for Debian GNU/Linux",
        "id": "gnulinux-advanced-3f0c", "submenu": True, "bootable": False, "error": None,
        "kernel": None, "initrd": [], "cmdline": None, "hypervisor": None, "modules": []}
    assert said["warnings"][0] == {"file": "/boot/grub/grub.cfg", "line": 4,
                                   "text": 'unknown command "foo"', "count": 3}


def test_the_disk_is_never_written(guest):
    state = f"head -c 40M {guest} | sha256sum; stat -c '%y %z %b' {guest}"
    before = sh(state)
    inspect(guest)
    assert sh(state) == before


# ---- options ---------------------------------------------------------------------------------

@pytest.fixture
def small(tmp_path):
    """Makes small ext4 disks: small(name, {path: content})."""
    def make(name, files, size="8M"):
        tree, disk = tmp_path / f"{name}.tree", tmp_path / f"{name}.img"
        for path, content in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(content)
        sh(f"truncate -s {size} {disk}; mke2fs -q -F -t ext4 -d {tree} {disk}")
        return disk
    return make


LEGACY = {"boot/k": "kernel", "boot/grub/menu.lst": "title One\nkernel /boot/k ro\n"}


def test_several_images_are_disks_of_one_guest(small):
    first, second = small("first", {"empty": ""}), small("second", LEGACY)
    said = json.loads(inspect("--json", first, second).stdout)
    assert [disk["name"] for disk in said["disks"]] == ["hd0", "hd1"]
    assert said["config"]["volume"] == "hd1"
    assert said["entries"][0]["kernel"]["volume"] == "hd1"


def test_the_file_system_may_begin_at_an_offset(small, tmp_path):
    disk = small("disk", LEGACY)
    shifted = tmp_path / "shifted.img"
    shifted.write_bytes(b"\xff" * 12288 + disk.read_bytes())
    assert inspect(shifted).returncode == 1
    assert inspect("--offset=12288", shifted).stdout.endswith("result  entry 0 boots\n")


def test_an_image_may_be_a_partition(small):
    said = json.loads(inspect("--json", "--partition=2", small("disk", LEGACY)).stdout)
    assert said["config"]["volume"] == "hd0,msdos2"


def test_the_configuration_may_be_named(guest):
    said = json.loads(inspect("--json", "--config=(hd0,1)/boot/grub/menu.lst", guest).stdout)
    assert (said["loader"], said["entries"][0]["title"]) == ("grub", "Old")


def test_the_entry_may_be_named(guest):
    assert inspect("--entry=1>0", guest).stdout.endswith("result  entry 1 boots\n")
    done = inspect("--entry=none", guest)
    assert done.returncode == 1
    assert done.stdout.endswith('there is no entry "none" among the 5 of the menu; bootable: 0, 1, 2 '
                                '(use --entry=0)\n')


@pytest.mark.parametrize("arguments", [
    (), ("--nonsense", "x"), ("--offset=x", "x"), ("--partition=0", "x"),
    ("--grub-flavour=arch", "x"), ["x"] * 33,
])
def test_wrong_usage_is_told_with_status_2(arguments):
    done = subprocess.run([INSPECT, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("bootfs-inspect: ") and "--help" in done.stderr


@pytest.mark.parametrize("arguments, named", [
    (["--nope", "x.img"], "unknown option: --nope"), (["-xy"], "unknown option: -xy"),
    (["x.img", "--format"], "a value is missing: --format")])
def test_a_wrong_option_is_named(arguments, named):
    done = subprocess.run([INSPECT, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"bootfs-inspect: {named}")


def test_help_and_version():
    assert inspect("--help").stdout.startswith("Usage: bootfs-inspect ")
    assert re.fullmatch(r"bootfs-inspect \S+\n", inspect("--version").stdout)


def test_a_bare_configuration_is_read_by_its_content(tmp_path):
    config = tmp_path / "any.name"
    config.write_text("menuentry 'One' {\n linux /boot/k ro\n initrd /boot/i\n}\n")
    said = json.loads(inspect("--isconfig", "--json", config).stdout)
    assert (said["loader"], said["entries"][0]["kernel"]["path"]) == ("grub2", "/boot/k")
    config.write_text("DEFAULT a\nLABEL a\nLINUX /boot/k\nINITRD /boot/i\n")
    said = json.loads(inspect("--isconfig", "--json", config).stdout)
    assert (said["loader"], said["entries"][0]["initrd"][0]["path"]) == ("extlinux", "/boot/i")


# ---- what is no disk ---------------------------------------------------------------------------

def error_of(*arguments):
    done = inspect(*arguments)
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last.startswith("error ")
    said = json.loads(inspect("--json", *arguments).stdout)
    assert (said["status"], said["default"]) == ("error", None)
    return last


def test_what_is_not_there_is_told_with_what_to_do():
    assert error_of("/nowhere/x.img") == \
        "error /nowhere/x.img: cannot open: No such file or directory"
    for path in ("/dev/vg0/mail", "/dev/mapper/vg0-mail"):
        assert error_of(path) == (
            f"error {path}: cannot open: No such file or directory; "
            "logical volume not active? try: lvchange -ay vg0/mail")


def test_what_is_no_disk_is_told_so(tmp_path):
    fifo, empty = tmp_path / "fifo", tmp_path / "empty"
    os.mkfifo(fifo)
    empty.touch()
    assert error_of(tmp_path) == \
        f"error {tmp_path}: a folder, neither a disk image nor a block device"
    assert error_of(fifo) == f"error {fifo}: a fifo, neither a disk image nor a block device"
    assert error_of("/dev/null") == \
        "error /dev/null: a character device, neither a disk image nor a block device"
    assert error_of(empty) == f"error {empty}: empty, 0 bytes"


def test_random_bytes_are_no_disk(tmp_path):
    noise = tmp_path / "noise"
    noise.write_bytes(bytes(range(1, 255)) * 400)
    assert error_of(noise) == (f"error {noise}: no partition table and no known file system; "
                               "is it a guest's disk?")


def test_a_kernel_of_8_tib_is_refused_before_anything_is_read(tmp_path):
    tree, disk = tmp_path / "tree", tmp_path / "disk.img"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/k").touch()
    (tree / "boot/grub/menu.lst").write_text("title One\nkernel /boot/k\n")
    sh(f"truncate -s 32M {disk}; mke2fs -q -F -t ext4 -d {tree} {disk}; "
       f"debugfs -w -R 'set_inode_field /boot/k size 8796093022208' {disk}")
    assert error_of(disk) == (
        f'error {disk}: default entry 0 "One" cannot boot: kernel too big: 8.0 TiB, '
        "limit 256.0 MiB (max-kernel); no entry can boot")


def test_what_is_no_regular_file_in_the_guest_is_refused(small):
    tree = {**LEGACY, "boot/folder/x": "", "boot/grub/menu.lst": "title One\nkernel /boot/folder\n"}
    assert "/boot/folder" in error_of(small("disk", tree))


# ---- what the kernel is ------------------------------------------------------------------------

def bzimage(version):
    """As much of a kernel's header as tells its format and version (Linux's boot.rst)."""
    kernel = bytearray(8192)
    kernel[0x1f1] = 4  # sectors of the setup code
    kernel[0x1fe:0x200] = b"\x55\xaa"
    kernel[0x202:0x208] = b"HdrS\x0f\x02"
    kernel[0x20e:0x210] = (0x300).to_bytes(2, "little")
    text = f"{version} (builder@host) #1 SMP".encode()
    kernel[0x500:0x500 + len(text)] = text
    return kernel


@pytest.mark.parametrize("pv, pvh, warns", [
    ("y", "y", ""),
    ("n", "y", "warning entry 0: kernel has no Xen PV entry; a PV guest will not start "
               '(type="pvh"?)\n'),
    ("n", "n", "warning entry 0: kernel has no Xen PV entry; a PV guest will not start\n"),
])
def test_a_kernel_without_xen_pv_is_a_warning(tmp_path, pv, pvh, warns):
    tree, disk = tmp_path / "tree", tmp_path / "disk.img"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/vmlinuz-6.1.0-18-amd64").write_bytes(bzimage("6.1.0-18-amd64"))
    (tree / "boot/config-6.1.0-18-amd64").write_text("".join(
        f"CONFIG_{name}=y\n" if value == "y" else f"# CONFIG_{name} is not set\n"
        for name, value in (("X86", "y"), ("XEN", "y"), ("XEN_PV", pv), ("XEN_PVH", pvh))))
    (tree / "boot/grub/menu.lst").write_text("title One\nkernel /boot/vmlinuz-6.1.0-18-amd64\n")
    sh(f"truncate -s 8M {disk}; mke2fs -q -F -t ext4 -d {tree} {disk}")
    said = inspect(disk).stdout
    assert [line + "\n" for line in said.splitlines() if "Xen" in line] == [warns] * bool(warns)
    assert said.endswith("result  entry 0 boots\n")


# ---- a disk that does not answer -----------------------------------------------------------------

def stop_child(asker):
    children = f"/proc/{asker.pid}/task/{asker.pid}/children"
    while asker.poll() is None:
        with contextlib.suppress(OSError, IndexError):
            with open(children, encoding="ascii") as file:
                pid = int(file.read().split()[0])
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                started = b"--worker" in file.read()
            # Before that the asker itself waits for it (vfork).
            if started:
                os.kill(pid, signal.SIGSTOP)
                return


def test_an_inspector_that_is_stopped_is_given_up(small):
    """The child is stopped right after its start; the asker's clock goes on."""
    entry = "menuentry 'x' {{\n linux /boot/k n={} " + "x" * 400 + "\n}}\n"
    tree = {"boot/k": "kernel", "boot/grub/grub.cfg": "".join(map(entry.format, range(9000)))}
    disk = small("disk", tree, size="32M")
    asker = subprocess.Popen([INSPECT, disk], stdout=subprocess.PIPE, text=True)
    stop_child(asker)
    start = time.monotonic()
    said = asker.communicate(timeout=30)[0]
    assert said.endswith("inspector gave no answer within 10.0 s (inspect-timeout)\n")
    assert time.monotonic() - start < 12
