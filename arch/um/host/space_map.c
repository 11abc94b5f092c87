// SPDX-License-Identifier: GPL-2.0
/*
 * host/space_map.c - batches of mapping operations for a space's mapper
 *
 * Operations are written straight into the command page, which the mapper reads only after `seq` has changed; so the page may be filled when the
 * last batch has been acknowledged. A batch whose operation failed is acknowledged with the top bit set; the mapper has then
 * unmapped all, so a batch never leaves behind what it was to revoke.
 *
 * The host refuses an operation when the space has too many mappings (vm.max_map_count), so we count, and drop all mappings well before: they
 * come back by faults. It refuses addresses that it gives to nobody (vm.mmap_min_addr): a program that insists on one is ended.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <um/cpu.h>
#include <um/mem.h>
#include "host.h"
#include "hostcall.h"
#include "hostlib.h"
#include "space.h"

#define MAX_MAPS	60000		/* the host's default limit is 65,530 */
#define POPULATE_MAX	0x20000		/* of what is only read: more is hardly ever all used, and the host takes 64 KiB with each fault */
#define REFUSAL		8		/* a failed batch weighs as much as so many good ones: they bring back what it made us drop */
#define ACK_FAILED	0x80000000u

UM_STATIC_ASSERT(UM_PROT_READ == PROT_READ && UM_PROT_WRITE == PROT_WRITE && UM_PROT_EXEC == PROT_EXEC, "UM_PROT_*");

int host_space_wait_ack(struct host_space *sp)
{
	volatile struct stub_cmd *cmd = sp->cmd;
	__u32 ack;

	for (;;) {
		ack = __atomic_load_n(&cmd->ack, __ATOMIC_SEQ_CST);
		if (sp->dead)
			return -ESRCH;
		if ((ack & ~ACK_FAILED) == sp->seq)
			return ack & ACK_FAILED ? -ENOMEM : 0;
		if (!__atomic_exchange_n(&cmd->waits, 1, __ATOMIC_SEQ_CST))
			continue;
		HOST_CALL(__NR_futex, &cmd->ack, FUTEX_WAIT, ack, 0);
	}
}

/* The mapper works where its vCPU works; cheaper than waking another host CPU for it. */
void host_space_follow(struct host_space *sp)
{
	int cpu = host_place(host_cpu_id());

	if (cpu >= 0 && sp->mapper_cpu != cpu) {
		host_place_pin(sp->pid, cpu);
		sp->mapper_cpu = cpu;
	}
}

/**
 * host_space_post() - hand the queue to the mapper
 * @wake: address (in the space) of a context area to let go afterwards, or 0
 *
 * The last batch has been acknowledged.
 */
int host_space_post(struct host_space *sp, __u64 wake)
{
	volatile struct stub_cmd *cmd = sp->cmd;
	__u32 seq = (sp->seq + 1) & 0x3fffffff;

	host_space_follow(sp);
	cmd->nr_ops = sp->nr_ops;
	cmd->wake = wake;
	cmd->waits = 0;
	cmd->seq_failed = seq | ACK_FAILED;
	sp->seq = seq;
	sp->nr_ops = 0;
	__atomic_store_n(&cmd->seq, seq, __ATOMIC_SEQ_CST);
	HOST_CALL(__NR_futex, &cmd->seq, FUTEX_WAKE, 1);
	return 0;
}

static void set_op(struct stub_op *op, long nr, __u64 a, __u64 b, __u64 c, __u64 d, __u64 e, __u64 f)
{
	op->nr = nr;
	op->arg[0] = a;
	op->arg[1] = b;
	op->arg[2] = c;
	op->arg[3] = d;
	op->arg[4] = e;
	op->arg[5] = f;
}

/* Forget all mappings; whatever is queued is no longer needed. The page is the mapper's no more. */
static void queue_unmap_all(struct host_space *sp)
{
	sp->nr_maps = 0;
	sp->nr_ops = 1;
	set_op(&sp->cmd->op[0], __NR_munmap, 0, UM_STUB_START, 0, 0, 0, 0);
}

/**
 * host_space_op() - the next free operation of the queue, NULL if it is full
 *
 * The first one waits for the mapper to be done with the last batch. Where that failed, the host had no more mappings: start from nothing.
 */
struct stub_op *host_space_op(struct host_space *sp)
{
	if (!sp->nr_ops) {
		if (host_space_wait_ack(sp) == -ENOMEM) {
			sp->refusals += REFUSAL;
			queue_unmap_all(sp);
		} else if (sp->refusals) {
			sp->refusals--;
		}
	}
	if (sp->nr_ops == STUB_MAX_OPS)
		return 0;
	return &sp->cmd->op[sp->nr_ops++];
}

int host_space_map(struct host_space *sp, um_uva_t uva, um_gpo_t gpo, unsigned long len, unsigned int prot)
{
	unsigned int flags = MAP_SHARED | MAP_FIXED;
	struct stub_op *op;

	/* or the first touch of each page is a fault in the host */
	if (len <= POPULATE_MAX || (prot & UM_PROT_WRITE))
		flags |= MAP_POPULATE;

	op = host_space_op(sp);
	if (!op)
		return -ENOSPC;
	if (sp->nr_maps > MAX_MAPS) {
		queue_unmap_all(sp);
		op = host_space_op(sp);
	}
	/* what is replaced needs no unmapping before */
	if (sp->nr_ops > 1 && op[-1].nr == __NR_munmap && op[-1].arg[0] >= uva && op[-1].arg[0] + op[-1].arg[1] <= uva + len) {
		op--;
		sp->nr_ops--;
	}
	set_op(op, __NR_mmap, uva, len, prot, flags, STUB_FD_MEM, gpo);
	sp->nr_maps += 2;
	return 0;
}

void host_space_unmap(struct host_space *sp, um_uva_t uva, unsigned long len)
{
	struct stub_op *op;

	if (sp->nr_ops) {
		op = &sp->cmd->op[sp->nr_ops - 1];
		if (op->nr == __NR_munmap && op->arg[0] + op->arg[1] == uva) {
			op->arg[1] += len;
			return;
		}
	}
	op = host_space_op(sp);
	if (!op || sp->nr_maps > MAX_MAPS || (!uva && len >= UM_STUB_START)) {
		queue_unmap_all(sp);
		return;
	}
	set_op(op, __NR_munmap, uva, len, 0, 0, 0, 0);
	sp->nr_maps++;
}

int host_space_queued(struct host_space *sp)
{
	return sp->nr_ops;
}

/**
 * host_space_unmap_all() - queue: forget everything, instead of all that is queued
 *
 * Return: 0 or -ESRCH.
 */
int host_space_unmap_all(struct host_space *sp)
{
	if (!sp->nr_ops && host_space_wait_ack(sp) == -ESRCH)
		return -ESRCH;
	queue_unmap_all(sp);
	return 0;
}

/*
 * A failed batch: the host was out of mappings or of memory for them. Nothing mapped is a state that is always true, and unmapping whole
 * mappings never needs new ones. (Batches on the way to guest code are not repeated: what they failed to map faults again.)
 */
int host_space_flush(struct host_space *sp)
{
	int ret;

	if (!sp->nr_ops)
		return host_space_wait_ack(sp);
	host_space_post(sp, 0);
	ret = host_space_wait_ack(sp);
	if (ret != -ENOMEM)
		return ret;
	queue_unmap_all(sp);
	host_space_post(sp, 0);
	ret = host_space_wait_ack(sp);
	if (ret == -ENOMEM) {
		host_space_end(sp);
		ret = -ESRCH;
	}
	return ret;
}
