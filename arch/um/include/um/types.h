/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/types.h - the scalar types that all four worlds share
 *
 * <linux/types.h> exists in the kernel tree and among the host's UAPI headers and gives __u32, __u64 and friends in both.
 * The four kinds of address have four names; never pass one for another:
 *
 *   um_uva_t   guest virtual address of a guest process
 *   um_gpo_t   guest physical offset: byte offset into the memory file
 *   (pointers) guest-kernel virtual; the guest kernel lives in the address space of the host process
 */
#ifndef _UM_TYPES_H
#define _UM_TYPES_H

#include <linux/types.h>

typedef unsigned long um_uva_t;
typedef unsigned long um_gpo_t;

#ifndef UM_STATIC_ASSERT
#define UM_STATIC_ASSERT(cond, msg) _Static_assert(cond, msg)
#endif

#endif /* _UM_TYPES_H */
