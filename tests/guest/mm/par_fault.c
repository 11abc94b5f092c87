// SPDX-License-Identifier: GPL-2.0
/*
 * par_fault.c - threads of one process that fault in parallel, on the same and on different pages
 *
 * usage: par_fault [SECONDS [THREADS]]
 *
 *   same pages       all threads add atomically to each page of a fresh region at the same time: no addition may be
 *                    lost, which would happen if two of them were given different pages for one address
 *   own pages        each thread maps, fills, checks and unmaps on its own while the others do
 *   moving target    threads read and write while another changes protections to and fro; SIGSEGV is allowed, a wrong
 *                    value is not
 *   with fork        all of it while the process forks, and the children check the memory that they inherited
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>

#define NR_PAGES	512

static int nr_threads = 4;
static double seconds = 4;
static pthread_barrier_t barrier;
static uint8_t *region;
static volatile long nr_bad, nr_rounds;
static volatile int over;

static void wrong(void)
{
	__atomic_fetch_add(&nr_bad, 1, __ATOMIC_RELAXED);
}

static void *same_pages_main(void *arg)
{
	for (;;) {
		pthread_barrier_wait(&barrier);
		if (over)
			return NULL;
		for (int i = 0; i < NR_PAGES; i++) {
			int page = (long)arg & 1 ? NR_PAGES - 1 - i : i;

			__atomic_fetch_add((uint32_t *)(region + page * PAGE), 1, __ATOMIC_SEQ_CST);
		}
		pthread_barrier_wait(&barrier);
	}
}

static void run_threads(void *(*fn)(void *), void (*meanwhile)(double))
{
	pthread_t threads[64];

	over = 0;
	nr_rounds = 0;
	pthread_barrier_init(&barrier, NULL, nr_threads + 1);
	for (long i = 0; i < nr_threads; i++)
		CHECK(!pthread_create(&threads[i], NULL, fn, (void *)i), "pthread_create");
	meanwhile(check_seconds() + seconds / 4);
	for (int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	CHECK(nr_rounds > 0, "no round was done");
}

static void same_pages(double end)
{
	while (check_seconds() < end) {
		region = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		for (int i = 0; i < NR_PAGES; i++) {
			if (*(uint32_t *)(region + i * PAGE) != (uint32_t)nr_threads)
				wrong();
		}
		munmap(region, NR_PAGES * PAGE);
		nr_rounds++;
	}
	over = 1;
	pthread_barrier_wait(&barrier);
	CHECK(!nr_bad, "%ld additions to shared pages were lost", nr_bad);
}

static void *own_pages_main(void *arg)
{
	uint64_t tag = 0x1111111111111111UL * ((long)arg + 1);

	while (!over) {
		size_t pages = 16 + (long)arg * 8;
		uint64_t *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			continue;
		for (size_t i = 0; i < pages; i++) {
			if (at[i * 512] || at[i * 512 + 511])
				wrong();
			at[i * 512] = at[i * 512 + 511] = tag + i;
		}
		for (size_t i = 0; i < pages; i++) {
			if (at[i * 512] != tag + i || at[i * 512 + 511] != tag + i)
				wrong();
		}
		munmap(at, pages * PAGE);
		__atomic_fetch_add(&nr_rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void just_wait(double end)
{
	while (check_seconds() < end)
		usleep(10000);
	over = 1;
}

static void fork_meanwhile(double end)
{
	uint8_t *memory = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(memory, 0x44, 64 * PAGE);
	while (check_seconds() < end) {
		pid_t pid = fork();

		if (pid == 0) {
			for (size_t i = 0; i < 64 * PAGE; i += 512) {
				if (memory[i] != 0x44)
					_exit(1);
				memory[i] = 0x55;
			}
			_exit(0);
		}
		CHECK(pid > 0 && check_wait(pid) == 0, "a forked child found wrong memory");
		for (size_t i = 0; i < 64 * PAGE; i += 512) {
			if (memory[i] != 0x44)
				wrong();
		}
	}
	over = 1;
	munmap(memory, 64 * PAGE);
}

static volatile uint64_t *target;

__attribute__((noinline)) static int is_stored(volatile uint64_t *slot, uint64_t value)
{
	return !PROBE(*slot = value);
}

/* True when the load faulted or found the value. */
__attribute__((noinline)) static int is_true(volatile uint64_t *slot, uint64_t value)
{
	volatile uint64_t seen = 0;

	return PROBE(seen = *slot) || seen == value;
}

static void *moving_target_main(void *arg)
{
	uint64_t own = 0;
	volatile uint64_t *slot = target + 8 + (long)arg * 8;

	while (!over) {
		own += is_stored(slot, own + 1);
		if (!is_true(slot, own))
			wrong();
		__atomic_fetch_add(&nr_rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void toggle(double end)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE, PROT_READ | PROT_WRITE };

	for (int i = 0; check_seconds() < end; i++) {
		mprotect((void *)target, PAGE, prots[i % 4]);
		for (volatile int n = 0; n < 3000; n++)
			;
	}
	mprotect((void *)target, PAGE, PROT_READ | PROT_WRITE);
	over = 1;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		nr_threads = atoi(argv[2]);
	if (nr_threads < 1 || nr_threads > 60)
		nr_threads = 4;
	probe_init();
	run_threads(same_pages_main, same_pages);
	run_threads(own_pages_main, just_wait);
	CHECK(!nr_bad, "%ld wrong values in threads' own pages", nr_bad);
	run_threads(own_pages_main, fork_meanwhile);
	CHECK(!nr_bad, "%ld wrong values while forking", nr_bad);
	target = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	run_threads(moving_target_main, toggle);
	CHECK(!nr_bad, "%ld wrong values while protections changed", nr_bad);
	return check_done("par_fault");
}
