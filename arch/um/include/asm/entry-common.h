/* SPDX-License-Identifier: GPL-2.0 */
/* asm/entry-common.h - nothing beyond the generic entry code; the loop around it is kernel/user.c */
#ifndef _ASM_UM_ENTRY_COMMON_H
#define _ASM_UM_ENTRY_COMMON_H

/* Tells whether the current task's frame is on its own kernel stack; all of ours are. */
static inline bool on_thread_stack(void)
{
	return true;
}

#endif /* _ASM_UM_ENTRY_COMMON_H */
