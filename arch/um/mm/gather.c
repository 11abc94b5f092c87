// SPDX-License-Identifier: GPL-2.0
/*
 * gather.c - what is executed often lies together in memory
 *
 * The host maps a run of pages in one operation if they follow one another in guest memory. The page cache of most file systems is made of single
 * pages, and as the page allocator gives last what was freed first, even neighbours that were read together often lie in descending order: 16
 * operations for 64 KiB of a program's text, each time it is run. So where a program that is run again and again faults on such a piece, its pages are
 * migrated to a block of 2 MiB, or of 64 KiB where that is not to be had or the file ends, as compaction would do, once. Then it takes one operation.
 *
 * What has never been read splits a block, too. So where a good part of a large block is cached, the rest is read, as for a huge page of text.
 */

#include <linux/gfp.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include "../../../mm/internal.h"	/* folio_isolate_lru() */
#include "ahead.h"

#define LARGE_ORDER	9
#define LARGE_RUNS	8
#define CACHED_PART	4		/* of a block */
#define SMALL_ORDER	4
#define SMALL_RUNS	4

/**
 * struct block - where the pages go
 * @pages: how many, a power of two
 * @page:  by the low bits of their index; what was taken is NULL
 */
struct block {
	unsigned int pages;
	struct page *page[1 << LARGE_ORDER];
};

static struct folio *block_take(struct folio *src, unsigned long private)
{
	struct block *b = (struct block *)private;
	struct page **slot = &b->page[src->index & (b->pages - 1)];
	struct page *page = *slot;

	*slot = NULL;
	return page ? page_folio(page) : NULL;
}

/* A block of 1 << @order pages; NULL if there is none of that size at hand. */
static struct block *block_alloc(unsigned int order)
{
	struct block *b = kmalloc(sizeof(*b), GFP_KERNEL);
	struct page *page;
	unsigned int i;

	if (!b)
		return NULL;
	page = alloc_pages((GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_DIRECT_RECLAIM, order);
	if (!page) {
		kfree(b);
		return NULL;
	}
	split_page(page, order);
	b->pages = 1U << order;
	for (i = 0; i < b->pages; i++)
		b->page[i] = page + i;
	return b;
}

/* Those of the piece's pages that are there and single; returns how many. */
static unsigned int isolate(struct address_space *mapping, pgoff_t first, unsigned int pages, struct list_head *list)
{
	unsigned int i, nr = 0;

	for (i = 0; i < pages; i++) {
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

/* In how many runs of memory are the pages of a piece that are cached, and how many are these? */
static unsigned int count_runs(struct address_space *mapping, pgoff_t first, unsigned int pages, unsigned int *cached_out)
{
	XA_STATE(xas, &mapping->i_pages, first);
	unsigned long last_pfn = 0;
	pgoff_t last_index = 0;
	unsigned int runs = 0;
	struct folio *folio;

	*cached_out = 0;
	rcu_read_lock();
	xas_for_each(&xas, folio, first + pages - 1) {
		if (xas_retry(&xas, folio) || xa_is_value(folio))
			continue;
		runs += !last_pfn || folio_pfn(folio) - last_pfn != xas.xa_index - last_index;
		last_pfn = folio_pfn(folio) + folio_nr_pages(folio) - 1;
		last_index = folio_next_index(folio) - 1;
		*cached_out += folio_nr_pages(folio);
	}
	rcu_read_unlock();
	return runs;
}

/* Read what is missing of a large block, if it is not most. Of a file in memory what is missing is in swap space, or a hole. */
static void read_rest(struct file *file, pgoff_t pgoff)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t first = round_down(pgoff, 1UL << LARGE_ORDER), end = DIV_ROUND_UP(i_size_read(mapping->host), PAGE_SIZE);
	unsigned int pages = min(end - first, 1UL << LARGE_ORDER), cached;
	struct file_ra_state ra = { };

	if (pgoff >= end || !mapping->a_ops->readahead)
		return;
	count_runs(mapping, first, pages, &cached);
	if (cached < pages && cached >= pages / CACHED_PART) {
		DEFINE_READAHEAD(ractl, file, &ra, mapping, first);

		page_cache_ra_unbounded(&ractl, pages, 0);
	}
}

/* Bring together what lies in more than @max_runs runs. Return: whether that was tried */
static bool gather(struct address_space *mapping, pgoff_t pgoff, unsigned int order, unsigned int max_runs)
{
	pgoff_t first = round_down(pgoff, 1UL << order);
	LIST_HEAD(list);
	struct block *b;
	unsigned int i, cached;

	if (count_runs(mapping, first, 1U << order, &cached) <= max_runs)
		return false;
	b = block_alloc(order);
	if (!b)
		return false;
	lru_add_drain();
	if (isolate(mapping, first, b->pages, &list) &&
	    migrate_pages(&list, block_take, NULL, (unsigned long)b, MIGRATE_ASYNC, MR_COMPACTION, NULL))
		putback_movable_pages(&list);
	for (i = 0; i < b->pages; i++)
		if (b->page[i])
			__free_page(b->page[i]);
	kfree(b);
	return true;
}

/**
 * um_gather() - bring the pages around one of a file together in memory
 * @file:  which
 * @pgoff: number of the page
 *
 * May sleep; reads what a block misses, for which some file systems wait. The caller may hold an mmap lock for reading. Entries of page tables that
 * change are as after any migration: made anew where they were, and flushed from spaces. Return: whether there was something to move, and the memory for it.
 */
bool um_gather(struct file *file, pgoff_t pgoff)
{
	read_rest(file, pgoff);
	return gather(file->f_mapping, pgoff, LARGE_ORDER, LARGE_RUNS) || gather(file->f_mapping, pgoff, SMALL_ORDER, SMALL_RUNS);
}
