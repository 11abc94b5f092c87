// SPDX-License-Identifier: GPL-2.0
/*
 * vdso.c - maps the vDSO and its data into every program
 *
 * Two special mappings, side by side (asm/vdso.h): [vvar], pages of kernel data that a program can only read,
 * entered by fault one page frame at a time; [vdso], the shared object in vdso/, private, so that a debugger can set
 * breakpoints in it. They stand at a random place that the ordinary search for free addresses finds.
 *
 * Time namespaces: a task in one has the namespace's page in place 0, which sends the readers of the real one to
 * page 1. A task that joins a namespace loses its [vvar] page table entries, and the next fault enters the right
 * pages.
 */

#include <linux/binfmts.h>
#include <linux/cache.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mm_types.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>
#include <linux/timekeeper_internal.h>
#include <asm/vdso.h>
#include <um/clock.h>
#include <vdso/datapage.h>
#include <asm/vdso/vsyscall.h>

#include "vdso.h"

#define MAX_IMAGE_PAGES	4

union vdso_data_store um_vdso_data __page_aligned_data;

static struct page *image_pages[MAX_IMAGE_PAGES + 1];	/* ends in NULL */

static int vdso_moved(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	current->mm->context.vdso = (void __user *)vma->vm_start;
	return 0;
}

/* The frame behind a page of [vvar], 0 for none. */
static unsigned long vvar_pfn(pgoff_t page, struct page *timens)
{
	switch (page) {
	case UM_VVAR_DATA_PAGE:
		return timens ? page_to_pfn(timens) : virt_to_pfn(&um_vdso_data);
	case UM_VVAR_TIMENS_PAGE:
		return timens ? virt_to_pfn(&um_vdso_data) : 0;
	case UM_VVAR_CLOCK_PAGE:
		return virt_to_pfn(um_clock_params);
	default:
		return 0;
	}
}

static vm_fault_t vvar_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma, struct vm_fault *vmf)
{
	unsigned long pfn = vvar_pfn(vmf->pgoff, find_timens_vvar_page(vma));

	return pfn ? vmf_insert_pfn(vma, vmf->address, pfn) : VM_FAULT_SIGBUS;
}

static const struct vm_special_mapping vdso_mapping = {
	.name = "[vdso]",
	.pages = image_pages,
	.mremap = vdso_moved,
};

static const struct vm_special_mapping vvar_mapping = {
	.name = "[vvar]",
	.fault = vvar_fault,
};

static unsigned long image_bytes(void)
{
	return um_vdso_image_end - um_vdso_image;
}

static int __init vdso_init(void)
{
	unsigned long i, nr = image_bytes() >> PAGE_SHIFT;

	BUG_ON(nr > MAX_IMAGE_PAGES || sizeof(um_vdso_data) != PAGE_SIZE);
	for (i = 0; i < nr; i++)
		image_pages[i] = virt_to_page(um_vdso_image + i * PAGE_SIZE);
	return 0;
}
subsys_initcall(vdso_init);

#ifdef CONFIG_TIME_NS
/**
 * arch_get_vdso_data() - a time namespace's page as vDSO data
 * @vvar_page: its kernel address
 */
struct vdso_data *arch_get_vdso_data(void *vvar_page)
{
	return vvar_page;
}

/**
 * vdso_join_timens() - a task has changed its time namespace
 * @task: the task
 * @ns:   where it is now
 */
int vdso_join_timens(struct task_struct *task, struct time_namespace *ns)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma)
		if (vma_is_special_mapping(vma, &vvar_mapping))
			zap_vma_pages(vma);
	mmap_read_unlock(mm);
	return 0;
}
#endif /* CONFIG_TIME_NS */

static int map_vdso(struct mm_struct *mm)
{
	unsigned long vvar_bytes = UM_VVAR_PAGES * PAGE_SIZE;
	struct vm_area_struct *vma;
	unsigned long addr;

	addr = get_unmapped_area(NULL, 0, vvar_bytes + image_bytes(), 0, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	vma = _install_special_mapping(mm, addr, vvar_bytes, VM_READ | VM_MAYREAD | VM_PFNMAP | VM_DONTDUMP,
				       &vvar_mapping);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	vma = _install_special_mapping(mm, addr + vvar_bytes, image_bytes(),
				       VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC, &vdso_mapping);
	if (IS_ERR(vma)) {
		do_munmap(mm, addr, vvar_bytes, NULL);
		return PTR_ERR(vma);
	}
	mm->context.vdso = (void __user *)(addr + vvar_bytes);
	return 0;
}

/**
 * arch_setup_additional_pages() - the last step of setting up a new program's address space
 * @bprm:        unused
 * @uses_interp: unused
 */
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp)
{
	struct mm_struct *mm = current->mm;
	int err;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	err = map_vdso(mm);
	mmap_write_unlock(mm);
	return err;
}
