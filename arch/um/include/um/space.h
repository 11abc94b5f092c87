/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/space.h - guest address spaces and the contexts that run guest code in them
 *
 * What:    a space is one host process that holds the stub, a mapper thread, and the mappings of one guest mm. It has one context (a host
 *          thread that runs guest code) for each vCPU that has run this mm; a context belongs to its vCPU, not to a guest thread.
 *          A host mapping is a translation-buffer entry: a copy of what the guest's page table says, which may be dropped at any
 *          time. Spaces are pooled: putting one back keeps the process, the mapper and the parked contexts.
 * States:  of a context: PARKED -> host_space_resume() -> RUNNING -> an event, fetched by host_space_wait() -> PARKED.
 * Batches: host_space_map() and host_space_unmap() queue; host_space_flush() executes and waits for the mapper's word, which guest code
 *          cannot forge; host_space_resume() executes the queue on the way, so a fault costs one hop and not two.
 *          A page may be freed after host_space_flush(), or with its unmapping queued while host_space_asleep().
 * Locking: queueing, flush and resume of one space: one caller at a time (guest: mm->context.lock). host_space_wait() needs no lock.
 * Trust:   a context area can be written by guest code: registers and events in it are claims of the guest about itself. All is
 *          copied once and checked here; what does not make sense is UM_EV_BROKEN.
 * Blocks:  host_space_wait() sleeps until an event or a pending interrupt; the others for as long as the mapper takes (microseconds).
 * Errors:  0 or negative errno; -ESRCH: the space died; it may only be put.
 */
#ifndef _UM_SPACE_H
#define _UM_SPACE_H

#include <um/types.h>
#include <um/regs.h>

struct host_space;

enum um_event_type {
	UM_EV_NONE,		/* nothing has happened: the context was stopped on its way to guest code */
	UM_EV_KICK,		/* stopped in guest code on request */
	UM_EV_SYSCALL,		/* regs->ax is the number */
	UM_EV_CALL,		/* system call of a patched site: @site; ax, cx, r11 and ip are not those of the program */
	UM_EV_FAULT,		/* page fault: @addr, @error */
	UM_EV_TRAP,		/* any other exception: @sig, @code, @addr, @trapno */
	UM_EV_BROKEN,		/* the guest has tampered with its context area; @why */
	UM_EV_NR
};

/**
 * struct um_event - why a context stopped
 * @type:   enum um_event_type
 * @sig:    host signal
 * @code:   si_code
 * @trapno: x86 exception number
 * @error:  x86 page fault error code: bit 0 protection, 1 write, 4 fetch
 * @addr:   fault address, or si_addr
 * @site:   UM_EV_CALL: number of the site; UM_EV_KICK and UM_EV_TRAP: the same if the thread is on its way from a site to the stub, -1 if not
 * @why:    for UM_EV_BROKEN
 */
struct um_event {
	int type;
	int sig;
	int code;
	unsigned int trapno;
	unsigned long error;
	unsigned long addr;
	int site;
	const char *why;
};

/* host_space_wait() */
#define UM_WAIT_EVENT		0
#define UM_WAIT_IRQ		1

extern unsigned int um_xstate_size;	/* bytes of an XSAVE image, standard format */
extern int um_fsgsbase;		/* programs may use RDFSBASE and its kin: so says the host */
extern __u64 um_xfeatures;		/* state components that guest programs have */

/** host_space_init() - start the zygote; main thread, before any other host thread. Reports failures itself. */
int host_space_init(void);

/** host_space_exit() - kill every space and the zygote; part of host_exit(). */
void host_space_exit(void);

/** host_space_reap() - after SIGCHLD, on the event thread: notice spaces that died. */
void host_space_reap(void);

/** host_space_get() - an empty space, from the pool or new; NULL if the host has no more processes. Interrupts off. */
struct host_space *host_space_get(void);

/** host_space_put() - give back a space with no context running (or a dead one). Interrupts off. */
void host_space_put(struct host_space *sp);

/** host_space_owner() - a word that the guest side may keep with a space; NULL in one that was just got */
void **host_space_owner(struct host_space *sp);

/**
 * host_space_map() - queue: map @len bytes of guest memory at @uva
 * @prot: UM_PROT_*
 * Return: 0, or -ENOSPC if the queue is full (flush first)
 */
int host_space_map(struct host_space *sp, um_uva_t uva, um_gpo_t gpo, unsigned long len, unsigned int prot);

/** host_space_unmap() - queue: forget what is mapped in a range. A full queue becomes one "forget everything". */
void host_space_unmap(struct host_space *sp, um_uva_t uva, unsigned long len);

/** host_space_queued() - how many operations wait? */
int host_space_queued(struct host_space *sp);

/** host_space_flush() - execute the queue now and wait for the mapper's acknowledgement. */
int host_space_flush(struct host_space *sp);

/**
 * host_space_asleep() - does the host say that no context of the space can run?
 *
 * Then what is queued, and what is queued from now on, is executed before guest code runs in it again. After an honest event the answer is mostly
 * yes; no, while the context is still on its way to sleep. Called after something has been queued.
 */
int host_space_asleep(struct host_space *sp);

/**
 * host_space_resume() - let the calling vCPU's context return to guest code
 * @cpu:  number of the calling vCPU
 * @regs: registers to load; cs and ss are forced to the user selectors
 * @fs:   bases
 * @gs:
 * @fp:   XSAVE image to load (sanitised), or NULL: what the context had at its last event
 */
int host_space_resume(struct host_space *sp, unsigned int cpu, const struct um_regs *regs,
		      unsigned long fs, unsigned long gs, const void *fp);

/**
 * host_space_wait() - wait for the running context of the calling vCPU
 * @regs:  filled at UM_WAIT_EVENT, except for UM_EV_NONE
 * @fs:    likewise
 * @gs:
 * Return: UM_WAIT_EVENT, the context is parked; UM_WAIT_IRQ, interrupts are pending and the context runs on; -ESRCH
 */
int host_space_wait(struct host_space *sp, unsigned int cpu, struct um_regs *regs,
		    unsigned long *fs, unsigned long *gs, struct um_event *ev);

/** host_space_stop() - kick the running context and wait for its event, which may be any. Return: UM_WAIT_EVENT or -ESRCH. */
int host_space_stop(struct host_space *sp, unsigned int cpu, struct um_regs *regs,
		    unsigned long *fs, unsigned long *gs, struct um_event *ev);

/** host_space_fp() - the XSAVE image of the parked context of @cpu, writable by the guest program's other threads. */
const void *host_space_fp(struct host_space *sp, unsigned int cpu);

#endif /* _UM_SPACE_H */
