# SPDX-License-Identifier: GPL-2.0-or-later
"""bootfs as systemd runs it: a real systemd, booted on a throw-away copy of this host."""

import ctypes
import hashlib
import json
import re
import subprocess
import sys
import threading

import pytest
from conftest import BUILD, TOP, boot_files, domain, make_guest, wait_until

sys.path.insert(0, str(TOP / "tests" / "support"))

import machine  # noqa: E402

pytestmark = pytest.mark.skipif(bool(machine.usable()), reason=machine.usable() or "")

FILES = boot_files()
KERNEL = FILES["/boot/vmlinuz-1"]
CONF = "/etc/bootfs/bootfs.conf"


def configuration(*domains):
    return "[bootfs]\nxl-config = none\n" + "".join(domains)


def install(root):
    variant, compiler = BUILD.name.rsplit("-", 1)
    subprocess.run(["make", "-s", "-C", TOP, "install", f"V={variant}", f"CC={compiler}",
                    f"DESTDIR={root.path}", "PREFIX=/usr"], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def booted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("systemd")
    mail = make_guest(folder / "mail.img", FILES)
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", mail, folder / "image.qcow2"], check=True)
    (folder / "empty.img").write_bytes(bytes(1 << 20))
    with machine.Root(folder) as root:
        install(root)
        binds = [f"{folder / name}:/{name}" for name in ("mail.img", "empty.img", "image.qcow2")]
        with machine.Booted(root, bind=binds) as b:
            b.works("systemd-sysusers")
            b.works("systemd-tmpfiles", "--create")
            yield b


@pytest.fixture
def service(booted):
    booted.root.write(CONF, configuration(domain("mail", "/mail.img")))
    booted.works("systemctl", "start", "bootfs")
    yield booted
    booted.run("systemctl", "stop", "bootfs")
    booted.run("systemctl", "reset-failed", "bootfs")


def show(booted, name):
    return booted.works("systemctl", "show", "-P", name, "bootfs").strip()


def mounts(booted):
    return [line for line in booted.works("cat", "/proc/self/mounts").splitlines()
            if " fuse.bootfs " in line]


def test_the_unit_is_right_and_confined(booted):
    assert booted.works("systemd-analyze", "verify", "bootfs.service") == ""
    booted.works("systemd-analyze", "security", "--threshold=60", "bootfs.service")


def test_it_has_started_when_the_tree_answers(service):
    assert service.works("cat", "/bootfs/mail/default/cmdline") == "root=/dev/xvda1 ro quiet\n"
    assert show(service, "ActiveState") == "active"
    assert show(service, "StatusText") == "1 domains"


def test_the_mount_is_the_hosts(service):
    pid = show(service, "MainPID")
    assert service.works("readlink", f"/proc/{pid}/ns/mnt") == \
        service.works("readlink", "/proc/1/ns/mnt")
    assert len(mounts(service)) == 1


def test_the_inspectors_have_a_user_and_the_state_a_folder(service):
    assert service.works("bootfs", "--check") == f"{CONF}: ok, 1 domains\n"
    assert service.works("stat", "-c", "%a %U", "/var/lib/bootfs") == "700 root\n"


def kernel_has_landlock():
    version = 1  # flags: tell the version
    return ctypes.CDLL(None).syscall(444, None, 0, version) > 0  # landlock_create_ruleset


def test_what_confines_the_service_lets_the_sandbox_be_whole(service):
    service.works("cat", "/bootfs/mail/menu")
    assert "Seccomp:\t2" in service.works("cat", f"/proc/{show(service, 'MainPID')}/status")
    gaps = [line for line in service.works("journalctl", "-b", "-u", "bootfs").splitlines()
            if "sandbox" in line and (kernel_has_landlock() or "Landlock" not in line)]
    assert gaps == []


def test_what_confines_the_service_lets_qemu_read_images(service):
    service.root.write(CONF, configuration("[domain image]\n"
                                           "disk = format=qcow2,vdev=xvda,target=/image.qcow2\n"))
    service.works("systemctl", "restart", "bootfs")
    assert service.works("sha256sum", "/bootfs/image/default/kernel").split()[0] == \
        hashlib.sha256(KERNEL).hexdigest(), service.run("cat", "/bootfs/image/log").stdout


def test_a_reload_ends_when_the_new_domains_are_shown(service):
    service.root.write(CONF, configuration(domain("mail", "/mail.img"),
                                           domain("web", "/mail.img")))
    service.works("systemctl", "reload", "bootfs")
    assert service.works("ls", "/bootfs").split() == ["mail", "web"]
    wait_until(lambda: show(service, "StatusText") == "2 domains", seconds=120)
    wait_until(lambda: show(service, "ActiveState") == "active", seconds=120)


def test_a_reload_of_a_wrong_configuration_fails_and_changes_nothing(service):
    service.root.write(CONF, configuration("nope = 1\n"))
    assert service.run("systemctl", "reload", "bootfs").returncode != 0
    said = [entry["MESSAGE"] for entry in journal(service, "-u", "bootfs")]
    assert any('unknown setting "nope"' in text for text in said), said
    assert show(service, "ActiveState") == "active"
    assert service.works("ls", "/bootfs").split() == ["mail"]


def test_the_unit_needs_only_programs_of_the_package(service):
    """What a minimal machine lacks, such as procps' kill, fails only when somebody reloads."""
    text = service.works("cat", "/usr/lib/systemd/system/bootfs.service")
    started = re.findall(r"^Exec\w+=[-+!]*(\S+)", text, re.M)
    assert started and set(started) == {"/usr/bin/bootfs"}


def test_a_wrong_configuration_does_not_start_and_says_why(service):
    service.works("systemctl", "stop", "bootfs")
    service.root.write(CONF, configuration("nope = 1\n"))
    assert service.run("systemctl", "start", "bootfs").returncode != 0
    said = [entry["MESSAGE"] for entry in journal(service, "-u", "bootfs")]
    assert any('unknown setting "nope"' in text for text in said), said
    assert mounts(service) == []


def test_one_that_was_killed_comes_back_without_a_stale_mount(service):
    pid = show(service, "MainPID")
    service.works("kill", "-KILL", pid)
    wait_until(lambda: show(service, "MainPID") not in ("0", pid) and
               show(service, "ActiveState") == "active", seconds=120)
    assert len(mounts(service)) == 1
    assert service.run("cat", "/bootfs/mail/menu").returncode == 0


def test_stopping_unmounts(service):
    service.works("systemctl", "stop", "bootfs")
    assert mounts(service) == []
    service.run("rmdir", "/bootfs")  # a killed one leaves it
    service.works("systemctl", "start", "bootfs")
    service.works("systemctl", "stop", "bootfs")
    assert service.run("ls", "/bootfs").returncode != 0
    assert show(service, "Result") == "success"


def journal(booted, *match):
    booted.works("journalctl", "--sync")
    text = booted.works("journalctl", "-b", "-o", "json", *match)
    return [json.loads(line) for line in text.splitlines()]


def test_the_journal_knows_domain_and_reason(service):
    service.root.write(CONF, configuration(domain("bare", "/empty.img")))
    service.works("systemctl", "restart", "bootfs")
    reason = service.works("cat", "/bootfs/bare/error").removeprefix("error ").strip()
    entry = journal(service, "BOOTFS_DOMAIN=bare")[-1]

    assert entry["BOOTFS_REASON"] == reason
    assert entry["MESSAGE"] == f"bare: {reason}"
    assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]) == ("4", "bootfs")
    assert entry["_SYSTEMD_UNIT"] == "bootfs.service"


def test_the_journal_knows_which_guest_did_not_start(service):
    service.run("bootfs-pygrub", "-q", "--output-directory=/tmp", "/empty.img")
    entry = journal(service, "BOOTFS_DISK=/empty.img")[-1]

    assert (entry["PRIORITY"], entry["SYSLOG_IDENTIFIER"]) == ("3", "bootfs-pygrub")
    assert entry["BOOTFS_REASON"] in entry["MESSAGE"]


def test_guests_start_while_it_is_restarted(service):
    stop = threading.Event()
    failed = []

    def start_guests():
        while not stop.is_set():
            done = service.run("sh", "-c", "d=$(mktemp -d) && "
                               "bootfs-pygrub -q --output-format=simple --output-directory=$d "
                               "/mail.img && sha256sum <$(echo $d/boot_kernel.*) && rm -r $d")
            if done.returncode:
                failed.append(done.stderr)

    starting = threading.Thread(target=start_guests)
    starting.start()
    try:
        service.works("systemctl", "reset-failed", "bootfs")
        for _ in range(4):
            service.works("systemctl", "restart", "bootfs")
        service.works("systemctl", "kill", "-s", "KILL", "bootfs")
        wait_until(lambda: show(service, "ActiveState") == "active", seconds=120)
    finally:
        stop.set()
        starting.join()
    assert failed == []
    assert len(mounts(service)) == 1
