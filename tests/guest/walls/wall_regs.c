// SPDX-License-Identifier: GPL-2.0
/*
 * wall_regs.c - registers, flags, selectors, instructions, frames and pointers that no honest program has
 *
 * Each trick is made by a child of its own. It may die; it may also be served; but a call that it makes afterwards must
 * have the right result, the child must be killable, and others must not notice. All tricks are legal on a bare host as
 * well (where the program also runs and must pass), so the host's answers were the model for what is checked here.
 */
#include "walls.h"
#include <sched.h>
#include <sys/auxv.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

#define WRONG	77	/* exit status of a child that saw a wrong result */

static const uint64_t bad_addresses[] = {
	0, 8, 0x1000, 0x40000000, 0x100000000000, 0x300000000000, STUB_CODE, STUB_CODE + 0x100, STUB_CMD, STUB_GLOBAL,
	STUB_CTX, STUB_CTX + STUB_CTX_SIZE, STUB_CTX + 0xf000, UM_STUB_END - 8, UM_STUB_END, 0x7ffffffffff8, 0x800000000000,
	0xffff800000000000, 0xffffffffff600000, 0xfffffffffffffff8,
};

#define NR_BAD	((int)(sizeof(bad_addresses) / sizeof(bad_addresses[0])))

static int nr_tricks, nr_died, nr_stopped;
static uint64_t seed = 88172645463325252UL;

/* Some system calls, a little time, a page fault; then an end by the raw call: libc may not work any more. */
extern const char after_trick[];
static uint8_t *fresh_page;
static long own_pid;

asm("	.text\n"
    "	.globl after_trick\n"
    "after_trick:\n"
    "	mov $39, %eax\n"		/* getpid */
    "	syscall\n"
    "	cmp own_pid_copy, %rax\n"
    "	jne 2f\n"
    "	mov $200000, %ebx\n"
    "1:	dec %ebx\n"
    "	jnz 1b\n"
    "	mov fresh_page_copy, %rbx\n"
    "	movb $7, (%rbx)\n"
    "	cmpb $7, (%rbx)\n"
    "	jne 2f\n"
    "	mov $24, %eax\n"		/* sched_yield */
    "	syscall\n"
    "	mov $39, %eax\n"
    "	syscall\n"
    "	cmp own_pid_copy, %rax\n"
    "	jne 2f\n"
    "	xor %edi, %edi\n"
    "	jmp 3f\n"
    "2:	mov $77, %edi\n"
    "3:	mov $231, %eax\n"
    "	syscall\n"
    "	hlt\n"
    "	.bss\n"
    "	.balign 8\n"
    "own_pid_copy: .skip 8\n"
    "fresh_page_copy: .skip 8\n"
    "	.text\n");

extern uint64_t own_pid_copy, fresh_page_copy;

static void start_trick(void)
{
	walls_default_signals();
	own_pid = own_pid_copy = getpid();
	fresh_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fresh_page_copy = (uint64_t)fresh_page;
}

__attribute__((noreturn)) static void end_trick(void)
{
	((void (*)(void))(uintptr_t)after_trick)();
	__builtin_unreachable();
}

/* Runs trick(arg) in a child. */
static void trick(const char *name, void (*fn)(long), long arg)
{
	struct walls_end end;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		start_trick();
		fn(arg);
		end_trick();
	}
	end = walls_reap(pid, 400);
	nr_tricks++;
	nr_died += end.signal && !end.was_stopped;
	nr_stopped += end.was_stopped;
	CHECK(!end.is_immortal, "%s %ld: cannot be killed", name, arg);
	CHECK(!(end.exited && end.status), "%s %ld: wrong result, exit status %d", name, arg, end.status);
}

/* ---- segment bases and selectors ---- */

static void set_gs_call(long i)
{
	syscall(SYS_arch_prctl, 0x1001, bad_addresses[i]);
}

static void set_fs_call(long i)
{
	register long ax asm("rax") = SYS_arch_prctl;
	register long di asm("rdi") = 0x1002;
	register long si asm("rsi") = bad_addresses[i];

	asm volatile("syscall\n jmp after_trick\n" : "+a"(ax) : "r"(di), "r"(si) : "rcx", "r11", "memory");
}

static void set_gs_insn(long i)
{
	asm volatile("wrgsbase %0" : : "r"(bad_addresses[i]));
}

static void set_fs_insn(long i)
{
	asm volatile("wrfsbase %0\n jmp after_trick\n" : : "r"(bad_addresses[i]) : "memory");
}

static void load_selector(long which)
{
	long value = which >> 2;

	switch (which & 3) {
	case 0:
		asm volatile("mov %w0, %%ds" : : "r"(value));
		break;
	case 1:
		asm volatile("mov %w0, %%es" : : "r"(value));
		break;
	case 2:
		asm volatile("mov %w0, %%gs" : : "r"(value));
		break;
	default:
		asm volatile("mov %w0, %%fs\n jmp after_trick\n" : : "r"(value) : "memory");
	}
}

static void load_ss(long value)
{
	asm volatile("mov %w0, %%ss" : : "r"(value));
}

static void far_jump(long selector)
{
	asm volatile("push %0\n push $after_trick\n lretq\n" : : "r"(selector) : "memory");
}

/* ---- flags ---- */

static void set_flags(long bits)
{
	asm volatile("pushfq\n or %0, (%%rsp)\n popfq\n jmp after_trick\n" : : "r"(bits) : "memory", "cc");
}

static volatile long nr_traps;

static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	if (++nr_traps >= 12)
		uc->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
}

/* Single steps over two system calls: the results must be right, the traps must come, and they must end. */
static void step_over_calls(long nr)
{
	struct sigaction sa = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	long first, second;

	sigaction(SIGTRAP, &sa, NULL);
	asm volatile("pushfq\n orl $0x100, (%%rsp)\n popfq\n"
		     "mov %2, %%rax\n syscall\n nop\n mov %%rax, %%rbx\n"
		     "mov %2, %%rax\n syscall\n nop\n nop\n nop\n nop\n nop\n nop\n"
		     : "=&b"(first), "=&a"(second) : "r"(nr) : "rcx", "r11", "memory", "cc");
	if (first != own_pid || second != own_pid || nr_traps < 5)
		_exit(WRONG);
}

static volatile long nr_align;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	nr_align++;
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x40000L;
}

static void alignment_check(long unused)
{
	struct sigaction sa = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
	static uint64_t words[2];
	long pid;

	(void)unused;
	sigaction(SIGBUS, &sa, NULL);
	asm volatile("pushfq\n orl $0x40000, (%%rsp)\n popfq\n"
		     "mov $39, %%eax\n syscall\n"
		     "movl $1, 1(%1)\n"
		     "pushfq\n andl $~0x40000, (%%rsp)\n popfq\n"
		     : "=&a"(pid) : "r"(words) : "rcx", "r11", "memory", "cc");
	if (pid != own_pid || nr_align > 1)
		_exit(WRONG);
}

/* ---- stack pointers ---- */

/* A call needs no stack; a fault on it then may kill, but nothing worse. */
static void bad_stack(long i)
{
	asm volatile("mov %0, %%rsp\n jmp after_trick\n" : : "r"(bad_addresses[i]) : "memory");
}

static void bad_stack_signal(long i)
{
	struct itimerval soon = { { 0, 500 }, { 0, 500 } };

	signal(SIGALRM, (void (*)(int))(uintptr_t)after_trick);
	setitimer(ITIMER_REAL, &soon, NULL);
	asm volatile("mov %0, %%rsp\n 1: jmp 1b\n" : : "r"(bad_addresses[i]) : "memory");
}

static void bad_altstack(long i)
{
	stack_t ss = { .ss_sp = (void *)bad_addresses[i], .ss_size = 0x4000 };
	struct sigaction sa = { .sa_handler = (void (*)(int))(uintptr_t)after_trick, .sa_flags = SA_ONSTACK };

	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	kill(getpid(), SIGUSR1);
}

static void bad_jump(long i)
{
	asm volatile("jmp *%0" : : "r"(bad_addresses[i]) : "memory");
}

/* The last instruction before the stub is a system call: it returns into the stub. */
static void call_at_the_edge(long nr)
{
	uint8_t *page = mmap((void *)(STUB_START - PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page == MAP_FAILED)
		return;
	page[PAGE - 2] = 0x0f;
	page[PAGE - 1] = 0x05;
	asm volatile("jmp *%1" : : "a"(nr), "r"(page + PAGE - 2) : "memory");
}

/* ---- instructions ---- */

static uint8_t *code_page;

static void run_code(const uint8_t *bytes, int nr)
{
	memcpy(code_page, bytes, nr);
	memset(code_page + nr, 0x90, 16);
	code_page[nr + 16] = 0xc3;
	((void (*)(void))code_page)();
}

static void interrupt(long vector)
{
	uint8_t bytes[2] = { 0xcd, vector };

	asm volatile("" : : "a"(20));
	run_code(bytes, 2);
}

static void privileged(long i)
{
	static const uint8_t list[][4] = {
		{ 0xf4 }, { 0xfa }, { 0xfb }, { 0xec }, { 0xee }, { 0x0f, 0x30 }, { 0x0f, 0x32 }, { 0x0f, 0x20, 0xc0 },
		{ 0x0f, 0x22, 0xc0 }, { 0x0f, 0x01, 0xf8 }, { 0x0f, 0x01, 0x38 }, { 0x0f, 0x01, 0x10 }, { 0x0f, 0x06 },
		{ 0x0f, 0x08 }, { 0x0f, 0x09 }, { 0x0f, 0x07 }, { 0x0f, 0x35 }, { 0x0f, 0x34 }, { 0xf1 }, { 0xcc }, { 0xce },
		{ 0x0f, 0x0b }, { 0x0f, 0x01, 0xc1 }, { 0x0f, 0x01, 0xd9 }, { 0x0f, 0x01, 0xd8 }, { 0x0f, 0xaa }, { 0x48, 0xcf },
		{ 0x0f, 0x01, 0xd1 }, { 0x0f, 0x01, 0xee }, { 0x0f, 0x01, 0xef }, { 0xf3, 0x0f, 0x01, 0xe8 }, { 0xff, 0xff },
	};

	run_code(list[i], 4);
}

#define NR_PRIVILEGED	32

static void rubbish(long nr)
{
	uint8_t bytes[32];

	for (int i = 0; i < 32; i++)
		bytes[i] = walls_rnd(&seed) + nr;
	memcpy(code_page, bytes, 32);
	((void (*)(void))code_page)();
}

/* ---- frames for rt_sigreturn ---- */

static void spoil_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;
	uint8_t *fp = (uint8_t *)uc->uc_mcontext.fpregs;
	uint64_t r = walls_rnd(&seed);

	(void)sig;
	(void)info;
	switch (r % 12) {
	case 0: regs[REG_RIP] = bad_addresses[(r >> 8) % NR_BAD]; break;
	case 1: regs[REG_RSP] = bad_addresses[(r >> 8) % NR_BAD]; break;
	case 2: regs[REG_CSGSFS] = r >> 8; break;
	case 3: regs[REG_CSGSFS] = 0x002b000000000010 | (r >> 8 & 3); break;
	case 4: regs[REG_EFL] = r >> 8; break;
	case 5: uc->uc_mcontext.fpregs = (void *)bad_addresses[(r >> 8) % NR_BAD]; break;
	case 6: uc->uc_mcontext.fpregs = (void *)(fp + 1 + (r >> 8) % 63); break;
	case 7:	/* MXCSR with reserved bits */
		memcpy(fp + 24, &(uint32_t){ r >> 16 | 0xffff0000 }, 4);
		break;
	case 8:	/* the header of the extended state: components, compaction, reserved */
		for (int i = 0; i < 64; i += 8)
			memcpy(fp + 512 + i, &(uint64_t){ walls_rnd(&seed) }, 8);
		break;
	case 9:	/* what software says about it: magic, size, features */
		for (int i = 464; i < 512; i += 4)
			memcpy(fp + i, &(uint32_t){ walls_rnd(&seed) }, 4);
		break;
	case 10:
		for (int i = 0; i < 832; i++)
			fp[i] = walls_rnd(&seed);
		break;
	default:
		for (int i = 0; i < 23; i++)
			regs[i] = walls_rnd(&seed);
	}
}

static void forged_sigreturn(long nr)
{
	struct sigaction sa = { .sa_sigaction = spoil_frame, .sa_flags = SA_SIGINFO };

	seed += nr * 0x9e3779b97f4a7c15UL;
	sigaction(SIGUSR1, &sa, NULL);
	kill(getpid(), SIGUSR1);
}

/* ---- pointers into the stub, given to the kernel ---- */

static void wrong_if(int condition)
{
	if (condition)
		_exit(WRONG);
}

static void pointers(long unused)
{
	static const uint64_t places[] = { STUB_CODE, STUB_CMD, STUB_GLOBAL, STUB_CTX, STUB_CTX + 0xf000 };
	int fds[2], in_guest = walls_in_guest();

	(void)unused;
	wrong_if(pipe(fds));
	for (int i = 0; in_guest && i < 5; i++) {
		void *at = (void *)places[i];
		struct iovec local = { fds, 4 }, remote = { at, 4 };
		void *got;

		wrong_if(write(fds[1], at, 64) >= 0 || errno != EFAULT);
		wrong_if(write(fds[1], "12345678", 8) != 8);
		wrong_if(read(fds[0], at, 8) >= 0 || errno != EFAULT);
		got = mmap(at, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		wrong_if(got != MAP_FAILED);
		wrong_if(!munmap(at, PAGE) || !mprotect(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
		wrong_if(!madvise(at, PAGE, MADV_DONTNEED));
		wrong_if(mremap(fresh_page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, at) != MAP_FAILED);
		wrong_if(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE) != MAP_FAILED);
		wrong_if(syscall(SYS_futex, at, 0, 0, NULL, NULL, 0) >= 0 || syscall(SYS_futex, at, 1, 1, NULL, NULL, 0) > 0);
		wrong_if(syscall(SYS_process_vm_readv, getpid(), &local, 1, &remote, 1, 0) > 0);
		wrong_if(syscall(SYS_process_vm_writev, getpid(), &remote, 1, &local, 1, 0) > 0);
		wrong_if(open(at, O_RDONLY) >= 0);
		wrong_if(syscall(SYS_rseq, at, 32, 0, 0x53053053) == 0);
		syscall(SYS_set_robust_list, at, 24);
		syscall(SYS_set_tid_address, at);
		execve(at, at, at);
	}
}

/* A mapping that ends where the stub begins works, and one across does not. */
static void edge_mappings(long unused)
{
	uint8_t *last = (uint8_t *)STUB_START - 2 * PAGE, *got;

	(void)unused;
	if (!walls_in_guest())
		return;
	got = mmap(last, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	wrong_if(got != last);
	memset(got, 1, PAGE);
	wrong_if(mmap(last, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	wrong_if(brk((void *)STUB_CTX) == 0);
}

/* ---- a debugger sets the registers of its child ---- */

static void poke_regs(long nr)
{
	struct user_regs_struct regs;
	uint8_t xstate[4096];
	struct iovec iov = { xstate, sizeof(xstate) };
	int status, rounds = 0;
	pid_t pid = fork();

	seed += nr * 0x9e3779b97f4a7c15UL;
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		kill(getpid(), SIGSTOP);
		own_pid_copy = getpid();
		end_trick();
	}
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && rounds++ < 20) {
		uint64_t r = walls_rnd(&seed);

		if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
			break;
		switch (r % 10) {
		case 0: regs.rip = bad_addresses[(r >> 8) % NR_BAD]; break;
		case 1: regs.rsp = bad_addresses[(r >> 8) % NR_BAD]; break;
		case 2: regs.cs = r >> 8 & 0xffff; break;
		case 3: regs.ss = r >> 8 & 0xffff; break;
		case 4: regs.eflags = r >> 8; break;
		case 5: regs.fs_base = bad_addresses[(r >> 8) % NR_BAD]; break;
		case 6: regs.gs_base = bad_addresses[(r >> 8) % NR_BAD]; break;
		case 7: regs.orig_rax = r; break;
		default:
			iov.iov_len = sizeof(xstate);
			if (ptrace(PTRACE_GETREGSET, pid, 0x202, &iov) == 0) {
				for (int i = 0; i < 16; i++)
					xstate[walls_rnd(&seed) % (iov.iov_len ? iov.iov_len : 1)] = walls_rnd(&seed);
				ptrace(PTRACE_SETREGSET, pid, 0x202, &iov);
			}
		}
		ptrace(PTRACE_SETREGS, pid, 0, &regs);
		if (ptrace(r & 0x100000 ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid, 0, 0))
			break;
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

static void many(const char *name, void (*fn)(long), long from, long to)
{
	for (long i = from; i < to; i++)
		trick(name, fn, i);
}

int main(void)
{
	double worst, deadline = walls_deadline();

	probe_init();
	code_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	many("gs base by call", set_gs_call, 0, NR_BAD);
	many("fs base by call", set_fs_call, 0, NR_BAD);
	if (getauxval(AT_HWCAP2) & 2) {
		many("gs base by instruction", set_gs_insn, 0, NR_BAD);
		many("fs base by instruction", set_fs_insn, 0, NR_BAD);
	}
	many("selector", load_selector, 0, 0x100 * 4);
	many("ss", load_ss, 0, 0x40);
	many("cs", far_jump, 0, 0x40);
	for (int bit = 0; bit < 22; bit++)
		trick("flag", set_flags, 1L << bit);
	trick("single step", step_over_calls, SYS_getpid);
	trick("alignment check", alignment_check, 0);
	many("stack pointer", bad_stack, 0, NR_BAD);
	many("stack pointer and signal", bad_stack_signal, 0, NR_BAD);
	many("signal stack", bad_altstack, 0, NR_BAD);
	many("jump", bad_jump, 0, NR_BAD);
	trick("call at the edge", call_at_the_edge, SYS_getpid);
	trick("call at the edge", call_at_the_edge, SYS_futex);
	many("interrupt", interrupt, 0, 256);
	many("privileged instruction", privileged, 0, NR_PRIVILEGED);
	trick("pointers", pointers, 0);
	trick("edge mappings", edge_mappings, 0);
	for (long i = 0; i < 100 || check_seconds() < deadline; i++) {
		trick("forged frame", forged_sigreturn, i);
		if (i % 3 == 0)
			trick("debugger", poke_regs, i);
		if (i % 3 == 1)
			trick("rubbish", rubbish, i);
	}
	worst = walls_others_live();
	CHECK(worst >= 0 && worst < 2, "others are disturbed: %.3f s", worst);
	printf("  regs: %d tricks: %d died, %d had to be killed\n", nr_tricks, nr_died, nr_stopped);
	return check_done("wall_regs");
}
