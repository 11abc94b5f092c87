/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/alternative.h - what arch/x86's atomic.h, bitops.h and cmpxchg.h want of it
 *
 * The kernel does not patch itself for the processor at hand: whether the host gives us one CPU or many may change while it runs, so
 * the lock prefix is always there.
 */
#ifndef _ASM_UM_ALTERNATIVE_H
#define _ASM_UM_ALTERNATIVE_H

#ifndef __ASSEMBLY__
#include <linux/stringify.h>
#include <linux/types.h>
#endif
#include <asm/asm.h>

#define LOCK_PREFIX_HERE	""
#define LOCK_PREFIX		"lock; "

#endif /* _ASM_UM_ALTERNATIVE_H */
