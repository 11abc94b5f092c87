// SPDX-License-Identifier: GPL-2.0
/*
 * report.c - free memory goes back to the host
 *
 * Generic Linux reports free blocks of 2 MiB and more some seconds after they became free, and keeps them from being allocated meanwhile. Each
 * is punched out of the memory file; the host lends new pages, filled with zeroes, when the block is used again.
 *
 * No program can reach such a block: what frees a page flushes it before, or has it unmapped before the space runs again (mm/tlb.c); a mapping that a
 * sleeping space still has goes with the pages. With page poisoning free pages hold a pattern that zeroes would
 * destroy, so nothing is reported then.
 */
#define pr_fmt(fmt) "um: " fmt

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/page_reporting.h>
#include <linux/scatterlist.h>
#include <um/mem.h>

#include "populate.h"

static int report_free(struct page_reporting_dev_info *dev, struct scatterlist *sgl, unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	for_each_sg(sgl, sg, nents, i) {
		ret = host_mem_discard(page_to_phys(sg_page(sg)), sg->length);
		if (ret)
			return ret;
		um_unpopulate(page_to_phys(sg_page(sg)), sg->length);
	}
	return 0;
}

static struct page_reporting_dev_info report_dev = {
	.report = report_free,
};

static int __init report_init(void)
{
	if (page_poisoning_enabled_static())
		return 0;
	return page_reporting_register(&report_dev);
}
late_initcall(report_init);
