/* SPDX-License-Identifier: GPL-2.0 */
/*
 * image.S - the vDSO's bytes in the kernel image, in pages of their own because these very pages are mapped into
 * programs
 */
#include <linux/linkage.h>
#include <asm/page.h>

	.section .rodata, "a"
	.balign PAGE_SIZE
	.globl um_vdso_image, um_vdso_image_end
um_vdso_image:
	.incbin "arch/um/x86/vdso/vdso.so"
	.balign PAGE_SIZE
um_vdso_image_end:

	.section .note.GNU-stack, "", @progbits
