// SPDX-License-Identifier: GPL-2.0
/*
 * host/handoff.c - how a vCPU and its contexts hand over to each other: on one host CPU, or between two
 *
 *   pair    both work on one host CPU and sleep while the other one works: a hand-over is a switch of threads there.
 *   apart   the contexts work on a second host CPU. Who waits looks at the word for about as long as a wake-up takes, then sleeps. A hand-over
 *           costs a fifth of a switch, but one that finds a sleeper wakes an idle host CPU, which costs five times as much.
 *
 * So apart pays while hand-overs follow each other closely in one context, and where a second host CPU has nothing else to do (host/place.c
 * finds one). Each vCPU keeps a score: every hand-over that a looking thread would have seen counts for it; every one that would have found a sleeper
 * counts against it by what it costs more. The same is counted in either state, so it needs no trying.
 *
 * Apart, a turn to another context must not let the second host CPU idle, nor interrupt it. So the next context is woken while the last one still looks,
 * and does not drive it away, for the scheduling class of both says so (host/space.c); then the last one is told to sleep, and that is the switch.
 *
 * handoff= on the command line: auto is the above; pair and split are one of the two, always.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <asm/signal.h>
#include <um/clock.h>
#include <um/cpu.h>
#include <um/layout.h>
#include <um/log.h>
#include <um/option.h>
#include <um/place.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"
#include "space.h"

#define LOOK_MIN_NS	20000
#define LOOK_MAX_NS	200000
#define PROBE_ROUNDS	9
#define PROBE_PATIENCE_NS 5000000	/* on a busy host */
#define PROBE_STOP	~0u
#define SCORE_MAX	96
#define SCORE_APART	48		/* with so much we go apart; with none we are a pair again */
#define SCORE_SLOW	8		/* what a hand-over to a sleeper costs, in hand-overs that save that much */
#define CALIBRATE_ROUNDS 2000

enum { HANDOFF_AUTO, HANDOFF_PAIR, HANDOFF_SPLIT };

/**
 * struct handoff - of one vCPU, written by itself
 * @ctx:    context that it let go last
 * @before: the one before, if another
 * @since:  when the side that works now took over
 * @least:  the shortest time that a context was away on the vCPU's own host CPU: what the switches there take
 * @batch:  it took the mapper on the way, so how long it was away says nothing
 * @score:  see above
 * @stats:  for /proc/handoff
 */
static struct handoff {
	struct host_ctx *ctx;
	struct host_ctx *before;
	__u64 since;
	__u64 least;
	int batch;
	int score;
	struct host_handoff_stats stats;
} handoffs[UM_NR_CPUS_MAX];

static int handoff_mode;
static __u64 look_ns = LOOK_MIN_NS;	/* how long who waits looks; measured once */
static __u32 look_rounds;		/* of the stub's loop, in that time */

/* A thread on another host CPU that answers each change of @word by one of its own, until it is PROBE_STOP. */
static struct probe {
	int cpu;
	__u32 word;
	__u8 stack[4096] __attribute__((aligned(16)));
} probe;

/* Sleep while the word is @old; the new value */
static __u32 probe_wait(__u32 old)
{
	__u32 word;

	while ((word = __atomic_load_n(&probe.word, __ATOMIC_SEQ_CST)) == old)
		HOST_CALL(__NR_futex, &probe.word, FUTEX_WAIT, old, 0);
	return word;
}

static void probe_set(__u32 value)
{
	__atomic_store_n(&probe.word, value, __ATOMIC_SEQ_CST);
	HOST_CALL(__NR_futex, &probe.word, FUTEX_WAKE, 1);
}

static void probe_thread(void *arg)
{
	__u32 word = 0;

	(void)arg;
	host_place_pin(0, probe.cpu);
	while ((word = probe_wait(word)) != PROBE_STOP)
		probe_set(++word);
	for (;;)
		HOST_CALL(__NR_exit, 0);
}

/* What it takes to wake an idle host CPU and to be woken by it: the fastest of some rounds, for others may disturb. 0: unknown */
static __u64 measure_wakeup(int cpu)
{
	__u64 mask = ~0ULL, old, begin = host_clock_ns(), start, now, best = 0;
	long tid;
	__u32 i;

	probe.cpu = cpu;
	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &mask, &old, 8);
	tid = host_cpu_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
			     probe.stack + sizeof(probe.stack), probe_thread, 0);
	for (i = 0; tid > 0 && i < PROBE_ROUNDS; i++) {
		start = host_clock_ns();
		probe_set(2 * i + 1);
		probe_wait(2 * i + 1);
		now = host_clock_ns();
		if (i && (!best || now - start < best))
			best = now - start;
		if (now - begin > PROBE_PATIENCE_NS)
			break;
	}
	probe_set(PROBE_STOP);
	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
	return best;
}

/**
 * host_handoff_init() - find out how long to look: as long as it takes to sleep and be woken; then half the time is lost at most
 * @cpu: a host CPU that the calling vCPU does not work on, -1: there is none to spare
 */
void host_handoff_init(int cpu)
{
	__u64 start, ns;
	unsigned int i;

	if (cpu < 0 || handoff_mode == HANDOFF_PAIR)
		return;
	look_ns = measure_wakeup(cpu);
	if (look_ns < LOOK_MIN_NS)
		look_ns = LOOK_MIN_NS;
	if (look_ns > LOOK_MAX_NS)
		look_ns = LOOK_MAX_NS;
	start = host_clock_ns();
	for (i = 0; i < CALIBRATE_ROUNDS; i++)
		__asm__ volatile("pause" : : : "memory");
	ns = host_clock_ns() - start;
	look_rounds = ns ? look_ns * CALIBRATE_ROUNDS / ns : CALIBRATE_ROUNDS;
}

/** host_handoff_look() - wait a while for a word to change, or an interrupt: the other side works on another host CPU */
void host_handoff_look(const volatile __u32 *word, __u32 old)
{
	__u64 end = host_clock_ns() + look_ns;
	unsigned int i;

	do {
		for (i = 0; i < 16; i++) {
			if (*word != old || host_cpu_pending())
				return;
			__asm__ volatile("pause" : : : "memory");
		}
	} while (host_clock_ns() < end);
}

static void rate(struct handoff *h, int points)
{
	h->score += points;
	if (h->score > SCORE_MAX)
		h->score = SCORE_MAX;
	if (h->score < 0)
		h->score = 0;
}

static void decide(struct handoff *h, unsigned int vcpu)
{
	int apart = h->stats.apart;

	if (handoff_mode == HANDOFF_AUTO) {
		if (h->score >= SCORE_APART)
			apart = host_place_spare(vcpu) >= 0;
		else if (!h->score || host_place_spare(vcpu) < 0)
			apart = 0;
	} else {
		apart = handoff_mode == HANDOFF_SPLIT;
	}
	if (apart != h->stats.apart)
		h->stats.changes++;
	h->stats.apart = apart;
}

/** host_handoff_wants_apart() - would this vCPU go apart if there were a host CPU to spare? */
int host_handoff_wants_apart(unsigned int vcpu)
{
	return handoff_mode == HANDOFF_AUTO && handoffs[vcpu].score >= SCORE_APART;
}

/** host_handoff_is_split() - does handoff=split on the command line give every vCPU two host CPUs? */
int host_handoff_is_split(void)
{
	return handoff_mode == HANDOFF_SPLIT;
}


/**
 * host_handoff_resume() - the vCPU is about to let a context go
 * @c:     which
 * @batch: after the mapper
 *
 * Return: the host CPU that the context should work on, -1: any
 */
int host_handoff_resume(unsigned int vcpu, struct host_ctx *c, int batch)
{
	struct handoff *h = &handoffs[vcpu];
	__u64 now = host_clock_ns();

	h->before = 0;
	if (c != h->ctx) {
		h->before = h->ctx;
		h->stats.turns++;
	}
	if (now - h->since > look_ns)
		rate(h, -SCORE_SLOW);
	h->ctx = c;
	h->since = now;
	h->batch = batch;
	decide(h, vcpu);
	host_ctx_shared(c)->spin = h->stats.apart ? look_rounds : 1;
	return h->stats.apart ? host_place_spare(vcpu) : host_place(vcpu);
}

/** host_handoff_released() - the context has been let go: the one before need not look any more, for its host CPU is wanted */
void host_handoff_released(unsigned int vcpu)
{
	struct host_ctx *before = handoffs[vcpu].before;

	if (before)
		host_ctx_shared(before)->spin = 1;
}

/** host_handoff_event() - the vCPU's context has posted an event, @remote: on another host CPU */
void host_handoff_event(unsigned int vcpu, int remote)
{
	struct handoff *h = &handoffs[vcpu];
	__u64 now = host_clock_ns(), took = now - h->since;
	int slow;

	if (!remote && (!h->least || took < h->least))
		h->least = took;
	slow = took > look_ns + (remote ? 0 : h->least);
	if (!slow)
		rate(h, 1);
	else if (!h->batch)
		rate(h, -SCORE_SLOW);
	h->since = now;
	if (!remote)
		h->stats.pair++;
	else if (slow)
		h->stats.slept++;
	else
		h->stats.quick++;
}

void host_handoff_stats(unsigned int vcpu, struct host_handoff_stats *stats)
{
	*stats = handoffs[vcpu].stats;
	stats->kernel_cpu = host_place(vcpu);
	stats->user_cpu = stats->apart ? host_place_spare(vcpu) : host_place(vcpu);
}

/** host_handoff_choose() - set the mode by its name. Return: 0; -EINVAL: no such mode; -EBUSY: it needs more host CPUs than we may use */
int host_handoff_choose(const char *name)
{
	static const char *const names[] = {
		[HANDOFF_AUTO] = "auto", [HANDOFF_PAIR] = "pair", [HANDOFF_SPLIT] = "split",
	};
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			break;
	if (i == HOST_ARRAY_SIZE(names))
		return -EINVAL;
	if (i == HANDOFF_SPLIT && host_cpus_allowed() < 2)
		return -EBUSY;
	handoff_mode = i;
	return 0;
}

static int parse_handoff(const struct um_option *opt, const char *suffix, const char *value)
{
	int ret = host_handoff_choose(value);

	(void)opt;
	(void)suffix;
	if (ret == -EINVAL)
		host_error("handoff=%s: give auto, pair or split", value);
	if (ret == -EBUSY)
		host_error("handoff=split: needs two host CPUs, and this process may use one; leave it out, or see 'taskset -p'");
	return ret;
}

UM_OPTION(handoff) = {
	.name = "handoff", .arg = "auto|pair|split", .parse = parse_handoff,
	.help = "Where guest programs and the guest kernel run: on one host CPU in turn (pair), on two (split), or as the load of the host "
		"and of the guest suggests (auto, the default). /proc/handoff in the guest shows what happens.",
};
