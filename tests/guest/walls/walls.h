/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walls.h - what the programs that try to break out of a guest share
 *
 * Each runs inside the guest as an ordinary program. An attack is made by a child; the program itself lives on to tell
 * what became of it: an offender may be killed, get a signal or an error, but must never succeed, never become immortal,
 * and never disturb others. Success is recognised from inside by effects that the guest kernel does not know of (a page
 * that can be read although the guest's own map has none there), from outside by what the host planted:
 *
 *     WALLS_HOST_PID    a process of the host that must stay alive (default 1)
 *     WALLS_TOKEN       a path that must never appear on the host (default /tmp/um-wall-token)
 *     WALLS_SECONDS     about how long each program may take (default 10)
 *
 * On the bare host there is no wall to attack: there the programs only check themselves, and say so (WALLS_FORCE=1 makes
 * them attack nevertheless, which is for testing the attacks; use an expendable user).
 */
#ifndef _WALLS_H
#define _WALLS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "check.h"

/* Its numbers only; where the stub keeps what, so that attacks can aim. */
#define __ASSEMBLY__
#include "abi.h"
#undef __ASSEMBLY__

#define STUB_START	((uint64_t)UM_STUB_START)
#define STUB_END	((uint64_t)UM_STUB_END)
#define KILL_WAIT_MS	5000			/* so long may a killed process take to be gone */
#define STACK_BYTES	(64 * 1024)
#define CANARY		0xc5

/* Registers to start code with; the assembly below knows the order. */
struct gpr {
	uint64_t ax, di, si, dx, r10, r8, r9, bx, bp, r12, r13, r14, r15, sp, ip, flags;
};

/* Loads all of it and jumps; rcx holds the address jumped to, r11 the address of the structure. */
__attribute__((noreturn)) void walls_enter(const struct gpr *regs);

asm("	.text\n"
    "	.globl walls_enter\n"
    "	.type walls_enter, @function\n"
    "walls_enter:\n"
    "	mov %rdi, %r11\n"
    "	push 120(%r11)\n"
    "	popfq\n"
    "	mov (%r11), %rax\n mov 8(%r11), %rdi\n mov 16(%r11), %rsi\n mov 24(%r11), %rdx\n"
    "	mov 32(%r11), %r10\n mov 40(%r11), %r8\n mov 48(%r11), %r9\n mov 56(%r11), %rbx\n"
    "	mov 64(%r11), %rbp\n mov 72(%r11), %r12\n mov 80(%r11), %r13\n mov 88(%r11), %r14\n"
    "	mov 96(%r11), %r15\n mov 104(%r11), %rsp\n mov 112(%r11), %rcx\n"
    "	jmp *%rcx\n"
    "	.size walls_enter, . - walls_enter\n");

static inline uint64_t walls_rnd(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Inside our guest nothing can be mapped at the stub's place; on a bare host it can, or is. */
static inline int walls_in_guest(void)
{
	char *at = (char *)STUB_START + 0x100000;
	void *got = mmap(at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != MAP_FAILED)
		munmap(got, PAGE);
	return getenv("WALLS_FORCE") || (got == MAP_FAILED && errno != EEXIST);
}

static inline long walls_env(const char *name, long fallback)
{
	const char *value = getenv(name);

	return value && *value ? atol(value) : fallback;
}

static inline const char *walls_token(void)
{
	const char *value = getenv("WALLS_TOKEN");

	return value && *value ? value : "/tmp/um-wall-token";
}

static inline double walls_deadline(void)
{
	return check_seconds() + walls_env("WALLS_SECONDS", 10);
}

static inline void walls_sleep_ms(double ms)
{
	struct timespec ts = { (long)(ms / 1000), (long)((ms - 1000 * (long)(ms / 1000)) * 1e6) };

	nanosleep(&ts, NULL);
}

static inline void *walls_shared(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return at;
}

static inline void walls_default_signals(void)
{
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
}

/* How an offender ended. */
struct walls_end {
	int exited, status;	/* by itself, with this status */
	int signal;		/* by this signal */
	int was_stopped;	/* it had to be killed: it ran or slept too long */
	int is_immortal;	/* and the kill did not work */
};

/* Waits ms for a child, then kills it, and expects it to be gone soon. */
static inline struct walls_end walls_reap(pid_t pid, double ms)
{
	struct walls_end end = { 0 };
	double limit = check_seconds() + ms / 1000, step = 0.05;
	int status = 0;

	for (;;) {
		pid_t got = waitpid(pid, &status, WNOHANG | __WALL);

		if (got == pid)
			break;
		if (got < 0 && errno != EINTR) {
			end.is_immortal = 1;
			return end;
		}
		if (check_seconds() > limit) {
			if (end.was_stopped) {
				end.is_immortal = 1;
				return end;
			}
			kill(pid, SIGKILL);
			end.was_stopped = 1;
			limit = check_seconds() + KILL_WAIT_MS / 1000.0;
		}
		walls_sleep_ms(step);
		step = step < 2 ? step * 1.5 : 2;
	}
	end.exited = WIFEXITED(status);
	end.status = end.exited ? WEXITSTATUS(status) : 0;
	end.signal = end.exited ? 0 : WTERMSIG(status);
	return end;
}

/* Do others still work: a fork, a pipe, a file, some memory. Returns the seconds it took, or -1. */
static inline double walls_others_live(void)
{
	double start = check_seconds();
	int fds[2], good = 0;
	char c = 0;
	pid_t pid;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (pid == 0) {
		char *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED || page[PAGE])
			_exit(1);
		memset(page, 1, 4 * PAGE);
		_exit(write(fds[1], "x", 1) != 1);
	}
	if (pid > 0)
		good = read(fds[0], &c, 1) == 1 && c == 'x' && check_wait(pid) == 0;
	close(fds[0]);
	close(fds[1]);
	return good ? check_seconds() - start : -1;
}

/* ---- what an attacker would like to have done, by number and arguments ---- */

/* Memory whose state tells whether a call reached the host's idea of the space. */
struct walls_targets {
	uint8_t *empty;		/* nothing is mapped here */
	uint8_t *read_only;
	uint8_t *canary;	/* writable, holds CANARY */
	char *path;		/* the token */
	char *argv[3];		/* touch TOKEN */
	char *touch;
	long host_pid;
};

struct walls_danger {
	const char *name;
	long nr, nr32;
	uint64_t arg[6];
};

#define WALLS_NR_DANGERS	40

static inline void walls_make_targets(struct walls_targets *t, int flags)
{
	uint8_t *map = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (map == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	t->read_only = map;
	t->canary = map + 4 * PAGE;
	t->empty = map + 8 * PAGE;
	t->path = (char *)map + 12 * PAGE;
	t->touch = t->path + 512;
	strncpy(t->path, walls_token(), 500);
	strcpy(t->touch, "/bin/touch");
	t->argv[0] = t->touch;
	t->argv[1] = t->path;
	t->argv[2] = NULL;
	memset(t->read_only, 0x11, PAGE);
	memset(t->canary, CANARY, PAGE);
	mprotect(t->read_only, PAGE, PROT_READ);
	munmap(t->empty, PAGE);
	t->host_pid = walls_env("WALLS_HOST_PID", 1);
}

/* Returns how many; addresses must lie low when the 32-bit entries are used. */
static inline int walls_dangers(const struct walls_targets *t, struct walls_danger *out)
{
	uint64_t empty = (uint64_t)t->empty, ro = (uint64_t)t->read_only, canary = (uint64_t)t->canary;
	uint64_t path = (uint64_t)t->path, touch = (uint64_t)t->touch, argv = (uint64_t)t->argv;
	const uint64_t none = (uint64_t)-1, rwx = 7, fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	const struct walls_danger list[] = {
		{ "mmap", SYS_mmap, 192, { empty, PAGE, rwx, fixed, none, 0 } },
		{ "mmap of fd 0", SYS_mmap, 192, { empty, PAGE, rwx, MAP_SHARED | MAP_FIXED, 0, 0 } },
		{ "mmap of fd 3", SYS_mmap, 192, { empty, PAGE, rwx, MAP_SHARED | MAP_FIXED, 3, 0 } },
		{ "mprotect", SYS_mprotect, 125, { ro, PAGE, rwx } },
		{ "pkey_mprotect", SYS_pkey_mprotect, 380, { ro, PAGE, rwx, none } },
		{ "munmap", SYS_munmap, 91, { canary, PAGE } },
		{ "mremap", SYS_mremap, 163, { canary, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, empty } },
		{ "madvise", SYS_madvise, 219, { canary, PAGE, MADV_DONTNEED } },
		{ "remap_file_pages", SYS_remap_file_pages, 257, { canary, PAGE, 0, 1, 0 } },
		{ "brk", SYS_brk, 45, { empty } },
		{ "open", SYS_open, 5, { path, O_CREAT | O_RDWR, 0666 } },
		{ "openat", SYS_openat, 295, { (uint64_t)AT_FDCWD, path, O_CREAT | O_RDWR, 0666 } },
		{ "creat", SYS_creat, 8, { path, 0666 } },
		{ "mkdir", SYS_mkdir, 39, { path, 0777 } },
		{ "symlink", SYS_symlink, 83, { touch, path } },
		{ "execve", SYS_execve, 11, { touch, argv, 0 } },
		{ "execveat", SYS_execveat, 358, { (uint64_t)AT_FDCWD, touch, argv, 0, 0 } },
		{ "kill", SYS_kill, 37, { t->host_pid, SIGKILL } },
		{ "tkill", SYS_tkill, 238, { t->host_pid, SIGKILL } },
		{ "tgkill", SYS_tgkill, 270, { t->host_pid, t->host_pid, SIGKILL } },
		{ "rt_sigqueueinfo", SYS_rt_sigqueueinfo, 178, { t->host_pid, SIGKILL, canary } },
		{ "pidfd_open", SYS_pidfd_open, 434, { t->host_pid, 0 } },
		{ "ptrace", SYS_ptrace, 26, { 16, t->host_pid, 0, 0 } },
		{ "process_vm_readv", SYS_process_vm_readv, 347, { t->host_pid, canary, 1, canary, 1, 0 } },
		{ "process_vm_writev", SYS_process_vm_writev, 348, { t->host_pid, canary, 1, canary, 1, 0 } },
		{ "prctl", SYS_prctl, 172, { PR_SET_PDEATHSIG, 0 } },
		{ "memfd_create", SYS_memfd_create, 356, { path, 0 } },
		{ "socket", SYS_socket, 359, { 1, 1, 0 } },
		{ "read", SYS_read, 3, { 0, canary, 64 } },
		{ "write", SYS_write, 4, { 1, path, 8 } },
		{ "write to fd 3", SYS_write, 4, { 3, path, 8 } },
		{ "clone", SYS_clone, 120, { 0x11, 0, 0, 0, 0 } },
		{ "fork", SYS_fork, 2, { 0 } },
		{ "rt_sigaction", SYS_rt_sigaction, 174, { SIGSYS, canary, 0, 8 } },
		{ "rt_sigprocmask", SYS_rt_sigprocmask, 175, { SIG_BLOCK, canary, 0, 8 } },
		{ "rt_sigreturn", SYS_rt_sigreturn, 173, { 0 } },
		{ "sigaltstack", SYS_sigaltstack, 186, { canary, 0 } },
		{ "seccomp", SYS_seccomp, 354, { 0, 0, 0 } },
		{ "userfaultfd", SYS_userfaultfd, 374, { 1 } },
		{ "exit_group", SYS_exit_group, 252, { 57 } },
	};

	_Static_assert(sizeof(list) / sizeof(list[0]) == WALLS_NR_DANGERS, "WALLS_NR_DANGERS");
	memcpy(out, list, sizeof(list));
	return WALLS_NR_DANGERS;
}

/* Is [at, at + 1) in the guest's own map, with this permission letter ('r', 'w')? */
static inline int walls_is_mapped(const void *at, char letter)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], perms[8];
	int found = 0;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, perms) == 3 &&
		    (unsigned long)at >= from && (unsigned long)at < to)
			found = strchr(perms, letter) != NULL;
	}
	if (maps)
		fclose(maps);
	return found;
}

/* Do the targets behave as the guest's map says? Repairs what the guest itself was made to change. */
static inline void walls_check_targets(struct walls_targets *t, const char *after)
{
	uint8_t byte = 0;

	if (!probe_read(t->empty, NULL)) {
		CHECK(walls_is_mapped(t->empty, 'r'), "%s: memory appeared that the guest does not know of", after);
		munmap(t->empty, PAGE);
	}
	if (!probe_write(t->read_only, 0x22)) {
		CHECK(walls_is_mapped(t->read_only, 'w'), "%s: read-only memory became writable", after);
		mprotect(t->read_only, PAGE, PROT_READ);
	}
	if (probe_read(t->canary, &byte) || byte != CANARY) {
		CHECK(!walls_is_mapped(t->canary, 'w') || byte == 0, "%s: the canary holds %#x", after, byte);
		mmap(t->canary, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(t->canary, CANARY, PAGE);
	}
	check_passed++;
}

#endif /* _WALLS_H */
