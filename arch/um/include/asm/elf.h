/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/elf.h - programs, core files and modules in the x86-64 flavour of ELF
 */
#ifndef _ASM_UM_ELF_H
#define _ASM_UM_ELF_H

#include <asm/ptrace.h>
#include <asm/user.h>
#include <asm/auxvec.h>
#include <asm/vdso.h>

#define ELF_CLASS	ELFCLASS64
#define ELF_DATA	ELFDATA2LSB
#define ELF_ARCH	EM_X86_64
#define ELF_PLATFORM	"x86_64"

#define elf_check_arch(hdr)	((hdr)->e_machine == EM_X86_64)

/* Relocations that occur in modules. */
#define R_X86_64_NONE	0
#define R_X86_64_64	1
#define R_X86_64_PC32	2
#define R_X86_64_PLT32	4
#define R_X86_64_32	10
#define R_X86_64_32S	11
#define R_X86_64_PC64	24

/* --- core files and ptrace: the notes come from the regsets of x86/ptrace.c ------------------------------- */

typedef unsigned long elf_greg_t;

#define ELF_NGREG	(sizeof(struct user_regs_struct) / sizeof(elf_greg_t))

typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct user_i387_struct elf_fpregset_t;

#define CORE_DUMP_USE_REGSET
#define ELF_EXEC_PAGESIZE	4096

/* Registers of @regs as a debugger sees them; current's segment bases. */
void um_elf_core_copy_regs(elf_greg_t *dst, const struct pt_regs *regs);
#define ELF_CORE_COPY_REGS(dst, regs)	um_elf_core_copy_regs(dst, regs);

/* --- the start of a program --------------------------------------------------------------------------------- */

/* A program starts with clean registers and without segment bases. */
#define ELF_PLAT_INIT(regs, load_addr)	um_elf_plat_init(regs)
void um_elf_plat_init(struct pt_regs *regs);

/* Position-independent programs are loaded at two thirds of the address space, above what 32-bit pointers reach. */
#define ELF_ET_DYN_BASE		(TASK_SIZE / 3 * 2)

/* Without PT_GNU_STACK the stack is executable, as with any 64-bit x86 kernel, and nothing else. */
#define elf_read_implies_exec(ex, executable_stack)	0

#define SET_PERSONALITY(ex)	set_personality(PER_LINUX | (current->personality & ~PER_MASK))

#define STACK_RND_MASK		0x3fffffUL	/* pages: 16 GiB of places for the stack */

/* CPUID.1:EDX, and HWCAP2_* of what the host lets programs use. */
extern u32 um_elf_hwcap;
extern u32 um_elf_hwcap2;
#define ELF_HWCAP	um_elf_hwcap
#define ELF_HWCAP2	um_elf_hwcap2

unsigned long um_sigframe_size(void);

/* As many entries as AT_VECTOR_SIZE_ARCH allows at the least. */
#define ARCH_DLINFO							\
do {									\
	NEW_AUX_ENT(AT_SYSINFO_EHDR, (unsigned long)current->mm->context.vdso);	\
	NEW_AUX_ENT(AT_MINSIGSTKSZ, um_sigframe_size());		\
} while (0)

#define ARCH_HAS_SETUP_ADDITIONAL_PAGES 1
struct linux_binprm;
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp);

#endif /* _ASM_UM_ELF_H */
