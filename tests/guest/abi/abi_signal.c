// SPDX-License-Identifier: GPL-2.0
/*
 * abi_signal.c - signal frames: what a handler is given, what it may change, what comes back, and which frames are
 * refused
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/ucontext.h>

#include "check.h"
#include "abi.h"

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
#define UC_FLAGS_NATIVE	7	/* UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */

typedef void handler_fn(int sig, siginfo_t *info, void *context);

static void install(int sig, handler_fn *fn, int flags)
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static volatile int count;
static siginfo_t last;
static ucontext_t last_uc;

static void remember(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	last = *info;
	memcpy(&last_uc, context, offsetof(ucontext_t, uc_sigmask) + 8);
	count++;
}

static void check_siginfo(void)
{
	union sigval v = { .sival_int = 0x1234567 };
	pid_t pid;

	install(SIGUSR1, remember, 0);
	kill(getpid(), SIGUSR1);
	CHECK(last.si_signo == SIGUSR1 && last.si_code == SI_USER, "kill: signo %d code %d", last.si_signo,
	      last.si_code);
	CHECK(last.si_pid == getpid() && last.si_uid == getuid(), "kill: pid %d uid %d", last.si_pid, last.si_uid);
	raise(SIGUSR1);
	CHECK(last.si_code == SI_TKILL, "raise: code %d", last.si_code);
	install(SIGRTMIN, remember, 0);
	sigqueue(getpid(), SIGRTMIN, v);
	CHECK(last.si_code == SI_QUEUE && last.si_value.sival_int == 0x1234567, "sigqueue: code %d value %x",
	      last.si_code, last.si_value.sival_int);

	install(SIGCHLD, remember, 0);
	count = 0;
	pid = fork();
	if (!pid)
		_exit(42);
	while (!count)
		usleep(1000);
	CHECK(last.si_code == CLD_EXITED && last.si_status == 42 && last.si_pid == pid, "SIGCHLD: code %d status %d",
	      last.si_code, last.si_status);
	check_wait(pid);
	signal(SIGCHLD, SIG_DFL);
}

/* ---- faults ---- */

static sigjmp_buf fault_env;
static ucontext_t *fault_uc;

static void fault(int sig, siginfo_t *info, void *context)
{
	static ucontext_t uc;

	(void)sig;
	last = *info;
	memcpy(&uc, context, offsetof(ucontext_t, uc_sigmask) + 8);
	fault_uc = &uc;
	siglongjmp(fault_env, 1);
}

#define FAULT(statement) ({ last.si_signo = 0; if (!sigsetjmp(fault_env, 1)) { statement; } last.si_signo; })

static void check_faults(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int zero = 0, sink;

	install(SIGSEGV, fault, 0);
	install(SIGFPE, fault, 0);
	install(SIGILL, fault, 0);
	install(SIGTRAP, fault, 0);

	sink = *(volatile char *)page;	/* now it is there */
	FAULT(*(volatile char *)(page + 123) = 1);
	CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_ACCERR && last.si_addr == page + 123,
	      "write to read-only: signal %d code %d addr %p", last.si_signo, last.si_code, last.si_addr);
	CHECK(fault_uc->uc_mcontext.gregs[REG_TRAPNO] == 14, "trapno %lld", fault_uc->uc_mcontext.gregs[REG_TRAPNO]);
	CHECK((fault_uc->uc_mcontext.gregs[REG_ERR] & 7) == 7, "error code %llx",
	      fault_uc->uc_mcontext.gregs[REG_ERR]);
	CHECK(fault_uc->uc_mcontext.gregs[REG_CR2] == (long long)(page + 123), "cr2 %llx",
	      fault_uc->uc_mcontext.gregs[REG_CR2]);
	munmap(page, PAGE);
	FAULT(sink = *(volatile char *)(page + 5));
	CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_MAPERR && last.si_addr == page + 5,
	      "read of nothing: signal %d code %d", last.si_signo, last.si_code);
	CHECK((fault_uc->uc_mcontext.gregs[REG_ERR] & 7) == 4, "error code %llx",
	      fault_uc->uc_mcontext.gregs[REG_ERR]);
	FAULT(sink = *(volatile char *)0x8000000000000000ul);
	CHECK(last.si_signo == SIGSEGV && last.si_code == SI_KERNEL && !last.si_addr,
	      "non-canonical address: signal %d code %d addr %p", last.si_signo, last.si_code, last.si_addr);
	CHECK(fault_uc->uc_mcontext.gregs[REG_TRAPNO] == 13, "trapno %lld", fault_uc->uc_mcontext.gregs[REG_TRAPNO]);
	FAULT(sink = 100 / zero);
	CHECK(last.si_signo == SIGFPE && last.si_code == FPE_INTDIV, "division: signal %d code %d", last.si_signo,
	      last.si_code);
	CHECK(last.si_addr == (void *)fault_uc->uc_mcontext.gregs[REG_RIP], "division: si_addr %p is not ip",
	      last.si_addr);
	FAULT(__asm__ volatile("ud2"));
	CHECK(last.si_signo == SIGILL && last.si_code == ILL_ILLOPN, "ud2: signal %d code %d", last.si_signo,
	      last.si_code);
	FAULT(__asm__ volatile("int3"));
	CHECK(last.si_signo == SIGTRAP && last.si_code == SI_KERNEL, "int3: signal %d code %d", last.si_signo,
	      last.si_code);
	FAULT(__asm__ volatile("hlt"));
	CHECK(last.si_signo == SIGSEGV && last.si_code == SI_KERNEL, "hlt: signal %d code %d", last.si_signo,
	      last.si_code);
	(void)sink;
}

/* ---- the frame's layout ---- */

static struct {
	uintptr_t sp, frame, fp;
	uint64_t uc_flags, flags_now;
	uint32_t mxcsr, magic1, magic2, size, extended;
	uint64_t features, header;
	uint16_t cw;
} seen;

static void look_at_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *fp = (char *)uc->uc_mcontext.fpregs;

	(void)sig;
	__asm__ volatile("stmxcsr %0" : "=m"(seen.mxcsr));
	__asm__ volatile("fnstcw %0" : "=m"(seen.cw));
	__asm__ volatile("pushfq; popq %0" : "=r"(seen.flags_now));
	seen.frame = (uintptr_t)uc - 8;
	seen.sp = uc->uc_mcontext.gregs[REG_RSP];
	seen.uc_flags = uc->uc_flags;
	seen.fp = (uintptr_t)fp;
	seen.magic1 = load32(fp + XSTATE_SW);
	seen.extended = load32(fp + XSTATE_SW + 4);
	seen.features = load64(fp + XSTATE_SW + 8);
	seen.size = load32(fp + XSTATE_SW + 16);
	seen.header = load64(fp + XSTATE_HEADER);
	seen.magic2 = load32(fp + seen.size);
	CHECK((uintptr_t)info - (uintptr_t)uc == 304, "siginfo is %ld behind ucontext",
	      (long)((uintptr_t)info - (uintptr_t)uc));
	count++;
}

static void check_layout(void)
{
	uint32_t mxcsr = 0x1fa0, old;	/* precision exceptions unmasked no more: a value that is not the initial one */
	uint16_t cw = 0x27f;

	install(SIGUSR1, look_at_frame, 0);
	__asm__ volatile("stmxcsr %0" : "=m"(old));
	__asm__ volatile("ldmxcsr %0; fldcw %1; std" : : "m"(mxcsr), "m"(cw));
	raw2(SYS_tkill, raw2(SYS_gettid, 0, 0), SIGUSR1);
	__asm__ volatile("cld; stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(cw));
	CHECK(mxcsr == 0x1fa0 && cw == 0x27f, "mxcsr %x cw %x behind the handler", mxcsr, cw);
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(old));

	CHECK(seen.uc_flags == UC_FLAGS_NATIVE, "uc_flags %lx", seen.uc_flags);
	CHECK(seen.mxcsr == 0x1f80 && seen.cw == 0x37f, "handler starts with mxcsr %x cw %x", seen.mxcsr, seen.cw);
	CHECK(!(seen.flags_now & 0x500), "handler starts with flags %lx", seen.flags_now);
	CHECK(seen.frame % 16 == 8, "frame at %lx", seen.frame);
	CHECK(seen.fp % 64 == 0, "FP image at %lx", seen.fp);
	CHECK(seen.frame + 440 <= seen.fp, "frame %lx runs into FP image %lx", seen.frame, seen.fp);
	CHECK(seen.magic1 == MAGIC1 && seen.magic2 == MAGIC2, "magic %x %x", seen.magic1, seen.magic2);
	CHECK(seen.extended == seen.size + 4, "sizes %u %u", seen.size, seen.extended);
	CHECK(seen.fp + seen.extended <= seen.sp - 128, "FP image ends at %lx, red zone is below %lx",
	      seen.fp + seen.extended, seen.sp);
	CHECK((seen.header & 3) == 3 && !(seen.header & ~seen.features), "header %lx of %lx", seen.header,
	      seen.features);
	CHECK(!(seen.features & ~xcr0()), "features %lx, xcr0 %lx", seen.features, xcr0());
}

/* ---- everything is preserved ---- */

static void trash(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	__asm__ volatile("pxor %%xmm0, %%xmm0; pcmpeqd %%xmm1, %%xmm1; pxor %%xmm15, %%xmm15" : : : "xmm0", "xmm1", "xmm15");
	if (have_avx())
		__asm__ volatile("vzeroall" : : : "memory");
	__asm__ volatile("fninit; fldpi; fldl2e");
	count++;
}

/* Fills registers, has a signal delivered to itself, and looks whether they are as they were. */
static void check_preserved(void)
{
	static const uint64_t pattern[4] = { 0x0123456789abcdef, 0xfedcba9876543210, 0x5555aaaa3333cccc, 0x1122334455667788 };
	uint64_t out[4] = { 0 }, gpr[4];
	double st = 0;

	install(SIGUSR1, trash, 0);
	__asm__ volatile("fninit; fld1; fld1; faddp\n\t"
			 "movdqu %[p], %%xmm15\n\t"
			 "mov $0x1111, %%r12; mov $0x2222, %%r13; mov $0x3333, %%r14; mov $0x4444, %%rbx\n\t"
			 "movq $0x77777, -8(%%rsp); movq $0x66666, -128(%%rsp)\n\t"
			 "syscall\n\t"
			 "movdqu %%xmm15, %[o]\n\t"
			 "mov %%r12, %[g]; mov %%r13, 8+%[g]; add -8(%%rsp), %%r14; mov %%r14, 16+%[g]\n\t"
			 "add -128(%%rsp), %%rbx; mov %%rbx, 24+%[g]\n\t"
			 "fstpl %[s]"
			 : [o] "=m"(out), [g] "=m"(gpr), [s] "=m"(st)
			 : [p] "m"(pattern), "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1)
			 : "rcx", "r11", "r12", "r13", "r14", "rbx", "xmm15", "memory");
	CHECK(out[0] == pattern[0] && out[1] == pattern[1], "xmm15 %lx %lx", out[0], out[1]);
	CHECK(gpr[0] == 0x1111 && gpr[1] == 0x2222, "r12 %lx r13 %lx", gpr[0], gpr[1]);
	CHECK(gpr[2] == 0x3333 + 0x77777 && gpr[3] == 0x4444 + 0x66666, "red zone %lx %lx", gpr[2], gpr[3]);
	CHECK(st == 2.0, "st0 %g", st);

	if (!have_avx()) {
		check_remark("no AVX");
		return;
	}
	__asm__ volatile("vmovdqu %[p], %%ymm7\n\tsyscall\n\tvmovdqu %%ymm7, %[o]\n\tvzeroupper"
			 : [o] "=m"(out)
			 : [p] "m"(pattern), "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1)
			 : "rcx", "r11", "xmm7", "memory");
	CHECK(!memcmp(out, pattern, sizeof(out)), "ymm7 %lx %lx %lx %lx", out[0], out[1], out[2], out[3]);
}

/* ---- a handler changes the frame ---- */

static void change_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *fp = (char *)uc->uc_mcontext.fpregs;
	uint64_t value = 0xabcdef;

	(void)sig;
	(void)info;
	memcpy(fp + 160 + 15 * 16, &value, 8);			/* xmm15 */
	uc->uc_mcontext.gregs[REG_R12] = 0x9999;
	uc->uc_mcontext.gregs[REG_EFL] |= 0x3000 | 1;		/* IOPL, which is not ours to set, and carry, which is */
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x200ll;		/* interrupts off */
}

static void check_changed(void)
{
	uint64_t xmm[2], r12, flags;

	install(SIGUSR1, change_frame, 0);
	__asm__ volatile("pxor %%xmm15, %%xmm15; xor %%r12, %%r12; clc\n\t"
			 "syscall\n\t"
			 "pushfq; popq %[f]\n\t"
			 "mov %%r12, %[r]; movdqu %%xmm15, %[x]"
			 : [x] "=m"(xmm), [r] "=m"(r12), [f] "=r"(flags)
			 : "a"(SYS_tkill), "D"(gettid()), "S"(SIGUSR1)
			 : "rcx", "r11", "r12", "xmm15", "memory");
	CHECK(xmm[0] == 0xabcdef && !xmm[1], "xmm15 %lx %lx", xmm[0], xmm[1]);
	CHECK(r12 == 0x9999, "r12 %lx", r12);
	CHECK((flags & 0x3201) == 0x201, "flags %lx", flags);
}

/* ---- frames that are refused, each in a child ---- */

static int damage;

static void damage_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *fp = (char *)uc->uc_mcontext.fpregs;
	uint32_t bad_mxcsr = 0xffffffff;
	uint64_t bad = 1ull << 62;

	(void)sig;
	(void)info;
	switch (damage) {
	case 0:
		memcpy(fp + 24, &bad_mxcsr, 4);
		break;
	case 1:
		uc->uc_mcontext.fpregs = (void *)(fp + 8);
		break;
	case 2:
		memcpy(fp + XSTATE_HEADER + 8, &bad, 8);
		break;
	case 3:
		uc->uc_mcontext.fpregs = (void *)64;
		break;
	case 4:		/* not refused: the FP state becomes the initial one */
		uc->uc_mcontext.fpregs = NULL;
		break;
	case 5:		/* not refused: only the legacy area is loaded */
		memset(fp + XSTATE_SW, 0, 48);
		break;
	case 6:		/* an address that no program can run at */
		uc->uc_mcontext.gregs[REG_RIP] = 0x8000000000000000ll;
		break;
	}
}

static int damaged_child(int kind)
{
	struct rlimit none = { 0, 0 };
	uint32_t mxcsr = 0x1fa0;
	pid_t pid = fork();

	if (pid)
		return check_wait(pid);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	damage = kind;
	install(SIGUSR1, damage_frame, 0);
	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	raw2(SYS_tkill, raw2(SYS_gettid, 0, 0), SIGUSR1);
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	_exit(mxcsr == 0x1fa0 ? 7 : mxcsr == 0x1f80 ? 8 : 9);
}

static void check_refused(void)
{
	static const struct {
		const char *what;
		int expect;
	} kinds[] = {
		{ "reserved bits in mxcsr", 1000 + SIGSEGV },
		{ "image not aligned", 1000 + SIGSEGV },
		{ "compacted format", 1000 + SIGSEGV },
		{ "image not mapped", 1000 + SIGSEGV },
		{ "no image", 8 },
		{ "legacy image", 7 },
		{ "non-canonical ip", 1000 + SIGSEGV },
	};

	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int got = damaged_child(i);

		CHECK(got == kinds[i].expect, "%s: %d, not %d", kinds[i].what, got, kinds[i].expect);
	}
}

struct raw_sigaction {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void check_no_restorer(void)
{
	struct raw_sigaction sa = { .handler = (void *)remember };
	pid_t pid = fork();

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		raw6(SYS_rt_sigaction, SIGUSR1, (long)&sa, 0, 8, 0, 0);
		raise(SIGUSR1);
		_exit(0);
	}
	CHECK(check_wait(pid) == 1000 + SIGSEGV, "a handler without restorer was entered");
}

/* ---- alternate stack ---- */

static char *altstack;
static uintptr_t handler_sp;
static stack_t handler_ss;

static void on_altstack(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	handler_sp = (uintptr_t)__builtin_frame_address(0);
	sigaltstack(NULL, &handler_ss);
	count++;
}

static int inside(const char *start, size_t size)
{
	return handler_sp >= (uintptr_t)start && handler_sp < (uintptr_t)start + size;
}

static void check_altstack(void)
{
	size_t min = getauxval(AT_MINSIGSTKSZ), size = 65536;
	stack_t ss = { .ss_size = size }, got;
	pid_t pid;

	altstack = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ss.ss_sp = altstack;
	CHECK(!sigaltstack(&ss, NULL), "sigaltstack: %s", strerror(errno));
	install(SIGUSR1, on_altstack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(inside(altstack, size), "handler ran at %lx", handler_sp);
	CHECK(handler_ss.ss_flags == SS_ONSTACK, "flags %x in the handler", handler_ss.ss_flags);
	install(SIGUSR1, on_altstack, 0);
	raise(SIGUSR1);
	CHECK(!inside(altstack, size), "handler without SA_ONSTACK ran there");

	ss.ss_flags = SS_AUTODISARM;
	sigaltstack(&ss, NULL);
	install(SIGUSR1, on_altstack, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(inside(altstack, size) && handler_ss.ss_flags == SS_DISABLE, "autodisarm: flags %x in the handler",
	      handler_ss.ss_flags);
	sigaltstack(NULL, &got);
	CHECK((got.ss_flags & ~SS_ONSTACK) == (int)SS_AUTODISARM && got.ss_size == size,
	      "autodisarm: flags %x behind it", got.ss_flags);

	CHECK(min >= 440 + 576, "AT_MINSIGSTKSZ is %zu", min);
	check_remark("AT_MINSIGSTKSZ %zu", min);
	pid = fork();
	if (!pid) {
		stack_t tiny = { .ss_sp = altstack, .ss_size = 2048 };

		signal(SIGSEGV, SIG_DFL);
		sigaltstack(&tiny, NULL);
		raise(SIGUSR1);
		_exit(min <= 2048 ? 99 : 0);
	}
	if (min > 2048)
		CHECK(check_wait(pid) == 1000 + SIGSEGV, "a frame that does not fit was delivered");
	else
		CHECK(check_wait(pid) == 99, "a frame that fits was not delivered");
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
}

/* ---- restart of system calls ---- */

static int pipes[2];

/* Wait until the process' first thread sleeps: in its read(), however busy the machine is. */
static void await_sleep(void)
{
	char path[64], line[512], *state;
	double end = check_seconds() + 5;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)getpid());
	do {
		usleep(50000);
		f = fopen(path, "r");
		state = f && fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		if (f)
			fclose(f);
	} while (state && state[2] != 'S' && check_seconds() < end);
}

static void *poke(void *arg)
{
	pthread_t *main_thread = arg;
	char c = 'x';

	await_sleep();
	pthread_kill(*main_thread, SIGUSR1);
	usleep(50000);
	if (write(pipes[1], &c, 1) < 0)
		return NULL;
	return NULL;
}

static ssize_t read_interrupted(int flags)
{
	pthread_t me = pthread_self(), other;
	ssize_t got;
	int err;
	char c;

	count = 0;
	install(SIGUSR1, remember, flags);
	pthread_create(&other, NULL, poke, &me);
	got = read(pipes[0], &c, 1);
	err = errno;
	pthread_join(other, NULL);
	if (got < 0 && read(pipes[0], &c, 1) != 1)
		CHECK(0, "second read failed");
	return got < 0 ? -err : got;
}

static void check_restart(void)
{
	struct timespec nap = { 0, 200000000 }, rem = { 0, 0 };
	struct pollfd pfd = { .events = POLLIN };
	struct itimerval timer = { .it_value = { 0, 50000 } }, off = { 0 };
	sigset_t none;
	ssize_t got;
	double t;
	pid_t pid;
	int ret;

	if (pipe(pipes))
		return;
	got = read_interrupted(SA_RESTART);
	CHECK(got == 1 && count == 1, "read with SA_RESTART: %zd, %d signals", got, count);
	got = read_interrupted(0);
	CHECK(got == -EINTR && count == 1, "read without: %zd, %d signals", got, count);

	/* never restarted behind a handler: poll, nanosleep, sigsuspend */
	install(SIGALRM, remember, SA_RESTART);
	pfd.fd = pipes[0];
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = poll(&pfd, 1, 2000);
	CHECK(ret < 0 && errno == EINTR, "poll: %d", ret);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = nanosleep(&nap, &rem);
	CHECK(ret < 0 && errno == EINTR && rem.tv_nsec > 0 && rem.tv_nsec < 190000000, "nanosleep: %d, %ld left", ret,
	      rem.tv_nsec);
	sigemptyset(&none);
	setitimer(ITIMER_REAL, &timer, NULL);
	ret = sigsuspend(&none);
	CHECK(ret < 0 && errno == EINTR, "sigsuspend: %d", ret);
	setitimer(ITIMER_REAL, &off, NULL);

	/* a stop without a handler is not noticed: restart_syscall */
	pid = fork();
	if (!pid) {
		t = check_seconds();
		ret = nanosleep(&nap, NULL);
		t = check_seconds() - t;
		_exit(ret == 0 && t >= 0.199 ? 0 : 1);
	}
	usleep(50000);
	kill(pid, SIGSTOP);
	usleep(50000);
	kill(pid, SIGCONT);
	CHECK(check_wait(pid) == 0, "nanosleep stopped and continued did not sleep on");
	close(pipes[0]);
	close(pipes[1]);
}

/* ---- masks and nesting ---- */

static volatile int depth, deepest, mask_bad;	/* raise() is a leaf to the compiler */

static void nest(int sig, siginfo_t *info, void *context)
{
	sigset_t now;

	(void)info;
	(void)context;
	if (++depth > deepest)
		deepest = depth;
	sigprocmask(SIG_SETMASK, NULL, &now);
	if (sig == SIGUSR1) {
		mask_bad |= !sigismember(&now, SIGUSR1);
		if (!count)
			raise(SIGUSR1);		/* blocked: comes when this one is through */
		raise(SIGUSR2);			/* nested */
	} else if (depth < 20) {
		mask_bad |= sigismember(&now, SIGUSR2);
		raise(SIGUSR2);			/* SA_NODEFER: nested */
	}
	depth--;
	count++;
}

static void check_nesting(void)
{
	struct sigaction sa = { .sa_sigaction = remember, .sa_flags = SA_SIGINFO | SA_RESETHAND }, old;
	sigset_t now;

	install(SIGUSR2, nest, SA_NODEFER);
	install(SIGUSR1, nest, 0);
	count = 0;
	deepest = 0;
	raise(SIGUSR1);
	sigprocmask(SIG_SETMASK, NULL, &now);
	CHECK(deepest == 20 && !depth, "%d deep, %d at the end", deepest, depth);
	CHECK(!mask_bad, "masks in the handlers are wrong");
	CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2), "masks behind the handlers are wrong");

	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	CHECK(old.sa_handler == SIG_DFL, "SA_RESETHAND did not reset");
}

/* ---- many signals from outside while vector registers are in use ---- */

static volatile int stop;

static void *sender(void *arg)
{
	pthread_t *target = arg;

	while (!stop) {
		pthread_kill(*target, SIGUSR1);
		usleep(100);
	}
	return NULL;
}

static void check_storm(void)
{
	static const uint64_t pattern[2] = { 0x13579bdf02468ace, 0xdeadbeefcafef00d };
	pthread_t me = pthread_self(), other;
	double end = check_seconds() + 0.5;
	uint64_t out[2];
	long bad = 0, rounds = 0;

	install(SIGUSR1, trash, 0);
	count = 0;
	pthread_create(&other, NULL, sender, &me);
	while (check_seconds() < end) {
		__asm__ volatile("movdqu %[p], %%xmm15\n\t"
				 "movq $0x5a5a, -64(%%rsp)\n\t"
				 "mov $20000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t"
				 "movdqu %%xmm15, %[o]\n\t"
				 "cmpq $0x5a5a, -64(%%rsp)\n\tje 2f\n\tincq %[b]\n2:"
				 : [o] "=m"(out), [b] "+r"(bad)
				 : [p] "m"(pattern)
				 : "rcx", "xmm15", "memory", "cc");
		bad += memcmp(out, pattern, sizeof(out)) != 0;
		rounds++;
	}
	stop = 1;
	pthread_join(other, NULL);
	CHECK(!bad && count > 0, "%ld of %ld rounds damaged by %d signals", bad, rounds, count);
	check_remark("%d asynchronous signals", count);
}

int main(void)
{
	check_siginfo();
	check_faults();
	check_layout();
	check_preserved();
	check_changed();
	check_refused();
	check_no_restorer();
	check_altstack();
	check_restart();
	check_storm();
	check_nesting();
	return check_done("abi_signal");
}
