/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/place.h - on which host CPUs the vCPUs work; see host/place.c
 */
#ifndef _UM_PLACE_H
#define _UM_PLACE_H

/**
 * host_cpu_balance() - a busy vCPU may move to a host CPU that is less crowded
 *
 * By the vCPU itself, with interrupts off, about once a tick; mostly returns at once.
 */
void host_cpu_balance(void);

#endif /* _UM_PLACE_H */
