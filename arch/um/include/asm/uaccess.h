/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/uaccess.h - access to the memory of guest programs (mm/uaccess.c)
 *
 * A guest program's memory is not mapped in the kernel process; each access walks the page table, and copies to or from the page itself in
 * the direct map, while it holds the lock of the page table entry, so that the page cannot go away. There is no second copy. What is not
 * there is faulted in, unless page faults are disabled; then the copy ends short.
 */
#ifndef _ASM_UM_UACCESS_H
#define _ASM_UM_UACCESS_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <asm/extable.h>
#include <asm/page.h>
#include <asm/processor.h>
#include <asm-generic/access_ok.h>

unsigned long __must_check um_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long __must_check um_copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __must_check um_clear_user(void __user *to, unsigned long n);

#define INLINE_COPY_FROM_USER
#define INLINE_COPY_TO_USER

static __always_inline unsigned long __must_check raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return um_copy_from_user(to, from, n);
}

static __always_inline unsigned long __must_check raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return um_copy_to_user(to, from, n);
}

#define __clear_user(to, n)	um_clear_user(to, n)

static inline unsigned long __must_check clear_user(void __user *to, unsigned long n)
{
	might_fault();
	return access_ok(to, n) ? um_clear_user(to, n) : n;
}

long strncpy_from_user(char *dst, const char __user *src, long count);
long strnlen_user(const char __user *s, long n);

#define __get_user(x, ptr)								\
({											\
	unsigned long __gu_val = 0;							\
	int __gu_err = 0;								\
											\
	__chk_user_ptr(ptr);								\
	if (unlikely(um_copy_from_user(&__gu_val, (ptr), sizeof(*(ptr))))) {		\
		__gu_err = -EFAULT;							\
		__gu_val = 0;								\
	}										\
	BUILD_BUG_ON(sizeof(*(ptr)) > sizeof(__gu_val));				\
	(x) = (__force __typeof__(*(ptr)))__gu_val;					\
	__gu_err;									\
})

#define get_user(x, ptr)								\
({											\
	const __typeof__(*(ptr)) __user *__gu_ptr = (ptr);				\
											\
	might_fault();									\
	likely(access_ok(__gu_ptr, sizeof(*__gu_ptr))) ?				\
		__get_user((x), (__typeof__(*(ptr)) __user *)__gu_ptr) :		\
		((x) = (__typeof__(*(ptr)))0, -EFAULT);					\
})

#define __put_user(x, ptr)								\
({											\
	__typeof__(*(ptr)) __pu_val = (x);						\
											\
	__chk_user_ptr(ptr);								\
	um_copy_to_user((ptr), &__pu_val, sizeof(__pu_val)) ? -EFAULT : 0;		\
})

#define put_user(x, ptr)								\
({											\
	__typeof__(*(ptr)) __user *__pu_ptr = (ptr);					\
											\
	might_fault();									\
	access_ok(__pu_ptr, sizeof(*__pu_ptr)) ? __put_user((x), __pu_ptr) : -EFAULT;	\
})

#define user_access_begin(ptr, len)	access_ok(ptr, len)
#define user_access_end()		do { } while (0)
#define user_access_save()		0UL
#define user_access_restore(flags)	do { (void)(flags); } while (0)

#define unsafe_get_user(x, ptr, label)							\
do {											\
	if (__get_user(x, ptr))								\
		goto label;								\
} while (0)

#define unsafe_put_user(x, ptr, label)							\
do {											\
	if (__put_user(x, ptr))								\
		goto label;								\
} while (0)

#define unsafe_copy_to_user(to, from, n, label)						\
do {											\
	if (um_copy_to_user(to, from, n))						\
		goto label;								\
} while (0)

#define unsafe_copy_from_user(to, from, n, label)					\
do {											\
	if (um_copy_from_user(to, from, n))						\
		goto label;								\
} while (0)

/* Kernel addresses that may be bad: a real access, with a fixup for the host's SIGSEGV. */
bool um_kernel_read(void *dst, const void *src, unsigned int size);
bool um_kernel_write(void *dst, const void *src, unsigned int size);

#define __get_kernel_nofault(dst, src, type, label)					\
do {											\
	if (!um_kernel_read(dst, src, sizeof(type)))					\
		goto label;								\
} while (0)

#define __put_kernel_nofault(dst, src, type, label)					\
do {											\
	if (!um_kernel_write(dst, src, sizeof(type)))					\
		goto label;								\
} while (0)

#endif /* _ASM_UM_UACCESS_H */
