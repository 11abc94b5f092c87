/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/vsyscall.h - calls of the fixed vsyscall page (x86/vsyscall.c)
 */
#ifndef _ASM_UM_VSYSCALL_H
#define _ASM_UM_VSYSCALL_H

#include <linux/types.h>

struct pt_regs;

bool um_vsyscall_emulate(struct pt_regs *regs);

#endif /* _ASM_UM_VSYSCALL_H */
