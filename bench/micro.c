// SPDX-License-Identifier: GPL-2.0
/*
 * micro.c - what the basic operations of a kernel cost a program
 *
 * Theory of operation
 *
 * One static binary that is run unchanged on the bare host and inside a guest. Each row is one operation. A row is run
 * in a child process of its own, so that a row that crashes or hangs (alarm) is reported and the others still run:
 *
 *     setup()   once; opens files, starts partners
 *     run(n)    does the operation n times and returns the nanoseconds this took, or -1 when a result was wrong
 *     finish()  once; checks what only the end shows (the count of signals seen, the partner's exit status)
 *
 * n is calibrated: it doubles until one run takes the target time. The clock is read only around the loop, since in
 * some guests reading it is itself a slow system call. Every operation's result is checked, inside or after the loop,
 * so that a failed run is an error line and never a fast one.
 *
 * Output: one JSON object a line, {"row","unit","note","iters","samples"}; a failed row has "error" instead of samples.
 * Exit status: 0 when every row asked for was good.
 *
 * Where files are used they lie in the directory given by --dir, which should be a tmpfs everywhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096UL
#define ANON_BYTES	(64UL << 20)
#define FILE_BYTES	(16UL << 20)
#define CHILD_STATUS	42
#define CPU_ROUNDS	4000000UL
#define CPU_RESULT	0x87af7d85756aed8aUL	/* of CPU_ROUNDS rounds from CPU_SEED; see cpu_loop() */
#define CPU_SEED	0x9e3779b97f4a7c15UL
#define ROW_SECONDS	120

struct row {
	const char *name;
	const char *unit;	/* "us" or "ms" */
	double unit_ns;
	const char *note;
	int (*setup)(void);
	double (*run)(long n);
	int (*finish)(void);
};

static char dir[256];
static char prog[288];		/* a copy of this program inside dir */
static char why[512];		/* what went wrong, for the error line */

static int fail(const char *what)
{
	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	return -1;
}

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

static void in_dir(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/%s", dir, name);
}

/* ---- system calls that do little ---- */

static double run_getppid(long n)
{
	pid_t want = getppid();
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++)
		bad += syscall(SYS_getppid) != want;
	start = now_ns() - start;
	return bad ? fail("getppid changed") : start;
}

static double run_clock(long n)
{
	struct timespec ts, last = { 0, 0 };
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		bad += clock_gettime(CLOCK_MONOTONIC, &ts) != 0;
		bad += ts.tv_sec < last.tv_sec || (ts.tv_sec == last.tv_sec && ts.tv_nsec < last.tv_nsec);
		last = ts;
	}
	start = now_ns() - start;
	return bad ? fail("the clock failed or ran backwards") : start;
}

static int read_fd;

static int setup_read(void)
{
	char path[288];

	in_dir(path, sizeof(path), "byte");
	read_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (read_fd < 0 || write(read_fd, "x", 1) != 1)
		return fail(path);
	return 0;
}

static double run_read(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		char c = 0;

		bad += pread(read_fd, &c, 1, 0) != 1 || c != 'x';
	}
	start = now_ns() - start;
	return bad ? fail("pread") : start;
}

static char stat_path[288];

static int setup_stat(void)
{
	in_dir(stat_path, sizeof(stat_path), "byte");
	return setup_read();
}

static double run_stat(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		struct stat st;

		bad += stat(stat_path, &st) != 0 || st.st_size != 1;
	}
	start = now_ns() - start;
	return bad ? fail("stat") : start;
}

/* ---- signals ---- */

static volatile sig_atomic_t nr_signals;

static void on_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

static int setup_signal(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	return sigaction(SIGUSR1, &sa, NULL) ? fail("sigaction") : 0;
}

static double run_signal(long n)
{
	pid_t self = getpid();
	long before = nr_signals;
	double start = now_ns();

	for (long i = 0; i < n; i++)
		kill(self, SIGUSR1);
	start = now_ns() - start;
	return nr_signals - before == n ? start : fail("signals were lost");
}

/* ---- two processes ---- */

static int ping[2], pong[2];
static pid_t partner;

static int setup_pipe(void)
{
	if (pipe(ping) || pipe(pong))
		return fail("pipe");
	partner = fork();
	if (partner < 0)
		return fail("fork");
	if (partner == 0) {
		unsigned char c;

		close(ping[1]);
		close(pong[0]);
		while (read(ping[0], &c, 1) == 1) {
			c++;
			if (write(pong[1], &c, 1) != 1)
				_exit(1);
		}
		_exit(CHILD_STATUS);
	}
	close(ping[0]);
	close(pong[1]);
	return 0;
}

static double run_pipe(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		unsigned char out = i, in = 0;

		bad += write(ping[1], &out, 1) != 1;
		bad += read(pong[0], &in, 1) != 1;
		bad += in != (unsigned char)(out + 1);
	}
	start = now_ns() - start;
	return bad ? fail("pipe ping-pong") : start;
}

static int finish_pipe(void)
{
	int status;

	close(ping[1]);
	if (waitpid(partner, &status, 0) != partner || !WIFEXITED(status) || WEXITSTATUS(status) != CHILD_STATUS)
		return fail("the partner's exit status");
	return 0;
}

/* Two words of shared memory: whose turn it is, and when to stop. */
static struct turn {
	uint32_t who;
	uint32_t stop;
	uint64_t hops;
} *turn;

static void futex_wait(uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void turn_pass(uint32_t me)
{
	while (__atomic_load_n(&turn->who, __ATOMIC_ACQUIRE) != me)
		futex_wait(&turn->who, !me);
	turn->hops++;
	__atomic_store_n(&turn->who, !me, __ATOMIC_RELEASE);
	futex_wake(&turn->who);
}

static int setup_switch(void)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all))
		return fail("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &one);
			break;
		}
	}
	if (sched_setaffinity(0, sizeof(one), &one))
		return fail("sched_setaffinity");
	turn = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turn == MAP_FAILED)
		return fail("mmap");
	partner = fork();
	if (partner < 0)
		return fail("fork");
	if (partner == 0) {
		while (!__atomic_load_n(&turn->stop, __ATOMIC_ACQUIRE))
			turn_pass(1);
		_exit(CHILD_STATUS);
	}
	return 0;
}

/* One iteration is two switches: there and back; so run half as many. */
static double run_switch(long n)
{
	uint64_t hops = turn->hops;
	long rounds = (n + 1) / 2;
	double start = now_ns();

	for (long i = 0; i < rounds; i++)
		turn_pass(0);
	while (__atomic_load_n(&turn->who, __ATOMIC_ACQUIRE) != 0)
		futex_wait(&turn->who, 1);
	start = now_ns() - start;
	if (turn->hops - hops != 2UL * rounds)
		return fail("turns were lost");
	return start * n / (2.0 * rounds);
}

static int finish_switch(void)
{
	int status;

	__atomic_store_n(&turn->stop, 1, __ATOMIC_RELEASE);
	turn_pass(0);
	if (waitpid(partner, &status, 0) != partner || !WIFEXITED(status) || WEXITSTATUS(status) != CHILD_STATUS)
		return fail("the partner's exit status");
	return 0;
}

/* ---- processes and threads ---- */

static int child_was_good(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == CHILD_STATUS;
}

static double run_fork(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(CHILD_STATUS);
		bad += !child_was_good(pid);
	}
	start = now_ns() - start;
	return bad ? fail("fork, exit or wait") : start;
}

static char *const child_argv[] = { (char *)"micro", (char *)"--child", NULL };
static char *const child_env[] = { NULL };

static double run_fork_exec(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execve(prog, child_argv, child_env);
			_exit(127);
		}
		bad += !child_was_good(pid);
	}
	start = now_ns() - start;
	return bad ? fail("fork, exec or wait") : start;
}

static double run_spawn(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		pid_t pid = -1;

		bad += posix_spawn(&pid, prog, NULL, NULL, child_argv, child_env) != 0;
		bad += !child_was_good(pid);
	}
	start = now_ns() - start;
	return bad ? fail("posix_spawn or wait") : start;
}

static void *thread_main(void *arg)
{
	return (char *)arg + 1;
}

static double run_thread(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		pthread_t thread;
		void *result = NULL;

		if (pthread_create(&thread, NULL, thread_main, (void *)i)) {
			bad++;
			continue;
		}
		bad += pthread_join(thread, &result) != 0 || result != (void *)(i + 1);
	}
	start = now_ns() - start;
	return bad ? fail("pthread_create or join") : start;
}

/* ---- memory ---- */

/* n counts pages; whole blocks are touched, and only the touching is timed. */
static double run_anon(long n)
{
	long pages = ANON_BYTES / PAGE, done = 0;
	double total = 0;

	while (done < n) {
		unsigned char *block = mmap(NULL, ANON_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		double start;

		if (block == MAP_FAILED)
			return fail("mmap");
		start = now_ns();
		for (long i = 0; i < pages; i++)
			block[i * PAGE] = i;
		total += now_ns() - start;
		for (long i = 0; i < pages; i++) {
			if (block[i * PAGE] != (unsigned char)i || block[i * PAGE + 1])
				return fail("a page had wrong contents");
		}
		munmap(block, ANON_BYTES);
		done += pages;
	}
	return total * n / done;
}

static double run_mmap_one(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++) {
		unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (page == MAP_FAILED) {
			bad++;
			continue;
		}
		bad += page[7] != 0;
		page[7] = 1;
		bad += munmap(page, PAGE) != 0;
	}
	start = now_ns() - start;
	return bad ? fail("mmap, a page that was not zero, or munmap") : start;
}

static int map_fd;

static int setup_file_map(void)
{
	static unsigned char page[PAGE];
	char path[288];

	in_dir(path, sizeof(path), "mapped");
	map_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (map_fd < 0)
		return fail(path);
	for (unsigned long i = 0; i < FILE_BYTES / PAGE; i++) {
		page[0] = i;
		page[1] = i >> 8;
		if (write(map_fd, page, PAGE) != (ssize_t)PAGE)
			return fail("write");
	}
	return 0;
}

static double run_file_map(long n)
{
	long pages = FILE_BYTES / PAGE, done = 0;
	double total = 0;

	while (done < n) {
		unsigned char *map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_SHARED, map_fd, 0);
		long bad = 0;
		double start;

		if (map == MAP_FAILED)
			return fail("mmap");
		start = now_ns();
		for (long i = 0; i < pages; i++)
			bad += map[i * PAGE] != (unsigned char)i;
		total += now_ns() - start;
		munmap(map, FILE_BYTES);
		if (bad)
			return fail("the mapped file had wrong contents");
		done += pages;
	}
	return total * n / done;
}

/* ---- the control: no kernel at all ---- */

static uint64_t cpu_loop(unsigned long rounds)
{
	uint64_t x = CPU_SEED;

	for (unsigned long i = 0; i < rounds; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static double run_cpu(long n)
{
	double start = now_ns();
	long bad = 0;

	for (long i = 0; i < n; i++)
		bad += cpu_loop(CPU_ROUNDS) != CPU_RESULT;
	start = now_ns() - start;
	return bad ? fail("the CPU miscalculated") : start;
}

static const struct row rows[] = {
	{ "cpu_loop", "ms", 1e6, "control: 4,000,000 rounds of xorshift, no system call", NULL, run_cpu, NULL },
	{ "getppid", "us", 1e3, "system call", NULL, run_getppid, NULL },
	{ "clock_gettime", "us", 1e3, "CLOCK_MONOTONIC by libc", NULL, run_clock, NULL },
	{ "read_1", "us", 1e3, "pread of 1 byte of a tmpfs file", setup_read, run_read, NULL },
	{ "stat", "us", 1e3, "of a tmpfs file", setup_stat, run_stat, NULL },
	{ "pipe_pingpong", "us", 1e3, "1 byte there and back, two processes", setup_pipe, run_pipe, finish_pipe },
	{ "context_switch", "us", 1e3, "one futex hand-over, two processes on one CPU", setup_switch, run_switch, finish_switch },
	{ "signal", "us", 1e3, "kill(self) and the handler", setup_signal, run_signal, NULL },
	{ "fork_exit_wait", "us", 1e3, "static binary", NULL, run_fork, NULL },
	{ "fork_exec_wait", "us", 1e3, "static binary, in tmpfs", NULL, run_fork_exec, NULL },
	{ "spawn_wait", "us", 1e3, "posix_spawn of a static binary, in tmpfs", NULL, run_spawn, NULL },
	{ "thread_create_join", "us", 1e3, "pthread", NULL, run_thread, NULL },
	{ "anon_touch", "us", 1e3, "first touch, per 4 KiB of a 64 MiB block", NULL, run_anon, NULL },
	{ "mmap_touch_munmap", "us", 1e3, "one page", NULL, run_mmap_one, NULL },
	{ "file_map_fault", "us", 1e3, "read, per 4 KiB of a cached 16 MiB tmpfs file", setup_file_map, run_file_map, NULL },
};

#define NR_ROWS	(sizeof(rows) / sizeof(rows[0]))

static double target_ns = 40e6;
static int nr_samples = 5;

static int emit_error(const struct row *row, const char *text)
{
	printf("{\"row\":\"%s\",\"unit\":\"%s\",\"error\":\"%s\"}\n", row->name, row->unit, text);
	fflush(stdout);
	return 1;
}

/* Runs in the row's own process. */
static int measure(const struct row *row)
{
	double samples[64], took = 0;
	long n = 1;

	if (row->setup && row->setup())
		return emit_error(row, why);
	for (;;) {
		took = row->run(n);
		if (took < 0)
			return emit_error(row, why);
		if (took >= target_ns / 2 || n >= 1L << 30)
			break;
		n = took > target_ns / 64 ? (long)(n * (target_ns / took)) + 1 : n * 4;
	}
	for (int i = 0; i < nr_samples; i++) {
		took = row->run(n);
		if (took < 0)
			return emit_error(row, why);
		samples[i] = took / n / row->unit_ns;
	}
	if (row->finish && row->finish())
		return emit_error(row, why);
	printf("{\"row\":\"%s\",\"unit\":\"%s\",\"note\":\"%s\",\"iters\":%ld,\"samples\":[", row->name, row->unit, row->note, n);
	for (int i = 0; i < nr_samples; i++)
		printf("%s%.5g", i ? "," : "", samples[i]);
	printf("]}\n");
	fflush(stdout);
	return 0;
}

static int run_row(const struct row *row)
{
	char text[64];
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return emit_error(row, "fork failed");
	if (pid == 0) {
		setpgid(0, 0);
		alarm(ROW_SECONDS);
		_exit(measure(row));
	}
	if (waitpid(pid, &status, 0) != pid)
		return emit_error(row, "wait failed");
	kill(-pid, SIGKILL);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	snprintf(text, sizeof(text), "killed by signal %d", WTERMSIG(status));
	return emit_error(row, text);
}

static int copy_self(const char *argv0)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out;
	ssize_t got;

	if (in < 0)
		in = open(argv0, O_RDONLY);
	out = open(prog, O_WRONLY | O_CREAT | O_TRUNC, 0700);
	if (in < 0 || out < 0)
		return -1;
	while ((got = read(in, buf, sizeof(buf))) > 0) {
		if (write(out, buf, got) != got)
			return -1;
	}
	close(in);
	return close(out) || got < 0 ? -1 : 0;
}

static void remove_dir(void)
{
	char path[288];

	in_dir(path, sizeof(path), "byte");
	unlink(path);
	in_dir(path, sizeof(path), "mapped");
	unlink(path);
	unlink(prog);
	rmdir(dir);
}

/* list is comma separated; NULL is everything */
static int is_wanted(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (const char *p = list; p && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : "") {
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return 1;
	}
	return !list;
}

static int usage(void)
{
	fprintf(stderr, "usage: micro [--dir DIR] [--ms N] [--samples N] [--rows A,B,...] [--list]\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *base = "/tmp", *wanted = NULL;
	int bad = 0, nr_done = 0;

	if (argc > 1 && !strcmp(argv[1], "--child"))
		return CHILD_STATUS;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (!strcmp(argv[i], "--list")) {
			for (size_t r = 0; r < NR_ROWS; r++)
				printf("%-20s %s, %s\n", rows[r].name, rows[r].unit, rows[r].note);
			return 0;
		}
		if (!value)
			return usage();
		if (!strcmp(argv[i], "--dir"))
			base = value;
		else if (!strcmp(argv[i], "--ms"))
			target_ns = atof(value) * 1e6;
		else if (!strcmp(argv[i], "--samples"))
			nr_samples = atoi(value);
		else if (!strcmp(argv[i], "--rows"))
			wanted = value;
		else
			return usage();
		i++;
	}
	if (nr_samples < 1 || nr_samples > 64)
		return usage();
	snprintf(dir, sizeof(dir), "%s/umbench.%d", base, getpid());
	in_dir(prog, sizeof(prog), "prog");
	if (mkdir(dir, 0700) || copy_self(argv[0])) {
		fprintf(stderr, "micro: %s: %s\n", dir, strerror(errno));
		return 1;
	}
	for (size_t r = 0; r < NR_ROWS; r++) {
		if (is_wanted(rows[r].name, wanted)) {
			bad += run_row(&rows[r]) != 0;
			nr_done++;
		}
	}
	remove_dir();
	return bad || !nr_done;
}
