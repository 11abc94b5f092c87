// SPDX-License-Identifier: GPL-2.0
/*
 * host/space.c - life cycle of spaces: the control file, the zygote, the pool
 *
 * The control file (stub/abi.h) is one sparse memfd, mapped whole here. Slot n holds the command page and the context areas of space n. The
 * zygote is the stub program, executed once from a memfd, so that nothing of the kernel process is mapped in it; it forks the spaces, with
 * CLONE_PARENT, so that they are our children and die with our main thread.
 *
 * A space that is put back is kept in a pool: forking another costs several times as much as unmapping.
 *
 * LOCKING: `lock` guards pool, slot allocation and the zygote's command page; never held while calling guest code.
 */
#include <linux/close_range.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/personality.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <linux/audit.h>
#include <linux/wait.h>
#include <asm/signal.h>
#include <um/cpu.h>
#include <um/log.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"
#include "space.h"

#ifndef ADDR_NO_RANDOMIZE
#define ADDR_NO_RANDOMIZE	0x0040000
#endif

#define MAX_SPACES	32768
#define EXIT_PATIENCE_MS	2000

static __u8 *control;			/* the control file */
static int control_fd;
static unsigned long slot_size;
static struct host_space **spaces;	/* by slot */
static struct host_space *pool;
static __u32 nr_slots;
static __u32 zygote_pid;
static __u32 lock;

static void space_lock(void)
{
	while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
		HOST_CALL(__NR_sched_yield);
}

static void space_unlock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

#define STMT(c, k)		{ (c), 0, 0, (__u32)(k) }
#define JUMP(c, k, t, f)	{ (c), (t), (f), (__u32)(k) }
#define LD			(BPF_LD | BPF_W | BPF_ABS)
#define JEQ			(BPF_JMP | BPF_JEQ | BPF_K)
#define RET			(BPF_RET | BPF_K)
#define DATA(field)		__builtin_offsetof(struct seccomp_data, field)

/*
 * The filter of one context: futex wait on its own `go` from the stub's own instruction, futex wake of its own `done` likewise; without FSGSBASE
 * the two arch_prctl() calls that set a segment base of the calling thread; all else traps.
 */
static unsigned int make_filter(struct sock_filter *f, __u64 area)
{
	__u64 go = area + STUB_CTX_GO, done = area + STUB_CTX_DONE, base_ip = um_fsgsbase ? 0 : host_stub_base_ip;
	const struct sock_filter filter[] = {
		/*  0 */ STMT(LD, DATA(arch)),
		/*  1 */ JUMP(JEQ, AUDIT_ARCH_X86_64, 0, 28),
		/*  2 */ STMT(LD, DATA(nr)),
		/*  3 */ JUMP(JEQ, __NR_futex, 0, 15),
		/*  4 */ STMT(LD, DATA(instruction_pointer) + 4),
		/*  5 */ JUMP(JEQ, host_stub_wait_ip >> 32, 0, 24),
		/*  6 */ STMT(LD, DATA(args[0]) + 4),
		/*  7 */ JUMP(JEQ, area >> 32, 0, 22),
		/*  8 */ STMT(LD, DATA(instruction_pointer)),
		/*  9 */ JUMP(JEQ, host_stub_wait_ip, 0, 4),
		/* 10 */ STMT(LD, DATA(args[0])),
		/* 11 */ JUMP(JEQ, go, 0, 18),
		/* 12 */ STMT(LD, DATA(args[1])),
		/* 13 */ JUMP(JEQ, FUTEX_WAIT, 15, 16),
		/* 14 */ JUMP(JEQ, host_stub_wake_ip, 0, 15),
		/* 15 */ STMT(LD, DATA(args[0])),
		/* 16 */ JUMP(JEQ, done, 0, 13),
		/* 17 */ STMT(LD, DATA(args[1])),
		/* 18 */ JUMP(JEQ, FUTEX_WAKE, 10, 11),
		/* 19 */ JUMP(JEQ, __NR_arch_prctl, 0, 10),
		/* 20 */ STMT(LD, DATA(instruction_pointer) + 4),
		/* 21 */ JUMP(JEQ, base_ip >> 32, 0, 8),
		/* 22 */ STMT(LD, DATA(instruction_pointer)),
		/* 23 */ JUMP(JEQ, base_ip, 0, 6),
		/* 24 */ STMT(LD, DATA(args[0]) + 4),
		/* 25 */ JUMP(JEQ, 0, 0, 4),
		/* 26 */ STMT(LD, DATA(args[0])),
		/* 27 */ JUMP(JEQ, ARCH_SET_FS, 1, 0),
		/* 28 */ JUMP(JEQ, ARCH_SET_GS, 0, 1),
		/* 29 */ STMT(RET, SECCOMP_RET_ALLOW),
		/* 30 */ STMT(RET, SECCOMP_RET_TRAP),
	};

	memcpy(f, filter, sizeof(filter));
	return sizeof(filter) / sizeof(filter[0]);
}

/* Everything a context needs to confine itself, in the page that all spaces have read-only. */
static void fill_global(void)
{
	struct stub_ctx_params *params = (void *)(control + STUB_GLOBAL_OFF + STUB_GLOBAL_PARAMS);
	unsigned long off = STUB_GLOBAL_FILTERS;
	unsigned int i;

	for (i = 0; i < um_ncpus; i++) {
		__u64 area = STUB_CTX + (__u64)i * STUB_CTX_SIZE;
		struct sock_filter *f = (void *)(control + STUB_GLOBAL_OFF + off);

		params[i].ss_sp = area + STUB_CTX_STACK;
		params[i].ss_size = STUB_CTX_STACK_SIZE;
		params[i].filter = STUB_GLOBAL + off;
		params[i].filter_len = make_filter(f, area);
		off += params[i].filter_len * sizeof(*f);
	}
}

/* In the zygote-to-be: leave only the two descriptors of the stub, and execute it. */
static void zygote_exec(int stub_fd)
{
	static const char name[] = "linux-space";
	const char *argv[] = { name, 0 };
	const char *envp[] = { 0 };
	const struct rlimit64 { __u64 cur, max; } none = { 0, 0 };
	const int priority = 0;
	int mem, ctl, stub;

	mem = HOST_CALL(__NR_fcntl, host_mem_fd(), F_DUPFD_CLOEXEC, 10);
	ctl = HOST_CALL(__NR_fcntl, control_fd, F_DUPFD_CLOEXEC, 10);
	stub = HOST_CALL(__NR_fcntl, stub_fd, F_DUPFD_CLOEXEC, 10);
	if (mem < 0 || ctl < 0 || stub < 0)
		return;
	HOST_CALL(__NR_close_range, 0, 9, 0);
	if (HOST_CALL(__NR_dup2, mem, STUB_FD_MEM) < 0 || HOST_CALL(__NR_dup2, ctl, STUB_FD_CTL) < 0)
		return;
	if (HOST_CALL(__NR_close_range, 10, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return;
	HOST_CALL(__NR_prlimit64, 0, RLIMIT_CORE, &none, 0);
	/* whoever wakes a context will not be interrupted by it, nor will another context (host/handoff.c); the share of the host CPU is the same */
	if (HOST_CALL(__NR_sched_getscheduler, 0) == SCHED_NORMAL)
		HOST_CALL(__NR_sched_setscheduler, 0, SCHED_BATCH, &priority);
	HOST_CALL(__NR_personality, ADDR_NO_RANDOMIZE);
	HOST_CALL(__NR_execveat, stub, "", argv, envp, AT_EMPTY_PATH);
}

static int zygote_start(void)
{
	unsigned long size = host_stub_end - host_stub_start;
	struct stub_cmd *cmd = (void *)control;
	long pid;
	int fd;

	fd = HOST_CALL(__NR_memfd_create, "linux-stub", MFD_CLOEXEC);
	if (fd < 0)
		return fd;
	if (HOST_CALL(__NR_write, fd, host_stub_start, size) != (long)size)
		return -ENOSPC;

	cmd->ppid = HOST_CALL(__NR_getpid);
	cmd->ack_off = STUB_CMD_ACK;
	pid = HOST_CALL(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		return pid;
	if (!pid) {
		zygote_exec(fd);
		HOST_CALL(__NR_exit_group, 1);
	}
	HOST_CALL(__NR_close, fd);
	zygote_pid = pid;
	return 0;
}

/* Have the zygote fork; returns the pid of the space for @slot. Called with the lock held. */
static long zygote_fork(__u32 slot)
{
	const struct { long sec, nsec; } patience = { 0, 50000000 };
	volatile struct stub_cmd *cmd = (void *)control;
	__u32 seq = cmd->seq + 1;
	int status;

	cmd->slot_off = STUB_SLOT_OFF + slot * slot_size;
	cmd->ctx_len = (unsigned long)um_ncpus * STUB_CTX_SIZE;
	cmd->pid = 0;
	cmd->waits = 1;
	__atomic_store_n(&cmd->seq, seq, __ATOMIC_SEQ_CST);
	HOST_CALL(__NR_futex, &cmd->seq, FUTEX_WAKE, 1);
	while (cmd->ack != seq) {
		HOST_CALL(__NR_futex, &cmd->ack, FUTEX_WAIT, seq - 1, &patience);
		if (!zygote_pid || HOST_CALL(__NR_wait4, zygote_pid, &status, WNOHANG, 0) == (long)zygote_pid) {
			zygote_pid = 0;
			return -ESRCH;
		}
	}
	return (int)cmd->pid;
}

int host_space_init(void)
{
	unsigned long len;
	struct host_space *sp;
	long ret;

	slot_size = STUB_SLOT_CTX_OFF + (unsigned long)um_ncpus * STUB_CTX_SIZE;
	len = STUB_SLOT_OFF + MAX_SPACES * slot_size;
	control_fd = HOST_CALL(__NR_memfd_create, "linux-control", MFD_CLOEXEC);
	if (control_fd < 0) {
		host_error("cannot make the control file (error %d)", -control_fd);
		return control_fd;
	}
	ret = HOST_CALL(__NR_ftruncate, control_fd, len);
	if (ret) {
		host_error("the host refuses a sparse file of %lu MiB for control memory (error %ld); raise 'ulimit -f'", len >> 20, -ret);
		return ret;
	}
	control = (void *)HOST_CALL(__NR_mmap, 0, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, control_fd, 0);
	spaces = (void *)HOST_CALL(__NR_mmap, 0, MAX_SPACES * sizeof(*spaces), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (host_is_error(control) || host_is_error(spaces)) {
		host_error("cannot map %lu MiB of address space for control memory; raise 'ulimit -v'", len >> 20);
		return -ENOMEM;
	}
	fill_global();
	ret = zygote_start();
	if (!ret) {
		sp = host_space_get();
		if (sp) {
			host_space_put(sp);
			return 0;
		}
		ret = -EAGAIN;
	}
	host_error("cannot start the process that makes guest address spaces (error %ld); "
		   "is the limit of processes reached ('ulimit -u'), or executing from memory forbidden?", -ret);
	return ret;
}

static struct host_space *space_alloc(__u32 slot)
{
	unsigned long size = sizeof(struct host_space) + um_ncpus * sizeof(struct host_ctx);
	struct host_space *sp = (void *)HOST_CALL(__NR_mmap, 0, (size + 4095) & ~4095UL, PROT_READ | PROT_WRITE,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u8 *base = control + STUB_SLOT_OFF + slot * slot_size;
	unsigned int i;

	if (host_is_error(sp))
		return 0;
	sp->slot = slot;
	sp->cmd = (void *)base;
	for (i = 0; i < um_ncpus; i++)
		sp->ctx[i].area = base + STUB_SLOT_CTX_OFF + i * STUB_CTX_SIZE;
	return sp;
}

/* Give a fresh or dead space (again) a process. Called with the lock held. */
static int space_start(struct host_space *sp)
{
	unsigned int i;
	long pid;

	memset(sp->cmd, 0, STUB_CMD_OPS);
	sp->cmd->ack_off = STUB_SLOT_OFF + sp->slot * slot_size + STUB_CMD_ACK;
	sp->cmd->ppid = HOST_CALL(__NR_getpid);
	for (i = 0; i < um_ncpus; i++) {
		if (sp->ctx[i].tid)
			host_ctx_scrub(&sp->ctx[i]);	/* it died with a program's registers in it */
		sp->ctx[i].tid = 0;
		sp->ctx[i].done = 0;
	}
	sp->seq = 0;
	sp->nr_ops = 0;
	sp->nr_maps = 0;
	sp->refusals = 0;
	sp->mapper_cpu = -1;
	sp->dead = 0;
	pid = zygote_fork(sp->slot);
	if (pid <= 0)
		return pid ? pid : -EAGAIN;
	__atomic_store_n(&sp->pid, pid, __ATOMIC_SEQ_CST);
	return 0;
}

struct host_space *host_space_get(void)
{
	struct host_space *sp;

	space_lock();
	while ((sp = pool)) {
		pool = sp->next;
		if (sp->pid && !sp->dead)
			break;
		if (!space_start(sp))
			break;
		sp->next = pool;
		pool = sp;
		space_unlock();
		return 0;
	}
	if (!sp && nr_slots < MAX_SPACES) {
		sp = space_alloc(nr_slots);
		if (sp) {
			spaces[nr_slots++] = sp;
			if (space_start(sp)) {
				sp->next = pool;
				pool = sp;
				sp = 0;
			}
		}
	}
	space_unlock();
	return sp;
}

/*
 * With its contexts asleep, what is mapped does no harm: it is unmapped on the way to the next program. A dead space is pooled as well,
 * and gets a process when it is taken again.
 */
void host_space_put(struct host_space *sp)
{
	if (!host_space_unmap_all(sp) && !host_space_clean(sp))
		host_space_end(sp);
	sp->refusals = 0;
	sp->owner = 0;
	space_lock();
	sp->next = pool;
	pool = sp;
	space_unlock();
}

void **host_space_owner(struct host_space *sp)
{
	return &sp->owner;
}

void host_space_kill(struct host_space *sp)
{
	__u32 pid = __atomic_load_n(&sp->pid, __ATOMIC_SEQ_CST);

	if (pid)
		HOST_CALL(__NR_kill, pid, SIGKILL);
}

/* Kill, and wait until it is gone. Called where the event thread can run. */
void host_space_end(struct host_space *sp)
{
	host_space_kill(sp);
	while (!sp->dead)
		HOST_CALL(__NR_sched_yield);
}

/* The process of @sp is gone: let every waiter see it. Words change value, so that nobody falls asleep on the old one. */
static void space_died(struct host_space *sp)
{
	unsigned int i;

	__atomic_store_n(&sp->dead, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&sp->pid, 0, __ATOMIC_SEQ_CST);
	__atomic_xor_fetch(&sp->cmd->ack, 0x40000000, __ATOMIC_SEQ_CST);
	HOST_CALL(__NR_futex, &sp->cmd->ack, FUTEX_WAKE, 1);
	for (i = 0; i < um_ncpus; i++)
		if (sp->ctx[i].tid) {
			volatile struct stub_ctx *c = host_ctx_shared(&sp->ctx[i]);

			__atomic_add_fetch(&c->done, 1, __ATOMIC_SEQ_CST);
			HOST_CALL(__NR_futex, &c->done, FUTEX_WAKE, 1);
		}
}

void host_space_reap(void)
{
	int status;
	long pid;
	__u32 i;

	while ((pid = HOST_CALL(__NR_wait4, -1, &status, WNOHANG, 0)) > 0) {
		if (pid == (long)zygote_pid)
			zygote_pid = 0;
		for (i = 0; i < nr_slots; i++)
			if (spaces[i]->pid == pid)
				space_died(spaces[i]);
	}
}

/* Wait until a killed child is gone, so that whoever started us is not left with it; up to @patience milliseconds for all. */
static void bury(__u32 pid, unsigned int *patience)
{
	const struct { long sec, nsec; } nap = { 0, 1000000 };
	int status;

	while (pid && !HOST_CALL(__NR_wait4, pid, &status, WNOHANG, 0) && *patience) {
		HOST_CALL(__NR_nanosleep, &nap, 0);
		--*patience;
	}
}

void host_space_exit(void)
{
	unsigned int patience = EXIT_PATIENCE_MS;
	__u32 i;

	if (zygote_pid)
		HOST_CALL(__NR_kill, zygote_pid, SIGKILL);
	for (i = 0; i < nr_slots; i++)
		host_space_kill(spaces[i]);
	bury(zygote_pid, &patience);
	for (i = 0; i < nr_slots; i++)
		bury(spaces[i]->pid, &patience);
}
