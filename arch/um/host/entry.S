/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/entry.S - the few places where the host side cannot be C
 *
 * host_cpu_wait_word() closes the race between "nothing is pending" and "go to sleep" without a system call: a signal that arrives between
 * host_wait_begin and host_wait_end moves the instruction pointer to host_wait_out (host/cpu.c), so the sleep is never entered after
 * a bit has been set.
 */
#include <asm/unistd.h>

#define FUTEX_WAIT	0
#define UM_CPU_PENDING	0	/* struct um_cpu; asserted in host/cpu.c */

	.text

/* int host_cpu_wait_word(__u32 *word, __u32 val) */
	.globl	host_cpu_wait_word, host_wait_begin, host_wait_end, host_wait_out
host_cpu_wait_word:
	movl	%esi, %edx
	movl	$FUTEX_WAIT, %esi
	xorl	%r10d, %r10d
host_wait_begin:
	cmpl	$0, %gs:um_cpu+UM_CPU_PENDING
	jne	host_wait_out
	movl	$__NR_futex, %eax
	syscall
host_wait_end:
	ret
host_wait_out:
	movl	$-4, %eax			/* -EINTR */
	ret

/*
 * long host_cpu_clone(flags, stack, fn, arg): the new thread calls fn(arg) on `stack` and never returns. The child finds fn and arg on its
 * stack: registers that the host keeps across clone() would do as well, but callee-saved ones have to be restored in the parent.
 */
	.globl	host_cpu_clone
host_cpu_clone:
	andq	$-16, %rsi
	subq	$16, %rsi
	movq	%rdx, (%rsi)
	movq	%rcx, 8(%rsi)
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	movl	$__NR_clone, %eax
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	xorl	%ebp, %ebp
	popq	%rax
	popq	%rdi
	call	*%rax
	ud2

	.globl	host_signal_return
host_signal_return:
	movl	$__NR_rt_sigreturn, %eax
	syscall

	.section .note.GNU-stack, "", @progbits
