// SPDX-License-Identifier: GPL-2.0
/*
 * guest.c - a fake guest: the host services are started as in the real kernel, and guest_boot() is the test
 *
 * The argument test=NAME chooses what is tried. Each check prints "ok WORDS" or "BAD WORDS"; the exit status is the
 * number of BAD ones. Everything here runs where guest code runs: in the moved image, on the init task's stack.
 */
#include <asm/signal.h>
#include <asm-generic/termbits.h>
#include <asm-generic/ioctls.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

#include <um/boot.h>
#include <um/clock.h>
#include <um/cpu.h>
#include <um/event.h>
#include <um/layout.h>
#include <um/lines.h>
#include <um/log.h>
#include <um/mem.h>
#include <um/option.h>
#include <um/space.h>
#include <um/tty.h>
#include <um/umid.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define SECOND	1000000000ULL

/* What the kernel would have. */
struct um_cpu um_cpu;
unsigned int um_ncpus = 1;
const unsigned int um_nr_cpus_max = 8;
const char linux_banner[] = "Linux version 6.12.0-test (nobody@nowhere)";
unsigned long __initramfs_size;
char test_init_stack[16384] __attribute__((aligned(16)));	/* um_init_stack_top is its end */

static int nr_bad;
static __u32 raised[UM_LINE_LIMIT];
static __u32 reaped;
static int touched = 4711;

int host_space_init(void)
{
	return 0;
}

void host_space_exit(void)
{
}

void host_space_reap(void)
{
	while (HOST_CALL(__NR_wait4, -1, NULL, 1 /* WNOHANG */, NULL) > 0)
		__atomic_fetch_add(&reaped, 1, __ATOMIC_SEQ_CST);
}

int host_cpu_init_boot(struct um_cpu *cpu)
{
	__u64 alarm = HOST_SIGBIT(UM_SIG_TIMER);

	HOST_CALL(__NR_rt_sigprocmask, SIG_BLOCK, &alarm, NULL, sizeof(alarm));
	return cpu->irq_off && !cpu->id ? 0 : -EINVAL;
}

void host_place_anywhere(void)
{
}

void host_irq_raise(unsigned int line)
{
	__atomic_fetch_add(&raised[line], 1, __ATOMIC_SEQ_CST);
}

static void say(const char *text)
{
	host_console_write(text, (unsigned int)strlen(text));
}

static void check(int good, const char *words)
{
	say(good ? "ok " : "BAD ");
	say(words);
	say("\n");
	nr_bad += !good;
}

static void say_number(const char *words, long v)
{
	char line[128];

	host_snprintf(line, sizeof(line), "# %s %ld\n", words, v);
	say(line);
}

static void sleep_ms(unsigned long ms)
{
	struct __kernel_timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (HOST_CALL(__NR_nanosleep, &t, &t) == -EINTR)
		;
}

static __u64 host_now(void)
{
	struct __kernel_timespec t;

	HOST_CALL(__NR_clock_gettime, 1, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static __u32 value(const __u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void wait_for(const __u32 *word, __u32 at_least)
{
	int i;

	for (i = 0; i < 2000 && value(word) < at_least; i++)
		sleep_ms(1);
}

static void test_show(void)
{
	char path[256];

	say("command line: ");
	say(um_boot.command_line);
	say("\nparse line: ");
	say(um_boot.parse_line);
	say("\numid: ");
	say(host_umid());
	say("\ndirectory: ");
	say(host_umid_path(path, sizeof(path), "mconsole") > 0 ? path : "none");
	say("\n");
	say_number("memory", (long)um_physmem_size);
	say_number("cpus", um_boot.nr_cpus);
	say_number("initrd", (long)um_boot.initrd_size);
}

static void check_format(const char *got, const char *want)
{
	check(strcmp(got, want) == 0, want);
}

static void test_format(void)
{
	char b[64];
	__u64 n;

	host_snprintf(b, sizeof(b), "%s %d %u %x %c%%", "a", -5, 7u, 0xabcu, 'z');
	check_format(b, "a -5 7 abc z%");
	host_snprintf(b, sizeof(b), "%ld %lu %lx", (long)(-1UL << 63), ~0UL, ~0UL);
	check_format(b, "-9223372036854775808 18446744073709551615 ffffffffffffffff");
	check(host_snprintf(b, 4, "%s", "abcdef") == 6 && strcmp(b, "abc") == 0, "a short buffer is ended");
	check(host_snprintf(NULL, 0, "%d", 1234) == 4, "no buffer, length only");
	check(!um_parse_size("512M", &n) && n == 512UL << 20, "512M");
	check(!um_parse_size("2g", &n) && n == 2UL << 30, "2g");
	check(!um_parse_size("64k", &n) && n == 65536, "64k");
	check(!um_parse_size("4096", &n) && n == 4096, "4096");
	check(um_parse_size("", &n) == -EINVAL && um_parse_size("M", &n) == -EINVAL && um_parse_size("1Mb", &n) == -EINVAL &&
	      um_parse_size("-1", &n) == -EINVAL && um_parse_size("1 M", &n) == -EINVAL, "no sizes");
	check(um_parse_size("99999999999999999999", &n) == -ERANGE && um_parse_size("99999999999G", &n) == -ERANGE, "too much");
}

static int is_resident(unsigned long gpo)
{
	__u8 core = 0;

	return !HOST_CALL(__NR_mincore, UM_DIRECT_BASE + gpo, UM_PAGE_SIZE, &core) && core & 1;
}

static void test_memory(void)
{
	int *alias = (int *)(UM_DIRECT_BASE + (unsigned long)&touched - UM_KERNEL_BASE);
	unsigned long gpo = um_physmem_size - 2 * UM_PAGE_SIZE;
	int *last = (int *)(UM_DIRECT_BASE + gpo);
	int *mapped = (int *)UM_VMALLOC_START;
	__u8 core;

	check(*alias == 4711, "the direct map shows the image's data");
	*alias = 4712;
	check(*(volatile int *)&touched == 4712, "and is the same memory");
	check(HOST_CALL(__NR_read, -1, (unsigned long)test_memory & ~4095UL, 1) == -EBADF, "text is there");
	check(HOST_CALL(__NR_getrandom, (unsigned long)test_memory & ~4095UL, 1, 0) == -EFAULT, "text is not writable");

	*last = 42;
	check(!host_mem_map_kernel(UM_VMALLOC_START, gpo, UM_PAGE_SIZE, UM_PROT_READ | UM_PROT_WRITE) && *mapped == 42,
	      "memory in the vmalloc range");
	*mapped = 43;
	check(*(volatile int *)last == 43, "is shared with the direct map");
	check(!host_mem_protect_kernel(UM_VMALLOC_START, UM_PAGE_SIZE, UM_PROT_READ) &&
	      HOST_CALL(__NR_getrandom, mapped, 1, 0) == -EFAULT, "protection");
	check(!host_mem_discard(gpo, UM_PAGE_SIZE) && *(volatile int *)mapped == 0, "discarded memory reads as zero");
	check(!host_mem_discard(gpo, UM_PAGE_SIZE) && !is_resident(gpo), "discarded memory is the host's");
	host_mem_populate(gpo, UM_PAGE_SIZE);
	check(is_resident(gpo), "populated memory is there before it is touched");
	check(!host_mem_unmap_kernel(UM_VMALLOC_START, UM_PAGE_SIZE) &&
	      HOST_CALL(__NR_mincore, mapped, UM_PAGE_SIZE, &core) == 0 &&
	      HOST_CALL(__NR_getrandom, mapped, 1, 0) == -EFAULT, "unmapped and still reserved");
	check(HOST_CALL(__NR_fcntl, host_mem_fd(), F_GETFD) == FD_CLOEXEC, "the memory file does not outlive execve");
}

static struct um_clock_params clock_page;
static __u32 clock_stop, clock_back, clock_reads;
static __u64 clock_latest;

static void clock_reader(void *unused)
{
	__u64 seen, now, old;

	(void)unused;
	while (!value(&clock_stop)) {
		seen = __atomic_load_n(&clock_latest, __ATOMIC_SEQ_CST);
		now = host_clock_ns();
		if (now < seen)
			__atomic_fetch_add(&clock_back, 1, __ATOMIC_SEQ_CST);
		old = seen;
		__atomic_compare_exchange_n(&clock_latest, &old, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&clock_reads, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_add(&clock_stop, 1, __ATOMIC_SEQ_CST);
}

static long clock_error(void)
{
	__u64 before = host_now(), ns = host_clock_ns(), after = host_now();

	return (long)(ns - (before + (after - before) / 2));
}

static long absolute(long v)
{
	return v < 0 ? -v : v;
}

static void test_clock(void)
{
	__u64 begin, n;
	long error;
	int i;

	check(absolute(clock_error()) < 100000, "before calibration the counter is the host's clock");
	begin = host_now();
	host_clock_init(&clock_page);
	say_number("calibration, us:", (long)(host_now() - begin) / 1000);
	say_number("mode", clock_page.mode);
	check(host_now() - begin < 20000000, "calibration takes less than 20 ms");
	host_thread_start(clock_reader, NULL, "reader-1");
	host_thread_start(clock_reader, NULL, "reader-2");
	for (i = 0; i < 6; i++) {
		sleep_ms(500);
		error = clock_error();
		say_number("error, ns:", error);
		host_clock_discipline();
		say_number("  mult", clock_page.mult);
	}
	check(absolute(error) < 5000, "after 3 s the counter is within 5 us of the host's clock");
	__atomic_store_n(&clock_stop, 1, __ATOMIC_SEQ_CST);
	wait_for(&clock_stop, 3);
	say_number("reads by two threads:", clock_reads);
	check(clock_reads > 100000, "two threads read");
	check(!clock_back, "and never saw it go back");

	begin = host_now();
	for (n = 0; n < 1000000; n++)
		host_clock_ns();
	say_number("one read, ps:", (long)(host_now() - begin) / 1000);

	/* The TSC is far ahead of us, as after the host slept: time goes on and does not stand still. */
	if (clock_page.mode == UM_CLOCK_TSC) {
		clock_page.base_tsc += 1ULL << 40;
		host_clock_discipline();
		check(clock_page.mode == UM_CLOCK_SYSCALL, "a TSC that went back is not trusted any more");
		begin = host_clock_ns();
		sleep_ms(2);
		n = host_clock_ns() - begin;
		check(n > 2000000 && n < 100000000, "and time goes on with the host's clock");
	}
	check(host_clock_realtime_ns() / SECOND > 1700000000, "the time of day");
}

static void test_timer(void)
{
	__u64 alarm = HOST_SIGBIT(UM_SIG_TIMER), late;
	struct __kernel_timespec limit = { .tv_sec = 2 }, none = { 0, 0 };
	__u64 begin;

	check(!host_timer_init(), "a timer");
	begin = host_now();
	host_timer_arm(20000000);
	check(HOST_CALL(__NR_rt_sigtimedwait, &alarm, NULL, &limit, sizeof(alarm)) == UM_SIG_TIMER, "it fires");
	late = host_now() - begin - 20000000;
	say_number("late, us:", (long)late / 1000);
	check(late < 50000000, "not early, not very late");
	sleep_ms(50);
	check(HOST_CALL(__NR_rt_sigtimedwait, &alarm, NULL, &none, sizeof(alarm)) == -EAGAIN, "once");
	host_timer_arm(10000000);
	host_timer_arm(0);
	sleep_ms(30);
	check(HOST_CALL(__NR_rt_sigtimedwait, &alarm, NULL, &none, sizeof(alarm)) == -EAGAIN, "not when disarmed");
}

static void test_event(void)
{
	int p[2], i, self = (int)HOST_CALL(__NR_getpid);
	long file = HOST_CALL(__NR_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY, 0), child;
	char c = 'x';

	HOST_CALL(__NR_pipe2, p, O_CLOEXEC | O_NONBLOCK);
	check(host_event_add((int)file, UM_EVENT_IN, 5) == -EPERM, "no regular file");
	check(!host_event_add(p[0], UM_EVENT_IN, 5), "a pipe");
	check(host_event_add(p[0], UM_EVENT_IN, 6) == -EEXIST, "not twice");
	HOST_CALL(__NR_write, p[1], &c, 1);
	wait_for(&raised[5], 1);
	HOST_CALL(__NR_write, p[1], &c, 1);
	sleep_ms(30);
	check(value(&raised[5]) == 1 && !value(&raised[6]), "raises its line once");
	check(!host_event_arm(p[0], UM_EVENT_IN), "armed again");
	wait_for(&raised[5], 2);
	sleep_ms(30);
	check(value(&raised[5]) == 2, "raises it again, once");
	while (HOST_CALL(__NR_read, p[0], &c, 1) == 1)
		;
	HOST_CALL(__NR_close, p[1]);
	host_event_arm(p[0], UM_EVENT_IN);
	wait_for(&raised[5], 3);
	sleep_ms(30);
	check(value(&raised[5]) == 3, "the other end's close is one event, too");
	check(!host_event_del(p[0]), "taken away");
	check(host_event_arm(p[0], UM_EVENT_IN) == -ENOENT, "and not to be armed");
	HOST_CALL(__NR_close, p[0]);

	for (i = 0; i < 2000; i++) {	/* after host_event_del() the line is silent, whatever was under way */
		HOST_CALL(__NR_pipe2, p, O_CLOEXEC);
		host_event_add(p[0], UM_EVENT_IN, 7);
		HOST_CALL(__NR_write, p[1], &c, 1);
		host_event_del(p[0]);
		__atomic_store_n(&raised[7], 0, __ATOMIC_SEQ_CST);
		if (i % 100 == 0)
			sleep_ms(1);
		if (value(&raised[7]))
			break;
		HOST_CALL(__NR_close, p[0]);
		HOST_CALL(__NR_close, p[1]);
	}
	check(i == 2000, "2000 races of an event and its removal");

	child = HOST_CALL(__NR_clone, SIGCHLD, 0, 0, 0, 0);
	if (!child)
		HOST_CALL(__NR_exit_group, 0);
	wait_for(&reaped, 1);
	check(value(&reaped) == 1, "an ended child is reaped");
	host_shutdown_accept();
	HOST_CALL(__NR_kill, self, SIGTERM);
	wait_for(&raised[UM_LINE_SIGNAL], 1);
	HOST_CALL(__NR_kill, self, SIGHUP);
	wait_for(&raised[UM_LINE_SIGNAL], 2);
	check(value(&raised[UM_LINE_SIGNAL]) == 2, "SIGTERM and SIGHUP raise the shutdown line");
	HOST_CALL(__NR_kill, self, SIGWINCH);
	wait_for(&raised[UM_LINE_WINCH], 1);
	check(value(&raised[UM_LINE_WINCH]) == 1, "SIGWINCH raises the window line");
}

static __u32 word;

static void waiter(void *arg)
{
	while (value(&word) == 0)
		host_word_wait(&word, 0);
	__atomic_store_n((__u32 *)arg, 1, __ATOMIC_SEQ_CST);
}

static void test_thread(void)
{
	static __u32 woken;
	long tid = host_thread_start(waiter, &woken, "a-name-longer-than-15");
	char path[64], name[32];

	check(tid > 0, "a thread");
	sleep_ms(20);
	host_snprintf(path, sizeof(path), "/proc/self/task/%ld/comm", tid);
	host_file_read(path, name, sizeof(name));
	check(strcmp(name, "a-name-longer-t\n") == 0, "has its name");
	check(!value(&woken), "and sleeps");
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	host_word_wake(&word, 1);
	wait_for(&woken, 1);
	check(value(&woken) == 1, "until it is woken");
	sleep_ms(20);
	check(host_file_read(path, name, sizeof(name)) < 0, "it ends with its function");
}

static void first_exit(void)
{
	say("first registered\n");
}

static void second_exit(void)
{
	say("second registered\n");
}

static void test_exit(void)
{
	host_exit_register(first_exit);
	host_exit_register(second_exit);
	host_exit(7);
}

/* The file "again" is what differs in the second life. */
static void test_restart(void)
{
	char name[16] = "";
	__u64 mask = 0;

	if (HOST_CALL(__NR_openat, AT_FDCWD, "again", O_CREAT | O_EXCL | O_WRONLY, 0600) >= 0) {
		say("first life\n");
		host_restart();
	}
	HOST_CALL(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	check(HOST_CALL(__NR_prctl, PR_GET_NAME, name) == 0 && strcmp(name, "guest") == 0, "the name is kept");
	check(!(host_start.sigmask & HOST_SIGBIT(SIGTERM)), "no signal is left blocked");
	say("second life\n");
}

/* The terminal goes raw; then the script kills us, or we end. */
static void test_tty(int stay)
{
	struct termios t;

	check(host_tty_save(0) == 0, "a terminal is saved");
	HOST_CALL(__NR_ioctl, 0, TCGETS, &t);
	t.c_lflag = 0;
	t.c_oflag = 0;
	HOST_CALL(__NR_ioctl, 0, TCSETS, &t);
	check(host_tty_save(1) == 0, "a second name of it as well");
	say("raw\n");
	if (stay)
		sleep_ms(20000);
}

void guest_boot(void)
{
	const char *command_line = um_boot.command_line;
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{ "test=show", test_show }, { "test=format", test_format }, { "test=memory", test_memory },
		{ "test=clock", test_clock }, { "test=timer", test_timer }, { "test=event", test_event },
		{ "test=thread", test_thread }, { "test=exit", test_exit }, { "test=restart", test_restart },
	};
	unsigned int i;

	check(um_cpu.irq_off == 1, "interrupts are off at the start");
	for (i = 0; i < HOST_ARRAY_SIZE(tests); i++)
		if (strstr(command_line, tests[i].name))
			tests[i].fn();
	if (strstr(command_line, "test=tty"))
		test_tty(strstr(command_line, "test=tty-stay") != NULL);
	if (strstr(command_line, "test=abort"))
		host_abort();
	if (strstr(command_line, "test=wait"))
		sleep_ms(20000);
	host_exit(nr_bad);
}

static int parse_ubd(const struct um_option *opt, const char *suffix, const char *value)
{
	char line[128];

	(void)opt;
	host_snprintf(line, sizeof(line), "row ubd [%s] [%s]\n", suffix, value);
	say(line);
	return 0;
}

UM_OPTION(ubd) = {
	.name = "ubd", .flags = UM_OPT_INDEXED, .arg = "FILE[,BACKING]", .parse = parse_ubd,
	.help = "A disk of the fake guest. A long sentence shows how the text is wrapped when it does not fit one line of a terminal.",
};
