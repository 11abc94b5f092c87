// SPDX-License-Identifier: GPL-2.0
/*
 * host/clock.c - host nanoseconds from the TSC, kept true against the host's clock; one-shot timers of the vCPUs
 *
 * World: host. The counter is base_ns + ((tsc - base_tsc) * mult >> shift), under a sequence count, with parameters
 * that guest programs read too (um/clock.h). Four rules make it never go back:
 *
 *   - The new base of a change is the old formula's value at a TSC that was read after the sequence count went odd. A reader who
 *     finishes with the old parameters has read its TSC before that.
 *   - Only the rate follows the host's clock: what the counter is behind or ahead is made good over the next seconds.
 *   - A TSC before the base counts as the base (two host CPUs may differ by some cycles).
 *   - Where the TSC cannot be trusted (the host itself does not use it; it went back a long way, as after a host's
 *     suspension), the mode is UM_CLOCK_SYSCALL, and the counter is the host's clock plus an offset.
 *
 * The host's clock is read through its vDSO, which may use the red zone below the stack pointer: cpu.c leaves that
 * alone when it pushes a frame.
 *
 * Calibration takes two samples, at the program's start and in host_clock_init(), so that it need not wait. The first
 * rate is good to some parts per million; each discipline then measures the rate over the time since the last one.
 */
#include <asm-generic/signal-defs.h>
#include <asm/siginfo.h>
#include <linux/errno.h>
#include <linux/prctl.h>
#include <linux/signal.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include <um/clock.h>
#include <um/cpu.h>
#include <um/layout.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define NS_PER_SEC		1000000000ULL
#define CALIBRATE_MIN_NS	5000000ULL	/* least time between the two samples at start-up */
#define SAMPLE_TRIES		8
#define SETTLE_NS		2000000000LL	/* time in which an error is to be made good */
#define SLEW_LIMIT		200		/* a correction changes the rate by 1/200 at the most */
#define STEP_NS			1000000000LL	/* an error above this is the host's sleep: it stays as an offset */
#define TSC_WENT_BACK		(1LL << 31)	/* cycles, about a second: no skew between CPUs */
#define CPUID_INVARIANT_TSC	(1u << 8)

typedef int (*vdso_gettime_fn)(int clock, struct __kernel_timespec *ts);

/* The TSC and the host's monotonic clock at one instant; @width: cycles within which the two were read. */
struct sample {
	__u64 tsc;
	__u64 ns;
	__u64 width;
};

static struct um_clock_params *params;	/* NULL: the counter is the host's clock */
static vdso_gettime_fn vdso_gettime;
static struct sample first, last;	/* at start-up; at the last calibration or discipline */
static __s64 offset_ns;			/* counter minus the host's clock, wanted */
static __u32 writer;			/* a change of the parameters is going on */
static int timer_ids[UM_NR_CPUS_MAX];

static __u64 read_tsc(void)
{
	__u32 lo, hi;

	__asm__ volatile("lfence\n\trdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (__u64)hi << 32;
}

static __u64 read_syscall(int clock)
{
	struct __kernel_timespec ts = { 0, 0 };

	HOST_CALL(__NR_clock_gettime, clock, &ts);
	return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static __u64 read_host(void)
{
	struct __kernel_timespec ts;

	if (vdso_gettime && vdso_gettime(CLOCK_MONOTONIC, &ts) == 0)
		return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
	return read_syscall(CLOCK_MONOTONIC);
}

/* The narrowest of several, as any of them may be interrupted. */
static void take_sample(struct sample *best)
{
	struct sample s;
	__u64 before;
	int i;

	best->width = ~0ULL;
	for (i = 0; i < SAMPLE_TRIES; i++) {
		before = read_tsc();
		s.ns = read_host();
		s.width = read_tsc() - before;
		s.tsc = before + s.width / 2;
		if (s.width < best->width)
			*best = s;
	}
}

static __u64 scale(__u64 cycles, __u32 mult, __u32 shift)
{
	return (__u64)(((unsigned __int128)cycles * mult) >> shift);
}

static __u64 value_at(__u64 tsc)
{
	__s64 delta = (__s64)(tsc - params->base_tsc);

	return params->base_ns + scale(delta > 0 ? delta : 0, params->mult, params->shift);
}

/* mult for @ns nanoseconds in @cycles cycles; 0 if it does not fit. */
static __u32 rate(__u64 ns, __u64 cycles, __u32 shift)
{
	unsigned __int128 m;

	if (!cycles)
		return 0;
	/* a quotient of two 64-bit numbers after scaling: 128-bit division would need a library */
	while (ns >> (63 - shift)) {
		ns >>= 1;
		cycles >>= 1;
	}
	if (!cycles)
		return 0;
	m = (ns << shift) / cycles;
	return m >> 32 ? 0 : (__u32)m;
}

/* Is the TSC what the host itself keeps time with, and may we read it? */
static int tsc_is_good(void)
{
	__u32 eax = 0x80000000, ebx, ecx = 0, edx;
	int access = PR_TSC_ENABLE;
	char source[32];

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (eax < 0x80000007)
		return 0;
	eax = 0x80000007;
	ecx = 0;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (!(edx & CPUID_INVARIANT_TSC))
		return 0;
	HOST_CALL(__NR_prctl, PR_GET_TSC, &access);
	if (access != PR_TSC_ENABLE)
		return 0;
	if (host_file_read("/sys/devices/system/clocksource/clocksource0/current_clocksource",
			   source, sizeof(source)) <= 0)
		return 0;
	return strcmp(source, "tsc\n") == 0 || strcmp(source, "kvm-clock\n") == 0;
}

/** host_clock_early() - first sample, as early as possible; main thread */
void host_clock_early(void)
{
	vdso_gettime = (vdso_gettime_fn)host_vdso_symbol(host_start.vdso, "__vdso_clock_gettime");
	take_sample(&first);
}

/**
 * host_clock_init() - calibrate, and let the parameters live in @p
 * @p: zeroed page that guest programs can read; host_clock_ns() reads it from now on
 *
 * Return: 0. A host without a usable TSC is no error.
 */
int host_clock_init(struct um_clock_params *p)
{
	__u32 shift = 31, mult;

	p->mode = UM_CLOCK_SYSCALL;
	if (!tsc_is_good())
		return 0;
	do {
		take_sample(&last);
	} while (last.ns - first.ns < CALIBRATE_MIN_NS);

	/* the largest shift with a mult of 32 bits gives the finest rate */
	mult = rate(last.ns - first.ns, last.tsc - first.tsc, shift);
	while (!mult && shift > 8)
		mult = rate(last.ns - first.ns, last.tsc - first.tsc, --shift);
	if (!mult)
		return 0;
	while (!(mult >> 30) && shift < 40) {
		shift++;
		mult <<= 1;
	}
	p->base_tsc = last.tsc;
	p->base_ns = last.ns;
	p->mult = mult;
	p->shift = shift;
	p->mode = UM_CLOCK_TSC;
	__atomic_store_n(&params, p, __ATOMIC_RELEASE);
	return 0;
}

/**
 * host_clock_ns() - the counter
 *
 * Return: host nanoseconds.
 */
__u64 host_clock_ns(void)
{
	const struct um_clock_params *p = __atomic_load_n(&params, __ATOMIC_ACQUIRE);
	__u64 ns, base;
	__s64 delta;
	__u32 seq, mode;

	if (!p)
		return read_host();
	do {
		while ((seq = __atomic_load_n(&p->seq, __ATOMIC_ACQUIRE)) & 1)
			__asm__ volatile("pause");
		mode = p->mode;
		base = p->base_ns;
		delta = (__s64)(read_tsc() - p->base_tsc);
		ns = base + scale(delta > 0 ? delta : 0, p->mult, p->shift);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__atomic_load_n(&p->seq, __ATOMIC_RELAXED) != seq);

	if (mode == UM_CLOCK_TSC)
		return ns;
	ns = read_host() + __atomic_load_n(&offset_ns, __ATOMIC_RELAXED);
	return ns > base ? ns : base;
}

/**
 * host_clock_realtime_ns() - the host's time of day
 *
 * Return: nanoseconds since 1970.
 */
__u64 host_clock_realtime_ns(void)
{
	return read_syscall(CLOCK_REALTIME);
}

/* The sequence count is odd until change_end(). Returns the TSC at which the change takes place. */
static __u64 change_begin(void)
{
	__atomic_store_n(&params->seq, params->seq + 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return read_tsc();
}

static void change_end(void)
{
	__atomic_store_n(&params->seq, params->seq + 1, __ATOMIC_RELEASE);
}

/* Go on from the present value with another rate. */
static void change_rate(__u32 mult)
{
	__u64 tsc = change_begin();

	params->base_ns = value_at(tsc);
	params->base_tsc = tsc;
	params->mult = mult;
	change_end();
}

/* The TSC is useless: go on from the present value with the host's clock. */
static void leave_tsc(void)
{
	__u64 tsc = change_begin();
	__u64 ns = value_at(tsc);
	__s64 behind = (__s64)(ns - read_host());

	if (behind > offset_ns)
		__atomic_store_n(&offset_ns, behind, __ATOMIC_RELAXED);
	params->base_ns = ns;
	params->mode = UM_CLOCK_SYSCALL;
	change_end();
}

/*
 * The rate for the next seconds: the one measured since the last sample, and what makes good the error. @error: counter
 * minus what it should be.
 */
static void follow(const struct sample *now, __s64 error)
{
	__u32 mult = rate(now->ns - last.ns, now->tsc - last.tsc, params->shift);
	__s64 limit, correction;

	if (!mult)
		return;
	limit = mult / SLEW_LIMIT;
	correction = (__s64)mult * (error >> 4) / (SETTLE_NS >> 4);
	if (correction > limit)
		correction = limit;
	if (correction < -limit)
		correction = -limit;
	change_rate(mult - correction);
}

/**
 * host_clock_discipline() - compare with the host's clock and adjust the rate
 *
 * Called about once a second with guest interrupts off, as their handlers read the counter. A call while another is
 * going on does nothing.
 */
void host_clock_discipline(void)
{
	struct sample now;
	__s64 error;

	if (!params || params->mode != UM_CLOCK_TSC || __atomic_exchange_n(&writer, 1, __ATOMIC_ACQUIRE))
		return;
	take_sample(&now);
	if ((__s64)(now.tsc - params->base_tsc) < -TSC_WENT_BACK) {
		leave_tsc();
	} else if (now.ns - last.ns >= NS_PER_SEC / 10) {
		error = (__s64)(value_at(now.tsc) - now.ns) - offset_ns;
		if (error > STEP_NS || error < -STEP_NS) {
			offset_ns += error;
			error = 0;
		} else {
			follow(&now, error);
		}
		last = now;
	}
	__atomic_store_n(&writer, 0, __ATOMIC_RELEASE);
}

/* The calling vCPU's number, out of its per-CPU area. */
static __u32 this_vcpu(void)
{
	__u32 id;

	__asm__ volatile("movl %%gs:um_cpu+%c1, %0" : "=r"(id) : "i"(__builtin_offsetof(struct um_cpu, id)));
	return id;
}

/**
 * host_timer_init() - make the calling vCPU's one-shot timer
 *
 * Return: 0 or negative errno.
 */
int host_timer_init(void)
{
	struct sigevent sev = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = UM_SIG_TIMER,
	};

	sev._sigev_un._tid = (int)HOST_CALL(__NR_gettid);
	return (int)HOST_CALL(__NR_timer_create, CLOCK_MONOTONIC, &sev, &timer_ids[this_vcpu()]);
}

/**
 * host_timer_arm() - (re)arm the calling vCPU's timer; called with its interrupts off
 * @delta_ns: from now, 0 disarms
 */
void host_timer_arm(__u64 delta_ns)
{
	struct __kernel_itimerspec when = {
		.it_value = { .tv_sec = delta_ns / NS_PER_SEC, .tv_nsec = delta_ns % NS_PER_SEC },
	};

	HOST_CALL(__NR_timer_settime, timer_ids[this_vcpu()], 0, &when, NULL);
}
