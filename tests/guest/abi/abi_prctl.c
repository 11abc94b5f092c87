// SPDX-License-Identifier: GPL-2.0
/*
 * abi_prctl.c - segment bases by system call and by instruction, the auxiliary vector, MAP_32BIT, the vsyscall page
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <elf.h>
#include <pthread.h>
#include <sys/time.h>

#include "check.h"
#include "abi.h"

#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE	2
#endif
#ifndef ARCH_GET_XCOMP_SUPP
#define ARCH_GET_XCOMP_SUPP	0x1021
#define ARCH_GET_XCOMP_PERM	0x1022
#define ARCH_REQ_XCOMP_PERM	0x1023
#endif
#define MAP_FAILED_LONG	((unsigned long)-4095)

static int fsgsbase;

static unsigned long get_gs(void)
{
	unsigned long v = 0;

	raw2(SYS_arch_prctl, ARCH_GET_GS, (long)&v);
	return v;
}

static unsigned long gs_word(void)
{
	unsigned long v;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	return v;
}

static unsigned long rdgsbase(void)
{
	unsigned long v;

	__asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0xae, 0xc8" : "=a"(v));	/* rdgsbase %rax */
	return v;
}

static void wrgsbase(unsigned long v)
{
	__asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0xae, 0xd8" : : "a"(v));	/* wrgsbase %rax */
}

static volatile unsigned long in_handler;

static void handler(int sig)
{
	(void)sig;
	in_handler = gs_word();
}

static void *other_thread(void *arg)
{
	*(unsigned long *)arg = get_gs();
	raw2(SYS_arch_prctl, ARCH_SET_GS, 0x5000);
	return NULL;
}

static void check_gs(void)
{
	static unsigned long word = 0x600df00d, word2 = 0x600df00e;
	unsigned long fs = 0, seen = 0;
	pthread_t thread;
	pid_t pid;

	CHECK(!raw2(SYS_arch_prctl, ARCH_GET_FS, (long)&fs) && fs == (unsigned long)pthread_self(), "FS base %lx",
	      fs);
	CHECK(!raw2(SYS_arch_prctl, ARCH_SET_GS, (long)&word), "ARCH_SET_GS");
	CHECK(gs_word() == word && get_gs() == (unsigned long)&word, "%%gs:0 is %lx, base %lx", gs_word(), get_gs());
	for (int i = 0; i < 200; i++)
		sched_yield();
	usleep(1000);
	CHECK(gs_word() == word, "%%gs lost over sleep");
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	CHECK(in_handler == word && gs_word() == word, "%%gs in a handler: %lx", in_handler);

	pthread_create(&thread, NULL, other_thread, &seen);
	pthread_join(thread, NULL);
	CHECK(seen == (unsigned long)&word, "a new thread's GS base is %lx", seen);
	CHECK(get_gs() == (unsigned long)&word, "another thread changed it");
	pid = fork();
	if (!pid)
		_exit(gs_word() == word && get_gs() == (unsigned long)&word ? 0 : 1);
	CHECK(check_wait(pid) == 0, "%%gs lost over fork");

	if (!fsgsbase) {
		check_remark("no FSGSBASE");
	} else {
		CHECK(rdgsbase() == (unsigned long)&word, "rdgsbase %lx", rdgsbase());
		wrgsbase((unsigned long)&word2);
		CHECK(gs_word() == word2, "wrgsbase did nothing");
		CHECK(get_gs() == (unsigned long)&word2, "the kernel does not know of wrgsbase: %lx", get_gs());
		usleep(1000);
		CHECK(gs_word() == word2 && rdgsbase() == (unsigned long)&word2, "wrgsbase lost over sleep");
		pid = fork();
		if (!pid)
			_exit(gs_word() == word2 ? 0 : 1);
		CHECK(check_wait(pid) == 0, "wrgsbase lost over fork");
	}
	raw2(SYS_arch_prctl, ARCH_SET_GS, 0);
}

static void check_refused(void)
{
	CHECK(raw2(SYS_arch_prctl, ARCH_SET_GS, 0x800000000000) == -EPERM,
	      "a base above user addresses was accepted");
	CHECK(raw2(SYS_arch_prctl, ARCH_SET_FS, -1) == -EPERM, "a base of -1 was accepted");
	CHECK(raw2(SYS_arch_prctl, ARCH_GET_GS, 8) == -EFAULT, "a bad pointer was accepted");
	CHECK(raw2(SYS_arch_prctl, 0x7777, 0) == -EINVAL, "option 0x7777 exists");
	CHECK(raw2(SYS_arch_prctl, 0x3001, 0) == -EINVAL, "option 0x3001 exists");
}

static void check_components(void)
{
	uint64_t supported = 0, permitted = 0;
	long err = raw2(SYS_arch_prctl, ARCH_GET_XCOMP_SUPP, (long)&supported);

	if (err == -EINVAL) {
		check_remark("no ARCH_GET_XCOMP_SUPP");
		return;
	}
	CHECK(!err && (supported & 3) == 3 && !(supported & ~xcr0()), "supported %lx of %lx", supported, xcr0());
	CHECK(!raw2(SYS_arch_prctl, ARCH_GET_XCOMP_PERM, (long)&permitted) && !(permitted & ~supported),
	      "permitted %lx", permitted);
	CHECK(raw2(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, 99) == -EINVAL, "component 99 exists");
}

/* As the kernel put it on the stack: the C library has its own idea of AT_HWCAP. */
static unsigned long raw_auxv(unsigned long type)
{
	char **env = environ;
	const unsigned long *auxv;

	while (*env)
		env++;
	for (auxv = (const unsigned long *)(env + 1); *auxv != AT_NULL; auxv += 2)
		if (auxv[0] == type)
			return auxv[1];
	return 0;
}

static void check_auxv(void)
{
	uint32_t a, b, c, d;
	const char *platform = (const char *)getauxval(AT_PLATFORM);

	__cpuid(1, a, b, c, d);
	CHECK(raw_auxv(AT_HWCAP) == d, "AT_HWCAP %lx, CPUID.1:EDX %x", raw_auxv(AT_HWCAP), d);
	CHECK(platform && !strcmp(platform, "x86_64"), "AT_PLATFORM %s", platform ? platform : "none");
	CHECK(getauxval(AT_PAGESZ) == PAGE, "AT_PAGESZ %lu", getauxval(AT_PAGESZ));
	CHECK(getauxval(AT_MINSIGSTKSZ) >= 1016, "AT_MINSIGSTKSZ %lu", getauxval(AT_MINSIGSTKSZ));
	CHECK(getauxval(AT_CLKTCK) == 100, "AT_CLKTCK %lu", getauxval(AT_CLKTCK));
}

static void check_mmap(void)
{
	unsigned long p;
	int i;

	for (i = 0; i < 20; i++) {
		p = raw6(SYS_mmap, 0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		if (!CHECK(p >= 0x40000000 && p + 65536 <= 0x80000000, "MAP_32BIT gave %lx", p))
			break;
	}
	CHECK(raw6(SYS_mmap, 0, 0x50000000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) == -ENOMEM,
	      "MAP_32BIT of 1.25 GiB");
	CHECK(raw6(SYS_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 17) == -EINVAL,
	      "odd offset accepted");
	p = raw6(SYS_mmap, 0, 1ul << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(p < MAP_FAILED_LONG, "1 TiB of addresses: %ld", (long)p);
	munmap((void *)p, 1ul << 40);
}

/* ---- the vsyscall page; a host with vsyscall=none has none, and a fault there is right ---- */

#define VSYSCALL(n)	((void *)(0xffffffffff600000ul + (n) * 1024))

static void check_vsyscall(void)
{
	long (*tod)(struct timeval *, void *) = VSYSCALL(0);
	long (*get_time)(time_t *) = VSYSCALL(1);
	long (*get_cpu)(unsigned int *, unsigned int *, void *) = VSYSCALL(2);
	struct timeval tv = { 0, 0 };
	unsigned int cpu = ~0u;
	time_t now = time(NULL), t = 0;
	volatile long r = -1;

	probe_init();
	if (PROBE(r = get_time(&t))) {
		check_remark("no vsyscall page");
		CHECK(probe_sig == SIGSEGV, "signal %d", probe_sig);
		return;
	}
	CHECK(r == t && t >= now && t <= now + 2, "vsyscall time %ld %ld, now %ld", r, t, now);
	CHECK(!PROBE(r = tod(&tv, NULL)) && !r && tv.tv_sec >= now && tv.tv_sec <= now + 2,
	      "vsyscall gettimeofday %ld", r);
	CHECK(!PROBE(r = get_cpu(&cpu, NULL, NULL)) && !r && cpu < 4096, "vsyscall getcpu %ld %u", r, cpu);
	CHECK(PROBE(((void (*)(void))VSYSCALL(3))()) == SIGSEGV, "a fourth vsyscall: signal %d", probe_sig);
}

int main(void)
{
	fsgsbase = getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
	check_gs();
	check_refused();
	check_components();
	check_auxv();
	check_mmap();
	check_vsyscall();
	return check_done("abi_prctl");
}
