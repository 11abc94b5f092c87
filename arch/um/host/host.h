/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/host.h - what the execution core's host files (cpu.c, space*.c, entry.S) share
 */
#ifndef _UM_HOST_HOST_H
#define _UM_HOST_HOST_H

#include <um/types.h>

#include "boot.h"

#define UM_SIG_WAKE		23	/* SIGURG: look at um_cpu.pending; one that debuggers pass on silently */
#define HOST_AUDIT_ARCH		0xc000003eU	/* AUDIT_ARCH_X86_64 */

extern unsigned int um_ncpus;

/* stub_blob.S: the stub program, and the addresses of its contexts' system calls (just behind the instruction) */
extern const unsigned char host_stub_start[], host_stub_end[];
extern const unsigned long host_stub_wait_ip, host_stub_wake_ip, host_stub_base_ip;

/* cpu.c */
__u32 host_cpu_pending(void);
unsigned int host_cpu_id(void);			/* of the calling vCPU: its number, */
__u32 host_cpu_tid(void);			/* its host thread */
int host_cpu_process(void);

/* place.c */
int host_place_init(void);
int host_place(unsigned int vcpu);
int host_place_spare(unsigned int vcpu);
void host_place_pin(__u32 tid, int host_cpu);
void host_place_anywhere(void);
void host_place_context(unsigned int vcpu, __u32 pid, __u32 tid);

/* handoff.c */
void host_handoff_init(int cpu);
int host_handoff_choose(const char *name);
int host_handoff_is_split(void);
int host_handoff_wants_apart(unsigned int vcpu);
void host_handoff_look(const volatile __u32 *word, __u32 old);

/* machine.c */
unsigned int host_cpus_allowed(void);

/* entry.S */
int host_cpu_wait_word(__u32 *word, __u32 val);	/* sleeps while *word == val and nothing is pending */
void host_signal_return(void);
extern const char host_wait_begin[], host_wait_end[], host_wait_out[];
long host_cpu_clone(unsigned long flags, void *stack, void (*fn)(void *), void *arg);

#endif /* _UM_HOST_HOST_H */
