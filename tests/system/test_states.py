# SPDX-License-Identifier: GPL-2.0-or-later
"""Every program in every odd state that a parent, a container or a rescue system starts it in: it
answers as it does elsewhere, or says exactly what is missing.

A new program is a line of PROGRAMS and meets every state; a new state is a line of STATES and is met
by every program. Where a program cannot do its work, MISSING names what it says instead."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import BUILD, Bootfs, boot_files, domain, make_guest, wait_until
from terminal import ENTER, Terminal
from wrapper import processes_of

ODD = BUILD / "tests/tools/odd-start"
FILES = boot_files(1, 200_000, 300_000)
KERNEL = FILES["/boot/vmlinuz-1"]
SECONDS = 60


# ---- the programs -------------------------------------------------------------------------------

@dataclass
class Host:
    """What the programs are tried on: a guest, its image in two formats, configurations."""
    folder: Path
    image: Path
    qcow2: Path
    conf: Path
    domain_file: Path
    shared: Bootfs = None  # a daemon in an ordinary state, for the programs that read a mount
    count: int = 0

    def new(self, name):
        """A new folder for one run."""
        self.count += 1
        path = self.folder / f"{name}{self.count}"
        path.mkdir(mode=0o755)
        return path


@dataclass
class Run:
    """What one program did: `answer` is compared with that of the ordinary state."""
    status: int
    answer: object = None
    said: str = ""


def run(prefix, *command, **more):
    """A program that ends; what it prints is in a file, as a pipe has no size limit to hit."""
    done = subprocess.run([str(word) for word in (*prefix, *command)], capture_output=True,
                          timeout=SECONDS, check=False, **more)
    return done.returncode, done.stdout.decode(errors="replace"), \
        done.stderr.decode(errors="replace")


def simple(prefix, *command):
    status, out, err = run(prefix, *command)
    return Run(status, out, err)


def look_around(mount):
    """What readers see of a mounted bootfs."""
    return ((mount / "mail/default/kernel").read_bytes() == KERNEL,
            (mount / "mail/menu").read_text(), (mount / "mail/error").read_text()
            if (mount / "mail/error").exists() else "")


def daemons(folder):
    """Processes that serve a mount in this folder."""
    return [pid for pid, words in processes_of(folder).items()
            if words.split(b"\0")[0].endswith(b"bootfs") or words.startswith(b"\0")]


def is_mounted_for(pid, mount):
    """In the mount namespace and root of this process."""
    try:
        return os.path.ismount(f"/proc/{pid}/root{mount}")
    except FileNotFoundError:
        return False


def look_from_within(mount):
    """The same, seen as the daemon has it that serves this mount."""
    for pid in daemons(mount):
        if is_mounted_for(pid, mount):
            return look_around(Path(f"/proc/{pid}/root{mount}"))
    return None


def end(folder):
    for pid in daemons(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not daemons(folder), 10, "a daemon does not end")


def daemon(prefix, host):
    """bootfs -f: until its tree was read."""
    mount = host.new("mnt")
    errors = mount.with_suffix(".err")
    with open(errors, "wb") as to:
        process = subprocess.Popen([str(w) for w in (
            *prefix, BUILD / "bootfs", "-f", f"--config={host.conf}", mount)],
            stdin=subprocess.DEVNULL, stdout=to, stderr=to)
    seen = None
    try:
        wait_until(lambda: process.poll() is not None or any(
            is_mounted_for(pid, mount) for pid in daemons(mount)), SECONDS)
        seen = look_from_within(mount)
    finally:
        end(mount)
        status = process.wait(20)
    return Run(status, seen, errors.read_text())


def background(prefix, host):
    """bootfs: says by its exit status whether the mount answers."""
    mount = host.new("mnt")
    errors = mount.with_suffix(".err")
    seen = None
    try:
        with open(errors, "wb") as to:
            done = subprocess.run([str(w) for w in (
                *prefix, BUILD / "bootfs", f"--config={host.conf}", mount)], check=False,
                stdin=subprocess.DEVNULL, stdout=to, stderr=to, timeout=SECONDS)
        if done.returncode == 0:
            seen = look_from_within(mount)
    finally:
        end(mount)
    return Run(done.returncode, seen, errors.read_text())


def check(prefix, host):
    return simple(prefix, BUILD / "bootfs", "--check", f"--config={host.conf}")


def inspect(prefix, host):
    return simple(prefix, BUILD / "bootfs-inspect", host.image)


def inspect_image(prefix, host):
    """With bootfs-serve, QEMU and bootfs-inspect-nbd."""
    return simple(prefix, BUILD / "bootfs-inspect", "--format=qcow2", host.qcow2)


def boot(prefix, host, *options):
    """bootfs-pygrub as the toolstack calls it; its answer with the copies' bytes for their names."""
    out = host.new("out")
    status, printed, said = run(
        prefix, BUILD / "bootfs-pygrub", f"--output={out}.answer", f"--output-directory={out}",
        "--output-format=simple", *options, host.image)
    answer = Path(f"{out}.answer")
    items = answer.read_text().splitlines() if answer.exists() else []
    copies = sorted((len(p.read_bytes()), oct(p.stat().st_mode)) for p in out.iterdir())
    return Run(status, (printed, [i for i in items if "/" not in i or "root=" in i], copies), said)


def wrapper_private(prefix, host):
    return boot(prefix, host, f"--config={host.conf}", "-q")


def wrapper_mounted(prefix, host):
    return boot(prefix, host, f"--config={host.conf}", f"--bootfs={host.shared.mount}", "-q")


def wrapper_menu(prefix, host):
    """bootfs-menu on a terminal; its user presses Enter."""
    out = host.new("out")
    command = [str(w) for w in (
        *prefix, BUILD / "bootfs-pygrub", "-i", f"--config={host.conf}",
        f"--bootfs={host.shared.mount}", f"--output={out}.answer", f"--output-directory={out}",
        "--output-format=simple", host.image)]
    with Terminal(command, columns=250) as terminal:
        while terminal.process.poll() is None and "Boot menu of" not in terminal.text():
            terminal.look(0.02)
        if terminal.process.poll() is None:
            terminal.press(ENTER)
        status = terminal.finish(SECONDS)
        text = terminal.text()
    return Run(status, ("Booting First" in text, len(list(out.iterdir()))), text)


def explain(prefix, host):
    """bootfs-admin, on a bootfs of its own."""
    return simple(prefix, BUILD / "bootfs", "explain", f"--config={host.conf}", host.image)


def list_domains(prefix, host):
    return simple(prefix, BUILD / "bootfs", "list", f"--config={host.conf}",
                  f"--bootfs={host.shared.mount}")


def xl_file(prefix, host):
    return simple(prefix, BUILD / "bootfs-config", host.domain_file)


PROGRAMS = {f.__name__: f for f in (
    daemon, background, check, inspect, inspect_image, wrapper_private, wrapper_mounted,
    wrapper_menu, explain, list_domains, xl_file)}


# ---- the states ---------------------------------------------------------------------------------

# What came to Linux after 5.3, and statx, which old containers refuse.
YOUNG_CALLS = ("close_range,openat2,pidfd_getfd,faccessat2,mount_setattr,statx,rseq,"
               "landlock_create_ruleset,landlock_restrict_self")
# Docker: https://github.com/moby/profiles, seccomp/default.json, without CAP_SYS_ADMIN.
CONTAINER_CAPABILITIES = ("chown,dac_override,fsetid,fowner,mknod,net_raw,setgid,setuid,setfcap,"
                          "setpcap,net_bind_service,sys_chroot,kill,audit_write")
CONTAINER_REFUSES = "mount,umount2,pivot_root,open_tree,move_mount,fsopen,fsconfig,fsmount," \
                    "fspick,mount_setattr"


def odd(*states):
    return lambda host: [ODD, *states, "--"]


def below(*prefix):
    """A state that another program makes."""
    return lambda host: [*prefix]


def in_own_mounts(script):
    """In a mount namespace after this script, in which $FOLDER is the host's folder."""
    return lambda host: ["unshare", "--mount", "--propagation", "private", "sh", "-ec",
                         f'FOLDER={host.folder}; BUILD={BUILD}; {script}', "sh"]


# Another /tmp, of which the tests' own folder stays what it was.
OTHER_TMP = """
exec 9<$FOLDER 8<$BUILD
mount -t tmpfs none /tmp
mkdir -p $FOLDER $BUILD
mount --rbind /proc/self/fd/9 $FOLDER; mount --rbind /proc/self/fd/8 $BUILD
mount -o remount,{how} /tmp
exec 9<&- 8<&-; exec "$@"
"""

# "/" is an ordinary folder here, and there is no /tmp.
CHROOT = """
root=$FOLDER/root; mkdir -p $root/proc $root/dev $root/sys $root/var
for f in bin sbin lib lib64 usr etc; do
    [ ! -L /$f ] || [ -L $root/$f ] || cp -P /$f $root/$f
    [ -L /$f ] || [ ! -d /$f ] || { mkdir -p $root/$f; mount --bind /$f $root/$f; }
done
mkdir -p $root$BUILD $root$FOLDER
mount --bind $BUILD $root$BUILD; mount --rbind $FOLDER $root$FOLDER
mount -t proc none $root/proc; mount --rbind /dev $root/dev; mount -t sysfs none $root/sys
exec chroot $root "$@"
"""


@dataclass
class State:
    """How a program is started, and what each then says whose answer is another one."""
    prefix: object
    says: dict = field(default_factory=dict)  # by program: a pattern
    not_for: dict = field(default_factory=dict)  # by program: why it makes no sense


NO_OUTPUT = {name: "cannot write" for name in (
    "inspect", "inspect_image", "explain", "list_domains", "check", "xl_file")}
NO_TERMINAL = {"wrapper_menu": "there is no terminal without it"}
CANNOT_MOUNT = {"daemon": "cannot mount: Operation not permitted",
                "background": "cannot mount: Operation not permitted"}
CANNOT_BE_PRIVATE = {name: "cannot start a private bootfs: no mount namespace: .*"
                     "does a container refuse it" for name in ("wrapper_private", "explain")}
NO_CAGE = {"inspect_image": "QEMU's sandbox: .*does a container refuse it"}
NO_THREADS = {name: "cannot start a thread: Operation not permitted"
              for name in ("daemon", "background", "wrapper_private", "explain")}
FILE_LIMIT = r"File too large \(the limit is 1000 bytes a file; try: ulimit -f unlimited\)"
# The copies are the caller's files: his soft limit holds for them.
FILES_SMALL = {"wrapper_private": f"cannot write the copy of the kernel: {FILE_LIMIT}",
               "wrapper_mounted": f"cannot write the copy of the kernel: {FILE_LIMIT}",
               "wrapper_menu": FILE_LIMIT}
FILES_SMALL_FOR_GOOD = {**FILES_SMALL, **{
    name: f"no memory for an answer: {FILE_LIMIT}"
    for name in ("daemon", "background", "inspect", "inspect_image", "explain",
                 "wrapper_private")}}
FEW_FILES = r"Too many open files \(the limit is 10 open files; try: ulimit -n 1024\)"
FEW_FILES_FOR_GOOD = {
    **{name: "at most 10 files may be open here, bootfs needs 96; try: ulimit -n 96"
       for name in ("daemon", "background", "explain")},
    **{name: FEW_FILES for name in ("inspect", "inspect_image", "wrapper_private",
                                    "wrapper_mounted", "wrapper_menu")}}
LITTLE_MEMORY = {"inspect_image": r"inspector did not start: a library of it is missing, or: "
                                  r"Cannot allocate memory \(the limit is 20000000 bytes"}
FOR_GOOD = ["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]

STATES = {
    "stdin_closed": State(odd("close=0"), not_for=NO_TERMINAL),
    "stdout_closed": State(odd("close=1"), NO_OUTPUT, NO_TERMINAL),
    "stderr_closed": State(odd("close=2")),
    "all_three_closed": State(odd("close=0", "close=1", "close=2"),
                              {name: "" for name in NO_OUTPUT}, NO_TERMINAL),
    "sigchld_ignored": State(odd(f"ignore={signal.SIGCHLD:d}")),
    "sigpipe_ignored": State(odd(f"ignore={signal.SIGPIPE:d}")),
    "all_signals_ignored": State(odd(*(f"ignore={n}" for n in range(1, 32) if n not in (
        signal.SIGKILL, signal.SIGSTOP)))),
    "all_signals_blocked": State(odd("block")),
    "umask_000": State(odd("umask=000")),
    "umask_077": State(odd("umask=077")),
    "umask_777": State(odd("umask=777")),
    "leaked_descriptors": State(odd("leak=/etc/shadow:3")),
    "lost_working_directory": State(lambda host: [
        ODD, f"lost-folder={host.new('gone')}/x", "--"]),
    "no_environment": State(odd("no-environment")),
    "no_name": State(odd("no-name")),
    "tmp_noexec": State(in_own_mounts(OTHER_TMP.format(how="noexec"))),
    "tmp_read_only": State(in_own_mounts(OTHER_TMP.format(how="ro"))),
    "plain_chroot_without_tmp": State(in_own_mounts(CHROOT)),
    "files_small": State(odd("soft=fsize:1000"), FILES_SMALL),
    "files_small_for_good": State(below(*FOR_GOOD, ODD, "limit=fsize:1000", "--"),
                                  FILES_SMALL_FOR_GOOD),
    "few_descriptors": State(odd("soft=nofile:20")),
    "few_descriptors_for_good": State(below(*FOR_GOOD, ODD, "limit=nofile:10", "--"),
                                      FEW_FILES_FOR_GOOD),
    "no_more_processes": State(below(*FOR_GOOD, ODD, "limit=nproc:1", "--"), {
        "inspect_image": "qemu_thread_create: Resource temporarily unavailable"}),
    "little_memory": State(odd("limit=as:20000000"), LITTLE_MEMORY),
    "some_memory": State(odd("limit=as:900000000")),
    "namespaces_refused": State(odd("no-namespaces=EPERM"), {**CANNOT_BE_PRIVATE, **NO_CAGE}),
    "namespaces_unknown": State(odd("no-namespaces=ENOSYS"), {**CANNOT_BE_PRIVATE, **NO_CAGE}),
    "mounts_refused": State(odd("refuse=EACCES:mount"), {
        "daemon": "cannot mount: Permission denied", "background": "cannot mount: Permission denied",
        "wrapper_private": "cannot start a private bootfs: .*Permission denied",
        "explain": "cannot start a private bootfs: .*Permission denied",
        "inspect_image": "QEMU's sandbox: mounting a root: Permission denied .*a container"}),
    "landlock_refused": State(odd("refuse=EPERM:landlock_create_ruleset")),
    "threads_refused": State(odd("refuse=EPERM:clone3"), NO_THREADS),
    "old_kernel": State(odd(f"refuse=ENOSYS:clone3,{YOUNG_CALLS}", "old-memory-files")),
    "old_container": State(odd(f"refuse=EPERM:{YOUNG_CALLS}")),
    "container": State(below(
        "setpriv", f"--bounding-set=-all,+{CONTAINER_CAPABILITIES.replace(',', ',+')}",
        "--inh-caps=-all", ODD, f"refuse=EPERM:{CONTAINER_REFUSES}", "no-namespaces=EPERM", "--"),
        {**CANNOT_MOUNT, **CANNOT_BE_PRIVATE, **NO_CAGE}),
    "memory_files_never_executed": State(below(
        "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec",
        'echo 2 >/proc/sys/vm/memfd_noexec; exec "$@"', "sh"),
        not_for={"background": "the namespace ends with the program that goes to the background"}),
}


@pytest.fixture(scope="module", name="host")
def fixture_host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    image = make_guest(folder / "mail.img", FILES, size="16M")
    subprocess.run(["qemu-img", "convert", "-O", "qcow2", image, folder / "mail.qcow2"], check=True)
    conf = folder / "host.conf"
    conf.write_text("[bootfs]\nmountpoint = /nowhere\nxl-config = none\nworker-user = nobody\n" +
                    domain("mail", image))
    domain_file = folder / "mail.cfg"
    domain_file.write_text(f'name = "mail"\ndisk = ["file:{image},xvda,w"]\n')
    for path in (folder, image, folder / "mail.qcow2"):
        path.chmod(0o755)
    made = Host(folder, image, folder / "mail.qcow2", conf, domain_file)
    (folder / "shared").mkdir()
    made.shared = Bootfs(folder / "shared", conf.read_text())
    yield made
    made.shared.clean_up()


@pytest.fixture(scope="module", name="usual")
def fixture_usual(host):
    """What each program answers in the ordinary state."""
    return {name: program([], host) for name, program in PROGRAMS.items()}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_answers_as_ever_or_says_what_is_missing(host, usual, program, state):
    expected = STATES[state]
    if program in expected.not_for:
        pytest.skip(expected.not_for[program])
    seen = PROGRAMS[program](expected.prefix(host), host)
    assert "\0" not in seen.said and "AddressSanitizer" not in seen.said
    if program in expected.says:
        assert seen.status not in (0, None), seen
        assert re.search(expected.says[program], f"{seen.said}{seen.answer}"), seen
    else:
        assert (seen.status, seen.answer) == (usual[program].status, usual[program].answer), seen.said


# ---- what is said of a weaker sandbox -----------------------------------------------------------

@pytest.mark.parametrize("state, says", [
    ("no-namespaces=EPERM", ["no namespaces of its own", "the host's root stays visible"]),
    ("no-namespaces=ENOSYS", ["no namespaces of its own", "the host's root stays visible"]),
    ("refuse=EPERM:mount", ["the host's root stays visible"]),
    ("refuse=EACCES:mount", ["the host's root stays visible"]),
    ("refuse=EPERM:landlock_create_ruleset", ["Landlock is refused here"]),
    ("refuse=EPERM:landlock_restrict_self", ["Landlock is refused here"]),
    ("refuse=EOPNOTSUPP:landlock_create_ruleset", ["Landlock is not switched on"]),
    ("refuse=ENOSYS:landlock_create_ruleset", ["this kernel has no Landlock"]),
])
def test_what_the_sandbox_lacks_is_told_and_nothing_else(host, state, says):
    seen = inspect([ODD, state, "--"], host)
    told = seen.said.splitlines()
    assert seen.status == 0 and len(told) == len(says), seen
    for line, expected in zip(told, says):
        assert line.startswith("bootfs-inspect: sandbox: ") and expected in line


@pytest.mark.parametrize("call", ["seccomp", "seccomp,mount"])
def test_without_a_filter_of_its_own_no_guest_is_read(host, call):
    seen = inspect([ODD, f"refuse=EPERM:{call}", "--"], host)
    assert seen.status == 1 and "sandbox: seccomp" in seen.answer


@pytest.fixture(scope="module", name="everybodys")
def fixture_everybodys():
    """Programs and a guest where every user reaches them."""
    with tempfile.TemporaryDirectory(prefix="bootfs-states-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for program in ("bootfs-inspect", "bootfs-inspect-nbd", "bootfs-serve"):
            shutil.copy(BUILD / program, folder)
        make_guest(folder / "mail.img", FILES, size="16M")
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", folder / "mail.img",
                        folder / "mail.qcow2"], check=True)
        for path in folder.iterdir():
            path.chmod(0o755)
        yield folder


def as_user(everybodys, *states, options=()):
    """bootfs-inspect of an ordinary user."""
    shutil.copy(ODD, everybodys / "odd-start")
    return run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                everybodys / "odd-start", *states, "--"], everybodys / "bootfs-inspect", *options)


def test_a_user_without_user_namespaces_reads_raw_images_alone(everybodys):
    status, out, _ = as_user(everybodys, "no-namespaces=EPERM",
                             options=[everybodys / "mail.img"])
    assert status == 0 and out.endswith("result  entry 0 boots\n")
    status, out, _ = as_user(everybodys, "no-namespaces=EPERM",
                             options=["--format=qcow2", everybodys / "mail.qcow2"])
    assert status == 1 and "QEMU's sandbox: no user namespace (try as root)" in out


def test_a_user_without_processes_is_told_the_limit(everybodys):
    status, out, _ = as_user(everybodys, "limit=nproc:0", options=[everybodys / "mail.img"])
    assert status == 1
    assert "Resource temporarily unavailable (the limit is 0 processes; try: ulimit -u" in out


# ---- descriptors that the parent forgot to close ------------------------------------------------

INSPECTOR = """#!/bin/sh
ls -l /proc/self/fd >>{log}
exec {real} "$@"
"""


@pytest.mark.parametrize("kernel", [(), ("refuse=ENOSYS:close_range",),
                                    ("refuse=EPERM:close_range",)], ids=["this", "old", "container"])
def test_no_leaked_descriptor_reaches_an_inspector(host, start_bootfs, tmp_path, kernel):
    programs = tmp_path / "programs"
    programs.mkdir()
    shutil.copy(BUILD / "bootfs", programs)
    log = tmp_path / "descriptors"
    inspector = programs / "bootfs-inspect"
    inspector.write_text(INSPECTOR.format(log=log, real=BUILD / "bootfs-inspect"))
    inspector.chmod(0o755)
    bootfs = start_bootfs(domain("mail", host.image), programs=programs,
                          prefix=[ODD, "leak=/etc/shadow:20", *kernel, "--"])
    assert (bootfs.mount / "mail/default/kernel").read_bytes() == KERNEL
    seen = log.read_text()
    assert "bootfs-question" in seen and str(host.image) in seen
    assert "shadow" not in seen
    for fd in Path(f"/proc/{bootfs.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            assert os.readlink(fd) != "/etc/shadow"


# ---- root as worker-user ------------------------------------------------------------------------

def test_root_is_no_worker_user(host, tmp_path):
    conf = tmp_path / "bootfs.conf"
    conf.write_text(host.conf.read_text().replace("worker-user = nobody", "worker-user = root"))
    for more in ([], ["-f", tmp_path / "mnt"]):
        status, _, said = run([], BUILD / "bootfs", *(more or ["--check"]), f"--config={conf}")
        assert status == 1
        assert f'{conf}:4: worker-user: "root" has root\'s number' in said
        assert "name another user" in said
