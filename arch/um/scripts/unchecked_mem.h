/* SPDX-License-Identifier: GPL-2.0 */
/*
 * unchecked_mem.h - memcpy() and friends for host code in a kernel with KASAN
 *
 * There, memcpy() is the checking one, which reads the shadow and reports through printk. Host code runs before the shadow exists and on
 * threads that have no guest context, so its calls, those that the compiler makes up included, go to the plain functions.
 */
__asm__(".set memcpy, __memcpy\n\t.set memmove, __memmove\n\t.set memset, __memset");
