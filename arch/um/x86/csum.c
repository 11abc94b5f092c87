// SPDX-License-Identifier: GPL-2.0
/*
 * csum.c - the sum of 16-bit words in one's complement, for the Internet checksum
 */

#include <linux/string.h>
#include <linux/types.h>
#include <asm/checksum.h>

static inline u64 add_carry(u64 sum, u64 word)
{
	asm("addq %1, %0\n\tadcq $0, %0" : "+r" (sum) : "rm" (word) : "cc");
	return sum;
}

static inline unsigned int fold(u64 sum)
{
	sum = (u32)sum + (sum >> 32);
	sum = (u32)sum + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Up to seven bytes, in the low bytes of a word. */
static inline u64 last_bytes(const unsigned char *buf, int len)
{
	u64 word = 0;

	memcpy(&word, buf, len);
	return word;
}

/**
 * do_csum() - sum up @len bytes, the first one being the low byte of a word
 */
unsigned int do_csum(const unsigned char *buf, int len)
{
	u64 sum = 0;

	for (; len >= 32; buf += 32, len -= 32)
		asm("addq 0(%1), %0\n\t"
		    "adcq 8(%1), %0\n\t"
		    "adcq 16(%1), %0\n\t"
		    "adcq 24(%1), %0\n\t"
		    "adcq $0, %0"
		    : "+r" (sum) : "r" (buf), "m" (*(const char (*)[32])buf) : "cc");
	for (; len >= 8; buf += 8, len -= 8)
		sum = add_carry(sum, *(const u64 *)buf);
	if (len > 0)
		sum = add_carry(sum, last_bytes(buf, len));
	return fold(sum);
}
