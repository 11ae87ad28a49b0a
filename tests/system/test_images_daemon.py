# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon and disks that are not raw: formats, backing images, NBD, hung servers."""

import hashlib
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import built
from conftest import BUILD, boot_files, domain, make_guest, wait_until
from test_images import free_port, nbd_server, overlay, accepts, servers_of

pytestmark = [built.needs_nbd, pytest.mark.skipif(
    "asan" in str(BUILD), reason="the sanitizers need what the sandbox takes away")]

FILES = boot_files(kernel_size=300_000, initrd_size=2_500_000)


@pytest.fixture
def raw(tmp_path):
    return make_guest(tmp_path / "guest.raw", FILES)


def convert(raw, name, form, *options):
    image = raw.parent / name
    subprocess.run(["qemu-img", "convert", "-q", *options, "-f", "raw", "-O", form, raw, image],
                   check=True)
    return image


def section(name, *disks):
    return f"[domain {name}]\n" + "".join(f"disk = {d}\n" for d in disks)


def image_section(pattern, **settings):
    return f"[image {pattern}]\n" + "".join(f"{k} = {v}\n" for k, v in settings.items())


def check_guest(folder):
    """Its menu, and every byte of the files that boot."""
    assert not (folder / "error").exists(), (folder / "log").read_text()
    entry = folder / "entries/0"
    for name, path in (("kernel", "/boot/vmlinuz-1"), ("initrd", "/boot/initrd-1")):
        assert (entry / name).read_bytes() == FILES[path], name


def error_of(folder):
    return (folder / "error").read_text().rstrip("\n")


# ---- formats -----------------------------------------------------------------------------------

def test_guests_in_all_of_xls_formats_boot(start_bootfs, raw):
    images = {form: convert(raw, f"guest.{form}", qemu)
              for form, qemu in (("qcow2", "qcow2"), ("vhd", "vpc"), ("qcow", "qcow"))}
    bootfs = start_bootfs(*(section(form, f"format={form},vdev=xvda,access=rw,target={image}")
                            for form, image in images.items()))
    for form, image in images.items():
        before = hashlib.sha256(image.read_bytes()).hexdigest()
        check_guest(bootfs.mount / form)
        assert hashlib.sha256(image.read_bytes()).hexdigest() == before
    wait_until(lambda: not servers_of(raw.parent), 60, "a server outlives its question")


def test_xls_files_name_formats_too(start_bootfs, raw):
    image = convert(raw, "guest.qcow2", "qcow2")
    (raw.parent / "mail.cfg").write_text(
        f'name = "mail"\ndisk = [ "{image},qcow2,xvda,w", "tap:vhd:{image}.none,xvdb,w" ]\n')
    bootfs = start_bootfs(xl=raw.parent / "*.cfg")
    check_guest(bootfs.mount / "mail")


def test_a_section_names_what_xl_has_no_word_for(start_bootfs, raw):
    vmdk, vhdx = convert(raw, "a.vmdk", "vmdk"), convert(raw, "b.vhdx", "vhdx")
    bootfs = start_bootfs(domain("vmware", vmdk), domain("hyperv", vhdx),
                          image_section(f"{raw.parent}/*.vmdk", format="vmdk"),
                          image_section(vhdx, format="vhdx"))
    check_guest(bootfs.mount / "vmware")
    check_guest(bootfs.mount / "hyperv")
    check_guest(bootfs.disk(vmdk))


def test_backing_images_come_from_the_configuration(start_bootfs, raw):
    middle = overlay(raw.parent / "middle.qcow2", raw, "raw")
    top = overlay(raw.parent / "top.qcow2", middle, "qcow2")
    disk = f"{top},qcow2,xvda,w"
    below = image_section(middle, backing=f"{raw}:raw")
    bootfs = start_bootfs(section("mail", disk), below,
                          image_section(top, backing=f"{middle}:qcow2"), ttl="0s")
    check_guest(bootfs.mount / "mail")
    bootfs.write(bootfs.conf.read_text().replace(f"backing = {middle}:qcow2\n", ""))
    bootfs.reload()
    assert error_of(bootfs.mount / "mail").startswith(
        f"error {top}: has a backing image, and none is configured")


def test_a_backing_image_that_changes_is_read_again(start_bootfs, raw):
    image = overlay(raw.parent / "top.qcow2", raw, "raw")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"),
                          image_section(image, backing=f"{raw}:raw"), ttl="0s")
    assert "First" in (bootfs.mount / "mail/menu").read_text()
    other = make_guest(raw.parent / "other.raw",
                       {**FILES, "/boot/grub/grub.cfg": "menuentry Other {\nlinux /boot/vmlinuz-2\n}\n"})
    raw.write_bytes(other.read_bytes())
    wait_until(lambda: "Other" in (bootfs.mount / "mail/menu").read_text(), 60)


def test_backing_images_that_never_end_are_an_error(start_bootfs, raw):
    image = convert(raw, "loop.qcow2", "qcow2")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"),
                          image_section(image, backing=f"{image}:qcow2"))
    assert error_of(bootfs.mount / "mail").startswith(f"error {image}: more than 8 images")


def test_a_missing_backing_image_is_named(start_bootfs, raw):
    image = overlay(raw.parent / "top.qcow2", raw, "raw")
    gone = raw.parent / "gone.raw"
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"),
                          image_section(image, backing=f"{gone}:raw"))
    assert error_of(bootfs.mount / "mail") == (
        f"error {image}: its backing image: {gone}: cannot open: No such file or directory")


def test_a_raw_disk_and_an_image_make_one_guest(start_bootfs, raw, tmp_path):
    data = make_guest(tmp_path / "data.raw", {"/data": "x"}, size="8M")
    image = convert(data, "data.qcow2", "qcow2")
    bootfs = start_bootfs(section("one", f"{raw},raw,xvda,w", f"{image},qcow2,xvdb,w"),
                          section("two", f"{image},qcow2,xvda,w", f"{raw},raw,xvdb,w"))
    check_guest(bootfs.mount / "one")
    check_guest(bootfs.mount / "two")
    assert "hd1" in (bootfs.mount / "one/log").read_text()


# ---- disks by their path -----------------------------------------------------------------------

def test_by_path_the_format_of_the_domain_whose_disk_it_is_counts(start_bootfs, raw, tmp_path):
    image = convert(raw, "guest.qcow2", "qcow2")
    other = tmp_path / "link"
    other.symlink_to(image)
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"))
    check_guest(bootfs.disk(image))
    check_guest(bootfs.disk(other))
    check_guest(bootfs.disk(image, domain="mail"))


def test_by_path_an_image_of_nobody_is_bytes_and_a_hint(start_bootfs, raw):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(domain("mail", raw))
    assert error_of(bootfs.disk(image)) == (
        f"error {image}: read as raw bytes, but looks like a qcow2 image; name its format: "
        "format=qcow2 in the domain's disk line, or --format=qcow2")


def test_the_device_that_xl_made_of_an_image_is_raw(start_bootfs, raw, tmp_path):
    """libxl attaches images as /dev/xvdX and hands that over; bootloader_args name the domain."""
    image = convert(raw, "guest.qcow2", "qcow2")
    attached = tmp_path / "xvda"
    attached.write_bytes(raw.read_bytes())
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"))
    check_guest(bootfs.disk(attached, domain="mail"))


@pytest.mark.parametrize("mounted", [True, False])
def test_the_wrapper_boots_from_an_image(start_bootfs, raw, tmp_path, mounted):
    image = convert(raw, "guest.qcow2", "qcow2")
    mail = section("mail", f"{image},qcow2,xvda,w")
    mount = start_bootfs(mail).mount if mounted else tmp_path / "nothing"
    config, out = tmp_path / "wrapper.conf", tmp_path / "out"
    config.write_text(f"[bootfs]\nmountpoint = {mount}\nxl-config = none\nworker-user = nobody\n"
                      + mail)
    out.mkdir()
    done = subprocess.run([BUILD / "bootfs-pygrub", "-q", f"--config={config}",
                           f"--output-directory={out}", "--output-format=simple", image],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert Path(answer["kernel"]).read_bytes() == FILES["/boot/vmlinuz-1"]
    assert Path(answer["ramdisk"]).read_bytes() == FILES["/boot/initrd-1"]


# ---- NBD ---------------------------------------------------------------------------------------

def test_disks_behind_nbd_boot(start_bootfs, raw, tmp_path):
    port, path = free_port(), tmp_path / "nbd.sock"
    with nbd_server(raw, "-b", "127.0.0.1", "-p", str(port), "-e", "4"), \
            nbd_server(raw, "-k", path, "-e", "4"):
        wait_until(lambda: accepts(port) and path.exists())
        bootfs = start_bootfs(
            section("tcp", f"format=raw,vdev=xvda,access=rw,target=nbd://localhost:{port}/disk"),
            section("unix", f"vdev=xvda,target=nbd+unix:///disk?socket={path}"), ttl="0s")
        check_guest(bootfs.mount / "tcp")
        check_guest(bootfs.mount / "unix")
    wait_until(lambda: "Connection refused" in error_of(bootfs.mount / "tcp"))


def test_what_is_not_read_over_a_network_says_what_would_help(start_bootfs):
    bootfs = start_bootfs(
        section("ceph", "vdev=xvda,backendtype=qdisk,target=rbd:pool/image:id=x"),
        section("iscsi", "vdev=xvda,script=block-iscsi,target=iqn=iqn.2001-05.com:x"),
        section("tls", "vdev=xvda,target=nbds://storage/x"),
        section("stub", "vdev=xvda,backend=storage,target=/srv/x"))
    assert "rbd map" in error_of(bootfs.mount / "ceph")
    assert "block-iscsi, which bootfs does not run" in error_of(bootfs.mount / "iscsi")
    assert "nbds:// is not spoken" in error_of(bootfs.mount / "tls")
    assert "served by domain storage" in error_of(bootfs.mount / "stub")


@pytest.fixture
def silent_server(tmp_path):
    """Accepts connections, and never says a word."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "silent"))
    listener.listen(8)
    taken = []

    def accept():
        try:
            while True:
                taken.append(listener.accept()[0])
        except OSError:
            return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield tmp_path / "silent"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()
    for connection in taken:
        connection.close()


def test_a_silent_server_ends_at_the_deadline_and_others_go_on(start_bootfs, raw, silent_server):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(
        section("hung", f"vdev=xvda,target=nbd+unix:///x?socket={silent_server}"),
        section("image", f"{image},qcow2,xvda,w"), domain("mail", raw), timeout="4s",
        more="inspections = 1")
    said = []
    reader = threading.Thread(target=lambda: said.append(error_of(bootfs.mount / "hung")))
    reader.start()
    time.sleep(0.2)
    check_guest(bootfs.mount / "mail")
    check_guest(bootfs.mount / "image")
    reader.join(60)
    assert said and "no answer within 4 s (inspect-timeout)" in said[0]


# ---- QEMU --------------------------------------------------------------------------------------

def test_without_qemu_the_error_says_what_to_install(start_bootfs, raw, tmp_path):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"), domain("raw", raw),
                          more=f"qemu-nbd = {tmp_path}/none")
    assert error_of(bootfs.mount / "mail") == (
        f"error {image}: cannot be read without QEMU: {tmp_path}/none: No such file or directory; "
        "install qemu-utils, or name qemu-nbd in bootfs.conf")
    check_guest(bootfs.mount / "raw")


def hang_qemu(tmp_path):
    """A program in QEMU's place that does nothing, for ever."""
    program = tmp_path / "hung-qemu"
    source = tmp_path / "hung.c"
    source.write_text("#include <poll.h>\nint main(void) { poll(0, 0, -1); return 0; }\n")
    subprocess.run(["gcc", "-o", program, source], check=True)
    return program


def test_a_hung_qemu_ends_at_the_deadline(start_bootfs, raw, tmp_path):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"), domain("raw", raw),
                          timeout="2s", more=f"qemu-nbd = {hang_qemu(tmp_path)}")
    assert "no answer within 2 s (inspect-timeout)" in error_of(bootfs.mount / "mail")
    check_guest(bootfs.mount / "raw")
    wait_until(lambda: not servers_of(raw.parent), 60, "a server outlives its question")


def test_a_killed_daemon_leaves_no_server(start_bootfs, raw, tmp_path):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"), timeout="60s",
                          more=f"qemu-nbd = {hang_qemu(tmp_path)}")
    reader = subprocess.Popen(["cat", bootfs.mount / "mail/menu"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    wait_until(lambda: servers_of(raw.parent), 60, "no server")
    bootfs.process.kill()
    bootfs.process.wait()
    wait_until(lambda: not servers_of(raw.parent), 60, "a server outlives the daemon")
    subprocess.run(["umount", "-l", bootfs.mount], check=False)
    reader.kill()
    reader.wait()


def test_many_questions_leave_nothing_open(start_bootfs, raw):
    image = convert(raw, "guest.qcow2", "qcow2")
    bootfs = start_bootfs(section("mail", f"{image},qcow2,xvda,w"), ttl="0s")

    def count():
        return len(os.listdir(f"/proc/{bootfs.pid}/fd"))

    (bootfs.mount / "mail/menu").read_text()
    wait_until(lambda: not servers_of(raw.parent), 60)
    before = count()
    for _ in range(10):
        os.utime(image)
        (bootfs.mount / "mail/menu").read_text()
    wait_until(lambda: count() <= before + 2, 30, "descriptors are left open")
    children = Path(f"/proc/{bootfs.pid}/task/{bootfs.pid}/children")
    wait_until(lambda: not children.read_text().strip(), 60, "children are left")
