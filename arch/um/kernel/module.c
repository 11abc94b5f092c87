// SPDX-License-Identifier: GPL-2.0
/*
 * module.c - where modules are loaded, and their relocations
 *
 * Modules are compiled as the image is: small code model, not position independent. So they lie below 2 GiB, near
 * the image, and the relocations are few.
 */
#define pr_fmt(fmt) "um-module: " fmt

#include <linux/elf.h>
#include <linux/execmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleloader.h>
#include <linux/string.h>
#include <asm/pgtable.h>

static struct execmem_info execmem_info __ro_after_init;

struct execmem_info __init *execmem_arch_setup(void)
{
	execmem_info = (struct execmem_info) {
		.ranges = {
			[EXECMEM_DEFAULT] = {
				.flags = EXECMEM_KASAN_SHADOW,
				.start = MODULES_VADDR,
				.end = MODULES_END,
				.pgprot = PAGE_KERNEL,
				.alignment = PAGE_SIZE,
			},
		},
	};
	return &execmem_info;
}

/* How many bytes a relocation of this type writes; 0: none, negative errno: unknown. */
static int reloc_size(unsigned int type)
{
	switch (type) {
	case R_X86_64_NONE:
		return 0;
	case R_X86_64_64:
	case R_X86_64_PC64:
		return 8;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return 4;
	default:
		return -ENOEXEC;
	}
}

static bool reloc_is_relative(unsigned int type)
{
	return type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_PC64;
}

static bool reloc_fits(unsigned int type, u64 value)
{
	switch (type) {
	case R_X86_64_32:
		return value == (u32)value;
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return (s64)value == (s32)value;
	default:
		return true;
	}
}

static int apply_one(const Elf64_Rela *rela, void *place, u64 value, const struct module *mod)
{
	unsigned int type = ELF64_R_TYPE(rela->r_info);
	int size = reloc_size(type);

	if (size < 0) {
		pr_err("%s: relocation of unknown type %u\n", mod->name, type);
		return size;
	}
	if (reloc_is_relative(type))
		value -= (u64)place;
	if (!reloc_fits(type, value)) {
		pr_err("%s: relocation of type %u at %px: %llx does not fit\n", mod->name, type, place, value);
		return -ENOEXEC;
	}
	if (memchr_inv(place, 0, size)) {
		pr_err("%s: relocation of type %u at %px: the place is not empty\n", mod->name, type, place);
		return -ENOEXEC;
	}
	memcpy(place, &value, size);
	return 0;
}

/**
 * apply_relocate_add() - enter the addresses into one section of a module
 */
int apply_relocate_add(Elf64_Shdr *sechdrs, const char *strtab, unsigned int symindex, unsigned int relsec,
		       struct module *mod)
{
	const Elf64_Rela *rela = (void *)sechdrs[relsec].sh_addr;
	const Elf64_Rela *end = rela + sechdrs[relsec].sh_size / sizeof(*rela);
	void *section = (void *)sechdrs[sechdrs[relsec].sh_info].sh_addr;
	const Elf64_Sym *syms = (void *)sechdrs[symindex].sh_addr;
	int ret = 0;

	for (; rela < end && !ret; rela++)
		ret = apply_one(rela, section + rela->r_offset,
				syms[ELF64_R_SYM(rela->r_info)].st_value + rela->r_addend, mod);
	return ret;
}
