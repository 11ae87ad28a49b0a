# SPDX-License-Identifier: GPL-2.0-or-later
"""The trial: a host on which guests cannot be read is found out before a guest needs to start."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILD, TOP, boot_files, domain

sys.path.insert(0, str(TOP / "tests" / "support"))
import trial_disk  # noqa: E402

pytestmark = pytest.mark.skipif("asan" in str(BUILD),
                                reason="the sanitizers need what the sandbox takes away")
NEEDS_QEMU = pytest.mark.skipif(not os.path.exists("/usr/bin/qemu-nbd"), reason="no qemu-nbd (qemu-utils)")
KERNEL = boot_files()["/boot/vmlinuz-1"]
NAMED = "killed by SIGSYS: its sandbox forbids "


def run(*command, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=60, check=False, **more)


def self_test(*options, under=()):
    done = run(*under, BUILD / "bootfs-inspect", "--self-test", *options)
    return done.returncode, done.stdout, done.stderr


def library_that_calls(call):
    """
    A host whose next library makes this call where the real one makes fadvise64: it gets the signal
    that the filter would give it. (That of the numbers is tests/system/test_sandbox.py's.)
    """
    return ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
            f"inject={call}:signal=SIGSYS"]


# ---- by hand, and in the package's build ------------------------------------------------------

def test_this_host_passes():
    assert self_test() == (0, "guests can be read here\n", "")


@NEEDS_QEMU
def test_this_host_reads_images():
    before = set(Path("/run").glob("bootfs-trial-*"))
    assert self_test("--format=qcow2") == (0, "guests can be read here, also from images\n", "")
    assert set(Path("/run").glob("bootfs-trial-*")) == before


def test_an_ordinary_user_may_try(tmp_path):
    program = Path("/tmp") / f"bootfs-trial-{os.getpid()}"
    shutil.copy(BUILD / "bootfs-inspect", program)
    try:
        done = run("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", program, "--self-test")
    finally:
        program.unlink()
    assert (done.returncode, done.stdout) == (0, "guests can be read here\n")
    assert "runs under the user who asked" in done.stderr


def test_it_names_the_call_that_a_library_must_not_make():
    status, _, said = self_test(under=library_that_calls("fadvise64"))
    assert status == 1
    assert "no guest can be read here: inspector " + NAMED in said
    assert "is bootfs older than these libraries?" in said


@pytest.mark.parametrize("words", [["image"], ["--format=vmdk"]])
def test_what_it_has_no_disk_for_is_a_wrong_call(words):
    status, _, said = self_test(*words)
    assert status == 2 and "--self-test " in said


# ---- the daemon -------------------------------------------------------------------------------

def config(folder, *domains, more=""):
    conf = folder / "bootfs.conf"
    conf.write_text(f"[bootfs]\nxl-config = none\nworker-user = nobody\n{more}\n" + "\n".join(domains))
    return conf


def start(under, folder, *domains, more="", bootfs=BUILD / "bootfs"):
    """What a bootfs says that does not start."""
    (folder / "mnt").mkdir()
    done = run(*under, bootfs, "-f", f"--config={config(folder, *domains, more=more)}",
               folder / "mnt")
    assert not os.path.ismount(folder / "mnt")
    return done.returncode, done.stderr


def test_a_library_that_calls_what_is_forbidden_is_found_at_the_start(tmp_path):
    status, said = start(library_that_calls("fadvise64"), tmp_path)
    assert status == 1
    assert "bootfs: no guest could be read: the inspector: inspector " + NAMED in said


@pytest.mark.parametrize("disk, says", [
    ("/dev/zero", "no partition table and no known file system"),
    ("another", "the menu of its own trial disk was read wrongly")])
def test_an_inspector_that_reads_wrongly_is_found_at_the_start(tmp_path, programs, disk, says):
    """It enters its sandbox, lives and answers: with what another disk holds."""
    if disk == "another":
        disk = tmp_path / "another"
        disk.write_bytes(trial_disk.disk("menuentry other {\n\tlinux /vmlinuz\n}\n"))
    (programs / "bootfs-inspect").rename(programs / "real")
    (programs / "bootfs-inspect").write_text(
        f"#!/bin/sh\nexec 7<{disk}\nexec {programs}/real \"$@\"\n")
    (programs / "bootfs-inspect").chmod(0o755)
    status, said = start([], tmp_path, bootfs=programs / "bootfs")
    assert status == 1
    assert "bootfs: no guest could be read: the inspector: " in said and says in said


def qcow2_domain(tmp_path, guest):
    image = tmp_path / "disk.qcow2"
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", guest("raw.img"), image)
    return f"[domain image]\ndisk = format=qcow2,vdev=xvda,access=rw,target={image}\n"


@NEEDS_QEMU
def test_an_image_that_could_not_be_read_is_told_and_others_are_read(guest, start_bootfs, tmp_path):
    bootfs = start_bootfs(qcow2_domain(tmp_path, guest), domain("mail", guest("mail.img")),
                          more="qemu-nbd = /nowhere/qemu-nbd")
    assert "bootfs: no disk that is not raw could be read: " in bootfs.said()
    assert "install qemu-utils" in bootfs.said()
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL

    bootfs.write(bootfs.conf.read_text().replace("qemu-nbd = /nowhere/qemu-nbd", ""))
    bootfs.reload()
    assert bootfs.said().count("no disk that is not raw") == 1
    assert (bootfs.mount / "image/default/kernel").read_bytes() == KERNEL


# ---- bootfs --check ---------------------------------------------------------------------------

def check(tmp_path, *domains, under=(), more=""):
    done = run(*under, BUILD / "bootfs", "--check", f"--config={config(tmp_path, *domains, more=more)}")
    return done.returncode, done.stdout + done.stderr


def test_check_tries_and_fails(guest, tmp_path):
    mail = domain("mail", guest("mail.img"))
    assert check(tmp_path, mail) == (0, f"{tmp_path}/bootfs.conf: ok, 1 domains\n")
    status, said = check(tmp_path, mail, under=library_that_calls("fadvise64"))
    assert status == 1 and NAMED in said and "ok" not in said


@NEEDS_QEMU
def test_check_tries_qemu_where_images_are_configured(guest, tmp_path):
    image = qcow2_domain(tmp_path, guest)
    assert check(tmp_path, image)[0] == 0
    status, said = check(tmp_path, image, more="qemu-nbd = /nowhere/qemu-nbd")
    assert status == 1 and "no disk that is not raw could be read: " in said


def test_check_by_an_ordinary_user_says_what_it_did_not_try(tmp_path):
    folder = Path("/tmp") / f"bootfs-check-{os.getpid()}"
    folder.mkdir(mode=0o755)
    shutil.copy(BUILD / "bootfs", folder)
    conf = config(folder)
    try:
        done = run("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", folder / "bootfs",
                   "--check", f"--config={conf}")
    finally:
        shutil.rmtree(folder)
    assert "as root it is tried, too, whether guests can be read" in done.stdout


# ---- SIGHUP -----------------------------------------------------------------------------------

@pytest.fixture
def programs(tmp_path):
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("bootfs", "bootfs-config", "bootfs-inspect"):
        shutil.copy(BUILD / name, folder / name)
    return folder


def break_inspector(programs):
    """As an upgrade that went wrong: in place of the old one, which runs on where it runs."""
    (programs / "broken").write_text("#!/bin/sh\nexit 5\n")
    (programs / "broken").chmod(0o755)
    (programs / "broken").rename(programs / "bootfs-inspect")


def test_settings_with_which_no_guest_is_read_are_not_taken_over(guest, start_bootfs, programs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")), programs=programs)
    break_inspector(programs)
    bootfs.write(bootfs.conf.read_text().replace("worker-user = nobody", "worker-user = daemon") +
                 domain("news", guest("news.img")))
    bootfs.reload()
    assert "no guest could be read: the inspector: inspector failed with exit status 5" in bootfs.said()
    assert f"{bootfs.conf}: the configuration stays as it was" in bootfs.said()
    assert sorted(os.listdir(bootfs.mount)) == ["mail"]

    shutil.copy(BUILD / "bootfs-inspect", programs / "good")
    (programs / "good").rename(programs / "bootfs-inspect")
    bootfs.reload()
    assert sorted(os.listdir(bootfs.mount)) == ["mail", "news"]
    assert (bootfs.mount / "news/default/kernel").read_bytes() == KERNEL


def test_other_settings_need_no_trial(guest, start_bootfs, programs):
    bootfs = start_bootfs(domain("mail", guest("mail.img")), programs=programs)
    break_inspector(programs)
    bootfs.write(bootfs.conf.read_text().replace("cache-ttl = 5s", "cache-ttl = 6s"))
    bootfs.reload()
    assert "configuration reloaded" in bootfs.said()


# ---- a plain chroot ---------------------------------------------------------------------------

CHROOT = """
set -e
mount --make-rprivate /
for folder in usr lib lib64 bin sbin etc proc dev tmp run; do
	[ -e /$folder ] || continue
	mkdir -p "$ROOT/$folder"
	mount --rbind /$folder "$ROOT/$folder"
done
mkdir -p "$ROOT/build" "$ROOT/guest" "$ROOT/mnt"
mount --bind "$BUILD" "$ROOT/build"
mount --bind "$GUEST" "$ROOT/guest"
exec chroot "$ROOT" sh -ec '
	/build/bootfs -f --config=/guest/bootfs.conf /mnt 2>/guest/said & bootfs=$!
	while [ ! -e /mnt/mail ] && kill -0 $bootfs; do sleep 0.02; done
	cat /mnt/mail/error 2>/dev/null || cat /mnt/mail/menu
	kill $bootfs; wait $bootfs'
"""


def test_in_a_plain_chroot_guests_are_read(guest, tmp_path):
    """A rescue system, an installer: "/" is no mount point, and only chroot() makes an empty root."""
    folder = tmp_path / "guest"
    folder.mkdir()
    shutil.move(guest("mail.img"), folder / "mail.img")
    config(folder, domain("mail", "/guest/mail.img"))
    root = tmp_path / "root"
    root.mkdir()
    done = run("unshare", "--mount", "sh", "-c", CHROOT,
               env=os.environ | {"ROOT": str(root), "BUILD": str(BUILD.resolve()), "GUEST": str(folder)})
    said = (folder / "said").read_text()
    assert done.stdout.startswith("* 0  First\n"), (done, said)
    assert "the inspector's sandbox: chroot instead of a root of its own" in said
