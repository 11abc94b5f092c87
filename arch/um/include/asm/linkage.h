/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_LINKAGE_H
#define _ASM_UM_LINKAGE_H

#include <linux/stringify.h>

#define __ALIGN		.balign 16, 0x90
#define __ALIGN_STR	__stringify(__ALIGN)

#endif /* _ASM_UM_LINKAGE_H */
