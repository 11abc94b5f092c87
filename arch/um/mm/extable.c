// SPDX-License-Identifier: GPL-2.0
/*
 * extable.c - faults in the guest kernel that its author foresaw
 */

#include <linux/extable.h>
#include <linux/ptrace.h>
#include <asm/extable.h>

/**
 * fixup_exception() - go on elsewhere after a fault, if the code at hand says where
 * @regs: of the fault; ip is changed
 */
bool fixup_exception(struct pt_regs *regs)
{
	const struct exception_table_entry *entry = search_exception_tables(regs->ip);

	if (!entry)
		return false;
	regs->ip = (unsigned long)&entry->fixup + entry->fixup;
	return true;
}
