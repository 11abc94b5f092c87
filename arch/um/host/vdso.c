// SPDX-License-Identifier: GPL-2.0
/*
 * host/vdso.c - functions of the host's vDSO
 *
 * World: host. The host maps a small shared object into every process and gives its address in the auxiliary vector.
 * It is read as it lies in memory: program headers, the dynamic section, the symbol table whose length only a hash
 * table tells.
 */
#include <linux/elf.h>

#include "boot.h"
#include "hostlib.h"

#define HOST_DT_GNU_HASH	0x6ffffef5

/* What the dynamic section says, as addresses. */
struct vdso_tables {
	const Elf64_Sym *symbols;
	const char *strings;
	const __u32 *hash;
	const __u32 *gnu_hash;
};

/* The number of symbols, from the GNU hash table: the end of the chain that begins last. */
static __u32 gnu_hash_nr_symbols(const __u32 *table)
{
	__u32 nr_buckets = table[0], first = table[1], bloom_words = table[2];
	const __u32 *buckets = table + 4 + 2 * bloom_words;
	const __u32 *chain = buckets + nr_buckets;
	__u32 i, last = 0;

	for (i = 0; i < nr_buckets; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < first)
		return first;
	while (!(chain[last - first] & 1))
		last++;
	return last + 1;
}

static void vdso_read_dynamic(const Elf64_Dyn *dyn, unsigned long bias, struct vdso_tables *t)
{
	for (; dyn->d_tag != DT_NULL; dyn++) {
		const void *p = (const void *)(bias + dyn->d_un.d_ptr);

		if (dyn->d_tag == DT_SYMTAB)
			t->symbols = p;
		else if (dyn->d_tag == DT_STRTAB)
			t->strings = p;
		else if (dyn->d_tag == DT_HASH)
			t->hash = p;
		else if (dyn->d_tag == HOST_DT_GNU_HASH)
			t->gnu_hash = p;
	}
}

/**
 * host_vdso_symbol() - find a function of the vDSO
 * @vdso: where it is mapped, 0 if there is none
 * @name: of the function
 *
 * Return: its address or NULL.
 */
void *host_vdso_symbol(unsigned long vdso, const char *name)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *phdr;
	const Elf64_Dyn *dyn = NULL;
	struct vdso_tables t = { 0 };
	unsigned long bias = 0;
	int have_load = 0;
	__u32 i, nr;

	if (!vdso || memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0)
		return NULL;
	phdr = (const Elf64_Phdr *)(vdso + ehdr->e_phoff);
	for (i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type == PT_LOAD && !have_load) {
			bias = vdso + phdr[i].p_offset - phdr[i].p_vaddr;
			have_load = 1;
		} else if (phdr[i].p_type == PT_DYNAMIC) {
			dyn = (const Elf64_Dyn *)(vdso + phdr[i].p_offset);
		}
	}
	if (!have_load || !dyn)
		return NULL;
	vdso_read_dynamic(dyn, bias, &t);
	if (!t.symbols || !t.strings || (!t.hash && !t.gnu_hash))
		return NULL;
	nr = t.hash ? t.hash[1] : gnu_hash_nr_symbols(t.gnu_hash);
	for (i = 0; i < nr; i++)
		if (t.symbols[i].st_shndx != SHN_UNDEF && strcmp(t.strings + t.symbols[i].st_name, name) == 0)
			return (void *)(bias + t.symbols[i].st_value);
	return NULL;
}
