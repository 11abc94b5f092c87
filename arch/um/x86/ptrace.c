// SPDX-License-Identifier: GPL-2.0
/*
 * ptrace.c - a thread's registers for tracers and core files
 *
 * There are three sets, with x86-64's layouts and note types:
 *
 *   NT_PRSTATUS    struct user_regs_struct: struct pt_regs, then the segment bases and four selectors
 *   NT_PRFPREG     the legacy 512 bytes of FP state (struct user_i387_struct)
 *   NT_X86_XSTATE  the whole XSAVE image; the first word of the bytes that the processor leaves to software (offset
 *                  464) says which components there can be, which is how gdb finds the vector registers
 *
 * Selectors: programs run with the flat 64-bit segments and there are no others to load, so what is written must be
 * what is there; anything else fails with EIO, as an invalid selector does on the real thing.
 *
 * Hardware breakpoints are not to be had in a host process. The debug registers read as 0, and 0 may be written to
 * them, which debuggers do to clear them; another value fails with EIO and gdb goes over to single steps.
 *
 * All this is done to a thread that is stopped or, for a core file, on its way out, so its struct pt_regs does not
 * move; its FP state is brought into memory by um_fpu_sync() first.
 */

#include <linux/cache.h>
#include <linux/elf.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user.h>
#include <asm/fpu.h>
#include <asm/sigcontext.h>
#include <uapi/asm/processor-flags.h>
#include <um/regs.h>

#include "arch_prctl.h"

enum um_regset {
	REGSET_GENERAL,
	REGSET_FP,
	REGSET_XSTATE,
	REGSET_NR
};

/* The flags that a tracer may change. */
#define TRACER_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF | X86_EFLAGS_SF | \
			 X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF | X86_EFLAGS_RF | X86_EFLAGS_AC | \
			 X86_EFLAGS_NT)

#define REG(name)	offsetof(struct user_regs_struct, name)

static_assert(REG(fs_base) == sizeof(struct pt_regs));
static_assert(REG(ss) == offsetof(struct pt_regs, ss));
static_assert(sizeof(struct user_i387_struct) == sizeof(struct _fpstate_64));

/* --- general registers ----------------------------------------------------------------------------------- */

static unsigned long *frame_word(struct task_struct *task, unsigned int offset)
{
	return (void *)task_pt_regs(task) + offset;
}

static unsigned long read_reg(struct task_struct *task, unsigned int offset)
{
	switch (offset) {
	case REG(fs_base):
		return task->thread.fsbase;
	case REG(gs_base):
		return task->thread.gsbase;
	case REG(ds):
	case REG(es):
	case REG(fs):
	case REG(gs):
		return 0;
	case REG(flags):
		if (task->thread.single_step)
			return *frame_word(task, offset) & ~X86_EFLAGS_TF;
		fallthrough;
	default:
		return *frame_word(task, offset);
	}
}

/* TF in the value is from now on the program's own; without it, stepping goes on if a tracer steps. */
static void write_flags(struct task_struct *task, unsigned long value)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (value & X86_EFLAGS_TF)
		task->thread.single_step = false;
	else if (task->thread.single_step)
		value |= X86_EFLAGS_TF;
	regs->flags = (regs->flags & ~TRACER_FLAGS) | (value & TRACER_FLAGS);
}

static int write_base(unsigned long *base, unsigned long value)
{
	if (value >= TASK_SIZE)
		return -EIO;
	*base = value;
	return 0;
}

static int write_reg(struct task_struct *task, unsigned int offset, unsigned long value)
{
	switch (offset) {
	case REG(fs_base):
		return write_base(&task->thread.fsbase, value);
	case REG(gs_base):
		return write_base(&task->thread.gsbase, value);
	case REG(cs):
		return (u16)value == UM_USER_CS ? 0 : -EIO;
	case REG(ss):
		return (u16)value == UM_USER_SS ? 0 : -EIO;
	case REG(ds):
	case REG(es):
	case REG(fs):
	case REG(gs):
		return (u16)value == 0 ? 0 : -EIO;
	case REG(flags):
		write_flags(task, value);
		return 0;
	default:
		*frame_word(task, offset) = value;
		return 0;
	}
}

static int general_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	unsigned int offset;

	for (offset = 0; to.left; offset += sizeof(long))
		membuf_store(&to, read_reg(task, offset));
	return 0;
}

static int general_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		       unsigned int count, const void *kbuf, const void __user *ubuf)
{
	unsigned int offset = pos, end = pos + count;
	struct user_regs_struct new;
	int err;

	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &new, 0, sizeof(new));
	for (; !err && offset < end; offset += sizeof(long))
		err = write_reg(task, offset, *(unsigned long *)((void *)&new + offset));
	return err;
}

/* --- FP and vector registers ------------------------------------------------------------------------------- */

/* The image of a stopped thread or of current, complete, in memory. */
static struct _xstate *synced_image(struct task_struct *task)
{
	struct _xstate *x = task->thread.fpu.image;

	um_fpu_sync(task);
	um_fpu_fill(x);
	return x;
}

static int fp_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	const struct _xstate *x = synced_image(task);

	membuf_write(&to, x, offsetof(struct _fpstate_64, sw_reserved));
	return membuf_zero(&to, sizeof(x->fpstate.sw_reserved));
}

static int fp_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		  unsigned int count, const void *kbuf, const void __user *ubuf)
{
	struct _fpstate_64 new;
	struct _xstate *x;
	int err;

	if (pos != 0 || count != sizeof(new))
		return -EINVAL;
	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &new, 0, sizeof(new));
	if (err)
		return err;
	if (new.mxcsr & ~um_mxcsr_mask)
		return -EINVAL;
	x = synced_image(task);
	x->fpstate = new;
	x->xstate_hdr.xfeatures |= UM_XFEATURE_FPSSE;
	return 0;
}

static int xstate_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	const struct _xstate *x = synced_image(task);
	const u64 software[6] = { um_xfeatures };

	static_assert(sizeof(software) == sizeof(x->fpstate.sw_reserved));
	membuf_write(&to, x, offsetof(struct _fpstate_64, sw_reserved));
	membuf_write(&to, software, sizeof(software));
	return membuf_write(&to, &x->xstate_hdr, um_xstate_size - sizeof(x->fpstate));
}

/* A tracer's image must be right as a whole; nothing of a bad one is taken. */
static bool is_good_image(const struct _xstate *x)
{
	return !(x->fpstate.mxcsr & ~um_mxcsr_mask) && !(x->xstate_hdr.xfeatures & ~um_xfeatures) &&
	       !memchr_inv(x->xstate_hdr.reserved1, 0, sizeof(struct _header) - offsetof(struct _header, reserved1));
}

static int xstate_set(struct task_struct *task, const struct user_regset *regset, unsigned int pos,
		      unsigned int count, const void *kbuf, const void __user *ubuf)
{
	struct _xstate *new;
	int err;

	if (pos != 0 || count != um_xstate_size)
		return -EFAULT;
	new = kmalloc(um_xstate_size, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	err = user_regset_copyin(&pos, &count, &kbuf, &ubuf, new, 0, um_xstate_size);
	if (!err && !is_good_image(new))
		err = -EINVAL;
	if (!err)
		memcpy(synced_image(task), new, um_xstate_size);
	kfree(new);
	return err;
}

/* --- the view ---------------------------------------------------------------------------------------------- */

static struct user_regset regsets[] __ro_after_init = {
	[REGSET_GENERAL] = {
		.core_note_type = NT_PRSTATUS,
		.n = ELF_NGREG,
		.size = sizeof(long),
		.align = sizeof(long),
		.regset_get = general_get,
		.set = general_set,
	},
	[REGSET_FP] = {
		.core_note_type = NT_PRFPREG,
		.n = sizeof(struct user_i387_struct) / sizeof(long),
		.size = sizeof(long),
		.align = sizeof(long),
		.regset_get = fp_get,
		.set = fp_set,
	},
	[REGSET_XSTATE] = {
		.core_note_type = NT_X86_XSTATE,
		.size = sizeof(long),
		.align = sizeof(long),
		.regset_get = xstate_get,
		.set = xstate_set,
	},
};
static_assert(ARRAY_SIZE(regsets) == REGSET_NR);

static const struct user_regset_view user_view = {
	.name = "x86_64",
	.e_machine = EM_X86_64,
	.regsets = regsets,
	.n = ARRAY_SIZE(regsets),
};

static int __init regsets_init(void)
{
	regsets[REGSET_XSTATE].n = um_xstate_size / sizeof(long);
	return 0;
}
early_initcall(regsets_init);

/**
 * task_user_regset_view() - the register sets of a thread
 * @task: any; they are all of one kind
 */
const struct user_regset_view *task_user_regset_view(struct task_struct *task)
{
	return &user_view;
}

/* --- requests ---------------------------------------------------------------------------------------------- */

static bool is_debugreg(unsigned long addr)
{
	return addr >= offsetof(struct user, u_debugreg[0]) && addr <= offsetof(struct user, u_debugreg[7]);
}

static bool is_user_word(unsigned long addr)
{
	return IS_ALIGNED(addr, sizeof(long)) && addr < sizeof(struct user);
}

/* Words of struct user that are neither registers nor debug registers read as 0. */
static int peek_user(struct task_struct *child, unsigned long addr, unsigned long __user *to)
{
	if (!is_user_word(addr))
		return -EIO;
	return put_user(addr < sizeof(struct user_regs_struct) ? read_reg(child, addr) : 0, to);
}

static int poke_user(struct task_struct *child, unsigned long addr, unsigned long value)
{
	if (!is_user_word(addr))
		return -EIO;
	if (addr < sizeof(struct user_regs_struct))
		return write_reg(child, addr, value);
	return is_debugreg(addr) && value == 0 ? 0 : -EIO;
}

static unsigned int set_bytes(enum um_regset set)
{
	return regsets[set].n * regsets[set].size;
}

static int get_set(struct task_struct *child, enum um_regset set, void __user *to)
{
	return copy_regset_to_user(child, &user_view, set, 0, set_bytes(set), to);
}

static int put_set(struct task_struct *child, enum um_regset set, const void __user *from)
{
	return copy_regset_from_user(child, &user_view, set, 0, set_bytes(set), from);
}

/**
 * arch_ptrace() - the requests of ptrace() that are x86-64's own
 * @child:   stopped
 * @request: PTRACE_*
 * @addr:    third argument of the call
 * @data:    fourth argument
 */
long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	void __user *datap = (void __user *)data;

	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(child, addr, datap);
	case PTRACE_POKEUSR:
		return poke_user(child, addr, data);
	case PTRACE_GETREGS:
		return get_set(child, REGSET_GENERAL, datap);
	case PTRACE_SETREGS:
		return put_set(child, REGSET_GENERAL, datap);
	case PTRACE_GETFPREGS:
		return get_set(child, REGSET_FP, datap);
	case PTRACE_SETFPREGS:
		return put_set(child, REGSET_FP, datap);
	case PTRACE_ARCH_PRCTL:
		return um_arch_prctl(child, data, addr);
	default:
		return ptrace_request(child, request, addr, data);
	}
}

/**
 * ptrace_disable() - the tracer lets go
 * @child: its tracee
 */
void ptrace_disable(struct task_struct *child)
{
	user_disable_single_step(child);
}
