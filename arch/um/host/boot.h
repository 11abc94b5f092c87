/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/boot.h - what the parts of the host side say to each other at start-up and at the end
 *
 * World: host. Everything that the guest may call is in <um/...>; this header joins the files of host/ only.
 */
#ifndef _UM_HOST_BOOT_H
#define _UM_HOST_BOOT_H

#include <um/types.h>

#define UM_SIG_TIMER	14	/* SIGALRM: what host_timer_arm() makes the host send to the vCPU's thread */

#define HOST_SIGBIT(sig)	(1ULL << ((sig) - 1))

/**
 * struct host_start - what the host's execve() gave us
 * @minsigstksz: bytes of a signal frame on this host, 0 if it does not say
 * @vdso:        the host's vDSO, 0 if there is none
 * @sigmask:     signal mask found; put back before another program is executed
 */
struct host_start {
	int argc;
	char **argv;
	char **envp;
	const char *execfn;
	unsigned long hwcap2;
	unsigned long minsigstksz;
	unsigned long vdso;
	__u64 sigmask;
};

extern struct host_start host_start;		/* main.c; constant after start-up */

/* main.c, start_host.S */
const char *host_getenv(const char *name);
void host_main(unsigned long *sp) __attribute__((noreturn));
void host_enter_guest(void *stack_top, void (*fn)(void)) __attribute__((noreturn));

/* check.c: each thing the host must have; reports and returns a negative errno. */
int host_check(void);

/* option.c: reads all arguments and fills um_boot's two command lines; reports and returns a negative errno. */
int host_option_parse(int argc, char **argv);

/* help.c */
void host_help_print(void);

/* warden.c */
int host_tty_warden_start(void);		/* main thread, before guest memory exists; reports what fails */
void host_tty_warden_end(void);			/* after host_tty_restore(); any thread */

/* mem.c */
void host_shadow_init(void);			/* first of all */
int host_mem_init(void);
int host_mem_fd(void);
int host_initrd_load(void);
extern const char *host_initrd_path;		/* initrd=, or NULL */

/* clock.c */
void host_clock_early(void);

/* vdso.c: a function of the host's vDSO by name, or NULL. */
void *host_vdso_symbol(unsigned long vdso, const char *name);

/* file.c */
long host_file_read(const char *path, char *buf, unsigned long size);

/* thread.c */
__u64 host_signals_block(void);
void host_signals_restore(__u64 mask);
void host_signals_add(__u64 mask);

#endif /* _UM_HOST_BOOT_H */
