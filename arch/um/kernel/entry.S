/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel/entry.S - entry points that the host side lets interrupted guest kernel code continue at (um/trap.h), and the switch of stacks
 *
 * At um_irq_entry and um_exception_entry the stack pointer is the frame (struct pt_regs), aligned to 16, and um_cpu.irq_off is set. The frame is
 * restored with iretq, which needs the host's own selectors: UM_KERNEL_CS in the frame is only a mark.
 */
#include <linux/linkage.h>
#include <um/regs.h>
#include <um/trap.h>

#define CPU_PENDING	0		/* struct um_cpu; asserted in kernel/irq.c */
#define CPU_IRQ_OFF	4

#define FRAME_FLAGS	(18 * 8)	/* struct pt_regs */

	.text

	.globl	um_irq_entry
um_irq_entry:
	movq	%rsp, %rbx
1:	movq	%rbx, %rdi
	call	um_do_irq
enable:
	movl	$0, %gs:um_cpu+CPU_IRQ_OFF
	cmpl	$0, %gs:um_cpu+CPU_PENDING
	je	restore
	movl	$1, %gs:um_cpu+CPU_IRQ_OFF
	jmp	1b
restore:
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	addq	$8, %rsp
	movq	$UM_USER_CS, 8(%rsp)
	movq	$UM_USER_SS, 32(%rsp)
	iretq

	.globl	um_exception_entry
um_exception_entry:
	movq	%rsp, %rbx
	movq	%rbx, %rdi
	call	um_do_exception
	testl	$UM_FLAGS_IF, FRAME_FLAGS(%rbx)
	jz	restore
	jmp	enable

/*
 * struct task_struct *__switch_to_asm(unsigned long *prev_sp, unsigned long next_sp, prev, next): returns on the next task's stack, with the task
 * that was left.
 */
	.globl	__switch_to_asm
__switch_to_asm:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	movq	%rdx, %rdi
	movq	%rcx, %rsi
	jmp	__switch_to

/* A new task's first instruction: %rax = previous task, %r12 = fn or 0, %r13 = its argument, stack pointer at its pt_regs. */
	.globl	um_ret_from_fork
um_ret_from_fork:
	movq	%rax, %rdi
	movq	%rsp, %rsi
	andq	$-16, %rsp
	movq	%r12, %rdx
	movq	%r13, %rcx
	xorl	%ebp, %ebp
	call	um_task_begin
	ud2

	.section .note.GNU-stack, "", @progbits
