/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/clock.h - time from the host
 *
 * One counter, "host nanoseconds", advances with the host's CLOCK_MONOTONIC. It is computed from the TSC and a small set of
 * parameters (struct um_clock_params) that both the kernel process and the guest's vDSO read, so that the two can never
 * disagree. The host side keeps the parameters true against the host's clock; a change never makes the counter jump
 * or go back. Where the host's TSC is not to be trusted, host_clock_params()->mode says so and the counter comes from the host's
 * clock_gettime(); the guest's vDSO then falls back to the system call.
 */
#ifndef _UM_CLOCK_H
#define _UM_CLOCK_H

#include <um/types.h>

#define UM_CLOCK_SYSCALL	0	/* @mode: no usable TSC */
#define UM_CLOCK_TSC		1

/**
 * struct um_clock_params - ns = base_ns + mul_u64_u64_shr(tsc - base_tsc, mult, shift), under @seq
 * @seq:  odd while being changed (seqcount)
 */
struct um_clock_params {
	__u32 seq;
	__u32 mode;
	__u64 base_tsc;
	__u64 base_ns;
	__u32 mult;
	__u32 shift;
};

/** host_clock_init() - calibrate; @params is where the parameters live (one page that the guest can map into programs). */
int host_clock_init(struct um_clock_params *params);

/** host_clock_ns() - the counter; any context, any thread; never goes back. */
__u64 host_clock_ns(void);

/** host_clock_realtime_ns() - the host's CLOCK_REALTIME, nanoseconds since 1970, to set the guest's clock at boot. */
__u64 host_clock_realtime_ns(void);

/** host_clock_discipline() - compare with the host's clock and adjust the rate; call about once a second, task context. */
void host_clock_discipline(void);

/** host_timer_init() - make the calling vCPU's one-shot timer. */
int host_timer_init(void);

/**
 * host_timer_arm() - (re)arm the calling vCPU's timer
 * @delta_ns: from now; 0 disarms. On expiry UM_PEND_TIMER is raised on this vCPU.
 */
void host_timer_arm(__u64 delta_ns);

#endif /* _UM_CLOCK_H */
