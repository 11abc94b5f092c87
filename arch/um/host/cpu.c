// SPDX-License-Identifier: GPL-2.0
/*
 * host/cpu.c - vCPUs as host threads: start, signals, sleep, placement
 *
 * Signals of a vCPU thread:
 *   UM_SIG_TIMER                 its timer: sets UM_PEND_TIMER
 *   UM_SIG_WAKE                  somebody has set a bit: look
 *   SIGSEGV BUS ILL FPE TRAP     an exception in guest kernel code
 *
 * The handler runs on the thread's signal stack with all signals blocked and never calls guest code. Like a processor it pushes a frame (struct
 * um_regs) on the interrupted stack and lets the interrupted code continue in um_irq_entry or um_exception_entry (kernel/entry.S), which
 * end by restoring that frame. So the guest kernel may switch stacks, and threads, inside an interrupt.
 *
 * An interrupt is taken only if um_cpu.irq_off is clear; the frame is taken with it set.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <asm/prctl.h>
#include <asm/signal.h>
#include <asm/siginfo.h>
#include <um/clock.h>
#include <um/cpu.h>
#include <um/layout.h>
#include <um/log.h>
#include <um/regs.h>
#include <um/trap.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"

#define SIGNAL_STACK_SIZE	0x10000
#define RED_ZONE		128	/* the host's vDSO, which we call, may use it */

UM_STATIC_ASSERT(__builtin_offsetof(struct um_cpu, pending) == 0, "entry.S");

/* The host kernel's ucontext, as far as it is used here. */
struct host_ucontext {
	unsigned long uc_flags;
	unsigned long uc_link;
	unsigned long uc_stack[3];
	__u64 r8, r9, r10, r11, r12, r13, r14, r15;
	__u64 di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	__u16 cs, gs, fs, ss;
	__u64 err, trapno, oldmask, cr2;
};

__u64 um_irq_lines;
unsigned int um_ncpus = 1;

static struct um_cpu *cpus[UM_NR_CPUS_MAX];
static int process_id;

/* The calling vCPU's record. */
static inline struct um_cpu *this_cpu(void)
{
	__u32 id;

	__asm__ volatile("movl %%gs:um_cpu+%c1, %0" : "=r"(id) : "i"(__builtin_offsetof(struct um_cpu, id)));
	return cpus[id];
}

static inline __u32 irq_off(void)
{
	__u32 off;

	__asm__ volatile("movl %%gs:um_cpu+%c1, %0" : "=r"(off) : "i"(__builtin_offsetof(struct um_cpu, irq_off)));
	return off;
}

static inline void set_irq_off(void)
{
	__asm__ volatile("movl $1, %%gs:um_cpu+%c0" : : "i"(__builtin_offsetof(struct um_cpu, irq_off)) : "memory");
}

__u32 host_cpu_pending(void)
{
	__u32 pending;

	__asm__ volatile("movl %%gs:um_cpu+%c1, %0" : "=r"(pending) : "i"(__builtin_offsetof(struct um_cpu, pending)));
	return pending;
}

/* Push the interrupted state on the interrupted stack; returns the frame. */
static struct um_regs *push_frame(const struct host_ucontext *uc)
{
	struct um_regs *regs = (void *)((uc->sp - RED_ZONE - sizeof(*regs)) & ~15UL);

	regs->r15 = uc->r15;
	regs->r14 = uc->r14;
	regs->r13 = uc->r13;
	regs->r12 = uc->r12;
	regs->bp = uc->bp;
	regs->bx = uc->bx;
	regs->r11 = uc->r11;
	regs->r10 = uc->r10;
	regs->r9 = uc->r9;
	regs->r8 = uc->r8;
	regs->ax = uc->ax;
	regs->cx = uc->cx;
	regs->dx = uc->dx;
	regs->si = uc->si;
	regs->di = uc->di;
	regs->orig_ax = ~0UL;
	regs->ip = uc->ip;
	regs->cs = UM_KERNEL_CS;
	regs->flags = uc->flags;
	regs->sp = uc->sp;
	regs->ss = uc->ss;
	return regs;
}

/* Let the interrupted code continue in @entry(@regs, @a, @b). */
static void divert(struct host_ucontext *uc, struct um_regs *regs, void (*entry)(void), unsigned long a, unsigned long b)
{
	uc->sp = (unsigned long)regs;
	uc->ip = (unsigned long)entry;
	uc->di = (unsigned long)regs;
	uc->si = a;
	uc->dx = b;
	uc->flags &= ~(UM_FLAGS_DF | UM_FLAGS_TF | UM_FLAGS_AC);
}

static void irq_signal(int sig, siginfo_t *info, void *context)
{
	struct host_ucontext *uc = context;

	(void)info;
	if (sig == UM_SIG_TIMER)
		__atomic_or_fetch(&this_cpu()->pending, UM_PEND_TIMER, __ATOMIC_SEQ_CST);
	if (uc->ip >= (unsigned long)host_wait_begin && uc->ip < (unsigned long)host_wait_end)
		uc->ip = (unsigned long)host_wait_out;
	if (irq_off())
		return;
	set_irq_off();
	divert(uc, push_frame(uc), um_irq_entry, 0, 0);
}

/* Is @sp in memory that a stack may be in? A frame pushed anywhere else would end the process without a word. */
static int stack_ok(unsigned long sp)
{
	return (sp >= UM_KERNEL_BASE && sp < UM_MODULES_END) || (sp >= UM_DIRECT_BASE && sp < UM_VMALLOC_END) ||
	       sp >= UM_KASAN_SHADOW + UM_KASAN_SHADOW_SIZE;
}

static void exception_signal(int sig, siginfo_t *info, void *context)
{
	struct host_ucontext *uc = context;
	struct um_regs *regs;
	char line[160];

	if (!stack_ok(uc->sp)) {
		host_console_write(line, host_snprintf(line, sizeof(line),
			"\nKernel stack pointer is bad: signal %d at ip %lx, sp %lx, address %lx\n",
			sig, (unsigned long)uc->ip, (unsigned long)uc->sp, (unsigned long)uc->cr2));
		host_exit(1);
	}
	regs = push_frame(uc);
	if (irq_off())
		regs->flags &= ~(__u64)UM_FLAGS_IF;
	set_irq_off();
	regs->orig_ax = uc->err;
	divert(uc, regs, um_exception_entry, uc->trapno | (unsigned long)sig << 8,
	       uc->trapno == UM_TRAP_PAGE_FAULT ? uc->cr2 : (unsigned long)info->_sifields._sigfault._addr);
}

static void set_handler(int sig, void (*fn)(int, siginfo_t *, void *))
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		__u64 mask;
	} sa = { fn, SA_SIGINFO | SA_ONSTACK | SA_RESTORER, host_signal_return, ~0ULL };

	HOST_CALL(__NR_rt_sigaction, sig, &sa, 0, 8);
}

static void init_signals(void)
{
	static const int exceptions[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(exceptions); i++)
		set_handler(exceptions[i], exception_signal);
	set_handler(UM_SIG_TIMER, irq_signal);
	set_handler(UM_SIG_WAKE, irq_signal);
}

/* The calling thread becomes a vCPU: signal stack, signals, host CPU. */
static int init_thread(struct um_cpu *cpu)
{
	struct { unsigned long sp; int flags; unsigned long size; } ss = { .size = SIGNAL_STACK_SIZE };
	__u64 mask = ~(HOST_SIGBIT(UM_SIG_TIMER) | HOST_SIGBIT(UM_SIG_WAKE) | HOST_SIGBIT(SIGSEGV) | HOST_SIGBIT(SIGBUS) |
		       HOST_SIGBIT(SIGILL) | HOST_SIGBIT(SIGFPE) | HOST_SIGBIT(SIGTRAP));
	long ret;

	ss.sp = HOST_CALL(__NR_mmap, 0, ss.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (host_is_error(ss.sp))
		return ss.sp;
	ret = HOST_CALL(__NR_sigaltstack, &ss, 0);
	if (ret)
		return ret;
	cpus[cpu->id] = cpu;
	__atomic_store_n(&cpu->host_tid, HOST_CALL(__NR_gettid), __ATOMIC_SEQ_CST);
	if (host_place(cpu->id) >= 0)
		host_place_pin(0, host_place(cpu->id));
	ret = host_timer_init();
	if (ret)
		return ret;
	return HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
}

unsigned int host_cpu_id(void)
{
	return this_cpu()->id;
}

__u32 host_cpu_tid(void)
{
	return this_cpu()->host_tid;
}

int host_cpu_process(void)
{
	return process_id;
}

void host_cpu_set_base(unsigned long offset, struct um_cpu *cpu)
{
	cpus[cpu->id] = cpu;
	host_set_gsbase(offset);
}

int host_cpu_init_boot(struct um_cpu *cpu)
{
	int spare, ret;

	process_id = HOST_CALL(__NR_getpid);
	spare = host_place_init();
	init_signals();
	ret = init_thread(cpu);
	if (!ret)
		host_handoff_init(spare);
	return ret;
}

struct cpu_start {
	struct um_cpu *cpu;
	unsigned long offset;
	void (*entry)(void);
	__u32 done;
	int error;
};

static void cpu_thread(void *arg)
{
	struct cpu_start *start = arg;
	void (*entry)(void) = start->entry;
	int error;

	host_set_gsbase(start->offset);
	error = init_thread(start->cpu);
	start->error = error;
	__atomic_store_n(&start->done, 1, __ATOMIC_SEQ_CST);
	HOST_CALL(__NR_futex, &start->done, FUTEX_WAKE, 1);
	if (error)
		for (;;)
			HOST_CALL(__NR_exit, 0);
	entry();
}

int host_cpu_start(struct um_cpu *cpu, unsigned long offset, void *stack, void (*entry)(void))
{
	struct cpu_start start = { .cpu = cpu, .offset = offset, .entry = entry };
	__u64 all = ~0ULL, old;
	long tid;

	/* The new thread inherits the mask: no signal may reach it before it has its record and its signal stack. */
	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
	tid = host_cpu_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
			     stack, cpu_thread, &start);
	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
	if (tid < 0)
		return tid;
	while (!__atomic_load_n(&start.done, __ATOMIC_SEQ_CST))
		HOST_CALL(__NR_futex, &start.done, FUTEX_WAIT, 0, 0);
	return start.error;
}

void host_cpu_idle(void)
{
	__u32 nothing = 0;

	host_cpu_wait_word(&nothing, 0);
}

void host_cpu_raise(struct um_cpu *cpu, __u32 bits)
{
	__u32 old = __atomic_fetch_or(&cpu->pending, bits, __ATOMIC_SEQ_CST);
	__u32 tid = __atomic_load_n(&cpu->host_tid, __ATOMIC_SEQ_CST);

	if (!(old & bits) && tid)
		HOST_CALL(__NR_tgkill, process_id, tid, UM_SIG_WAKE);
}

void host_irq_raise(unsigned int line)
{
	__atomic_fetch_or(&um_irq_lines, 1ULL << line, __ATOMIC_SEQ_CST);
	if (cpus[0])
		host_cpu_raise(cpus[0], UM_PEND_IRQ);
}

void host_cpu_relax(void)
{
	HOST_CALL(__NR_sched_yield);
}
