// SPDX-License-Identifier: GPL-2.0
/*
 * host/main.c - from the host's execve() to the guest kernel's first function
 *
 * World: host. All of this runs on the main thread and on the stack that the host made, until host_enter_guest()
 * leaves it. The order matters:
 *
 *   1  what the host gave us, and whether it is a host that we can run on
 *   2  options; nothing has been made yet, so a wrong one costs nothing
 *   3  the warden of the terminal: a child as small as we still are
 *   4  the instance's directory
 *   5  the memory file; the image moves into it; the initial RAM disk
 *   6  the zygote: before any other thread exists, by the main thread, whose death it follows
 *   7  the event thread: it blocks the signals that it takes, for us and all threads to come
 *   8  this thread becomes vCPU 0, and enters the guest on the stack of its init task
 *
 * Every failure has been reported where it happened; the process then ends with status 1.
 */
#include <linux/auxvec.h>
#include <linux/errno.h>
#include <linux/prctl.h>
#include <asm/signal.h>

#include <um/boot.h>
#include <um/cpu.h>
#include <um/event.h>
#include <um/log.h>
#include <um/space.h>
#include <um/umid.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define HOST_AT_HWCAP2		26
#define HOST_AT_MINSIGSTKSZ	51

/* The static copy of the per-CPU variable: %gs is based at 0 until the guest sets up its areas. */
extern struct um_cpu um_cpu_boot __asm__("um_cpu");

struct host_start host_start;

/**
 * host_getenv() - a variable of the environment
 * @name: of the variable
 *
 * Return: its value or NULL.
 */
const char *host_getenv(const char *name)
{
	unsigned long len = strlen(name);
	char **env;

	for (env = host_start.envp; *env; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

/* argc, argv, NULL, environment, NULL, pairs of the auxiliary vector. */
static void read_stack(unsigned long *sp)
{
	unsigned long *aux;

	host_start.argc = (int)sp[0];
	host_start.argv = (char **)(sp + 1);
	host_start.envp = host_start.argv + host_start.argc + 1;
	for (aux = (unsigned long *)host_start.envp; *aux; aux++)
		;
	for (aux++; aux[0] != AT_NULL; aux += 2) {
		switch (aux[0]) {
		case HOST_AT_HWCAP2:
			host_start.hwcap2 = aux[1];
			break;
		case HOST_AT_MINSIGSTKSZ:
			host_start.minsigstksz = aux[1];
			break;
		case AT_SYSINFO_EHDR:
			host_start.vdso = aux[1];
			break;
		case AT_EXECFN:
			host_start.execfn = (const char *)aux[1];
			break;
		}
	}
	HOST_CALL(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &host_start.sigmask, sizeof(host_start.sigmask));
}

/* After a reboot the host calls us "exe", for host_restart() executed /proc/self/exe. */
static void restore_name(void)
{
	const char *name = host_start.argc > 0 ? host_start.argv[0] : NULL;
	const char *slash;

	if (!name || !host_start.execfn || strcmp(host_start.execfn, "/proc/self/exe") != 0)
		return;
	slash = strrchr(name, '/');
	HOST_CALL(__NR_prctl, PR_SET_NAME, slash ? slash + 1 : name);
}

/* Where the host limits the size of files (ulimit -f), a write is to fail with a message, not to end us. */
static void survive_file_limit(void)
{
	struct {
		unsigned long handler, flags, restorer, mask;
	} ignore = { .handler = (unsigned long)SIG_IGN };

	HOST_CALL(__NR_rt_sigaction, SIGXFSZ, &ignore, NULL, sizeof(ignore.mask));
}

static int start_up(void)
{
	int ret;

	survive_file_limit();
	ret = host_check();
	if (ret)
		return ret;
	ret = host_option_parse(host_start.argc, host_start.argv);
	if (ret)
		return ret;
	host_tty_warden_start();
	ret = host_umid_init();
	if (ret)
		return ret;
	ret = host_mem_init();
	if (ret)
		return ret;
	ret = host_initrd_load();
	if (ret)
		return ret;
	ret = host_space_init();
	if (ret)
		return ret;
	um_cpu_boot.irq_off = 1;
	ret = host_event_init();
	if (!ret)
		ret = host_cpu_init_boot(&um_cpu_boot);
	if (ret)
		host_error("the host refuses what a virtual processor needs: a thread, a timer or a signal stack (error %d); "
			   "look at 'ulimit -u' and 'ulimit -i'", -ret);
	return ret;
}

/**
 * host_main() - the program's first C function
 * @sp: the stack as the host's execve() left it
 */
void host_main(unsigned long *sp)
{
	host_shadow_init();
	read_stack(sp);
	restore_name();
	host_clock_early();
	if (start_up())
		host_exit(1);
	host_enter_guest(um_init_stack_top, guest_boot);
}
