// SPDX-License-Identifier: GPL-2.0
/*
 * chan_test.c - the host half of the consoles: options, and channels on pipes, files, sockets and terminals
 *
 * Each scene runs in a child, because a process has one table of channels and one set of standard descriptors.
 * A child prints its own TAP lines into a pipe of the parent, as its standard output may be what is tested.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "drivers/console/console.h"
#include "fakes.h"

static struct um_chan_info info;
static char buf[65536];

static int good_option(const char *arg)
{
	return fake_option(arg) == 0 && !fake_nr_errors;
}

static int bad_option(const char *arg, const char *word)
{
	return fake_option(arg) < 0 && fake_nr_errors == 1 && strstr(fake_error, word) != NULL;
}

static void scene_options(void)
{
	close(9);
	ok(bad_option("con=", "no channel"), "con= without a channel");
	ok(bad_option("con1=", "no channel"), "con1= without a channel");
	ok(bad_option("con16=null", "con0 to con15"), "con16");
	ok(bad_option("con1x=null", "con0 to con15"), "con1x");
	ok(bad_option("con1=xterm", "fd:..., tty:..., pts, pty, null, none"), "unknown channel: the known ones are named");
	ok(bad_option("con1=fd", "descriptor's number"), "fd without a number");
	ok(bad_option("con1=fd:x", "no descriptor"), "fd with a word");
	ok(bad_option("con1=fd:9", "not open"), "fd that is not open");
	ok(bad_option("con1=null:7", "nothing behind"), "null with an argument");
	ok(bad_option("con1=tty:/dev/none", "does not exist"), "tty that does not exist");
	ok(bad_option("con1=tty:/dev/null", "no terminal"), "tty that is none");
	ok(bad_option("con1=null,fd:9", "not open"), "the second half is checked as well");
	ok(good_option("con1=null") && bad_option("con1=null", "before"), "a console given twice");
	ok(good_option("con=none") && bad_option("con=null", "before"), "con= given twice");
	ok(!host_chan_setup(1, &info) && host_chan_setup(2, &info) == -ENODEV && host_chan_setup(0, &info) == -ENODEV,
	   "con<n>= wins over con=");
}

static void scene_pipes(void)
{
	int in[2], out[2], i;
	long n, done = 0, got = 0;

	pipe(in);
	pipe(out);
	dup2(in[0], 0);
	dup2(out[1], 1);
	close(out[1]);
	ok(!host_chan_setup(0, &info) && !strcmp(info.words, "fd:0,fd:1"), "console 0 is fd:0,fd:1");
	ok(!(fcntl(0, F_GETFL) & O_NONBLOCK) && !(fcntl(1, F_GETFL) & O_NONBLOCK), "the shell's descriptors stay blocking");
	host_chan_open(0);
	ok(host_chan_read(0, buf, 100) == -EAGAIN, "no input yet");
	write(in[1], "hello", 5);
	ok(fake_events(1000) == 1 && host_chan_read(0, buf, 100) == 5 && !memcmp(buf, "hello", 5), "input raises the line");
	ok(fake_events(50) == 0, "once");
	for (i = 0; i < 1000 && done == (long)i * 1000; i++) {
		memset(buf, 'a' + i % 26, 1000);
		done += host_chan_write(0, buf, 1000);
	}
	ok(done < (long)i * 1000 && fake_events(50) == 0, "a full pipe takes less than all and does not wait");
	while (got < done) {
		n = read(out[0], buf, sizeof(buf));
		got += n;
	}
	ok(got == done && fake_events(1000) == 1, "and raises the line when there is room");
	host_chan_print(0, "a\nb\n", 4);
	ok(read(out[0], buf, 100) == 4 && !memcmp(buf, "a\nb\n", 4), "messages in a pipe have plain line ends");
	write(in[1], "end", 3);
	close(in[1]);
	ok(host_chan_read(0, buf, 100) == 3 && host_chan_read(0, buf, 100) == 0, "the end of input");
	ok(host_chan_read(0, buf, 100) == 0 && fake_events(50) == 0, "is silent for ever");
	close(out[0]);
	ok(host_chan_write(0, "lost", 4) == 4 && host_chan_write(0, "lost", 4) == 4, "output that nobody reads is dropped");
	fake_exit();
}

static void scene_files(void)
{
	FILE *in = tmpfile(), *out = tmpfile();
	char back[16] = "";

	fputs("a script", in);
	rewind(in);
	fputs("before ", out);
	fflush(out);
	dup2(fileno(in), 0);
	dup2(fileno(out), 1);
	ok(!host_chan_setup(0, &info), "files as descriptors");
	ok(host_chan_read(0, buf, 4) == 4 && host_chan_read(0, buf + 4, 100) == 4 && !memcmp(buf, "a script", 8), "input");
	ok(host_chan_read(0, buf, 4) == 0, "and its end");
	ok(host_chan_write(0, "after", 5) == 5 && pread(1, back, 15, 0) == 12 && !strcmp(back, "before after"),
	   "output goes on where the file was");
}

static void scene_nothing(void)
{
	dup2(open("/dev/null", O_RDWR), 0);
	dup2(0, 1);
	ok(!host_chan_setup(0, &info) && host_chan_read(0, buf, 4) == 0 && host_chan_write(0, "x", 1) == 1, "/dev/null");
	close(7);
	ok(good_option("con1=null") && !host_chan_setup(1, &info) && host_chan_read(1, buf, 4) == 0 &&
	   host_chan_write(1, "x", 1) == 1, "null");
}

static void scene_closed(void)
{
	close(0);
	close(1);
	ok(!host_chan_setup(0, &info) && host_chan_read(0, buf, 4) == 0 && host_chan_write(0, "x", 1) == 1,
	   "closed standard descriptors");
}

static void scene_socket(void)
{
	int s[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	dup2(s[0], 0);
	dup2(s[0], 1);
	close(s[0]);
	ok(!host_chan_setup(0, &info) && host_chan_read(0, buf, 4) == -EAGAIN, "a socket does not block");
	write(s[1], "in", 2);
	ok(fake_events(1000) == 1 && host_chan_read(0, buf, 9) == 2, "input");
	ok(host_chan_write(0, "out", 3) == 3 && read(s[1], buf, 9) == 3, "output");
	close(s[1]);
	ok(host_chan_read(0, buf, 9) == 0 && host_chan_write(0, "x", 1) == 1, "a peer that is gone");
}

/* The child gets a terminal of its own, as its controlling one, on 0 and 1; returns the master. */
static int own_terminal(void)
{
	struct winsize ws = { .ws_row = 30, .ws_col = 100 };
	int master, slave;

	setsid();
	openpty(&master, &slave, NULL, NULL, &ws);
	ioctl(slave, TIOCSCTTY, 0);
	dup2(slave, 0);
	dup2(slave, 1);
	close(slave);
	fcntl(master, F_SETFD, FD_CLOEXEC);
	return master;
}

static void scene_terminal(void)
{
	int master = own_terminal();
	struct pollfd input = { .fd = 0, .events = POLLIN };
	struct termios t;
	__u16 rows, cols;

	write(master, "early\n", 6);
	poll(&input, 1, 5000);		/* the host handles, and echoes, it on another thread */
	ok(!host_chan_setup(0, &info) && !tcgetattr(0, &t) && t.c_lflag & ICANON, "setting up leaves the modes alone");
	ok(!host_chan_size(0, &rows, &cols) && rows == 30 && cols == 100, "window size");
	host_chan_open(0);
	ok(!tcgetattr(0, &t) && !(t.c_lflag & (ICANON | ECHO | ISIG)) && !(t.c_oflag & OPOST), "raw mode when it is used");
	ok(host_chan_read(0, buf, 100) == 6 && !memcmp(buf, "early\n", 6), "what was typed ahead is there");
	ok(!(fcntl(0, F_GETFL) & O_NONBLOCK), "the shell's descriptor stays blocking");
	read(master, buf, sizeof(buf));
	ok(host_chan_write(0, "a\r\n", 3) == 3 && read(master, buf, 9) == 3 && !memcmp(buf, "a\r\n", 3), "output untouched");
	host_chan_print(0, "x\ny", 3);
	ok(read(master, buf, 9) == 4 && !memcmp(buf, "x\r\ny", 4), "messages begin new lines");
	ok(host_chan_read(0, buf, 100) == -EAGAIN, "no input");
	write(master, "\003\004", 2);
	ok(fake_events(1000) == 1 && host_chan_read(0, buf, 100) == 2 && buf[0] == 3, "^C and ^D are characters");
	ok(host_chan_read(0, buf, 100) == -EAGAIN, "no more");
	signal(SIGHUP, SIG_IGN);
	close(master);
	ok(fake_events(1000) == 1 && host_chan_read(0, buf, 100) == -EIO, "a terminal that is gone is a hang-up");
	ok(host_chan_read(0, buf, 100) == 0 && fake_events(50) == 0, "once");
	ok(host_chan_write(0, "x", 1) == -EIO && host_chan_write(0, "x", 1) == 1, "the same for output");
}

/* What a vCPU's signal mask is to terminals. */
static void block_tty_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTTIN);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void scene_background(void)
{
	int master = own_terminal();
	struct termios t;
	pid_t front;

	block_tty_signals();
	front = fork();
	if (!front) {
		pause();
		_exit(0);
	}
	setpgid(front, front);
	tcsetpgrp(0, front);
	host_chan_setup(0, &info);
	host_chan_open(0);
	ok(!tcgetattr(0, &t) && t.c_lflag & ICANON, "in the background the modes are somebody else's");
	write(master, "his\n", 4);
	ok(host_chan_read(0, buf, 100) == -EBUSY, "and so is the input");
	ok(host_chan_write(0, "out", 3) == 3, "output passes");
	tcsetpgrp(0, getpid());
	ok(host_chan_read(0, buf, 100) == 4 && !tcgetattr(0, &t) && !(t.c_lflag & ICANON), "in front again: raw, with input");
	kill(front, SIGKILL);
	waitpid(front, NULL, 0);
}

static void scene_output_only(void)
{
	int master = own_terminal();
	struct termios t;

	dup2(open("/dev/null", O_RDWR), 0);
	(void)master;
	host_chan_setup(0, &info);
	host_chan_open(0);
	ok(!tcgetattr(1, &t) && t.c_lflag & ISIG && !(t.c_oflag & OPOST), "a terminal for output only keeps ^C");
}

static void scene_pts(void)
{
	struct termios t;
	int fd;

	ok(good_option("con3=pts") && !host_chan_setup(3, &info) && !strncmp(info.words, "pts: /dev/pts/", 14),
	   "con3=pts tells its name: %s", info.words);
	ok(host_chan_write(3, "login: ", 7) == 7 && host_chan_read(3, buf, 9) == -EAGAIN, "output before anybody is there");
	fd = open(info.words + 5, O_RDWR | O_NOCTTY);
	ok(fd >= 0 && read(fd, buf, 9) == 7 && !memcmp(buf, "login: ", 7), "waits for the first who comes");
	ok(!tcgetattr(fd, &t) && !(t.c_lflag & ECHO), "nothing is echoed back");
	write(fd, "root", 4);
	ok(fake_events(1000) == 1 && host_chan_read(3, buf, 9) == 4, "input");
	close(fd);
	ok(host_chan_read(3, buf, 9) == -EAGAIN && fake_events(50) == 0, "going away is no hang-up");
}

static void scene_tty(void)
{
	int master, slave;
	char arg[64];
	struct termios t;

	openpty(&master, &slave, NULL, NULL, NULL);
	snprintf(arg, sizeof(arg), "con4=tty:%s", ttyname(slave));
	ok(good_option(arg) && !host_chan_setup(4, &info), "%s", arg);
	host_chan_open(4);
	ok(!tcgetattr(slave, &t) && !(t.c_lflag & ICANON), "raw mode");
	close(slave);
	write(master, "in", 2);
	ok(host_chan_read(4, buf, 9) == 2 && host_chan_write(4, "out", 3) == 3 && read(master, buf, 9) == 3, "both ways");
	close(master);
	ok(host_chan_read(4, buf, 9) == -EIO && host_chan_read(4, buf, 9) == 0, "hang-up");
}

static void scene_claimed(void)
{
	int p[2];

	pipe(p);
	dup2(p[0], 0);
	write(p[1], "x", 1);
	ok(good_option("con1=fd:0,fd:1") && !host_chan_setup(0, &info) && !host_chan_setup(1, &info), "con1=fd:0,fd:1");
	ok(host_chan_read(0, buf, 1) == 0 && host_chan_read(1, buf, 1) == 1, "console 0 leaves the input to console 1");
}

static void (*const scenes[])(void) = {
	scene_options, scene_pipes, scene_files, scene_nothing, scene_closed, scene_socket, scene_terminal, scene_background,
	scene_output_only, scene_pts, scene_tty, scene_claimed,
};

/* One scene in a child; its TAP lines are numbered on from @count. */
static int play(void (*scene)(void), int *count)
{
	char line[2048];
	int p[2], bad = 0, status;
	FILE *f;

	pipe(p);
	fflush(stdout);
	if (!fork()) {
		signal(SIGPIPE, SIG_IGN);
		stdout = fdopen(fcntl(p[1], F_DUPFD_CLOEXEC, 20), "w");
		close(p[0]);
		close(p[1]);
		alarm(20);
		scene();
		fflush(stdout);
		_exit(0);
	}
	close(p[1]);
	f = fdopen(p[0], "r");
	while (fgets(line, sizeof(line), f)) {
		char *dash = strstr(line, " - ");

		if (!dash || line[0] == '#') {
			fputs(line, stdout);
			continue;
		}
		bad += line[0] == 'n';
		printf("%sok %d%s", line[0] == 'n' ? "not " : "", ++*count, dash);
	}
	fclose(f);
	wait(&status);
	if (status)
		printf("not ok %d - a scene ended with status %d\n", ++*count, status);
	return bad || status;
}

int main(void)
{
	unsigned int i;
	int count = 0, bad = 0;

	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		bad |= play(scenes[i], &count);
	printf("1..%d\n", count);
	return bad;
}
