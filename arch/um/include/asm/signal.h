/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/signal.h - signals are those of x86-64; the kernel's own sigset_t
 */
#ifndef _ASM_UM_SIGNAL_H
#define _ASM_UM_SIGNAL_H

#define _NSIG		64
#define _NSIG_BPW	64
#define _NSIG_WORDS	(_NSIG / _NSIG_BPW)

#ifndef __ASSEMBLY__

#include <linux/linkage.h>
#include <linux/types.h>

typedef unsigned long old_sigset_t;

typedef struct {
	unsigned long sig[_NSIG_WORDS];
} sigset_t;

#endif /* __ASSEMBLY__ */

#include <uapi/asm/signal.h>

#define __ARCH_HAS_SA_RESTORER

#include <uapi/asm/sigcontext.h>

#endif /* _ASM_UM_SIGNAL_H */
