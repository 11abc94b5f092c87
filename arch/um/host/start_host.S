/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/start_host.S - where the host's execve() enters the program, and the step from the host's stack to the guest's
 *
 * World: host. At _start %rsp points at argc, argv, the environment and the auxiliary vector, and is 16-byte aligned.
 */
	.text

	.globl	_start
	.type	_start, @function
_start:
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	host_main
	hlt
	.size	_start, . - _start

/* void host_enter_guest(void *stack_top, void (*fn)(void)): @fn never returns, and the host's stack is left for good. */
	.globl	host_enter_guest
	.type	host_enter_guest, @function
host_enter_guest:
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	call	*%rsi
	hlt
	.size	host_enter_guest, . - host_enter_guest

	.section .note.GNU-stack, "", @progbits
