// SPDX-License-Identifier: GPL-2.0
/*
 * other_process.c - looking into and acting on other processes: process_vm_readv, /proc/PID/mem, pagemap, pidfd,
 * personality
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <poll.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

static uint8_t *memory;		/* the same address in the child */
static pid_t child;
static int to_child[2], from_child[2];

static void child_main(void)
{
	char c;

	for (size_t i = 0; i < 64 * PAGE; i++)
		memory[i] = i * 7 + i / PAGE;
	mprotect(memory + 32 * PAGE, PAGE, PROT_READ);
	munmap(memory + 40 * PAGE, PAGE);
	if (write(from_child[1], "r", 1) != 1)
		_exit(1);
	if (read(to_child[0], &c, 1) != 1)
		_exit(2);
	/* what the parent wrote */
	for (size_t i = 0; i < PAGE; i++) {
		if (memory[10 * PAGE + i] != 0x5a || memory[20 * PAGE + i] != 0xa5)
			_exit(3);
	}
	_exit(0);
}

static void vm_calls(void)
{
	static uint8_t copy[40 * PAGE];
	struct iovec local[2] = { { copy, 100 }, { copy + 100, 40 * PAGE - 100 } }, remote = { memory, 40 * PAGE };
	size_t bad = 0;
	ssize_t got;

	got = process_vm_readv(child, local, 2, &remote, 1, 0);
	if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
		check_remark("process_vm_readv: %s", strerror(errno));
	} else {
		CHECK(got == (ssize_t)(40 * PAGE), "process_vm_readv: %zd, %s", got, strerror(errno));
		for (size_t i = 0; i < 40 * PAGE; i++)
			bad += copy[i] != (uint8_t)(i * 7 + i / PAGE);
		CHECK(!bad, "%zu wrong bytes", bad);
		/* a hole ends it early, with what there was */
		local[0] = (struct iovec){ copy, 4 * PAGE };
		remote = (struct iovec){ memory + 38 * PAGE, 4 * PAGE };
		got = process_vm_readv(child, local, 1, &remote, 1, 0);
		CHECK(got == (ssize_t)(2 * PAGE), "across a hole: %zd", got);
		memset(copy, 0x5a, PAGE);
		remote = (struct iovec){ memory + 10 * PAGE, PAGE };
		CHECK(process_vm_writev(child, local, 1, &remote, 1, 0) == (ssize_t)PAGE, "process_vm_writev: %s", strerror(errno));
		remote = (struct iovec){ memory + 32 * PAGE, PAGE };
		CHECK(process_vm_writev(child, local, 1, &remote, 1, 0) < 0 && errno == EFAULT, "a write to read-only memory");
	}
}

static void proc_files(void)
{
	char path[64];
	uint8_t page[PAGE];
	uint64_t entry;
	size_t bad = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", child);
	fd = open(path, O_RDWR);
	if (fd < 0) {
		check_remark("%s: %s", path, strerror(errno));
		return;
	}
	CHECK(pread(fd, page, PAGE, (off_t)(uintptr_t)(memory + 5 * PAGE)) == (ssize_t)PAGE, "read of /proc/PID/mem: %s",
	      strerror(errno));
	for (size_t i = 0; i < PAGE; i++)
		bad += page[i] != (uint8_t)((5 * PAGE + i) * 7 + 5);
	CHECK(!bad, "%zu wrong bytes", bad);
	memset(page, 0xa5, PAGE);
	CHECK(pwrite(fd, page, PAGE, (off_t)(uintptr_t)(memory + 20 * PAGE)) == (ssize_t)PAGE, "write of it: %s", strerror(errno));
	memset(page, 0x5a, PAGE);
	CHECK(pwrite(fd, page, PAGE, (off_t)(uintptr_t)(memory + 10 * PAGE)) == (ssize_t)PAGE, "write of it: %s", strerror(errno));
	CHECK(pread(fd, page, PAGE, (off_t)(uintptr_t)(memory + 40 * PAGE)) < 0, "a hole was read");
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/pagemap", child);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		CHECK(pread(fd, &entry, 8, (uintptr_t)memory / PAGE * 8) == 8 && entry >> 63, "pagemap: %#lx", (unsigned long)entry);
		CHECK(pread(fd, &entry, 8, ((uintptr_t)memory / PAGE + 40) * 8) == 8 && !(entry >> 63), "pagemap of a hole");
		close(fd);
	}
}

static void pidfds(void)
{
	int fd = syscall(SYS_pidfd_open, child, 0);
	struct pollfd pfd = { fd, POLLIN, 0 };
	siginfo_t info;

	if (fd < 0) {
		CHECK(errno == ENOSYS, "pidfd_open: %s", strerror(errno));
		return;
	}
	CHECK(poll(&pfd, 1, 0) == 0, "a live process is readable");
	CHECK(write(to_child[1], "g", 1) == 1, "write");
	CHECK(poll(&pfd, 1, 5000) == 1, "the end of a process does not wake poll");
	CHECK(!waitid(3 /* P_PIDFD */, fd, &info, WEXITED) && info.si_status == 0, "the child found wrong memory: %d", info.si_status);
	CHECK(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) < 0 && errno == ESRCH, "a signal to the dead");
	close(fd);
}

static void personalities(void)
{
	int old = personality(0xffffffff);
	pid_t pid = fork();

	CHECK(old >= 0, "personality: %s", strerror(errno));
	if (pid == 0) {
		char *argv[] = { (char *)"x", (char *)"--address", NULL }, *envp[] = { NULL };

		if (personality(old | ADDR_NO_RANDOMIZE) < 0)
			_exit(1);
		execve("/proc/self/exe", argv, envp);
		_exit(2);
	}
	CHECK(check_wait(pid) == 0, "ADDR_NO_RANDOMIZE");
}

/* Started without randomisation: a second start must find its stack at the same place. */
static int address_main(int argc, char **argv)
{
	static char text[32];
	char *next[] = { (char *)"x", (char *)"--address", text, NULL }, *envp[] = { NULL };

	if (argc == 4)
		return 3;
	if (argc == 3)
		return strtoul(argv[2], NULL, 16) >> 12 != (unsigned long)sbrk(0) >> 12;
	snprintf(text, sizeof(text), "%lx", (unsigned long)sbrk(0));
	execve("/proc/self/exe", next, envp);
	return 4;
}

int main(int argc, char **argv)
{
	char c;

	if (argc > 1 && !strcmp(argv[1], "--address"))
		return address_main(argc, argv);
	memory = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pipe(to_child) || pipe(from_child))
		return 1;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PTRACER, -1);
		child_main();
	}
	CHECK(read(from_child[0], &c, 1) == 1, "the child did not start");
	vm_calls();
	proc_files();
	pidfds();
	personalities();
	return check_done("other_process");
}
