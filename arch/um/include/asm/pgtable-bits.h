/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/pgtable-bits.h - the format of a page-table entry
 *
 * No processor walks these tables: they are read by the port, which fills the host's mappings of a space from them. So the bits mean
 * what we want, and unlike on x86, EXEC grants.
 *
 *   63  62..58    57       51 .. 12   11     10      9    8        7   6     5        4 3  2    1     0
 *   0   soft      uffd-wp  page frame HOSTED SPECIAL EXEC PROTNONE PSE DIRTY ACCESSED  0   USER WRITE PRESENT
 *       dirty: 58
 *
 * An entry that is not present (PRESENT, PROTNONE and PSE clear) but not zero is a swap entry:
 *
 *   63  62 .. 58  57 .. 12   11 .. 9  8 7  6 .. 4  3          2        1           0
 *   0   type      offset     0        0 0  0       exclusive  uffd-wp  soft dirty  0
 */
#ifndef _ASM_UM_PGTABLE_BITS_H
#define _ASM_UM_PGTABLE_BITS_H

#include <linux/const.h>

#define _PAGE_BIT_PRESENT	0
#define _PAGE_BIT_WRITE		1
#define _PAGE_BIT_USER		2
#define _PAGE_BIT_ACCESSED	5
#define _PAGE_BIT_DIRTY		6
#define _PAGE_BIT_PSE		7	/* a leaf of 2 MiB */
#define _PAGE_BIT_PROTNONE	8	/* there, but no access for programs */
#define _PAGE_BIT_EXEC		9
#define _PAGE_BIT_SPECIAL	10	/* no struct page to count */
#define _PAGE_BIT_HOSTED	11	/* the space's host mapping of this entry is in place */
#define _PAGE_BIT_UFFD_WP	57
#define _PAGE_BIT_SOFT_DIRTY	58

#define _PAGE_PRESENT		_BITUL(_PAGE_BIT_PRESENT)
#define _PAGE_WRITE		_BITUL(_PAGE_BIT_WRITE)
#define _PAGE_USER		_BITUL(_PAGE_BIT_USER)
#define _PAGE_ACCESSED		_BITUL(_PAGE_BIT_ACCESSED)
#define _PAGE_DIRTY		_BITUL(_PAGE_BIT_DIRTY)
#define _PAGE_PSE		_BITUL(_PAGE_BIT_PSE)
#define _PAGE_PROTNONE		_BITUL(_PAGE_BIT_PROTNONE)
#define _PAGE_EXEC		_BITUL(_PAGE_BIT_EXEC)
#define _PAGE_SPECIAL		_BITUL(_PAGE_BIT_SPECIAL)
#define _PAGE_HOSTED		_BITUL(_PAGE_BIT_HOSTED)
#define _PAGE_UFFD_WP		_BITUL(_PAGE_BIT_UFFD_WP)
#define _PAGE_SOFT_DIRTY	_BITUL(_PAGE_BIT_SOFT_DIRTY)

#define _PAGE_SWP_SOFT_DIRTY	_PAGE_WRITE
#define _PAGE_SWP_UFFD_WP	_PAGE_USER
#define _PAGE_SWP_EXCLUSIVE	_BITUL(3)

#define _PAGE_PFN_MASK		(_AC(0x000fffffffffffff, UL) & PAGE_MASK)

/* An entry that points to the next level. */
#define _PAGE_TABLE		(_PAGE_PRESENT | _PAGE_WRITE | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_EXEC)

/* What a change of protection keeps. */
#define _PAGE_CHG_MASK		(_PAGE_PFN_MASK | _PAGE_SPECIAL | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_PSE | \
				 _PAGE_SOFT_DIRTY | _PAGE_UFFD_WP)

#define _PAGE_KERNEL_RO		(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_DIRTY)

#define PAGE_NONE		__pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY		__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_READONLY_EXEC	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_EXEC)
#define PAGE_COPY		PAGE_READONLY
#define PAGE_COPY_EXEC		PAGE_READONLY_EXEC
#define PAGE_SHARED		__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_WRITE)
#define PAGE_SHARED_EXEC	__pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_WRITE | _PAGE_EXEC)

#define PAGE_KERNEL		__pgprot(_PAGE_KERNEL_RO | _PAGE_WRITE)
#define PAGE_KERNEL_RO		__pgprot(_PAGE_KERNEL_RO)
#define PAGE_KERNEL_ROX		__pgprot(_PAGE_KERNEL_RO | _PAGE_EXEC)
#define PAGE_KERNEL_EXEC	__pgprot(_PAGE_KERNEL_RO | _PAGE_WRITE | _PAGE_EXEC)

#endif /* _ASM_UM_PGTABLE_BITS_H */
