// SPDX-License-Identifier: GPL-2.0
/*
 * wall_stub.c - use the stub's own instructions against it
 *
 * The stub is code that the guest kernel keeps at the end of every address space; guest code can jump to it. This program
 *
 *   1. finds the stub's readable pages by careful reading, and in them every byte pair that is a system call
 *      instruction (0f 05, 0f 34, cd 80), whether meant as one or not;
 *   2. jumps to each with the numbers and arguments an attacker would choose (walls_dangers()), and with all numbers;
 *   3. jumps to random bytes of those pages with random registers.
 *
 * The jumper is a process that shares its memory with a witness (clone with CLONE_VM), so that the witness sees what a
 * call that got through did to the memory they share. A jumper may die, or sleep and be killed; when it comes back it
 * must not have got anything. If the guest kernel chooses to end the witness as well, a new one goes on.
 *
 * All of this is done in a shuffled order and cut off by time, so that short runs cover different parts.
 */
#include "walls.h"

#define MAX_GADGETS	512
#define MAX_PAGES	4096
#define NR_NUMBERS	471
#define LANDED		88	/* a jumper came back to our code */

static struct shared {
	volatile long next;		/* the next try */
	volatile long nr_tries, nr_died, nr_slept, nr_landed, nr_collateral;
	volatile long landed_ax, failures;
	volatile double deadline;
	int nr_gadgets, nr_pages;
	uint64_t gadgets[MAX_GADGETS];
	uint64_t pages[MAX_PAGES];
	uint64_t seed;
} *shared;

static struct walls_targets targets;
static struct walls_danger dangers[WALLS_NR_DANGERS];
static uint8_t *stack;

/* Where a `ret` in the stub would lead: tell it and end. */
__attribute__((noreturn, used))
static void landed(void)
{
	register long ax asm("rax");

	asm volatile("" : "=r"(ax));
	shared->landed_ax = ax;
	for (;;)
		syscall(SYS_exit, LANDED);
}

static void find_pages(void)
{
	for (uint64_t at = STUB_START; at < STUB_END; at += PAGE) {
		if (!probe_read((void *)at, NULL))
			shared->pages[shared->nr_pages++] = at;
	}
}

static void find_gadgets(void)
{
	for (int i = 0; i < shared->nr_pages; i++) {
		const volatile uint8_t *page = (const volatile uint8_t *)shared->pages[i];

		for (unsigned int off = 0; off < PAGE; off++) {
			uint8_t a = 0, b = 0;

			if (probe_read(page + off, &a) || probe_read(page + off + 1, &b))
				continue;
			if (((a == 0x0f && (b == 0x05 || b == 0x34)) || (a == 0xcd && b == 0x80)) &&
			    shared->nr_gadgets < MAX_GADGETS)
				shared->gadgets[shared->nr_gadgets++] = (uint64_t)page + off;
		}
	}
}

static int jumper_main(void *regs)
{
	for (int sig = 1; sig < 32; sig++) {
		struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } dfl = { 0 };

		syscall(SYS_rt_sigaction, sig, &dfl, NULL, 8);
	}
	walls_enter(regs);
}

/*
 * A jump from a process that shares our memory. With @stores it may land within an instruction that writes to where a register points, as any
 * program may to its own memory; so then only what the canary holds says nothing.
 */
static void jump(struct gpr *regs, double ms, const char *what, int stores)
{
	uint64_t *top = (uint64_t *)(stack + STACK_BYTES - 1024);
	struct walls_end end;
	pid_t pid;

	if (!regs->sp) {
		for (int i = 0; i < 64; i++)
			top[i] = (uint64_t)landed;
		regs->sp = (uint64_t)top;
	}
	shared->nr_tries++;
	pid = clone(jumper_main, stack + STACK_BYTES / 2, CLONE_VM | SIGCHLD, regs);
	if (pid < 0) {
		walls_sleep_ms(1);
		return;
	}
	end = walls_reap(pid, ms);
	CHECK(!end.is_immortal, "%s: the jumper to %#lx cannot be killed", what, regs->ip);
	if (end.was_stopped)
		shared->nr_slept++;
	else if (end.exited && end.status == LANDED)
		shared->nr_landed++;
	else
		shared->nr_died++;
	CHECK(!(end.exited && end.status == 57), "%s at %#lx ended the process as the host's exit would", what, regs->ip);
	if (stores && walls_is_mapped(targets.canary, 'w'))
		memset(targets.canary, CANARY, PAGE);
	walls_check_targets(&targets, what);
}

static void plain_regs(struct gpr *regs)
{
	memset(regs, 0, sizeof(*regs));
	regs->flags = 0x202;
}

static void set_args(struct gpr *regs, const struct walls_danger *danger)
{
	regs->ax = danger->nr;
	regs->di = danger->arg[0];
	regs->si = danger->arg[1];
	regs->dx = danger->arg[2];
	regs->r10 = danger->arg[3];
	regs->r8 = danger->arg[4];
	regs->r9 = danger->arg[5];
}

/* Try number `index` of the shuffled list of (gadget, danger) and then (gadget, number). */
static void gadget_try(long index)
{
	long nr_dangerous = (long)shared->nr_gadgets * WALLS_NR_DANGERS;
	struct gpr regs;

	plain_regs(&regs);
	if (index < nr_dangerous) {
		const struct walls_danger *danger = &dangers[index % WALLS_NR_DANGERS];

		regs.ip = shared->gadgets[index / WALLS_NR_DANGERS];
		set_args(&regs, danger);
		jump(&regs, 30, danger->name, 0);
		return;
	}
	index -= nr_dangerous;
	regs.ip = shared->gadgets[index / NR_NUMBERS];
	regs.ax = index % NR_NUMBERS;
	/* as if for mmap; good for many others too */
	regs.di = (uint64_t)(index & 1 ? targets.empty : targets.read_only);
	regs.si = PAGE;
	regs.dx = 7;
	regs.r10 = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	regs.r8 = -1;
	jump(&regs, 30, "a number", 0);
}

static uint64_t random_value(uint64_t *seed)
{
	uint64_t r = walls_rnd(seed), page = shared->pages[walls_rnd(seed) % shared->nr_pages];

	switch (r % 8) {
	case 0: return r >> 8 & 63;
	case 1: return r;
	case 2: return (uint64_t)targets.empty;
	case 3: return (uint64_t)targets.read_only;
	case 4: return page + (r >> 8) % PAGE;
	case 5: return page;
	case 6: return (uint64_t)stack + STACK_BYTES / 2 + (r >> 8 & 0x3ff8);
	default: return dangers[(r >> 8) % WALLS_NR_DANGERS].nr;
	}
}

static void random_jump(uint64_t *seed)
{
	struct gpr regs;
	uint64_t *word = (uint64_t *)&regs;

	for (size_t i = 0; i < sizeof(regs) / 8; i++)
		word[i] = random_value(seed);
	if (walls_rnd(seed) % 2)
		set_args(&regs, &dangers[walls_rnd(seed) % WALLS_NR_DANGERS]);
	regs.flags = 0x202 | (walls_rnd(seed) & 0x40cd5);
	if (walls_rnd(seed) % 4)
		regs.flags &= ~0x40500UL;
	regs.ip = shared->pages[walls_rnd(seed) % shared->nr_pages] + walls_rnd(seed) % PAGE;
	if (walls_rnd(seed) % 2)
		regs.sp = 0;
	jump(&regs, 30, "a random jump", 1);
}

/* At once, since a witness may die at any time. */
static void keep_failures(void)
{
	shared->failures += check_failed;
	check_failed = 0;
}

/* The witness: goes on where the one before it ended. */
static int witness_main(long total, double gadget_deadline)
{
	check_failed = 0;
	while (shared->next < total && check_seconds() < gadget_deadline) {
		/* a step that is prime to the count visits everything once */
		long index = (shared->next * 7919) % total;

		shared->next++;
		gadget_try(index);
		keep_failures();
	}
	while (check_seconds() < shared->deadline) {
		random_jump(&shared->seed);
		keep_failures();
	}
	return 0;
}

static void attack(void)
{
	double start = check_seconds(), gadget_deadline;
	long total = (long)shared->nr_gadgets * (WALLS_NR_DANGERS + NR_NUMBERS);
	double worst = 0;

	shared->deadline = walls_deadline();
	gadget_deadline = start + (shared->deadline - start) * 0.7;
	if (total && total % 7919 == 0)
		total--;
	do {
		struct walls_end end;
		double took;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(witness_main(total, gadget_deadline));
		}
		end = walls_reap(pid, (shared->deadline - check_seconds()) * 1000 + 10000);
		CHECK(!end.is_immortal && !end.was_stopped, "the witness hangs");
		if (!end.exited)
			shared->nr_collateral++;
		took = walls_others_live();
		CHECK(took >= 0, "others no longer work");
		worst = took > worst ? took : worst;
	} while (check_seconds() < shared->deadline);
	CHECK(worst < 3, "others were disturbed for %.2f s", worst);
	CHECK(shared->failures == 0, "%ld tries got through", shared->failures);
	printf("  stub: %d readable pages, %d call instructions, %ld of %ld tries, %ld jumps\n", shared->nr_pages,
	       shared->nr_gadgets, shared->next, total, shared->nr_tries);
	printf("  jumpers: %ld died, %ld slept, %ld came back (%#lx); %ld witnesses died\n", shared->nr_died, shared->nr_slept,
	       shared->nr_landed, shared->landed_ax, shared->nr_collateral);
}

int main(void)
{
	shared = walls_shared(sizeof(*shared));
	shared->seed = 0x9e3779b97f4a7c15UL ^ (uint64_t)(check_seconds() * 1e6);
	stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	probe_init();
	walls_make_targets(&targets, 0);
	walls_dangers(&targets, dangers);
	if (!walls_in_guest()) {
		struct gpr regs;

		plain_regs(&regs);
		regs.ip = (uint64_t)landed;
		jump(&regs, 200, "self check", 0);
		CHECK(shared->nr_landed == 1, "a jump to our own code did not come back");
		check_remark("bare host: nothing to attack");
		return check_done("wall_stub");
	}
	find_pages();
	if (!CHECK(shared->nr_pages > 0, "no readable page of the stub was found: nothing was tried"))
		return check_done("wall_stub");
	find_gadgets();
	attack();
	return check_done("wall_stub");
}
