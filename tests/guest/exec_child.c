// SPDX-License-Identifier: GPL-2.0
/*
 * exec_child.c - what exec_matrix executes: tells by its exit status whether it was started as the ABI says
 *
 * Built as static, static PIE, dynamic and dynamic PIE. It checks its arguments, its environment, the auxiliary
 * vector, that its relocations and thread-local variables work, that the stack is aligned, and what is inherited
 * over exec and what is not.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static __thread int thread_local_value = 4711;
static int variable = 5;
static int *relocated = &variable;
static int was_constructed;

__attribute__((constructor)) static void construct(void)
{
	was_constructed = 1;
}

static int is_aligned_stack(void)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	return frame % 16 == 0;
}

int main(int argc, char **argv)
{
	struct sigaction sa;
	sigset_t mask;

	if (argc == 1)
		return 0;
	if (argc != 4 || strcmp(argv[1], "one") || strcmp(argv[2], "") || strlen(argv[3]) != 100000 || argv[4])
		return 10;
	if (!getenv("EXEC_TEST") || strcmp(getenv("EXEC_TEST"), "yes") || getenv("HOME"))
		return 11;
	if (thread_local_value != 4711 || *relocated != 5 || !was_constructed)
		return 12;
	if (!is_aligned_stack())
		return 13;
	if (getauxval(AT_PAGESZ) != 4096 || !getauxval(AT_RANDOM) || !getauxval(AT_PHDR) || !getauxval(AT_ENTRY) ||
	    !getauxval(AT_EXECFN) || getauxval(AT_UID) != getuid())
		return 14;
	/* ignored signals and the mask are inherited, handlers are not; nor are descriptors marked so */
	sigaction(SIGUSR1, NULL, &sa);
	if (sa.sa_handler != SIG_IGN)
		return 15;
	sigaction(SIGUSR2, NULL, &sa);
	if (sa.sa_handler != SIG_DFL)
		return 16;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	if (!sigismember(&mask, SIGHUP) || sigismember(&mask, SIGINT))
		return 17;
	if (fcntl(50, F_GETFD) < 0 || fcntl(51, F_GETFD) >= 0)
		return 18;
	return 77;
}
