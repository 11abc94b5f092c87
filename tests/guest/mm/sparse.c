// SPDX-License-Identifier: GPL-2.0
/*
 * sparse.c - large, mostly empty address spaces: reservations of terabytes, low and high addresses, the heap, the stack
 */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>

#define TB	(1UL << 40)

/* Languages with garbage collectors and the sanitizers reserve far more than any machine has. */
static void reservations(void)
{
	static const size_t sizes[] = { 64 * TB, 20 * TB, 1 * TB, TB / 16 };
	uint8_t byte = 1;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		uint8_t *at = mmap(NULL, sizes[s], PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		size_t step = sizes[s] / 50;

		if (!CHECK(at != MAP_FAILED, "reservation of %zu GiB: %s", sizes[s] >> 30, strerror(errno)))
			continue;
		CHECK(probe_read(at + step, &byte) == SIGSEGV && probe_code == SEGV_ACCERR, "a reservation can be read");
		for (size_t i = 0; i < 50; i++) {
			uint8_t *place = at + i * step / PAGE * PAGE;

			CHECK(!mprotect(place, PAGE, PROT_READ | PROT_WRITE), "mprotect at %p: %s", place, strerror(errno));
			CHECK(place[7] == 0, "not zero");
			place[7] = i;
		}
		for (size_t i = 0; i < 50; i++)
			CHECK(at[i * step / PAGE * PAGE + 7] == i, "page %zu of %zu GiB", i, sizes[s] >> 30);
		CHECK(!munmap(at, sizes[s]), "munmap: %s", strerror(errno));
		CHECK(probe_read(at, NULL) == SIGSEGV && probe_code == SEGV_MAPERR, "it is still there");
	}
}

static void odd_places(void)
{
	static const uint64_t places[] = {
		0x10000, 0x200000, 0x40000000, 0x50000000, 0x050f0000, 0x7fff0000, 0x100000000, 0x100000000000, 0x300000000000,
		0x400000000000, 0x600000000000, 0x7ffe00000000, 0x7fffeff00000,
	};
	int nr = 0;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint8_t *at = mmap((void *)places[i], 4 * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (at == MAP_FAILED) {
			CHECK(errno == EEXIST || errno == EPERM, "a mapping at %#lx: %s", places[i], strerror(errno));
			continue;
		}
		CHECK(at == (void *)places[i], "%p instead of %#lx", at, places[i]);
		memset(at, 0x77, 4 * PAGE);
		CHECK(at[4 * PAGE - 1] == 0x77, "at %#lx", places[i]);
		munmap(at, 4 * PAGE);
		nr++;
	}
	CHECK(nr >= 8, "only %d of the odd places could be used", nr);
	CHECK(mmap((void *)0x7ffffffff000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED,
	      "a mapping at the very end");
	CHECK(mmap((void *)0x800000000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED,
	      "a mapping beyond the end");
}

static void heap(void)
{
	uint8_t *start = sbrk(0), *end;
	int bad = 0;

	for (int i = 0; i < 64; i++)
		CHECK(sbrk(64 * PAGE) != (void *)-1, "sbrk: %s", strerror(errno));
	end = sbrk(0);
	CHECK(end - start >= (long)(64 * 64 * PAGE), "the heap has grown by %ld only", (long)(end - start));
	for (uint8_t *at = start; at < end; at += PAGE) {
		bad += *at != 0;
		*at = 1;
	}
	CHECK(!bad, "%d pages of the heap were not zero", bad);
	CHECK(sbrk(start - end) != (void *)-1 && probe_read(start + 32 * PAGE, NULL) == SIGSEGV, "the heap did not shrink");
	CHECK(sbrk(64 * PAGE) != (void *)-1 && start[32 * PAGE] == 0, "old contents of the heap came back");
}

static long deep(long n)
{
	volatile char frame[1000];

	frame[0] = n;
	frame[999] = n;
	return n ? deep(n - 1) + (frame[0] == frame[999]) : 0;
}

/* The stack grows to its limit by itself; beyond it is SIGSEGV, told on another stack. */
static void stack_growth(void)
{
	struct rlimit limit;
	pid_t pid;

	CHECK(deep(4000) == 4000, "4 MiB of stack");
	getrlimit(RLIMIT_STACK, &limit);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		static char alternate[65536];
		stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
		struct sigaction sa = { .sa_sigaction = probe_handler, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
		int sig;

		if (limit.rlim_cur > 64 << 20) {
			limit.rlim_cur = 16 << 20;
			setrlimit(RLIMIT_STACK, &limit);
		}
		sigaltstack(&ss, NULL);
		sigaction(SIGSEGV, &sa, NULL);
		sig = PROBE(deep(1 << 20));
		_exit(sig == SIGSEGV ? 0 : 1);
	}
	CHECK(check_wait(pid) == 0, "overflow of the stack was not told as SIGSEGV");
}

static void *thread_deep(void *arg)
{
	return (void *)deep((long)arg);
}

static void thread_stacks(void)
{
	pthread_t threads[8];
	void *result;

	for (int i = 0; i < 8; i++)
		CHECK(!pthread_create(&threads[i], NULL, thread_deep, (void *)3000L), "pthread_create");
	for (int i = 0; i < 8; i++)
		CHECK(!pthread_join(threads[i], &result) && result == (void *)3000L, "a thread's stack");
}

static void grows_down(void)
{
	uint8_t *at = mmap(NULL, 256 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *stack;

	munmap(at, 256 * PAGE);
	stack = mmap(at + 250 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	if (!CHECK(stack != MAP_FAILED, "MAP_GROWSDOWN: %s", strerror(errno)))
		return;
	for (int i = 1; i < 100; i++)
		CHECK(!probe_write(stack - i * PAGE, i), "it did not grow to page %d", i);
	munmap(stack - 100 * PAGE, 101 * PAGE);
}

static void set_lowest(const char *value)
{
	FILE *f = fopen("/proc/sys/vm/mmap_min_addr", "w");

	if (f) {
		fputs(value, f);
		fclose(f);
	}
}

static int in_guest(void)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];
	int found = 0;

	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "User Mode Linux") != NULL;
	if (f)
		fclose(f);
	return found;
}

/* Root of a guest may map page 0, which the host gives to nobody: who insists ends, and nobody else does. */
static void page_zero(void)
{
	int status;
	pid_t pid;

	if (!in_guest() || getuid())
		return;
	set_lowest("0");
	for (int i = 0; i < 5; i++) {
		pid = fork();
		if (pid == 0) {
			volatile char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

			alarm(10);
			if (at == MAP_FAILED)
				_exit(2);
			at += i * 64;
			*at = 1;
			_exit(*at != 1);
		}
		status = check_wait(pid);
		CHECK(status == 0 || status == 1000 + SIGKILL, "page 0: %d", status);
		pid = fork();
		if (pid == 0) {
			static volatile char own[8 * PAGE];

			own[4 * PAGE] = 1;
			_exit(own[4 * PAGE] != 1);
		}
		CHECK(check_wait(pid) == 0, "the next program");
	}
	set_lowest("65536");
}

int main(void)
{
	probe_init();
	reservations();
	odd_places();
	heap();
	stack_growth();
	thread_stacks();
	grows_down();
	page_zero();
	return check_done("sparse");
}
