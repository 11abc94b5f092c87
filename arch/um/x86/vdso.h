/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vdso.h - the embedded shared object (vdso/image.S)
 */
#ifndef _UM_X86_VDSO_H
#define _UM_X86_VDSO_H

extern char um_vdso_image[];
extern char um_vdso_image_end[];

#endif /* _UM_X86_VDSO_H */
