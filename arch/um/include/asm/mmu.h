/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/mmu.h - what an mm has on this machine: a space, which is its translation buffer (mm/tlb.c)
 */
#ifndef _ASM_UM_MMU_H
#define _ASM_UM_MMU_H

#include <linux/spinlock_types_raw.h>

struct host_space;
struct um_sites;

/**
 * struct mm_context_t
 * @lock:    guards the space's queue; taken with interrupts off, innermost of all (inside page table locks). Not a lock that lockdep
 *           sees, because it is also taken on the way to user mode.
 * @space:   the space, NULL in mms that never had one (init_mm)
 * @running: number of contexts that run guest code in it
 * @lo:      what may be mapped in the space lies in [@lo, @hi)
 * @hi:
 * @forking: the next flush_tlb_mm() is fork's
 * @vdso:    address of the vDSO in this mm
 * @calls:   system calls by traps, until there are @sites
 * @sites:   its patched call sites (mm/sites.c), NULL until it has made many calls
 */
typedef struct {
	arch_spinlock_t lock;
	struct host_space *space;
	atomic_t running;
	unsigned long lo;
	unsigned long hi;
	bool forking;
	void __user *vdso;
	unsigned int calls;
	struct um_sites *sites;
} mm_context_t;

#define INIT_MM_CONTEXT(mm)	.context = { .lock = __ARCH_SPIN_LOCK_UNLOCKED },

#endif /* _ASM_UM_MMU_H */
