// SPDX-License-Identifier: GPL-2.0
/*
 * signal.c - delivery of signals to guest programs and the way back
 *
 * The frame on the user's stack is x86-64's, byte for byte, because unwinders, debuggers, language runtimes and
 * checkpoint tools read and write it:
 *
 *      higher addresses
 *        red zone of the interrupted function (128 bytes)        not on the alternate stack
 *        FP_XSTATE_MAGIC2 (4 bytes)
 *        XSAVE image, aligned to 64, um_xstate_size bytes        sigcontext.fpstate points here
 *        siginfo (128 bytes)
 *        ucontext: flags, stack, sigcontext, signal mask         rt_sigreturn looks here
 *        address of the restorer                                 %rsp of the handler, 16 * n + 8
 *      lower addresses
 *
 * The frame is put together in kernel memory and copied out in two pieces, since each user access is a walk of the
 * page table.
 *
 * Trust: a frame that comes back may hold anything. The segment registers become the user's, of the flags only those
 * that a program may change are taken, the FP image goes through um_fpu_check(); the instruction and stack pointers
 * may have any value, and the execution core answers a bad one with a signal. As with the real kernel, an image that
 * XRSTOR would refuse, or that is not aligned, makes the frame bad: SIGSEGV.
 *
 * Single step: TF that a debugger set (thread.single_step) is taken out of the flags before they are saved, so
 * that it cannot come back by rt_sigreturn after the debugger has gone; signal_setup_done() then reports the step.
 */

#include <linux/entry-common.h>
#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/rseq.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/string.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/elf.h>
#include <asm/fpu.h>
#include <uapi/asm/processor-flags.h>
#include <asm/sigcontext.h>
#include <asm/syscall.h>
#include <asm/ucontext.h>
#include <um/regs.h>

#define RED_ZONE		128
#define STACK_ALIGN		16UL
#define FP_ALIGN		64UL
#define SYSCALL_INSN_BYTES	2

/* The flags that rt_sigreturn takes from the frame. */
#define RESTORED_FLAGS	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_SF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF | X86_EFLAGS_CF | X86_EFLAGS_RF)

struct um_sigframe {
	void __user *restorer;
	struct ucontext uc;
	struct siginfo info;
};

static_assert(offsetof(struct um_sigframe, uc) == 8);
static_assert(offsetof(struct ucontext, uc_mcontext) == 40);
static_assert(offsetof(struct ucontext, uc_sigmask) == 296);
static_assert(offsetof(struct um_sigframe, info) == 312);
static_assert(sizeof(struct um_sigframe) == 440);

/**
 * um_sigframe_size() - the most stack that the delivery of a signal takes; programs get it as AT_MINSIGSTKSZ
 */
unsigned long um_sigframe_size(void)
{
	unsigned long size = sizeof(struct um_sigframe) + STACK_ALIGN - 1;

	size += um_xstate_size + FP_XSTATE_MAGIC2_SIZE + FP_ALIGN - 1;
	return round_up(size, STACK_ALIGN);
}

/* --- delivery ------------------------------------------------------------------------------------------- */

struct frame_place {
	struct um_sigframe __user *frame;
	void __user *fp;
};

/* Choose the stack and lay the frame out on it. -EFAULT: the alternate stack is too small. */
static int place_frame(const struct ksignal *ksig, unsigned long user_sp, struct frame_place *place)
{
	bool on_altstack = on_sig_stack(user_sp);
	unsigned long sp = user_sp - RED_ZONE;

	if ((ksig->ka.sa.sa_flags & SA_ONSTACK) && sas_ss_flags(sp) == 0) {
		sp = current->sas_ss_sp + current->sas_ss_size;
		on_altstack = true;
	}
	sp = round_down(sp - um_xstate_size - FP_XSTATE_MAGIC2_SIZE, FP_ALIGN);
	place->fp = (void __user *)sp;
	sp = round_down(sp - sizeof(struct um_sigframe), STACK_ALIGN) - 8;
	place->frame = (void __user *)sp;

	return on_altstack && !__on_sig_stack(sp) ? -EFAULT : 0;
}

/*
 * The x87 and SSE bits of the header are always set in a frame, so that a handler which knows only the legacy area
 * may change it; um_fpu_fill() has made sure that they do not lie.
 */
static int put_fp(void __user *fp)
{
	struct _xstate *x = current->thread.fpu.image;
	struct _fpx_sw_bytes sw = {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = um_xstate_size + FP_XSTATE_MAGIC2_SIZE,
		.xfeatures = um_xfeatures,
		.xstate_size = um_xstate_size,
	};

	um_fpu_fill(x);
	x->xstate_hdr.xfeatures |= UM_XFEATURE_FPSSE;
	x->fpstate.sw_reserved = sw;
	if (copy_to_user(fp, x, um_xstate_size))
		return -EFAULT;
	return put_user(FP_XSTATE_MAGIC2, (u32 __user *)(fp + um_xstate_size));
}

static void fill_sigcontext(struct sigcontext *sc, const struct pt_regs *regs, void __user *fp, unsigned long oldmask)
{
	*sc = (struct sigcontext) {
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.di = regs->di, .si = regs->si, .bp = regs->bp, .bx = regs->bx,
		.dx = regs->dx, .ax = regs->ax, .cx = regs->cx, .sp = regs->sp,
		.ip = regs->ip, .flags = regs->flags,
		.cs = regs->cs, .ss = regs->ss,
		.err = current->thread.error_code,
		.trapno = current->thread.trap_nr,
		.oldmask = oldmask,
		.cr2 = current->thread.cr2,
		.fpstate = (unsigned long)fp,
	};
}

static int setup_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	const sigset_t *mask = sigmask_to_save();
	struct um_sigframe f = {};
	struct frame_place place;

	rseq_signal_deliver(ksig, regs);

	/* x86-64 has no code on the stack to return with; without a restorer a handler cannot be entered. */
	if (!(ksig->ka.sa.sa_flags & SA_RESTORER) || place_frame(ksig, regs->sp, &place) || put_fp(place.fp))
		return -EFAULT;

	f.restorer = (void __user *)ksig->ka.sa.sa_restorer;
	f.uc.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	f.uc.uc_stack.ss_sp = (void __user *)current->sas_ss_sp;
	f.uc.uc_stack.ss_flags = current->sas_ss_flags;
	f.uc.uc_stack.ss_size = current->sas_ss_size;
	f.uc.uc_sigmask = *mask;
	fill_sigcontext(&f.uc.uc_mcontext, regs, place.fp, mask->sig[0]);
	if (ksig->ka.sa.sa_flags & SA_SIGINFO)
		memcpy(&f.info, &ksig->info, sizeof(ksig->info));
	if (copy_to_user(place.frame, &f, sizeof(f)))
		return -EFAULT;

	regs->di = ksig->sig;
	regs->si = (unsigned long)&place.frame->info;
	regs->dx = (unsigned long)&place.frame->uc;
	regs->ax = 0;	/* number of vector arguments, for a handler declared without a prototype */
	regs->sp = (unsigned long)place.frame;
	regs->ip = (unsigned long)ksig->ka.sa.sa_handler;
	regs->cs = UM_USER_CS;
	regs->ss = UM_USER_SS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	um_fpu_reset(&current->thread.fpu);
	return 0;
}

static void restart_syscall_as(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= SYSCALL_INSN_BYTES;
}

/* A handler is about to run: does the call that it interrupted start again after it, or fail with EINTR? */
static void interrupt_syscall(const struct ksignal *ksig, struct pt_regs *regs)
{
	if (syscall_get_nr(current, regs) == -1)
		return;

	switch (syscall_get_error(current, regs)) {
	case -ERESTARTNOINTR:
		restart_syscall_as(regs, regs->orig_ax);
		break;
	case -ERESTARTSYS:
		if (ksig->ka.sa.sa_flags & SA_RESTART)
			restart_syscall_as(regs, regs->orig_ax);
		else
			regs->ax = -EINTR;
		break;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		regs->ax = -EINTR;
		break;
	}
}

/* No handler runs: the program must not notice that its call was interrupted. */
static void resume_syscall(struct pt_regs *regs)
{
	if (syscall_get_nr(current, regs) == -1)
		return;

	switch (syscall_get_error(current, regs)) {
	case -ERESTARTNOHAND:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
		restart_syscall_as(regs, regs->orig_ax);
		break;
	case -ERESTART_RESTARTBLOCK:
		restart_syscall_as(regs, __NR_restart_syscall);
		break;
	}
}

static void deliver(struct ksignal *ksig, struct pt_regs *regs)
{
	bool stepping = test_thread_flag(TIF_SINGLESTEP);
	int err;

	interrupt_syscall(ksig, regs);
	if (stepping)
		user_disable_single_step(current);
	um_fpu_sync(current);
	err = setup_frame(ksig, regs);
	signal_setup_done(err, ksig, stepping);
}

/**
 * arch_do_signal_or_restart() - on the way to user mode with a signal pending
 * @regs: the user's registers
 */
void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ksig;

	if (get_signal(&ksig)) {
		deliver(&ksig, regs);
		return;
	}
	resume_syscall(regs);
	restore_saved_sigmask();
}

/* --- return --------------------------------------------------------------------------------------------- */

/*
 * Is there a whole XSAVE image, as we write it, or only the legacy area that an older program may have put there?
 * Returns the components to load, and through @bytes how much to copy.
 */
static int probe_fp(const void __user *fp, u64 *features, unsigned int *bytes)
{
	struct _fpx_sw_bytes sw;
	u32 magic2;

	if (copy_from_user(&sw, fp + offsetof(struct _fpstate_64, sw_reserved), sizeof(sw)))
		return -EFAULT;
	*features = UM_XFEATURE_FPSSE;
	*bytes = sizeof(struct _fpstate_64);
	if (sw.magic1 != FP_XSTATE_MAGIC1 || sw.xstate_size > um_xstate_size || sw.xstate_size > sw.extended_size ||
	    sw.xstate_size < sizeof(struct _fpstate_64) + sizeof(struct _header))
		return 0;
	if (get_user(magic2, (u32 __user *)(fp + sw.xstate_size)))
		return -EFAULT;
	if (magic2 == FP_XSTATE_MAGIC2) {
		*features = sw.xfeatures & um_fpu_fitting(sw.xstate_size);
		*bytes = sw.xstate_size;
	}
	return 0;
}

static int load_fp(const void __user *fp)
{
	struct _xstate *x = current->thread.fpu.image;
	unsigned int bytes;
	u64 features;
	int err;

	if (!IS_ALIGNED((unsigned long)fp, FP_ALIGN))
		return -EFAULT;
	err = probe_fp(fp, &features, &bytes);
	if (err)
		return err;
	if (copy_from_user(x, fp, bytes))
		return -EFAULT;
	if (bytes == sizeof(struct _fpstate_64))
		x->xstate_hdr = (struct _header) { .xfeatures = UM_XFEATURE_FPSSE };
	err = um_fpu_check(x);
	um_fpu_truncate(x, features);
	return err;
}

/* A frame without FP state, or with a bad one, leaves the initial state. */
static int restore_fp(const void __user *fp)
{
	int err = 0;

	um_fpu_sync(current);
	if (fp)
		err = load_fp(fp);
	if (!fp || err)
		um_fpu_reset(&current->thread.fpu);
	return err;
}

static void restore_regs(struct pt_regs *regs, const struct sigcontext *sc)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	regs->cs = UM_USER_CS;
	regs->ss = UM_USER_SS;
	regs->flags = (regs->flags & ~RESTORED_FLAGS) | (sc->flags & RESTORED_FLAGS);
	regs->orig_ax = -1;	/* what is in ax now is not a call's result */
}

static int restore_frame(struct pt_regs *regs, struct um_sigframe __user *frame)
{
	struct ucontext uc;

	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		return -EFAULT;
	set_current_blocked(&uc.uc_sigmask);
	if (restore_altstack(&frame->uc.uc_stack))
		return -EFAULT;
	current->restart_block.fn = do_no_restart_syscall;
	restore_regs(regs, &uc.uc_mcontext);
	return restore_fp((void __user *)uc.uc_mcontext.fpstate);
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *regs = current_pt_regs();

	/* The handler's "ret" has popped the restorer. */
	if (restore_frame(regs, (void __user *)(regs->sp - sizeof(long)))) {
		force_sig(SIGSEGV);
		return 0;
	}
	return regs->ax;
}
