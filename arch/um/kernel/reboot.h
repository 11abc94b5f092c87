/* SPDX-License-Identifier: GPL-2.0 */
/* kernel/reboot.h - the end of the guest kernel */
#ifndef _UM_KERNEL_REBOOT_H
#define _UM_KERNEL_REBOOT_H

/* From now on a panic ends the process; once, as early in boot as one likes. */
void um_reboot_init(void);

#endif /* _UM_KERNEL_REBOOT_H */
