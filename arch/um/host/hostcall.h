/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/hostcall.h - raw host system calls: the only way out of the kernel process
 *
 * World: host. No libc is linked: every host system call is a HOST_CALL(__NR_name, ...), so searching for that word lists them all.
 * Results are the kernel's: 0 or positive, or a negative errno.
 */
#ifndef _UM_HOST_HOSTCALL_H
#define _UM_HOST_HOSTCALL_H

#include <asm/prctl.h>
#include <asm/unistd.h>
#include <um/types.h>

static inline long host_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long host_call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

#define _HOST_CALL(nr, a, b, c, d, e, f, ...)	\
	host_call6(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* HOST_CALL(nr, args...) with up to six arguments */
#define HOST_CALL(nr, ...)	_HOST_CALL(nr, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/** host_set_gsbase() - of the calling thread. By a call, which every host has, and which it remembers whatever guest code does with its own. */
static inline void host_set_gsbase(unsigned long base)
{
	HOST_CALL(__NR_arch_prctl, ARCH_SET_GS, base);
}

#define host_is_error(ret)	((unsigned long)(ret) >= (unsigned long)-4095L)

#endif /* _UM_HOST_HOSTCALL_H */
