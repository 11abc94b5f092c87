/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arch_prctl.h - the part of arch_prctl() that a tracer can do to another thread
 */
#ifndef _UM_X86_ARCH_PRCTL_H
#define _UM_X86_ARCH_PRCTL_H

struct task_struct;

long um_arch_prctl(struct task_struct *task, int option, unsigned long arg);

#endif /* _UM_X86_ARCH_PRCTL_H */
