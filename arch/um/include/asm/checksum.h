/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/checksum.h - the Internet checksum: generic but for the inner loop (x86/csum.c), which adds eight bytes at a time
 */
#ifndef _ASM_UM_CHECKSUM_H
#define _ASM_UM_CHECKSUM_H

#define do_csum do_csum
unsigned int do_csum(const unsigned char *buf, int len);

#include <asm-generic/checksum.h>

#endif /* _ASM_UM_CHECKSUM_H */
