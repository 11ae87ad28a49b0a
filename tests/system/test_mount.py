# SPDX-License-Identifier: GPL-2.0-or-later
"""mount(8) and fstab start bootfs; bash completes its command line."""

import os
import re
import subprocess

import pytest

from conftest import BUILD, TOP, domain, wait_until

# mount(8) takes helpers from /sbin only: a namespace of its own in which one lies there.
IN_NAMESPACE = """set -e
mount -t overlay none -o lowerdir={sbin}:/usr/sbin /usr/sbin
cd {folder}
"""


@pytest.fixture(params=["mount.fuse.bootfs", "mount.fuse"])
def mounting(request, tmp_path, guest):
    """run(script): a shell in which `mount -t fuse.bootfs` finds a helper: ours, or fuse3's."""
    (tmp_path / "mnt").mkdir()
    sbin = tmp_path / "sbin"
    sbin.mkdir()
    conf = tmp_path / "bootfs.conf"
    conf.write_text("[bootfs]\nxl-config = none\nworker-user = nobody\n" +
                    domain("mail", guest("mail.img")))
    if request.param == "mount.fuse.bootfs":
        (sbin / request.param).symlink_to(BUILD / "bootfs")
    else:
        (sbin / "bootfs").symlink_to(BUILD / "bootfs")  # mount(8) sets a PATH of its own
        if not os.path.exists("/usr/sbin/mount.fuse"):
            pytest.skip("fuse3 is not installed")

    def run(script):
        script = IN_NAMESPACE.format(sbin=sbin, folder=tmp_path) + script
        return subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True,
                              capture_output=True, timeout=120, check=False)

    run.helper = request.param
    run.folder = tmp_path
    yield run
    wait_until(lambda: not daemons(tmp_path), 30, "a daemon is left")


def daemons(folder):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                words = f.read()
            state = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if str(folder).encode() in words and b"bootfs" in words and state != "Z":
            found.append(pid)
    return found


def test_mount_and_umount(mounting):
    result = mounting("mount -t fuse.bootfs bootfs mnt -o config=$PWD/bootfs.conf\n"
                      "cat mnt/mail/default/cmdline\nfindmnt -no FSTYPE,OPTIONS mnt\numount mnt\n")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("root=/dev/xvda1 ro quiet\nfuse.bootfs ro,nosuid,nodev,noexec")


def test_a_line_of_fstab(mounting):
    result = mounting(
        "echo \"menus $PWD/mnt fuse.bootfs config=$PWD/bootfs.conf,noatime,nofail,_netdev,"
        "user,x-systemd.requires=xen.service 0 0\" >fstab\n"
        "mount -T fstab mnt\nls mnt\nfindmnt -no SOURCE mnt\numount mnt\n")
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[0] == "mail"
    if mounting.helper == "mount.fuse.bootfs":
        assert result.stdout.split() == ["mail", "menus"]


def test_mount_all_finds_it_mounted(mounting):
    result = mounting(
        "echo \"menus $PWD/mnt fuse.bootfs config=$PWD/bootfs.conf 0 0\" >fstab\n"
        "mount -a -T fstab\nmount -a -T fstab\nfindmnt -no FSTYPE mnt\numount mnt\n")
    assert (result.returncode, result.stdout) == (0, "fuse.bootfs\n"), result.stderr


def test_an_unknown_option_is_refused_by_name(mounting):
    result = mounting("mount -t fuse.bootfs bootfs mnt -o config=$PWD/bootfs.conf,compress=zstd\n")
    assert result.returncode != 0 and '"compress=zstd"' in result.stderr


def test_a_failure_has_its_reason_and_mounts_status(mounting):
    result = mounting("echo '[nonsense]' >bootfs.conf\n"
                      "mount -t fuse.bootfs bootfs mnt -o config=$PWD/bootfs.conf\n")
    assert result.returncode != 0 and "bootfs.conf:1: unknown section" in result.stderr
    if mounting.helper == "mount.fuse.bootfs":
        assert result.returncode == 32


@pytest.mark.parametrize("words, status, why", [
    (["only-one"], 1, "usage"), (["a", "/nowhere/x", "-o", "remount"], 1, "bootfs reload"),
    (["a", "/nowhere/x", "-s", "-o", "compress=zstd"], 32, "/nowhere/x"),
    (["a", "/nowhere/x", "-f"], 0, ""), (["a", "b", "-z"], 1, "-z")])
def test_the_helper_keeps_mounts_conventions(tmp_path, words, status, why):
    helper = tmp_path / "mount.fuse.bootfs"
    helper.symlink_to(BUILD / "bootfs")
    result = subprocess.run([helper, *words], capture_output=True, text=True, check=False,
                            timeout=60)
    assert result.returncode == status and why in result.stderr


# ---- completion ------------------------------------------------------------------------------


def complete(*words, env=None):
    """What bash would offer for the last word, as it cuts words at an equals sign."""
    cut = [part for word in words for part in re.split("(=)", word) if part or word == ""]
    script = ("source etc/bootfs.bash-completion\n"
              "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))\n\"_${1//-/_}\"\n"
              "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
    result = subprocess.run(["bash", "-c", script, "bash", *cut], cwd=TOP, text=True,
                            capture_output=True, timeout=60, check=True,
                            env={**os.environ, "BOOTFS": "/nowhere", **(env or {})})
    assert not result.stderr
    return [line for line in result.stdout.splitlines() if line]


def test_commands_are_completed_as_the_help_lists_them():
    text = subprocess.run([BUILD / "bootfs", "--help"], capture_output=True, text=True,
                          check=True).stdout
    listed = re.findall(r"^  ([a-z-]+)  ", text.split("Commands;")[1], re.M)
    offered = [word for word in complete("bootfs", "") if not os.path.isdir(TOP / word)]
    assert sorted(offered) == sorted(listed) and "check-guests" in listed
    assert complete("bootfs", "exp") == ["explain"]


@pytest.mark.parametrize("command", ["list", "explain", "check-guests", "extract", "compare",
                                     "reload"])
def test_every_option_is_completed(command):
    text = subprocess.run([BUILD / "bootfs", command, "--help"], capture_output=True, text=True,
                          check=True).stdout
    wanted = set(re.findall(r"--[a-z]+", text))
    offered = {word.rstrip("=") for word in complete("bootfs", command, "--")}
    assert offered >= wanted
    for option in offered:
        result = subprocess.run([BUILD / "bootfs", command, option, "--help"], check=False,
                                capture_output=True, text=True, timeout=60)
        assert "has no option" not in result.stderr and "unknown option" not in result.stderr


@pytest.mark.parametrize("program", ["bootfs-pygrub", "bootfs-inspect"])
def test_the_other_programs_options_are_completed(program):
    text = subprocess.run([BUILD / program, "--help"], capture_output=True, text=True,
                          check=True).stdout
    wanted = set(re.findall(r"--[a-z-]+[a-z]", text))
    assert {word.rstrip("=") for word in complete(program, "--")} == wanted
    assert complete("bootfs-pygrub", "--output-format=si") == ["simple", "simple0"]


def test_domains_come_from_the_mount(guest, start_bootfs):
    image = guest("mail.img")
    bootfs = start_bootfs(domain("mail", image) + domain("mirror", image) +
                          domain("web server", image))
    env = {"BOOTFS": str(bootfs.mount)}
    assert complete("bootfs", "check-guests", "m", env=env) == ["mail", "mirror"]
    assert complete("bootfs", "explain", "web", env=env) == ["web\\ server"]
    where = ["--bootfs", "=", str(bootfs.mount)]
    assert complete("bootfs", "explain", *where, "mir") == ["mirror"]


def test_images_and_folders_are_completed(guest):
    image = guest("disk.img")
    (image.parent / "out").mkdir()
    assert complete("bootfs", "explain", str(image)[:-4]) == [str(image)]
    folder = str(image.parent / "ou")
    assert complete("bootfs", "extract", str(image), folder) == [str(image.parent / "out")]
    assert complete("bootfs", "list", f"--config={image.parent}/di") == [str(image)]
    assert complete("bootfs", "compare", "--timeout=3") == ["30s"]
