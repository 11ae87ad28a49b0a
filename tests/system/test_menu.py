# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu on the guest's console: bootfs-pygrub on a terminal, looked at on its screen."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest
from conftest import wait_until
from terminal import BACKSPACE, DOWN, ENTER, ESCAPE, LEFT, RIGHT, UP, Terminal
from wrapper import Wrapper, children, parse_simple, small_guest

HEAD = "set default=0\nset timeout={timeout}\n"
ENTRIES = """
menuentry 'Debian GNU/Linux' --id first {
\tlinux /boot/vmlinuz root=/dev/xvda1 ro quiet
\tinitrd /boot/initrd.img
}
submenu 'Advanced options' {
\tmenuentry 'Recovery' { linux /boot/vmlinuz root=/dev/xvda1 single
\t}
\tmenuentry 'An old one' { linux /boot/old root=/dev/xvda1
\t}
}
menuentry 'Gone' { linux /boot/gone
}
menuentry 'Last' { linux /boot/old last
}
"""


def files(cfg):
    return {"boot/vmlinuz": b"kernel " * 9000, "boot/old": b"old " * 1000,
            "boot/initrd.img": b"initrd " * 5000, "boot/grub/grub.cfg": cfg}


@pytest.fixture
def guest(tmp_path):
    """make(timeout=60, entries=ENTRIES, head=HEAD): a Wrapper with such a guest."""
    def make(timeout=60, entries=ENTRIES, head=HEAD):
        return Wrapper(tmp_path, files(head.format(timeout=timeout) + entries), mib=16)
    return make


def start(wrapper, *options, **more):
    return Terminal(wrapper.command(f"--output={wrapper.folder}/answer", "--output-format=simple",
                                    *options), **more)


def answer(wrapper):
    return parse_simple((wrapper.folder / "answer").read_text())


def nothing_is_left(wrapper):
    assert list(wrapper.out.iterdir()) == []
    path = wrapper.folder / "answer"
    assert not path.exists() or path.stat().st_size == 0


# ---- what the screen shows -------------------------------------------------------------------


def test_lists_the_entries_with_the_default_marked(guest):
    wrapper = guest()
    with start(wrapper) as terminal:
        text = terminal.wait_for("Boot menu of", "Debian GNU/Linux boots in", "Right enters")
        assert "* Debian GNU/Linux\n" in text
        assert "Advanced options >" in text and "Recovery" not in text
        assert "Gone  [cannot boot]" in text
        assert "/boot/vmlinuz root=/dev/xvda1 ro quiet" in text
        assert terminal.selected() == ["* Debian GNU/Linux"]
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert "Booting Debian GNU/Linux" in terminal.text()
        assert terminal.is_as_before()
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"
    assert len(list(wrapper.out.iterdir())) == 2


def test_enters_and_leaves_submenus(guest):
    wrapper = guest()
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        terminal.press(DOWN + RIGHT)
        terminal.wait_for("Advanced options - Boot menu of", "An old one")
        terminal.press(LEFT)
        terminal.wait_for("Debian GNU/Linux")
        terminal.press(ENTER)
        terminal.wait_for("An old one")
        terminal.press(ESCAPE)
        terminal.wait_for("Debian GNU/Linux")
        terminal.wait_selected("Advanced options")
        terminal.press(ENTER + DOWN)
        terminal.wait_selected("An old one")
        terminal.press(ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1"


def test_knows_other_keys_for_up_and_down(guest):
    with start(guest()) as terminal:
        terminal.wait_for("Right enters")
        for up, down in (("\x1b[A", "\x1b[B"), ("k", "j"), ("\x10", "\x0e")):
            terminal.press(down + down)
            terminal.wait_selected("Gone")
            terminal.press(up + up)
            terminal.wait_selected("Debian")


def test_says_why_an_entry_cannot_boot(guest):
    with start(guest()) as terminal:
        terminal.wait_for("Right enters")
        terminal.press(DOWN + DOWN + ENTER)
        terminal.wait_for("It cannot boot: kernel missing: /boot/gone")
        assert terminal.process.poll() is None


@pytest.mark.parametrize("key", ["e", "a"])
def test_edits_the_command_line_and_boots_it(guest, key):
    wrapper = guest()
    with start(wrapper, "--args=added") as terminal:
        terminal.wait_for("Right enters")
        terminal.press(key)
        terminal.wait_for("Command line of Debian GNU/Linux", "root=/dev/xvda1 ro quiet")
        terminal.press(BACKSPACE * len("quiet") + "single x" + BACKSPACE + "\x01" + "first ")
        terminal.wait_for("first root=/dev/xvda1 ro single")
        terminal.press(ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "first root=/dev/xvda1 ro single  added"


def test_a_long_command_line_wraps_and_can_be_edited(guest):
    long = " ".join(f"word{i:04}" for i in range(400))
    wrapper = guest(entries=f"menuentry 'Long' {{ linux /boot/old {long}\n}}\n")
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        terminal.press("e")
        terminal.wait_for("word0399")
        assert "word0001" not in terminal.text()
        terminal.press("\x01x ")
        terminal.wait_for("x word0000")
        terminal.press(ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "x " + long


def test_escape_leaves_the_editor(guest):
    wrapper = guest()
    with start(wrapper) as terminal:
        terminal.follow(("Right enters", "e"), ("Command line of", "junk" + ESCAPE))
        terminal.wait_without("Command line of")
        terminal.press(ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_scrolls_a_long_menu(guest):
    wrapper = guest(entries="".join(f"menuentry 'Entry {i:03}' {{ linux /boot/old n={i}\n}}\n"
                                    for i in range(100)))
    with start(wrapper) as terminal:
        terminal.wait_for("v more", "Entry 010")
        terminal.press("\x1b[6~")
        terminal.wait_selected("Entry 016")
        terminal.press("\x1bOF\x1b[F")
        terminal.wait_selected("Entry 099")
        assert "^ more" in terminal.text() and "v more" not in terminal.text()
        terminal.press(UP + ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "n=98"


def test_shows_control_characters_and_obeys_none(guest):
    wrapper = guest(entries="menuentry 'red \x1b[31m\x07 bidi \u202e Grüße \u65e5\u672c' "
                            "{ linux /boot/old\n}\n")
    with start(wrapper) as terminal:
        text = terminal.wait_for("Right enters")
        assert r"red \e[31m\x07 bidi \u202e Grüße" in text
        assert "日" in text and "本" in text
        assert b"\x1b[31m" not in terminal.output and "\u202e".encode() not in terminal.output
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert b"\x1b[31m" not in terminal.output and "\u202e".encode() not in terminal.output


def test_follows_the_size_of_the_terminal(guest):
    entries = "".join(f"menuentry 'Entry {i:03}' {{ linux /boot/old n={i}\n}}\n"
                      for i in range(100))
    with start(guest(entries=entries)) as terminal:
        terminal.wait_for("v more", "Entry 010")
        assert "Entry 020" not in terminal.text()
        terminal.resize(50, 132)
        text = terminal.wait_for("Entry 040", "boots in")  # and it is no key
        assert text.splitlines()[-1].startswith(" Entry 000 boots in")
        terminal.resize(12, 40)
        terminal.wait_without("Entry 010")
        terminal.press(DOWN)
        terminal.wait_selected("Entry 001")


def test_writes_little_for_slow_lines(guest):
    with start(guest()) as terminal:
        terminal.wait_for("Right enters", "boots in")
        terminal.look(0.5)
        first = len(terminal.output)
        terminal.press(DOWN)
        terminal.wait_selected("Advanced")
        terminal.look(0.5)
        # 9600 baud are 960 bytes a second.
        assert first < 960 and len(terminal.output) - first < 400


# ---- terminals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("term", ["vt100", "xterm"])
def test_works_as_libxl_starts_it(guest, term):
    """A raw terminal without a size; simple0; the shared mount is none of ours."""
    wrapper = guest()
    (wrapper.folder / "answer").touch(mode=0o600)
    with start(wrapper, "--output-format=simple0", rows=0, columns=0, raw=True,
               term=term) as terminal:
        terminal.wait_for("Debian GNU/Linux boots in", "Right enters")
        terminal.press(DOWN + ENTER)
        terminal.wait_for("Recovery")
        terminal.press("\x03\x1a\x13\x11")  # no signal, no stop
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert terminal.is_as_before()
    items = (wrapper.folder / "answer").read_bytes().split(b"\0")
    assert items[1:] == [b"args root=/dev/xvda1 single", b"", b""]


@pytest.mark.parametrize("more, raw", [
    ({"term": "dumb"}, True), ({"term": None}, False), ({"term": "no-such-terminal"}, True),
    ({"term": "vt100", "rows": 5, "columns": 30}, False)])
def test_lists_numbers_where_there_is_no_screen(guest, more, raw):
    wrapper = guest()
    with start(wrapper, raw=raw, **{"columns": 80, **more}) as terminal:
        terminal.look()
        wait_until(lambda: (terminal.look(0.05), b"> " in terminal.output)[1], 30)
        text = terminal.output.decode()
        assert "*  0  Debian GNU/Linux\r\n      Advanced options:\r\n   1    Recovery" in text
        assert "   3  Gone  [cannot boot]" in text and "\x1b" not in text
        terminal.press("3\r")
        wait_until(lambda: (terminal.look(0.05), b"It cannot boot" in terminal.output)[1], 30)
        terminal.press("77\r")
        wait_until(lambda: (terminal.look(0.05), b"no such entry" in terminal.output)[1], 30)
        terminal.press("9\x7f1\r\n" if raw else "1\n")
        assert terminal.finish() == 0
        assert terminal.is_as_before()
    assert answer(wrapper)["args"] == "root=/dev/xvda1 single"


def test_edits_without_a_screen(guest):
    wrapper = guest()
    with start(wrapper, term="dumb") as terminal:
        terminal.wait_for(">")
        terminal.press("e 1\r")
        terminal.wait_for("Its command line:", "root=/dev/xvda1 single")
        terminal.press("another one\r")
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "another one"


def test_shows_itself_on_standard_error_when_the_answer_goes_to_a_pipe(guest):
    wrapper = guest()
    command = wrapper.command("-i", "--output-format=simple")
    with Terminal(command, stdout=subprocess.PIPE) as terminal:
        terminal.wait_for("Right enters")
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert parse_simple(terminal.process.stdout.read().decode())["kernel"]


def test_a_script_with_a_pipe_is_not_asked_anything(guest):
    with Terminal(guest().command("--output-format=simple"), stdout=subprocess.PIPE) as terminal:
        assert terminal.finish() == 0
        assert b"Boot menu" not in terminal.output


def test_boots_the_default_where_i_finds_no_terminal(guest):
    result = guest().run("-i", stdin=subprocess.DEVNULL)
    assert result.returncode == 0 and "-i needs a terminal" in result.stderr


def test_asks_nothing_in_the_background(guest):
    """Else the first thing it does to the terminal would stop it."""
    wrapper = guest()
    command = wrapper.command(f"--output={wrapper.folder}/answer", "--output-format=simple")
    with Terminal(["bash", "-c", 'set -m; "$@" & wait $!', "sh", *command]) as terminal:
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


# ---- time --------------------------------------------------------------------------------------


def test_counts_down_and_boots_the_default(guest):
    wrapper = guest(timeout=3)
    began = time.monotonic()
    with start(wrapper) as terminal:
        terminal.wait_for("boots in")
        assert terminal.finish() == 0
    assert time.monotonic() - began > 2.5
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_the_first_key_stops_the_count(guest):
    with start(guest()) as terminal:
        terminal.wait_for("boots in")
        terminal.press("x")
        terminal.wait_without("boots in")
        assert terminal.process.poll() is None


@pytest.mark.parametrize("options, timeout, conf", [
    ((), 0, ""), (("-i",), 0, ""), (("-q",), 60, ""), (("--entry=0",), 60, ""),
    (("-i",), 60, "menu = never"), ((), -1, "menu-wait = 0"),
])
def test_shows_no_menu(guest, options, timeout, conf):
    wrapper = guest(timeout=timeout)
    wrapper.configure(wrapper.folder / "nothing", conf)
    with start(wrapper, *options) as terminal:
        assert terminal.finish() == 0
        assert b"Boot menu" not in terminal.output and b"\x1b" not in terminal.output
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_without_a_timeout_the_host_says_how_long(guest):
    wrapper = guest(head="")
    wrapper.configure(wrapper.folder / "nothing", "menu-wait = 1s")
    with start(wrapper) as terminal:
        terminal.wait_for("boots in")
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_waits_for_ever_only_where_the_host_says_so(guest):
    wrapper = guest(timeout=-1)
    wrapper.configure(wrapper.folder / "nothing", "menu-wait = forever")
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        terminal.look(2)
        assert terminal.process.poll() is None and "boots in" not in terminal.text()
        terminal.press(ENTER)
        assert terminal.finish() == 0


def test_a_guest_cannot_keep_the_host_waiting(guest):
    with start(guest(timeout=99999999)) as terminal:
        text = terminal.wait_for("boots in")
        assert int(re.search(r"boots in (\d+) s", text)[1]) <= 300


@pytest.mark.parametrize("style", ["hidden", "countdown"])
def test_a_hidden_menu_shows_itself_at_a_key(guest, style):
    wrapper = guest(head=HEAD + f"set timeout_style={style}\n")
    with start(wrapper) as terminal:
        terminal.wait_for("Debian GNU/Linux boots in 60 s; any key shows the menu.")
        assert "Advanced" not in terminal.text()
        terminal.press(DOWN)
        terminal.wait_for("Advanced options", "Right enters")
        terminal.wait_selected("Debian")
        terminal.press(ENTER)
        assert terminal.finish() == 0
        assert terminal.is_as_before()


def test_a_hidden_menu_boots_when_the_time_is_over(guest):
    wrapper = guest(timeout=2, head=HEAD + "set timeout_style=hidden\n")
    with start(wrapper, raw=True) as terminal:
        assert terminal.finish() == 0
        assert b"Boot menu" not in terminal.output
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


# ---- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize("how, term", [
    (signal.SIGTERM, "vt100"), (signal.SIGHUP, "dumb"), (signal.SIGKILL, "vt100"),
    (signal.SIGKILL, "dumb")])
def test_nothing_is_left_when_it_is_killed(guest, how, term):
    wrapper = guest()
    with start(wrapper, term=term) as terminal:
        terminal.wait_for("boots in")
        below = children(terminal.process.pid)
        assert below
        assert terminal.end(how) == -how
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in below), 20)
        assert terminal.is_as_before()
    nothing_is_left(wrapper)


def test_control_c_ends_it_where_it_is_a_signal(guest):
    wrapper = guest()
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        terminal.press("\x03")
        assert terminal.finish() == -signal.SIGINT
        assert terminal.is_as_before()
    nothing_is_left(wrapper)


def test_a_menu_that_dies_costs_the_menu_only(guest):
    wrapper = guest()
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        menu = children(terminal.process.pid)
        assert len(menu) == 1
        os.kill(menu[0], signal.SIGKILL)
        assert terminal.finish() == 0
        assert b"bootfs-menu ended before anything was chosen" in terminal.output
        assert terminal.is_as_before()
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_boots_what_was_shown_or_nothing(guest, tmp_path):
    wrapper = guest()
    other = tmp_path / "other"
    other.mkdir()
    swapped = small_guest.make(other, files(HEAD.format(timeout=60) +
                                            ENTRIES.replace("quiet", "evil")), mib=16)
    with start(wrapper) as terminal:
        terminal.wait_for("Right enters")
        shutil.copyfile(swapped, wrapper.image)
        terminal.press(ENTER)
        assert terminal.finish() == 1
        terminal.wait_for("changed while it was shown")
    nothing_is_left(wrapper)


def test_another_entry_boots_where_the_default_cannot(guest):
    wrapper = guest(head=HEAD + "set default=2\n")
    with start(wrapper) as terminal:
        terminal.wait_for("no default entry, in")
        terminal.press(ENTER)
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet"


def test_a_guest_without_menu_fails_as_without_terminal(guest):
    wrapper = guest(entries="")
    quiet = wrapper.run("-q")
    with start(wrapper) as terminal:
        assert terminal.finish() == 1
        assert quiet.stderr.strip() in terminal.output.decode().replace("\r\n", "\n")
    nothing_is_left(wrapper)


def test_runs_as_the_user_of_runas(guest):
    with start(guest(), "--runas=65437") as terminal:
        terminal.wait_for("Right enters")
        menu = children(terminal.process.pid)
        assert len(menu) == 1
        status = dict(line.split(":\t", 1) for line in
                      open(f"/proc/{menu[0]}/status", encoding="ascii").read().splitlines()
                      if ":\t" in line)
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65437"}
        assert int(status["CapPrm"], 16) == 0
        terminal.press(ENTER)
        assert terminal.finish() == 0


def test_uses_the_shared_mount(guest, start_bootfs):
    wrapper = guest().mount(start_bootfs)
    with start(wrapper) as terminal:
        terminal.follow(("Boot menu of mail", "e"), ("Command line of", " more" + ENTER))
        assert terminal.finish() == 0
    assert answer(wrapper)["args"] == "root=/dev/xvda1 ro quiet more"
