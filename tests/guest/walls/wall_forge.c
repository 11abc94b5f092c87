// SPDX-License-Identifier: GPL-2.0
/*
 * wall_forge.c - write what the kernel will read: forge a context area; and read what others left in one
 *
 * The context areas at the end of the address space are the only memory that guest code and the kernel process both
 * write: there a context tells of its events, and finds the registers to go on with. An attacker is a process with
 * three threads: one that makes system calls, one that spins and faults, and one that forges, by one of these plans:
 *
 *     one field of struct stub_ctx, or all of the page, set to wrong values again and again (event codes, offsets far
 *     outside, addresses of the kernel, host process ids, wake-ups that nobody asked for)
 *     the signal frames and register blocks filled with rubbish or with privileged selectors and flags
 *     its own stack pointer inside the area, so that it is at once stack and message
 *
 * It may die or go on unharmed. Meanwhile two victims hold a secret in their registers and memory: they must find it
 * unchanged, and no attacker may ever see it, neither in its registers nor in its context areas, not even in those that
 * a dead victim's space left to the next process.
 */
#include "walls.h"
#include <pthread.h>

#define FACTOR		0x9e3779b97f4a7c15UL	/* odd */
#define NR_VICTIMS	2
#define MAX_AREAS	64
#define PLAN_MS		40

/*
 * Of the victims and the one who judges; attackers have not got it, since they spoil what they have. The secret is nowhere else: an attacker whose
 * forged registers lead it astray into the code of a victim must not find there what it is to steal.
 */
static struct shared {
	uint64_t secret, product;
	volatile long victim_bad, victim_rounds;
	volatile int stop;
	long nr_plans, nr_died, nr_lived, nr_stopped;
} *shared;

/* Where attackers tell that they saw the secret: by a word that none of their stray stores can be, in more than one place. */
#define SEEN		0x7e11ab1e5ec2e700UL
#define NR_SIGHTINGS	8
static volatile uint64_t *sightings;

static uint64_t areas[MAX_AREAS];
static int nr_areas;
static volatile int attack_over;

static volatile uint64_t secret_product;	/* the secret times FACTOR */

/*
 * Compares so that the secret is never in a register of the one who looks for it, where the kernel would put it into an area. What is in a register
 * gets into an area as well, and from there here, so the looking must not undo what was done to the secret: "^ a constant" does.
 */
static int is_secret(uint64_t word)
{
	return word * FACTOR == secret_product;
}

/* By a child, so that our own registers and stack, which attackers inherit, have never seen it; and there is no code that makes it from the other. */
static void make_secret(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (syscall(SYS_getrandom, &shared->secret, sizeof(shared->secret), 0) != sizeof(shared->secret))
			_exit(1);
		shared->product = shared->secret * FACTOR;
		_exit(0);
	}
	CHECK(check_wait(pid) == 0, "no secret was made");
	secret_product = shared->product;
}

static void saw_secret(void)
{
	for (int i = 0; i < NR_SIGHTINGS; i++)
		sightings[i * 64] = SEEN;
}

static int was_secret_seen(void)
{
	int nr = 0;

	for (int i = 0; i < NR_SIGHTINGS; i++)
		nr += sightings[i * 64] == SEEN;
	return nr;
}

/* ---- victims ---- */

/* All free registers hold the secret over a system call and some spinning; returns how many changed. */
static long hold_secret(long nr)
{
	uint64_t bad = 0;

	asm volatile("mov %[s], %%rbx\n mov %[s], %%r12\n mov %[s], %%r13\n mov %[s], %%r14\n mov %[s], %%r15\n"
		     "movq %[s], %%xmm5\n movq %[s], %%xmm13\n"
		     "syscall\n"
		     "mov $20000, %%ecx\n"
		     "1: dec %%ecx\n"
		     "jnz 1b\n"
		     "mov %[s], %%rdx\n"
		     "xor %%rdx, %%rbx\n xor %%rdx, %%r12\n xor %%rdx, %%r13\n xor %%rdx, %%r14\n xor %%rdx, %%r15\n"
		     "or %%r12, %%rbx\n or %%r13, %%rbx\n or %%r14, %%rbx\n or %%r15, %%rbx\n"
		     "movq %%xmm5, %%rax\n xor %%rdx, %%rax\n or %%rax, %%rbx\n"
		     "movq %%xmm13, %%rax\n xor %%rdx, %%rax\n or %%rax, %%rbx\n"
		     "mov %%rbx, %[bad]\n"
		     : [bad] "=&r"(bad), "+a"(nr)
		     : [s] "r"(shared->secret)
		     : "rbx", "rcx", "rdx", "r11", "r12", "r13", "r14", "r15", "xmm5", "xmm13", "memory");
	return bad != 0;
}

static void victim_main(void)
{
	static uint64_t pages[8][512];
	const uint64_t secret = shared->secret;

	for (int i = 0; i < 8 * 512; i++)
		pages[i / 512][i % 512] = secret;
	while (!shared->stop) {
		shared->victim_bad += hold_secret(shared->victim_rounds & 1 ? SYS_sched_yield : SYS_getppid);
		for (int i = 0; i < 8 * 512; i += 61)
			shared->victim_bad += pages[i / 512][i % 512] != secret;
		shared->victim_rounds++;
	}
	_exit(0);
}

/* ---- attackers ---- */

static void find_areas(void)
{
	uint8_t byte = 0;

	for (uint64_t at = STUB_CTX; at < STUB_END && nr_areas < MAX_AREAS; at += STUB_CTX_SIZE) {
		if (!probe_read((void *)at, &byte) && !probe_write((void *)(at + 0x80), 0))
			areas[nr_areas++] = at;
	}
}

/* What must not be writable: everything of the stub but the areas. */
static void check_read_only(void)
{
	for (uint64_t at = STUB_START; at < STUB_CTX; at += PAGE) {
		uint8_t byte = 0;

		if (probe_read((void *)at, &byte))
			continue;
		CHECK(probe_write((void *)at, byte), "the stub's page at %#lx can be written", at);
		CHECK(probe_write((void *)(at + PAGE - 1), byte), "the stub's page at %#lx can be written", at);
	}
	/* and code there may not be made by us: an area must not be executable */
	for (int i = 0; i < nr_areas; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			volatile uint8_t *at = (uint8_t *)areas[i] + 0x800;

			walls_default_signals();
			at[0] = 0x31;	/* xor %eax,%eax; ret */
			at[1] = 0xc0;
			at[2] = 0xc3;
			_exit(((int (*)(void))(uintptr_t)at)() ? 1 : 66);
		}
		CHECK(walls_reap(pid, 500).status != 66, "the area at %#lx can be executed", areas[i]);
	}
}

static void look_for_secret(const char *where)
{
	for (int i = 0; i < nr_areas; i++) {
		const volatile uint64_t *word = (const volatile uint64_t *)areas[i];

		for (unsigned int n = 0; n < STUB_CTX_SIZE / 8; n++) {
			if (is_secret(word[n])) {
				saw_secret();
				printf("  %s: another's secret at offset %#x of an area\n", where, n * 8);
				return;
			}
		}
	}
}

/* Makes calls and looks at what the registers hold afterwards. */
static void *caller_main(void *arg)
{
	uint64_t regs[8];

	(void)arg;
	while (!attack_over) {
		long nr = SYS_getppid;

		asm volatile("xor %%ebx, %%ebx\n xor %%r12d, %%r12d\n xor %%r13d, %%r13d\n xor %%r14d, %%r14d\n"
			     "xor %%r15d, %%r15d\n pxor %%xmm5, %%xmm5\n"
			     "syscall\n"
			     "mov %%rbx, (%1)\n mov %%r12, 8(%1)\n mov %%r13, 16(%1)\n mov %%r14, 24(%1)\n mov %%r15, 32(%1)\n"
			     "mov %%rdx, 40(%1)\n movq %%xmm5, 48(%1)\n mov %%r8, 56(%1)\n"
			     : "+a"(nr) : "D"(regs)
			     : "rbx", "rcx", "r11", "r12", "r13", "r14", "r15", "xmm5", "memory");
		for (int i = 0; i < 8; i++) {
			if (is_secret(regs[i]))
				saw_secret();
		}
	}
	return NULL;
}

static void *spinner_main(void *arg)
{
	(void)arg;
	while (!attack_over) {
		volatile char *map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; map != MAP_FAILED && i < 8; i++)
			map[i * PAGE] = 1;
		for (volatile int i = 0; i < 30000; i++)
			;
		if (map != MAP_FAILED)
			munmap((void *)map, 8 * PAGE);
	}
	return NULL;
}

static const uint32_t fields[] = {
	STUB_CTX_GO, STUB_CTX_SEEN, STUB_CTX_SLEEPS, STUB_CTX_LATE, STUB_CTX_DONE, STUB_CTX_KERNEL_SLEEPS, STUB_CTX_EVENT,
	STUB_CTX_UC, STUB_CTX_INFO, STUB_CTX_TID, STUB_CTX_FSBASE, STUB_CTX_GSBASE, STUB_CTX_FP, STUB_CTX_XMASK, STUB_CTX_SPIN,
};

#define NR_FIELDS	((int)(sizeof(fields) / sizeof(fields[0])))

static uint64_t forged_value(uint64_t *seed)
{
	uint64_t r = walls_rnd(seed);

	switch (r % 16) {
	case 0: return 0;
	case 1: return 1;
	case 2: return r >> 8 & 63;
	case 3: return STUB_EV_READY + (r >> 8 & 3);
	case 4: return (uint64_t)-1;
	case 5: return 0x7fffffff;
	case 6: return 0xfffffff0;
	case 7: return STUB_CTX_SIZE - (r >> 8) % 1024;
	case 8: return STUB_CTX_SIZE * (1 + (r >> 8) % 64);	/* the next areas, the next spaces */
	case 9: return UM_KERNEL_BASE + (r >> 8) % 0x1000000;
	case 10: return UM_DIRECT_BASE + (r >> 8) % 0x10000000;
	case 11: return walls_env("WALLS_HOST_PID", 1);
	case 12: return 0x800000000000UL;
	case 13: return STUB_CODE + (r >> 8) % STUB_CODE_SIZE;
	case 14: return areas[(r >> 8) % nr_areas] + (r >> 16) % STUB_CTX_SIZE;
	default: return r;
	}
}

static void forge_field(volatile uint8_t *area, uint32_t off, uint64_t *seed)
{
	volatile uint32_t *word = (volatile uint32_t *)(area + off);

	/* the futex words do harm by going up, too: "let go", "an event" */
	if (off <= STUB_CTX_SEEN || off == STUB_CTX_DONE) {
		if (walls_rnd(seed) & 1) {
			__atomic_fetch_add((uint32_t *)word, 1, __ATOMIC_SEQ_CST);
			syscall(SYS_futex, word, 1, 1, NULL, NULL, 0);
			return;
		}
	}
	*word = forged_value(seed);
	if (off >= STUB_CTX_FSBASE)
		word[1] = forged_value(seed) >> 32;
}

static void forge_range(volatile uint8_t *area, uint32_t from, uint32_t to, uint64_t *seed)
{
	for (uint32_t off = from; off < to; off += 8)
		*(volatile uint64_t *)(area + off) = forged_value(seed);
}

/* Values that matter in a frame or register block: selectors, flags, instruction pointers. */
static void forge_frames(volatile uint8_t *area, uint64_t *seed)
{
	for (int n = 0; n < 200; n++) {
		uint32_t off = STUB_CTX_STACK + walls_rnd(seed) % STUB_CTX_STACK_SIZE / 8 * 8;
		static const uint64_t words[] = {
			0x33002b0000000010, 0x10, 0x23, 0xffffffffffffffff, 0x8000000000000000, 0x246 | 3 << 12 | 1 << 17,
			0x7fffff000000, 0x0000800000000000, 0xffff800000000000, 0, 1,
		};
		*(volatile uint64_t *)(area + off) = words[walls_rnd(seed) % (sizeof(words) / sizeof(words[0]))];
	}
}

static void forge_once(int plan, uint64_t *seed)
{
	for (int i = 0; i < nr_areas; i++) {
		volatile uint8_t *area = (volatile uint8_t *)areas[i];

		if (plan < NR_FIELDS)
			forge_field(area, fields[plan], seed);
		else if (plan == NR_FIELDS)
			forge_range(area, 0, 128, seed);
		else if (plan == NR_FIELDS + 1)
			forge_range(area, 0, STUB_CTX_SIZE, seed);
		else if (plan == NR_FIELDS + 2)
			forge_range(area, STUB_CTX_REGS, STUB_CTX_SIZE, seed);
		else if (plan == NR_FIELDS + 3)
			forge_frames(area, seed);
		else if (plan == NR_FIELDS + 4)
			forge_field(area, fields[walls_rnd(seed) % NR_FIELDS], seed);
		else
			*(volatile uint64_t *)(area + walls_rnd(seed) % STUB_CTX_SIZE / 8 * 8) = forged_value(seed);
	}
}

#define NR_PLANS	(NR_FIELDS + 7)

/* Calls, pushes and touches memory below its stack pointer, for ever. */
void stack_loop(void);
asm("	.text\n"
    "stack_loop:\n"
    "	push %rax\n"
    "	syscall\n"
    "	push %rax\n"
    "	mov $39, %eax\n"
    "	movb $0, -4096(%rsp)\n"
    "	jmp stack_loop\n");

/* The last plan: the stack pointer in the area, then calls and faults. */
static void stack_in_area(uint64_t *seed)
{
	static const uint32_t at[] = { 0, 128, 0x1000, STUB_CTX_REGS, STUB_CTX_REGS + 160, 0xf000, STUB_CTX_SIZE };
	struct gpr regs;

	memset(&regs, 0, sizeof(regs));
	regs.flags = 0x202;
	regs.sp = areas[walls_rnd(seed) % nr_areas] + at[walls_rnd(seed) % 7];
	regs.ax = SYS_getpid;
	regs.ip = (uint64_t)stack_loop;
	walls_enter(&regs);
}

static void attacker_main(int plan, uint64_t seed)
{
	double end = check_seconds() + PLAN_MS / 1000.0;
	pthread_t caller, spinner;

	walls_default_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	munmap(shared, sizeof(*shared));
	if (plan == NR_PLANS - 1)
		stack_in_area(&seed);
	if (pthread_create(&caller, NULL, caller_main, NULL) || pthread_create(&spinner, NULL, spinner_main, NULL))
		_exit(1);
	while (check_seconds() < end) {
		for (int i = 0; i < 20; i++)
			forge_once(plan, &seed);
		if (walls_rnd(&seed) % 4 == 0)
			look_for_secret("a live attacker");
	}
	attack_over = 1;
	_exit(0);
}

static void run_plan(int plan, uint64_t seed)
{
	struct walls_end end;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		attacker_main(plan, seed);
	end = walls_reap(pid, PLAN_MS + 400);
	CHECK(!end.is_immortal, "plan %d: the attacker cannot be killed", plan);
	shared->nr_plans++;
	shared->nr_died += end.signal && !end.was_stopped;
	shared->nr_stopped += end.was_stopped;
	shared->nr_lived += end.exited;
}

/* A process that held the secret ends; does the next one find it in what it got? */
static void leftovers(void)
{
	for (int i = 0; i < 60; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			walls_default_signals();
			for (int n = 0; n < 30; n++)
				hold_secret(SYS_sched_yield);
			_exit(0);
		}
		check_wait(pid);
		pid = fork();
		if (pid == 0) {
			look_for_secret("leftovers");
			fflush(stdout);
			_exit(0);
		}
		check_wait(pid);
	}
}

int main(void)
{
	uint64_t seed = (uint64_t)(check_seconds() * 1e6) | 1;
	pid_t victims[NR_VICTIMS];
	double deadline, worst = 0;

	shared = walls_shared(sizeof(*shared));
	sightings = walls_shared(NR_SIGHTINGS * 64 * sizeof(*sightings));
	make_secret();
	probe_init();
	if (!walls_in_guest()) {
		CHECK(hold_secret(SYS_getppid) == 0, "the victim's own check is wrong");
		check_remark("bare host: nothing to attack");
		return check_done("wall_forge");
	}
	find_areas();
	check_read_only();
	if (!CHECK(nr_areas > 0, "no context area was found: nothing was tried"))
		return check_done("wall_forge");
	leftovers();
	for (int i = 0; i < NR_VICTIMS; i++) {
		victims[i] = fork();
		if (victims[i] == 0)
			victim_main();
	}
	deadline = walls_deadline();
	for (int plan = 0; check_seconds() < deadline || shared->nr_plans < NR_PLANS; plan = (plan + 1) % NR_PLANS) {
		double took;

		run_plan(plan, walls_rnd(&seed));
		took = walls_others_live();
		CHECK(took >= 0, "plan %d: others no longer work", plan);
		worst = took > worst ? took : worst;
	}
	shared->stop = 1;
	for (int i = 0; i < NR_VICTIMS; i++)
		CHECK(check_wait(victims[i]) == 0, "a victim was killed");
	CHECK(shared->victim_rounds > 100 && !shared->victim_bad, "victims: %ld rounds, %ld changes", shared->victim_rounds,
	      shared->victim_bad);
	CHECK(!was_secret_seen(), "the secret was seen; %d of %d notes of that are left", was_secret_seen(), NR_SIGHTINGS);
	CHECK(worst < 3, "others were disturbed for %.2f s", worst);
	printf("  forge: %d areas, %ld attacks: %ld died, %ld went on, %ld had to be killed; slowest other %.3f s\n", nr_areas,
	       shared->nr_plans, shared->nr_died, shared->nr_lived, shared->nr_stopped, worst);
	return check_done("wall_forge");
}
