# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal to run programs on, and eyes to look at its screen."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

UP, DOWN, RIGHT, LEFT = "\x1bOA", "\x1bOB", "\x1bOC", "\x1bOD"
ENTER, ESCAPE, BACKSPACE = "\r", "\x1b", "\x7f"


class Terminal:
    """
    A program as the leader of a session of its own on a pseudo terminal, all three standard
    descriptors on it where nothing else is said. `raw` is as libxl makes it; rows and columns may
    be 0.
    """

    def __init__(self, command, rows=24, columns=80, term="vt100", raw=False, **more):
        self.master, slave = pty.openpty()
        self.slave_name = os.ttyname(slave)
        self.resize(rows, columns, slave)
        if raw:
            import tty
            tty.setraw(slave)
        self.before = termios.tcgetattr(slave)
        env = {k: v for k, v in os.environ.items() if k not in ("TERM", "LINES", "COLUMNS")}
        if term:
            env["TERM"] = term
        self.screen = pyte.Screen(columns or 80, rows or 24)
        self.stream = pyte.ByteStream(self.screen)
        self.output = b""
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=more.pop("stdout", slave),
            stderr=more.pop("stderr", slave), env=env, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **more)
        # Kept open: what was written shall be read even after the program's end.
        self.slave = slave

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self.master)
        os.close(self.slave)

    def resize(self, rows, columns, fd=None):
        fcntl.ioctl(fd or self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if fd is None:
            self.screen.resize(rows, columns)

    def look(self, seconds=0.0):
        """Takes in what has been written."""
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            if ready:
                data = os.read(self.master, 65536)
                self.output += data
                self.stream.feed(data)
            elif time.monotonic() >= end:
                return

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def wait_for(self, *words, seconds=30):
        """Until all of them stand on the screen."""
        end = time.monotonic() + seconds
        while not all(word in self.text() for word in words):
            self.look(0.02)
            assert time.monotonic() < end, f"no {words} on\n{self.text()}\n{self.output[-2000:]}"
        return self.text()

    def wait_without(self, word, seconds=30):
        end = time.monotonic() + seconds
        while word in self.text():
            self.look(0.02)
            assert time.monotonic() < end, f"still {word} on\n{self.text()}"
        return self.text()

    def press(self, keys):
        os.write(self.master, keys.encode())

    def follow(self, *steps, seconds=30):
        """Presses keys each time when what stands before them in `steps` is on the screen."""
        for shown, keys in steps:
            self.wait_for(shown, seconds=seconds)
            self.press(keys)

    def selected(self):
        """The lines shown in reverse."""
        return [line.strip() for y, line in enumerate(self.screen.display)
                if any(self.screen.buffer[y][x].reverse for x in range(self.screen.columns))]

    def wait_selected(self, word, seconds=30):
        end = time.monotonic() + seconds
        while not any(word in line for line in self.selected()):
            self.look(0.02)
            assert time.monotonic() < end, f"{word} is not selected on\n{self.text()}"

    def finish(self, seconds=60):
        """The exit status."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self.look(0.02)
            assert time.monotonic() < end, f"does not end:\n{self.text()}"
        self.look()
        return self.process.returncode

    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.finish()
