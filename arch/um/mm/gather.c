// SPDX-License-Identifier: GPL-2.0
/*
 * gather.c - what is executed often lies together in memory
 *
 * The host maps a run of pages in one operation if they follow one another in guest memory. The page cache of most file systems is made of single
 * pages, and as the page allocator gives last what was freed first, even neighbours that were read together often lie in descending order: 16
 * operations for 64 KiB of a program's text, each time it is run. So where a program that is run again and again faults on such a piece, its pages are
 * migrated to a block of 64 KiB, as compaction would do, once.
 */

#include <linux/gfp.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "../../../mm/internal.h"	/* folio_isolate_lru() */
#include "ahead.h"

#define BLOCK_ORDER	4
#define BLOCK_PAGES	(1U << BLOCK_ORDER)

/* Where the pages go, by the low bits of their index; what was taken is NULL. */
struct block {
	struct page *page[BLOCK_PAGES];
};

static struct folio *block_take(struct folio *src, unsigned long private)
{
	struct block *b = (struct block *)private;
	struct page **slot = &b->page[src->index % BLOCK_PAGES];
	struct page *page = *slot;

	*slot = NULL;
	return page ? page_folio(page) : NULL;
}

static bool block_alloc(struct block *b)
{
	struct page *page = alloc_pages((GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_DIRECT_RECLAIM, BLOCK_ORDER);
	unsigned int i;

	if (!page)
		return false;
	split_page(page, BLOCK_ORDER);
	for (i = 0; i < BLOCK_PAGES; i++)
		b->page[i] = page + i;
	return true;
}

/* Those of the piece's pages that are there and single; returns how many. */
static unsigned int isolate(struct address_space *mapping, pgoff_t first, struct list_head *list)
{
	unsigned int i, nr = 0;

	for (i = 0; i < BLOCK_PAGES; i++) {
		struct folio *folio = filemap_get_folio(mapping, first + i);

		if (IS_ERR(folio))
			continue;
		if (!folio_test_large(folio) && folio_test_uptodate(folio) && !folio_test_writeback(folio) && folio_isolate_lru(folio)) {
			node_stat_mod_folio(folio, NR_ISOLATED_ANON + folio_is_file_lru(folio), 1);
			list_add_tail(&folio->lru, list);
			nr++;
		}
		folio_put(folio);
	}
	return nr;
}

/**
 * um_gather() - bring the pages around one of a file together in memory
 * @mapping: the file's
 * @pgoff:   number of the page
 *
 * May sleep, but not for I/O. The caller may hold an mmap lock for reading. Entries of page tables that change are as after any migration: made anew
 * where they were, and flushed from spaces.
 */
void um_gather(struct address_space *mapping, pgoff_t pgoff)
{
	struct block b;
	LIST_HEAD(list);
	unsigned int i;

	if (!block_alloc(&b))
		return;
	lru_add_drain();
	if (isolate(mapping, ALIGN_DOWN(pgoff, BLOCK_PAGES), &list) &&
	    migrate_pages(&list, block_take, NULL, (unsigned long)&b, MIGRATE_ASYNC, MR_COMPACTION, NULL))
		putback_movable_pages(&list);
	for (i = 0; i < BLOCK_PAGES; i++)
		if (b.page[i])
			__free_page(b.page[i]);
}
