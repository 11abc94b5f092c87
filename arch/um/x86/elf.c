// SPDX-License-Identifier: GPL-2.0
/*
 * elf.c - what the loader of programs and the writer of core files ask of the architecture (asm/elf.h)
 */

#include <linux/cache.h>
#include <linux/elf.h>
#include <linux/init.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/hwcap2.h>
#include <asm/processor.h>
#include <um/regs.h>
#include <um/space.h>

#include "cpuid.h"

#define CPUID_FEATURES		1

u32 um_elf_hwcap __ro_after_init;
u32 um_elf_hwcap2 __ro_after_init;

/* CPUID is not trapped, so a program sees the host's. Whether FSGSBASE may be used is for the host's kernel to say. */
static int __init elf_hwcap_init(void)
{
	um_elf_hwcap = um_cpuid(CPUID_FEATURES, 0).edx;
	if (um_fsgsbase)
		um_elf_hwcap2 = HWCAP2_FSGSBASE;
	return 0;
}
early_initcall(elf_hwcap_init);

/**
 * um_elf_plat_init() - registers and segment bases at the start of a program
 * @regs: the user's; ip, sp and flags are start_thread()'s
 */
void um_elf_plat_init(struct pt_regs *regs)
{
	regs->r15 = regs->r14 = regs->r13 = regs->r12 = 0;
	regs->r11 = regs->r10 = regs->r9 = regs->r8 = 0;
	regs->bp = regs->bx = regs->cx = regs->dx = 0;
	regs->si = regs->di = 0;
	current->thread.fsbase = 0;
	current->thread.gsbase = 0;
}

/**
 * um_elf_core_copy_regs() - registers for a core file that is not written from regsets
 * @dst:  ELF_NGREG words, in the order of struct user_regs_struct
 * @regs: whose; the segment bases are current's
 */
void um_elf_core_copy_regs(elf_greg_t *dst, const struct pt_regs *regs)
{
	struct user_regs_struct *user = (struct user_regs_struct *)dst;

	memset(user, 0, sizeof(*user));
	memcpy(user, regs, sizeof(*regs));
	user->fs_base = current->thread.fsbase;
	user->gs_base = current->thread.gsbase;
}
static_assert(sizeof(struct pt_regs) == offsetof(struct user_regs_struct, fs_base));
