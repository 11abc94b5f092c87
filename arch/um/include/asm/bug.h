/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/bug.h - BUG() and WARN() are an undefined instruction and a row in __bug_table
 *
 * The host answers with SIGILL; the trap handler finds the row by the address (lib/bug.c).
 */
#ifndef _ASM_UM_BUG_H
#define _ASM_UM_BUG_H

#include <linux/instrumentation.h>
#include <linux/stringify.h>

#define UM_UD2_SIZE	2	/* bytes of the instruction, to go on behind a WARN() */

#ifdef CONFIG_GENERIC_BUG

#ifdef CONFIG_DEBUG_BUGVERBOSE
#define __UM_BUG_PLACE	"\t.long %c0 - .\n\t.word %c1\n"
#else
#define __UM_BUG_PLACE
#endif

#define __UM_BUG_FLAGS(bug_flags)					\
	asm volatile("1:\tud2\n"					\
		     ".pushsection __bug_table, \"aw\"\n"		\
		     "2:\t.long 1b - .\n"				\
		     __UM_BUG_PLACE					\
		     "\t.word %c2\n"					\
		     "\t.org 2b + %c3\n"				\
		     ".popsection"					\
		     : : "i" (__FILE__), "i" (__LINE__), "i" (bug_flags), \
			 "i" (sizeof(struct bug_entry)))

#else
#define __UM_BUG_FLAGS(bug_flags)	asm volatile("ud2")
#endif

#define HAVE_ARCH_BUG
#define BUG()								\
do {									\
	instrumentation_begin();					\
	__UM_BUG_FLAGS(0);						\
	__builtin_unreachable();					\
} while (0)

#define __WARN_FLAGS(flags)						\
do {									\
	__auto_type __flags = BUGFLAG_WARNING | (flags);		\
	instrumentation_begin();					\
	__UM_BUG_FLAGS(__flags);					\
	instrumentation_end();						\
} while (0)

#include <asm-generic/bug.h>

#endif /* _ASM_UM_BUG_H */
