/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/jump_label.h - static branches: a five-byte nop or jmp in the code, exchanged by kernel/jump_label.c
 */
#ifndef _ASM_UM_JUMP_LABEL_H
#define _ASM_UM_JUMP_LABEL_H

#define HAVE_JUMP_LABEL_BATCH

#define JUMP_LABEL_NOP_SIZE	5

#ifndef __ASSEMBLY__

#include <linux/stringify.h>
#include <linux/types.h>

#define __UM_JUMP_ENTRY						\
	".pushsection __jump_table, \"aw\"\n\t"			\
	".balign 8\n\t"						\
	".long 1b - ., %l[l_yes] - .\n\t"			\
	".quad %c0 + %c1 - .\n\t"				\
	".popsection"

static __always_inline bool arch_static_branch(struct static_key * const key, const bool branch)
{
	asm goto("1:\t.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n\t"
		 __UM_JUMP_ENTRY
		 : : "i" (key), "i" (branch) : : l_yes);
	return false;
l_yes:
	return true;
}

static __always_inline bool arch_static_branch_jump(struct static_key * const key, const bool branch)
{
	asm goto("1:\t.byte 0xe9\n\t"
		 ".long %l[l_yes] - (. + 4)\n\t"
		 __UM_JUMP_ENTRY
		 : : "i" (key), "i" (branch) : : l_yes);
	return false;
l_yes:
	return true;
}

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_JUMP_LABEL_H */
