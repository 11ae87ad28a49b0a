# SPDX-License-Identifier: GPL-2.0-or-later
"""growth.py [--curves NAME,...] [--write FILE] [--realtime]: what bootfs costs as everything grows.

Prints each curve as a table in Markdown; --write puts them into FILE between its two lines
"<!-- measured: begin -->" and "<!-- measured: end -->". Needs root, strace, and 3 GB in $TMPDIR."""

import argparse
import concurrent.futures
import datetime
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inputs import (BUILD, Guest, long_cfg, make_image, run, short_cfg, slow_disk, timed,
                    write_tree)

FRESH = "cache-ttl = 1ms"       # what is looked at is looked at anew


def table(title, head, rows):
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    print("\n".join(lines) + "\n", flush=True)
    return "\n".join(lines) + "\n"


def fresh_menu_ms(guest, path, image, times=5):
    """The median of inspections, and how often the menu was inspected: once each."""
    took = []
    for _ in range(times):
        os.utime(image)
        time.sleep(0.005)
        took.append(timed(path.read_bytes))
    return statistics.median(took)


def requests(guest, action):
    """The requests that an action makes the daemon answer: its writes to /dev/fuse."""
    trace = guest.folder / "trace"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=writev", "-o", trace, "-p",
                               str(guest.daemon.pid)], stderr=subprocess.DEVNULL)
    while not re.search(r"TracerPid:\s+[1-9]",
                        Path(f"/proc/{guest.daemon.pid}/status").read_text()):
        time.sleep(0.01)
    action()
    time.sleep(0.05)
    tracer.terminate()
    tracer.wait()
    return sum("writev(" in line for line in trace.read_text().splitlines())


def curve_domains(guest):
    """Domains"""
    rows = []
    for count in (10, 100, 1000, 10000):
        config = guest.many(count)
        guest.stop()
        start = timed(lambda c=config: guest.start(c))
        before = guest.status("VmRSS")
        listing = timed(lambda: run("ls", "-l", guest.mountpoint))
        cold = timed(lambda n=count: guest.read_menus(n))
        stats = timed((guest.mountpoint / ".stats").read_bytes)
        rows.append([f"{count:,}", f"{start:.0f}", f"{before / 1024:.1f}", f"{listing:.0f}",
                     f"{cold:.0f}", f"{cold / count:.2f}", int(guest.inspections()),
                     f"{(guest.status('VmRSS') - before) / count:.1f}", f"{stats:.1f}"])
        guest.stop()
        guest.start()
    return table("Domains", ["domains", "start, ms", "memory, MB", "`ls -l` of all, ms",
                             "all menus cold, ms", "one of them, ms", "inspections",
                             "kB a domain looked at", "`cat .stats`, ms"], rows)


def curve_readers(guest):
    """Readers"""
    rows = []
    for count in (1, 10, 100, 1000):
        took = []
        for paths in ([guest.mountpoint / "d0/menu"] * count,
                      [guest.mountpoint / f"d{i}/menu" for i in range(count)]):
            with guest.shown(guest.many(1000)), \
                    concurrent.futures.ThreadPoolExecutor(count) as pool:
                ms = timed(lambda p=paths, e=pool: list(e.map(Path.read_bytes, p)))
                took += [f"{ms:.1f}", int(guest.inspections())]
        rows.append([f"{count:,}", *took])
    return table("Readers at once", ["readers", "all of one menu, ms", "inspections",
                                     "each of another menu, ms", "inspections"], rows)


def curve_entries(guest):
    """Entries"""
    rows = []
    for count in (1, 10, 100, 1000, 10000):
        image = guest.image_with(f"entries-{count}.img", long_cfg(count), 64 << 20)
        with guest.shown(guest.write_config([("d", image)], "entries.conf", FRESH)):
            folder = guest.mountpoint / "d"
            before = guest.status("VmRSS")
            ms = fresh_menu_ms(guest, folder / "menu", image)
            memory = max(0, guest.status("VmRSS") - before)
            menu = len((folder / "menu").read_bytes())
            listing = timed(lambda f=folder: run("ls", "-l", f / "entries"))
            config = os.path.getsize(f"{image}.tree/boot/grub/grub.cfg")
        rows.append([f"{count:,}", f"{config / 1024:.0f}", f"{ms:.1f}", f"{menu / 1024:.1f}", memory,
                     f"{listing:.1f}"])
    return table("Entries of one menu", ["entries", "grub.cfg, kB", "cold `cat menu`, ms",
                                         "menu, kB", "memory, kB", "`ls -l entries`, ms"], rows)


def curve_size(guest):
    """Disk size"""
    rows = []
    for label, size in (("1 GB", 10 ** 9), ("16 GB", 16 * 10 ** 9), ("256 GB", 256 * 10 ** 9),
                        ("4 TB", 4 * 10 ** 12), ("16 TB", 16 * 10 ** 12)):
        image = guest.folder / "sized.img"
        tree = write_tree(guest.folder / "sized.tree", short_cfg())
        make_image(image, tree, size // 4096 * 4096)
        with guest.shown(guest.write_config([("d", image)], "sized.conf", FRESH)):
            ms = fresh_menu_ms(guest, guest.mountpoint / "d/menu", image)
            peak = peak_of_inspector(image)
        rows.append([label, f"{ms:.1f}", peak])
        image.unlink()
        run("rm", "-r", tree)
    return table("Size of the disk (sparse, ext4)", ["size", "cold `cat menu`, ms",
                                                     "inspector's memory, kB"], rows)


def peak_of_inspector(image):
    said = subprocess.run(["/usr/bin/time", "-f", "%M", str(BUILD / "bootfs-inspect"), str(image)],
                          capture_output=True, text=True, check=False).stderr
    return said.strip().splitlines()[-1]


def curve_slow(guest):
    """Slow storage"""
    rows = []
    image = guest.image_with("slow.img", short_cfg(), 16 << 20)
    for delay in (0, 1, 5, 20):
        with slow_disk(guest, image, delay) as disk, \
                guest.shown(guest.write_config([("d", disk)], "slow.conf")):
            first = timed((guest.mountpoint / "d/menu").read_bytes)
            again = timed((guest.mountpoint / "d/menu").read_bytes)
            rows.append([delay, f"{first:.1f}", f"{again:.2f}",
                         f"{first / delay:.0f}" if delay else ""])
    return table("Storage that takes its time (each request of a FUSE file waits)",
                 ["ms a request", "first `cat menu`, ms", "again, ms", "waits"], rows)


def curve_calls(guest):
    """System calls"""
    menu, folder = guest.mountpoint / "d0/menu", guest.mountpoint / "d0"
    rows = []
    with guest.shown(guest.many(1000)):
        for what, command in (
                ("first `cat menu`", ["cat", menu]), ("`cat menu` again", ["cat", menu]),
                ("`cat menu.json`", ["cat", folder / "menu.json"]),
                ("`ls -l` of a domain", ["ls", "-l", folder]),
                ("`ls -l` of it again", ["ls", "-l", folder]),
                ("`ls -l entries/0`", ["ls", "-l", folder / "entries/0"]),
                ("`ls -l` of 1,000 domains", ["ls", "-l", guest.mountpoint]),
                ("`cat .stats`", ["cat", guest.mountpoint / ".stats"])):
            before = guest.inspections()
            count = requests(guest, lambda c=command: run(*c))
            rows.append([what, count, int(guest.inspections() - before)])
    with guest.shown():
        path = guest.mountpoint / "guest/entries/0/initrd"
        for what in ("first `cat initrd` (40 MB)", "`cat initrd` again"):
            before = guest.inspections()
            count = requests(guest, lambda: run("cat", path))
            rows.append([what, count, int(guest.inspections() - before)])
    said = subprocess.run(["strace", "-f", "-c", "-qq", str(BUILD / "bootfs-inspect"),
                           str(guest.image)], capture_output=True, text=True, check=False)
    calls = next(l for l in said.stderr.splitlines() if l.endswith("total")).split()[3]
    rows.append(["`bootfs-inspect` (system calls, asker and inspector)", calls, 1])
    return table("What it is in requests and inspections", ["what", "requests to bootfs",
                                                            "inspections"], rows)


CURVES = {name[6:]: f for name, f in list(globals().items()) if name.startswith("curve_")}


def write(path, tables):
    text = Path(path).read_text()
    machine = (f"Linux {os.uname().release}, {os.cpu_count()} processors, load "
               f"{os.getloadavg()[0]:.1f}, {datetime.date.today()}.\n")
    Path(path).write_text(re.sub(
        r"(<!-- measured: begin -->\n).*?(<!-- measured: end -->)",
        lambda m: m[1] + "\n" + machine + "\n" + "\n".join(tables) + "\n" + m[2], text,
        flags=re.S))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--curves", default=",".join(CURVES))
    parser.add_argument("--write", metavar="FILE")
    parser.add_argument("--realtime", action="store_true",
                        help="before everything else on this machine: for one that others use")
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("growth: needs root")
    if args.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    with tempfile.TemporaryDirectory(prefix="bootfs-growth.") as folder:
        guest = Guest(Path(folder))
        guest.start()
        try:
            tables = [CURVES[name](guest) for name in args.curves.split(",")]
        finally:
            guest.stop()
    if args.write:
        write(args.write, tables)


if __name__ == "__main__":
    main()
