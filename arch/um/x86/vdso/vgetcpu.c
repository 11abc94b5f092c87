// SPDX-License-Identifier: GPL-2.0
/*
 * vgetcpu.c - getcpu() in the vDSO: the system call
 *
 * The real x86 answers from a register that user mode can read (rdpid, the limit of a segment); under us that
 * register names the host's processor, and no memory that the kernel shares with a program follows it from one
 * virtual processor to the next except the one that the program itself registers with rseq. The C library reads
 * rseq's cpu_id first, so this function is the slow case anyway, and it is right.
 */

#include <linux/compiler.h>
#include <asm/unistd.h>

struct getcpu_cache;

long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "0" (__NR_getcpu), "D" (cpu), "S" (node), "d" (unused)
		     : "rcx", "r11", "memory");
	return ret;
}

long getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused) __weak __alias(__vdso_getcpu);
