# SPDX-License-Identifier: GPL-2.0-or-later
"""Images that are not raw, and disks behind NBD: read through QEMU and libnbd, by hand."""

import contextlib
import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

import built
from conftest import BUILD, boot_files, make_guest, wait_until

INSPECT = BUILD / "bootfs-inspect"
NOBODY = 65534

pytestmark = [built.needs_nbd, pytest.mark.skipif(
    "asan" in str(BUILD), reason="the sanitizers need what the sandbox takes away")]


def inspect(*arguments):
    """Exit status and log of bootfs-inspect."""
    done = subprocess.run([INSPECT, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout


def last_line(*arguments):
    return inspect(*arguments)[1].splitlines()[-1]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    folder.chmod(0o755)
    return make_guest(folder / "guest.raw", boot_files(kernel_size=300_000, initrd_size=500_000))


@pytest.fixture(scope="module")
def convert(raw):
    """convert(name, format, *options): the raw guest as another image."""
    def make(name, form, *options):
        image = raw.parent / name
        subprocess.run(["qemu-img", "convert", "-q", *options, "-f", "raw", "-O", form, raw, image],
                       check=True)
        return image
    return make


def overlay(path, backing, form):
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", backing, "-F", form, path],
                   check=True)
    return path


def servers_of(folder):
    """Processes that bootfs-serve is or became for an image below the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0] != b"bootfs-serve" and words[:2] != [b"qemu-nbd", b"--read-only"]:
                continue
            files = [os.readlink(fd) for fd in (process / "fd").iterdir()]
            if str(folder) in (process / "mountinfo").read_text() + "\n".join(files):
                found.append(int(process.name))
    return found


# ---- formats ---------------------------------------------------------------------------------

@pytest.mark.parametrize("name, form, xl_format, options", [
    ("plain", "qcow2", "qcow2", []),
    ("compressed", "qcow2", "qcow2", ["-c"]),
    ("old", "qcow2", "qcow2", ["-o", "compat=0.10,cluster_size=4k"]),
    ("one", "qcow", "qcow", []),
    ("dynamic", "vpc", "vhd", []),
    ("fixed", "vpc", "vhd", ["-o", "subformat=fixed"]),
    ("sparse", "vmdk", "vmdk", []),
    ("stream", "vmdk", "vmdk", ["-o", "subformat=streamOptimized"]),
    ("x", "vhdx", "vhdx", []),
    ("ed", "qed", "qed", []),
])
def test_a_guest_is_the_same_in_every_format(raw, convert, name, form, xl_format, options):
    image = convert(f"{name}.{form}", form, *options)
    before = image.read_bytes()
    status, log = inspect(f"--format={xl_format}", image)
    assert status == 0, log
    assert log.splitlines()[2:] == inspect(raw)[1].splitlines()[1:]
    assert log.splitlines()[0] == f"note    {image}: {form} image, read by QEMU"
    assert image.read_bytes() == before


def test_partitions_in_an_image_are_found(tmp_path, raw):
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(1 << 20) + raw.read_bytes())
    subprocess.run(["sfdisk", "-q", disk], input="2048,,83,*\n", text=True, check=True)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, tmp_path / "q"],
                   check=True)
    status, log = inspect("--format=qcow2", tmp_path / "q")
    assert status == 0 and "menu (hd0,msdos1)/boot/grub/grub.cfg" in log


def test_an_image_may_lie_on_a_block_device(tmp_path, convert):
    image = convert("device.qcow2", "qcow2")
    size = image.stat().st_size
    with open(image, "r+b") as file:
        file.truncate((size + (1 << 20)) // 512 * 512)
    loop = subprocess.run(["losetup", "-f", "--show", "-r", image], capture_output=True, text=True,
                          check=True).stdout.strip()
    try:
        status, log = inspect("--format=qcow2", loop)
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)
    assert status == 0, log


# ---- a format is named, never guessed ----------------------------------------------------------

def test_without_a_format_an_image_is_bytes_and_the_error_tells_what_they_look_like(convert):
    for name, form, xl_format in (("g.qcow2", "qcow2", "qcow2"), ("g.vhd", "vpc", "vhd"),
                                  ("g.vmdk", "vmdk", "vmdk")):
        image = convert(name, form)
        assert last_line(image) == (
            f"error {image}: read as raw bytes, but looks like a {xl_format} image; name its "
            f"format: format={xl_format} in the domain's disk line, or --format={xl_format}")


def test_the_wrong_format_is_an_error(raw, convert):
    image = convert("w.qcow2", "qcow2")
    assert last_line("--format=vhd", image) == f"error {image}: is no image in vhd format"
    assert last_line("--format=qcow2", raw) == f"error {raw}: is no image in qcow2 format"
    assert inspect("--format=nbd", image)[0] == 2


# ---- other files -------------------------------------------------------------------------------

def test_a_backing_image_is_read_where_it_is_configured(tmp_path, raw):
    middle = overlay(tmp_path / "middle", raw, "raw")
    top = overlay(tmp_path / "top", middle, "qcow2")
    assert inspect("--format=qcow2", f"--backing={raw}:raw", middle)[0] == 0
    assert inspect("--format=qcow2", f"--backing={middle}:qcow2", f"--backing={raw}:raw", top)[0] == 0


def test_a_backing_image_that_is_not_configured_is_refused(tmp_path, raw):
    middle = overlay(tmp_path / "middle", raw, "raw")
    top = overlay(tmp_path / "top", middle, "qcow2")
    assert last_line("--format=qcow2", middle).startswith(
        f"error {middle}: has a backing image, and none is configured; name it: ")
    assert last_line("--format=qcow2", f"--backing={middle}:qcow2", top).startswith(
        f"error {top}: its backing image {middle}: has a backing image, and none is configured")


def test_a_configured_backing_image_that_the_header_does_not_have_is_refused(raw, convert):
    image = convert("alone.qcow2", "qcow2")
    assert "has no backing image, but one is configured" in last_line(
        "--format=qcow2", f"--backing={raw}:raw", image)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "shadow"
    path.write_bytes(b"root:$6$secret\n" * 100_000)
    path.chmod(0o600)
    return path


def test_an_external_data_file_is_refused(convert, secret):
    image = convert("data.qcow2", "qcow2", "-o",
                    f"data_file={secret.parent / 'ext'},data_file_raw=on")
    said = last_line("--format=qcow2", image)
    assert said.startswith(f"error {image}: keeps its data in another file: not read")


def test_a_vmdk_made_of_other_files_is_refused(tmp_path, secret):
    image = tmp_path / "flat.vmdk"
    image.write_text("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"
                     f'createType="monolithicFlat"\nRW 2048 FLAT "{secret}" 0\n')
    assert last_line("--format=vmdk", image).startswith(
        f"error {image}: is no VMDK in one file")


def test_what_an_image_names_is_not_even_there_for_qemu(convert, secret):
    """The header is changed behind the check: QEMU's root has nothing but libraries."""
    image = convert("named.qcow2", "qcow2")
    with open(image, "r+b") as file:
        file.seek(8)
        file.write((0x180).to_bytes(8, "big") + len(str(secret)).to_bytes(4, "big"))
        file.seek(0x180)
        file.write(str(secret).encode())
    assert "has a backing image" in last_line("--format=qcow2", image)
    trace = image.parent / "trace"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat,open", "-o", trace, INSPECT,
                    "--format=qcow2", image], capture_output=True, check=False)
    assert str(secret) not in trace.read_text()


# ---- damage ------------------------------------------------------------------------------------

def damaged(image, offset, content):
    other = image.with_suffix(f".{offset}")
    data = bytearray(image.read_bytes())
    data[offset:offset + len(content)] = content
    other.write_bytes(data)
    return other


@pytest.mark.parametrize("offset, content", [
    (4, b"\0\0\0\x63"), (20, b"\0\0\0\x3f"), (24, b"\x7f" * 8), (32, b"\0\0\0\1"),
    (36, b"\xff" * 4), (40, b"\xff" * 8), (48, b"\xff" * 8), (60, b"\xff" * 12),
    (72, b"\xff" * 8), (96, b"\xff" * 4), (100, b"\xff" * 4)])
def test_a_header_that_lies_is_an_error_that_says_so(convert, offset, content):
    image = damaged(convert("lies.qcow2", "qcow2"), offset, content)
    status, log = inspect("--format=qcow2", image)
    if offset in (48, 60): # size of tables that are not needed to read
        return
    assert status == 1
    assert re.match(rf"error {image}: \S", log.splitlines()[-1])


def test_damage_anywhere_in_the_tables_ends_in_an_answer(raw, convert):
    image = convert("tables.qcow2", "qcow2")
    for at in range(0x10000, 0x50000, 0x8000):
        status, log = inspect("--format=qcow2", damaged(image, at, b"\xff\x80\x5a" * 700))
        assert status in (0, 1) and log
    assert not servers_of(raw.parent)


# ---- NBD ---------------------------------------------------------------------------------------

@contextlib.contextmanager
def nbd_server(image, *where):
    """A real server on a socket or port, with one export named "disk"."""
    server = subprocess.Popen(["qemu-nbd", "-r", "-t", "-f", "raw", "-x", "disk", *where, image])
    try:
        yield server
    finally:
        server.kill()
        server.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def accepts(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_a_disk_behind_a_unix_socket_is_read(tmp_path, raw):
    path = tmp_path / "nbd socket"
    url = f"nbd+unix:///disk?socket={str(path).replace(' ', '%20')}"
    with nbd_server(raw, "-k", path):
        wait_until(path.exists)
        status, log = inspect(url)
    assert status == 0, log
    assert log.splitlines()[2:] == inspect(raw)[1].splitlines()[1:]


def test_a_disk_behind_tcp_is_read(raw):
    port = free_port()
    with nbd_server(raw, "-b", "127.0.0.1", "-p", str(port)):
        wait_until(lambda: accepts(port))
        assert inspect(f"nbd://localhost:{port}/disk")[0] == 0
        wrong = last_line(f"nbd://127.0.0.1:{port}/other")
    assert wrong.startswith(f"error nbd://127.0.0.1:{port}/other: NBD server: ")
    refused = last_line(f"nbd://127.0.0.1:{port}/disk")
    assert refused == (f"error nbd://127.0.0.1:{port}/disk: cannot connect to its NBD server: "
                       "Connection refused")


def test_a_url_that_cannot_be_is_refused(tmp_path):
    assert "nbds:// is not spoken" in last_line("nbds://storage/disk")
    assert "No such file or directory" in last_line(f"nbd+unix:///x?socket={tmp_path}/none")
    assert "only raw disks are read over the network" in last_line("--format=qcow2", "nbd://h/x")


@pytest.mark.parametrize("greeting", [b"", b"NBDMAGIC", b"NBDMAGICIHAVEOPT\xff\xff",
                                      b"\0" * 4096, b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_talks_nonsense_is_an_error(tmp_path, greeting):
    path = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    child = subprocess.Popen([INSPECT, f"nbd+unix:///?socket={path}"], stdout=subprocess.PIPE,
                             text=True)
    connection = listener.accept()[0]
    with contextlib.suppress(OSError):
        connection.sendall(greeting)
        connection.shutdown(socket.SHUT_WR)
    said = child.communicate(timeout=60)[0].splitlines()[-1]
    connection.close()
    listener.close()
    assert child.returncode == 1
    assert said.startswith(f"error nbd+unix:///?socket={path}: NBD server: ")


# ---- QEMU's sandbox ----------------------------------------------------------------------------

@pytest.fixture
def caged_qemu(raw, convert):
    """The process that serves an image to an inspector that is stopped before it asks."""
    image = convert("caged.qcow2", "qcow2")
    child = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=recvmsg:"
                              "delay_enter=20s", "-e", "trace=recvmsg", INSPECT, "--format=qcow2",
                              image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: any(Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"qemu-nbd")
                               for pid in servers_of(raw.parent)), 30, "no QEMU")
        yield servers_of(raw.parent)[0]
    finally:
        child.kill()
        child.wait()
        wait_until(lambda: not servers_of(raw.parent), 60, "QEMU stays behind")


def status_of(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_qemu_is_locked_up(caged_qemu):
    pid = caged_qemu
    wait_until(lambda: status_of(pid)["Seccomp"] == "2")
    status = status_of(pid)
    assert status["Uid"].split() == [str(NOBODY)] * 4
    assert status["Gid"].split() == [str(NOBODY)] * 4 and not status["Groups"].strip()
    assert status["NoNewPrivs"] == "1"
    reading = 1 << 2 # CAP_DAC_READ_SEARCH, and nothing but the disk to read
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapAmb")} == {reading}
    for name in ("mnt", "net", "ipc", "uts", "pid"):
        assert os.readlink(f"/proc/{pid}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"), name
    root = sorted(os.listdir(f"/proc/{pid}/root"))
    assert root == sorted(["disk", "usr"] + [n for n in ("lib", "lib64") if os.path.lexists(f"/{n}")])
    assert os.listdir(f"/proc/{pid}/root/disk") == ["0"]
    for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        assert "ro" in line.split()[5].split(",") and "nosuid" in line.split()[5].split(","), line
    interfaces = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    assert [i.split(":")[0].strip() for i in interfaces] in ([], ["lo"])


def test_an_ordinary_user_reads_an_image_too(convert, for_everybody):
    image = convert("mine.qcow2", "qcow2")
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "mine.qcow2"
        mine.write_bytes(image.read_bytes())
        for path in (folder, mine):
            os.chown(path, NOBODY, NOBODY)
        mine.chmod(0o600)
        done = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                               "--clear-groups", "--inh-caps=-all",
                               for_everybody / "bootfs-inspect", "--format=qcow2", mine],
                              capture_output=True, text=True, timeout=60, check=False)
    if "no user namespace" in done.stdout:
        pytest.skip("this kernel gives users no namespaces")
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_left_behind(raw, convert):
    image = convert("left.qcow2", "qcow2")
    inspect("--format=qcow2", image)
    assert not servers_of(raw.parent)
