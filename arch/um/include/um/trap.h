/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/trap.h - how the host side enters the guest kernel: the frames and entry points of interrupts and exceptions
 *
 * The host's signal handler (host/cpu.c) pushes a struct um_regs on the interrupted stack, sets um_cpu.irq_off, and lets the thread continue at
 * one of these entry points (kernel/entry.S) with %rdi = the frame. In a frame of guest kernel code cs is UM_KERNEL_CS, and
 * flags has UM_FLAGS_IF set if interrupts were on. um_exception_entry also gets %rsi = trap number | host signal << 8 and %rdx = address;
 * the error code is in orig_ax.
 */
#ifndef _UM_TRAP_H
#define _UM_TRAP_H

#define UM_FLAGS_TF		0x00000100
#define UM_FLAGS_IF		0x00000200
#define UM_FLAGS_DF		0x00000400
#define UM_FLAGS_AC		0x00040000

#define UM_TRAP_DEBUG		1
#define UM_TRAP_BREAKPOINT	3
#define UM_TRAP_INVALID_OPCODE	6
#define UM_TRAP_PAGE_FAULT	14

#define UM_PF_PROT		0x01
#define UM_PF_WRITE		0x02
#define UM_PF_INSTR		0x10

#ifndef __ASSEMBLY__
void um_irq_entry(void);
void um_exception_entry(void);
#endif

#endif /* _UM_TRAP_H */
