// SPDX-License-Identifier: GPL-2.0
/*
 * million_maps.c - very many separate pages in one address space
 *
 * A page table can hold what a list of mappings cannot: one region of which every second page is touched has as
 * many runs as pages, and few entries in the guest's own list of mappings. An implementation that keeps a host
 * mapping for each run meets the host's limit (65,530) here, and must go on. Then the same by the guest's own
 * mappings, as many as its limit allows (vm.max_map_count, raised if we may), made by mprotect of every second page
 * and by separate mmaps.
 *
 * usage: million_maps [PAGES [SECONDS]]: PAGES runs (default 100000; 1000000 takes 4 GiB of memory); gives up
 * growing, not checking, after SECONDS (default 15).
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <sys/sysinfo.h>

static double deadline;

static uint64_t tag_of(size_t i)
{
	return 0x9e3779b97f4a7c15UL * (i + 1);
}

static long raise_limit(long wanted)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r+");
	long limit = 65530;

	if (!file)
		file = fopen("/proc/sys/vm/max_map_count", "r");
	if (!file)
		return limit;
	if (fscanf(file, "%ld", &limit) != 1)
		limit = 65530;
	if (limit < wanted) {
		rewind(file);
		if (fprintf(file, "%ld\n", wanted) > 0 && fflush(file) == 0)
			limit = wanted;
	}
	fclose(file);
	return limit;
}

static long old_limit;

static void restore_limit(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "w");

	if (file) {
		fprintf(file, "%ld\n", old_limit);
		fclose(file);
	}
}

/* One page in two, or in `stride`; all are checked at the end, in another order. */
static void scattered_touches(size_t pages)
{
	size_t stride = 2, done, bad = 0, holes = 0;
	uint8_t *region = mmap(NULL, pages * stride * PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (!CHECK(region != MAP_FAILED, "mmap of %zu MiB: %s", pages * stride >> 8, strerror(errno)))
		return;
	madvise(region, pages * stride * PAGE, MADV_NOHUGEPAGE);
	for (done = 0; done < pages && check_seconds() < deadline; done++)
		*(uint64_t *)(region + done * stride * PAGE + 8) = tag_of(done);
	for (size_t n = 0; n < done; n++) {
		size_t i = (n * 7919) % done;

		bad += *(uint64_t *)(region + i * stride * PAGE + 8) != tag_of(i);
	}
	CHECK(!bad, "%zu of %zu pages lost their contents", bad, done);
	/* what lies between was never touched; a sample of it must be zero */
	for (size_t i = 0; i < done; i += 1 + done / 1000)
		holes += *(uint64_t *)(region + (i * stride + 1) * PAGE + 8) != 0;
	CHECK(!holes, "%zu pages in between were not zero", holes);
	/* take every second of them away again */
	for (size_t i = 0; i < done; i += 2 + done / 2000)
		madvise(region + i * stride * PAGE, PAGE, MADV_DONTNEED);
	for (size_t i = 0; i < done; i += 2 + done / 2000)
		bad += *(uint64_t *)(region + i * stride * PAGE + 8) != 0;
	CHECK(!bad, "%zu dropped pages were not zero", bad);
	check_remark("%zu scattered pages", done);
	CHECK(!munmap(region, pages * stride * PAGE), "munmap: %s", strerror(errno));
}

/* Every second page of a region gets another protection: a mapping for each page. */
static void toggled_protections(size_t pages)
{
	uint8_t *region = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t done, bad = 0;

	if (!CHECK(region != MAP_FAILED, "mmap: %s", strerror(errno)))
		return;
	for (size_t i = 0; i < pages; i++)
		*(uint64_t *)(region + i * PAGE) = tag_of(i);
	for (done = 1; done < pages && check_seconds() < deadline; done += 2) {
		if (!CHECK(!mprotect(region + done * PAGE, PAGE, PROT_READ), "mprotect %zu: %s", done, strerror(errno)))
			break;
	}
	for (size_t i = 0; i < pages; i++)
		bad += *(uint64_t *)(region + i * PAGE) != tag_of(i);
	CHECK(!bad, "%zu pages lost their contents", bad);
	bad = 0;
	for (size_t i = 0; i + 2 < done; i += 1 + pages / 3000)
		bad += (probe_write(region + i * PAGE + 8, 1) != 0) != (i & 1);
	CHECK(!bad, "%zu pages have the wrong protection", bad);
	CHECK(!mprotect(region, pages * PAGE, PROT_READ | PROT_WRITE), "mprotect of all: %s", strerror(errno));
	bad = 0;
	for (size_t i = 0; i < pages; i++)
		bad += probe_write(region + i * PAGE + 16, 1) != 0;
	CHECK(!bad, "%zu pages cannot be written", bad);
	check_remark("%zu protections", done);
	munmap(region, pages * PAGE);
}

/* One-page mappings with gaps; at the guest's limit mmap must fail with ENOMEM, and nothing else happen. */
static void separate_mappings(size_t wanted, long limit)
{
	uint8_t *base = mmap(NULL, wanted * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t done, bad = 0;

	if (!CHECK(base != MAP_FAILED, "mmap: %s", strerror(errno)))
		return;
	munmap(base, wanted * 2 * PAGE);
	for (done = 0; done < wanted && check_seconds() < deadline; done++) {
		uint8_t *at = base + done * 2 * PAGE;
		void *got = mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (got == MAP_FAILED) {
			CHECK(errno == ENOMEM && (long)done > limit - 1000, "mapping %zu: %s", done, strerror(errno));
			break;
		}
		*(uint64_t *)at = tag_of(done);
	}
	for (size_t i = 0; i < done; i++)
		bad += *(uint64_t *)(base + i * 2 * PAGE) != tag_of(i);
	CHECK(!bad, "%zu of %zu mappings lost their contents", bad, done);
	CHECK(done < 2 || probe_read(base + PAGE, NULL) == SIGSEGV, "a gap can be read");
	check_remark("%zu mappings", done);
	munmap(base, wanted * 2 * PAGE);
}

int main(int argc, char **argv)
{
	size_t pages = argc > 1 ? atol(argv[1]) : 100000;
	double seconds = argc > 2 ? atof(argv[2]) : 15;
	struct sysinfo info;
	long limit;

	probe_init();
	if (!sysinfo(&info) && pages > info.freeram * info.mem_unit / PAGE / 2) {
		pages = info.freeram * info.mem_unit / PAGE / 2;
		check_remark("only %zu pages fit", pages);
	}
	deadline = check_seconds() + seconds * 0.5;
	scattered_touches(pages);
	old_limit = raise_limit(0);
	limit = raise_limit(pages + 1000);
	if (limit != old_limit)
		atexit(restore_limit);
	deadline = check_seconds() + seconds * 0.25;
	toggled_protections((long)pages < limit - 1000 ? pages : (size_t)limit - 1000);
	deadline = check_seconds() + seconds * 0.25;
	separate_mappings(pages, limit);
	return check_done("million_maps");
}
