/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/regs.h - the general registers of a guest thread, in the order of x86-64's struct pt_regs
 *
 * The guest kernel asserts that this is its struct pt_regs (kernel/process.c), so that one copy serves both worlds.
 * The stub asserts its register block against the same order (stub/abi.h).
 */
#ifndef _UM_REGS_H
#define _UM_REGS_H

#ifndef __ASSEMBLY__

#include <um/types.h>

struct um_regs {
	__u64 r15, r14, r13, r12, bp, bx;
	__u64 r11, r10, r9, r8, ax, cx, dx, si, di;
	__u64 orig_ax;
	__u64 ip, cs, flags, sp, ss;
};

UM_STATIC_ASSERT(sizeof(struct um_regs) == 21 * 8, "struct um_regs is not struct pt_regs");

#endif /* __ASSEMBLY__ */

#define UM_USER_CS	0x33	/* the host's 64-bit user selectors; also what guest programs see */
#define UM_USER_SS	0x2b
#define UM_KERNEL_CS	0x10	/* never loaded: marks a frame of the guest kernel */

#endif /* _UM_REGS_H */
