// SPDX-License-Identifier: GPL-2.0
/*
 * abi_sites.c - places that make many system calls
 *
 * The guest kernel may replace the instructions of such a place (arch/um/mm/sites.c). A program must not be able to tell, but by reading its own
 * text: here it calls from one place until that is patched, where it is to be expected (one vCPU, no patch=off), and then looks at everything
 * a patch could spoil: registers, signals, tracers, other processes, the file, text that changes, and the address that the patch needs for itself.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/user.h>
#include <ucontext.h>

#include "check.h"
#include "abi.h"

#define MANY		2000		/* calls, enough to be patched */
#define MOV_SIZE	5
#define SITE_SIZE	7
#define MOV		0xb8
#define TABLE		0x050f0000UL
#define NR_REGS		13

/* Registers before and after a call: bx bp di si dx r8 r9 r10 r12 r13 r14 r15 flags; then ax cx r11 sp. */
uint64_t sites_in[NR_REGS], sites_out[NR_REGS + 4], sites_sp;

extern const uint8_t regs_site[], plain_site[];
void regs_call(void);
long plain_call(void);
long plain_second_half(long nr);

asm(	".text\n"
	".p2align 6\n"
	"	.skip 8, 0x90\n"
	"plain_call:\n"
	"plain_site:\n"
	"	movl	$110, %eax\n"		/* getppid */
	"plain_syscall:\n"
	"	syscall\n"
	"	ret\n"
	"plain_second_half:\n"
	"	movq	%rdi, %rax\n"
	"	jmp	plain_syscall\n"
	".p2align 6\n"
	"regs_call:\n"
	"	push	%rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	movq	%rsp, sites_sp(%rip)\n"
	"	push	sites_in+96(%rip)\n"
	"	movq	sites_in(%rip), %rbx\n"
	"	movq	sites_in+8(%rip), %rbp\n"
	"	movq	sites_in+16(%rip), %rdi\n"
	"	movq	sites_in+24(%rip), %rsi\n"
	"	movq	sites_in+32(%rip), %rdx\n"
	"	movq	sites_in+40(%rip), %r8\n"
	"	movq	sites_in+48(%rip), %r9\n"
	"	movq	sites_in+56(%rip), %r10\n"
	"	movq	sites_in+64(%rip), %r12\n"
	"	movq	sites_in+72(%rip), %r13\n"
	"	movq	sites_in+80(%rip), %r14\n"
	"	movq	sites_in+88(%rip), %r15\n"
	"	popf\n"
	"regs_site:\n"
	"	movl	$110, %eax\n"
	"	syscall\n"
	"	movq	%rbx, sites_out(%rip)\n"
	"	movq	%rbp, sites_out+8(%rip)\n"
	"	movq	%rdi, sites_out+16(%rip)\n"
	"	movq	%rsi, sites_out+24(%rip)\n"
	"	movq	%rdx, sites_out+32(%rip)\n"
	"	movq	%r8, sites_out+40(%rip)\n"
	"	movq	%r9, sites_out+48(%rip)\n"
	"	movq	%r10, sites_out+56(%rip)\n"
	"	movq	%r12, sites_out+64(%rip)\n"
	"	movq	%r13, sites_out+72(%rip)\n"
	"	movq	%r14, sites_out+80(%rip)\n"
	"	movq	%r15, sites_out+88(%rip)\n"
	"	movq	%rax, sites_out+104(%rip)\n"
	"	movq	%rcx, sites_out+112(%rip)\n"
	"	movq	%r11, sites_out+120(%rip)\n"
	"	movq	%rsp, sites_out+128(%rip)\n"
	"	movq	sites_sp(%rip), %rsp\n"
	"	pushf\n"
	"	pop	sites_out+96(%rip)\n"
	"	cld\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static int is_patched(const volatile uint8_t *site)
{
	return *site != MOV;
}

/* Call from a place until it is patched, or often enough; every answer must be right. */
static int heat(long (*call)(void), const uint8_t *site, long want)
{
	long i, bad = 0;

	for (i = 0; i < MANY && !is_patched(site); i++)
		bad += call() != want;
	for (i = 0; i < 10; i++)
		bad += call() != want;
	CHECK(!bad, "%ld wrong answers", bad);
	return is_patched(site);
}

/* Does this kernel patch? Not the bare host. */
static int expect_patches(void)
{
	char line[4096] = "";
	FILE *f = fopen("/proc/cmdline", "r");

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
	}
	return !access("/proc/handoff", R_OK) && sysconf(_SC_NPROCESSORS_CONF) == 1 && !strstr(line, "patch=off");
}

/* What tracers, core dumps and other processes see. */
static void check_bytes(int fd, const uint8_t *site, const char *who)
{
	uint8_t bytes[SITE_SIZE] = { 0 };

	CHECK(pread(fd, bytes, sizeof(bytes), (off_t)(uintptr_t)site) == sizeof(bytes), "%s: %m", who);
	CHECK(bytes[0] == MOV && bytes[5] == 0x0f && bytes[6] == 0x05, "%s shows %02x %02x %02x %02x %02x", who,
	      bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]);
}

static void test_registers(void)
{
	static const uint64_t flags[] = { 0x202, 0x202 | 0x8d5, 0x202 | 0x400, 0x202 | 0xcd5 };
	int i, k, rounds;

	for (rounds = 0; rounds < MANY; rounds++) {
		for (i = 0; i < NR_REGS - 1; i++)
			sites_in[i] = 0x1111111111111111u * (i + 1) ^ (uint64_t)rounds << 32;
		sites_in[NR_REGS - 1] = flags[rounds % 4];
		regs_call();
		for (k = i = 0; i < NR_REGS; i++)
			k += sites_out[i] != sites_in[i];
		if (k || sites_out[13] != (uint64_t)getppid() || sites_out[14] != (uintptr_t)regs_site + SITE_SIZE ||
		    sites_out[15] != sites_in[12] || sites_out[16] != sites_sp)
			break;
	}
	CHECK(rounds == MANY, "call %d (%s): %d registers changed; ax %#lx cx %#lx r11 %#lx flags %#lx, were %#lx", rounds,
	      is_patched(regs_site) ? "patched" : "not patched", k, sites_out[13], sites_out[14], sites_out[15], sites_out[12], sites_in[12]);
}

static void test_vectors(void)
{
	int i, bad = 0;

	for (i = 0; i < MANY; i++) {
		uint64_t a = 0x0123456789abcdefu * (i + 1), b = 0;
		long ret;

		asm volatile("movq %2, %%xmm7; movq %2, %%mm3; call plain_call; movq %%xmm7, %1; movq %%mm3, %%rcx; xorq %%rcx, %1; movq %%xmm7, %%rcx; emms"
			     : "=a"(ret), "=&r"(b) : "r"(a) : "rcx", "r11", "xmm7", "memory");
		bad += b != 0 || ret != getppid();
	}
	CHECK(!bad, "%d times another value in xmm7 or mm3", bad);
}

static volatile long ticks, odd_places;

static void on_tick(int sig, siginfo_t *info, void *context)
{
	const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	unsigned long ip = regs[REG_RIP], off = ip - (uintptr_t)plain_site;

	(void)sig;
	(void)info;
	ticks++;
	if (ip >= 0x7fffff000000 && ip < 0x800000000000)
		odd_places++;
	if (off < SITE_SIZE && off && (off != MOV_SIZE || regs[REG_RAX] != SYS_getppid))
		odd_places++;
}

static void test_signals(double seconds)
{
	struct sigaction sa = { .sa_sigaction = on_tick, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval it = { { 0, 300 }, { 0, 300 } };
	double end = check_seconds() + seconds;
	long want = getppid(), bad = 0;

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	while (check_seconds() < end)
		for (int i = 0; i < 100; i++)
			bad += plain_call() != want;
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK(!bad, "%ld wrong answers between signals", bad);
	CHECK(ticks > 10, "only %ld signals", ticks);
	CHECK(!odd_places, "%ld of %ld signals at impossible places", odd_places, ticks);
}

static void *caller(void *arg)
{
	long want = getppid(), i;

	for (i = 0; i < 20000; i++)
		*(long *)arg += plain_call() != want;
	return NULL;
}

static void test_threads(void)
{
	pthread_t threads[3];
	long bad[3] = { 0 };

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, caller, &bad[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	CHECK(!bad[0] && !bad[1] && !bad[2], "wrong answers in threads: %ld %ld %ld", bad[0], bad[1], bad[2]);
}

static int stop_of(pid_t pid)
{
	int status = 0;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) ? WSTOPSIG(status) : -1;
}

static void traced_child(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	heat(plain_call, plain_site, getppid());
	raise(SIGSTOP);
	plain_call();
	plain_call();
	_exit(is_patched(plain_site) ? 3 : plain_call() == getppid() ? 4 : 5);
}

/* Run to the place by a breakpoint, step over its two instructions, one by one. */
static void test_tracer(int patches)
{
	struct user_regs_struct regs;
	long word, steps;
	int fd, status;
	char path[40];
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		traced_child();
	CHECK(stop_of(pid) == SIGSTOP, "the child did not stop");
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	check_bytes(fd, plain_site, "the tracer's /proc/PID/mem");
	close(fd);
	word = ptrace(PTRACE_PEEKTEXT, pid, plain_site, NULL);
	CHECK((word & 0xff) == MOV, "PEEKTEXT shows %#lx", word);
	/* by single steps from the stop to the place and over it, the text as it is */
	for (steps = 0; steps < 100000; steps++) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		if (stop_of(pid) != SIGTRAP || ptrace(PTRACE_GETREGS, pid, NULL, &regs) || regs.rip == (uintptr_t)plain_site)
			break;
	}
	CHECK(regs.rip == (uintptr_t)plain_site, "by %ld steps to %#llx", steps, regs.rip);
	ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	CHECK(stop_of(pid) == SIGTRAP && !ptrace(PTRACE_GETREGS, pid, NULL, &regs) && regs.rip == (uintptr_t)plain_site + MOV_SIZE &&
	      regs.rax == SYS_getppid, "the first instruction steps to %#llx, ax %lld", regs.rip, regs.rax);
	ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
	CHECK(stop_of(pid) == SIGTRAP && !ptrace(PTRACE_GETREGS, pid, NULL, &regs) && regs.rip == (uintptr_t)plain_site + SITE_SIZE &&
	      (long)regs.rax == getpid(), "the second one steps to %#llx, ax %lld", regs.rip, regs.rax);
	/* a breakpoint, as gdb sets it */
	ptrace(PTRACE_POKETEXT, pid, plain_site, (word & ~0xffL) | 0xcc);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK(stop_of(pid) == SIGTRAP && !ptrace(PTRACE_GETREGS, pid, NULL, &regs) && regs.rip == (uintptr_t)plain_site + 1,
	      "no stop at a breakpoint in the place: %#llx", regs.rip);
	ptrace(PTRACE_POKETEXT, pid, plain_site, word);
	regs.rip--;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	status = check_wait(pid);
	CHECK(status == 4, "the traced child ended with %d (patches %d)", status, patches);
}

/* ---- text in a file, which changes ---- */

#define CODE_OFFSET	64

static uint8_t *code;		/* where it is mapped */
static int code_fd;

static long code_call(void)
{
	return ((long (*)(void))(code + CODE_OFFSET))();
}

/* The file calls @nr from now on. */
static void code_bytes(uint8_t *out, int nr)
{
	const uint8_t bytes[] = { MOV, nr, 0, 0, 0, 0x0f, 0x05, 0xc3 };

	memcpy(out, bytes, sizeof(bytes));
}

static int code_open(const char *name, int nr)
{
	uint8_t page[PAGE];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0700);

	memset(page, 0x90, sizeof(page));
	code_bytes(page + CODE_OFFSET, nr);
	CHECK(fd >= 0 && write(fd, page, sizeof(page)) == sizeof(page), "%s: %m", name);
	return fd;
}

static void code_map(void *at, int fd)
{
	code = mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | (at ? MAP_FIXED : 0), fd, 0);
	CHECK(code != MAP_FAILED, "mmap: %m");
}

static void code_hot(int patches, const char *when)
{
	int patched = heat(code_call, code + CODE_OFFSET, code_call());

	CHECK(patched == patches, "%s: %spatched", when, patched ? "" : "not ");
}

static void test_changes(int patches)
{
	char name[] = "./sites-XXXXXX";
	uint8_t bytes[8], *writable, *moved;
	long pid = getpid(), ppid = getppid(), uid = geteuid();
	int other;

	close(mkstemp(name));
	code_fd = code_open(name, SYS_getppid);
	code_map(NULL, code_fd);
	code_hot(patches, "a private mapping of a file");
	CHECK(code_call() == ppid, "getppid: %ld", code_call());
	CHECK(pread(code_fd, bytes, 8, CODE_OFFSET) == 8 && bytes[0] == MOV, "the file has changed");

	code_bytes(bytes, SYS_getpid);
	CHECK(pwrite(code_fd, bytes, 8, CODE_OFFSET) == 8, "pwrite: %m");
	CHECK(code_call() == pid, "after the file was written to: %ld instead of %ld", code_call(), pid);
	code_hot(patches, "after the file was written to");

	writable = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, code_fd, 0);
	code_bytes(writable + CODE_OFFSET, SYS_geteuid);
	CHECK(code_call() == uid, "after a write by a shared mapping: %ld instead of %ld", code_call(), uid);
	code_bytes(writable + CODE_OFFSET, SYS_getppid);
	CHECK(code_call() == ppid, "after another one: %ld instead of %ld", code_call(), ppid);
	code_hot(0, "while a shared mapping may write");
	munmap(writable, PAGE);

	CHECK(!mprotect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), "mprotect: %m");
	code_bytes(code + CODE_OFFSET, SYS_getpid);
	CHECK(code_call() == pid, "after mprotect and a store: %ld instead of %ld", code_call(), pid);
	CHECK(!mprotect(code, PAGE, PROT_READ | PROT_EXEC), "mprotect: %m");
	code_hot(0, "a page of the program's own");

	other = code_open(name, SYS_getuid);
	code_map(code, other);
	code_hot(patches, "another file at the same place");
	CHECK(code_call() == getuid(), "another file at the same place: %ld", code_call());
	moved = mremap(code, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(moved != MAP_FAILED && probe_read(code + CODE_OFFSET, NULL) == SIGSEGV, "the old place is readable");
	code = moved;
	CHECK(code_call() == getuid(), "after mremap: %ld", code_call());
	code_hot(patches, "after mremap");
	CHECK(!madvise(code, PAGE, MADV_DONTNEED) && code_call() == getuid(), "after MADV_DONTNEED: %ld", code_call());
	CHECK(!mprotect(code, PAGE, PROT_READ) && probe_call(code + CODE_OFFSET) == SIGSEGV, "executed without permission");
	munmap(code, PAGE);
	CHECK(probe_call(code + CODE_OFFSET) == SIGSEGV, "executed after munmap");
	close(other);
	close(code_fd);
	unlink(name);
}

/* The last test: afterwards the program has no patches. */
static void test_table(int patches)
{
	uint64_t *at;

	CHECK(heat(plain_call, plain_site, getppid()) == patches, "patched: %d, expected %d", is_patched(plain_site), patches);
	at = mmap((void *)TABLE, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(at == (void *)TABLE, "mmap: %m");
	CHECK(!at[0] && !at[8] && !at[511], "new memory is not empty: %#lx", at[0]);
	at[0] = 1;
	CHECK(!is_patched(plain_site) && plain_call() == getppid() && at[0] == 1, "with memory where the table was: patched %d", is_patched(plain_site));
	CHECK(!heat(plain_call, plain_site, getppid()), "patched again");
	munmap(at, 4 * PAGE);
	CHECK(plain_call() == getppid() && probe_read(at, NULL) == SIGSEGV, "after that memory was given back");
}

int main(void)
{
	int patches = expect_patches(), fd = open("/proc/self/mem", O_RDONLY);
	pid_t pid;

	probe_init();
	CHECK(heat(plain_call, plain_site, getppid()) == patches, "patched: %d, expected %d", is_patched(plain_site), patches);
	check_bytes(fd, plain_site, "/proc/self/mem");
	CHECK(plain_second_half(SYS_getpid) == getpid(), "a jump to the system call itself");
	CHECK(plain_call() == getppid(), "after that");
	test_registers();
	test_vectors();
	test_signals(1);
	test_threads();
	test_tracer(patches);
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(plain_call() == getppid() && heat(plain_call, plain_site, getppid()) == patches && !check_failed ? 7 : 8);
	CHECK(check_wait(pid) == 7, "a child's calls");
	test_changes(patches);
	test_table(patches);
	check_remark("%s", patches ? "patched" : "no patches expected");
	close(fd);
	return check_done("abi_sites");
}
