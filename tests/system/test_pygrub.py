"""bootfs-pygrub on real disks: through a running bootfs and through a private one; beside Xen's
own pygrub; called as xl, XAPI and xend call it; and what is left after a failure: nothing."""

import os
import pty
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))

import small_guest  # noqa: E402

BUILD = TOP / os.environ.get("BOOTFS_BUILD", "build/release-gcc")
PYGRUB = next((str(p) for p in sorted(Path("/usr/lib").glob("xen-*/bin/pygrub"))), None)
WRAPPER = BUILD / "bootfs-pygrub"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Setup:
    """A guest, an output folder, and (mounted) a bootfs that knows the guest, or (private) none."""

    def __init__(self, folder, mounted):
        self.folder = folder
        self.files = small_guest.standard_files()
        self.image = small_guest.make(folder, self.files)
        self.out = folder / "out"
        self.out.mkdir()
        self.bootfs = small_guest.Bootfs(BUILD, folder, domains={"mail": [self.image]})
        self.mounted = mounted

    def run(self, *options, image=None, env=None, text=True, **more):
        command = [WRAPPER, f"--config={self.bootfs.config}",
                   f"--output-directory={self.out}", *options, image or self.image]
        return subprocess.run([str(c) for c in command], capture_output=True, check=False,
                              text=text, timeout=60, env={**os.environ, **(env or {})}, **more)

    def clean(self):
        for path in self.out.iterdir():
            path.unlink()


@pytest.fixture(name="setup", params=["mounted", "private"])
def fixture_setup(request, tmp_path):
    mounted = request.param == "mounted"
    made = Setup(tmp_path, mounted)
    if mounted:
        with made.bootfs:
            yield made
    else:
        yield made
    assert str(made.bootfs.mountpoint) not in small_guest.mounts()


@pytest.fixture(name="private")
def fixture_private(tmp_path):
    return Setup(tmp_path, False)


@pytest.fixture(name="mounted")
def fixture_mounted(tmp_path):
    made = Setup(tmp_path, True)
    with made.bootfs:
        yield made


def parse_simple(text, separator="\n"):
    assert text.endswith(separator * 2)
    return dict(item.split(" ", 1) for item in text[:-2].split(separator))


def processes_of(folder):
    """Processes that name the test's folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if str(folder).encode() in words and state != "Z":
                found.append((int(entry.name), words))
    return found


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


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
                                  ["--entry=Debian GNU/Linux, recovery"]])
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
    theirs = subprocess.run(["/usr/bin/python3", PYGRUB, "-l", setup.image],
                            capture_output=True, text=True, check=True)
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
    with private.bootfs.config.open("a") as f:
        f.write("[domain other]\ndisk = /nonexistent,raw,xvda,w\n")
    config = private.bootfs.config.read_text()
    private.bootfs.config.write_text(config.replace("[bootfs]", "[bootfs]\nmissing-entry = refuse"))
    done = private.run("--entry=77")
    assert done.returncode == 1 and "77" in done.stderr and done.stdout == ""
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
    done = subprocess.run([WRAPPER, f"--config={setup.bootfs.config}", "--output-directory=out",
                           "--output-format=simple", "guest.img"], cwd=setup.folder,
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
    files = small_guest.standard_files()
    evil = "a='b)(kernel /etc/shadow' \"c\" \\\\ d"
    files["boot/grub/grub.cfg"] = "menuentry x {\n linux /boot/vmlinuz " \
        "\"a=')(kernel '/etc/shadow\" '\"q\"' z\n}\n"
    setup = Setup.__new__(Setup)
    setup.folder, setup.out = tmp_path, tmp_path / "out"
    setup.out.mkdir()
    setup.image = small_guest.make(tmp_path, files)
    setup.bootfs = small_guest.Bootfs(BUILD, tmp_path)
    assert evil
    done = setup.run("-q")
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
    command = [WRAPPER, "--args=console=hvc0", "--runas=65437", "--quiet", f"--output={answer}",
               "--output-format=simple0", f"--output-directory={setup.out}",
               f"--config={setup.bootfs.config}", setup.image]
    setup.image.chmod(0o600)
    child = subprocess.Popen([str(c) for c in command], stdin=slave, stdout=slave, stderr=slave,
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


@pytest.mark.parametrize("options, code", [(["-q"], 0), (["--frobnicate"], 1), (["-i"], 1),
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


# ---- failures: one line, nothing left ----------------------------------------------------------

def assert_failed(setup, done, *words):
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("bootfs-pygrub: ")
    for word in words:
        assert str(word) in done.stderr, done.stderr
    assert not any(setup.out.iterdir())


def test_no_such_disk(setup):
    assert_failed(setup, setup.run("-q", image="/no/such/disk"), "/no/such/disk", "No such file")


def test_a_disk_without_anything(setup):
    empty = setup.folder / "empty.img"
    empty.write_bytes(bytes(4 << 20))
    assert_failed(setup, setup.run("-q", image=empty), empty)
    assert_failed(setup, setup.run("-l", image=empty), empty)


def test_what_is_no_disk(setup):
    assert_failed(setup, setup.run("-q", image="/dev/null"), "/dev/null")
    assert_failed(setup, setup.run("-q", image="/tmp"), "/tmp")


def test_a_kernel_that_is_not_there(private):
    files = small_guest.standard_files()
    del files["boot/old"]
    private.image = small_guest.make(private.folder, files, name="gone.img")
    done = private.run("--entry=old")
    assert_failed(private, done, private.image, "/boot/old")


def test_output_folder_missing(setup):
    setup.out.rmdir()
    done = setup.run("-q")
    setup.out.mkdir()
    assert_failed(setup, done, setup.out, "No such file")


def test_output_folder_full(setup):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", setup.out], check=True)
    try:
        assert_failed(setup, setup.run("-q"), setup.out, "MiB")
    finally:
        subprocess.run(["umount", setup.out], check=True)


def test_output_folder_read_only(setup):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", setup.out], check=True)
    try:
        assert_failed(setup, setup.run("-q"), setup.out, "Read-only")
    finally:
        subprocess.run(["umount", setup.out], check=True)


def test_a_file_size_limit_of_the_process(setup):
    done = setup.run("-q", preexec_fn=lambda: __import__("resource").setrlimit(
        __import__("resource").RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    assert_failed(setup, done, "cannot write")


def test_pygrubs_file_limit(setup):
    done = setup.run("-q", env={"PYGRUB_MAX_FILE_SIZE_MB": "2"})
    assert done.returncode == 1 and not any(setup.out.iterdir())
    assert setup.run("-q", env={"PYGRUB_MAX_FILE_SIZE_MB": "20"}).returncode == 0


def test_an_answer_that_cannot_be_written(setup):
    assert_failed(setup, setup.run("-q", "--output=/dev/full"), "/dev/full")


def test_a_stale_answer_does_not_survive_a_failure(private):
    answer = private.folder / "answer"
    answer.write_text("linux (kernel '/old')")
    done = private.run(f"--output={answer}", image="/no/such/disk")
    assert done.returncode == 1 and answer.read_text() == ""


def test_what_comes_later_is_said_in_words(private):
    assert_failed(private, private.run("-i"), "later version")
    assert_failed(private, private.run("--kernel=/boot/vmlinuz"), "later version")


def test_usage_mistakes(private):
    for options in (["--frobnicate"], ["--runas=me"], ["--offset=x"], ["--output-format=y"]):
        done = private.run(*options)
        assert done.returncode == 1 and done.stdout == ""
        assert "usage: bootfs-pygrub" in done.stderr
    assert private.run("--help").returncode == 0


def test_planted_files_stay_as_they_are(setup):
    victim = setup.folder / "victim"
    victim.write_text("precious")
    for name in ("boot_kernel", "boot_ramdisk", "boot_kernel.aaaaaaaa"):
        (setup.out / name).symlink_to(victim)
    assert setup.run("-q").returncode == 0
    assert victim.read_text() == "precious"
    assert len(list(setup.out.iterdir())) == 5


# ---- killed, stopped, changed under us ---------------------------------------------------------

class Slow:
    """A guest whose initrd takes a while to copy: a gigabyte of zeros."""

    def __init__(self, folder):
        files = small_guest.standard_files()
        del files["boot/initrd.img"]
        self.setup = Setup.__new__(Setup)
        self.setup.folder, self.setup.out = folder, folder / "out"
        self.setup.out.mkdir()
        self.setup.image = small_guest.make(folder, files, sparse={"boot/initrd.img": 1000 << 20})
        self.setup.bootfs = small_guest.Bootfs(BUILD, folder)
        small_guest.write_config(folder, folder / "bootfs")

    def start(self, *options):
        command = [WRAPPER, "-q", f"--config={self.setup.bootfs.config}",
                   f"--output={self.setup.folder}/answer",
                   f"--output-directory={self.setup.out}", *options, self.setup.image]
        child = subprocess.Popen([str(c) for c in command], stderr=subprocess.PIPE, text=True)
        wait_until(lambda: self.copying(child.pid))
        return child

    def copying(self, pid):
        """Is a process below this one writing a copy of some size?"""
        for reader in children(pid):
            for fd in Path(f"/proc/{reader}/fd").glob("*"):
                try:
                    if "out/" in os.readlink(fd) and fd.stat().st_size > 4 << 20:
                        return True
                except OSError:
                    continue
        return False


def children(pid):
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.fixture(name="slow")
def fixture_slow(tmp_path):
    yield Slow(tmp_path)
    for pid, _ in processes_of(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("mounted", [True, False])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_nothing(slow, number, mounted):
    folder = slow.setup.folder
    if mounted:
        slow.setup.bootfs.__enter__()
    try:
        known = {pid for pid, _ in processes_of(folder)}
        child = slow.start()
        child.send_signal(number)
        assert child.wait(10) == -number
        wait_until(lambda: {pid for pid, _ in processes_of(folder)} <= known)
        assert not any(slow.setup.out.iterdir())
        if number != signal.SIGKILL:
            assert not (folder / "answer").exists()
            assert child.stderr.read() == "bootfs-pygrub: ended by a signal\n"
        child.stderr.close()
    finally:
        if mounted:
            slow.setup.bootfs.__exit__()
    assert str(slow.setup.bootfs.mountpoint) not in small_guest.mounts()


def test_runas_handles_guest_data_as_that_user(slow):
    child = slow.start("--runas=65437")
    (reader,) = children(child.pid)
    status = Path(f"/proc/{reader}/status").read_text()
    child.kill()
    child.wait()
    child.stderr.close()
    assert "Uid:\t65437\t65437\t65437\t65437\n" in status
    assert "Gid:\t65437\t65437\t65437\t65437\n" in status
    assert re.search(r"^Groups:\s*$", status, re.M)
    assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status


def test_a_private_mount_is_seen_by_nobody(slow):
    before = small_guest.mounts()
    child = slow.start()
    assert small_guest.mounts() == before
    (reader,) = children(child.pid)
    assert " - fuse.bootfs " in Path(f"/proc/{reader}/mountinfo").read_text()
    child.kill()
    child.wait()
    child.stderr.close()


def test_a_dead_mount_is_replaced_by_a_private_one(mounted):
    mounted.bootfs.process.kill()
    mounted.bootfs.process.wait()
    done = mounted.run("-q", "--output-format=simple")
    assert done.returncode == 0, done.stderr
    assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == mounted.files["boot/vmlinuz"]
    assert "private" in done.stderr


def test_a_stopped_daemon_is_replaced_by_a_private_one(mounted):
    mounted.bootfs.process.send_signal(signal.SIGSTOP)
    try:
        done = mounted.run("-q", "--output-format=simple")
    finally:
        mounted.bootfs.process.send_signal(signal.SIGCONT)
    assert done.returncode == 0, done.stderr
    assert "does not answer" in done.stderr
    assert Path(parse_simple(done.stdout)["kernel"]).read_bytes() == mounted.files["boot/vmlinuz"]


def test_a_daemon_killed_while_copying_is_replaced(slow):
    with slow.setup.bootfs as bootfs:
        child = slow.start()
        bootfs.process.kill()
        assert child.wait(60) == 0
        assert "private" in child.stderr.read()
        child.stderr.close()
    sizes = sorted(p.stat().st_size for p in slow.setup.out.iterdir())
    assert sizes == [3_000_000, 1000 << 20]


def test_a_disk_changed_while_copying_is_read_again(slow):
    """Under .disk/ a file that changes gives EIO; the second try sees one version."""
    with slow.setup.bootfs:
        child = slow.start()
        with open(slow.setup.image, "r+b") as disk:
            disk.seek(0)
            disk.write(disk.read(1) and b"\0")
        status = child.wait(60)
        said = child.stderr.read()
        child.stderr.close()
    assert status == 0, said
    assert "again" in said


# ---- which disks -------------------------------------------------------------------------------

@pytest.mark.parametrize("options", [[], ["--domain=mail"]])
def test_finds_the_kernel_on_the_domains_second_disk(tmp_path, options):
    """The trap of the wiki page: the first disk of the configuration is the swap."""
    swap = tmp_path / "swap.img"
    swap.write_bytes(bytes(8 << 20))
    subprocess.run(["mkswap", "-q", swap], check=True, stdout=subprocess.DEVNULL)
    image = small_guest.make(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    with small_guest.Bootfs(BUILD, tmp_path, domains={"mail": [swap, image]}) as bootfs:
        done = subprocess.run([WRAPPER, f"--config={bootfs.config}", f"--output-directory={out}",
                               "-q", *options, swap], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert small_guest.CMDLINE in done.stdout
