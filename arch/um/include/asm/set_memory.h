/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/set_memory.h - protection of kernel pages: the host's mapping of the image, of modules and of vmalloc memory
 *
 * The direct map is always readable and writable and never executable; these do nothing to it.
 */
#ifndef _ASM_UM_SET_MEMORY_H
#define _ASM_UM_SET_MEMORY_H

int set_memory_ro(unsigned long addr, int numpages);
int set_memory_rw(unsigned long addr, int numpages);
int set_memory_x(unsigned long addr, int numpages);
int set_memory_nx(unsigned long addr, int numpages);
int set_memory_rox(unsigned long addr, int numpages);
#define set_memory_rox set_memory_rox

#endif /* _ASM_UM_SET_MEMORY_H */
