/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stub/mapper.S - the zygote, and the mapper thread of each space
 *
 * The kernel process executes the stub once; that is the zygote. It unmaps all but the stub, and forks one space for each command. A
 * space's first thread is its mapper: it executes batches of host system calls (mmap, munmap, clone of a context) which the kernel process puts into
 * the command page. Mapper and zygote are children of the kernel process' main thread and die with it.
 *
 * The mapper never runs guest code, has all signals blocked, uses no stack and no memory that guest code can write: its state is in
 * registers, its input is read-only in the space, and its acknowledgement goes through pwrite().
 *
 * A context area's `go` is the exception: the mapper adds 1 to it, which guest code could do as well.
 */
#include <asm/unistd.h>
#include "abi.h"

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define SIGKILL			9
#define SIGCHLD			17
#define PR_SET_PDEATHSIG	1
#define PR_SET_DUMPABLE		4
#define PR_SET_NAME		15
#define PR_SET_NO_NEW_PRIVS	38
#define PROT_READ		1
#define PROT_WRITE		2
#define MAP_SHARED		0x01
#define MAP_PRIVATE		0x02
#define MAP_FIXED		0x10
#define MAP_ANONYMOUS		0x20
#define MADV_DONTFORK		10
#define CLONE_PARENT		0x00008000
#define SA_FLAGS		(0x4 | 0x08000000 | 0x40000000 | 0x04000000) /* SIGINFO ONSTACK NODEFER RESTORER */

	.macro	hostcall nr
	movl	$\nr, %eax
	syscall
	.endm

	.macro	must nr
	hostcall	\nr
	testq	%rax, %rax
	js	fail
	.endm

	/* die with the thread that made us; if it is gone already, die now. %r12 = STUB_CMD */
	.macro	die_with_parent
	movl	$PR_SET_PDEATHSIG, %edi
	movl	$SIGKILL, %esi
	must	__NR_prctl
	hostcall	__NR_getppid
	cmpl	STUB_CMD_PPID(%r12), %eax
	jne	fail
	.endm

	.macro	map addr, len, prot, flags, fd, off
	movq	\addr, %rdi
	movq	\len, %rsi
	movl	$(\prot), %edx
	movl	$(\flags), %r10d
	movl	$\fd, %r8d
	movq	\off, %r9
	must	__NR_mmap
	.endm

	/* *%rsi (a word of the command page) becomes the acknowledgement */
	.macro	acknowledge
	movl	$STUB_FD_CTL, %edi
	movl	$4, %edx
	movq	STUB_CMD_ACK_OFF(%r12), %r10
	hostcall	__NR_pwrite64
	mfence
	.endm

	/* whoever sleeps on the acknowledgement is woken */
	.macro	wake_kernel
	cmpl	$0, STUB_CMD_WAITS(%r12)
	je	1f
	leaq	STUB_CMD_ACK(%r12), %rdi
	movl	$FUTEX_WAKE, %esi
	movl	$1, %edx
	hostcall	__NR_futex
1:
	.endm

	.text
	.globl	_start
_start:
	movq	$STUB_CMD, %r12
	map	%r12, $4096, PROT_READ, MAP_SHARED | MAP_FIXED, STUB_FD_CTL, $0
	die_with_parent
	hostcall	__NR_setsid
	movl	$PR_SET_NAME, %edi
	leaq	name(%rip), %rsi
	must	__NR_prctl
	movl	$PR_SET_NO_NEW_PRIVS, %edi
	movl	$1, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	must	__NR_prctl
	movl	$PR_SET_DUMPABLE, %edi
	xorl	%esi, %esi
	must	__NR_prctl

	movq	$STUB_GLOBAL, %rdi
	map	%rdi, $STUB_GLOBAL_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, STUB_FD_CTL, $STUB_GLOBAL_OFF
	movq	$STUB_SCRATCH, %r13
	map	%r13, $4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, $0
	movq	%r13, %rdi
	movl	$4096, %esi
	movl	$MADV_DONTFORK, %edx
	must	__NR_madvise

	/* all signals blocked here and in every mapper; contexts unblock theirs */
	movl	$2, %edi
	leaq	all_signals(%rip), %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	must	__NR_rt_sigprocmask
	leaq	signals(%rip), %r14
1:	movzbl	(%r14), %edi
	testl	%edi, %edi
	jz	2f
	leaq	action(%rip), %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	must	__NR_rt_sigaction
	incq	%r14
	jmp	1b

2:	/* nothing but the stub stays mapped */
	xorl	%edi, %edi
	movq	$STUB_CODE, %rsi
	must	__NR_munmap
	movq	$(STUB_CTX), %rdi
	movq	$UM_STUB_END, %rsi
	subq	%rdi, %rsi
	must	__NR_munmap

	xorl	%r15d, %r15d
zygote:
	movl	STUB_CMD_SEQ(%r12), %eax
	cmpl	%r15d, %eax
	jne	3f
	leaq	STUB_CMD_SEQ(%r12), %rdi
	movl	$FUTEX_WAIT, %esi
	movl	%r15d, %edx
	xorl	%r10d, %r10d
	hostcall	__NR_futex
	jmp	zygote
3:	movl	%eax, %r15d
	movq	STUB_CMD_SLOT_OFF(%r12), %rbx	/* before the clone: the page is the next command's after our acknowledgement */
	movq	STUB_CMD_CTX_LEN(%r12), %rbp
	movl	$(CLONE_PARENT | SIGCHLD), %edi
	xorl	%esi, %esi
	xorl	%edx, %edx
	xorl	%r10d, %r10d
	xorl	%r8d, %r8d
	hostcall	__NR_clone
	testq	%rax, %rax
	jz	space
	movl	%eax, (%r13)
	movl	$STUB_FD_CTL, %edi
	movq	%r13, %rsi
	movl	$4, %edx
	movl	$STUB_CMD_PID, %r10d
	hostcall	__NR_pwrite64
	leaq	STUB_CMD_SEQ(%r12), %rsi
	acknowledge
	wake_kernel
	jmp	zygote

/* A new space: %rbx its slot's offset, %rbp the length of its context areas. */
space:
	die_with_parent
	map	%r12, $4096, PROT_READ, MAP_SHARED | MAP_FIXED, STUB_FD_CTL, %rbx
	addq	$STUB_SLOT_CTX_OFF, %rbx
	movq	$STUB_CTX, %rdi
	map	%rdi, %rbp, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, STUB_FD_CTL, %rbx
	xorl	%r15d, %r15d

mapper:
	movl	STUB_CMD_SEQ(%r12), %eax
	cmpl	%r15d, %eax
	jne	4f
	leaq	STUB_CMD_SEQ(%r12), %rdi
	movl	$FUTEX_WAIT, %esi
	movl	%r15d, %edx
	xorl	%r10d, %r10d
	hostcall	__NR_futex
	jmp	mapper

4:	movl	%eax, %r15d
	leaq	STUB_CMD_SEQ(%r12), %r13	/* where the acknowledgement is read from */
	leaq	STUB_CMD_OPS(%r12), %r14
	movl	STUB_CMD_NR_OPS(%r12), %ebp
5:	subl	$1, %ebp
	js	7f
	movq	(%r14), %rax
	movq	8(%r14), %rdi
	movq	16(%r14), %rsi
	movq	24(%r14), %rdx
	movq	32(%r14), %r10
	movq	40(%r14), %r8
	movq	48(%r14), %r9
	syscall
	testq	%rax, %rax
	jz	8f
6:	cmpq	$-4095, %rax
	jb	9f
	leaq	STUB_CMD_SEQ_FAILED(%r12), %r13
	cmpl	$__NR_clone, (%r14)
	je	9f
	/* no mapping to spare, for one: what must go, or be replaced, goes with all the rest, which faults bring back */
	xorl	%edi, %edi
	movq	$UM_STUB_START, %rsi
	must	__NR_munmap
9:	addq	$STUB_OP_SIZE, %r14
	jmp	5b
8:	cmpl	$__NR_clone, (%r14)
	jne	9b
	jmp	ctx_start			/* we are the new thread; %r9 is its area */

	/* the context first: the kernel, once awake, may take this host CPU from us */
7:	movq	%r13, %rsi
	movq	STUB_CMD_WAKE(%r12), %rbp
	acknowledge
	testq	%rbp, %rbp
	jz	8f
	lock incl STUB_CTX_GO(%rbp)
	cmpl	$0, STUB_CTX_SLEEPS(%rbp)
	je	8f
	leaq	STUB_CTX_GO(%rbp), %rdi
	movl	$FUTEX_WAKE, %esi
	movl	$1, %edx
	hostcall	__NR_futex
8:	wake_kernel
	jmp	mapper

fail:
	movl	$1, %edi
	hostcall	__NR_exit_group
	hlt

	.section .rodata
	.balign	8
action:
	.quad	stub_signal, SA_FLAGS, fail, 0
all_signals:
	.quad	-1
name:
	.asciz	"linux-space"			/* for the host's ps; a memfd has no name worth showing */
signals:
	.byte	4, 5, 7, 8, STUB_SIG_KICK, 11, 31, 0	/* ILL TRAP BUS FPE kick SEGV SYS */
