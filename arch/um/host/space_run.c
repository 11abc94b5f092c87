// SPDX-License-Identifier: GPL-2.0
/*
 * host/space_run.c - contexts: making them, letting them go, and what they report
 *
 * A context (stub/context.S) posts an event by adding 1 to `done`, and leaves the stub when `go` has changed. Between the two it is parked. The frame
 * that the host pushed for its signal lies in its area, and so does the register block that it loads; both are shared memory, so
 * registers travel without a system call.
 *
 * TRUST: everything in an area may be changed by guest code at any time. It is read here only, through a volatile pointer, once, and offsets
 * are checked against the area before use. A context may lie about its own registers; that is its own affair.
 *
 * That a context is parked is such a claim, too, and it is enough while only its own program suffers. Before a page that it can reach, or its whole
 * space, goes to another program, the host is asked: FUTEX_REQUEUE from `go` to itself moves one sleeper and wakes none, so its result says
 * whether the context sleeps in the stub's `wait`; likewise for the mapper. None but the kernel and the mapper can wake a context. So with all of them asleep,
 * revoking can wait for the next resume. The areas are ours then, to be made as new for the next program, if no kick is on its way, which may have found the
 * context parked: the host would push registers of the old program into the new one's area. The host is asked for that, too.
 *
 * A context that does not answer a kick has been tampered with: asleep without an event posted, it never will; its space is
 * killed. One that is merely starved by a busy host is runnable, or its mapper is, and is waited for.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <um/cpu.h>
#include <um/log.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"
#include "space.h"

#define KICK_PATIENCE_NS	10000000
#define KICK_TRIES_ASLEEP	4
#define KICK_TRIES		500
#define TRAP_PAGE_FAULT		14
#define MAX_REFUSALS		64		/* the program wants memory where the host has none for anybody */
#define PARK_YIELDS		20
#define PARK_NAPS		20
#define FAULT_CODE_MAX		SEGV_ACCERR	/* with other codes trapno and cr2 are those of an earlier fault */

/* The host kernel's 64-bit signal frame, as far as it is read here. */
struct host_frame {
	unsigned long uc_flags;
	unsigned long uc_link;
	unsigned long uc_stack[3];
	__u64 r8, r9, r10, r11, r12, r13, r14, r15;
	__u64 di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	__u16 cs, gs, fs, ss;
	__u64 err, trapno, oldmask, cr2;
	__u64 fpstate;
};

UM_STATIC_ASSERT(__builtin_offsetof(struct host_frame, fpstate) == 0xe0, "host signal frame");

static unsigned long area_address(unsigned int cpu)
{
	return STUB_CTX + (unsigned long)cpu * STUB_CTX_SIZE;
}

/* An offset that the guest may have written: inside the signal stack, with room for @len behind it? */
static int offset_ok(unsigned long off, unsigned long len)
{
	return off >= STUB_CTX_STACK && off <= STUB_CTX_SIZE - len;
}

static int broken(struct um_event *ev, const char *why)
{
	ev->type = UM_EV_BROKEN;
	ev->why = why;
	return UM_WAIT_EVENT;
}

static void copy_regs(struct um_regs *regs, const volatile struct host_frame *f)
{
	regs->r15 = f->r15;
	regs->r14 = f->r14;
	regs->r13 = f->r13;
	regs->r12 = f->r12;
	regs->bp = f->bp;
	regs->bx = f->bx;
	regs->r11 = f->r11;
	regs->r10 = f->r10;
	regs->r9 = f->r9;
	regs->r8 = f->r8;
	regs->ax = f->ax;
	regs->cx = f->cx;
	regs->dx = f->dx;
	regs->si = f->si;
	regs->di = f->di;
	regs->orig_ax = ~0UL;
	regs->ip = f->ip;
	regs->cs = UM_USER_CS;
	regs->flags = f->flags;
	regs->sp = f->sp;
	regs->ss = UM_USER_SS;
}

static void classify(struct um_event *ev, unsigned int sig, const volatile struct host_frame *f, const volatile siginfo_t *info)
{
	ev->sig = sig;
	ev->code = info->si_code;
	ev->trapno = f->trapno;
	ev->error = f->err;
	ev->addr = (unsigned long)info->_sifields._sigfault._addr;
	ev->type = UM_EV_TRAP;
	if (sig == SIGSYS) {
		if (info->_sifields._sigsys._arch == HOST_AUDIT_ARCH)
			ev->type = UM_EV_SYSCALL;
	} else if (sig == STUB_SIG_KICK) {
		ev->type = UM_EV_KICK;
	} else if (sig == SIGSEGV && ev->trapno == TRAP_PAGE_FAULT && ev->code > 0 && ev->code <= FAULT_CODE_MAX) {
		ev->type = UM_EV_FAULT;
		ev->addr = f->cr2;
	}
}

/* The guest kernel's choice of bases does not tell what a program has made of them since, where it may. */
static void take_bases(const struct host_ctx *c, unsigned long *fs, unsigned long *gs)
{
	volatile struct stub_ctx *shared = host_ctx_shared(c);

	if (!um_fsgsbase)
		return;
	*fs = shared->fsbase;
	*gs = shared->gsbase;
}

/* A patched site has stored the registers in the block. */
static int fetch_call(struct host_ctx *c, struct um_regs *regs, unsigned long *fs, unsigned long *gs, struct um_event *ev)
{
	const volatile __u64 *block = (void *)(c->area + STUB_CTX_REGS);
	unsigned int i;

	for (i = 0; i < sizeof(*regs) / sizeof(*block); i++)
		((__u64 *)regs)[i] = block[i];
	regs->orig_ax = ~0UL;
	regs->cs = UM_USER_CS;
	regs->ss = UM_USER_SS;
	if (regs->cx >= UM_NR_SITES)
		return broken(ev, "call site");
	c->fp = STUB_CTX_FPLOAD;
	take_bases(c, fs, gs);
	ev->type = UM_EV_CALL;
	ev->site = (int)regs->cx;
	return UM_WAIT_EVENT;
}

/*
 * Interrupted between a patched site and the stub's call_stored: nothing of the program is lost but %rcx and %r11, and its stack pointer may
 * be in the register block already. Return: the number of the site, -1 if it makes no sense.
 */
static int site_of(struct host_ctx *c, unsigned int cpu, struct um_regs *regs, const struct um_event *ev)
{
	unsigned long off = regs->ip - UM_STUB_SITES;

	if (off >= STUB_CODE_SIZE - (UM_STUB_SITES - STUB_CODE))
		return -1;
	if (ev->type != UM_EV_KICK && ev->sig != SIGTRAP)
		return -1;
	if (regs->sp - area_address(cpu) < STUB_CTX_SIZE)
		regs->sp = *(volatile __u64 *)(c->area + STUB_CTX_REGS + STUB_REGS_SP);
	if (off < UM_NR_SITES * UM_STUB_SITE_SIZE)
		return off / UM_STUB_SITE_SIZE;
	return regs->cx < UM_NR_SITES ? (int)regs->cx : -1;
}

static void forget_bases(struct host_ctx *c)
{
	c->fs = UNKNOWN_BASE;
	c->gs = UNKNOWN_BASE;
}

/* Without FSGSBASE, the context makes a host call for each base that changes. */
static void load_bases(struct host_ctx *c, unsigned long fs, unsigned long gs)
{
	volatile struct stub_ctx *shared = host_ctx_shared(c);

	shared->fsbase = fs;
	shared->gsbase = gs;
	if (um_fsgsbase) {
		shared->bases = 1 << STUB_BASES_BY_INSN;
		return;
	}
	shared->bases = (fs != c->fs) << STUB_BASES_FS | (gs != c->gs) << STUB_BASES_GS;
	c->fs = fs;
	c->gs = gs;
}

/* So it says. If that is a lie, what the next program finds is the liar's own. Of several, another one may be on its way. */
static void kick_arrived(struct host_ctx *c)
{
	if (c->kicked == 1)
		c->kicked = 0;
}

/* Fetch the event that the context of @cpu has posted. */
static int fetch_event(struct host_ctx *c, unsigned int cpu, struct um_regs *regs,
		       unsigned long *fs, unsigned long *gs, struct um_event *ev)
{
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	const volatile struct host_frame *f;
	unsigned int sig = shared->event;
	unsigned long uc = shared->uc, info = shared->info, fp;

	memset(ev, 0, sizeof(*ev));
	ev->site = -1;
	if (sig == STUB_EV_CALL)
		return fetch_call(c, regs, fs, gs, ev);
	if (sig == STUB_EV_LATE) {
		kick_arrived(c);
		forget_bases(c);	/* turned back before they were loaded, or after */
		return UM_WAIT_EVENT;
	}
	if (sig >= 64 || !offset_ok(uc, sizeof(*f)) || !offset_ok(info, sizeof(siginfo_t)) || (uc | info) & 7)
		return broken(ev, "event");
	f = (void *)(c->area + uc);
	fp = f->fpstate - area_address(cpu);
	if (!offset_ok(fp, um_xstate_size) || fp & 63)
		return broken(ev, "FP state");
	copy_regs(regs, f);
	classify(ev, sig, f, (void *)(c->area + info));
	if (ev->type == UM_EV_KICK)
		kick_arrived(c);
	if (regs->ip >= UM_STUB_START && regs->ip < UM_STUB_END) {
		ev->site = site_of(c, cpu, regs, ev);
		if (ev->site < 0)
			return broken(ev, "instruction pointer");
	}
	c->fp = fp;
	take_bases(c, fs, gs);
	return UM_WAIT_EVENT;
}

int host_ctx_create(struct host_space *sp, unsigned int cpu)
{
	struct host_ctx *c = &sp->ctx[cpu];
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	unsigned long area = area_address(cpu);
	struct stub_op *op;
	__u32 tid;
	int ret;

	memset(c->area, 0, sizeof(struct stub_ctx));
	shared->spin = 1;
	ret = host_space_flush(sp);
	if (ret)
		return ret;
	op = host_space_op(sp);
	op->nr = __NR_clone;
	op->arg[0] = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID;
	op->arg[1] = 0;
	op->arg[2] = area + STUB_CTX_TID;
	op->arg[3] = 0;
	op->arg[4] = 0;
	op->arg[5] = area;
	host_space_post(sp, 0);
	ret = host_space_wait_ack(sp);
	if (ret)
		return ret == -ENOMEM ? -EAGAIN : ret;
	while (!shared->done) {
		if (sp->dead)
			return -ESRCH;
		shared->kernel_sleeps = 1;
		HOST_CALL(__NR_futex, &shared->done, FUTEX_WAIT, 0, 0);
	}
	shared->kernel_sleeps = 0;
	tid = shared->tid;
	if (sp->dead || HOST_CALL(__NR_tgkill, sp->pid, tid, 0) < 0)
		return -ESRCH;
	c->done = shared->done;
	c->tid = tid;
	c->fp = STUB_CTX_FPLOAD;
	c->cpu = sp->mapper_cpu;	/* inherited */
	forget_bases(c);
	return 0;
}

/* Wake the context unless it is still awake and will see `go` by itself. */
static void let_go(volatile struct stub_ctx *shared)
{
	__atomic_add_fetch(&shared->go, 1, __ATOMIC_SEQ_CST);
	if (shared->sleeps)
		HOST_CALL(__NR_futex, &shared->go, FUTEX_WAKE, 1);
}

/* Does the context work beside its vCPU, on another host CPU? */
static int is_remote(const struct host_ctx *c, unsigned int cpu)
{
	return c->cpu != host_place(cpu);
}

/*
 * The context works where it is wanted. One that is awake on another host CPU is dear to move: it goes to sleep after its next event, and is moved then.
 */
static void follow(struct host_space *sp, struct host_ctx *c, unsigned int cpu)
{
	int place = host_handoff_resume(cpu, c, sp->nr_ops != 0);

	host_place_context(cpu, sp->pid, c->tid);
	if (place < 0 || c->cpu == place || (is_remote(c, cpu) && !host_ctx_shared(c)->sleeps))
		return;
	host_place_pin(c->tid, place);
	c->cpu = place;
}

int host_space_resume(struct host_space *sp, unsigned int cpu, const struct um_regs *regs,
		      unsigned long fs, unsigned long gs, const void *fp)
{
	struct host_ctx *c = &sp->ctx[cpu];
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	struct um_regs *block = (void *)(c->area + STUB_CTX_REGS);
	int ret;

	if (sp->dead)
		return -ESRCH;
	if (sp->refusals > MAX_REFUSALS)
		return -EFAULT;
	if (!c->tid) {
		ret = host_ctx_create(sp, cpu);
		if (ret)
			return ret;
	}
	follow(sp, c, cpu);
	if (fp) {
		memcpy(c->area + STUB_CTX_FPLOAD, fp, um_xstate_size);
		c->fp = STUB_CTX_FPLOAD;
	}
	*block = *regs;
	block->cs = UM_USER_CS;
	block->ss = UM_USER_SS;
	load_bases(c, fs, gs);
	shared->fp = area_address(cpu) + c->fp;
	shared->xmask = um_xfeatures;
	shared->late = 0;
	shared->kernel_sleeps = !is_remote(c, cpu);
	if (sp->nr_ops) {
		host_space_post(sp, area_address(cpu));
		/* we will look for the next event, and must not keep the mapper from its work */
		if (is_remote(c, cpu) && host_space_wait_ack(sp) == -ESRCH)
			return -ESRCH;
	} else {
		/* another vCPU has posted what must be done before we run, too */
		if (host_space_wait_ack(sp) == -ESRCH)
			return -ESRCH;
		let_go(shared);
	}
	host_handoff_released(cpu);
	return 0;
}

int host_space_wait(struct host_space *sp, unsigned int cpu, struct um_regs *regs,
		    unsigned long *fs, unsigned long *gs, struct um_event *ev)
{
	struct host_ctx *c = &sp->ctx[cpu];
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	__u32 done;

	if (is_remote(c, cpu))
		host_handoff_look(&shared->done, c->done);
	for (;;) {
		done = __atomic_load_n(&shared->done, __ATOMIC_SEQ_CST);
		if (sp->dead)
			return -ESRCH;
		if (done != c->done) {
			c->done = done;
			shared->kernel_sleeps = 0;
			host_handoff_event(cpu, is_remote(c, cpu));
			return fetch_event(c, cpu, regs, fs, gs, ev);
		}
		if (host_cpu_pending())
			return UM_WAIT_IRQ;
		shared->kernel_sleeps = 1;
		host_cpu_wait_word((void *)&shared->done, done);
	}
}

#define STAT_STATE	1	/* fields of /proc/<pid>/task/<tid>/stat behind the name: 'S' if the host thread sleeps */
#define STAT_SIGNALS	29	/* signals that are pending for it */

/* A field: a number, or a character; 0 if the thread is gone. */
static __u64 thread_stat(__u32 pid, __u32 tid, unsigned int field)
{
	char path[64], buf[512], *s;
	__u64 value = 0;
	long fd, n;

	host_snprintf(path, sizeof(path), "/proc/%u/task/%u/stat", pid, tid);
	fd = HOST_CALL(__NR_open, path, 0 /* O_RDONLY */, 0);
	if (fd < 0)
		return 0;
	n = HOST_CALL(__NR_read, fd, buf, sizeof(buf) - 1);
	HOST_CALL(__NR_close, fd);
	buf[n > 0 ? n : 0] = 0;
	for (s = buf; *s && *s != ')'; s++)
		;
	for (; *s && field; s++)
		field -= *s == ' ';
	if (!host_is_digit(*s))
		return *s;
	for (; host_is_digit(*s); s++)
		value = value * 10 + *s - '0';
	return value;
}

int host_space_stop(struct host_space *sp, unsigned int cpu, struct um_regs *regs,
		    unsigned long *fs, unsigned long *gs, struct um_event *ev)
{
	const struct { long sec, nsec; } patience = { 0, KICK_PATIENCE_NS };
	struct host_ctx *c = &sp->ctx[cpu];
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	unsigned int tries, asleep = 0;

	for (tries = 0; tries < KICK_TRIES; tries++) {
		if (sp->dead)
			return -ESRCH;
		if (tries || shared->done == c->done) {
			c->kicked = c->kicked ? 2 : 1;
			HOST_CALL(__NR_tgkill, sp->pid, c->tid, STUB_SIG_KICK);
		}
		if (is_remote(c, cpu))
			host_handoff_look(&shared->done, c->done);
		while (shared->done == c->done && !sp->dead) {
			shared->kernel_sleeps = 1;
			if (HOST_CALL(__NR_futex, &shared->done, FUTEX_WAIT, c->done, &patience) == -ETIMEDOUT)
				break;
		}
		if (shared->done != c->done && !sp->dead) {
			c->done = shared->done;
			shared->kernel_sleeps = 0;
			return fetch_event(c, cpu, regs, fs, gs, ev);
		}
		if (thread_stat(sp->pid, c->tid, STAT_STATE) != 'S' || sp->cmd->ack != sp->seq)
			asleep = 0;		/* busy, or it waits for the mapper */
		else if (++asleep == KICK_TRIES_ASLEEP)
			break;
	}
	host_space_end(sp);
	return -ESRCH;
}

/* One thread at most can sleep on a `go` (its context, see make_filter()) or on a command page's `seq` (the mapper). */
static int sleeps_on(volatile __u32 *word)
{
	return HOST_CALL(__NR_futex, word, FUTEX_REQUEUE, 0, 1, word) == 1;
}

int host_space_asleep(struct host_space *sp)
{
	unsigned int i;

	/* the mapper acknowledges first, and lets a context go then */
	if (sp->cmd->wake && !sleeps_on(&sp->cmd->seq))
		return 0;
	for (i = 0; i < um_ncpus; i++)
		if (sp->ctx[i].tid && !sleeps_on(&host_ctx_shared(&sp->ctx[i])->go))
			return 0;
	return 1;
}

/* Is a kick on its way to a context? */
static int is_kicked(struct host_space *sp)
{
	unsigned int i;

	for (i = 0; i < um_ncpus; i++) {
		struct host_ctx *c = &sp->ctx[i];

		if (!c->kicked)
			continue;
		if (thread_stat(sp->pid, c->tid, STAT_SIGNALS) & 1 << (STUB_SIG_KICK - 1))
			return 1;
		c->kicked = 0;
	}
	return 0;
}

/* Wait a moment for all to be asleep, with no kick before them; after honest events they are on their way there. */
static int falls_asleep(struct host_space *sp)
{
	const struct { long sec, nsec; } nap = { 0, 1000000 };
	unsigned int i;

	for (i = 0; i < um_ncpus; i++)
		host_ctx_shared(&sp->ctx[i])->spin = 1;
	for (i = 0; i < PARK_YIELDS + PARK_NAPS; i++) {
		if (!is_kicked(sp) && host_space_asleep(sp))
			return 1;
		if (i < PARK_YIELDS)
			HOST_CALL(__NR_sched_yield);
		else
			HOST_CALL(__NR_nanosleep, &nap, 0);
	}
	return 0;
}

/** host_ctx_scrub() - nothing remains in an area of what a guest program, or the host in its name, has put there; nobody works in it */
void host_ctx_scrub(struct host_ctx *c)
{
	memset(c->area + STUB_CTX_SCRUB, 0, STUB_CTX_SIZE - STUB_CTX_SCRUB);
	memset(c->area, 0, sizeof(struct stub_ctx));
}

/* As after host_ctx_create() */
static void clean_area(struct host_ctx *c)
{
	volatile struct stub_ctx *shared = host_ctx_shared(c);
	__u32 tid = c->tid;

	host_ctx_scrub(c);
	shared->done = c->done;
	shared->sleeps = 1;
	shared->spin = 1;
	shared->tid = tid;
	c->fp = STUB_CTX_FPLOAD;
	forget_bases(c);
}

/**
 * host_space_clean() - make the contexts of a space fit for another program
 *
 * Nobody runs in it, and nobody will before its queue is executed. Return: 1, or 0 if one of them is not where an honest one would be: the process must die.
 */
int host_space_clean(struct host_space *sp)
{
	unsigned int i;

	if (!falls_asleep(sp))
		return 0;
	for (i = 0; i < um_ncpus; i++)
		if (sp->ctx[i].tid)
			clean_area(&sp->ctx[i]);
	memset(&sp->cmd->op[sp->nr_ops], 0, (STUB_MAX_OPS - sp->nr_ops) * STUB_OP_SIZE);
	return 1;
}

const void *host_space_fp(struct host_space *sp, unsigned int cpu)
{
	return sp->ctx[cpu].area + sp->ctx[cpu].fp;
}
