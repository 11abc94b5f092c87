/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/user.h - struct user, user_regs_struct, user_i387_struct: what ptrace and core files show of a thread
 *
 * Guest programs are x86-64 programs, so these are that architecture's.
 */
#ifndef _ASM_UM_USER_H
#define _ASM_UM_USER_H

#include <asm/user_64.h>

#endif /* _ASM_UM_USER_H */
