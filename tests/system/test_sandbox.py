# SPDX-License-Identifier: GPL-2.0-or-later
"""The inspector's sandbox, seen from outside, and from inside by an inspector that misbehaves."""

import concurrent.futures
import contextlib
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import lvm  # noqa: E402
import mkdisk  # noqa: E402

BUILD = os.environ.get("BOOTFS_BUILD", "build/release-gcc")
TOP = pathlib.Path(__file__).parents[2]
INSPECT, ASK, BAD = (f"{BUILD}/{name}" for name in
                     ("bootfs-inspect", "tests/tools/ask-with", "tests/tools/bad-inspect"))
NOBODY = "65534"

pytestmark = [
    pytest.mark.skipif("asan" in BUILD, reason="the sanitizers need what the sandbox takes away"),
]


@pytest.fixture
def deed(tmp_path):
    """A disk that tells bad-inspect what to do."""
    def write(what):
        disk = tmp_path / "disk"
        disk.write_bytes(f"bad-inspect: {what}\n".encode().ljust(4096, b"\0"))
        return disk
    return write


def ask(disk, *options, inspector=BAD, timeout_ms=3000):
    """What the asker says in the end."""
    done = subprocess.run([ASK, "-t", str(timeout_ms), *options, inspector, str(disk)],
                          capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.splitlines()[-1]


# ---- inside ----------------------------------------------------------------------------------

# What the asker makes of an inspector's last words: the call, its number, the libraries.
FORBIDDEN = re.compile(r"failed: inspector killed by SIGSYS: its sandbox forbids (\w+)\(\) "
                       r"\(system call (\d+)(?:, as abort\(\) makes it)?; "
                       r"libc [\w. ]+, libext2fs [\w.-]+, libblkid [\w.-]+\)")
# Of calls that are counted in another way (x32, i386) nothing is known.
KILLED = "failed: inspector killed by SIGSYS"


@pytest.mark.parametrize("what, call", [
    ("socket", "socket"), ("blocked", "socket"), ("fork", "clone"), ("exec", "execve"), ("ptrace", "ptrace"), ("kill", "kill"),
    ("write-disk", "pwrite64"), ("write-question", "pwrite64"), ("write-to-parent", "write"),
    ("map-disk", "mmap"), ("map-exec", "mmap"), ("protect-exec", "mprotect"),
    ("memfd", "memfd_create"), ("truncate-answer", "ftruncate"), ("raise", "tgkill")])
def test_who_tries_this_is_killed_and_the_error_names_the_call(deed, what, call):
    assert FORBIDDEN.fullmatch(ask(deed(what)))[1] == call


@pytest.mark.parametrize("what, errno", [
    ("open", "EPERM"), ("open-proc", "EPERM"), ("grow-answer", "EPERM"), ("stat-name", "EPERM"),
    ("statx-name", "EPERM"), ("map-huge", "EPERM"), ("madvise-poison", "EPERM"),
    ("set-dumpable", "EPERM"), ("set-limit", "EPERM"), ("limit-of-another", "EPERM"),
    ("set-own-descriptor", "EPERM"), ("ioctl-another", "EPERM"), ("change-handler", "EPERM"),
    ("lock-futex", "ENOSYS"), ("shared-futex", "ENOSYS"), ("clone3", "ENOSYS")])
def test_this_is_refused(deed, what, errno):
    assert ask(deed(what)) == f"failed: {what}: {errno} (0)"


@pytest.mark.parametrize("what", [
    "stat-open", "fstat", "protect-read", "madvise-free", "get-dumpable", "get-limit", "get-uid",
    "get-flags", "random", "clock", "wake-futex", "block-signals", "write-stderr"])
def test_what_libraries_may_do_without_harm_goes_on(deed, what):
    assert ask(deed(what)) == f"failed: {what}: DONE"


def test_last_words_that_lie_are_text_of_bounded_length(deed):
    """Whoever took an inspector over can write them, too."""
    said = ask(deed("last-words"))
    assert said.startswith("failed: inspector killed by SIGSYS: its sandbox forbids "
                           "what Linux 7.0 does not know (system call 4294967295; ")
    assert len(said) < 300 and said.isprintable() and said.isascii()
    assert ask(deed("long-words")) == "failed: inspector's answer refused: last words: wrong length"


def rules():
    """The system call table of sandbox.c: {number: kind}, for this architecture."""
    text, numbers = (TOP / "inspect/sandbox.c").read_text(), call_numbers()
    if platform.machine() != "x86_64":
        text = re.sub(r"#if defined\(__x86_64__\).*?#endif", "", text, flags=re.S)
    return {numbers[name] if name else int(number): kind for name, number, kind in
            re.findall(r"^\t\{(?:SYS_(\w+)|(\d+)), (\w+)\}", text, re.M)}


def call_numbers():
    """Names and numbers, from the headers that the table is compiled with."""
    said = subprocess.run(["gcc", "-E", "-dM", "-include", "sys/syscall.h", "-x", "c", "/dev/null"],
                          capture_output=True, text=True, check=True).stdout
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", said)}


# Where Linux has had calls when the table was written: core/syscalls.h.
FIRST_END, SHARED, SHARED_END = {"x86_64": (337, 424, 472), "aarch64": (295, 424, 472)}[platform.machine()]
# These pass every filter (Linux 6.14, 6.18), and do nothing where no probe is set: see sandbox.c.
PASSED_BY_LINUX = {335: "failed: inspector killed by SIGILL", 336: "failed: call: ENXIO (336)"} \
    if platform.machine() == "x86_64" else {}


def test_every_number_that_is_not_listed_kills_or_does_not_exist(deed, tmp_path):
    """Numbers, not names: the running kernel may have calls that no header here knows."""
    listed = rules()

    def fault(number):
        disk = tmp_path / f"call-{number}"
        disk.write_bytes(f"bad-inspect: call {number}\n".encode().ljust(4096, b"\0"))
        said = ask(disk)
        if number in PASSED_BY_LINUX and said == PASSED_BY_LINUX[number]:
            return None
        if number < FIRST_END or SHARED <= number < SHARED_END:
            named = FORBIDDEN.fullmatch(said)
            return None if named and int(named[2]) == number else (number, said)
        return None if said == f"failed: call: ENOSYS ({number})" else (number, said)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        numbers = [number for number in (*range(600), 1023, 0xFFFF, 0x3FFFFFFF) if number not in listed]
        assert [wrong for wrong in pool.map(fault, numbers) if wrong] == []


def test_calls_have_the_names_of_the_headers():
    """core/syscalls.c is written down: no release's headers know all calls of the running kernel."""
    lists = re.findall(r'_names\[\] =\n(.*?);', (TOP / "core/syscalls.c").read_text(), re.S)
    first, shared = ("".join(re.findall(r'"(.*?)"', text)).split()
                     for text in (lists[platform.machine() == "aarch64"], lists[2]))
    assert (len(first), SHARED + len(shared)) == (FIRST_END, SHARED_END)
    names = dict(enumerate(first)) | dict(enumerate(shared, SHARED))
    assert {name: number for name, number in call_numbers().items()
            if names.get(number) != name} == {}


# No reason is good enough to let one of these pass, whatever its arguments.
NEVER = {
    "a process": "clone fork vfork execve execveat ptrace kill tkill tgkill process_vm_readv "
                 "process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal rt_sigqueueinfo "
                 "rt_tgsigqueueinfo setpgid setsid kcmp",
    "something new": "open openat openat2 creat socket socketpair accept accept4 pipe pipe2 "
                     "memfd_create memfd_secret eventfd2 signalfd4 timerfd_create inotify_init1 "
                     "fanotify_init epoll_create1 userfaultfd perf_event_open io_uring_setup bpf "
                     "open_by_handle_at open_tree fsopen dup dup2 dup3 landlock_create_ruleset",
    "somebody else": "connect bind listen sendto sendmsg sendmmsg sendfile splice tee vmsplice "
                     "copy_file_range shmget shmat msgget semget mq_open keyctl add_key "
                     "request_key",
    "a file": "truncate ftruncate fallocate rename renameat renameat2 unlink unlinkat mkdir "
              "mkdirat rmdir link linkat symlink symlinkat mknod mknodat chmod fchmod fchmodat "
              "chown fchown lchown fchownat setxattr fsetxattr utimensat fsync sync syncfs",
    "the host": "mount umount2 move_mount mount_setattr pivot_root chroot unshare setns reboot "
                "swapon swapoff init_module finit_module delete_module kexec_load iopl ioperm "
                "settimeofday clock_settime adjtimex sethostname syslog acct quotactl",
    "its own sandbox": "setuid setgid setreuid setresuid setresgid setgroups capset setrlimit "
                       "seccomp rt_sigaction personality modify_ldt mbind set_mempolicy",
}


@pytest.mark.parametrize("what", NEVER)
def test_the_table_allows_none_of_these(what):
    listed, numbers = rules(), call_numbers()
    wrong = [name for name in NEVER[what].split()
             if listed.get(numbers.get(name), "KILL") not in ("KILL", "REFUSE", "ABSENT")]
    assert wrong == []


def test_a_call_of_another_architecture_kills(deed):
    assert ask(deed(f"call {0x40000000}")) == KILLED


def test_memory_is_bounded(deed):
    said = ask(deed("memory"), "-m", str(64 << 20))
    megabytes = int(re.fullmatch(r"failed: memory: ENOMEM \((\d+)\)", said)[1])
    assert 40 < megabytes < 64 + 24


@pytest.mark.parametrize("what, says", [
    ("stack", "failed: inspector killed by SIGSEGV"),
    ("segfault", "failed: inspector killed by SIGSEGV"),
    ("exit-5", "failed: inspector failed with exit status 5"),
    ("exit-0", "failed: inspector's answer refused: head: written by another version of bootfs, "
               "or nothing written"),
    ("too-much", "failed: inspector's answer refused: head: longer than there is room for"),
    ("half", "failed: inspector's answer refused: number of disks: not as asked"),
])
def test_an_inspector_that_fails_or_lies_is_an_error(deed, what, says):
    assert ask(deed(what)) == says


def test_an_inspector_that_hangs_is_killed_after_its_time(deed):
    start = time.monotonic()
    assert ask(deed("hang"), timeout_ms=300) == "failed: no answer; abort: 0"
    assert time.monotonic() - start < 2


def test_an_answer_to_another_question_is_refused(deed):
    assert ask(deed("half"), "-c", "4096") == \
        "failed: inspector's answer refused: head: answers another question"


# ---- outside ---------------------------------------------------------------------------------

@contextlib.contextmanager
def hanging(disk, *options):
    """The pid of an inspector that has entered its sandbox and runs."""
    asker = subprocess.Popen([ASK, "-t", "20000", *options, BAD, str(disk)],
                             stdout=subprocess.PIPE, text=True)
    try:
        pid = int(asker.stdout.readline().split()[1])
        deadline = time.monotonic() + 5
        while status(pid).get("Seccomp") != "2" and time.monotonic() < deadline:
            time.sleep(0.005)
        yield pid, asker
    finally:
        asker.kill()
        asker.wait()


def status(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {key: value.strip() for key, value in (line.split(":", 1) for line in text.splitlines())}


def namespace(pid, kind):
    return os.readlink(f"/proc/{pid}/ns/{kind}")


def test_user_capabilities_and_privileges_are_gone(deed):
    with hanging(deed("hang")) as (pid, _):
        seen = status(pid)
        assert seen["Uid"].split() == [NOBODY] * 4
        assert seen["Gid"].split() == [NOBODY] * 4
        assert seen["Groups"] == ""
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(seen[kind], 16) == 0, kind
        assert seen["NoNewPrivs"] == "1"
        assert seen["Seccomp"] == "2"


def test_namespaces_are_its_own(deed):
    with hanging(deed("hang")) as (pid, _):
        for kind in ("mnt", "pid", "ipc", "uts"):
            assert namespace(pid, kind) != namespace("self", kind), kind
        assert status(pid)["NSpid"].split()[-1] == "1"


def test_its_root_is_empty_and_read_only(deed):
    with hanging(deed("hang")) as (pid, _):
        assert os.listdir(f"/proc/{pid}/root/") == []
        mounts = pathlib.Path(f"/proc/{pid}/mountinfo").read_text().splitlines()
        assert len(mounts) == 1
        assert " / / ro,nosuid,nodev,noexec" in mounts[0]


def test_it_holds_only_the_passed_descriptors(deed):
    disk = deed("hang")
    with hanging(disk) as (pid, _):
        fds = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}")
               for fd in os.listdir(f"/proc/{pid}/fd")}
    assert {fd: name for fd, name in fds.items() if fd not in (3, 4)} == {
        0: "/dev/null", 1: "/dev/null", 2: "/dev/null", 6: "/dev/null", 7: str(disk)}
    assert fds[3].startswith("/memfd:bootfs-question") and fds[4].startswith("/memfd:bootfs-answer")


def test_its_disk_is_open_for_reading_only_and_not_shared(deed):
    with hanging(deed("hang")) as (pid, asker):
        info = pathlib.Path(f"/proc/{pid}/fdinfo/7").read_text()
        flags = int(re.search(r"flags:\s+(\d+)", info)[1], 8)
        assert flags & os.O_ACCMODE == os.O_RDONLY
        assert asker.pid != pid


def test_limits_are_set(deed):
    with hanging(deed("hang")) as (pid, _):
        text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    limits = {m[1]: (m[2], m[3]) for m in
              re.finditer(r"^(Max [a-z ]+?) {2,}(\S+) +(\S+)", text, re.M)}
    memory = str((256 + 24) << 20)
    assert limits["Max address space"] == (memory, memory)
    assert limits["Max cpu time"] == ("21", "21")
    assert limits["Max processes"] == ("0", "0")
    assert limits["Max core file size"] == ("0", "0")
    assert limits["Max locked memory"] == ("0", "0")
    assert limits["Max open files"] == ("8", "8")


def gone(pid, seconds=3):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not os.path.exists(f"/proc/{pid}") or status(pid)["State"].startswith("Z"):
            return True
        time.sleep(0.01)
    return False


def test_it_dies_with_its_asker(deed):
    with hanging(deed("hang")) as (pid, asker):
        asker.send_signal(signal.SIGKILL)
        asker.wait()
        assert gone(pid)


def test_it_dies_where_the_asker_is_gone_before_it_can_tell(deed):
    """The asker dies at once: before or after the parent-death signal is set."""
    for _ in range(30):
        done = subprocess.run([ASK, "-a", BAD, str(deed("hang"))], capture_output=True, text=True,
                              timeout=10, check=True)
        assert gone(int(done.stdout.split()[1]))


def test_a_signal_from_outside_is_named(deed):
    with hanging(deed("hang")) as (pid, asker):
        os.kill(pid, signal.SIGKILL)
        assert asker.stdout.readline() == "failed: inspector killed by SIGKILL\n"


# ---- by hand ---------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A small guest that boots."""
    folder = tmp_path_factory.mktemp("guest")
    tree = folder / "tree"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/vmlinuz").write_bytes(b"k" * 5000)
    (tree / "boot/grub/menu.lst").write_text("title One\nkernel /boot/vmlinuz ro\n")
    disk = folder / "disk.img"
    subprocess.run(["truncate", "-s", "16M", disk], check=True)
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-t", "ext4", "-d", tree, disk], check=True)
    folder.chmod(0o755)
    for parent in (disk, *disk.parents):
        with contextlib.suppress(PermissionError):
            parent.chmod(parent.stat().st_mode | (0o5 if parent.is_dir() else 0o4))
    return disk


@pytest.fixture
def program(for_everybody):
    """The inspector where every user may start it."""
    return for_everybody / "bootfs-inspect"


def inspect(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          timeout=30, check=False)


def test_by_hand_as_root(image):
    done = inspect(INSPECT, image)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\nresult  entry 0 boots\n")


def test_by_hand_as_an_ordinary_user(program, image):
    done = inspect("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", program, image)
    assert done.returncode == 0, done
    assert done.stdout.endswith("\nresult  entry 0 boots\n")
    assert "bootfs-inspect: sandbox: no namespaces of its own" in done.stderr
    assert "bootfs-inspect: sandbox: runs under the user who asked" in done.stderr


def test_without_the_right_to_make_namespaces_it_says_so(program, image):
    done = inspect("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", program, image)
    assert done.returncode == 0, done
    assert "sandbox: no namespaces of its own" in done.stderr
    assert "runs under the user" not in done.stderr


def test_without_the_right_to_change_the_user_it_refuses(program, image):
    """Fails closed: root that cannot become nobody reads no guest."""
    done = inspect("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid",
                   program, image)
    assert done.returncode == 1
    assert "sandbox: setgroups: Operation not permitted" in done.stdout


def test_in_a_plain_chroot_the_root_is_still_empty(program, image, tmp_path):
    """Where "/" is no mount point pivot_root cannot work."""
    root = tmp_path / "root"
    for name in ("proc", "dev"):
        (root / name).mkdir(parents=True)
    subprocess.run(["cp", program, image, root], check=True)
    script = (f"mount -t proc none {root}/proc && mount --bind /dev {root}/dev && "
              f"exec chroot {root} /bootfs-inspect /disk.img")
    done = inspect("unshare", "--mount", "sh", "-c", script)
    assert done.returncode == 0, done
    assert "sandbox: chroot instead of a root of its own" in done.stderr


def test_an_order_by_hand_does_nothing(image):
    with open(image, "rb") as disk:
        done = subprocess.run([INSPECT, "--worker", "nonsense"], stdin=disk, capture_output=True,
                              timeout=10, check=False)
    assert done.returncode != 0 and done.stdout == b""


# ---- the table against what is called ---------------------------------------------------------

MAKERS = {
    "ext4": "mke2fs -q -t ext4 -d {tree} {image}",
    "swap": "mkswap -q {image}",
    "erofs": "mkfs.erofs --quiet -zlz4 {image} {tree}",
    "vfat": "mkfs.vfat {image}",
    "xfs": "truncate -s 400M {image}; mkfs.xfs -q {image}",
    "btrfs": "truncate -s 200M {image}; mkfs.btrfs -q -r {tree} {image}",
    "iso": "xorriso -as mkisofs -quiet -R -o {image} {tree}",
    "squashfs": "rm {image}; mksquashfs {tree} {image} -quiet -no-progress",
    "gpt": "printf 'label: gpt\\n,\\n' | sfdisk -q {image}",
    "mbr": "printf 'label: dos\\n,8M,5,\\n' | sfdisk -q {image}",
    "luks": "printf 'LUKS\\272\\276\\0\\1aes' | dd of={image} conv=notrunc status=none",
    "nothing": "true",
}


def calls_of(image, trace=None, command=(INSPECT,)):
    """The calls of the sandboxed process, from behind its seccomp() to its end."""
    trace = trace or f"{image}.trace"
    subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=all", *command, str(image)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    inside, calls = set(), set()
    for line in pathlib.Path(trace).read_text().splitlines():
        pid, rest = line.split(maxsplit=1)
        name = re.match(r"(\w+)\(", rest)
        if name and name[1] == "seccomp":
            inside.add(pid)
        elif name and pid in inside:
            calls.add(name[1])
    assert calls
    return calls


def large_menu(folder):
    """A guest whose answer needs more memory than malloc has at hand."""
    tree, disk = folder / "large", folder / "large.img"
    (tree / "boot/grub").mkdir(parents=True)
    (tree / "boot/vmlinuz").write_bytes(b"k" * 5000)
    words = "x" * 500
    (tree / "boot/grub/grub.cfg").write_text("".join(
        f"menuentry 'Entry {i}' {{\n linux /boot/vmlinuz root=/dev/xvda{i} {words}\n}}\n"
        for i in range(9000)))
    subprocess.run(["truncate", "-s", "32M", disk], check=True)
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-t", "ext4", "-d", tree, disk], check=True)
    return disk


def calls_of_cases(tmp_path):
    """Of our own cases of boot configurations, on their disks."""
    cases = [case.parent for case in (TOP / "tests/cases").glob("*/*/disk.json")]
    assert len(cases) > 50

    def calls(case):
        return calls_of(mkdisk.cached(case, TOP / "build/case-images"),
                        tmp_path / f"{case.parent.name}-{case.name}.trace")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return set().union(*pool.map(calls, cases))


def calls_of_contents(tmp_path, image):
    """Of the second question: a kernel that does not lie plainly on its disk."""
    config = tmp_path / "bootfs.conf"
    config.write_text(f"[bootfs]\nmountpoint = {tmp_path}/none\nxl-config = none\n"
                      "worker-user = nobody\n")
    out = tmp_path / "out"
    out.mkdir()
    seen = calls_of(image, command=(f"{BUILD}/bootfs-pygrub", "-q", f"--config={config}",
                                    f"--output-directory={out}"))
    assert any(out.iterdir())
    return seen


def calls_of_groups(tmp_path):
    """LVM and md, whose tools need devices."""
    with lvm.Group(tmp_path, "vg") as group:
        group.lvcreate("-n", "root", "-L", "20M")
    return calls_of(group.disks[0])


def calls_of_all(tmp_path, image):
    seen = calls_of(image) | calls_of(large_menu(tmp_path)) | calls_of_cases(tmp_path) | \
        calls_of_groups(tmp_path)
    squashed = tmp_path / "squashed.img"
    subprocess.run(["mksquashfs", image.parent / "tree", squashed, "-quiet", "-no-progress"],
                   check=True, stdout=subprocess.DEVNULL)
    seen |= calls_of_contents(tmp_path, squashed)
    for name, maker in MAKERS.items():
        disk = tmp_path / f"{name}.img"
        subprocess.run(["truncate", "-s", "16M", disk], check=True)
        command = maker.format(tree=image.parent / "tree", image=disk)
        subprocess.run(["sh", "-c", f"PATH=$PATH:/usr/sbin; {command}"], check=True,
                       capture_output=True)
        seen |= calls_of(disk)
    loop = subprocess.run(["losetup", "--show", "-f", "-r", image], capture_output=True, text=True,
                          check=True).stdout.strip()
    try:
        link = tmp_path / "loop"  # strace names its trace after the disk
        link.symlink_to(loop)
        return seen | calls_of(link)
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)


def test_no_library_of_this_host_calls_what_kills(tmp_path, image):
    """Every format, and all that strace sees from the sandbox on."""
    seen, listed, numbers = calls_of_all(tmp_path, image), rules(), call_numbers()
    print("calls seen:", *sorted(seen))
    assert {name for name in seen if listed.get(numbers[name], "KILL") == "KILL"} == set()
    # What is refused is a name; whatever else is called works.
    refused = {name for name in seen if listed[numbers[name]] in ("REFUSE", "ABSENT")}
    assert refused <= {"openat", "faccessat2", "readlinkat"}
