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

/*
 * host_enter_guest(stack_top, command_line, initrd_start_gpo, initrd_size): guest_boot() with the last three, on the guest's
 * stack. It never returns, and the host's stack is left for good.
 */
	.globl	host_enter_guest
	.type	host_enter_guest, @function
host_enter_guest:
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	call	guest_boot
	hlt
	.size	host_enter_guest, . - host_enter_guest

	.section .note.GNU-stack, "", @progbits
