// SPDX-License-Identifier: GPL-2.0
/*
 * time.c - the guest's clock source, clock events and sched_clock() over the host's clock (um/clock.h)
 *
 * The clock source counts host nanoseconds, so no tick is ever lost, however late the host runs us. A guest program
 * computes the same number in the vDSO from the page below. Each vCPU has a one-shot timer on the host: an idle guest
 * arms it for the next thing to do and uses no CPU. A vCPU that goes to sleep and wakes up puts the next event off and moves it
 * back each time; so a timer that is armed for an earlier moment than is wanted is left alone, and armed again, if need be, when it expires.
 *
 * Host nanoseconds come from the TSC and are disciplined against the host's clock once a second: by a delayed work,
 * with interrupts off, as their handlers read the clock. The first few times wake an idle vCPU, because the rate
 * measured at boot is good to some parts per million only; after that the work waits until the vCPU is awake anyway.
 */
#define pr_fmt(fmt) "um-time: " fmt

#include <linux/clockchips.h>
#include <linux/clocksource.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <asm/vdso.h>
#include <um/clock.h>
#include <um/place.h>

#include "core.h"
#include "reboot.h"

#define DISCIPLINE_EAGER	5		/* times that wake an idle vCPU */
#define EVENT_MIN_NS		1000
#define EVENT_MAX_NS		(KTIME_MAX / 4)

/* Mapped into guest programs, so nothing else may be in its page. */
static union {
	struct um_clock_params params;
	u8 page[PAGE_SIZE];
} clock_page __aligned(PAGE_SIZE);

struct um_clock_params *um_clock_params = &clock_page.params;

/**
 * struct um_timer - a vCPU's timer, in nanoseconds of host_clock_ns()
 * @armed:  when the host will interrupt us, 0: never
 * @wanted: when there is something to do, 0: never
 */
struct um_timer {
	u64 armed;
	u64 wanted;
};

static DEFINE_PER_CPU(struct clock_event_device, clock_event);
static DEFINE_PER_CPU(struct um_timer, um_timer);
static u64 boot_ns;
static unsigned int nr_disciplines;

static u64 notrace clock_read(struct clocksource *cs)
{
	return host_clock_ns();
}

static bool clock_in_use;

static int clock_enable(struct clocksource *cs)
{
	clock_in_use = true;
	return 0;
}

static struct clocksource um_clocksource = {
	.name = "host",
	.rating = 400,
	.read = clock_read,
	.enable = clock_enable,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
#ifdef CONFIG_GENERIC_GETTIMEOFDAY
	.vdso_clock_mode = VDSO_CLOCKMODE_UM,
#endif
};

/**
 * sched_clock() - nanoseconds since the first look at the clock, which is the first line of the boot log
 */
unsigned long long notrace noinstr sched_clock(void)
{
	u64 now = host_clock_ns();

	if (unlikely(!boot_ns))
		boot_ns = now;
	return now - boot_ns;
}

/**
 * read_persistent_clock64() - the host's time of day, to set the guest's at boot
 * @ts: receives it
 */
void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(host_clock_realtime_ns());
}

/* There is something to do in @delta_ns; a timer that comes before that will do. */
static void timer_arm(u64 now, u64 delta_ns)
{
	struct um_timer *t = this_cpu_ptr(&um_timer);

	t->wanted = now + delta_ns;
	if (t->armed > now && t->armed <= t->wanted)
		return;
	t->armed = t->wanted;
	host_timer_arm(delta_ns);
}

/* The host's timer has expired, by its own clock, which ours only follows. Return: whether there is something to do now */
static bool timer_expired(void)
{
	struct um_timer *t = this_cpu_ptr(&um_timer);
	u64 now = host_clock_ns();

	t->armed = 0;
	if (!t->wanted)
		return false;
	if (t->wanted > now + EVENT_MIN_NS) {
		timer_arm(now, t->wanted - now);
		return false;
	}
	t->wanted = 0;
	return true;
}

/*
 * A busy host may run us so late that the next event is in the past, too, again and again. That is an interrupt at once, and no reason for
 * the generic code to loop, complain and hold back all timers for a while; hence CLOCK_EVT_FEAT_KTIME. Before this clock is in use, ktime_get()
 * counts ticks, and the periodic handler, the only user, has to skip a tick that is due already.
 */
static int event_arm(ktime_t expires, struct clock_event_device *dev)
{
	s64 delta_ns = ktime_to_ns(ktime_sub(expires, ktime_get()));

	if (delta_ns <= 0 && !clock_in_use)
		return -ETIME;
	timer_arm(host_clock_ns(), clamp_t(s64, delta_ns, EVENT_MIN_NS, EVENT_MAX_NS));
	return 0;
}

static int event_disarm(struct clock_event_device *dev)
{
	this_cpu_ptr(&um_timer)->wanted = 0;
	return 0;
}

/* mult and shift say that the device counts nanoseconds. */
static void event_register(void)
{
	struct clock_event_device *dev = this_cpu_ptr(&clock_event);

	*dev = (struct clock_event_device) {
		.name = "host",
		.features = CLOCK_EVT_FEAT_ONESHOT | CLOCK_EVT_FEAT_KTIME,
		.rating = 400,
		.cpumask = cpumask_of(smp_processor_id()),
		.irq = -1,
		.mult = 1,
		.shift = 0,
		.min_delta_ns = EVENT_MIN_NS,
		.max_delta_ns = EVENT_MAX_NS,
		.min_delta_ticks = EVENT_MIN_NS,
		.max_delta_ticks = EVENT_MAX_NS,
		.set_next_ktime = event_arm,
		.set_state_shutdown = event_disarm,
		.set_state_oneshot_stopped = event_disarm,
	};
	clockevents_register_device(dev);
}

/**
 * um_timer_interrupt() - UM_PEND_TIMER on this vCPU: its one-shot timer has expired, or had when it was armed anew
 */
void um_timer_interrupt(void)
{
	struct clock_event_device *dev = this_cpu_ptr(&clock_event);

	if (timer_expired() && likely(dev->event_handler))
		dev->event_handler(dev);
	host_cpu_balance();
}

/**
 * um_timer_setup_cpu() - the calling secondary vCPU's clock events; the host side has made its timer
 */
void um_timer_setup_cpu(void)
{
	event_register();
}

static void discipline(struct work_struct *work);
static DECLARE_DELAYED_WORK(discipline_eager, discipline);
static DECLARE_DEFERRABLE_WORK(discipline_lazy, discipline);

static void discipline(struct work_struct *work)
{
	unsigned long flags;

	local_irq_save(flags);
	host_clock_discipline();
	local_irq_restore(flags);
	if (nr_disciplines < DISCIPLINE_EAGER)
		nr_disciplines++;
	schedule_delayed_work(nr_disciplines < DISCIPLINE_EAGER ? &discipline_eager : &discipline_lazy, HZ);
}

static int __init discipline_init(void)
{
	schedule_delayed_work(&discipline_eager, HZ);
	return 0;
}
core_initcall(discipline_init);

/**
 * time_init() - clock source and clock events of vCPU 0; and a panic ends the process from here on
 */
void __init time_init(void)
{
	um_reboot_init();
	host_clock_init(um_clock_params);
	if (um_clock_params->mode == UM_CLOCK_SYSCALL)
		pr_info("the host does not keep time by its TSC, so each look at the clock is a system call\n");
	clocksource_register_hz(&um_clocksource, NSEC_PER_SEC);
	event_register();
}
