/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stub/context.S - a context: the host thread that runs guest code
 *
 * Life: the mapper clones it (ctx_start); it closes the descriptors it inherited, takes its signal stack, unblocks all signals,
 * installs its seccomp filter, and from then on each host system call traps, but for the two futex calls below and, where the host does
 * not let programs use FSGSBASE, arch_prctl() for the segment bases. It posts STUB_EV_READY and parks.
 *
 * The loop: parked in `wait` -> let go by the kernel -> loads state and returns to guest code with iretq -> the next host signal (SIGSYS for a
 * system call, SIGSEGV for a fault, ...) enters stub_signal on the context's signal stack -> posts the event -> parks.
 *
 * A system call has a second way in, without a signal: from a call site that the kernel has patched (mm/sites.c), through `sites`. It stores the
 * registers in the register block and the FP state behind it, and posts STUB_EV_CALL. Until all general registers are stored, nothing but %rcx and
 * %r11 is lost, which a system call destroys: an event there is one at the call, not yet made, and the kernel puts the thread back
 * (host/space_run.c). Such patches exist only where a space has one context, so its area has a known address.
 *
 * The signal stack is the only thing found through %rsp: it is aligned to its area, sigaltstack() traps and rt_sigreturn() traps, so guest code
 * cannot move it. Guest code can write the area, and can jump to any instruction here; all that gains is events and registers of its
 * own thread that make no sense, which the kernel checks (host/space_run.c).
 *
 * Asleep in `wait` is a state that the kernel process can prove (host/space_run.c): the filter lets a context sleep on its own `go` only, and after
 * the sleep %rbx is made from that address. So a context found asleep there will do what its area says, whoever sent it there.
 *
 * Kicks (STUB_SIG_KICK) ask for an event. They may hit this code at any instruction:
 *   before the event is posted        restart the entry with the registers it had;
 *   in the handling of another kick   likewise; where that is restarting something itself, finish this;
 *   after it, or while parked         note it in `late`, which the way out looks at;
 *   on the way out                    post STUB_EV_LATE instead of going on; the register block and the FP image are still whole;
 *   on the way in from a call site    an event as in guest code, while registers are being stored; then, go on with the FP state that the
 *                                     kick's frame has.
 */
#include <asm/prctl.h>
#include <asm/unistd.h>
#include "abi.h"

#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define EFLAGS_FIXED		0x2		/* the bit that is always set */
#define EFLAGS_NT		0x4000

/* ucontext of the host, offsets */
#define UC_RDI			104
#define UC_RSI			112
#define UC_RDX			136
#define UC_RSP			160
#define UC_RIP			168
#define UC_FPSTATE		224

	.text

	/* The event is there; with what fs and gs are based at, where the program may have changed that unseen. */
	.macro	post_with_bases
	testl	$(1 << STUB_BASES_BY_INSN), STUB_CTX_BASES(%rbx)
	jz	.Lpost\@
	rdfsbase %rax
	movq	%rax, STUB_CTX_FSBASE(%rbx)
	rdgsbase %rax
	movq	%rax, STUB_CTX_GSBASE(%rbx)
.Lpost\@:
	lock incl STUB_CTX_DONE(%rbx)
	.endm

	.globl	stub_signal
stub_signal:
	movq	%rsp, %rbx
	andq	$-STUB_CTX_SIZE, %rbx
	cmpl	$STUB_SIG_KICK, %edi
	je	kick
enter:
	/* %rdi signal, %rsi siginfo, %rdx ucontext stay as they are until the event is posted */
	movl	%edi, STUB_CTX_EVENT(%rbx)
	movl	%edx, %eax
	subl	%ebx, %eax
	movl	%eax, STUB_CTX_UC(%rbx)
	movl	%esi, %eax
	subl	%ebx, %eax
	movl	%eax, STUB_CTX_INFO(%rbx)
	post_with_bases
posted:
	cmpl	$0, STUB_CTX_KERNEL_SLEEPS(%rbx)
	je	wait
	leaq	STUB_CTX_DONE(%rbx), %rdi
	movl	$FUTEX_WAKE, %esi
	movl	$1, %edx
	movl	$__NR_futex, %eax
	syscall
	.globl	stub_wake_ip
stub_wake_ip:
wait:
	xorl	%ecx, %ecx
1:	movl	STUB_CTX_GO(%rbx), %eax
	cmpl	STUB_CTX_SEEN(%rbx), %eax
	jne	released
	pause
	addl	$1, %ecx
	cmpl	STUB_CTX_SPIN(%rbx), %ecx	/* read each time: the kernel may want this host CPU for another context */
	jb	1b
	movl	$1, %eax
	xchgl	%eax, STUB_CTX_SLEEPS(%rbx)
	movl	STUB_CTX_SEEN(%rbx), %edx
	cmpl	STUB_CTX_GO(%rbx), %edx
	jne	2f
	leaq	STUB_CTX_GO(%rbx), %rdi
	movl	$FUTEX_WAIT, %esi
	xorl	%r10d, %r10d
	movl	$__NR_futex, %eax
	syscall
	.globl	stub_wait_ip
stub_wait_ip:
	movq	%rdi, %rbx
2:	movl	$0, STUB_CTX_SLEEPS(%rbx)
	jmp	wait
released:
	movl	%eax, STUB_CTX_SEEN(%rbx)
leave:
	cmpl	$0, STUB_CTX_LATE(%rbx)
	jne	post_late
	movl	STUB_CTX_BASES(%rbx), %r12d
	btl	$STUB_BASES_BY_INSN, %r12d
	jnc	set_bases
	movq	STUB_CTX_FSBASE(%rbx), %rax
	wrfsbase %rax
	movq	STUB_CTX_GSBASE(%rbx), %rax
	wrgsbase %rax
load:
	movq	STUB_CTX_FP(%rbx), %rcx
	movl	STUB_CTX_XMASK(%rbx), %eax
	movl	STUB_CTX_XMASK+4(%rbx), %edx
	xrstor64 (%rcx)
	leaq	STUB_CTX_REGS(%rbx), %rsp
	pushfq
	testl	$EFLAGS_NT, (%rsp)
	jnz	clear_nt
1:	leaq	STUB_CTX_REGS(%rbx), %rsp
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
	iretq
clear_nt:				/* guest code has left it set, and iretq would refuse */
	movq	$EFLAGS_FIXED, (%rsp)
	popfq
	jmp	1b

1:	movl	$__NR_arch_prctl, %eax
	syscall
	.globl	stub_base_ip
stub_base_ip:
set_bases:
	movl	$ARCH_SET_FS, %edi
	movq	STUB_CTX_FSBASE(%rbx), %rsi
	btrl	$STUB_BASES_FS, %r12d
	jc	1b
	movl	$ARCH_SET_GS, %edi
	movq	STUB_CTX_GSBASE(%rbx), %rsi
	btrl	$STUB_BASES_GS, %r12d
	jc	1b
	jmp	load

post_late:
	movl	$STUB_EV_LATE, STUB_CTX_EVENT(%rbx)
	lock incl STUB_CTX_DONE(%rbx)
late_posted:
	jmp	posted

kick:
	movq	UC_RIP(%rdx), %rax
	leaq	stub_signal(%rip), %rcx
	cmpq	%rcx, %rax
	jb	enter
	leaq	posted(%rip), %rcx
	cmpq	%rcx, %rax
	jb	restart
	leaq	leave(%rip), %rcx
	cmpq	%rcx, %rax
	jb	note
	leaq	late_posted(%rip), %rcx
	cmpq	%rcx, %rax
	jb	turn_back
	leaq	kick(%rip), %rcx
	cmpq	%rcx, %rax
	jb	note
	leaq	turn_back(%rip), %rcx
	cmpq	%rcx, %rax
	jb	restart
	leaq	finish_restart(%rip), %rcx
	cmpq	%rcx, %rax
	jb	turn_back
	leaq	restart(%rip), %rcx
	cmpq	%rcx, %rax
	jb	restart
	leaq	restarting(%rip), %rcx
	cmpq	%rcx, %rax
	jb	finish_restart
	leaq	note(%rip), %rcx
	cmpq	%rcx, %rax
	jb	restart
	leaq	call_stored(%rip), %rcx
	cmpq	%rcx, %rax
	jb	note
	leaq	call_posted(%rip), %rcx
	cmpq	%rcx, %rax
	jb	store_again
	leaq	ctx_start(%rip), %rcx
	cmpq	%rcx, %rax
	jae	enter
	jmp	note
turn_back:
	leaq	STUB_CTX_REGS(%rbx), %rsp
	jmp	post_late

/*
 * The stack pointer comes last: above it, the frame that is read here is safe from the next kick. With a lower one the restart is as good.
 */
finish_restart:
	movq	UC_RDX(%rdx), %rdx
restart:
	movq	UC_RSP(%rdx), %rax
	movq	UC_RDI(%rdx), %rdi
	movq	UC_RSI(%rdx), %rsi
	movq	UC_RDX(%rdx), %rdx
restarting:
	movq	%rax, %rsp
	jmp	stub_signal
store_again:				/* %edx, the upper half of the mask, may be anything: no processor has such components */
	movq	UC_FPSTATE(%rdx), %rcx
	movl	STUB_CTX_XMASK(%rbx), %eax
	xrstor64 (%rcx)
	jmp	call_stored
note:
	movl	$1, STUB_CTX_LATE(%rbx)
	leaq	STUB_CTX_REGS(%rbx), %rsp
	jmp	posted

/* A patched call site: %rbx is the area, the register block is filled. */
call_stored:
	leaq	STUB_CTX_REGS(%rbx), %rsp
	movl	STUB_CTX_XMASK(%rbx), %eax
	movl	STUB_CTX_XMASK+4(%rbx), %edx
	xsave64	STUB_CTX_FPLOAD(%rbx)
	movl	$STUB_EV_CALL, STUB_CTX_EVENT(%rbx)
	post_with_bases
call_posted:
	jmp	posted

/*
 * ctx_start: a new thread of the space, fresh from clone(). %r9 = base of its area. Until the filter is in force it touches no memory that
 * guest code could write, and uses no stack.
 */
	.globl	ctx_start
ctx_start:
	movq	%r9, %rbx
	xorl	%edi, %edi
	movl	$-1, %esi
	xorl	%edx, %edx
	movl	$__NR_close_range, %eax
	syscall
	testq	%rax, %rax
	jnz	die

	/* %r12 = its struct stub_ctx_params */
	movq	$STUB_CTX, %rax
	movq	%rbx, %r12
	subq	%rax, %r12
	shrq	$(16 - 6), %r12
	movq	$(STUB_GLOBAL + STUB_GLOBAL_PARAMS), %rax
	addq	%rax, %r12

	movq	%r12, %rdi
	xorl	%esi, %esi
	movl	$__NR_sigaltstack, %eax
	syscall
	testq	%rax, %rax
	jnz	die

	movl	$2, %edi			/* SIG_SETMASK */
	leaq	no_signals(%rip), %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	movl	$__NR_rt_sigprocmask, %eax
	syscall
	testq	%rax, %rax
	jnz	die

	movl	$1, %edi			/* SECCOMP_SET_MODE_FILTER */
	movl	$4, %esi			/* SECCOMP_FILTER_FLAG_SPEC_ALLOW */
	leaq	32(%r12), %rdx
	movl	$__NR_seccomp, %eax
	syscall
	testq	%rax, %rax
	jnz	die

	leaq	STUB_CTX_REGS(%rbx), %rsp
	movl	$STUB_EV_READY, STUB_CTX_EVENT(%rbx)
	lock incl STUB_CTX_DONE(%rbx)
	jmp	posted
die:
	movl	$1, %edi
	movl	$__NR_exit_group, %eax
	syscall
	hlt

/*
 * sites: where the jumps of patched call sites arrive, UM_STUB_SITES. Nothing here changes the flags before they are stored, and whoever is
 * interrupted here has not yet called.
 */
	.section .sites, "ax"
sites:
	.set	site, 0
	.rept	UM_NR_SITES
	.balign	UM_STUB_SITE_SIZE
	movl	$site, %ecx
	jmp	call
	.set	site, site + 1
	.endr
	.balign	UM_STUB_SITE_SIZE
call:
	movabsq	$STUB_CTX, %r11
	movq	%rsp, STUB_CTX_REGS+STUB_REGS_SP(%r11)
	leaq	STUB_CTX_REGS+STUB_REGS_FLAGS+8(%r11), %rsp
	pushfq
	leaq	STUB_CTX_REGS+STUB_REGS_ORIG_AX(%r11), %rsp
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%r11, %rbx
	jmp	call_stored

	.section .rodata
	.balign	8
no_signals:
	.quad	0
