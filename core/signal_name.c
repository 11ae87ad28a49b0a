/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/signal_name.h"

#include "core/cleanup.h"

#include <signal.h>

const char *signal_name(int number, char out[SIGNAL_NAME_BYTES])
{
	static const char *const names[] = {
		[SIGHUP] = "HUP",
		[SIGINT] = "INT",
		[SIGQUIT] = "QUIT",
		[SIGILL] = "ILL",
		[SIGTRAP] = "TRAP",
		[SIGABRT] = "ABRT",
		[SIGBUS] = "BUS",
		[SIGFPE] = "FPE",
		[SIGKILL] = "KILL",
		[SIGUSR1] = "USR1",
		[SIGSEGV] = "SEGV",
		[SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE",
		[SIGALRM] = "ALRM",
		[SIGTERM] = "TERM",
		[SIGCHLD] = "CHLD",
		[SIGCONT] = "CONT",
		[SIGSTOP] = "STOP",
		[SIGTSTP] = "TSTP",
		[SIGTTIN] = "TTIN",
		[SIGTTOU] = "TTOU",
		[SIGURG] = "URG",
		[SIGXCPU] = "XCPU",
		[SIGXFSZ] = "XFSZ",
		[SIGVTALRM] = "VTALRM",
		[SIGPROF] = "PROF",
		[SIGWINCH] = "WINCH",
		[SIGIO] = "IO",
		[SIGPWR] = "PWR",
		[SIGSYS] = "SYS",
	};

	if (number > 0 && number < (int)ARRAY_SIZE(names) && names[number])
		snprintf(out, SIGNAL_NAME_BYTES, "SIG%s", names[number]);
	else
		snprintf(out, SIGNAL_NAME_BYTES, "signal %d", number);
	return out;
}
