/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/lines.h - who owns which interrupt line
 *
 * A line is one bit of um_irq_lines (um/cpu.h). The guest's irq number is the line's number, so both worlds name an
 * interrupt by the same constant: the host half of a device raises it with host_irq_raise(), the guest half asks for
 * it with request_irq(). Line 0 is not used, as irq 0 means "none" in Linux.
 */
#ifndef _UM_LINES_H
#define _UM_LINES_H

#include <um/types.h>

enum um_line {
	UM_LINE_CONSOLE = 1,	/* a console's channel has input, has room for output, or is gone */
	UM_LINE_BLOCK,		/* requests of a block device have ended */
	UM_LINE_SIGNAL,		/* the host asks for an orderly shutdown */
	UM_LINE_WINCH,		/* the terminal's window may have a new size */
	UM_LINE_HOSTFS,		/* requests of hostfs have ended */
	UM_LINE_NR
};

#define UM_LINE_LIMIT	64	/* bits of um_irq_lines */

UM_STATIC_ASSERT(UM_LINE_NR <= UM_LINE_LIMIT, "more interrupt lines than bits");

#endif /* _UM_LINES_H */
