/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/extable.h - where to go on after a fault in the guest kernel
 *
 * The format is x86's, which scripts/sorttable knows: offsets relative to themselves, and a word of which we use nothing.
 */
#ifndef _ASM_UM_EXTABLE_H
#define _ASM_UM_EXTABLE_H

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct exception_table_entry {
	int insn, fixup, data;
};

struct pt_regs;

#define ARCH_HAS_RELATIVE_EXTABLE

#define swap_ex_entry_fixup(a, b, tmp, delta)	\
do {						\
	(a)->fixup = (b)->fixup + (delta);	\
	(b)->fixup = (tmp).fixup - (delta);	\
	(a)->data = (b)->data;			\
	(b)->data = (tmp).data;			\
} while (0)

/* True if a fault at regs->ip was foreseen; regs->ip is then where to go on. */
bool fixup_exception(struct pt_regs *regs);

/* For inline assembly: a fault at label @from goes on at label @to. */
#define UM_EXTABLE(from, to)			\
	".pushsection __ex_table, \"a\"\n\t"	\
	".balign 4\n\t"				\
	".long (" #from ") - .\n\t"		\
	".long (" #to ") - .\n\t"		\
	".long 0\n\t"				\
	".popsection\n"

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_EXTABLE_H */
