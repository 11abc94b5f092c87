/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/fpu.h - the floating-point and vector state of a guest thread
 *
 * A thread's state is an XSAVE image in the standard (non-compacted) format, as large as the host's processor says.
 * While the thread runs guest code the live state is in the processor; while it is in the kernel it is in its
 * context's signal frame or in the image, and only um_fpu_sync() makes sure that it is in the image. The rule for
 * who reads or writes thread.fpu.image of current or of a stopped task: call um_fpu_sync() first; what is written is
 * then loaded on the next return to user mode.
 */
#ifndef _ASM_UM_FPU_H
#define _ASM_UM_FPU_H

#include <linux/types.h>

struct task_struct;

/**
 * struct um_fpu - state of one thread
 * @image: XSAVE image of um_xstate_size bytes, aligned to 64; NULL in tasks that were never given one
 */
struct um_fpu {
	void *image;
};

#define UM_XFEATURE_FPSSE	3ULL	/* x87 and SSE: always present, the legacy 512 bytes */

extern unsigned int um_xstate_size;	/* bytes of an image */
extern u64 um_xfeatures;		/* state components that an image may hold */
extern u32 um_mxcsr_mask;		/* bits of MXCSR that this processor lets one set */

void um_fpu_init_boot(void);
int um_fpu_alloc(struct um_fpu *fpu);
void um_fpu_free(struct um_fpu *fpu);
void um_fpu_reset(struct um_fpu *fpu);
void um_fpu_copy(struct um_fpu *dst, const struct um_fpu *src);
int um_fpu_check(void *image);
void um_fpu_fill(void *image);
void um_fpu_truncate(void *image, u64 features);
u64 um_fpu_fitting(unsigned int bytes);

/*
 * Provided by the execution core: bring the live state of @tsk (current, or a task that is stopped) into its image,
 * which is from then on the only copy until the task next returns to user mode.
 */
void um_fpu_sync(struct task_struct *tsk);

#endif /* _ASM_UM_FPU_H */
