// SPDX-License-Identifier: GPL-2.0
/*
 * abi_ptrace.c - a tracer's view of a thread: registers in all their forms, single step, system calls
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "check.h"
#include "abi.h"

#define USER(field)	offsetof(struct user, field)
#define FLAG_TF		0x100

static long peek(pid_t pid, size_t offset)
{
	errno = 0;
	return ptrace(PTRACE_PEEKUSER, pid, (void *)offset, NULL);
}

static int poke(pid_t pid, size_t offset, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid, (void *)offset, (void *)value) ? -errno : 0;
}

/* Waits for a stop; the signal, with 0x80 for a system call and the event above bit 8; -1 when it is gone. */
static int stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
		return -1;
	return status >> 8;
}

static int go(pid_t pid, int how, int sig)
{
	ptrace(how, pid, NULL, (void *)(long)sig);
	return stopped(pid);
}

/* A child that stops itself and then runs @fn. */
static pid_t traced(void (*fn)(void))
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		fn();
		_exit(0);
	}
	CHECK(stopped(pid) == SIGSTOP, "child did not stop");
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, __WALL);
}

/* ---- registers ---- */

static void known_registers(void)
{
	static const uint64_t pattern[4] = { 0x1010101010101010, 0x2020202020202020, 0x3030303030303030, 0x4040404040404040 };

	if (have_avx())
		__asm__ volatile("vmovdqu %0, %%ymm9" : : "m"(pattern) : "xmm9");
	else
		__asm__ volatile("movdqu %0, %%xmm9" : : "m"(pattern) : "xmm9");
	__asm__ volatile("fninit; fld1\n\t"
			 "mov $0x1515, %%r15; mov $0x1414, %%r14; mov $0x1313, %%r13; mov $0x1212, %%r12\n\t"
			 "mov $0x1111, %%r11; mov $0x1010, %%r10; mov $0x9999, %%r9; mov $0x8888, %%r8\n\t"
			 "mov $0xbbbb, %%ebx; mov $0xaaaa, %%eax; mov $0xcccc, %%ecx; mov $0xdddd, %%edx\n\t"
			 "mov $0x5151, %%esi; mov $0xd1d1, %%edi\n\t"
			 "int3\n\t"
			 /* the tracer has changed rbx, xmm9 and st0 */
			 "mov %%rbx, %%r12; int3"
			 : : : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

static void check_general(pid_t pid)
{
	struct user_regs_struct regs, again;
	struct iovec iov = { &again, sizeof(again) };

	CHECK(!ptrace(PTRACE_GETREGS, pid, NULL, &regs), "GETREGS: %s", strerror(errno));
	CHECK(regs.r15 == 0x1515 && regs.r14 == 0x1414 && regs.r13 == 0x1313 && regs.r12 == 0x1212,
	      "r15..r12 %llx %llx %llx %llx",
	      regs.r15, regs.r14, regs.r13, regs.r12);
	CHECK(regs.r11 == 0x1111 && regs.r10 == 0x1010 && regs.r9 == 0x9999 && regs.r8 == 0x8888,
	      "r11..r8 %llx %llx %llx %llx",
	      regs.r11, regs.r10, regs.r9, regs.r8);
	CHECK(regs.rax == 0xaaaa && regs.rbx == 0xbbbb && regs.rcx == 0xcccc && regs.rdx == 0xdddd,
	      "a..d %llx %llx %llx %llx",
	      regs.rax, regs.rbx, regs.rcx, regs.rdx);
	CHECK(regs.rsi == 0x5151 && regs.rdi == 0xd1d1, "rsi %llx rdi %llx", regs.rsi, regs.rdi);
	CHECK(regs.orig_rax == (unsigned long long)-1, "orig_rax %llx", regs.orig_rax);
	CHECK(regs.cs == 0x33 && regs.ss == 0x2b && !regs.ds && !regs.es, "cs %llx ss %llx ds %llx es %llx",
	      regs.cs, regs.ss, regs.ds, regs.es);
	CHECK((regs.eflags & 0x302) == 0x202, "eflags %llx", regs.eflags);
	CHECK(regs.fs_base && peek(pid, USER(regs.fs_base)) == (long)regs.fs_base, "fs_base %llx", regs.fs_base);
	CHECK(peek(pid, USER(regs.rip)) == (long)regs.rip, "PEEKUSER rip");
	CHECK(!ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) && iov.iov_len == sizeof(regs) &&
	      !memcmp(&regs, &again, sizeof(regs)), "NT_PRSTATUS differs from GETREGS");
	regs.rbx = 0x4242;
	CHECK(!ptrace(PTRACE_SETREGS, pid, NULL, &regs), "SETREGS of what was read: %s", strerror(errno));
	CHECK(peek(pid, USER(regs.rbx)) == 0x4242, "rbx not set");
}

static void check_user_area(pid_t pid)
{
	CHECK(poke(pid, USER(regs.cs), 0) == -EIO, "cs = 0 accepted");
	CHECK(poke(pid, USER(regs.cs), 0x10) == -EIO, "cs = kernel's accepted");
	CHECK(poke(pid, USER(regs.ss), 0x18) == -EIO, "ss = kernel's accepted");
	CHECK(poke(pid, USER(regs.cs), 0x33) == 0, "cs = 0x33 refused");
	CHECK(poke(pid, USER(regs.fs_base), 0xffff800000000000) == -EIO, "fs_base in the kernel's half accepted");
	CHECK(poke(pid, USER(regs.eflags), peek(pid, USER(regs.eflags)) ^ 0x3201) == 0, "eflags");
	CHECK((peek(pid, USER(regs.eflags)) & 0x3200) == 0x200, "eflags: privileged bits were changed");
	CHECK(poke(pid, 3, 0) == -EIO && poke(pid, sizeof(struct user), 0) == -EIO, "bad offsets accepted");
	peek(pid, USER(u_debugreg[0]));
	CHECK(!errno, "debug register: %s", strerror(errno));
	CHECK(poke(pid, USER(u_debugreg[7]), 0) == 0, "dr7 = 0 refused");
	CHECK(poke(pid, USER(u_debugreg[4]), 1) == -EIO, "dr4 accepted");
}

static void check_arch_prctl(pid_t pid)
{
	unsigned long base = 0;

	CHECK(!ptrace(PTRACE_ARCH_PRCTL, pid, &base, (void *)ARCH_GET_FS) && base == (unsigned long)peek(pid,
	      USER(regs.fs_base)),
	      "PTRACE_ARCH_PRCTL get: %lx", base);
	CHECK(!ptrace(PTRACE_ARCH_PRCTL, pid, (void *)0x123000, (void *)ARCH_SET_GS), "PTRACE_ARCH_PRCTL set");
	CHECK(peek(pid, USER(regs.gs_base)) == 0x123000, "gs_base %lx", peek(pid, USER(regs.gs_base)));
	CHECK(poke(pid, USER(regs.gs_base), 0) == 0, "gs_base = 0 refused");
}

#define ST0	32
#define XMM9	(160 + 9 * 16)

static void check_fp(pid_t pid)
{
	struct user_fpregs_struct fp;
	unsigned char *bytes = (void *)&fp;
	uint64_t value = 0x7777777777777777;

	CHECK(!ptrace(PTRACE_GETFPREGS, pid, NULL, &fp), "GETFPREGS: %s", strerror(errno));
	CHECK(fp.cwd == 0x37f && fp.mxcsr == 0x1f80, "cwd %x mxcsr %x", fp.cwd, fp.mxcsr);
	CHECK(fp.mxcr_mask & 0x40, "mxcsr mask %x", fp.mxcr_mask);
	CHECK(load64(bytes + XMM9) == 0x1010101010101010, "xmm9 %lx", load64(bytes + XMM9));
	CHECK(load64(bytes + ST0) == 1ull << 63 && (load64(bytes + ST0 + 8) & 0xffff) == 0x3fff, "st0 %lx",
	      load64(bytes + ST0));
	memcpy(bytes + XMM9, &value, 8);
	CHECK(!ptrace(PTRACE_SETFPREGS, pid, NULL, &fp), "SETFPREGS: %s", strerror(errno));
	fp.mxcsr = 0xffff0000;
	CHECK(ptrace(PTRACE_SETFPREGS, pid, NULL, &fp) < 0 && errno == EINVAL, "bad mxcsr accepted");
}

static void check_xstate(pid_t pid)
{
	static unsigned char image[16384];
	struct iovec iov = { image, sizeof(image) };
	uint64_t bad = 1ull << 60, value = 0x8888888888888888;

	CHECK(!ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov), "NT_X86_XSTATE: %s", strerror(errno));
	CHECK(load64(image + XMM9) == 0x7777777777777777, "xmm9 %lx", load64(image + XMM9));
	CHECK((load64(image + XSTATE_SW) & 3) == 3 && !(load64(image + XSTATE_SW) & ~xcr0()), "features %lx",
	      load64(image + XSTATE_SW));
	check_remark("NT_X86_XSTATE %zu bytes, features %lx", iov.iov_len, load64(image + XSTATE_SW));
	CHECK(iov.iov_len >= 576, "%zu bytes", iov.iov_len);
	if (have_avx()) {
		unsigned char *ymmh = image + ymmh_offset() + 9 * 16;

		CHECK(load64(image + XSTATE_SW) & XFEATURE_AVX, "no AVX in the features");
		CHECK(load64(ymmh) == 0x3030303030303030 && load64(ymmh + 8) == 0x4040404040404040, "ymm9 %lx %lx",
		      load64(ymmh), load64(ymmh + 8));
		memcpy(ymmh, &value, 8);
	}
	CHECK(!ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov), "set NT_X86_XSTATE: %s", strerror(errno));
	memcpy(image + XSTATE_HEADER, &bad, 8);
	CHECK(ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov) < 0 && errno == EINVAL,
	      "bad header accepted");
	iov.iov_len = 576 - 8;
	CHECK(ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov) < 0, "a part of an image accepted");
}

static void check_after(pid_t pid)
{
	static unsigned char image[16384];
	struct iovec iov = { image, sizeof(image) };

	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "second int3");
	CHECK(peek(pid, USER(regs.r12)) == 0x4242, "the program saw rbx %lx", peek(pid, USER(regs.r12)));
	ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov);
	CHECK(load64(image + XMM9) == 0x7777777777777777, "xmm9 %lx", load64(image + XMM9));
	if (have_avx())
		CHECK(load64(image + ymmh_offset() + 9 * 16) == 0x8888888888888888, "ymm9 %lx",
		      load64(image + ymmh_offset() + 9 * 16));
}

static void check_registers(void)
{
	pid_t pid = traced(known_registers);

	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "int3");
	check_general(pid);
	check_user_area(pid);
	check_arch_prctl(pid);
	check_fp(pid);
	check_xstate(pid);
	check_after(pid);
	finish(pid);
}

/* ---- single step ---- */

extern char step_begin[], step_call[], step_end[], popf_insn[], popf_end[];

static void steps(void)
{
	__asm__ volatile("int3\n\t"
			 ".globl step_begin, step_call, step_end\n"
			 "step_begin:\n\t"
			 "nop\n\t"
			 "mov $39, %%eax\n\t"
			 "step_call: syscall\n\t"
			 "nop\n\t"
			 "pushfq; popq %%rbx\n\t"
			 "mov $3, %%ecx\n"
			 "1:	dec %%ecx\n\tjnz 1b\n"
			 "step_end:	nop"
			 : : : "rax", "rbx", "rcx", "r11", "memory", "cc");
}

static void check_steps(void)
{
	pid_t pid = traced(steps);
	siginfo_t info;
	long ip;
	int n, at_call = 0;

	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "int3");
	CHECK(peek(pid, USER(regs.rip)) == (long)step_begin, "stopped at %lx", peek(pid, USER(regs.rip)));
	for (n = 0; n < 40; n++) {
		CHECK(go(pid, PTRACE_SINGLESTEP, 0) == SIGTRAP, "step %d: no SIGTRAP", n);
		ip = peek(pid, USER(regs.rip));
		at_call += ip == (long)step_call + 2;
		CHECK(!(peek(pid, USER(regs.eflags)) & FLAG_TF), "TF is shown");
		if (ip == (long)step_end)
			break;
	}
	ptrace(PTRACE_GETSIGINFO, pid, NULL, &info);
	CHECK(info.si_signo == SIGTRAP && info.si_code == TRAP_TRACE && (long)info.si_addr == (long)step_end,
	      "siginfo: code %d addr %p", info.si_code, info.si_addr);
	/* nop mov syscall nop pushf pop mov and three times two */
	CHECK(n + 1 == 13 && at_call == 1, "%d steps, %d stops behind the system call", n + 1, at_call);
	CHECK(peek(pid, USER(regs.rax)) == pid, "getpid gave %ld", peek(pid, USER(regs.rax)));
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK(check_wait(pid) == 0, "the program did not end well behind the steps");
}

/* The program sets TF itself: the trap is its own, the tracer sees TF, and its own stop takes nothing away. */
static void own_tf(void)
{
	__asm__ volatile("int3\n\t"
			 ".globl popf_insn, popf_end\n\t"
			 "pushfq; orl $0x100, (%%rsp)\n"
			 "popf_insn: popfq\n\t"
			 "nop\n"
			 "popf_end: pushfq; andl $~0x100, (%%rsp); popfq"
			 : : : "memory", "cc");
}

static void check_own_tf(void)
{
	pid_t pid = traced(own_tf);
	int n;

	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "int3");
	for (n = 0; n < 10 && peek(pid, USER(regs.rip)) != (long)popf_insn; n++)
		go(pid, PTRACE_SINGLESTEP, 0);
	CHECK(go(pid, PTRACE_SINGLESTEP, 0) == SIGTRAP, "step of popf");
	CHECK(peek(pid, USER(regs.eflags)) & FLAG_TF, "the program's own TF is not shown");
	/* continue without the signal: the program traps by itself */
	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "the program's own trap");
	CHECK(peek(pid, USER(regs.rip)) == (long)popf_end, "own trap at %lx, not %lx", peek(pid, USER(regs.rip)),
	      (long)popf_end);
	finish(pid);
}

static volatile int handled;

static void handler(int sig)
{
	handled = sig;
}

static void signal_while_stepping(void)
{
	signal(SIGUSR1, handler);
	__asm__ volatile("int3; nop; nop; nop");
	_exit(handled == SIGUSR1 ? 5 : 6);
}

static void check_step_into_handler(void)
{
	pid_t pid = traced(signal_while_stepping);

	CHECK(go(pid, PTRACE_CONT, 0) == SIGTRAP, "int3");
	kill(pid, SIGUSR1);
	CHECK(go(pid, PTRACE_SINGLESTEP, 0) == SIGUSR1, "no stop for the signal");
	CHECK(go(pid, PTRACE_SINGLESTEP, SIGUSR1) == SIGTRAP, "no stop in the handler");
	CHECK(peek(pid, USER(regs.rip)) == (long)handler, "stopped at %lx, handler is %p", peek(pid, USER(regs.rip)),
	      handler);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK(check_wait(pid) == 5, "TF came back from the frame, or the handler did not run");
}

/* ---- system calls ---- */

static void two_calls(void)
{
	long pid = raw2(SYS_getpid, 0, 0), none = raw2(SYS_getppid, 0, 0);

	_exit(pid == 4711 && none == -ENOSYS ? 3 : 4);
}

static void check_syscalls(void)
{
	pid_t pid = traced(two_calls);
	int stop, calls = 0;

	while ((stop = go(pid, PTRACE_SYSCALL, 0)) == (SIGTRAP | 0x80)) {
		long nr = peek(pid, USER(regs.orig_rax));
		int entry = peek(pid, USER(regs.rax)) == -ENOSYS;

		if (nr == SYS_getpid) {
			calls++;
			CHECK(entry == (calls == 1), "stop %d: rax %lx", calls, peek(pid, USER(regs.rax)));
			if (calls == 2)
				poke(pid, USER(regs.rax), 4711);
		} else if (nr == SYS_getppid && entry) {
			poke(pid, USER(regs.orig_rax), (unsigned long)-1);
		}
		if (nr == SYS_exit_group)
			break;
	}
	CHECK(calls == 2, "getpid stopped %d times", calls);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK(check_wait(pid) == 3, "the changed number and result did not reach the program");
}

int main(void)
{
	check_registers();
	check_steps();
	check_own_tf();
	check_step_into_handler();
	check_syscalls();
	return check_done("abi_ptrace");
}
