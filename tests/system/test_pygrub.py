# SPDX-License-Identifier: GPL-2.0-or-later
"""The wrapper on real disks, through a running bootfs and through a private one: its answers,
beside those of Xen's own pygrub, called as xl, XAPI and xend call it."""

import os
import pty
import re
import stat
import subprocess
import threading
import tty
from pathlib import Path

import pytest

import built
from conftest import BUILD, domain
from wrapper import Wrapper, fixture_private, fixture_setup, parse_simple, small_guest  # noqa: F401

PYGRUB = next((str(p) for p in sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)


@pytest.fixture(name="mounted")
def fixture_mounted(tmp_path, start_bootfs):
    return Wrapper(tmp_path).mount(start_bootfs)


# ---- the answer -----------------------------------------------------------------------------

def test_copies_what_the_guest_would_boot(setup):
    done = setup.run("-q", "--output-format=simple")
    assert done.returncode == 0 and done.stderr == ""
    answer = parse_simple(done.stdout)
    assert Path(answer["kernel"]).read_bytes() == setup.files["boot/vmlinuz"]
    assert Path(answer["ramdisk"]).read_bytes() == setup.files["boot/initrd.img"]
    assert answer["args"] == small_guest.CMDLINE
    assert sorted(map(str, setup.out.iterdir())) == sorted([answer["kernel"], answer["ramdisk"]])
    for path in setup.out.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert re.fullmatch(r"boot_(kernel|ramdisk)\.[a-z0-9_]{8}", path.name)


def squeeze(text):
    """Temporary names and runs of blanks are the only things that may differ."""
    text = re.sub(r"[^ ']*/boot_(kernel|ramdisk)\.\w{8}", r"/\1", text)
    return re.sub(r"[ \t]+", " ", text)


@pytest.mark.skipif(PYGRUB is None, reason="no pygrub to compare with")
@pytest.mark.parametrize("form", ["sxp", "simple", "simple0"])
@pytest.mark.parametrize("more", [[], ["--args=console=hvc0 x='1'"], ["--entry=2"],
                                  ["--entry=Debian GNU/Linux, recovery"],
                                  ["--kernel=/boot/old", "--args=a b"],
                                  ["--kernel=/boot/old", "--ramdisk=/boot/initrd.img"]])
def test_says_what_pygrub_says(mounted, form, more):
    options = ["-q", f"--output-format={form}", *more]
    ours = mounted.run(*options)
    copies = {p.name.split(".")[0]: p.read_bytes() for p in mounted.out.iterdir()}
    mounted.clean()
    theirs = subprocess.run(["/usr/bin/python3", PYGRUB, f"--output-directory={mounted.out}",
                             *options, mounted.image], capture_output=True, text=True, check=True)
    # pygrub's parser talks on standard output.
    expected = "".join(re.split(r"(?:Using|WARNING).*\n", theirs.stdout))
    assert ours.returncode == 0
    assert squeeze(ours.stdout) == squeeze(expected)
    assert copies == {p.name.split(".")[0]: p.read_bytes() for p in mounted.out.iterdir()}


@pytest.mark.skipif(PYGRUB is None, reason="no pygrub to compare with")
def test_lists_what_pygrub_lists(setup):
    ours = setup.run("-l")
    theirs = subprocess.run(["/usr/bin/python3", PYGRUB, "-l", f"--output-directory={setup.out}",
                             setup.image],
                            capture_output=True, text=True, check=True)
    setup.clean()  # pygrub leaves two empty files
    lines = [[line for line in text.splitlines() if re.match(r"title|  (kernel|args|initrd):", line)]
             for text in (ours.stdout, theirs.stdout)]
    assert ours.returncode == 0
    assert lines[0] == lines[1] and len(lines[0]) == 12
    assert not any(setup.out.iterdir())


@pytest.mark.parametrize("entry, kernel", [("0", "boot/vmlinuz"), ("2", "boot/old"),
                                           ("old", "boot/old"), ("1>1", "boot/old"),
                                           ("An old one", "boot/old")])
def test_finds_an_entry_by_each_of_its_names(mounted, entry, kernel):
    done = mounted.run(f"--entry={entry}", "--output-format=simple")
    assert done.returncode == 0 and done.stderr == ""
    assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == mounted.files[kernel]


def test_a_missing_entry_boots_the_default_with_a_warning(mounted):
    done = mounted.run("--entry=no such title", "--output-format=simple")
    assert done.returncode == 0
    assert parse_simple(done.stdout)["args"] == small_guest.CMDLINE
    assert "no such title" in done.stderr and "default" in done.stderr


def test_a_missing_entry_can_be_refused(private):
    private.configure("/nothing", "missing-entry = refuse")
    done = private.run("--entry=77")
    assert done.returncode == 1 and "77" in done.stderr and done.stdout == ""
    assert not any(private.out.iterdir())


def test_warns_of_a_command_line_that_a_pv_guest_would_not_see(private):
    done = private.run("-q", "--output-format=simple0", f"--args={'x' * 1000}")
    assert done.returncode == 0 and "1023" in done.stderr and done.stderr.count("\n") == 1
    private.clean()
    done = private.run("-q", "--output-format=simple0", f"--args={'x' * 8200}")
    assert done.returncode == 1 and done.stdout == "" and "xl would drop" in done.stderr
    assert not any(private.out.iterdir())


def test_not_really_copies_nothing(setup):
    done = setup.run("-n", "--entry=1", "--args=x")
    assert done.stdout == ("linux (kernel '<kernel:/boot/vmlinuz>')(ramdisk "
                           "'<ramdisk:/boot/initrd.img>')(args 'root=/dev/xvda1 ro single x')")
    assert not any(setup.out.iterdir())


def test_isconfig_reads_a_bare_configuration(setup):
    done = setup.run("--isconfig", image=setup.folder / "guest.img.tree/boot/grub/grub.cfg")
    assert done.returncode == 0
    assert done.stdout == (f"  kernel: /boot/vmlinuz\n  initrd: /boot/initrd.img\n"
                           f"  args: {small_guest.CMDLINE}\n")


def test_offset_skips_the_partition_table(setup):
    done = setup.run("-n", f"--offset={1 << 20}")
    assert done.returncode == 0 and "/boot/vmlinuz" in done.stdout
    done = setup.run("-n", "--offset=512")
    assert done.returncode == 1 and done.stderr.count("\n") == 1


def test_takes_a_relative_disk_and_folder(setup):
    done = subprocess.run([BUILD / "bootfs-pygrub", f"--config={setup.config}",
                           "--output-directory=out", "--output-format=simple", "guest.img"], cwd=setup.folder,
                          capture_output=True, text=True, check=True)
    answer = parse_simple(done.stdout)
    assert answer["kernel"].startswith(f"{setup.out}/boot_kernel.")


def test_reads_block_devices(setup):
    loop = subprocess.run(["losetup", "-r", "-f", "--show", setup.image], check=True, text=True,
                          capture_output=True).stdout.strip()
    try:
        done = setup.run("-q", "--output-format=simple", image=loop)
        assert done.returncode == 0, done.stderr
        assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == setup.files["boot/vmlinuz"]
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def test_a_guests_arguments_forge_no_item(tmp_path):
    """XSA-198, read as xend would: strictly."""
    files = small_guest.standard_files()
    files["boot/grub/grub.cfg"] = "menuentry x {\n linux /boot/vmlinuz " \
        "\"a=')(kernel '/etc/shadow\" '\"q\"' z\n}\n"
    done = Wrapper(tmp_path, files).run("-q")
    assert done.returncode == 0, done.stderr
    items = re.findall(r"\((kernel|ramdisk|args) ('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")\)",
                       done.stdout)
    assert [name for name, _ in items] == ["kernel", "args"]
    assert "linux " + "".join(f"({n} {v})" for n, v in items) == done.stdout


# ---- where the answer goes --------------------------------------------------------------------

def test_answers_as_libxl_asks(setup):
    """A 0600 folder, a file made before, a raw terminal of no size, session leader, root."""
    answer = setup.folder / "bootloader.3.out"
    answer.touch(0o600)
    setup.out.chmod(0o600)
    master, slave = pty.openpty()
    tty.setraw(slave)
    command = setup.command("--args=console=hvc0", "--runas=65437", "--quiet",
                            f"--output={answer}", "--output-format=simple0")
    setup.image.chmod(0o600)
    child = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True, cwd="/", env={"TERM": "vt100"})
    os.close(slave)
    assert child.wait(30) == 0
    os.set_blocking(master, False)
    with pytest.raises(OSError):  # nothing was said: end of file or nothing there
        assert os.read(master, 1000) == b""
        raise OSError
    os.close(master)
    items = parse_simple(answer.read_text(), "\0")
    assert items["args"] == small_guest.CMDLINE + " console=hvc0"
    assert Path(items["kernel"]).read_bytes() == setup.files["boot/vmlinuz"]
    assert Path(items["kernel"]).stat().st_uid == 0
    for path in setup.out.iterdir():
        path.unlink()
    setup.out.rmdir()  # as libxl does: nothing else may be in it


def read_fifo(path, result):
    with open(path, encoding="utf-8") as fifo:
        result.append(fifo.read())


@pytest.mark.parametrize("options, code", [(["-q"], 0), (["--frobnicate"], 1), (["-i"], 0),
                                           (["--entry=9>9"], 1), (["--output-format=xml"], 1)])
def test_a_fifos_reader_never_hangs(private, options, code):
    """xend opens the FIFO and waits, whatever becomes of us."""
    fifo = private.folder / "fifo"
    os.mkfifo(fifo, 0o600)
    result = []
    reader = threading.Thread(target=read_fifo, args=(fifo, result), daemon=True)
    reader.start()
    done = private.run(*options, f"--output={fifo}")
    reader.join(10)
    assert not reader.is_alive() and done.returncode == code
    assert result[0].startswith("linux (kernel '") if code == 0 else result == [""]


def test_xapi_shows_what_follows_runtimeerror(private):
    done = private.run("--output-format=simple", "-q", image="/no/such/disk")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == "RuntimeError: /no/such/disk: cannot open: No such file or directory\n"


# ---- which disks -------------------------------------------------------------------------------

@pytest.fixture(name="swap")
def fixture_swap(tmp_path):
    """The trap of the wiki page: the first disk of the configuration is the swap."""
    swap = tmp_path / "swap.img"
    swap.write_bytes(bytes(8 << 20))
    subprocess.run(["mkswap", "-q", swap], check=True)
    return swap


def check_second_disk(wrapper, swap, *options):
    done = wrapper.run("-q", "--output-format=simple", *options, image=swap)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    kernel = Path(parse_simple(done.stdout)["kernel"])
    assert kernel.read_bytes() == wrapper.files["boot/vmlinuz"]


@pytest.mark.parametrize("options", [[], ["--domain=mail"]])
def test_finds_the_kernel_on_the_domains_second_disk(tmp_path, start_bootfs, swap, options):
    wrapper = Wrapper(tmp_path)
    wrapper.configure(start_bootfs(domain("mail", swap, wrapper.image)).mount)
    check_second_disk(wrapper, swap, *options)


@built.needs_xl
@pytest.mark.parametrize("options", [[], ["--domain=mail"]])
def test_finds_the_second_disk_of_an_xl_domain_without_a_bootfs(tmp_path, swap, options):
    wrapper = Wrapper(tmp_path)
    (tmp_path / "mail.cfg").write_text(
        f"name = 'mail'\ndisk = [ 'file:{swap},xvda,w', '{wrapper.image},raw,xvdb,w' ]\n")
    config = wrapper.config.read_text().replace("xl-config = none", f"xl-config = {tmp_path}/*.cfg")
    wrapper.config.write_text(config)
    check_second_disk(wrapper, swap, *options)


@built.needs_xl
def test_follows_an_xl_domains_settings_without_a_bootfs(private):
    """A pin that held only while bootfs runs would boot another kernel on the day it does not."""
    (private.folder / "mail.cfg").write_text(
        f"name = 'mail'\ndisk = [ '{private.image},raw,xvda,w' ]\n")
    private.config.write_text(f"[bootfs]\nxl-config = {private.folder}/*.cfg\n"
                              "worker-user = nobody\n[domain mail]\nentry = old\nargs = x=y\n")
    done = private.run("-q", "--output-format=simple")
    answer = parse_simple(done.stdout)
    assert Path(answer["kernel"]).read_bytes() == private.files["boot/old"]
    assert answer["args"] == "root=/dev/xvda1 x=y"


def test_an_unknown_domain_is_named(private):
    done = private.run("-q", "--domain=nobody")
    assert done.returncode == 0 and "no domain nobody" in done.stderr
    assert done.stderr.count("\n") == 1
