/* SPDX-License-Identifier: GPL-2.0 */
/* asm/irq.h - interrupt numbers are the lines of um/lines.h */
#ifndef _ASM_UM_IRQ_H
#define _ASM_UM_IRQ_H

#include <um/cpu.h>

#define NR_IRQS		UM_NR_LINES

struct pt_regs;

void um_do_irq(struct pt_regs *regs);
void um_irq_handle_pending(struct pt_regs *regs);

#endif /* _ASM_UM_IRQ_H */
