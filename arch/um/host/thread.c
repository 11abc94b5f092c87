// SPDX-License-Identifier: GPL-2.0
/*
 * host/thread.c - host threads that run only host code, the words they sleep on, and signal masks
 *
 * World: host. A thread is a bare clone() with a stack of its own; no library knows of it. It starts with every
 * signal blocked, so that only vCPUs run signal handlers, and with a %gs base of 0, because its creator may be a vCPU
 * whose per-CPU area it must not touch.
 */
#include <linux/errno.h>
#include <linux/futex.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/mman.h>
#include <asm-generic/signal-defs.h>

#include <um/event.h>
#include <um/layout.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define THREAD_STACK	(64 * 1024UL)
#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* Lies at the top of the new thread's stack. */
struct thread_start {
	void (*fn)(void *arg);
	void *arg;
	char name[16];
} __attribute__((aligned(16)));

/**
 * host_signals_block() - block every signal in the calling thread
 *
 * Return: the mask found, for host_signals_restore().
 */
__u64 host_signals_block(void)
{
	__u64 all = ~0ULL, old = 0;

	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &all, &old, sizeof(all));
	return old;
}

/**
 * host_signals_restore() - set the calling thread's signal mask
 * @mask: the mask
 */
void host_signals_restore(__u64 mask)
{
	HOST_CALL(__NR_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
}

/**
 * host_signals_add() - block signals in the calling thread, and in the threads it makes
 * @mask: the signals
 */
void host_signals_add(__u64 mask)
{
	HOST_CALL(__NR_rt_sigprocmask, SIG_BLOCK, &mask, NULL, sizeof(mask));
}

/* The new thread's first C function; reached by the assembly below only. */
static void __attribute__((used, noreturn)) thread_main(struct thread_start *start)
{
	host_set_gsbase(0);
	HOST_CALL(__NR_prctl, PR_SET_NAME, start->name);
	start->fn(start->arg);
	for (;;)
		HOST_CALL(__NR_exit, 0);
}

static long thread_clone(struct thread_start *start)
{
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "movq %%rsp, %%rdi\n\t"
			 "call %P[main]\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(ret)
			 : "a"((long)__NR_clone), "D"((long)THREAD_FLAGS), "S"(start), "d"(0L), "r"(r10), "r"(r8),
			   [main] "i"(thread_main)
			 : "rcx", "r11", "memory");
	return ret;
}

/**
 * host_thread_start() - start a host thread that runs only host code
 * @fn:   its body; when it returns the thread ends
 * @arg:  handed to @fn
 * @name: for ps on the host
 *
 * Its stack is not given back: threads of the host side live as long as the process.
 *
 * Return: host thread id or negative errno.
 */
int host_thread_start(void (*fn)(void *arg), void *arg, const char *name)
{
	struct thread_start *start;
	unsigned long stack, n;
	__u64 mask;
	long ret;

	stack = HOST_CALL(__NR_mmap, 0, THREAD_STACK + UM_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (host_is_error(stack))
		return (int)stack;
	HOST_CALL(__NR_mprotect, stack, UM_PAGE_SIZE, PROT_NONE);

	start = (struct thread_start *)(stack + UM_PAGE_SIZE + THREAD_STACK) - 1;
	start->fn = fn;
	start->arg = arg;
	n = strlen(name);
	if (n > sizeof(start->name) - 1)
		n = sizeof(start->name) - 1;
	memcpy(start->name, name, n);

	mask = host_signals_block();
	ret = thread_clone(start);
	host_signals_restore(mask);
	if (host_is_error(ret))
		HOST_CALL(__NR_munmap, stack, THREAD_STACK + UM_PAGE_SIZE);
	return (int)ret;
}

/**
 * host_word_wait() - sleep while a word has a value
 * @word: the word; sleeper and waker name it by the same address
 * @val:  the value
 */
void host_word_wait(__u32 *word, __u32 val)
{
	HOST_CALL(__NR_futex, word, FUTEX_WAIT_PRIVATE, val, NULL, NULL, 0);
}

/**
 * host_word_wake() - wake sleepers
 * @word: the word
 * @nr:   how many at the most
 */
void host_word_wake(__u32 *word, int nr)
{
	HOST_CALL(__NR_futex, word, FUTEX_WAKE_PRIVATE, nr, NULL, NULL, 0);
}
