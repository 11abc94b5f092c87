/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/syscalls.h - prototypes of the system calls that only this architecture has
 */
#ifndef _ASM_UM_SYSCALLS_H
#define _ASM_UM_SYSCALLS_H

#include <linux/linkage.h>

asmlinkage long sys_arch_prctl(int option, unsigned long arg2);
asmlinkage long sys_ioperm(unsigned long from, unsigned long num, int on);
asmlinkage long sys_iopl(unsigned int level);
asmlinkage long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
			 unsigned long fd, unsigned long offset);
asmlinkage long sys_rt_sigreturn(void);

#endif /* _ASM_UM_SYSCALLS_H */
