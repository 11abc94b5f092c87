/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/string.h - memcpy(), memmove(), memset() of our own (x86/string_64.S); the rest is lib/string.c's
 *
 * Each has two names: where a sanitizer takes the plain one for its checking version, the underscored one remains unchecked.
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

#if defined(CONFIG_KASAN) && !defined(__SANITIZE_ADDRESS__)

#define memcpy(to, from, n)	__memcpy(to, from, n)
#define memmove(to, from, n)	__memmove(to, from, n)
#define memset(s, c, n)		__memset(s, c, n)

#ifndef __NO_FORTIFY
#define __NO_FORTIFY
#endif

#endif

#endif /* _ASM_UM_STRING_H */
