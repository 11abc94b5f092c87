/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_UM_POSIX_TYPES_H
#define _ASM_UM_POSIX_TYPES_H

#include <asm/posix_types_64.h>

#endif /* _ASM_UM_POSIX_TYPES_H */
