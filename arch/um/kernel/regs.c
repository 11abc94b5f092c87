// SPDX-License-Identifier: GPL-2.0
/*
 * regs.c - registers by name, for those who are told names at run time
 */

#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/string.h>

static const struct {
	const char *name;
	unsigned int offset;
} reg_names[] = {
#define REG(name)	{ #name, offsetof(struct pt_regs, name) }
	REG(r15), REG(r14), REG(r13), REG(r12), REG(bp), REG(bx), REG(r11), REG(r10), REG(r9), REG(r8), REG(ax),
	REG(cx), REG(dx), REG(si), REG(di), REG(orig_ax), REG(ip), REG(cs), REG(flags), REG(sp), REG(ss),
#undef REG
};

/**
 * regs_query_register_offset() - where a register is in struct pt_regs, or -EINVAL
 */
int regs_query_register_offset(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg_names); i++)
		if (!strcmp(reg_names[i].name, name))
			return reg_names[i].offset;
	return -EINVAL;
}

/**
 * regs_query_register_name() - the name of the register at an offset, or NULL
 */
const char *regs_query_register_name(unsigned int offset)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reg_names); i++)
		if (reg_names[i].offset == offset)
			return reg_names[i].name;
	return NULL;
}

/**
 * regs_get_kernel_stack_nth() - the @n-th word of the stack that was interrupted, 0 beyond its end
 */
unsigned long regs_get_kernel_stack_nth(struct pt_regs *regs, unsigned int n)
{
	unsigned long addr = kernel_stack_pointer(regs) + n * sizeof(unsigned long);

	return regs_within_kernel_stack(regs, addr) ? READ_ONCE_NOCHECK(*(unsigned long *)addr) : 0;
}
