/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/hostlib.h - the few library functions that host code may use
 *
 * World: host. The mem* and str* functions are the kernel's own (lib/string.c, arch/um/x86): plain functions without
 * per-CPU data, so they work on any host thread and before the guest has started. What is inline here has no
 * counterpart there.
 */
#ifndef _UM_HOST_HOSTLIB_H
#define _UM_HOST_HOSTLIB_H

#include <um/types.h>

typedef __SIZE_TYPE__ host_size_t;

#ifndef NULL
#define NULL ((void *)0)
#endif

void *memcpy(void *dst, const void *src, host_size_t n);
void *memmove(void *dst, const void *src, host_size_t n);
void *memset(void *dst, int c, host_size_t n);
int memcmp(const void *a, const void *b, host_size_t n);
host_size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, host_size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);

#define HOST_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define HOST_ALIGN_UP(x, a)	(((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define HOST_ALIGN_DOWN(x, a)	((x) & ~((__typeof__(x))(a) - 1))

/** host_str_starts() - does @s begin with @prefix? */
static inline int host_str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/** host_is_digit() - is @c one of 0..9? */
static inline int host_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/** host_is_space() - does the kernel's command line parser split at @c? */
static inline int host_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif /* _UM_HOST_HOSTLIB_H */
