// SPDX-License-Identifier: GPL-2.0
/*
 * string.c - the functions that the kernel's lib/string.c gives to host code, for test programs that have no kernel
 */
#include "hostlib.h"

void *memmove(void *dst, const void *src, host_size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d < s) {
		while (n--)
			*d++ = *s++;
	} else {
		while (n--)
			d[n] = s[n];
	}
	return dst;
}

void *memcpy(void *dst, const void *src, host_size_t n)
{
	return memmove(dst, src, n);
}

void *memset(void *dst, int c, host_size_t n)
{
	volatile char *d = dst;

	while (n--)
		*d++ = (char)c;
	return dst;
}

int memcmp(const void *a, const void *b, host_size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

host_size_t strlen(const char *s)
{
	host_size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, host_size_t n)
{
	while (n && *a && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	char *found = NULL;

	for (; *s; s++)
		if (*s == (char)c)
			found = (char *)s;
	return found;
}

char *strstr(const char *s, const char *what)
{
	for (; *s; s++)
		if (strncmp(s, what, strlen(what)) == 0)
			return (char *)s;
	return NULL;
}
