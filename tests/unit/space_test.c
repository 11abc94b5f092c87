// SPDX-License-Identifier: GPL-2.0
/*
 * space_test.c - the execution core without a guest kernel: spaces, mappings, contexts, kicks
 *
 * Links host/{cpu,handoff,place,space,space_map,space_run}.c, entry.S and the stub into an ordinary program that plays the guest kernel: it puts machine code into
 * a memory file, maps it into a space, runs it, and looks at the events. What the rest of the host side would provide is below, in libc's terms.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <um/clock.h>
#include <um/cpu.h>
#include <um/layout.h>
#include <um/place.h>
#include <um/space.h>
#include "host/space.h"

int host_handoff_choose(const char *name);
void host_place_pin(__u32 tid, int host_cpu);

#define CHECK(cond)									\
do {											\
	if (!(cond)) {									\
		printf("not ok: %s:%d: %s\n", __FILE__, __LINE__, #cond);		\
		exit(1);								\
	}										\
} while (0)

#define CODE	0x10000UL
#define DATA	0x20000000UL

struct um_cpu um_cpu = { .irq_off = 1 };
unsigned int um_xstate_size;
__u64 um_xfeatures = 7;
int um_fsgsbase;

static int mem_fd;
static unsigned char *mem;

void host_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int host_snprintf(char *buf, unsigned long size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void host_console_write(const char *buf, unsigned int len)
{
	if (write(2, buf, len) < 0)
		exit(1);
}

void host_exit(int status)
{
	exit(status);
}

int host_mem_fd(void)
{
	return mem_fd;
}

__u64 host_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

unsigned int host_cpus_allowed(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

int host_timer_init(void)
{
	return 0;
}

void um_irq_entry(void)
{
	abort();
}

void um_exception_entry(void)
{
	abort();
}

static void on_child(int sig)
{
	(void)sig;
	host_space_reap();
}

static struct um_regs regs;
static unsigned long fs, gs;
static __attribute__((aligned(64))) unsigned char image[8192];

static int run(struct host_space *sp, const void *fp, struct um_event *ev)
{
	int ret = host_space_resume(sp, 0, &regs, fs, gs, fp);

	if (ret)
		return ret;
	while ((ret = host_space_wait(sp, 0, &regs, &fs, &gs, ev)) == UM_WAIT_IRQ)
		um_cpu.pending = 0;
	return ret;
}

static void code(unsigned long off, const void *bytes, unsigned long n)
{
	memcpy(mem + off, bytes, n);
}

static void start(unsigned long ip)
{
	memset(&regs, 0, sizeof(regs));
	memset(image, 0, sizeof(image));
	image[0] = 0x7f;		/* FCW */
	image[1] = 0x03;
	image[24] = 0x80;		/* MXCSR */
	image[25] = 0x1f;
	regs.ip = ip;
	regs.flags = 0x202;
	regs.sp = 0x30000;
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static void test_syscalls(struct host_space *sp)
{
	/* 1: mov $39,%eax; syscall; jmp 1b */
	static const unsigned char loop[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7 };
	struct um_event ev;
	double t;
	int i;

	code(0, loop, sizeof(loop));
	CHECK(!host_space_map(sp, CODE, 0, 4096, 5));
	start(CODE);
	fs = 0x1234000;
	gs = 0x5678000;
	regs.r12 = 0xdeadbeefcafe;
	CHECK(!run(sp, image, &ev));
	CHECK(ev.type == UM_EV_SYSCALL && regs.ax == 39 && regs.ip == CODE + 7 && regs.r12 == 0xdeadbeefcafe);
	CHECK(fs == 0x1234000 && gs == 0x5678000 && regs.sp == 0x30000);
	t = now_us();
	for (i = 0; i < 100000; i++) {
		regs.ax = i;
		CHECK(!run(sp, NULL, &ev));
		CHECK(ev.type == UM_EV_SYSCALL && regs.ax == 39 && regs.r12 == 0xdeadbeefcafe);
	}
	printf("# system call round trip %.2f us\n", (now_us() - t) / i);
}

static void test_faults(struct host_space *sp)
{
	/* mov %rax,(%rbx); mov (%rbx),%rcx; syscall */
	static const unsigned char store[] = { 0x48, 0x89, 0x03, 0x48, 0x8b, 0x0b, 0x0f, 0x05 };
	struct um_event ev;
	double t;
	int i;

	code(64, store, sizeof(store));
	start(CODE + 64);
	regs.ax = 77;
	regs.bx = DATA + 8;
	CHECK(!run(sp, image, &ev));
	CHECK(ev.type == UM_EV_FAULT && ev.addr == DATA + 8 && ev.error & 2 && regs.ip == CODE + 64);
	CHECK(!host_space_map(sp, DATA, 4096, 4096, 3));
	CHECK(!run(sp, NULL, &ev));
	CHECK(ev.type == UM_EV_SYSCALL && regs.ax == 77 && *(unsigned long *)(mem + 4096 + 8) == 77);
	t = now_us();
	for (i = 0; i < 10000; i++) {
		start(CODE + 64);
		regs.ax = i % 300;	/* 335 and 336 get through every filter: harmless probes of the host */
		regs.bx = DATA + 0x100000 + i * 4096UL;
		CHECK(!run(sp, NULL, &ev) && ev.type == UM_EV_FAULT);
		CHECK(!host_space_map(sp, regs.bx, 8192 + (i % 100) * 4096, 4096, 3));
		CHECK(!run(sp, NULL, &ev) && ev.type == UM_EV_SYSCALL);
	}
	printf("# fault and system call %.2f us\n", (now_us() - t) / i);

	host_space_unmap(sp, DATA, 4096);
	CHECK(!host_space_flush(sp));
	start(CODE + 64);
	regs.bx = DATA;
	CHECK(!run(sp, NULL, &ev) && ev.type == UM_EV_FAULT && ev.addr == DATA);
	t = now_us();
	for (i = 0; i < 10000; i++) {
		host_space_unmap(sp, DATA, 4096);
		CHECK(!host_space_flush(sp));
	}
	printf("# flush %.2f us\n", (now_us() - t) / i);
}

static void test_kicks(struct host_space *sp)
{
	/* 1: inc %rax; jmp 1b */
	static const unsigned char spin[] = { 0x48, 0xff, 0xc0, 0xeb, 0xfb };
	unsigned long last = 0;
	struct um_event ev;
	int i, kicks = 0;

	code(128, spin, sizeof(spin));
	start(CODE + 128);
	CHECK(!host_space_resume(sp, 0, &regs, fs, gs, image));
	for (i = 0; i < 8000; i++) {
		if (i % 7 == 0)
			usleep(50);
		CHECK(!host_space_stop(sp, 0, &regs, &fs, &gs, &ev));
		CHECK(ev.type == UM_EV_KICK || ev.type == UM_EV_NONE);
		CHECK(regs.ax >= last && regs.ip >= CODE + 128 && regs.ip < CODE + 133);
		last = regs.ax;
		kicks += ev.type == UM_EV_KICK;
		CHECK(!host_space_resume(sp, 0, &regs, fs, gs, NULL));
	}
	CHECK(!host_space_stop(sp, 0, &regs, &fs, &gs, &ev));
	printf("# %d kicks in guest code, %d on the way\n", kicks, i - kicks);
}

#define SITE		CODE + 384
#define SITE_TABLE	8192		/* in the memory file */
#define XMM7		(160 + 7 * 16)	/* in an XSAVE image */
#define PATTERN		0x5a5a1234a5a54321UL

/* 1: inc %r12; jmp *UM_SITES + 8 * 3; jmp 1b */
static const unsigned char site_loop[] = { 0x49, 0xff, 0xc4, 0xff, 0x24, 0x25, 0x18, 0, 0x0f, 0x05, 0xeb, 0xf4 };

static void start_site(struct host_space *sp)
{
	unsigned long *table = (void *)(mem + SITE_TABLE);
	int i;

	for (i = 0; i < UM_NR_SITES; i++)
		table[i] = UM_STUB_SITES + i * UM_STUB_SITE_SIZE;
	code(384, site_loop, sizeof(site_loop));
	CHECK(!host_space_map(sp, CODE, 0, 4096, 5) && !host_space_map(sp, UM_SITES, SITE_TABLE, 4096, 1));
	start(SITE);
	regs.bx = 0xb0b0;
	regs.ax = 0xa0a0;
	regs.r15 = 0xf0f0;
	image[512] = 3;
	*(unsigned long *)(image + XMM7) = PATTERN;
}

/* What a call from the site may not have changed. */
static void check_site(struct host_space *sp, const struct um_event *ev)
{
	CHECK(ev->type == UM_EV_CALL || ev->type == UM_EV_KICK);
	CHECK(regs.sp == 0x30000 && regs.bx == 0xb0b0 && regs.ax == 0xa0a0 && regs.r15 == 0xf0f0 && regs.flags & 0x200);
	CHECK(*(const unsigned long *)(host_space_fp(sp, 0) + XMM7) == PATTERN);
	if (ev->type == UM_EV_CALL)
		CHECK(ev->site == 3);
	else
		CHECK(ev->site == 3 || (ev->site == -1 && regs.ip >= SITE && regs.ip < SITE + sizeof(site_loop)));
}

static struct host_space *volatile kicked;
static int nr_kicks;

/* Kicks that nobody waits for, at any moment. */
static void *kick_all(void *arg)
{
	unsigned long seed = 1;
	struct host_space *sp;

	while ((sp = kicked)) {
		syscall(SYS_tgkill, sp->pid, sp->ctx[0].tid, STUB_SIG_KICK);
		nr_kicks++;
		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		for (volatile int k = (seed >> 33) % 20000; k; k--)
			;
		if (nr_kicks % 16 == 0)
			usleep(1);
	}
	return arg;
}

/* System calls from a patched site, in peace, and then with kicks at any moment; each call happens once. */
static void test_sites(struct host_space *sp)
{
	int i, ret, calls = 0, on_way = 0;
	pthread_t kicker;
	struct um_event ev;
	double t;

	start_site(sp);
	CHECK(!run(sp, image, &ev));
	t = now_us();
	for (i = 0; i < 50000; i++) {
		check_site(sp, &ev);
		CHECK(ev.type == UM_EV_CALL && regs.r12 == i + 1UL);
		regs.ip = SITE + 10;
		CHECK(!run(sp, i % 2 ? NULL : image, &ev));
	}
	printf("# system call from a site, round trip %.2f us\n", (now_us() - t) / i);
	kicked = sp;
	CHECK(!pthread_create(&kicker, NULL, kick_all, NULL));
	for (i = 0; i < 100000 && on_way < 50; i++) {
		if (ev.type != UM_EV_NONE)
			check_site(sp, &ev);
		if (ev.type == UM_EV_CALL) {
			CHECK(regs.r12 == 50000UL + ++calls);
			regs.ip = SITE + 10;
		} else if (ev.type == UM_EV_KICK && ev.site >= 0) {
			on_way++;
			regs.ip = SITE + 3;
		}
		CHECK(!run(sp, i % 3 ? NULL : image, &ev));
	}
	kicked = NULL;
	pthread_join(kicker, NULL);
	printf("# %d calls, %d of %d kicks before the registers were stored\n", calls, on_way, nr_kicks);
	CHECK(calls > 1000 && nr_kicks > 100);

	/* single steps: each instruction on the way is an event at the site */
	start_site(sp);
	regs.flags |= 0x100;
	for (i = 0; i < 3; i++) {
		CHECK(!run(sp, i ? NULL : image, &ev) && ev.type == UM_EV_TRAP && ev.sig == SIGTRAP);
		CHECK(ev.site == (i == 1 ? 3 : -1) && regs.sp == 0x30000);
		if (i == 1)
			regs.ip = SITE + 10;
	}
	/* a fault on the way, or a number that is none, is the program's doing */
	start(UM_STUB_SITES + UM_NR_SITES * UM_STUB_SITE_SIZE);
	regs.cx = UM_NR_SITES;
	ret = run(sp, image, &ev);
	CHECK(ret == -3 || ev.type == UM_EV_BROKEN);
}

/* What the host says of a context that runs, and of one that is parked; an unmapping queued for the latter precedes its next step. */
static void test_asleep(struct host_space *sp)
{
	static const unsigned char spin[] = { 0x48, 0xff, 0xc0, 0xeb, 0xfb };
	static const unsigned char load[] = { 0x48, 0x8b, 0x0b, 0x0f, 0x05 };	/* mov (%rbx),%rcx; syscall */
	struct um_event ev;
	int i;

	code(256, spin, sizeof(spin));
	code(320, load, sizeof(load));
	start(CODE + 256);
	CHECK(!host_space_resume(sp, 0, &regs, fs, gs, image));
	CHECK(!host_space_flush(sp));
	for (i = 0; i < 1000; i++)
		CHECK(!host_space_asleep(sp));
	CHECK(!host_space_stop(sp, 0, &regs, &fs, &gs, &ev));
	for (i = 0; i < 1000 && !host_space_asleep(sp); i++)
		usleep(100);
	CHECK(i < 1000);
	CHECK(!host_space_map(sp, DATA, 4096, 4096, 3));
	start(CODE + 320);
	regs.bx = DATA;
	CHECK(!run(sp, NULL, &ev) && ev.type == UM_EV_SYSCALL);
	host_space_unmap(sp, DATA, 4096);
	start(CODE + 320);
	regs.bx = DATA;
	CHECK(!run(sp, NULL, &ev) && ev.type == UM_EV_FAULT && ev.addr == DATA);
}

static void test_death(struct host_space *sp)
{
	/* mov %rsp,(%rsp) with a stack pointer in the context area, then a fault: the frame runs into the bottom */
	static const unsigned char attack[] = { 0x48, 0x89, 0x00, 0x0f, 0x05 };
	struct um_event ev;
	int ret;

	code(192, attack, sizeof(attack));
	start(CODE + 192);
	regs.sp = 0x7fffff101010UL;
	ret = run(sp, image, &ev);
	CHECK(ret == -3 || (ret == 0 && ev.type != UM_EV_SYSCALL));
	if (!ret) {
		start(0x7fffff000000UL + 0x100);
		ret = run(sp, image, &ev);
		CHECK(ret == -3 || ev.type == UM_EV_BROKEN || ev.type == UM_EV_TRAP || ev.type == UM_EV_FAULT);
	}
}

/* Two spaces in turn: the context that is left must not keep the host CPU from the one that is let go. */
static void test_turns(struct host_space *a, struct host_space *b)
{
	static const unsigned char loop[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7 };
	struct um_regs other;
	struct um_event ev;
	double t;
	int i;

	code(0, loop, sizeof(loop));
	CHECK(!host_space_map(a, CODE, 0, 4096, 5) && !host_space_map(b, CODE, 0, 4096, 5));
	start(CODE);
	regs.r12 = 1;
	CHECK(!run(a, image, &ev));
	other = regs;
	start(CODE);
	regs.r12 = 2;
	CHECK(!run(b, image, &ev));
	t = now_us();
	for (i = 0; i < 20000; i++) {
		struct um_regs swap = regs;

		regs = other;
		other = swap;
		CHECK(!run(i & 1 ? b : a, NULL, &ev) && ev.type == UM_EV_SYSCALL && regs.r12 == (i & 1) + 1UL);
	}
	printf("# turn to another space and system call %.2f us\n", (now_us() - t) / i);
}

/* Words in its context area that are @word. */
static unsigned int count_words(struct host_space *sp, __u64 word)
{
	unsigned int i, nr = 0;

	for (i = 0; i < STUB_CTX_SIZE / 8; i++)
		nr += ((volatile __u64 *)sp->ctx[0].area)[i] == word;
	return nr;
}

/* Neither from a program that has ended, nor from one whose space has died, do registers remain for the next one. */
static void test_remains(void)
{
	static const unsigned char loop[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7 };
	const __u64 secret = 0x5ec2e7f00dcafe11;
	struct host_space *sp, *next;
	struct um_event ev;
	int dies;

	code(0, loop, sizeof(loop));
	for (dies = 0; dies < 2; dies++) {
		sp = host_space_get();
		CHECK(sp && !host_space_map(sp, CODE, 0, 4096, 5));
		start(CODE);
		regs.r13 = secret;
		memcpy(image + 160, &secret, sizeof(secret));	/* xmm0 */
		CHECK(!run(sp, image, &ev) && ev.type == UM_EV_SYSCALL && count_words(sp, secret) > 2);
		if (dies) {
			host_space_kill(sp);
			while (!sp->dead)
				host_space_reap();
		}
		host_space_put(sp);
		next = host_space_get();
		CHECK(next == sp && !count_words(sp, secret));
		host_space_put(next);
	}
}

static volatile int hog_ends;

static void *hog(void *cpu)
{
	host_place_pin(0, (long)cpu);
	while (!hog_ends)
		;
	return NULL;
}

/* A kick that finds the context parked, and its host CPU taken, so that it comes late: its frame must not reach the next program's area. */
static void test_late_kicks(void)
{
	struct sched_param none = { 0 };
	struct host_space *sp;
	struct um_event ev;
	pthread_t thread;
	__u64 secret;
	long cpu;
	int i;

	for (i = 0; i < 30; i++) {
		secret = 0x5ec2e7f00dcaf000 + i;
		sp = host_space_get();
		CHECK(sp && !host_space_map(sp, CODE, 0, 4096, 5));
		start(CODE);
		regs.r13 = secret;
		CHECK(!run(sp, image, &ev) && ev.type == UM_EV_SYSCALL && count_words(sp, secret));
		cpu = sp->ctx[0].cpu;
		hog_ends = 0;
		CHECK(!sched_setscheduler(sp->ctx[0].tid, SCHED_IDLE, &none));
		CHECK(!pthread_create(&thread, NULL, hog, (void *)cpu));
		usleep(2000);
		sp->ctx[0].kicked++;
		CHECK(!syscall(SYS_tgkill, sp->pid, sp->ctx[0].tid, STUB_SIG_KICK));
		host_space_put(sp);
		hog_ends = 1;
		pthread_join(thread, NULL);
		sp = host_space_get();
		CHECK(sp);
		usleep(5000);
		CHECK(!count_words(sp, secret));
		host_space_kill(sp);	/* its context would stay behind all others */
		while (!sp->dead)
			host_space_reap();
		host_space_put(sp);
	}
}

/* How the programs ran: as the mode says. */
static void test_stats(const char *mode)
{
	struct host_handoff_stats s;

	host_handoff_stats(0, &s);
	printf("# pair %llu, quick %llu, slept %llu, turns %llu, changes %llu\n", s.pair, s.quick, s.slept, s.turns, s.changes);
	if (!strcmp(mode, "split"))
		CHECK(s.quick > 100 * s.pair && s.apart && s.user_cpu != s.kernel_cpu);
	else
		CHECK(!s.quick && !s.slept && !s.apart && s.user_cpu == s.kernel_cpu);
}

/* space_test [pair|split] */
int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "pair";

	unsigned int eax, ecx, edx;
	struct host_space *sp, *other;
	int i;

	if (host_handoff_choose(mode)) {
		printf("skipped: no %s here\n", mode);
		return 77;
	}
	um_fsgsbase = !!(getauxval(AT_HWCAP2) & 2);
	__cpuid_count(0xd, 0, eax, um_xstate_size, ecx, edx);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGCHLD, on_child);
	mem_fd = memfd_create("test-mem", MFD_CLOEXEC);
	CHECK(!ftruncate(mem_fd, 16 << 20));
	mem = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, mem_fd, 0);
	CHECK(mem != MAP_FAILED);
	CHECK(!host_space_init());
	CHECK(!host_cpu_init_boot(&um_cpu));
	for (i = 0; i < 3; i++) {
		sp = host_space_get();
		CHECK(sp);
		test_syscalls(sp);
		test_faults(sp);
		test_kicks(sp);
		host_space_unmap(sp, 0, 0x7fffff000000UL);
		CHECK(!host_space_flush(sp));
		host_space_put(sp);
	}
	sp = host_space_get();
	other = host_space_get();
	CHECK(sp && other);
	test_turns(sp, other);
	host_space_put(other);
	test_stats(mode);
	test_remains();
	test_late_kicks();
	test_asleep(sp);
	other = host_space_get();
	CHECK(other);
	test_sites(other);
	test_death(sp);
	host_space_exit();
	puts("ok");
	return 0;
}
