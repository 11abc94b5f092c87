// SPDX-License-Identifier: GPL-2.0
/*
 * fpu.c - floating-point images: their size, their life, and what may stand in them
 *
 * An image is what XSAVE writes in the standard format: the legacy 512 bytes, a header of 64 bytes, then one area
 * for each state component at the offset that CPUID leaf 0xD gives. Which components exist is the host's choice
 * (XCR0), so the size is known at run time only. Components that are left out:
 *
 *   AMX tiles (17, 18)  a program must ask for them with arch_prctl(ARCH_REQ_XCOMP_PERM), which we answer with
 *                       -EOPNOTSUPP; the host then never lets its contexts use them
 *   MPX (3, 4)          no kernel has offered it since 5.6, and XRSTOR faults on some values of its registers
 *
 * Images are untrusted: a program writes them in signal frames, by ptrace, and in the memory that it shares with its
 * context's stub. um_fpu_check() removes everything that would make XRSTOR fault; nothing else in an image can do
 * harm.
 *
 * XSAVE need not write a component that is in its initial state (the header says so). Who shows an image to
 * a program calls um_fpu_fill() first, so that the program sees the initial values and not what an earlier owner
 * left there.
 */

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/fpu.h>
#include <asm/sigcontext.h>

#include "cpuid.h"

#define CPUID_XSTATE		0xd
#define CPUID_1_ECX_OSXSAVE	BIT(27)

#define XFEATURE_FP		BIT_ULL(0)
#define XFEATURE_SSE		BIT_ULL(1)
#define XFEATURES_LEFT_OUT	(BIT_ULL(3) | BIT_ULL(4) | BIT_ULL(17) | BIT_ULL(18))
#define XFEATURES_MXCSR		(XFEATURE_SSE | BIT_ULL(2))	/* MXCSR goes with SSE and with AVX */
#define FIRST_EXTENDED		2
#define NR_XFEATURES		63	/* bit 63 of XSTATE_BV is not a component */

#define FCW_INIT		0x37f
#define MXCSR_INIT		0x1f80
#define MXCSR_MASK_OLD		0xffbf	/* what a zero in MXCSR_MASK stands for */
#define LEGACY_SIZE		512
#define MIN_SIZE		(LEGACY_SIZE + 64)

unsigned int um_xstate_size __ro_after_init;
u64 um_xfeatures __ro_after_init;
u32 um_mxcsr_mask __ro_after_init;

/* Where the areas of components 2 and up are. */
static struct {
	u32 offset;
	u32 size;
} areas[NR_XFEATURES] __ro_after_init;

static struct kmem_cache *images __ro_after_init;

static_assert(sizeof(struct _fpstate_64) == LEGACY_SIZE);
static_assert(offsetof(struct _xstate, xstate_hdr) == LEGACY_SIZE);
static_assert(sizeof(struct _header) == MIN_SIZE - LEGACY_SIZE);

/* FXSAVE only reads the registers, so it may run in the kernel, which uses none of them. */
static u32 __init read_mxcsr_mask(void)
{
	struct _fpstate_64 now __aligned(16) = {};

	asm volatile("fxsave %0" : "=m" (now));
	return now.mxcsr_mask ?: MXCSR_MASK_OLD;
}

static void __init read_layout(void)
{
	unsigned int i;

	um_xfeatures = um_xgetbv0() & GENMASK_ULL(NR_XFEATURES - 1, 0) & ~XFEATURES_LEFT_OUT;
	um_xfeatures |= UM_XFEATURE_FPSSE;
	um_xstate_size = MIN_SIZE;
	for (i = FIRST_EXTENDED; i < NR_XFEATURES; i++) {
		struct um_cpuid leaf;

		if (!(um_xfeatures & BIT_ULL(i)))
			continue;
		leaf = um_cpuid(CPUID_XSTATE, i);
		areas[i].size = leaf.eax;
		areas[i].offset = leaf.ebx;
		um_xstate_size = max(um_xstate_size, leaf.ebx + leaf.eax);
	}
	um_xstate_size = round_up(um_xstate_size, 8);
}

static void __init read_processor(void)
{
	if (um_cpuid_max() < CPUID_XSTATE || !(um_cpuid(1, 0).ecx & CPUID_1_ECX_OSXSAVE))
		panic("This host's processor has no XSAVE, which the return to guest programs needs.");
	read_layout();
	um_mxcsr_mask = read_mxcsr_mask();
}

/**
 * um_fpu_init_boot() - learn the size of the images from the processor, and make the cache that they come from
 *
 * Called twice: from setup_arch(), so that the size is known early, and from arch_task_cache_init(), when the slab
 * allocator is up and no task has been copied yet.
 */
void __init um_fpu_init_boot(void)
{
	if (!um_xstate_size)
		read_processor();
	if (!images && slab_is_available())
		images = kmem_cache_create_usercopy("um_fpu", um_xstate_size, 64, SLAB_PANIC | SLAB_ACCOUNT,
						    0, um_xstate_size, NULL);
}

/**
 * um_fpu_alloc() - give a thread an image, in the initial state
 * @fpu: written; what it held is overwritten, not freed
 *
 * Return: 0 or -ENOMEM.
 */
int um_fpu_alloc(struct um_fpu *fpu)
{
	fpu->image = kmem_cache_alloc(images, GFP_KERNEL);
	if (!fpu->image)
		return -ENOMEM;
	um_fpu_reset(fpu);
	return 0;
}

/**
 * um_fpu_free() - take the image away; harmless where there is none
 * @fpu: the thread's
 */
void um_fpu_free(struct um_fpu *fpu)
{
	if (fpu->image)
		kmem_cache_free(images, fpu->image);
	fpu->image = NULL;
}

/**
 * um_fpu_reset() - the state of a fresh program
 * @fpu: the thread's; it has an image
 */
void um_fpu_reset(struct um_fpu *fpu)
{
	struct _fpstate_64 *legacy = fpu->image;

	memset(fpu->image, 0, um_xstate_size);
	legacy->cwd = FCW_INIT;
	legacy->mxcsr = MXCSR_INIT;
	legacy->mxcsr_mask = um_mxcsr_mask;
}

/**
 * um_fpu_copy() - a new thread starts with the state of the one that made it
 * @dst: the child's; it has an image
 * @src: the parent's, synced; without an image (the boot thread's) the child gets the initial state
 */
void um_fpu_copy(struct um_fpu *dst, const struct um_fpu *src)
{
	if (src->image)
		memcpy(dst->image, src->image, um_xstate_size);
	else
		um_fpu_reset(dst);
}

/**
 * um_fpu_check() - make an image that a program has had in its hands safe to load
 * @image: changed in place
 *
 * XRSTOR faults on reserved bits of MXCSR, on components that are not enabled, and on a header that is not the
 * standard format's. These bits are cleared.
 *
 * Return: 0, or -EINVAL if XRSTOR would have faulted.
 */
int um_fpu_check(void *image)
{
	struct _xstate *x = image;
	struct _header *hdr = &x->xstate_hdr;
	int ret = 0;

	if (x->fpstate.mxcsr & ~um_mxcsr_mask) {
		x->fpstate.mxcsr &= um_mxcsr_mask;
		ret = -EINVAL;
	}
	if (hdr->xfeatures & ~um_xfeatures) {
		hdr->xfeatures &= um_xfeatures;
		ret = -EINVAL;
	}
	if (hdr->reserved1[0] | hdr->reserved1[1]) {
		hdr->reserved1[0] = 0;
		hdr->reserved1[1] = 0;
		ret = -EINVAL;
	}
	memset(hdr->reserved2, 0, sizeof(hdr->reserved2));
	return ret;
}

/**
 * um_fpu_fill() - write the initial values into the areas of components that the header says are in the initial state
 * @image: checked
 *
 * Afterwards the image may be shown to a program, and bits may be set in its header without changing what it means.
 */
void um_fpu_fill(void *image)
{
	struct _xstate *x = image;
	struct _fpstate_64 *legacy = &x->fpstate;
	u64 absent = um_xfeatures & ~x->xstate_hdr.xfeatures;
	unsigned int i;

	if (absent & XFEATURE_FP) {
		memset(legacy, 0, offsetof(struct _fpstate_64, mxcsr));
		memset(legacy->st_space, 0, sizeof(legacy->st_space));
		legacy->cwd = FCW_INIT;
	}
	if (absent & XFEATURE_SSE)
		memset(legacy->xmm_space, 0, sizeof(legacy->xmm_space));
	legacy->mxcsr_mask = um_mxcsr_mask;
	memset(legacy->reserved2, 0, sizeof(legacy->reserved2));

	for (i = FIRST_EXTENDED; i < NR_XFEATURES; i++)
		if (absent & BIT_ULL(i))
			memset(image + areas[i].offset, 0, areas[i].size);
}

/**
 * um_fpu_truncate() - put every component but some into the initial state
 * @image:    checked
 * @features: the components to keep
 */
void um_fpu_truncate(void *image, u64 features)
{
	struct _xstate *x = image;

	x->xstate_hdr.xfeatures &= features;
	if (!(features & XFEATURES_MXCSR))
		x->fpstate.mxcsr = MXCSR_INIT;
	um_fpu_fill(image);
}

/**
 * um_fpu_fitting() - the components whose areas lie within the first @bytes of an image
 * @bytes: at least the size of the legacy area and the header
 */
u64 um_fpu_fitting(unsigned int bytes)
{
	u64 fit = UM_XFEATURE_FPSSE;
	unsigned int i;

	for (i = FIRST_EXTENDED; i < NR_XFEATURES; i++)
		if ((um_xfeatures & BIT_ULL(i)) && areas[i].offset + areas[i].size <= bytes)
			fit |= BIT_ULL(i);
	return fit;
}
