/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/cpufeature.h - features of the host's processor as guest programs see them
 *
 * The bits are numbered as in arch/x86's cpufeatures.h. They are read once at boot (x86/cpuinfo.c), less those which this
 * port cannot give to a guest program.
 */
#ifndef _ASM_UM_CPUFEATURE_H
#define _ASM_UM_CPUFEATURE_H

#include <asm/cpufeatures.h>

#ifndef __ASSEMBLY__

#include <linux/types.h>

bool um_cpu_has(unsigned int bit);
void um_cpu_identify(void);

#define boot_cpu_has(bit)	um_cpu_has(bit)
#define cpu_feature_enabled(bit) um_cpu_has(bit)

#endif /* __ASSEMBLY__ */

#endif /* _ASM_UM_CPUFEATURE_H */
