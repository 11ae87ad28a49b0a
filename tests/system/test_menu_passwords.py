# SPDX-License-Identifier: GPL-2.0-or-later
"""Passwords of guests' boot menus at the menu on the console, checked in the sandbox."""

import ctypes
import errno
import fcntl
import hashlib
import os
import signal
import struct
import time

import pytest
from conftest import boot_files, domain, make_guest
from terminal import BACKSPACE, DOWN, ENTER, ESCAPE, Terminal
from wrapper import Wrapper, parse_simple

# "secret", made by grub-mkpasswd-pbkdf2 -c 1000 and by openssl passwd -1.
PBKDF2 = ("grub.pbkdf2.sha512.1000."
          "09F6E830E0A076C51848768891253DA8CDE8DFC38D115C004C1612CED190E336339DB9B62B87883E4B72D9DD"
          "B9163815EE3AF97C45A9973CE8B5799C5053EADC."
          "C3EB8576740549FED3B970B9F95631C8DD7A83C3E720A5D62D5AD116AA4186ED24F2D967FCD90EC98A10E006"
          "CDB806D2B0886E2787F1779BF5E1E81A5D34843C")
MD5 = "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1"

ENTRIES = """set timeout=60
menuentry 'Free' --unrestricted { linux /boot/k free
}
menuentry 'Locked' { linux /boot/k locked
}
menuentry "Bob's" --users bob { linux /boot/k bob
}
submenu 'More' {
menuentry 'Inside' --unrestricted { linux /boot/k inside
}
}
"""


@pytest.fixture
def guest(tmp_path):
    """make(head, entries=ENTRIES, path=...): a Wrapper with such a guest."""
    def make(head, entries=ENTRIES, path="boot/grub/grub.cfg"):
        files = {"boot/k": b"kernel " * 1000, path: head + entries}
        return Wrapper(tmp_path, files, mib=16)
    return make


def start(wrapper, *options, **more):
    return Terminal(wrapper.command(f"--output={wrapper.folder}/answer", "--output-format=simple",
                                    *options), **more)


def args(wrapper):
    return parse_simple((wrapper.folder / "answer").read_text())["args"]


ONE_USER = f"set superusers=root\npassword_pbkdf2 root {PBKDF2}\n"
TWO_USERS = ONE_USER + "password bob 'bobs word'\n"


@pytest.mark.parametrize("term", ["vt100", "dumb"])
def test_a_locked_entry_boots_with_its_password(guest, term):
    wrapper = guest(ONE_USER)
    with start(wrapper, term=term) as terminal:
        if term == "dumb":
            terminal.wait_for("Locked  [password]", ">")
            terminal.press("1\r")
        else:
            terminal.wait_for("Locked  [password]", "p takes a password")
            terminal.press(DOWN + ENTER)
        terminal.wait_for("Password (not shown):")
        terminal.press("xx" + BACKSPACE * 2 + "secret")
        terminal.look(0.5)
        assert "secret" not in terminal.text()
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert b"secret" not in terminal.output
    assert args(wrapper) == "locked"


def test_a_wrong_password_opens_nothing_and_costs_time(guest):
    wrapper = guest(ONE_USER)
    with start(wrapper) as terminal:
        terminal.follow(("Locked", DOWN + ENTER))
        terminal.wait_for("Password")
        began = time.monotonic()
        terminal.press("Secret" + ENTER)
        terminal.wait_for("Wrong password.")
        assert time.monotonic() - began >= 2
        assert terminal.process.poll() is None
        terminal.press(ENTER)
        terminal.wait_for("Password")
        terminal.press(ESCAPE)
        terminal.wait_without("Password")
        terminal.press("k" + ENTER)
        assert terminal.finish() == 0
    assert args(wrapper) == "free"


def booted(wrapper, *steps):
    """The command line that boots when these are the steps at the menu."""
    with start(wrapper) as terminal:
        terminal.follow(*steps)
        assert terminal.finish() == 0
    return args(wrapper)


def test_editing_needs_the_password(guest):
    assert booted(guest(ONE_USER),
                  ("Free", "e"),
                  ("Password", "secret" + ENTER),
                  ("Command line of Free", " init=/bin/sh" + ENTER)) == "free init=/bin/sh"


def test_p_unlocks_all_that_the_password_opens(guest):
    wrapper = guest(ONE_USER)
    with start(wrapper) as terminal:
        terminal.follow(("More >  [password]", "p"),
                        ("Password", "secret" + ENTER))
        text = terminal.wait_for("The password is right.")
        assert "[password]" not in text
        terminal.press(DOWN * 3 + ENTER)
        terminal.follow(("Inside", ENTER))
        assert terminal.finish() == 0
    assert args(wrapper) == "inside"


def test_asks_for_the_name_where_there_are_more_users(guest):
    assert booted(guest(TWO_USERS),
                  ("Bob's  [password]", DOWN * 2 + ENTER),
                  ("User name:", "bob"),
                  ("User name: bob", ENTER),
                  ("Password", "bobs word" + ENTER)) == "bob"


def test_a_user_opens_only_what_is_his(guest):
    wrapper = guest(TWO_USERS)
    with start(wrapper) as terminal:
        terminal.follow(("Locked", DOWN + ENTER),
                        ("User name:", "bob" + ENTER),
                        ("Password", "bobs word" + ENTER))
        text = terminal.wait_for("That password does not open this.")
        assert "Locked  [password]" in text and "Bob's  [password]" not in text
        terminal.press("e")
        terminal.wait_for("User name:")


LEGACY = """timeout 60
password --md5 {md5}
title Free
kernel /boot/k free
title Locked
lock
kernel /boot/k locked
title Own
password own
kernel /boot/k own
"""

EXTLINUX = f"""TIMEOUT 600
UI menu.c32
MENU MASTER PASSWD {MD5}
LABEL free
LINUX /boot/k
APPEND free
LABEL locked
MENU PASSWD own
LINUX /boot/k
APPEND locked
"""

LILO = """prompt
timeout=600
image=/boot/k
label=free
append=free
image=/boot/k
label=locked
password=secret
append=locked
"""


@pytest.mark.parametrize("path, config, password, boots", [
    ("boot/grub/menu.lst", LEGACY.format(md5=MD5), "secret", "locked"),
    ("boot/grub/menu.lst", LEGACY.format(md5=MD5).replace("lock\n", "password own\n"), "own",
     "locked"),
    ("boot/extlinux/extlinux.conf", EXTLINUX, "secret", "locked"),
    ("boot/extlinux/extlinux.conf", EXTLINUX, "own", "locked"),
    ("etc/lilo.conf", LILO, "secret", "locked"),
])
def test_other_loaders_have_passwords_too(guest, path, config, password, boots):
    line = booted(guest("", config, path),
                  ("[password]", DOWN + ENTER),
                  ("Password", password + ENTER))
    assert boots in line.split()


@pytest.mark.parametrize("value", [
    PBKDF2.replace(".1000.", ".2147483648."), PBKDF2.replace(".1000.", ".1000001."),
    "$6$rounds=20000000$abc$def"])
def test_hostile_and_unknown_kinds_are_refused_at_once(guest, value):
    wrapper = guest(f"set superusers=root\npassword_pbkdf2 root '{value}'\n")
    with start(wrapper) as terminal:
        terminal.follow(("Locked", "p"), ("Password", "secret" + ENTER))
        terminal.wait_for("A password of this kind is not accepted here.", seconds=20)


def test_a_million_rounds_are_within_the_time(guest):
    """As many as are accepted."""
    salt = bytes(range(64))
    value = hashlib.pbkdf2_hmac("sha512", b"secret", salt, 1_000_000).hex()
    wrapper = guest(f"set superusers=root\n"
                    f"password_pbkdf2 root grub.pbkdf2.sha512.1000000.{salt.hex()}.{value}\n")
    wrapper.configure(wrapper.folder / "nothing", "inspect-timeout = 60s")
    with start(wrapper) as terminal:
        terminal.follow(("Locked", "p"), ("Password", "secret" + ENTER))
        terminal.wait_for("The password is right.", seconds=70)


def test_three_wrong_passwords_are_enough(guest):
    wrapper = guest(ONE_USER)
    with start(wrapper) as terminal:
        for _ in range(3):
            terminal.follow(("Locked", "p"), ("Password", "wrong" + ENTER))
            terminal.wait_for("Wrong password.")
        terminal.follow(("Locked", "p"), ("Password", "secret" + ENTER),
                        ("Too many wrong passwords.", ENTER))
        assert terminal.finish() == 0
    assert args(wrapper) == "free"


def test_the_hosts_own_start_asks_nobody(guest):
    """Who starts the domain decides; a restricted default must not hang an autostart."""
    wrapper = guest(ONE_USER + "set default=1\n", ENTRIES.replace("timeout=60", "timeout=1"))
    result = wrapper.run("-q", "--output-format=simple")
    assert result.returncode == 0 and parse_simple(result.stdout)["args"] == "locked"
    wrapper.clean()
    with start(wrapper) as terminal:
        assert terminal.finish() == 0
    assert args(wrapper) == "locked"


def test_killed_while_it_checks_nothing_is_left(guest):
    wrapper = guest(ONE_USER)
    with start(wrapper) as terminal:
        terminal.follow(("Locked", "p"), ("Password", "wrong" + ENTER))
        terminal.look(0.5)
        assert terminal.end(signal.SIGTERM) == -signal.SIGTERM
        assert terminal.is_as_before()
    assert list(wrapper.out.iterdir()) == []


def everything_in(folder):
    """The bytes of all files of a domain's folder."""
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*"))
                    if p.is_file() and p.name not in ("kernel", "initrd"))


@pytest.mark.parametrize("path, config, hidden", [
    ("/boot/grub/grub.cfg", TWO_USERS + ENTRIES, [PBKDF2, "bobs word"]),
    ("/boot/grub/menu.lst", LEGACY.format(md5=MD5), [MD5, "password own"]),
    ("/boot/extlinux/extlinux.conf", EXTLINUX.replace("own", "oneofitsown"),
     [MD5, "oneofitsown"]),
    ("/etc/lilo.conf", LILO.replace("secret", "oneofitsown"), ["oneofitsown"]),
])
def test_no_password_and_no_hash_is_shown_anywhere(guest, start_bootfs, tmp_path, path, config,
                                                   hidden):
    image = make_guest(tmp_path / "image", {"/boot/k": b"kernel " * 1000, path: config})
    bootfs = start_bootfs(domain("mail", image))
    shown = everything_in(bootfs.mount / "mail")
    assert b"[asks for a password]" in shown and b'"restricted":true' in shown
    for secret in hidden:
        assert secret.encode() not in shown


# ---- how a password gets there --------------------------------------------------------------

LOGIN = 0xC0000000 | (8 + 4 + 4 + 256 + 512) << 16 | ord("b") << 8 | 0x4C


def log_in(fd, name=b"root", password=b"secret"):
    """The token."""
    buffer = bytearray(struct.pack("QII256s512s", 0, len(name), len(password), name, password))
    fcntl.ioctl(fd, LOGIN, buffer)
    return struct.unpack_from("Q", buffer)[0]


@pytest.fixture
def locked(start_bootfs, tmp_path):
    """A bootfs and the image of a guest with a password."""
    image = make_guest(tmp_path / "image", boot_files(cfg=ONE_USER + ENTRIES.replace(
        "/boot/k", "/boot/vmlinuz-2")))
    return start_bootfs(domain("mail", image)), image


def refused(wanted, function, *words):
    with pytest.raises(OSError) as caught:
        function(*words)
    return caught.value.errno == wanted


def test_a_token_is_for_one_folder_of_one_process(locked):
    bootfs, image = locked
    disks = os.open(bootfs.mount / ".disk", os.O_RDONLY | os.O_DIRECTORY)
    token = log_in(disks)
    pid = os.fork()
    if pid == 0:
        try:
            os.open(bootfs.disk(image, login=token), os.O_RDONLY)
        except FileNotFoundError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    folder = os.open(bootfs.disk(image, login=token), os.O_PATH)
    menu = os.open("menu.json", os.O_RDONLY, dir_fd=folder)
    text = os.read(menu, 1 << 20)
    assert b'"login":"right"' in text and b"restricted" not in text and b"protection" not in text
    os.close(menu)
    os.close(folder)
    assert refused(errno.ENOENT, os.open, bootfs.disk(image, login=token + 1), os.O_PATH)
    # Without it, as ever.
    text = (bootfs.disk(image) / "menu.json").read_bytes()
    assert b'"protection":{"edit":true,"names":false}' in text and b'"login"' not in text
    os.close(disks)


def test_a_token_ends_with_the_open_folder(locked):
    bootfs, image = locked
    disks = os.open(bootfs.mount / ".disk", os.O_RDONLY | os.O_DIRECTORY)
    first, second = log_in(disks), log_in(disks)
    assert first != second
    assert refused(errno.ENOENT, os.open, bootfs.disk(image, login=first), os.O_PATH)
    os.close(disks)
    time.sleep(0.2)
    assert refused(errno.ENOENT, os.open, bootfs.disk(image, login=second), os.O_PATH)


def test_waiting_passwords_are_bounded(locked):
    bootfs, _ = locked
    fds = [os.open(bootfs.mount / ".disk", os.O_RDONLY | os.O_DIRECTORY) for _ in range(17)]
    for fd in fds[:16]:
        log_in(fd)
    assert refused(errno.EBUSY, log_in, fds[16])
    for fd in fds:
        os.close(fd)


def test_only_disk_takes_passwords_and_nothing_takes_other_requests(locked):
    bootfs, image = locked
    for path in (bootfs.mount, bootfs.mount / "mail", bootfs.mount / "mail" / "menu"):
        fd = os.open(path, os.O_RDONLY)
        assert refused(errno.ENOTTY, log_in, fd)
        os.close(fd)
    disks = os.open(bootfs.mount / ".disk", os.O_RDONLY | os.O_DIRECTORY)
    for request in (LOGIN + 1, LOGIN ^ 1 << 16, 0x5401, 0x80086601):
        assert refused(errno.ENOTTY, fcntl.ioctl, disks, request, bytearray(2048))
    assert refused(errno.EINVAL, fcntl.ioctl, disks, LOGIN,
                   bytearray(struct.pack("QII256s512s", 0, 257, 0, b"", b"")))
    os.close(disks)


def test_only_root_gives_passwords(locked):
    bootfs, _ = locked
    disks = os.open(bootfs.mount / ".disk", os.O_RDONLY | os.O_DIRECTORY)
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).setresuid(65534, 65534, 65534)
        try:
            log_in(disks)
        except OSError as error:
            os._exit(error.errno)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) in (errno.EPERM, errno.EACCES)
    os.close(disks)
