// SPDX-License-Identifier: GPL-2.0
/*
 * prot_matrix.c - what each kind of access to each kind of page does, with the true signal, code and address
 *
 * For every protection a page is read, written and executed, once before anything touched it and once after it was made
 * present; the same after mprotect() from and to every other protection, after munmap(), and after mremap() moved it.
 */
#define _GNU_SOURCE
#include "check.h"

enum { READ, WRITE, EXEC };

static const char *const access_names[] = { "read", "write", "exec" };
static const int prots[] = {
	PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC, PROT_WRITE,
	PROT_EXEC,
};

#define NR_PROTS	((int)(sizeof(prots) / sizeof(prots[0])))

static int may(int prot, int access)
{
	switch (access) {
	case READ:
		return prot != PROT_NONE;	/* on x86, what can be written or executed can be read (without protection keys) */
	case WRITE:
		return (prot & PROT_WRITE) != 0;
	default:
		return (prot & PROT_EXEC) != 0;
	}
}

static int attempt(uint8_t *at, int access)
{
	switch (access) {
	case READ:
		return probe_read(at, NULL);
	case WRITE:
		return probe_write(at, 0xc3);
	default:
		return probe_call(at);
	}
}

/* One access; the page holds a `ret`, so that executing it comes back. Execute-only pages may be truly so (pkeys). */
static void expect(uint8_t *at, int prot, int access, const char *when)
{
	int sig = attempt(at, access), allowed = may(prot, access);

	if (prot == PROT_EXEC && access == READ)
		return;
	if (allowed) {
		CHECK(!sig, "%s of prot %d %s: signal %d code %d", access_names[access], prot, when, sig, probe_code);
		return;
	}
	if (!CHECK(sig == SIGSEGV, "%s of prot %d %s: signal %d", access_names[access], prot, when, sig))
		return;
	CHECK(probe_code == SEGV_ACCERR, "%s of prot %d %s: code %d", access_names[access], prot, when, probe_code);
	CHECK(probe_addr == at, "%s of prot %d %s: address %p instead of %p", access_names[access], prot, when, probe_addr, at);
}

static uint8_t *new_page(int prot, int is_shared)
{
	uint8_t *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, (is_shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	at[0] = 0xc3;
	if (mprotect(at, PAGE, prot))
		CHECK(0, "mprotect to %d: %s", prot, strerror(errno));
	return at;
}

static void fresh_mappings(void)
{
	for (int p = 0; p < NR_PROTS; p++) {
		for (int access = READ; access <= WRITE; access++) {
			uint8_t *at = mmap(NULL, PAGE, prots[p], MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			expect(at, prots[p], access, "untouched");
			munmap(at, PAGE);
			at = mmap(NULL, PAGE, prots[p], MAP_SHARED | MAP_ANONYMOUS, -1, 0);
			expect(at, prots[p], access, "untouched, shared");
			munmap(at, PAGE);
		}
	}
}

static void changed_mappings(int is_shared)
{
	for (int from = 0; from < NR_PROTS; from++) {
		for (int to = 0; to < NR_PROTS; to++) {
			for (int access = READ; access <= EXEC; access++) {
				uint8_t *at = new_page(prots[from], is_shared);

				expect(at, prots[from], access, is_shared ? "present, shared" : "present");
				CHECK(!mprotect(at, PAGE, prots[to]), "mprotect %d to %d: %s", prots[from], prots[to],
				      strerror(errno));
				expect(at, prots[to], access, "after mprotect");
				expect(at, prots[to], access, "after mprotect, again");
				munmap(at, PAGE);
			}
		}
	}
}

static void unmapped(void)
{
	uint8_t *at = new_page(PROT_READ | PROT_WRITE | PROT_EXEC, 0);

	munmap(at, PAGE);
	for (int access = READ; access <= EXEC; access++) {
		int sig = attempt(at, access);

		CHECK(sig == SIGSEGV && probe_code == SEGV_MAPERR && probe_addr == at, "%s of unmapped memory: %d, %d, %p",
		      access_names[access], sig, probe_code, probe_addr);
	}
	CHECK(probe_read((void *)8, NULL) == SIGSEGV && probe_code == SEGV_MAPERR && probe_addr == (void *)8,
	      "null pointer: %d %p", probe_code, probe_addr);
	CHECK(probe_call(NULL) == SIGSEGV && probe_addr == NULL, "call of a null pointer: %p", probe_addr);
	/* not canonical: the processor gives no address */
	CHECK(probe_read((void *)0x1234567890abcdefUL, NULL) == SIGSEGV && probe_addr == NULL, "not canonical: %d %p", probe_code,
	      probe_addr);
	CHECK(probe_read((void *)0xffff888000000000UL, NULL) == SIGSEGV, "an address of the kernel");
	CHECK(probe_write((void *)0xffffffff81000000UL, 1) == SIGSEGV, "an address of the kernel");
}

/* A page in the middle of three changes; its neighbours must not. */
static void neighbours(void)
{
	uint8_t *at = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(at, 0xc3, 3 * PAGE);
	CHECK(!mprotect(at + PAGE, PAGE, PROT_NONE), "mprotect");
	CHECK(!probe_write(at + PAGE - 1, 1) && !probe_write(at + 2 * PAGE, 1), "the neighbours changed");
	CHECK(probe_read(at + PAGE, NULL) && probe_read(at + 2 * PAGE - 1, NULL), "the page did not");
	CHECK(!munmap(at + PAGE, PAGE), "munmap");
	CHECK(!probe_write(at + PAGE - 1, 1) && !probe_write(at + 2 * PAGE, 1), "the neighbours went, too");
	/* an access across the border faults at the border */
	CHECK(PROBE(*(volatile uint64_t *)(at + PAGE - 4) = 1) == SIGSEGV && probe_addr == at + PAGE, "across: %p", probe_addr);
	CHECK(at[PAGE - 4] == 0xc3, "a faulting write wrote its first half");
	munmap(at, 3 * PAGE);
}

static void moved(void)
{
	uint8_t *at = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *to, *more;
	uint8_t byte = 0;

	for (int i = 0; i < 64; i++)
		at[i * PAGE] = i + 1;
	to = mmap(NULL, 128 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mremap(at, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	if (!CHECK(to != MAP_FAILED, "mremap: %s", strerror(errno)))
		return;
	for (int i = 0; i < 64; i++) {
		CHECK(!probe_read(to + i * PAGE, &byte) && byte == i + 1, "page %d holds %d at its new place", i, byte);
		CHECK(probe_read(at + i * PAGE, NULL) == SIGSEGV && probe_code == SEGV_MAPERR, "page %d is still at its old place", i);
	}
	more = mremap(to, 64 * PAGE, 256 * PAGE, MREMAP_MAYMOVE);
	CHECK(more != MAP_FAILED && more[63 * PAGE] == 64 && more[64 * PAGE] == 0, "mremap to a larger size");
	to = mremap(more, 256 * PAGE, 8 * PAGE, 0);
	CHECK(to == more && to[7 * PAGE] == 8 && probe_read(to + 8 * PAGE, NULL) == SIGSEGV, "mremap to a smaller size");
	/* the mapping is moved and a new, empty one stays */
	at = mremap(to, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */);
	if (at != MAP_FAILED)
		CHECK(at[0] == 1 && to[0] == 0 && to[7 * PAGE] == 0, "mremap with DONTUNMAP");
}

/* Code that is rewritten must be the new one at once. */
static void rewritten_code(void)
{
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int bad = 0;

	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[6] = { 0xb8, i, i >> 8, 0, 0, 0xc3 };	/* mov $i, %eax; ret */

		if (i % 3 == 0)
			mprotect(code, PAGE, PROT_READ | PROT_WRITE);
		memcpy(code, bytes, 6);
		if (i % 3 == 0)
			mprotect(code, PAGE, PROT_READ | PROT_EXEC);
		bad += ((int (*)(void))code)() != i;
		if (i % 3 == 0)
			mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	}
	CHECK(!bad, "%d times the old code was run", bad);
	munmap(code, PAGE);
}

int main(void)
{
	probe_init();
	fresh_mappings();
	changed_mappings(0);
	changed_mappings(1);
	unmapped();
	neighbours();
	moved();
	rewritten_code();
	return check_done("prot_matrix");
}
