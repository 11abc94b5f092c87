/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stub/abi.h - what the stub and the kernel process share
 *
 * Included by the stub's assembly (numbers only) and by host/space*.c (numbers and structs). Both see the same memory: the control
 * file, a memfd that the kernel process maps whole and a space maps in pieces:
 *
 *   control file               mapped in a space at       as
 *   page 0     zygote command  STUB_CMD, in the zygote    read-only
 *   STUB_GLOBAL_OFF            STUB_GLOBAL, in all        read-only   signal stacks and seccomp filters of the contexts
 *   slot n     command page    STUB_CMD                   read-only   batches for the mapper, its acknowledgement
 *   slot n     context areas   STUB_CTX + i * 64 KiB      read-write  one for each vCPU
 *
 * TRUST: guest code can write the context areas and nothing else of this. The kernel reads a context area through host/space_run.c
 * only, where each value is copied once and checked. The acknowledgement (struct stub_cmd.ack) decides when a page may be freed; it is written by
 * the mapper with pwrite() through its private descriptor into a page that the space has read-only.
 *
 * A context area, from its base:
 *
 *   0x0000  struct stub_ctx
 *   0x1000  start of the signal stack; frames of kicks that hit the stub itself
 *   0xaf00  register block, in the order of struct um_regs, which the context loads when it returns to guest code; a patched call site stores here
 *   0xb000  image of FP state to load, where it does not lie in the last signal frame; a patched call site stores here
 *   ....    the signal frame of the last event, growing down from the top
 *   0x10000 end
 */
#ifndef _UM_STUB_ABI_H
#define _UM_STUB_ABI_H

#include <um/layout.h>

#define STUB_CODE		UM_STUB_START
#define STUB_CODE_SIZE		_UML(0x10000)
#define STUB_CMD		(UM_STUB_START + _UML(0x10000))
#define STUB_GLOBAL		(UM_STUB_START + _UML(0x20000))
#define STUB_SCRATCH		(UM_STUB_START + _UML(0x30000))	/* the zygote's own, never in a space */
#define STUB_CTX		(UM_STUB_START + _UML(0x100000))
#define STUB_CTX_SIZE		0x10000

#define STUB_GLOBAL_OFF		0x1000		/* in the control file */
#define STUB_GLOBAL_SIZE	0xf000
#define STUB_SLOT_OFF		0x10000		/* slot 0 in the control file */
#define STUB_SLOT_CTX_OFF	0x10000		/* context areas in a slot */

#define STUB_FD_MEM		3		/* descriptors of mapper and zygote */
#define STUB_FD_CTL		4

/* signals */
#define STUB_SIG_KICK		10		/* SIGUSR1 */

/* offsets in struct stub_ctx */
#define STUB_CTX_GO		0
#define STUB_CTX_SEEN		4
#define STUB_CTX_SLEEPS		8
#define STUB_CTX_LATE		12
#define STUB_CTX_DONE		64
#define STUB_CTX_KERNEL_SLEEPS	68
#define STUB_CTX_EVENT		72
#define STUB_CTX_UC		76
#define STUB_CTX_INFO		80
#define STUB_CTX_TID		84
#define STUB_CTX_FSBASE		88
#define STUB_CTX_GSBASE		96
#define STUB_CTX_FP		104
#define STUB_CTX_XMASK		112
#define STUB_CTX_SPIN		120
#define STUB_CTX_BASES		124

#define STUB_CTX_STACK		0x1000		/* signal stack: offset, size */
#define STUB_CTX_STACK_SIZE	0xf000
#define STUB_CTX_SCRUB		0x7000		/* frames of kicks that hit the handler of another kick reach down to here, at most */
#define STUB_CTX_REGS		0xaf00
#define STUB_CTX_FPLOAD		0xb000

/* stub_ctx.bases: which segment bases to load on the way to guest code, and how; bit numbers */
#define STUB_BASES_BY_INSN	0		/* both; and store both at each event: this host has FSGSBASE */
#define STUB_BASES_FS		1		/* by a host call */
#define STUB_BASES_GS		2

/* events besides the signal numbers */
#define STUB_EV_READY		0x100		/* the new context is confined and waits */
#define STUB_EV_LATE		0x101		/* kicked on its way to guest code: nothing has happened since it was let go */
#define STUB_EV_CALL		0x102		/* system call of a patched site: its number in the register block's %rcx */

/* offsets in the register block, struct um_regs */
#define STUB_REGS_ORIG_AX	120
#define STUB_REGS_FLAGS		144
#define STUB_REGS_SP		152

/* offsets in struct stub_cmd */
#define STUB_CMD_SEQ		0
#define STUB_CMD_SEQ_FAILED	4
#define STUB_CMD_ACK		8
#define STUB_CMD_NR_OPS		12
#define STUB_CMD_ACK_OFF	16
#define STUB_CMD_WAKE		24
#define STUB_CMD_SLOT_OFF	32
#define STUB_CMD_CTX_LEN	40
#define STUB_CMD_PPID		48
#define STUB_CMD_PID		52
#define STUB_CMD_WAITS		56
#define STUB_CMD_OPS		64
#define STUB_OP_SIZE		64
#define STUB_MAX_OPS		63

/* offsets in struct stub_global */
#define STUB_GLOBAL_PARAMS	0		/* struct stub_ctx_params[], 32 bytes each */
#define STUB_GLOBAL_FILTERS	0x1000

#ifndef __ASSEMBLY__

#include <um/types.h>
#include <um/regs.h>

/**
 * struct stub_ctx - first page of a context area; all of it can be written by guest code
 * @go:            futex of the context: the kernel (or the mapper for it) adds 1 to let the context return to guest code
 * @seen:          last @go that the context obeyed
 * @sleeps:        the context is about to sleep on @go and needs a wake-up
 * @late:          a kick arrived while the context was in the stub
 * @done:          futex of the kernel: the context adds 1 for each event
 * @kernel_sleeps: the vCPU is about to sleep on @done
 * @event:         signal number or STUB_EV_*
 * @uc:            offset of the signal frame's ucontext in the area
 * @info:          offset of its siginfo
 * @tid:           host thread id, from clone()
 * @fsbase:        guest's; read at the event (with FSGSBASE), loaded at the return
 * @gsbase:        likewise
 * @fp:            address of the XSAVE image to load
 * @xmask:         its components
 * @spin:          how often to look at @go before sleeping; may change meanwhile
 * @bases:         bits STUB_BASES_*
 */
struct stub_ctx {
	__u32 go;
	__u32 seen;
	__u32 sleeps;
	__u32 late;
	__u8 pad1[48];
	__u32 done;
	__u32 kernel_sleeps;
	__u32 event;
	__u32 uc;
	__u32 info;
	__u32 tid;
	__u64 fsbase;
	__u64 gsbase;
	__u64 fp;
	__u64 xmask;
	__u32 spin;
	__u32 bases;
};

/* One host system call for the mapper; padded to a power of two. */
struct stub_op {
	__u64 nr;
	__u64 arg[6];
	__u64 pad;
};

/**
 * struct stub_cmd - a space's command page; the space sees it read-only
 * @seq:        number of the batch, futex of the mapper
 * @seq_failed: what to acknowledge if an operation failed: @seq with the top bit set
 * @ack:        last batch done; futex of the kernel; written by the mapper with pwrite()
 * @nr_ops:     operations in the batch
 * @ack_off:    where @ack is in the control file
 * @wake:       address of the context area to let go after the batch, or 0
 * @slot_off:   zygote: slot of the space to make
 * @ctx_len:    zygote: length of the context areas
 * @ppid:       pid of the kernel process: who finds another parent exits
 * @pid:        zygote: the new space, written with pwrite()
 * @waits:      the kernel is about to sleep on @ack
 * @op:         the batch
 */
struct stub_cmd {
	__u32 seq;
	__u32 seq_failed;
	__u32 ack;
	__u32 nr_ops;
	__u64 ack_off;
	__u64 wake;
	__u64 slot_off;
	__u64 ctx_len;
	__u32 ppid;
	__u32 pid;
	__u32 waits;
	__u32 pad;
	struct stub_op op[STUB_MAX_OPS];
};

/* What a new context needs to confine itself; struct layouts are the host's stack_t and struct sock_fprog. */
struct stub_ctx_params {
	__u64 ss_sp;
	__u32 ss_flags;
	__u32 pad;
	__u64 ss_size;
	__u64 pad2;
	__u16 filter_len;
	__u16 pad3[3];
	__u64 filter;
	__u64 pad4[2];
};

#define STUB_CHECK(type, member, off) \
	UM_STATIC_ASSERT(__builtin_offsetof(struct type, member) == (off), #type "." #member)
STUB_CHECK(stub_ctx, go, STUB_CTX_GO);
STUB_CHECK(stub_ctx, seen, STUB_CTX_SEEN);
STUB_CHECK(stub_ctx, sleeps, STUB_CTX_SLEEPS);
STUB_CHECK(stub_ctx, late, STUB_CTX_LATE);
STUB_CHECK(stub_ctx, done, STUB_CTX_DONE);
STUB_CHECK(stub_ctx, kernel_sleeps, STUB_CTX_KERNEL_SLEEPS);
STUB_CHECK(stub_ctx, event, STUB_CTX_EVENT);
STUB_CHECK(stub_ctx, uc, STUB_CTX_UC);
STUB_CHECK(stub_ctx, info, STUB_CTX_INFO);
STUB_CHECK(stub_ctx, tid, STUB_CTX_TID);
STUB_CHECK(stub_ctx, fsbase, STUB_CTX_FSBASE);
STUB_CHECK(stub_ctx, gsbase, STUB_CTX_GSBASE);
STUB_CHECK(stub_ctx, fp, STUB_CTX_FP);
STUB_CHECK(stub_ctx, xmask, STUB_CTX_XMASK);
STUB_CHECK(stub_ctx, spin, STUB_CTX_SPIN);
STUB_CHECK(stub_ctx, bases, STUB_CTX_BASES);
STUB_CHECK(stub_cmd, seq, STUB_CMD_SEQ);
STUB_CHECK(stub_cmd, seq_failed, STUB_CMD_SEQ_FAILED);
STUB_CHECK(stub_cmd, ack, STUB_CMD_ACK);
STUB_CHECK(stub_cmd, nr_ops, STUB_CMD_NR_OPS);
STUB_CHECK(stub_cmd, ack_off, STUB_CMD_ACK_OFF);
STUB_CHECK(stub_cmd, wake, STUB_CMD_WAKE);
STUB_CHECK(stub_cmd, slot_off, STUB_CMD_SLOT_OFF);
STUB_CHECK(stub_cmd, ctx_len, STUB_CMD_CTX_LEN);
STUB_CHECK(stub_cmd, ppid, STUB_CMD_PPID);
STUB_CHECK(stub_cmd, pid, STUB_CMD_PID);
STUB_CHECK(stub_cmd, waits, STUB_CMD_WAITS);
STUB_CHECK(stub_cmd, op, STUB_CMD_OPS);
STUB_CHECK(um_regs, orig_ax, STUB_REGS_ORIG_AX);
STUB_CHECK(um_regs, flags, STUB_REGS_FLAGS);
STUB_CHECK(um_regs, sp, STUB_REGS_SP);
UM_STATIC_ASSERT(sizeof(struct stub_op) == STUB_OP_SIZE, "stub_op");
UM_STATIC_ASSERT(sizeof(struct stub_cmd) <= UM_PAGE_SIZE, "stub_cmd");
UM_STATIC_ASSERT(sizeof(struct stub_ctx_params) == 64, "stub_ctx_params");

#endif /* !__ASSEMBLY__ */
#endif /* _UM_STUB_ABI_H */
