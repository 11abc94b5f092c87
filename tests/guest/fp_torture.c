// SPDX-License-Identifier: GPL-2.0
/*
 * fp_torture.c - does a program's floating point and vector state survive everything a kernel may do to it
 *
 * Theory of operation
 *
 * hold() is assembly: it loads a pattern into every register there is (x87 or MMX, MXCSR, and by what cpuid offers
 * xmm0-15, ymm0-15 or zmm0-31 with k0-7), then does one operation without touching them, then stores them all. The
 * C code around compares what came back bit by bit. The operations:
 *
 *     system calls in a loop (cheap ones, sched_yield, short sleeps, a pipe), fork (parent and child both compare),
 *     page faults (fresh memory, copy-on-write, a protected page that a SIGSEGV handler opens),
 *     signals to itself, and plain spinning, during which timers, sibling threads and other processes preempt it
 *
 * Every signal handler first compares the SSE registers in its frame with the pattern, then overwrites all registers
 * with garbage. Patterns are random, and at times all zero in the upper parts, since kernels and processors treat state
 * in its initial configuration specially. exec must not hand one program's registers to the next: a child loads a
 * secret, executes this program again with --fresh, and that one looks for the secret in its registers.
 *
 * usage: fp_torture [SECONDS [THREADS]]; several processes with THREADS threads each. One line of summary, exit status
 * 0 when nothing was ever changed, 1 otherwise.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE		4096UL
#define NR_PROCESSES	2
#define SECRET		0xa5c35ae1deadf00dUL

/* Known to the assembly below by offset. */
struct fpset {
	uint8_t vec[32][64];		/* 0 */
	uint64_t mask[8];		/* 2048 */
	uint8_t st[8][16];		/* 2112: 10 bytes of each (8 for MMX) */
	uint32_t mxcsr;			/* 2240 */
	uint16_t control;		/* 2244: the x87 control word */
	uint16_t is_mmx;		/* 2246 */
} __attribute__((aligned(64)));

enum { OP_SYSCALL, OP_TOUCH, OP_SPIN };

struct op {
	long kind;			/* 0 */
	long times;			/* 8 */
	long nr;			/* 16; OP_TOUCH: the first address */
	long arg[4];			/* 24, 32, 40, 48; OP_TOUCH: arg[0] is the stride */
};

_Static_assert(offsetof(struct fpset, mask) == 2048 && offsetof(struct fpset, st) == 2112 &&
	       offsetof(struct fpset, mxcsr) == 2240 && offsetof(struct fpset, is_mmx) == 2246, "the assembly's offsets");

long hold_sse(const struct fpset *in, struct fpset *out, const struct op *op);
long hold_avx(const struct fpset *in, struct fpset *out, const struct op *op);
long hold_avx512(const struct fpset *in, struct fpset *out, const struct op *op);
/* Between these the registers hold the pattern. */
extern const char hold_sse_begin[], hold_sse_end[], hold_avx_begin[], hold_avx_end[], hold_avx512_begin[], hold_avx512_end[];

/*
 * rbx = in, r12 = out, r13 = op, rbp = the count. The macros take the instruction and the register's prefix. The default
 * control words are put back at the end, as C code expects them.
 */
asm(".macro each_vec insn, reg, nr, base, store\n"
    "	i = 0\n"
    "	.rept \\nr\n"
    "	one_vec \\insn, \\reg, %i, \\base, \\store\n"
    "	i = i + 1\n"
    "	.endr\n"
    ".endm\n"
    ".altmacro\n"
    ".macro one_vec insn, reg, i, base, store\n"
    "	.if \\store\n"
    "	\\insn %\\reg&\\i, 64*\\i(%\\base)\n"
    "	.else\n"
    "	\\insn 64*\\i(%\\base), %\\reg&\\i\n"
    "	.endif\n"
    ".endm\n"
    ".macro one_mask i, base, store\n"
    "	.if \\store\n"
    "	kmovq %k&\\i, 2048+8*\\i(%\\base)\n"
    "	.else\n"
    "	kmovq 2048+8*\\i(%\\base), %k&\\i\n"
    "	.endif\n"
    ".endm\n"
    ".macro each_mask base, store\n"
    "	i = 0\n"
    "	.rept 8\n"
    "	one_mask %i, \\base, \\store\n"
    "	i = i + 1\n"
    "	.endr\n"
    ".endm\n"
    ".macro hold_function name, insn, reg, nr, masks\n"
    "	.globl \\name\n"
    "	.type \\name, @function\n"
    "\\name:\n"
    "	push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "	mov %rdi, %rbx\n mov %rsi, %r12\n mov %rdx, %r13\n"
    "	fninit\n"
    "	fldcw 2244(%rbx)\n"
    "	testw $1, 2246(%rbx)\n"
    "	jnz 1f\n"
    "	fldt 2112+112(%rbx)\n fldt 2112+96(%rbx)\n fldt 2112+80(%rbx)\n fldt 2112+64(%rbx)\n"
    "	fldt 2112+48(%rbx)\n fldt 2112+32(%rbx)\n fldt 2112+16(%rbx)\n fldt 2112(%rbx)\n"
    "	jmp 2f\n"
    "1:	movq 2112(%rbx), %mm0\n movq 2112+16(%rbx), %mm1\n movq 2112+32(%rbx), %mm2\n movq 2112+48(%rbx), %mm3\n"
    "	movq 2112+64(%rbx), %mm4\n movq 2112+80(%rbx), %mm5\n movq 2112+96(%rbx), %mm6\n movq 2112+112(%rbx), %mm7\n"
    "2:	ldmxcsr 2240(%rbx)\n"
    "	each_vec \\insn, \\reg, \\nr, rbx, 0\n"
    "	.if \\masks\n"
    "	each_mask rbx, 0\n"
    "	.endif\n"
    "	.globl \\name&_begin\n"
    "\\name&_begin:\n"
    "	mov 8(%r13), %rbp\n"
    "	cmpq $1, (%r13)\n"
    "	je 4f\n"
    "	ja 5f\n"
    "3:	mov 16(%r13), %rax\n mov 24(%r13), %rdi\n mov 32(%r13), %rsi\n mov 40(%r13), %rdx\n mov 48(%r13), %r10\n"
    "	xor %r8d, %r8d\n xor %r9d, %r9d\n"
    "	syscall\n"
    "	dec %rbp\n"
    "	jnz 3b\n"
    "	jmp 6f\n"
    "4:	mov 16(%r13), %rdi\n"
    "41:	incb (%rdi)\n"
    "	add 24(%r13), %rdi\n"
    "	dec %rbp\n"
    "	jnz 41b\n"
    "	jmp 6f\n"
    "5:	dec %rbp\n"
    "	jnz 5b\n"
    "	.globl \\name&_end\n"
    "\\name&_end:\n"
    "6:	mov %rax, %r14\n"
    "	each_vec \\insn, \\reg, \\nr, r12, 1\n"
    "	.if \\masks\n"
    "	each_mask r12, 1\n"
    "	.endif\n"
    "	stmxcsr 2240(%r12)\n"
    "	fnstcw 2244(%r12)\n"
    "	testw $1, 2246(%rbx)\n"
    "	jnz 7f\n"
    "	fstpt 2112(%r12)\n fstpt 2112+16(%r12)\n fstpt 2112+32(%r12)\n fstpt 2112+48(%r12)\n"
    "	fstpt 2112+64(%r12)\n fstpt 2112+80(%r12)\n fstpt 2112+96(%r12)\n fstpt 2112+112(%r12)\n"
    "	jmp 8f\n"
    "7:	movq %mm0, 2112(%r12)\n movq %mm1, 2112+16(%r12)\n movq %mm2, 2112+32(%r12)\n movq %mm3, 2112+48(%r12)\n"
    "	movq %mm4, 2112+64(%r12)\n movq %mm5, 2112+80(%r12)\n movq %mm6, 2112+96(%r12)\n movq %mm7, 2112+112(%r12)\n"
    "8:	fninit\n"
    "	push $0x1f80\n"
    "	ldmxcsr (%rsp)\n"
    "	pop %rax\n"
    "	mov %r14, %rax\n"
    "	pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "	ret\n"
    "	.size \\name, . - \\name\n"
    ".endm\n"
    "	.text\n"
    "	hold_function hold_sse, movups, xmm, 16, 0\n"
    "	hold_function hold_avx, vmovups, ymm, 16, 0\n"
    "	hold_function hold_avx512, vmovups, zmm, 32, 1\n"
    ".noaltmacro\n");

static long (*hold)(const struct fpset *in, struct fpset *out, const struct op *op);
static const char *level, *hold_begin, *hold_end;
static unsigned int vec_bytes, nr_vecs, nr_masks;

/* Shared by all processes. */
static struct totals {
	atomic_long rounds, signals, frames, forks, faults, bad;
} *totals;

static atomic_int stop;
static int nr_threads;
static pid_t thread_ids[256];
static __thread const struct fpset *holding;	/* the pattern while hold() runs */
static __thread uint8_t *guarded;		/* the page that the SIGSEGV handler opens */

static void choose_level(void)
{
	unsigned int a, b, c, d, xcr0 = 0, high;
	int has_avx512 = 0, has_avx = 0;

	__cpuid(1, a, b, c, d);
	if (c & bit_OSXSAVE) {
		asm volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
		has_avx = (c & bit_AVX) && (xcr0 & 6) == 6;
		__cpuid_count(7, 0, a, b, c, d);
		has_avx512 = has_avx && (b & bit_AVX512F) && (b & bit_AVX512BW) && (xcr0 & 0xe6) == 0xe6;
	}
	hold = has_avx512 ? hold_avx512 : has_avx ? hold_avx : hold_sse;
	hold_begin = has_avx512 ? hold_avx512_begin : has_avx ? hold_avx_begin : hold_sse_begin;
	hold_end = has_avx512 ? hold_avx512_end : has_avx ? hold_avx_end : hold_sse_end;
	level = has_avx512 ? "avx512" : has_avx ? "avx" : "sse";
	vec_bytes = has_avx512 ? 64 : has_avx ? 32 : 16;
	nr_vecs = has_avx512 ? 32 : 16;
	nr_masks = has_avx512 ? 8 : 0;
}

static uint64_t rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void fill(void *to, size_t bytes, uint64_t *seed)
{
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t value = rnd(seed);

		memcpy((char *)to + i, &value, 8);
	}
}

/* A new pattern; some leave the upper parts, the masks or the x87 registers in their initial state. */
static void make_pattern(struct fpset *set, uint64_t *seed)
{
	uint64_t kind = rnd(seed) >> 20;
	unsigned int bytes = kind % 8 == 0 ? 16 : kind % 8 == 1 ? 32 : vec_bytes;

	memset(set, 0, sizeof(*set));
	for (unsigned int i = 0; i < nr_vecs && kind % 8 != 2; i++)
		fill(set->vec[i], bytes < vec_bytes ? bytes : vec_bytes, seed);
	if (nr_masks && kind % 8 != 3)
		fill(set->mask, sizeof(set->mask), seed);
	set->is_mmx = (kind >> 8) & 1;
	for (int i = 0; i < 8; i++) {
		uint64_t mantissa = rnd(seed) | (set->is_mmx ? 0 : 1UL << 63);
		uint16_t exponent = 0x3000 + rnd(seed) % 0x1000;

		memcpy(set->st[i], &mantissa, 8);
		if (!set->is_mmx)
			memcpy(set->st[i] + 8, &exponent, 2);
	}
	set->mxcsr = 0x1f80 | ((kind >> 16) & 3) << 13 | ((kind >> 18) & 1) << 15;
	set->control = 0x037f | ((kind >> 20) & 3) << 10;
}

static void complain(const char *during, const char *what, int nr)
{
	char text[160];
	int len = snprintf(text, sizeof(text), "fp_torture: %s%d changed during %s\n", what, nr, during);

	if (atomic_fetch_add(&totals->bad, 1) < 20 && write(2, text, len) < 0)
		_exit(1);
}

static void compare(const struct fpset *in, const struct fpset *out, const char *during)
{
	for (unsigned int i = 0; i < nr_vecs; i++) {
		if (memcmp(in->vec[i], out->vec[i], vec_bytes))
			complain(during, "vector register ", i);
	}
	for (unsigned int i = 0; i < nr_masks; i++) {
		if (in->mask[i] != out->mask[i])
			complain(during, "k", i);
	}
	for (int i = 0; i < 8; i++) {
		if (memcmp(in->st[i], out->st[i], in->is_mmx ? 8 : 10))
			complain(during, in->is_mmx ? "mm" : "st", i);
	}
	if (in->mxcsr != (out->mxcsr & ~0x3fU))
		complain(during, "mxcsr ", 0);
	if (in->control != out->control)
		complain(during, "x87 control word ", 0);
}

/* ---- signal handlers: look at the frame, then spoil everything ---- */

static void spoil(void)
{
	static const struct op nothing = { OP_SPIN, 1, 0, { 0 } };
	const struct fpset *interrupted = holding;
	struct fpset garbage, out;
	uint64_t seed = (uint64_t)&garbage ^ 0x1234567;

	make_pattern(&garbage, &seed);
	holding = &garbage;
	hold(&garbage, &out, &nothing);
	holding = interrupted;
}

static void check_frame(void *context)
{
	const ucontext_t *uc = context;
	const struct _libc_fpstate *fp = uc->uc_mcontext.fpregs;
	const struct fpset *in = holding;
	const char *ip = (const char *)uc->uc_mcontext.gregs[REG_RIP];

	if (!in || ip < hold_begin || ip > hold_end)
		return;
	atomic_fetch_add(&totals->frames, 1);
	if (!fp) {
		complain("signal delivery", "no frame; ", 0);
		return;
	}
	for (int i = 0; i < 16; i++) {
		if (memcmp(&fp->_xmm[i], in->vec[i], 16))
			complain("signal delivery", "xmm in the frame ", i);
	}
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)sig;
	(void)info;
	check_frame(context);
	spoil();
	atomic_fetch_add(&totals->signals, 1);
	errno = saved;
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	check_frame(context);
	spoil();
	if (!guarded || (uint8_t *)info->si_addr < guarded || (uint8_t *)info->si_addr >= guarded + PAGE) {
		static const char text[] = "fp_torture: unexpected SIGSEGV\n";

		atomic_fetch_add(&totals->bad, 1);
		if (write(2, text, sizeof(text) - 1) < 0 || 1)
			_exit(1);
	}
	if (mprotect(guarded, PAGE, PROT_READ | PROT_WRITE))
		_exit(1);
	atomic_fetch_add(&totals->faults, 1);
}

/* ---- the operations ---- */

static long hold_and_compare(const struct op *op, uint64_t *seed, const char *during)
{
	struct fpset in, out;
	long result;

	make_pattern(&in, seed);
	memset(&out, 0x5a, sizeof(out));
	holding = &in;
	result = hold(&in, &out, op);
	holding = NULL;
	compare(&in, &out, during);
	return result;
}

static void do_syscall(uint64_t *seed, long times, long nr, long a, long b, long c, const char *during)
{
	struct op op = { OP_SYSCALL, times, nr, { a, b, c, 0 } };

	hold_and_compare(&op, seed, during);
}

static void do_fresh_pages(uint64_t *seed)
{
	long pages = 1 + rnd(seed) % 64;
	uint8_t *map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct op op = { OP_TOUCH, pages, (long)map, { PAGE } };

	if (map == MAP_FAILED)
		return;
	hold_and_compare(&op, seed, "page faults on fresh memory");
	munmap(map, pages * PAGE);
}

static void do_guarded_page(uint64_t *seed)
{
	uint8_t *map = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct op op = { OP_TOUCH, 3, (long)map, { 1 } };

	if (map == MAP_FAILED)
		return;
	guarded = map;
	hold_and_compare(&op, seed, "a SIGSEGV handler");
	guarded = NULL;
	munmap(map, PAGE);
}

/* The child compares as well, then makes copy-on-write faults of its own; a fork of a thread calls no libc in the child. */
static void do_fork(uint64_t *seed)
{
	struct op fork_op = { OP_SYSCALL, 1, SYS_fork, { 0 } };
	static uint8_t shared_pages[16 * PAGE];
	long before = atomic_load(&totals->bad);
	long pid = hold_and_compare(&fork_op, seed, "fork");
	int status;

	if (pid == 0) {
		struct op touch = { OP_TOUCH, 16, (long)shared_pages, { PAGE } };

		hold_and_compare(&touch, seed, "copy-on-write faults");
		syscall(SYS_exit_group, atomic_load(&totals->bad) != before);
	}
	if (pid < 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	atomic_fetch_add(&totals->forks, 1);
}

static void do_exec(uint64_t *seed)
{
	struct op op = { OP_SYSCALL, 1, SYS_execve, { 0 } };
	char *argv[] = { (char *)"fp_torture", (char *)"--fresh", NULL }, *env[] = { NULL };
	struct fpset in, out;
	int status;
	pid_t pid;

	(void)seed;
	memset(&in, 0, sizeof(in));
	for (size_t i = 0; i < offsetof(struct fpset, mxcsr); i += 8)
		memcpy((char *)&in + i, &(uint64_t){ SECRET }, 8);
	in.mxcsr = 0x1f80;
	in.control = 0x37f;
	in.is_mmx = 1;
	op.arg[0] = (long)"/proc/self/exe";
	op.arg[1] = (long)argv;
	op.arg[2] = (long)env;
	pid = syscall(SYS_fork);
	if (pid == 0) {
		hold(&in, &out, &op);
		syscall(SYS_exit_group, 3);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 2)
		complain("exec: the next program saw it; register state ", "", 0);
}

/* After exec: is the secret of the program before still in a register? Nothing but the dump may come first. */
static int fresh_main(void)
{
	struct fpset *out = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char *area = (unsigned char *)out;

	asm volatile("movups %%xmm0, (%0)\n movups %%xmm7, 16(%0)\n movups %%xmm8, 32(%0)\n movups %%xmm15, 48(%0)\n"
		     "movq %%mm0, 64(%0)\n movq %%mm7, 72(%0)\n" : : "r"(area) : "memory");
	if (vec_bytes >= 32)
		asm volatile("vmovups %%ymm9, 128(%0)\n vmovups %%ymm15, 160(%0)\n" : : "r"(area) : "memory");
	if (vec_bytes == 64)
		asm volatile("vmovups %%zmm16, 256(%0)\n vmovups %%zmm23, 320(%0)\n vmovups %%zmm31, 384(%0)\n"
			     "kmovq %%k1, 512(%0)\n kmovq %%k7, 520(%0)\n" : : "r"(area) : "memory");
	for (size_t i = 0; i < 1024; i += 8) {
		uint64_t value;

		memcpy(&value, area + i, 8);
		if (value == SECRET)
			return 2;
	}
	return 0;
}

static void one_round(uint64_t *seed, const int *pipe_fds)
{
	char bytes[32];
	struct op spin = { OP_SPIN, 20000 + rnd(seed) % 2000000, 0, { 0 } };
	struct timespec nap = { 0, rnd(seed) % 200000 };
	pid_t self = getpid(), tid = syscall(SYS_gettid), other;

	switch (rnd(seed) % 16) {
	case 0 ... 2:
		do_syscall(seed, 1 + rnd(seed) % 100, SYS_getppid, 0, 0, 0, "getppid");
		break;
	case 3 ... 4:
		do_syscall(seed, 1 + rnd(seed) % 50, SYS_sched_yield, 0, 0, 0, "sched_yield");
		break;
	case 5:
		do_syscall(seed, 1, SYS_nanosleep, (long)&nap, 0, 0, "nanosleep");
		break;
	case 6:
		do_syscall(seed, 8, SYS_write, pipe_fds[1], (long)bytes, 1, "write to a pipe");
		do_syscall(seed, 1, SYS_read, pipe_fds[0], (long)bytes, sizeof(bytes), "read of a pipe");
		break;
	case 7 ... 8:
		do_fresh_pages(seed);
		break;
	case 9:
		do_guarded_page(seed);
		break;
	case 10:
		do_syscall(seed, 1 + rnd(seed) % 8, SYS_tgkill, self, tid, SIGUSR1, "a signal to itself");
		break;
	case 11:
		other = thread_ids[rnd(seed) % nr_threads];
		if (other)
			do_syscall(seed, 3, SYS_tgkill, self, other, SIGUSR2, "signals to a sibling");
		break;
	case 12:
		if (rnd(seed) % 4 == 0)
			do_fork(seed);
		break;
	case 13:
		if (rnd(seed) % 16 == 0)
			do_exec(seed);
		break;
	default:
		hold_and_compare(&spin, seed, "spinning");
	}
}

static void *thread_main(void *arg)
{
	uint64_t seed = 0x9e3779b97f4a7c15UL * ((long)arg + 1) ^ (uint64_t)getpid() << 32;
	int pipe_fds[2];

	if (pipe(pipe_fds))
		return NULL;
	thread_ids[(long)arg] = syscall(SYS_gettid);
	while (!atomic_load(&stop)) {
		one_round(&seed, pipe_fds);
		atomic_fetch_add(&totals->rounds, 1);
	}
	thread_ids[(long)arg] = 0;
	return NULL;
}

static void install(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };

	sigaction(sig, &sa, NULL);
}

static void process_main(double seconds)
{
	struct itimerval every_3_ms = { { 0, 3000 }, { 0, 3000 } }, off = { { 0, 0 }, { 0, 0 } };
	pthread_t threads[256];
	struct timespec end, now;

	install(SIGUSR1, on_signal);
	install(SIGUSR2, on_signal);
	install(SIGALRM, on_signal);
	install(SIGSEGV, on_segv);
	for (long i = 0; i < nr_threads; i++) {
		if (pthread_create(&threads[i], NULL, thread_main, (void *)i)) {
			perror("fp_torture: pthread_create");
			_exit(1);
		}
	}
	setitimer(ITIMER_REAL, &every_3_ms, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (long)seconds;
	end.tv_nsec += (long)((seconds - (long)seconds) * 1e9);
	do {
		struct timespec nap = { 0, 20000000 };

		nanosleep(&nap, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	atomic_store(&stop, 1);
	for (int i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_REAL, &off, NULL);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 5;
	int bad = 0, status;

	choose_level();
	if (argc > 1 && !strcmp(argv[1], "--fresh"))
		return fresh_main();
	nr_threads = argc > 2 ? atoi(argv[2]) : 6;
	if (seconds <= 0 || nr_threads < 1 || nr_threads > 256) {
		fprintf(stderr, "usage: fp_torture [SECONDS [THREADS]]\n");
		return 2;
	}
	totals = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		return 1;
	for (int i = 0; i < NR_PROCESSES; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			process_main(seconds);
			_exit(0);
		}
		bad += pid < 0;
	}
	while (wait(&status) > 0)
		bad += !WIFEXITED(status) || WEXITSTATUS(status);
	bad += atomic_load(&totals->bad) || !atomic_load(&totals->rounds);
	printf("fp_torture: %s, %s, %ld rounds, %ld signals, %ld frames, %ld fault handlers, %ld forks, %ld changes\n",
	       bad ? "FAILED" : "ok", level, atomic_load(&totals->rounds), atomic_load(&totals->signals),
	       atomic_load(&totals->frames), atomic_load(&totals->faults), atomic_load(&totals->forks), atomic_load(&totals->bad));
	return bad != 0;
}
