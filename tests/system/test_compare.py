# SPDX-License-Identifier: GPL-2.0-or-later
"""bootfs compare: the real pygrub beside bootfs, differences explained."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from conftest import BUILD, boot_files, bytes_like, domain, mounts, wait_until
from terminal import Terminal
from wrapper import processes_of

PYGRUB = sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))
pytestmark = pytest.mark.skipif(not PYGRUB, reason="no pygrub here")

ONE = "menuentry 'One' {\n linux /boot/vmlinuz-1 root=/dev/xvda1 ro quiet\n initrd /boot/initrd-1\n}\n"
TWO = "menuentry 'Two' {\n linux /boot/vmlinuz-2 root=/dev/xvda1 ro single\n}\n"


def files(cfg):
    return boot_files(1, kernel_size=300_000, initrd_size=500_000, cfg=cfg)


@pytest.fixture
def compare(tmp_path):
    conf = tmp_path / "compare.conf"

    def run(*words, domains="", env=None):
        conf.write_text("[bootfs]\nmountpoint = /nowhere\nxl-config = none\n"
                        f"worker-user = nobody\n{domains}")
        return subprocess.run([BUILD / "bootfs", "compare", f"--config={conf}", *map(str, words)],
                              capture_output=True, text=True, timeout=300, check=False,
                              env={**os.environ, **(env or {})})

    return run


def test_guests_that_boot_alike_are_the_same(compare, guest):
    same = guest("same.img", files=files(ONE + TWO))
    blanks = guest("blanks.img", files=files(ONE.replace(" ro ", "   ro ")))
    same.chmod(0o600)  # as disks are: for root
    domains = domain("same", same) + domain("blanks", blanks)
    result = compare("--all", domains=domains)
    assert result.returncode == 0, result.stderr
    assert "same: same\n" in result.stdout
    assert "blanks: alike: the command lines differ by blanks or quotes only\n" in result.stdout
    assert "2 guests: 1 same, 1 alike" in result.stderr


def test_a_saved_entry_is_told(compare, guest):
    saved = guest("saved.img", files={
        **files('load_env\nset default="${saved_entry}"\n' + ONE + TWO),
        "/boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=Two\n".ljust(1024, "#")})
    result = compare(saved)
    assert result.returncode == 1
    assert 'pygrub takes entry 0 "One", bootfs entry 1 "Two"' in result.stdout
    assert "pygrub does not know saved_entry" in result.stdout
    assert "pygrub alone has quiet; bootfs alone has single" in result.stdout


def test_a_variable_that_only_grub_expands_is_told(compare, guest):
    variable = guest("variable.img", files=files(
        "set more=single\n" + ONE.replace("quiet", "$more")))
    result = compare(variable)
    assert result.returncode == 1
    assert ("command line: pygrub alone has $more; bootfs alone has single "
            "(GRUB expands variables, pygrub does not)") in result.stdout


def test_a_file_system_that_pygrub_cannot_read_is_told(compare, tmp_path):
    image, proto = tmp_path / "x.xfs", tmp_path / "proto"
    content = files(ONE)
    lines = ["/", "0 0", "d--755 0 0", "boot d--755 0 0", "grub d--755 0 0"]
    for path in ("/boot/grub/grub.cfg", "/boot/vmlinuz-1", "/boot/initrd-1"):
        data = content[path]
        host = tmp_path / Path(path).name
        host.write_bytes(data.encode() if isinstance(data, str) else data)
        lines.append(f"{host.name} ---644 0 0 {host}")
        if path.endswith(".cfg"):
            lines.append("$")
    proto.write_text("\n".join(lines + ["$", "$"]) + "\n")
    with open(image, "wb") as f:
        f.truncate(400 << 20)
    subprocess.run(["mkfs.xfs", "-q", "-p", proto, image], check=True)
    result = compare(image)
    assert result.returncode == 1
    assert "only bootfs: pygrub cannot read XFS version 5" in result.stdout
    assert "Unable to find partition containing kernel" in result.stdout


def test_what_only_pygrub_boots_stands_out(compare, guest):
    """A domain whose bootfs.conf pins an entry that is gone."""
    image = guest("pinned.img", files=files(ONE))
    result = compare(domains=domain("pinned", image, entry="gone", missing_entry="refuse")
                     .replace("missing_entry", "missing-entry"))
    assert result.returncode == 1
    assert result.stdout.startswith("pinned: only pygrub: bootfs: ")
    assert "pygrub: kernel of 300000 bytes, args root=/dev/xvda1 ro quiet" in result.stdout


def test_what_neither_boots_is_no_difference(compare, tmp_path):
    for i in range(3):  # side by side
        (tmp_path / f"empty{i}.img").write_bytes(b"\0" * (1 << 20))
    result = compare(*(tmp_path / f"empty{i}.img" for i in range(3)))
    assert result.returncode == 0
    assert result.stdout.count("neither boots: bootfs: ") == 3


def test_an_image_that_xl_attaches_first_is_not_compared(compare, tmp_path):
    """pygrub would be given the attached device, not this file."""
    image = tmp_path / "q.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, "10M"], check=True)
    result = compare(domains=f"[domain q]\ndisk = {image},qcow2,xvda,w\n")
    assert result.returncode == 0
    assert "q: not compared: its first disk is a qcow2 image" in result.stdout


FAKE = """#!/usr/bin/python3
import os, sys, time
folder = sys.argv[3].split("=")[1]
print("uid", os.getuid(), file=sys.stderr)
caps = [l for l in open("/proc/self/status") if l.startswith("CapEff")][0].split()[1]
def can_write(path):
    try:
        open(path, "w").close()
        return True
    except OSError:
        return False
fault = [w for w in ("/tmp/bootfs-compare-was-here", "/dev/shm/bootfs-compare-was-here",
                     "/run/bootfs-compare-was-here") if can_write(w)]
if os.getuid() == 0 or int(caps, 16) != 1 << 2 or fault or os.getpid() != 1:
    sys.exit(f"too much: uid {os.getuid()} caps {caps} wrote {fault} pid {os.getpid()}")
interfaces = open("/proc/thread-self/net/dev").read().split(":")
"""


def fake_pygrub(tmp_path, more):
    path = tmp_path / "pygrub"
    path.write_text(FAKE + more)
    path.chmod(0o755)
    return f"--pygrub={path}"


def test_pygrub_runs_with_little_and_leaves_nothing(compare, guest, tmp_path):
    tmp_path.chmod(0o755)
    image = guest("g.img", files=files(ONE))
    copy = ("data = open(sys.argv[5], 'rb').read(10)\n"
            "open(folder + '/boot_kernel.x', 'wb').write(data)\n"
            "print('kernel ' + folder + '/boot_kernel.x', 'args one two', '', sep='\\0', end='\\0')\n")
    result = compare(fake_pygrub(tmp_path, copy), image)
    assert "different" in result.stdout, result.stdout
    assert "too much" not in result.stdout
    assert not [where for where, _ in mounts() if where.startswith("/proc/driver")]


def test_pygrub_has_no_terminal_to_type_on(guest, tmp_path):
    """TIOCSTI on root's terminal would run what a guest that took pygrub over likes."""
    image = guest("g.img", files=files(ONE))
    opens = ("try:\n    os.open('/dev/tty', os.O_RDWR)\n    sys.exit('it has one')\n"
             "except OSError as error:\n    sys.exit(f'errno {error.errno}')\n")
    with Terminal([BUILD / "bootfs", "compare", "--config=/nonexistent",
                   fake_pygrub(tmp_path, opens), image], columns=400) as terminal:
        assert terminal.finish() == 1
        assert f"it said: errno {errno.ENXIO}" in terminal.text()


def test_pygrub_that_hangs_or_forks_is_ended(compare, guest, tmp_path):
    image = guest("g.img", files=files(ONE))
    hangs = "os.fork()\nos.fork()\nsys.argv[0] = 'x'\ntime.sleep(1000)\n"
    result = compare(fake_pygrub(tmp_path, hangs), "--timeout=2s", image)
    assert "it said: no answer within 2 s" in result.stdout and result.returncode == 1
    assert not processes_of(f"{tmp_path}/pygrub")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_pygrub_ends_with_who_started_it(guest, tmp_path, how):
    image = guest("g.img", files=files(ONE))
    fake = fake_pygrub(tmp_path, "time.sleep(1000)\n")
    process = subprocess.Popen([BUILD / "bootfs", "compare", "--config=/nonexistent", fake, image],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    path = f"/usr/bin/python3\0{fake.split('=')[1]}\0"
    wait_until(lambda: processes_of(path), 30, "pygrub does not start")
    process.send_signal(how)
    process.wait(30)
    wait_until(lambda: not processes_of(path), 30, "pygrub is left")


def test_pygrub_that_names_other_files_is_not_followed(compare, guest, tmp_path):
    image = guest("g.img", files=files(ONE))
    links = ("os.symlink('/etc/shadow', folder + '/link')\n"
             "print('kernel /x/link', '', sep='\\0', end='\\0')\n")
    result = compare(fake_pygrub(tmp_path, links), image)
    assert "only bootfs" in result.stdout and "without a word" not in result.stdout.split("uid")[0]


@pytest.mark.parametrize("words, why", [
    (["--pygrub=/nonexistent"], "/nonexistent: No such file"), (["--timeout=5x"], "--timeout=5x"),
    (["--runas=root"], "not as root"), (["--runas=nosuchuser"], "no such user")])
def test_what_it_cannot_do_is_said(compare, words, why):
    result = compare(*words)
    assert result.returncode == 2 and why in result.stderr


def test_the_kernel_bytes_are_compared(compare, guest, tmp_path):
    image = guest("g.img", files=files(ONE))
    other = ("open(folder + '/k', 'wb').write(b'x' * 300000)\n"
             "print('kernel /k', 'args root=/dev/xvda1 ro quiet', '', sep='\\0', end='\\0')\n")
    result = compare(fake_pygrub(tmp_path, other), image)
    assert result.returncode == 1 and "files that are no entry of bootfs's menu" in result.stdout
    assert bytes_like(1, 10) != b"x" * 10
