/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/string.h - memcpy(), memmove(), memset() of our own (x86/string_64.S); the rest is lib/string.c's
 *
 * Each has two names. The underscored one is what a sanitizer's checking version calls in the end. The plain one is not checked
 * either: with the generic entry code, a compiler that checks these functions calls them by names of its own.
 */
#ifndef _ASM_UM_STRING_H
#define _ASM_UM_STRING_H

#include <linux/types.h>

#define __HAVE_ARCH_MEMCPY
void *memcpy(void *to, const void *from, size_t n);
void *__memcpy(void *to, const void *from, size_t n);

#define __HAVE_ARCH_MEMMOVE
void *memmove(void *to, const void *from, size_t n);
void *__memmove(void *to, const void *from, size_t n);

#define __HAVE_ARCH_MEMSET
void *memset(void *s, int c, size_t n);
void *__memset(void *s, int c, size_t n);

#endif /* _ASM_UM_STRING_H */
