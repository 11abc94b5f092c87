/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/place.h - on which host CPUs the vCPUs work; see host/place.c
 */
#ifndef _UM_PLACE_H
#define _UM_PLACE_H

#include <um/types.h>

/**
 * host_cpu_balance() - a busy vCPU may move to a host CPU that is less crowded
 *
 * By the vCPU itself, with interrupts off, about once a tick; mostly returns at once.
 */
void host_cpu_balance(void);

/**
 * struct host_handoff_stats - how a vCPU and the guest programs on it have handed over to each other (host/handoff.c)
 * @kernel_cpu: host CPU of the vCPU, -1: any
 * @user_cpu:   host CPU of the programs
 * @apart:      they work on two host CPUs now
 * @pair:       events on one host CPU
 * @quick:      events on two, seen by who waited for it
 * @slept:      events on two that had to wake the vCPU
 * @turns:      how often it turned to another program
 * @changes:    from one to two host CPUs or back
 */
struct host_handoff_stats {
	int kernel_cpu, user_cpu;
	int apart;
	__u64 pair, quick, slept, turns, changes;
};

/** host_handoff_stats() - of one vCPU; what another one writes is read without a lock */
void host_handoff_stats(unsigned int vcpu, struct host_handoff_stats *stats);

#endif /* _UM_PLACE_H */
