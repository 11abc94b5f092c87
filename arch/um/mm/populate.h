/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _UM_MM_POPULATE_H
#define _UM_MM_POPULATE_H

#include <linux/init.h>
#include <linux/types.h>

void __init um_populate_init(void);
void um_unpopulate(phys_addr_t start, unsigned long len);

#endif /* _UM_MM_POPULATE_H */
