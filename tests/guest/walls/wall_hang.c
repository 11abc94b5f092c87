// SPDX-License-Identifier: GPL-2.0
/*
 * wall_hang.c - programs that never give the CPU back
 *
 * Crowds of offenders, each of a kind: endless loops with rubbish in all registers, in compatibility mode, with the trap
 * or the direction flag set, with every signal blocked, in faults or system calls without end, on the last page before
 * the stub. While a crowd runs, others must still get their share: a fork, a pipe and memory within a time that
 * scheduling explains. Then each offender is killed, and must be gone. Runs on the bare host as well.
 *
 * Some hosts (virtual machines without the processor's help) end programs that others let run: with a stack pointer that is no address, or in 32-bit
 * code. `wall_hang --mortal` on the bare host prints the numbers of these kinds; in WALLS_MORTAL they may end by themselves in a guest, too.
 */
#include "walls.h"

#define MAX_SHARE_SECONDS	4.0

enum kind { KIND_REGISTERS, KIND_COMPAT, KIND_TRAP_FLAG, KIND_DIRECTION, KIND_BLOCKED, KIND_FAULTS, KIND_CALLS, KIND_EDGE,
	    KIND_SEGV_LOOP, KIND_NR };

static const char *const kind_names[KIND_NR] = {
	"rubbish in registers", "compatibility mode", "trap flag", "direction flag", "signals blocked", "faults", "calls",
	"edge of the stub", "SIGSEGV in its own handler",
};

void spin_here(void);
void spin_compat(void);
void call_loop(void);

asm("	.text\n"
    "spin_here: jmp spin_here\n"
    "call_loop: mov $110, %eax\n syscall\n jmp call_loop\n"
    "spin_compat:\n"
    "	pushq $0x23\n pushq $1f\n lretq\n"
    "	.code32\n"
    "1:	jmp 1b\n"
    "	.code64\n");

static void on_trap(int sig)
{
	(void)sig;
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

__attribute__((noreturn)) static void fault_for_ever(void)
{
	for (;;) {
		volatile char *map = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (int i = 0; map != MAP_FAILED && i < 64; i++)
			map[i * PAGE] = 1;
		if (map != MAP_FAILED)
			munmap((void *)map, 64 * PAGE);
	}
}

static void edge_loop(void)
{
	uint8_t *page = mmap((void *)(STUB_START - PAGE), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page == MAP_FAILED) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			_exit(1);
	}
	page[PAGE - 2] = 0xeb;	/* jmp to itself */
	page[PAGE - 1] = 0xfe;
	((void (*)(void))(page + PAGE - 2))();
}

static void offend(enum kind kind)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };
	volatile char *volatile nowhere = NULL;
	struct gpr regs;
	sigset_t all;

	memset(&regs, 0xe7, sizeof(regs));
	regs.flags = 0x202;
	regs.ip = (uint64_t)spin_here;
	walls_default_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	switch (kind) {
	case KIND_COMPAT:
		spin_compat();
		break;
	case KIND_TRAP_FLAG:
		signal(SIGTRAP, on_trap);
		asm volatile("pushfq\n orl $0x100, (%%rsp)\n popfq\n 1: jmp 1b\n" : : : "memory", "cc");
		break;
	case KIND_DIRECTION:
		regs.flags |= 0x400;
		break;
	case KIND_BLOCKED:
		sigfillset(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		break;
	case KIND_FAULTS:
		fault_for_ever();
	case KIND_CALLS:
		call_loop();
		break;
	case KIND_EDGE:
		edge_loop();
		break;
	case KIND_SEGV_LOOP:
		sigaction(SIGSEGV, &sa, NULL);
		*nowhere = 1;
		break;
	default:
		break;
	}
	walls_enter(&regs);
}

static int is_mortal(enum kind kind)
{
	const char *list = getenv("WALLS_MORTAL");

	return list && strchr(list, '0' + kind);
}

/* Does an offender of this kind, alone, end by itself? */
static int ends(enum kind kind)
{
	pid_t pid = fork();

	if (pid == 0) {
		offend(kind);
		_exit(0);
	}
	return !walls_reap(pid, 200).was_stopped;
}

static void crowd(enum kind kind, int nr)
{
	pid_t pids[64];
	double took, worst = 0;

	fflush(stdout);
	for (int i = 0; i < nr; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			offend(kind);
			_exit(0);
		}
	}
	for (int i = 0; i < 5; i++) {
		walls_sleep_ms(20);
		took = walls_others_live();
		CHECK(took >= 0, "%s: others no longer work", kind_names[kind]);
		worst = took > worst ? took : worst;
	}
	CHECK(worst < MAX_SHARE_SECONDS, "%s: others waited %.2f s", kind_names[kind], worst);
	for (int i = 0; i < nr; i++) {
		struct walls_end end = walls_reap(pids[i], 0);

		CHECK(!end.is_immortal, "%s: cannot be killed", kind_names[kind]);
		CHECK(end.signal == SIGKILL || is_mortal(kind), "%s: ended by itself (signal %d, status %d)", kind_names[kind], end.signal,
		      end.status);
	}
	printf("  hang: %s: slowest other %.3f s\n", kind_names[kind], worst);
}

int main(int argc, char **argv)
{
	int nr = 2 * sysconf(_SC_NPROCESSORS_ONLN);

	if (argc > 1 && !strcmp(argv[1], "--mortal")) {
		for (int kind = 0; kind < KIND_NR; kind++)
			if (ends(kind))
				printf("%d", kind);
		puts("");
		return 0;
	}
	if (nr > 64)
		nr = 64;
	for (int kind = 0; kind < KIND_NR; kind++)
		crowd(kind, nr);
	return check_done("wall_hang");
}
