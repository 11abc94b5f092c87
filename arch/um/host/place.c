// SPDX-License-Identifier: GPL-2.0
/*
 * host/place.c - on which host CPU a vCPU works
 *
 * Each vCPU thread is pinned to one host CPU, and the contexts and mappers that work for it follow it there (host/space*.c): a hand-off between threads of
 * one host CPU costs a tenth of one that wakes an idle CPU. The host's scheduler would take the threads apart, so it is for us to
 * notice when others crowd that CPU while another one idles:
 *
 *   a busy vCPU looks every BALANCE_NS how long it, and the context that it works with, were kept waiting for the CPU (schedstat);
 *   when that is a large part of the time, it notes how idle each host CPU is (/proc/stat), and looks again after another BALANCE_NS;
 *   if it is still kept waiting, and another host CPU where none of our vCPUs works was idle meanwhile, it moves there.
 *
 * Two kernels that crowd each other would both move; so each draws lots first. Where the files cannot be read, vCPUs stay where they started.
 *
 * A vCPU that hands over often may have a second host CPU for its contexts (host/handoff.c): one that was idle between two looks. These follow each
 * other sooner (SOON_NS), because a program that calls so often gains much and may end soon. It is given back when either is kept waiting much:
 * somebody else wants to work there.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <um/clock.h>
#include <um/cpu.h>
#include <um/layout.h>
#include <um/log.h>
#include <um/place.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"

#define MAX_HOST_CPUS		1024
#define BALANCE_NS		100000000ULL
#define SOON_NS			40000000ULL	/* between looks for a spare host CPU */
#define REST_NS			1000000000ULL	/* after a move */
#define STALE_NS		(4 * BALANCE_NS)	/* a vCPU that was idle so long has no story */
#define CROWDED_PERCENT		35		/* hand-offs alone make up to a quarter */
#define IDLE_PERCENT		60
#define JIFFY_NS		10000000ULL	/* of /proc/stat: USER_HZ is 100 */

/**
 * struct place - where a vCPU works, and what it has seen there; written by the vCPU itself
 * @cpu:      host CPU, -1: not pinned
 * @spare:    a second one, for its contexts, -1: none
 * @rest:     no spare one is looked for until then
 * @pid:      context that it let go last
 * @tid:
 * @next:     time of the next look
 * @last:     time of the last look
 * @waited:   of the vCPU's thread until then, in ns
 * @ctx_tid:  context seen then, and
 * @ctx_waited: how long it had waited
 * @noted:    when @idle was taken, 0: it was not
 * @idle:     of each host CPU, in jiffies
 */
static struct place {
	int cpu, spare;
	__u64 rest;
	__u32 pid, tid;
	__u64 next, last, waited;
	__u32 ctx_tid;
	__u64 ctx_waited;
	__u64 noted;
	__u32 *idle;
} places[UM_NR_CPUS_MAX];

static unsigned long allowed[MAX_HOST_CPUS / 64];
static int nr_allowed;

static int cpu_allowed(int cpu)
{
	return allowed[cpu / 64] >> (cpu % 64) & 1;
}

static int cpu_taken(int cpu)
{
	unsigned int i;

	for (i = 0; i < um_ncpus; i++)
		if (places[i].cpu == cpu || places[i].spare == cpu)
			return 1;
	return 0;
}

static int next_allowed(int cpu)
{
	do
		cpu = (cpu + 1) % MAX_HOST_CPUS;
	while (!cpu_allowed(cpu));
	return cpu;
}

/**
 * host_place_init() - choose a host CPU for each vCPU: one after the other among the allowed, from where the host started us
 *
 * Return: one more that is allowed, where no vCPU works, or -1
 */
int host_place_init(void)
{
	unsigned int cpu = 0, i;
	long len;
	int c;

	for (i = 0; i < UM_NR_CPUS_MAX; i++) {
		places[i].cpu = -1;
		places[i].spare = -1;
	}
	len = HOST_CALL(__NR_sched_getaffinity, 0, sizeof(allowed), allowed);
	if (len <= 0)
		return -1;
	for (c = 0; c < MAX_HOST_CPUS; c++)
		nr_allowed += cpu_allowed(c);
	HOST_CALL(__NR_getcpu, &cpu, 0, 0);
	for (i = 0, c = (int)cpu - 1; i < um_ncpus && nr_allowed; i++) {
		c = next_allowed(c);
		places[i].cpu = c;
		if (host_handoff_is_split())
			places[i].spare = next_allowed(c);
	}
	if (host_handoff_is_split() || nr_allowed > (int)um_ncpus)
		return next_allowed(c);
	return -1;
}

/** host_place() - host CPU that a vCPU is pinned to, -1: none */
int host_place(unsigned int vcpu)
{
	return places[vcpu].cpu;
}

/** host_place_spare() - host CPU that a vCPU may have its contexts on, -1: none is free */
int host_place_spare(unsigned int vcpu)
{
	return places[vcpu].spare;
}

/** host_place_pin() - pin one of our threads, 0: the calling one */
void host_place_pin(__u32 tid, int host_cpu)
{
	unsigned long mask[MAX_HOST_CPUS / 64] = { 0 };

	mask[host_cpu / 64] = 1UL << (host_cpu % 64);
	HOST_CALL(__NR_sched_setaffinity, tid, sizeof(mask), mask);
}

/** host_place_anywhere() - the calling thread, pinned like the one that made it, may work on every host CPU that the host let us use at the start */
void host_place_anywhere(void)
{
	if (nr_allowed)
		HOST_CALL(__NR_sched_setaffinity, 0, sizeof(allowed), allowed);
}

/** host_place_context() - the context that the vCPU is about to let go, for the next look */
void host_place_context(unsigned int vcpu, __u32 pid, __u32 tid)
{
	places[vcpu].pid = pid;
	places[vcpu].tid = tid;
}

static const char *number(const char *s, __u64 *value)
{
	while (*s == ' ')
		s++;
	for (*value = 0; host_is_digit(*s); s++)
		*value = *value * 10 + (*s - '0');
	return s;
}

/* Nanoseconds that a thread was ready to run and did not: the second number of its schedstat. */
static __u64 waited_of(__u32 pid, __u32 tid)
{
	char path[64], buf[96];
	__u64 ran, waited = 0;
	long fd, n;

	host_snprintf(path, sizeof(path), "/proc/%u/task/%u/schedstat", pid, tid);
	fd = HOST_CALL(__NR_open, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	n = HOST_CALL(__NR_read, fd, buf, sizeof(buf) - 1);
	HOST_CALL(__NR_close, fd);
	if (n > 0) {
		buf[n] = 0;
		number(number(buf, &ran), &waited);
	}
	return waited;
}

/* "cpu3 user nice system idle iowait ..." */
static void stat_line(const char *s, __u32 *idle)
{
	__u64 cpu, value, sum = 0;
	int i;

	s = number(s + 3, &cpu);
	for (i = 0; i < 5; i++) {
		s = number(s, &value);
		if (i >= 3)
			sum += value;
	}
	if (cpu < MAX_HOST_CPUS)
		idle[cpu] = sum;
}

static int read_idle(__u32 *idle)
{
	char buf[1024];
	long fd, n, have = 0;
	char *line, *end;

	fd = HOST_CALL(__NR_open, "/proc/stat", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	while ((n = HOST_CALL(__NR_read, fd, buf + have, sizeof(buf) - 1 - have)) > 0) {
		have += n;
		buf[have] = 0;
		for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
			if (!host_str_starts(line, "cpu"))
				goto out;
			if (host_is_digit(line[3]))
				stat_line(line, idle);
		}
		have -= line - buf;
		memmove(buf, line, have);
	}
out:
	HOST_CALL(__NR_close, fd);
	return 0;
}

/* The host CPU that was most idle since @before; -1 if none was idle enough, or free of our own. */
static int idlest(const __u32 *before, const __u32 *now, __u64 ns)
{
	__u32 most = ns * IDLE_PERCENT / 100 / JIFFY_NS;
	int c, best = -1;

	for (c = 0; c < MAX_HOST_CPUS; c++) {
		if (cpu_allowed(c) && !cpu_taken(c) && now[c] - before[c] > most) {
			most = now[c] - before[c];
			best = c;
		}
	}
	return best;
}

/* The host CPU that was idle since the last look; -1 if there is none, or the last look was too long ago. Notes how idle all are now. */
static int find_idle(struct place *p, __u64 now)
{
	__u32 idle[MAX_HOST_CPUS] = { 0 };
	int cpu = -1;

	if (read_idle(idle))
		return -1;
	if (p->noted && now - p->noted < STALE_NS)
		cpu = idlest(p->idle, idle, now - p->noted);
	memcpy(p->idle, idle, sizeof(idle));
	p->noted = now;
	return cpu;
}

static void move(struct place *p, int cpu, __u64 now)
{
	p->cpu = cpu;
	p->next = now + REST_NS;
	host_place_pin(0, cpu);
}

/* There may be a better place: a second host CPU for the contexts, or where others crowd this one, another one. */
static void look_around(struct place *p, __u64 now, int wants_spare, int is_crowded)
{
	int cpu = find_idle(p, now);

	if (cpu < 0)
		return;
	if (wants_spare)
		p->spare = cpu;
	else if (is_crowded && (now >> 8 & 1))
		move(p, cpu, now);
}

static int has_room(struct place *p)
{
	if (!p->idle) {
		long at = HOST_CALL(__NR_mmap, 0, MAX_HOST_CPUS * sizeof(*p->idle), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (host_is_error(at))
			return 0;
		p->idle = (void *)at;
	}
	return 1;
}

/* Nanoseconds since the last look that the vCPU and its context were kept waiting: both on one host CPU, or the one that waited longer of two. */
static __u64 waited_since(struct place *p)
{
	__u64 waited = waited_of(host_cpu_process(), host_cpu_tid());
	__u64 ctx_waited = p->tid ? waited_of(p->pid, p->tid) : 0;
	__u64 own = waited - p->waited, ctx = 0;

	if (p->tid == p->ctx_tid && ctx_waited > p->ctx_waited)
		ctx = ctx_waited - p->ctx_waited;
	p->waited = waited;
	p->ctx_waited = ctx_waited;
	p->ctx_tid = p->tid;
	if (p->spare >= 0)
		return own > ctx ? own : ctx;
	return own + ctx;
}

void host_cpu_balance(void)
{
	unsigned int vcpu = host_cpu_id();
	struct place *p = &places[vcpu];
	__u64 now = host_clock_ns(), span = now - p->last;
	int is_crowded, wants_spare = p->spare < 0 && now >= p->rest && host_handoff_wants_apart(vcpu);

	if (now < p->next && !(wants_spare && span >= SOON_NS))
		return;
	if (p->cpu < 0 || host_handoff_is_split() || nr_allowed <= (int)um_ncpus || !has_room(p))
		return;
	is_crowded = waited_since(p) > span * CROWDED_PERCENT / 100;
	p->last = now;
	p->next = now + BALANCE_NS;
	if (span > STALE_NS)
		return;
	if (p->spare >= 0 && is_crowded) {
		p->spare = -1;
		p->rest = now + REST_NS;
	} else if (wants_spare || (p->spare < 0 && is_crowded)) {
		look_around(p, now, wants_spare, is_crowded);
	} else {
		p->noted = 0;
	}
}
