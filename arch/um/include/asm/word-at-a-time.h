/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/word-at-a-time.h - looking for a zero byte, eight bytes at a time
 */
#ifndef _ASM_UM_WORD_AT_A_TIME_H
#define _ASM_UM_WORD_AT_A_TIME_H

#include <linux/bitops.h>
#include <linux/wordpart.h>
#include <asm/extable.h>

struct word_at_a_time {
	const unsigned long one_bits, high_bits;
};

#define WORD_AT_A_TIME_CONSTANTS { REPEAT_BYTE(0x01), REPEAT_BYTE(0x80) }

/* Nonzero if there is a zero byte; the first (lowest) one has its high bit set in *bits. */
static inline unsigned long has_zero(unsigned long a, unsigned long *bits, const struct word_at_a_time *c)
{
	unsigned long mask = ((a - c->one_bits) & ~a) & c->high_bits;

	*bits = mask;
	return mask;
}

static inline unsigned long prep_zero_mask(unsigned long a, unsigned long bits, const struct word_at_a_time *c)
{
	return bits;
}

static inline unsigned long create_zero_mask(unsigned long bits)
{
	return ((bits - 1) & ~bits) >> 7;
}

/* The bytes below the first zero byte. */
#define zero_bytemask(mask)	(mask)

static inline unsigned long find_zero(unsigned long mask)
{
	return fls64(mask) >> 3;
}

/*
 * Eight bytes from @addr, of which the last ones may lie in a page that is not there: they read as zeroes. The fault goes to
 * an aligned load, which stays within the page, and its bytes are shifted into place.
 */
static inline unsigned long load_unaligned_zeropad(const void *addr)
{
	unsigned long ret, tmp;

	asm("1:\tmovq %2, %0\n"
	    "2:\n"
	    ".pushsection .text.fixup, \"ax\"\n"
	    "3:\tleaq %2, %0\n\t"
	    "movl %k0, %%ecx\n\t"
	    "andq $-8, %0\n\t"
	    "andl $7, %%ecx\n\t"
	    "movq (%0), %0\n\t"
	    "shll $3, %%ecx\n\t"
	    "shrq %%cl, %0\n\t"
	    "jmp 2b\n"
	    ".popsection\n"
	    UM_EXTABLE(1b, 3b)
	    : "=&r" (ret), "=&c" (tmp)
	    : "m" (*(unsigned long *)addr)
	    : "cc");
	return ret;
}

#endif /* _ASM_UM_WORD_AT_A_TIME_H */
