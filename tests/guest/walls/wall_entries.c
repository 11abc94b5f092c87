// SPDX-License-Identifier: GPL-2.0
/*
 * wall_entries.c - every way into a kernel that a program has, with every number
 *
 * Each try is made by a child of its own, without privilege, with harmless arguments, under a time limit. The
 * entries:
 *
 *     syscall       numbers 0..600, with the x32 bit, negative, and with rubbish in the upper half of rax
 *     int 0x80      0..460, from 64-bit code and from compatibility mode (a far jump to selector 0x23)
 *     syscall       from compatibility mode, 0..460
 *     sysenter      from both
 *     vsyscall      the three fixed addresses at the end of the address space
 *
 * What must hold: what the guest kernel answers is the guest's truth (its own process id, its own user, ENOSYS for
 * numbers that Linux does not have); an entry that the guest does not offer ends in an error or a signal; a call
 * that claims success has had its effect where the guest sees it. And the guest goes on.
 */
#include "walls.h"
#include <sys/utsname.h>

#define NOBODY		65534
#define LAST_KNOWN	462	/* the highest number of Linux 6.12 */

enum entry { ENTRY_SYSCALL, ENTRY_INT80, ENTRY_SYSENTER, ENTRY_COMPAT_INT80, ENTRY_COMPAT_SYSCALL, ENTRY_COMPAT_SYSENTER,
	     ENTRY_NR };

static const char *const entry_names[ENTRY_NR] = {
	"syscall", "int 0x80", "sysenter", "compat int 0x80", "compat syscall", "compat sysenter",
};

/* What a try left behind; shared. */
static struct outcome {
	volatile int returned;
	volatile int pid;
	volatile long value;
} *outcome;

long call_syscall(uint64_t nr, const uint64_t *arg);
long call_int80(uint64_t nr, const uint64_t *arg);
long call_sysenter(uint64_t nr, const uint64_t *arg);
long call_compat_int80(uint64_t nr, const uint64_t *arg);
long call_compat_syscall(uint64_t nr, const uint64_t *arg);
long call_compat_sysenter(uint64_t nr, const uint64_t *arg);

/*
 * rdi = number, rsi = six arguments. This program is linked at low addresses, so that its code can be run in
 * compatibility
 * mode as it stands; the stack then is a low buffer.
 */
asm("	.bss\n"
    "	.balign 64\n"
    "entry_saved_sp: .skip 8\n"
    "	.skip 16384\n"
    "entry_low_stack: .skip 64\n"
    "	.text\n"
    ".macro entry_save\n"
    "	push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"
    "	mov %rsp, entry_saved_sp(%rip)\n"
    ".endm\n"
    ".macro entry_restore\n"
    "	mov entry_saved_sp(%rip), %rsp\n"
    "	cld\n"
    "	pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
    "	ret\n"
    ".endm\n"
    ".macro entry_args32\n"
    "	mov %rdi, %rax\n"
    "	mov (%rsi), %rbx\n mov 8(%rsi), %rcx\n mov 16(%rsi), %rdx\n mov 32(%rsi), %rdi\n mov 40(%rsi), %rbp\n"
    "	mov 24(%rsi), %rsi\n"
    ".endm\n"
    ".macro entry_function name, insn\n"
    "	.globl \\name\n"
    "\\name:\n"
    "	entry_save\n"
    "	entry_args32\n"
    "	\\insn\n"
    "	entry_restore\n"
    ".endm\n"
    ".macro entry_compat name, insn\n"
    "	.globl \\name\n"
    "\\name:\n"
    "	entry_save\n"
    "	entry_args32\n"
    "	lea entry_low_stack(%rip), %rsp\n"
    "	pushq $0x23\n"
    "	pushq $1f\n"
    "	lretq\n"
    "	.code32\n"
    "1:	\\insn\n"
    "	ljmp $0x33, $2f\n"
    "	.code64\n"
    "2:	cltq\n"
    "	entry_restore\n"
    ".endm\n"
    "	.globl call_syscall\n"
    "call_syscall:\n"
    "	entry_save\n"
    "	mov %rdi, %rax\n"
    "	mov (%rsi), %rdi\n mov 16(%rsi), %rdx\n mov 24(%rsi), %r10\n mov 32(%rsi), %r8\n mov 40(%rsi), %r9\n"
    "	mov 8(%rsi), %rsi\n"
    "	syscall\n"
    "	entry_restore\n"
    "	entry_function call_int80, \"int $0x80\"\n"
    "	entry_function call_sysenter, \"sysenter\"\n"
    "	entry_compat call_compat_int80, \"int $0x80\"\n"
    "	entry_compat call_compat_syscall, \"syscall\"\n"
    "	entry_compat call_compat_sysenter, \"sysenter\"\n");

static long (*const entries[ENTRY_NR])(uint64_t nr, const uint64_t *arg) = {
	call_syscall, call_int80, call_sysenter, call_compat_int80, call_compat_syscall, call_compat_sysenter,
};

static void become_nobody(void)
{
	if (getuid() == 0 && (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
		_exit(99);
}

static struct walls_end try_entry(enum entry entry, uint64_t nr, const uint64_t *arg)
{
	struct walls_end end;
	pid_t pid;

	outcome->returned = 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		long value;

		setpgid(0, 0);
		walls_default_signals();
		become_nobody();
		close(1);
		outcome->pid = getpid();
		value = entries[entry](nr, arg);
		outcome->value = value;
		outcome->returned = 1;
		syscall(SYS_exit_group, 0);
	}
	end = walls_reap(pid, 200);
	kill(-pid, SIGKILL);
	CHECK(!end.is_immortal, "%s %#lx: the process cannot be killed", entry_names[entry], nr);
	return end;
}

/* Numbers whose answer we know. */
static void check_truth(long nr, long value)
{
	struct utsname un;

	switch (nr) {
	case SYS_getpid:
	case SYS_gettid:
		CHECK(value == outcome->pid, "call %ld said %ld in process %d", nr, value, outcome->pid);
		break;
	case SYS_getppid:
		CHECK(value == getpid(), "getppid said %ld in a child of %d", value, getpid());
		break;
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
		if (getuid() == 0)
			CHECK(value == NOBODY, "call %ld said %ld instead of %d", nr, value, NOBODY);
		break;
	case SYS_uname:
		CHECK(uname(&un) == 0, "uname");
		break;
	}
	if (nr > LAST_KNOWN + 20)
		CHECK(value == -ENOSYS, "call %ld, which Linux does not have, said %ld", nr, value);
}

static void all_numbers(void)
{
	static const uint64_t none[6];
	int nr_killed = 0, nr_stopped = 0;

	for (long nr = 0; nr <= 600; nr++) {
		struct walls_end end = try_entry(ENTRY_SYSCALL, nr, none);

		nr_killed += end.signal && !end.was_stopped;
		nr_stopped += end.was_stopped;
		if (outcome->returned)
			check_truth(nr, outcome->value);
		check_passed++;
	}
	printf("  syscall 0..600: %d ended by a signal, %d slept and were killed\n", nr_killed, nr_stopped);
}

static void odd_numbers(void)
{
	static const uint64_t bits[] = {
		0x40000000, 0x80000000, 0xc0000000, 0x100000000, 0xffffffff00000000, 0x4000000000000000, 0x20000000,
	};
	static const uint64_t none[6];

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		for (long nr = 0; nr <= (bits[i] == 0x40000000 ? 560 : 50); nr++) {
			long value;

			if (nr == SYS_pause || (bits[i] != 0x40000000 && nr != SYS_getpid && nr % 7))
				continue;
			try_entry(ENTRY_SYSCALL, bits[i] | nr, none);
			check_passed++;
			if (!outcome->returned)
				continue;
			value = outcome->value;
			/* the kernel may look at the lower half only; then it must be the guest's call */
			if (bits[i] == 0x100000000 || bits[i] == 0xffffffff00000000 || bits[i] == 0x4000000000000000)
				check_truth(nr, value);
			else
				CHECK(value == -ENOSYS, "number %#lx said %ld", bits[i] | nr, value);
		}
	}
}

static int is_served[ENTRY_NR];		/* the guest kernel offers this entry: getpid by it is true */

static void foreign_entry(enum entry entry)
{
	static const uint64_t none[6];
	int nr_signal = 0, nr_error = 0, nr_value = 0;

	try_entry(entry, 20, none);	/* getpid in the 32-bit table */
	is_served[entry] = outcome->returned && outcome->value == outcome->pid;
	for (long nr = 0; nr <= 460; nr++) {
		struct walls_end end = try_entry(entry, nr, none);

		check_passed++;
		if (!outcome->returned)
			nr_signal += end.signal != 0;
		else if (outcome->value < 0)
			nr_error++;
		else
			nr_value++;
		if (outcome->returned && outcome->value >= 0 && !is_served[entry])
			CHECK(0, "%s %ld succeeded with %ld", entry_names[entry], nr, outcome->value);
		if (outcome->returned && nr == 20 && outcome->value > 0)
			CHECK(outcome->value == outcome->pid, "%s: getpid said %ld", entry_names[entry], outcome->value);
	}
	printf("  %s: %d signals, %d errors, %d values%s\n", entry_names[entry], nr_signal, nr_error, nr_value,
	       is_served[entry] ? " (the guest serves it)" : "");
}

/* The same entries with arguments that would hurt. */
static void foreign_dangers(enum entry entry)
{
	struct walls_danger list[WALLS_NR_DANGERS];
	struct walls_targets targets;
	int nr = 0;

	walls_make_targets(&targets, MAP_32BIT);
	nr = walls_dangers(&targets, list);
	for (int i = 0; i < nr; i++) {
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			close(1);
			check_failed = 0;
			walls_default_signals();
			probe_init();
			if (!PROBE(outcome->value = entries[entry](list[i].nr32, list[i].arg)))
				walls_check_targets(&targets, list[i].name);
			_exit(check_failed ? 77 : 0);
		}
		CHECK(walls_reap(pid, 500).status != 77, "%s: %s had an effect that the guest does not know of", entry_names[entry],
		      list[i].name);
	}
}

static void vsyscalls(void)
{
	static const unsigned long addresses[] = { 0xffffffffff600000, 0xffffffffff600400, 0xffffffffff600800 };

	for (int i = 0; i < 3; i++) {
		struct walls_end end;
		pid_t pid;

		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			walls_default_signals();
			_exit(((long (*)(long, long, long))addresses[i])(0, 0, 0) < 0 ? 3 : 4);
		}
		end = walls_reap(pid, 200);
		CHECK(!end.is_immortal && !end.was_stopped, "vsyscall %d hangs", i);
		printf("  vsyscall %d: %s %d\n", i, end.exited ? "returned" : "signal", end.exited ? end.status : end.signal);
	}
}

int main(void)
{
	double worst;

	outcome = walls_shared(PAGE);
	probe_init();
	if (!walls_in_guest()) {
		static const uint64_t none[6];

		try_entry(ENTRY_SYSCALL, SYS_getpid, none);
		check_truth(SYS_getpid, outcome->value);
		check_remark("bare host: nothing to attack");
		return check_done("wall_entries");
	}
	all_numbers();
	odd_numbers();
	for (int entry = ENTRY_INT80; entry < ENTRY_NR; entry++) {
		foreign_entry(entry);
		foreign_dangers(entry);
	}
	vsyscalls();
	worst = walls_others_live();
	CHECK(worst >= 0 && worst < 2, "others are disturbed: %.3f s", worst);
	return check_done("wall_entries");
}
