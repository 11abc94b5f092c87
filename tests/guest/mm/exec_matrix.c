// SPDX-License-Identifier: GPL-2.0
/*
 * exec_matrix.c - exec of every kind of executable, and of what is none
 *
 * Executes exec_child.static, .static-pie, .dyn and .pie, which lie beside this program (dynamic ones only where
 * their interpreter is there), by execve, fexecve, execveat, from a memfd, through a script; then what must fail,
 * each with its error: no permission, no executable, a truncated one, arguments too long, a directory, a busy file.
 */
#define _GNU_SOURCE
#include "check.h"
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char directory[PATH_MAX];
static char temporary[64] = "/tmp/exec_matrix.XXXXXX";
static char long_argument[100001];
static char *child_argv[] = { (char *)"child", (char *)"one", (char *)"", long_argument, NULL };
static char *child_envp[] = { (char *)"EXEC_TEST=yes", NULL };

enum how { BY_EXECVE, BY_FEXECVE, BY_EXECVEAT, BY_MEMFD, BY_SCRIPT, NR_HOW };

static const char *const how_names[] = { "execve", "fexecve", "execveat", "a memfd", "a script" };

static void nothing(int sig)
{
	(void)sig;
}

static int copy_file(const char *from, int to)
{
	static char buf[65536];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, buf, sizeof(buf))) > 0) {
		if (write(to, buf, got) != got)
			return -1;
	}
	close(fd);
	return got < 0 ? -1 : 0;
}

static void set_inherited(void)
{
	sigset_t mask;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, nothing);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	dup2(0, 50);
	dup3(0, 51, O_CLOEXEC);
}

static void child_exec(const char *path, enum how how)
{
	int fd;

	set_inherited();
	switch (how) {
	case BY_EXECVE:
		execve(path, child_argv, child_envp);
		break;
	case BY_FEXECVE:
		fd = open(path, O_RDONLY | O_CLOEXEC);
		fexecve(fd, child_argv, child_envp);
		break;
	case BY_EXECVEAT:
		fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
		syscall(SYS_execveat, fd, strrchr(path, '/') + 1, child_argv, child_envp, 0);
		break;
	case BY_MEMFD:
		fd = memfd_create("exec", MFD_CLOEXEC);
		if (copy_file(path, fd))
			_exit(3);
		syscall(SYS_execveat, fd, "", child_argv, child_envp, AT_EMPTY_PATH);
		break;
	default:
		break;
	}
	_exit(errno == EACCES || errno == EPERM ? 4 : 5);
}

static int has_interpreter(const char *path)
{
	Elf64_Ehdr head;
	int fd = open(path, O_RDONLY), found = 1;

	if (fd < 0)
		return 0;
	if (read(fd, &head, sizeof(head)) == sizeof(head)) {
		for (int i = 0; i < head.e_phnum; i++) {
			char name[256] = "";
			Elf64_Phdr part;

			if (pread(fd, &part, sizeof(part), head.e_phoff + i * sizeof(part)) != sizeof(part))
				break;
			if (part.p_type == PT_INTERP && pread(fd, name, sizeof(name) - 1, part.p_offset) > 0)
				found = access(name, X_OK) == 0;
		}
	}
	close(fd);
	return found;
}

static void kinds(void)
{
	static const char *const names[] = { "static", "static-pie", "dyn", "pie" };

	for (int k = 0; k < 4; k++) {
		char path[PATH_MAX + 32];

		snprintf(path, sizeof(path), "%s/exec_child.%s", directory, names[k]);
		if (!has_interpreter(path)) {
			check_remark("no %s", names[k]);
			continue;
		}
		for (int how = BY_EXECVE; how < BY_SCRIPT; how++) {
			int status;
			pid_t pid = fork();

			if (pid == 0)
				child_exec(path, how);
			status = check_wait(pid);
			CHECK(status == 77, "%s by %s: status %d", names[k], how_names[how], status);
		}
	}
}

static int exec_error(const char *path, char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, argv, child_envp);
		_exit(errno);
	}
	status = check_wait(pid);
	return status;
}

static void write_file(const char *name, const void *bytes, size_t nr, int mode, char *path)
{
	int fd;

	sprintf(path, "%s/%s", temporary, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0 || write(fd, bytes, nr) != (ssize_t)nr)
		CHECK(0, "%s: %s", path, strerror(errno));
	fchmod(fd, mode);
	close(fd);
}

static void scripts(void)
{
	char *argv[] = { (char *)"script", (char *)"given", NULL };
	char path[128], text[PATH_MAX + 64];

	snprintf(text, sizeof(text), "#!%s/exec_matrix --script x y\n", directory);
	write_file("script", text, strlen(text), 0700, path);
	CHECK(exec_error(path, argv) == 66, "a script");
	/* a script whose interpreter is a script */
	snprintf(text, sizeof(text), "#!%s\n", path);
	write_file("script2", text, strlen(text), 0700, path);
	CHECK(exec_error(path, argv) == 67, "a script that is run by a script");
}

static void errors(void)
{
	char *argv[] = { (char *)"x", NULL };
	char path[128], source[PATH_MAX + 32];
	void *volatile bad = (void *)16;
	Elf64_Ehdr head;
	char *huge[20];
	int fd;

	CHECK(exec_error("/nonexistent", argv) == ENOENT, "what is not there");
	CHECK(exec_error(temporary, argv) == EACCES, "a directory");
	write_file("plain", "no program", 10, 0700, path);
	CHECK(exec_error(path, argv) == ENOEXEC, "plain text");
	write_file("unreadable", "#!/bin/sh\n", 10, 0600, path);
	CHECK(exec_error(path, argv) == EACCES, "without permission");
	write_file("empty", "", 0, 0700, path);
	CHECK(exec_error(path, argv) == ENOEXEC, "an empty file");
	snprintf(source, sizeof(source), "%s/exec_child.static", directory);
	fd = open(source, O_RDONLY);
	if (fd >= 0 && read(fd, &head, sizeof(head)) == sizeof(head)) {
		write_file("short", &head, sizeof(head), 0700, path);
		CHECK(exec_error(path, argv), "a truncated program was started");
		head.e_machine = EM_AARCH64;
		write_file("foreign", &head, sizeof(head), 0700, path);
		CHECK(exec_error(path, argv) == ENOEXEC, "a program for another machine");
	}
	close(fd);
	write_file("busy", "#!/bin/sh\n", 10, 0700, path);
	fd = open(path, O_WRONLY);
	CHECK(exec_error(path, argv) == ETXTBSY, "a file that is being written");
	close(fd);
	for (int i = 0; i < 19; i++)
		huge[i] = malloc(1 << 20);
	for (int i = 0; i < 19; i++) {
		memset(huge[i], 'x', (1 << 20) - 1);
		huge[i][(1 << 20) - 1] = 0;
	}
	huge[19] = NULL;
	CHECK(exec_error(source, huge) == E2BIG, "arguments without end");
	CHECK(exec_error(bad, argv) == EFAULT && exec_error(source, bad) == EFAULT, "bad pointers");
}

/* From a large process, over and over: what exec must take down is large. */
static void from_large(void)
{
	size_t bytes = 64 << 20;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[PATH_MAX + 32], *argv[] = { (char *)"x", NULL };

	memset(memory, 1, bytes);
	snprintf(path, sizeof(path), "%s/exec_child.static", directory);
	for (int i = 0; i < 10; i++)
		CHECK(exec_error(path, argv) == 0, "exec from a large process");
	munmap(memory, bytes);
}

int main(int argc, char **argv)
{
	ssize_t len = readlink("/proc/self/exe", directory, sizeof(directory) - 1);

	/* "interpreter, its argument (all of the rest in one), script, arguments" */
	if (argc > 2 && !strcmp(argv[1], "--script x y"))
		return argc == 4 && !strcmp(argv[3], "given") ? 66 : argc == 5 && !strcmp(argv[4], "given") ? 67 : 68;
	if (len <= 0 || !mkdtemp(temporary)) {
		perror("exec_matrix");
		return 1;
	}
	*strrchr(directory, '/') = 0;
	memset(long_argument, 'l', 100000);
	kinds();
	scripts();
	errors();
	from_large();
	for (int i = 0; i < 8; i++) {
		static const char *const names[] = { "script", "script2", "plain", "unreadable", "empty", "short", "foreign", "busy" };
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", temporary, names[i]);
		unlink(path);
	}
	rmdir(temporary);
	return check_done("exec_matrix");
}
