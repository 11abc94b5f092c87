/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/setup.h - how the host side hands the machine to the guest kernel
 */
#ifndef _ASM_UM_SETUP_H
#define _ASM_UM_SETUP_H

#define COMMAND_LINE_SIZE 4096

#ifndef __ASSEMBLY__

extern unsigned int um_ncpus;

void guest_boot(char *command_line, unsigned long initrd_start_gpo, unsigned long initrd_size) __attribute__((noreturn));

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_SETUP_H */
