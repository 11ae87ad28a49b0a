/* odd-start: becomes a program in an odd state: closed descriptors, limits, missing calls... */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/kernel.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const char usage[] =
	"Usage: odd-start [STATE]... -- PROGRAM [ARGUMENT]...\n"
	"  close=N             descriptor N is closed\n"
	"  leak=PATH:N         descriptors N to 100 are open on it\n"
	"  ignore=N            signal N is ignored\n"
	"  block               every signal is blocked\n"
	"  limit=NAME:N        both limits: fsize, nofile, as, nproc\n"
	"  soft=NAME:N         the soft limit only\n"
	"  umask=OCTAL\n"
	"  lost-folder=PATH    the working directory, made here, is deleted\n"
	"  no-environment, no-name\n"
	"  refuse=ERROR:CALL,...   these system calls fail with EPERM, ENOSYS, ...\n"
	"  no-namespaces=ERROR clone() for namespaces, unshare() and setns() fail\n"
	"  old-memory-files    memfd_create() knows the flags of Linux 5.3\n";

static void fail(const char *what)
{
	fprintf(stderr, "odd-start: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void wrong(const char *what)
{
	fprintf(stderr, "odd-start: %s?\n%s", what, usage);
	exit(125);
}

/* The number that a text begins with, in the given base; *text then stands behind it. */
static unsigned long number(const char **text, int base)
{
	const char *start = *text;
	char *end;
	unsigned long value = strtoul(start, &end, base);

	if (end == start)
		wrong(start);
	*text = *end ? end + 1 : end;
	return value;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static void set_limit(const char *value, bool hard)
{
	static const struct {
		const char *name;
		int resource;
	} limits[] = {{"fsize:", RLIMIT_FSIZE}, {"nofile:", RLIMIT_NOFILE}, {"as:", RLIMIT_AS},
		{"nproc:", RLIMIT_NPROC}};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		size_t length = strlen(limits[i].name);
		const char *rest = value + length;
		struct rlimit limit;

		if (strncmp(value, limits[i].name, length) != 0)
			continue;
		getrlimit(limits[i].resource, &limit);
		limit.rlim_cur = number(&rest, 10);
		if (hard)
			limit.rlim_max = limit.rlim_cur;
		if (setrlimit(limits[i].resource, &limit) < 0)
			fail(value);
		return;
	}
	wrong(value);
}

/* ---- system calls ---------------------------------------------------------------------------- */

static const struct name {
	const char *name;
	unsigned number;
} errors[] = {{"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EACCES", EACCES}, {"EINVAL", EINVAL},
	{"EOPNOTSUPP", EOPNOTSUPP}},
  calls[] = {
	  {"chroot", SYS_chroot},
	  {"clone3", SYS_clone3},
	  {"close_range", SYS_close_range},
	  {"faccessat2", SYS_faccessat2},
	  {"fsconfig", SYS_fsconfig},
	  {"fsmount", SYS_fsmount},
	  {"fsopen", SYS_fsopen},
	  {"fspick", SYS_fspick},
	  {"landlock_create_ruleset", SYS_landlock_create_ruleset},
	  {"landlock_restrict_self", SYS_landlock_restrict_self},
	  {"mount", SYS_mount},
	  {"mount_setattr", SYS_mount_setattr},
	  {"move_mount", SYS_move_mount},
	  {"open_tree", SYS_open_tree},
	  {"openat2", SYS_openat2},
	  {"pidfd_getfd", SYS_pidfd_getfd},
	  {"pidfd_open", SYS_pidfd_open},
	  {"pidfd_send_signal", SYS_pidfd_send_signal},
	  {"pivot_root", SYS_pivot_root},
	  {"rseq", SYS_rseq},
	  {"seccomp", SYS_seccomp},
	  {"setns", SYS_setns},
	  {"statx", SYS_statx},
	  {"umount2", SYS_umount2},
	  {"unshare", SYS_unshare},
};

static unsigned find(const struct name *names, size_t count, const char *name, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i].name) == length && !strncmp(names[i].name, name, length))
			return names[i].number;
	}
	wrong(name);
	return 0;
}

static unsigned error_of(const char *name)
{
	return find(errors, ARRAY_SIZE(errors), name, strcspn(name, ":"));
}

/*
 * One filter a call, as a container's manager installs them: they stay, whatever is executed.
 * With no_new_privs only where nothing else is allowed: the programs set that themselves.
 */
static void load(struct sock_filter *code, unsigned short count)
{
	const struct sock_fprog program = {count, code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		fail("seccomp");
}

static void refuse_call(unsigned call, unsigned error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	load(code, ARRAY_SIZE(code));
}

static void refuse(const char *value)
{
	unsigned error = error_of(value);

	value += strcspn(value, ":");
	while (*value) {
		size_t length = strcspn(++value, ",");

		refuse_call(find(calls, ARRAY_SIZE(calls), value, length), error);
		value += length;
	}
}

/* Where one of the bits is set in the low half of that argument. */
static void refuse_bits(unsigned call, unsigned argument, unsigned bits, unsigned error)
{
	const size_t low = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 4;
	const size_t at = offsetof(struct seccomp_data, args) + 8 * argument + low;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)at),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	load(code, ARRAY_SIZE(code));
}

/* clone3() has its flags in memory, where no filter can look: it is missing. */
static void refuse_namespaces(const char *value)
{
	const unsigned flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			       CLONE_NEWNET | CLONE_NEWUSER | CLONE_NEWCGROUP;
	unsigned error = error_of(value);

	refuse_bits(SYS_clone, 0, flags, error);
	refuse_call(SYS_unshare, error);
	refuse_call(SYS_setns, error);
	refuse("ENOSYS:clone3");
}

/* Linux before 6.3 knows no MFD_NOEXEC_SEAL and no MFD_EXEC. */
static void forget_memory_flags(void)
{
	refuse_bits(SYS_memfd_create, 1, 0x18, EINVAL);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void leak(const char *value)
{
	size_t length = strcspn(value, ":");
	const char *rest = value + length + (value[length] == ':');
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%.*s", (int)length, value);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(path);
	for (int to = (int)number(&rest, 10); to <= 100; to++) {
		if (to != fd && dup2(fd, to) < 0)
			fail(path);
	}
}

static void lose_folder(const char *path)
{
	if (mkdir(path, 0755) < 0 || chdir(path) < 0 || rmdir(path) < 0)
		fail(path);
}

static void block(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static bool take(const char *state, const char *name, const char **value)
{
	size_t length = strlen(name);

	*value = state + length;
	return strncmp(state, name, length) == 0;
}

static void enter(const char *state)
{
	const char *value;

	if (take(state, "close=", &value))
		close((int)number(&value, 10));
	else if (take(state, "leak=", &value))
		leak(value);
	else if (take(state, "ignore=", &value))
		signal((int)number(&value, 10), SIG_IGN);
	else if (take(state, "block", &value))
		block();
	else if (take(state, "limit=", &value))
		set_limit(value, true);
	else if (take(state, "soft=", &value))
		set_limit(value, false);
	else if (take(state, "umask=", &value))
		umask((mode_t)number(&value, 8));
	else if (take(state, "lost-folder=", &value))
		lose_folder(value);
	else if (take(state, "refuse=", &value))
		refuse(value);
	else if (take(state, "no-namespaces=", &value))
		refuse_namespaces(value);
	else if (take(state, "old-memory-files", &value))
		forget_memory_flags();
	else
		wrong(state);
}

int main(int argc, char **argv)
{
	static char *nothing[] = {NULL}, empty[] = "";
	const char *program;
	bool no_name = false;
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "no-environment") == 0)
			environ = nothing;
		else if (strcmp(argv[i], "no-name") == 0)
			no_name = true;
		else
			enter(argv[i]);
	}
	if (i + 1 >= argc)
		wrong("which program");
	program = argv[i + 1];
	/* Without arguments there is no argv[0] either; the kernel makes it "" since Linux 5.18. */
	if (no_name && i + 2 == argc)
		argv[i + 1] = NULL;
	else if (no_name)
		argv[i + 1] = empty;
	execve(program, argv + i + 1, environ);
	fail(program);
	return 125;
}
