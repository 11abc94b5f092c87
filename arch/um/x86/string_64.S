/* SPDX-License-Identifier: GPL-2.0 */
/*
 * string_64.S - memcpy(), memmove(), memset(): guest and host world use the same ones
 *
 * Small sizes, which are most, take a few moves that may overlap; large ones take the processor's string
 * instruction, which every x86-64 of the last decade runs at full speed. memcpy() is memmove(): the test for an
 * overlap costs one branch.
 *
 * All return %rdi. Clobbered: what a function may clobber, no vector registers.
 */
#include <linux/linkage.h>
#include <linux/export.h>

#define STRING_FROM	256	/* bytes from which the string instruction pays */

	.text

SYM_FUNC_START(__memmove)
	movq	%rdi, %rax
	cmpq	$16, %rdx
	jb	.Lunder16
	cmpq	$32, %rdx
	ja	.Lover32

	/* 16 .. 32: two words from each end */
	movq	(%rsi), %rcx
	movq	8(%rsi), %r8
	movq	-16(%rsi,%rdx), %r9
	movq	-8(%rsi,%rdx), %r10
	movq	%rcx, (%rdi)
	movq	%r8, 8(%rdi)
	movq	%r9, -16(%rdi,%rdx)
	movq	%r10, -8(%rdi,%rdx)
	ret

.Lunder16:
	cmpq	$8, %rdx
	jb	.Lunder8
	movq	(%rsi), %rcx
	movq	-8(%rsi,%rdx), %r8
	movq	%rcx, (%rdi)
	movq	%r8, -8(%rdi,%rdx)
	ret
.Lunder8:
	cmpq	$4, %rdx
	jb	.Lunder4
	movl	(%rsi), %ecx
	movl	-4(%rsi,%rdx), %r8d
	movl	%ecx, (%rdi)
	movl	%r8d, -4(%rdi,%rdx)
	ret
.Lunder4:
	testq	%rdx, %rdx
	jz	.Lnothing
	movzbl	(%rsi), %ecx
	cmpq	$1, %rdx
	je	.Lone
	movzwl	-2(%rsi,%rdx), %r8d
	movw	%r8w, -2(%rdi,%rdx)
.Lone:
	movb	%cl, (%rdi)
.Lnothing:
	ret

.Lover32:
	/* Does the destination begin within the source? Then from the end down. */
	movq	%rdi, %rcx
	subq	%rsi, %rcx
	cmpq	%rdx, %rcx
	jb	.Lbackward
	cmpq	$STRING_FROM, %rdx
	jb	.Lforward
	movq	%rdx, %rcx
	rep movsb
	ret

	/* The last 32 bytes are read first: a destination just below the source may overwrite them. */
.Lforward:
	pushq	%rbx
	pushq	%r12
	movq	-32(%rsi,%rdx), %r11
	movq	-24(%rsi,%rdx), %rbx
	movq	-16(%rsi,%rdx), %r12
	movq	-8(%rsi,%rdx), %r8
	leaq	-32(%rdi,%rdx), %r10
1:	movq	(%rsi), %rcx
	movq	8(%rsi), %r9
	movq	%rcx, (%rdi)
	movq	16(%rsi), %rcx
	movq	%r9, 8(%rdi)
	movq	24(%rsi), %r9
	movq	%rcx, 16(%rdi)
	movq	%r9, 24(%rdi)
	addq	$32, %rsi
	addq	$32, %rdi
	cmpq	%r10, %rdi
	jb	1b
	movq	%r11, (%r10)
	movq	%rbx, 8(%r10)
	movq	%r12, 16(%r10)
	movq	%r8, 24(%r10)
	popq	%r12
	popq	%rbx
	ret

	/* The first 32 bytes are read first, and written last. */
.Lbackward:
	pushq	%rbx
	pushq	%r12
	movq	(%rsi), %r11
	movq	8(%rsi), %rbx
	movq	16(%rsi), %r12
	movq	24(%rsi), %r8
1:	movq	-8(%rsi,%rdx), %rcx
	movq	-16(%rsi,%rdx), %r9
	movq	-24(%rsi,%rdx), %r10
	movq	%rcx, -8(%rdi,%rdx)
	movq	-32(%rsi,%rdx), %rcx
	movq	%r9, -16(%rdi,%rdx)
	movq	%r10, -24(%rdi,%rdx)
	movq	%rcx, -32(%rdi,%rdx)
	subq	$32, %rdx
	cmpq	$32, %rdx
	ja	1b
	movq	%r11, (%rdi)
	movq	%rbx, 8(%rdi)
	movq	%r12, 16(%rdi)
	movq	%r8, 24(%rdi)
	popq	%r12
	popq	%rbx
	ret
SYM_FUNC_END(__memmove)
EXPORT_SYMBOL(__memmove)

SYM_FUNC_ALIAS(__memcpy, __memmove)
EXPORT_SYMBOL(__memcpy)

SYM_FUNC_START(__memset)
	movq	%rdi, %r9
	movzbl	%sil, %eax
	movabsq	$0x0101010101010101, %rcx
	imulq	%rcx, %rax
	cmpq	$16, %rdx
	jb	.Lset_under16
	cmpq	$STRING_FROM, %rdx
	jae	.Lset_string
	leaq	-16(%rdi,%rdx), %r10
1:	movq	%rax, (%rdi)
	movq	%rax, 8(%rdi)
	addq	$16, %rdi
	cmpq	%r10, %rdi
	jb	1b
	movq	%rax, (%r10)
	movq	%rax, 8(%r10)
	movq	%r9, %rax
	ret
.Lset_string:
	movq	%rdx, %rcx
	rep stosb
	movq	%r9, %rax
	ret
.Lset_under16:
	cmpq	$8, %rdx
	jb	.Lset_under8
	movq	%rax, (%rdi)
	movq	%rax, -8(%rdi,%rdx)
	movq	%r9, %rax
	ret
.Lset_under8:
	cmpq	$4, %rdx
	jb	.Lset_under4
	movl	%eax, (%rdi)
	movl	%eax, -4(%rdi,%rdx)
	movq	%r9, %rax
	ret
.Lset_under4:
	testq	%rdx, %rdx
	jz	.Lset_done
	movb	%al, (%rdi)
	cmpq	$1, %rdx
	je	.Lset_done
	movw	%ax, -2(%rdi,%rdx)
.Lset_done:
	movq	%r9, %rax
	ret
SYM_FUNC_END(__memset)
EXPORT_SYMBOL(__memset)

/* The plain names (asm/string.h). */
SYM_FUNC_ALIAS(memmove, __memmove)
EXPORT_SYMBOL(memmove)
SYM_FUNC_ALIAS(memcpy, __memcpy)
EXPORT_SYMBOL(memcpy)
SYM_FUNC_ALIAS(memset, __memset)
EXPORT_SYMBOL(memset)

	.section .note.GNU-stack, "", @progbits
