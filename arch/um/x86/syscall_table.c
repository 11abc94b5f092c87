// SPDX-License-Identifier: GPL-2.0
/*
 * syscall_table.c - x86-64's system calls
 *
 * The table is made from the tree's own arch/x86/entry/syscalls/syscall_64.tbl, so numbers and names cannot drift.
 * Entries that this architecture does not have lead to sys_ni_syscall by the weak definitions of kernel/sys_ni.c.
 * Among them is modify_ldt(): a local descriptor table would be the host's, set up in each context of a space with a
 * system call that the contexts' seccomp filter must not let through; nothing but 16-bit and old Wine code wants one.
 */

#include <linux/linkage.h>
#include <linux/nospec.h>
#include <linux/syscalls.h>
#include <asm/ptrace.h>
#include <asm/syscall.h>
#include <asm/syscalls.h>
#include <asm/unistd.h>

#define __SYSCALL_NORETURN __SYSCALL

/* The entries have all sorts of prototypes; here each is a name for a symbol, called with six words. */
#define __SYSCALL(nr, sym)									\
	extern asmlinkage long um_entry_##nr(unsigned long, unsigned long, unsigned long,	\
					     unsigned long, unsigned long, unsigned long) __asm__(#sym);
#include <asm/syscall_table_64.h>
#undef __SYSCALL

#define __SYSCALL(nr, sym) [nr] = um_entry_##nr,
const sys_call_ptr_t sys_call_table[] = {
#include <asm/syscall_table_64.h>
};
#undef __SYSCALL

#define NO_SYSCALL	((unsigned int)-1)	/* seccomp or a tracer has taken the call away and set the result */

/**
 * um_syscall() - do the system call that a program asks for
 * @regs: the program's registers: the arguments
 * @nr:   the number, after seccomp and tracers had their say
 *
 * Return: what the caller puts into regs->ax.
 */
long um_syscall(struct pt_regs *regs, unsigned int nr)
{
	if (nr < NR_syscalls) {
		nr = array_index_nospec(nr, NR_syscalls);
		return sys_call_table[nr](regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9);
	}
	return nr == NO_SYSCALL ? (long)regs->ax : -ENOSYS;
}
