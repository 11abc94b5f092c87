/* SPDX-License-Identifier: GPL-2.0 */
/*
 * host/space.h - inside of the space code: space.c (life cycle), space_map.c (batches), space_run.c (contexts)
 */
#ifndef _UM_HOST_SPACE_H
#define _UM_HOST_SPACE_H

#include <um/space.h>
#include "../stub/abi.h"

/**
 * struct host_ctx - what the kernel believes of one context; not visible to the guest
 * @area:  its area in the control file
 * @tid:   host thread id, 0: not made yet
 * @cpu:   host CPU it is pinned to
 * @done:  last stub_ctx.done seen
 * @kicked: kicks that were sent and have not been said to have arrived: none, one, or several (2)
 * @fp:    offset in the area of the FP image of the last event
 * @fs:    without FSGSBASE: segment bases that its host thread has, UNKNOWN_BASE if that is not sure
 * @gs:
 */
struct host_ctx {
	__u8 *area;
	__u32 tid;
	int cpu;
	__u32 done;
	int kicked;
	__u32 fp;
	unsigned long fs, gs;
};

#define UNKNOWN_BASE	(~0UL)		/* no program has this one */

/**
 * struct host_space - one space
 * @cmd:        its command page
 * @slot:       number of its slot in the control file
 * @pid:        host process, 0: slot unused
 * @dead:       the process is gone
 * @seq:        last batch posted
 * @nr_ops:     operations queued for the next batch
 * @mapper_cpu: host CPU the mapper is pinned to
 * @refusals:   how often the host refused lately, see host_space_op()
 * @nr_maps:    upper bound of the host mappings it has
 * @owner:      the guest side's
 * @next:       in the pool
 * @ctx:        one for each vCPU
 */
struct host_space {
	struct stub_cmd *cmd;
	__u32 slot;
	__u32 pid;
	__u32 dead;
	__u32 seq;
	__u32 nr_ops;
	int mapper_cpu;
	__u32 refusals;
	__u32 nr_maps;
	void *owner;
	struct host_space *next;
	struct host_ctx ctx[];
};

/* space.c */
void host_space_kill(struct host_space *sp);
void host_space_end(struct host_space *sp);

/* space_map.c */
int host_space_post(struct host_space *sp, __u64 wake);
int host_space_wait_ack(struct host_space *sp);
struct stub_op *host_space_op(struct host_space *sp);
void host_space_follow(struct host_space *sp);
int host_space_unmap_all(struct host_space *sp);

/* space_run.c */
int host_ctx_create(struct host_space *sp, unsigned int cpu);
void host_ctx_scrub(struct host_ctx *c);
int host_space_clean(struct host_space *sp);

/* handoff.c */
int host_handoff_resume(unsigned int vcpu, struct host_ctx *c, int batch);
void host_handoff_released(unsigned int vcpu);
void host_handoff_event(unsigned int vcpu, int remote);

#define host_ctx_shared(c)	((volatile struct stub_ctx *)(c)->area)

#endif /* _UM_HOST_SPACE_H */
