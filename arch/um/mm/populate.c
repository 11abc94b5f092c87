// SPDX-License-Identifier: GPL-2.0
/*
 * populate.c - memory is taken from the host in pieces of 64 KiB
 *
 * The memory file is sparse, and the first touch of each of its pages is a fault in the host. Where a page is allocated from a piece that nobody has used
 * yet, the host is asked for all of the piece first: one call instead of up to sixteen faults. What the page allocator gives next mostly lies there, too, so
 * little more memory is taken than without. A piece that free page reporting gives back (report.c) counts as unused again.
 *
 * All this is a hint: a piece that the host did not populate faults in page by page, and two vCPUs may ask for the same piece.
 */

#include <linux/bitops.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <um/mem.h>

#include "populate.h"

#define PIECE_SHIFT	16
#define PIECE_SIZE	(1UL << PIECE_SHIFT)

static unsigned long *pieces __ro_after_init;	/* a bit for each: it has been used */

static void populate(unsigned long first, unsigned long last)
{
	unsigned long start = first << PIECE_SHIFT, end = min((last + 1) << PIECE_SHIFT, um_physmem_size);

	host_mem_populate(start, end - start);
}

/** arch_alloc_page() - the page allocator is about to hand out these pages; any context */
void arch_alloc_page(struct page *page, int order)
{
	unsigned long piece = page_to_phys(page) >> PIECE_SHIFT, first;
	unsigned long last = (page_to_phys(page) + (PAGE_SIZE << order) - 1) >> PIECE_SHIFT;

	if (unlikely(!pieces))
		return;
	for (; piece <= last; piece++) {
		if (likely(test_bit(piece, pieces)))
			continue;
		for (first = piece; piece <= last && !test_and_set_bit(piece, pieces); piece++)
			;
		populate(first, piece - 1);
	}
}

/** um_unpopulate() - the host has these pages back */
void um_unpopulate(phys_addr_t start, unsigned long len)
{
	unsigned long piece;

	for (piece = start >> PIECE_SHIFT; piece <= (start + len - 1) >> PIECE_SHIFT; piece++)
		clear_bit(piece, pieces);
}

/** um_populate_init() - before the page allocator works; what is allocated earlier counts as unused */
void __init um_populate_init(void)
{
	pieces = memblock_alloc(BITS_TO_LONGS(DIV_ROUND_UP(um_physmem_size, PIECE_SIZE)) * sizeof(long), SMP_CACHE_BYTES);
}
