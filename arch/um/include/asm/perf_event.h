/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/perf_event.h - software events; there is no counter hardware for a guest
 */
#ifndef _ASM_UM_PERF_EVENT_H
#define _ASM_UM_PERF_EVENT_H

#include <asm/ptrace.h>

#define perf_arch_fetch_caller_regs(regs, __ip)				\
do {									\
	(regs)->ip = (__ip);						\
	(regs)->sp = (unsigned long)__builtin_frame_address(0);		\
	(regs)->bp = (unsigned long)__builtin_frame_address(0);		\
	(regs)->cs = UM_KERNEL_CS;					\
	(regs)->flags = 0;						\
} while (0)

#endif /* _ASM_UM_PERF_EVENT_H */
