# SPDX-License-Identifier: GPL-2.0-or-later
"""xl's files and bare images appear, change and vanish while bootfs runs."""

import json
import os
import shutil
import subprocess
import time

import pytest

from conftest import BUILD, domain, wait_until


@pytest.fixture
def xl(tmp_path, guest, start_bootfs):
    """A folder of xl's files that a running bootfs watches."""
    class Xl:
        folder = tmp_path / "xl"
        image = guest("one.img")

        def text(self, name):
            return f'name = "{name}"\ndisk = ["{self.image},raw,xvda,w"]\n'

        def write(self, name, file=None):
            (self.folder / (file or f"{name}.cfg")).write_text(self.text(name))

        def start(self, pattern=None, **more):
            self.bootfs = start_bootfs(xl=pattern or f"{self.folder}/*.cfg", **more)

        def shown(self):
            return sorted(os.listdir(self.bootfs.mount))

        def shows(self, *names):
            # A minute's poll would mend what inotify missed: it must not be waited for.
            wait_until(lambda: self.shown() == sorted(names), 30,
                       f"not shown: {names}, but {self.bootfs.said()}")

    xl = Xl()
    xl.folder.mkdir()
    return xl


def readings(bootfs):
    return bootfs.said().count("domains read again")


def test_files_come_change_and_go(xl):
    xl.write("mail")
    xl.start()
    assert xl.shown() == ["mail"]
    xl.write("web")
    xl.shows("mail", "web")
    xl.write("db", file="web.cfg")
    xl.shows("db", "mail")
    (xl.folder / "web.cfg").unlink()
    xl.shows("mail")
    (xl.folder / "mail.cfg").rename(xl.folder / "mail.cfg.disabled")
    xl.shows()
    assert (xl.bootfs.mount / ".status").read_text().count("domains 0\n") == 1


def test_what_changed_before_the_watch_stood_is_seen(xl):
    """The folder is watched once the tree answers; the files were read before."""
    for i in range(5):
        (xl.folder / f"{i}.cfg").write_text(xl.text(f"early{i}"))
    xl.start()
    xl.write("late")
    xl.shows("late", *(f"early{i}" for i in range(5)))


def test_an_open_file_of_a_domain_that_changes_goes_on(xl):
    xl.write("mail")
    xl.start()
    before = (xl.bootfs.mount / "mail/menu").read_text()
    with open(xl.bootfs.mount / "mail/default/kernel", "rb") as kernel:
        first = kernel.read(1000)
        xl.write("web")
        xl.shows("mail", "web")
        assert (xl.bootfs.mount / "mail/menu").read_text() == before
        kernel.seek(0)
        assert kernel.read(1000) == first


def test_a_half_written_file_is_not_read_before_its_end(xl):
    xl.start()
    with open(xl.folder / "slow.cfg", "w") as f:
        f.write('name = "slow"\ndisk = ["')
        f.flush()
        time.sleep(1)
        f.write(f'{xl.image},raw,xvda,w"]\n')
    xl.shows("slow")
    temp = xl.folder / "by-rename.cfg.new"
    temp.write_text(xl.text("renamed"))
    temp.rename(xl.folder / "by-rename.cfg")
    xl.shows("renamed", "slow")


def test_editors_files_are_passed_over(xl):
    xl.write("mail")
    xl.start()
    time.sleep(1)
    before = readings(xl.bootfs)
    for name in (".mail.cfg.swp", "mail.cfg~", "4913", "#mail.cfg#"):
        (xl.folder / name).write_text("x")
        (xl.folder / name).unlink()
    time.sleep(1)
    assert readings(xl.bootfs) == before and xl.shown() == ["mail"]


def test_a_bad_file_costs_its_domain_and_is_told_once(xl):
    xl.write("mail")
    xl.start()
    (xl.folder / "bad.cfg").write_text('name = "bad\n')
    wait_until(lambda: "bad.cfg" in xl.bootfs.said(), 30)
    xl.write("web")
    xl.shows("mail", "web")
    assert xl.bootfs.said().count("bad.cfg") == 1
    assert "mistake " in (xl.bootfs.mount / ".status").read_text()
    xl.write("good", file="bad.cfg")
    xl.shows("good", "mail", "web")


def test_the_folder_may_be_missing_moved_and_replaced(xl):
    xl.folder.rmdir()
    xl.start()
    xl.folder.mkdir()
    xl.write("mail")
    xl.shows("mail")
    xl.folder.rename(xl.folder.with_name("old"))
    xl.shows()
    xl.folder.mkdir()
    xl.write("web")
    xl.shows("web")
    shutil.rmtree(xl.folder)
    xl.folder.with_name("old").rename(xl.folder)
    xl.shows("mail")


def test_wildcards_in_folders_too(xl):
    xl.start(pattern=f"{xl.folder}/*/xl*/*.cfg")
    (xl.folder / "rack1/xl-a").mkdir(parents=True)
    (xl.folder / "rack1/xl-a/mail.cfg").write_text(xl.text("mail"))
    xl.shows("mail")


def test_a_link_is_followed(xl):
    target = xl.folder.parent / "mail.real"
    target.write_text(xl.text("mail"))
    (xl.folder / "mail.cfg").symlink_to(target)
    xl.start()
    target.write_text(xl.text("other"))
    xl.shows("other")  # by the poll of those that are not told of everything


def test_more_events_than_the_kernel_keeps_do_no_harm(xl):
    xl.write("mail")
    xl.start()
    limit = int(open("/proc/sys/fs/inotify/max_queued_events").read())
    os.kill(xl.bootfs.pid, 19)
    try:
        for i in range(limit // 2 + 100):
            path = xl.folder / f"{i % 7}.cfg"
            path.write_text("x")
            path.unlink()
        xl.write("web")
    finally:
        os.kill(xl.bootfs.pid, 18)
    xl.shows("mail", "web")


def test_bootfs_conf_itself_waits_for_a_reload(xl):
    xl.start()
    xl.bootfs.write("[bootfs]\nnonsense = 1\n")
    xl.write("mail")
    xl.shows("mail")


def test_after_a_reload_the_new_patterns_are_watched(xl):
    xl.start()
    other = xl.folder.with_name("other")
    other.mkdir()
    xl.bootfs.write(f"[bootfs]\nxl-config = {other}/*.cfg\nworker-user = nobody\n")
    xl.bootfs.reload()
    (other / "mail.cfg").write_text(xl.text("mail"))
    xl.shows("mail")


def test_a_domain_that_xl_boots_otherwise_says_so(xl):
    (xl.folder / "own.cfg").write_text(xl.text("own") + 'kernel = "/boot/vmlinuz"\n')
    (xl.folder / "hvm.cfg").write_text(xl.text("hvm") + 'type = "hvm"\n')
    xl.start()
    for name, why in (("own", "kernel="), ("hvm", "HVM")):
        log = (xl.bootfs.mount / name / "log").read_text()
        assert why in log and "this menu is not used" in log
        assert why in json.loads((xl.bootfs.mount / name / "menu.json").read_text())["unused"]
    listed = subprocess.run([BUILD / "bootfs", "list", f"--bootfs={xl.bootfs.mount}"],
                            capture_output=True, text=True, check=True).stdout
    assert listed.count("unused") == 2


# ---- bare images -----------------------------------------------------------------------------


def test_images_are_domains_that_come_and_go(tmp_path, guest, start_bootfs):
    images = tmp_path / "images"
    images.mkdir()
    bootfs = start_bootfs(more=f"images = {images}/*.img")
    assert not os.listdir(bootfs.mount)
    guest("ci-1.img").rename(images / "ci-1.img")
    (images / "note.txt").write_text("no image")
    wait_until(lambda: os.listdir(bootfs.mount) == ["ci-1"], 30)
    menu = json.loads((bootfs.mount / "ci-1/menu.json").read_text())
    assert menu["grub_platform"] == "xen" and menu["status"] == "ok"
    time.sleep(1)
    before = readings(bootfs)
    with open(images / "ci-1.img", "r+b") as f:  # a running guest writes
        f.write(f.read(1))
    time.sleep(1)
    assert readings(bootfs) == before
    (images / "ci-1.img").unlink()
    wait_until(lambda: not os.listdir(bootfs.mount), 30)


def test_an_image_of_a_configured_domain_is_no_second_one(tmp_path, guest, start_bootfs):
    image = guest("mail-disk.img")
    bootfs = start_bootfs(domain("mail", image), more=f"images = {tmp_path}/*.img")
    assert os.listdir(bootfs.mount) == ["mail"]


def test_a_bare_image_by_its_path_is_looked_at_as_before(tmp_path, guest, start_bootfs):
    image = guest("ci.img")
    bootfs = start_bootfs(more=f"images = {tmp_path}/*.img")
    menu = json.loads((bootfs.disk(image) / "menu.json").read_text())
    assert menu["domain"] is None and menu["grub_platform"] == "xen"
