# SPDX-License-Identifier: GPL-2.0-or-later
"""bootfs list, explain, check-guests, extract and reload: on a mount, and without one."""

import json
import os
import pty
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from conftest import BUILD, bytes_like, domain, mounts, unmount_below
from wrapper import processes_of

NO_GUEST = b"\0" * (4 << 20)


class Host:
    """Two guests, one that boots and one that does not, and a way to run commands on them."""

    def __init__(self, tmp_path, guest):
        self.folder = tmp_path
        self.good = guest("good.img")
        self.bad = tmp_path / "bad.img"
        self.bad.write_bytes(NO_GUEST)
        self.conf = tmp_path / "commands.conf"
        self.domains = domain("mail", self.good) + domain("broken", self.bad)
        self.write(self.domains)

    def write(self, domains, mountpoint="/nowhere", more=""):
        self.conf.write_text(f"[bootfs]\nmountpoint = {mountpoint}\nxl-config = none\n"
                             f"worker-user = nobody\n{more}\n{domains}")

    def run(self, command, *words, env=None, **more):
        return subprocess.run([BUILD / "bootfs", command, f"--config={self.conf}", *words],
                              capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, **(env or {})}, **more)


@pytest.fixture
def host(tmp_path, guest):
    return Host(tmp_path, guest)


@pytest.fixture(params=["private", "mounted"])
def seen(request, host, start_bootfs):
    """The same host, with bootfs mounted and without."""
    if request.param == "mounted":
        host.bootfs = start_bootfs(host.domains)
        host.write(host.domains, host.bootfs.mount)
    return host


def test_list_tells_which_domains_boot_and_what(seen):
    result = seen.run("list")
    lines = result.stdout.splitlines()
    assert result.returncode == 0, result.stderr
    assert lines[0].split() == ["DOMAIN", "STATUS", "LOADER", "DEFAULT"]
    assert lines[1].split()[:3] == ["broken", "error", "-"]
    assert lines[2].split() == ["mail", "ok", "grub2", "First"]


def test_list_is_json_for_programs(seen):
    result = json.loads(seen.run("list", "--json").stdout)
    broken, mail = result["domains"]
    assert result["schema"] == 1
    assert mail["domain"] == "mail" and mail["status"] == "ok" and mail["error"] is None
    assert mail["default"]["title"] == "First" and mail["default"]["id"] == "first"
    assert mail["default"]["cmdline"] == "root=/dev/xvda1 ro quiet"
    assert broken["status"] == "error" and "bad.img" in broken["error"]
    assert broken["default"] is None


def test_list_takes_domains_and_images(seen):
    result = json.loads(seen.run("list", "--json", "mail", str(seen.bad)).stdout)
    assert [d["image"] for d in result["domains"]] == [None, str(seen.bad)]
    assert [d["status"] for d in result["domains"]] == ["ok", "error"]


def test_an_image_in_the_current_folder_needs_no_slash(host):
    result = host.run("list", "good.img", cwd=host.folder)
    assert result.stdout.splitlines()[1].split()[:2] == ["good.img", "ok"]


def test_a_domain_that_is_not_there_is_trouble_that_says_what_to_do(seen):
    result = seen.run("list", "nobody")
    assert result.returncode == 2
    assert 'no domain "nobody"' in result.stderr and "bootfs list" in result.stderr


def test_explain_prints_the_log_and_says_by_its_status_whether_it_boots(seen):
    good, bad = seen.run("explain", "mail"), seen.run("explain", str(seen.bad))
    assert good.returncode == 0 and good.stdout.splitlines()[-1] == "result  entry 0 boots"
    assert bad.returncode == 1 and bad.stdout.splitlines()[-1].startswith("error ")


def kernel_header(version):
    """The beginning of a Linux kernel for x86, as far as its version."""
    kernel = bytearray(bytes_like(1, 20_000))
    kernel[0x1f1:0x260] = bytes(0x260 - 0x1f1)
    kernel[0x1f1] = 1
    kernel[0x1fe:0x200] = b"\x55\xaa"
    kernel[0x202:0x206] = b"HdrS"
    kernel[0x206:0x208] = b"\x0f\x02"
    kernel[0x20e:0x210] = b"\x00\x02"
    kernel[0x211] = 1
    banner = version.encode() + b" (builder) #1\0"
    kernel[0x400:0x400 + len(banner)] = banner
    return bytes(kernel)


def test_list_and_explain_tell_what_the_kernel_says_of_itself(host, guest):
    image = guest("versioned.img", files={
        "/boot/grub/grub.cfg": "menuentry One {\n linux /vmlinuz\n}\n",
        "/vmlinuz": kernel_header("6.1.0-18-amd64")})
    assert "kernel  version 6.1.0-18-amd64" in host.run("explain", str(image)).stdout.splitlines()
    assert "One  [6.1.0-18-amd64]" in host.run("list", str(image)).stdout
    listed = json.loads(host.run("list", "--json", str(image)).stdout)
    assert listed["domains"][0]["default"]["version"] == "6.1.0-18-amd64"


def test_check_guests_names_those_that_would_not_come_back(seen):
    result = seen.run("check-guests")
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 1
    assert result.stdout.startswith("broken: error: ") and "bad.img" in result.stdout
    assert "1 of 2 guests" in result.stderr


def test_check_guests_is_silent_and_zero_where_all_is_well(seen):
    result = seen.run("check-guests", "mail")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert seen.run("check-guests", "-v", "mail").stdout == 'mail: ok: boots "First"\n'


def test_a_file_with_a_mistake_is_a_guest_that_does_not_come_back(host):
    (host.folder / "ok.cfg").write_text(f'name = "ok"\ndisk = ["{host.good},raw,xvda,w"]\n')
    (host.folder / "bad.cfg").write_text('name = "bad\n')
    host.conf.write_text(f"[bootfs]\nmountpoint = /nowhere\nxl-config = {host.folder}/*.cfg\n"
                         "worker-user = nobody\n")
    result = host.run("check-guests")
    assert result.returncode == 1 and f"not shown: {host.folder}/bad.cfg:" in result.stdout
    assert host.run("check-guests", "ok").returncode == 0
    assert "bootfs --check" in host.run("list").stderr
    assert "bootfs --check" in host.run("explain", "bad").stderr


def test_nothing_to_check_is_no_good_news(host):
    host.write("")
    for command in ("check-guests", "compare"):
        result = host.run(command)
        assert result.returncode == 2 and "no domain is configured" in result.stderr
    assert host.run("list").returncode == 0


def test_a_guest_that_xl_starts_otherwise_needs_no_menu(host):
    (host.folder / "win.cfg").write_text(
        f'name = "win"\ntype = "hvm"\ndisk = ["{host.bad},raw,xvda,w"]\n')
    host.conf.write_text(f"[bootfs]\nmountpoint = /nowhere\nxl-config = {host.folder}/*.cfg\n"
                         "worker-user = nobody\n")
    assert host.run("check-guests").returncode == 0
    assert host.run("list").stdout.splitlines()[1].split()[:2] == ["win", "unused"]


def test_without_root_a_mount_is_needed(for_everybody):
    result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                             for_everybody / "bootfs", "list", "--config=/nonexistent"],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2 and "only root can look without a mount" in result.stderr


@pytest.fixture
def mount():
    """A mount point that any user can come to."""
    with tempfile.TemporaryDirectory(dir="/run") as folder:
        os.chmod(folder, 0o755)
        where = Path(folder) / "mnt"
        where.mkdir()
        yield where
        unmount_below(folder)


def test_whom_access_lets_in_may_list_and_is_told_what_he_may_not(host, start_bootfs, mount,
                                                                 for_everybody):
    def as_member(*words, group="60"):
        return subprocess.run(["setpriv", "--reuid=65534", f"--regid={group}", "--clear-groups",
                               for_everybody / "bootfs", *words, f"--bootfs={bootfs.mount}"],
                              capture_output=True, text=True, timeout=60, check=False)
    bootfs = start_bootfs(host.domains, more="access = games", mount=mount)
    assert "mail" in as_member("list").stdout
    assert as_member("explain", "mail").returncode == 0
    for words, why in ((["explain", "/etc/passwd"], "bootfs-inspect"),
                       (["reload"], "only root")):
        result = as_member(*words)
        assert result.returncode == 2 and why in result.stderr
    stranger = as_member("list", group="65534")
    assert stranger.returncode == 2 and "access in bootfs.conf(5)" in stranger.stderr


def test_three_hundred_guests_are_checked_in_seconds(host):
    host.write("".join(domain(f"guest{i}", host.good) for i in range(299)) +
               domain("broken", host.bad))
    start = time.monotonic()
    result = host.run("check-guests", "--all")
    assert result.returncode == 1 and len(result.stdout.splitlines()) == 1
    assert time.monotonic() - start < 60  # a second or two where nothing else runs


def test_extract_writes_what_boots(seen):
    to = seen.folder / "out"
    assert seen.run("extract", "mail", str(to)).returncode == 0
    assert (to / "kernel").read_bytes() == bytes_like(1, 3 << 20)
    assert (to / "initrd").read_bytes() == bytes_like(3, 5 << 20)
    assert (to / "cmdline").read_text() == "root=/dev/xvda1 ro quiet\n"
    assert sorted(f.name for f in to.iterdir()) == ["cmdline", "initrd", "kernel"]


def test_extract_takes_another_entry_and_an_image(seen):
    to = seen.folder / "out"
    assert seen.run("extract", "--entry=second", str(seen.good), str(to)).returncode == 0
    assert (to / "kernel").read_bytes() == bytes_like(2, 100_001)
    assert sorted(f.name for f in to.iterdir()) == ["cmdline", "kernel"]


def test_extract_overwrites_only_by_force_and_leaves_nothing_of_another_entry(host):
    to = host.folder / "out"
    to.mkdir()
    (to / "kernel").write_text("mine")
    (to / "initrd").write_text("mine")
    result = host.run("extract", "--entry=second", "mail", str(to))
    assert result.returncode == 2 and "--force" in result.stderr
    assert (to / "kernel").read_text() == (to / "initrd").read_text() == "mine"
    assert host.run("extract", "--force", "--entry=second", "mail", str(to)).returncode == 0
    assert (to / "kernel").read_bytes() == bytes_like(2, 100_001)
    assert not (to / "initrd").exists()


@pytest.mark.parametrize("words, status", [
    (["--entry=99", "mail"], 1), (["--entry=gone", "mail"], 1), (["broken"], 1)])
def test_extract_writes_nothing_where_nothing_boots(host, words, status):
    to = host.folder / "out"
    result = host.run("extract", *words, str(to))
    assert result.returncode == status and result.stderr
    assert not to.exists()


def test_extract_leaves_nothing_where_there_is_no_room(host):
    to = host.folder / "small"
    to.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", to], check=True)
    try:
        result = host.run("extract", "mail", str(to))
        assert result.returncode == 2 and "No space left" in result.stderr
        assert not list(to.iterdir())
    finally:
        subprocess.run(["umount", to], check=True)


def test_nothing_is_left_of_a_private_bootfs(host):
    host.run("list")
    assert not [where for where, _ in mounts() if where.startswith("/proc/fs/")
                or where.startswith(str(host.folder)) or where == "/proc/fs"]
    assert not processes_of(host.conf)


def test_a_dead_mount_does_not_stop_a_command(host, start_bootfs):
    bootfs = start_bootfs(host.domains)
    host.write(host.domains, bootfs.mount)
    bootfs.stop(signal.SIGKILL)
    result = host.run("list")
    assert "mail" in result.stdout and "private bootfs" in result.stderr


def test_a_mount_asked_for_by_name_must_be_one(host):
    result = host.run("list", "--bootfs=/usr")
    assert result.returncode == 2 and "no bootfs is mounted on /usr" in result.stderr


def test_colours_are_for_terminals_only(host):
    def on_a_terminal(**env):
        master, slave = pty.openpty()
        process = subprocess.Popen([BUILD / "bootfs", "list", f"--config={host.conf}"],
                                   stdout=slave, env={**os.environ, "TERM": "xterm", **env})
        os.close(slave)
        text = b""
        while True:
            try:
                text += os.read(master, 4096)
            except OSError:
                break
        process.wait(60)
        os.close(master)
        return text

    assert b"\033[31merror\033[0m" in on_a_terminal(NO_COLOR="")
    assert b"\033" not in on_a_terminal(NO_COLOR="1")
    assert b"\033" not in on_a_terminal(TERM="dumb")
    assert "\033" not in host.run("list").stdout


def test_a_guests_title_cannot_speak_to_the_terminal(host, guest):
    evil = guest("evil.img", files={
        "/boot/grub/grub.cfg": "menuentry 'a\033[2Jb' {\n linux /vmlinuz\n}\n",
        "/vmlinuz": bytes_like(1, 5000)})
    result = host.run("list", str(evil))
    assert "a\\e[2Jb" in result.stdout and "\033" not in result.stdout


# ---- reload ----------------------------------------------------------------------------------


def test_reload_reports_the_mistakes_with_file_and_line(host, start_bootfs):
    bootfs = start_bootfs(host.domains)
    host.write(host.domains, bootfs.mount)
    where = f"--bootfs={bootfs.mount}"
    good = host.run("reload", where)
    assert good.returncode == 0 and "reloaded: 2 domains" in good.stderr and not good.stdout
    bootfs.write("[bootfs]\nxl-config = none\nfoo = 1\n[domain x]\ndisk = ,,\n")
    bad = host.run("reload", where)
    assert bad.returncode == 1
    assert f'{bootfs.conf}:3: unknown setting "foo"' in bad.stdout
    assert f"{bootfs.conf}:5: " in bad.stdout
    assert "stays as it was" in bad.stderr
    assert sorted(p.name for p in bootfs.mount.iterdir()) == ["broken", "mail"]


def test_reload_tells_of_a_bad_xl_file_and_shows_the_others(host, start_bootfs):
    xl = host.folder / "xl"
    xl.mkdir()
    (xl / "web.cfg").write_text(f'name = "web"\ndisk = ["{host.good},raw,xvda,w"]\n')
    bootfs = start_bootfs(xl=f"{xl}/*.cfg")
    (xl / "worse.cfg").write_text('name = "worse\n')
    result = host.run("reload", f"--bootfs={bootfs.mount}")
    assert result.returncode == 1 and f"{xl}/worse.cfg:" in result.stdout
    assert "reloaded: 1 domains" in result.stderr


def test_reload_without_a_running_bootfs_says_how_to_start_one(host):
    result = host.run("reload")
    assert result.returncode == 2 and "systemctl start bootfs" in result.stderr


def test_the_status_file_is_for_root_and_always_new(host, start_bootfs):
    bootfs = start_bootfs(host.domains)
    status = bootfs.mount / ".status"
    assert status.stat().st_mode & 0o777 == 0o400
    assert f"pid {bootfs.pid}\n" in status.read_text() and "domains 2\n" in status.read_text()
    bootfs.write(bootfs.conf.read_text() + domain("third", host.good))
    bootfs.reload()
    assert "domains 3\n" in status.read_text()
    assert ".status" not in os.listdir(bootfs.mount)


def test_the_programs_find_each_other_where_they_are_installed(host):
    top = host.folder / "usr"
    for program, where in (("bootfs", "bin"), ("bootfs-inspect", "bin"),
                           ("bootfs-admin", "libexec/bootfs"),
                           ("bootfs-config", "libexec/bootfs")):
        (top / where).mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILD / program, top / where)
    result = subprocess.run([top / "bin/bootfs", "list", f"--config={host.conf}"], timeout=120,
                            capture_output=True, text=True, check=False, cwd="/")
    assert result.returncode == 0 and "mail" in result.stdout, result.stderr
    (top / "libexec/bootfs/bootfs-admin").unlink()
    result = subprocess.run([top / "bin/bootfs", "list"], capture_output=True, text=True,
                            timeout=60, check=False)
    assert result.returncode == 2 and "installed as a whole" in result.stderr


# ---- the command line ------------------------------------------------------------------------


@pytest.mark.parametrize("words, why", [
    (["list", "--force"], "has no option --force"), (["list", "--nonsense"], "unknown option"),
    (["explain"], "something is missing"), (["explain", "a", "b"], "too much"),
    (["extract", "a"], "something is missing"), (["check-guests", "--all", "a"], "exclude"),
    (["--foreground", "list"], "the command comes first")])
def test_a_wrong_command_line_is_refused_in_words(words, why):
    result = subprocess.run([BUILD / "bootfs", *words], capture_output=True, text=True,
                            check=False, timeout=60)
    assert result.returncode == 2 and why in result.stderr and not result.stdout


@pytest.mark.parametrize("command", ["list", "explain", "check-guests", "extract", "reload", "compare"])
def test_every_command_explains_itself(command):
    result = subprocess.run([BUILD / "bootfs", command, "--help"], capture_output=True, text=True,
                            check=False, timeout=60)
    assert result.returncode == 0 and result.stdout.startswith(f"Usage: bootfs {command}")
