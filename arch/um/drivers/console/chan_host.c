// SPDX-License-Identifier: GPL-2.0
/*
 * chan_host.c - the option "con" and the table of console channels
 *
 * con<n>= wins over con=, whichever comes first; what neither names is none, except console 0, which is the
 * terminal that the machine was started from. Options are checked while they are parsed, without touching
 * anything; a channel is attached when the guest's driver comes up, because a pty or a non-blocking descriptor
 * is not to be left behind by a command line that is refused.
 *
 * Console 0 by default takes what it finds: a descriptor that is closed, or that an explicit option gave to
 * another console, is null.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <um/log.h>
#include <um/option.h>

#include "chan.h"
#include "host/hostcall.h"
#include "host/hostlib.h"

#define LABEL_SIZE	(2 * UM_CHAN_WORDS)

/* One "con=" or "con<n>=" as the user wrote it. */
struct chan_option {
	const char *value;		/* NULL: not given */
	struct chan_spec in, out;	/* @out.kind is NULL if @in serves both */
};

static struct chan_option given[UM_CHAN_NR], given_all;
static struct chan chans[UM_CHAN_NR];

static int complain(const char *label, const char *what)
{
	host_error("%s: %s", label, what);
	return -EINVAL;
}

/* One half, the @len bytes at @s. */
static int parse_half(const char *label, const char *s, unsigned long len, struct chan_spec *spec)
{
	unsigned long name_len = 0;

	while (name_len < len && s[name_len] != ':')
		name_len++;
	spec->kind = chan_kind_find(s, name_len);
	if (!spec->kind) {
		host_error("%s: this version knows the channels %s", label, chan_kind_names());
		return -EINVAL;
	}
	if (len > name_len)
		name_len++;
	s += name_len;
	len -= name_len;
	if (len >= sizeof(spec->arg))
		return complain(label, "too long; use a shorter name, for example a symbolic link");
	memcpy(spec->arg, s, len);
	spec->arg[len] = '\0';
	if (!!len != !!spec->kind->arg) {
		host_error("%s: %s needs %s", label, spec->kind->name,
			   spec->kind->arg ? spec->kind->arg : "nothing behind it");
		return -EINVAL;
	}
	return 0;
}

static int parse_value(const char *label, const char *value, struct chan_option *to)
{
	struct chan_option opt = { .value = value };
	const char *comma = strchr(value, ',');
	int ret;

	ret = parse_half(label, value, comma ? (unsigned long)(comma - value) : strlen(value), &opt.in);
	if (!ret && comma)
		ret = parse_half(label, comma + 1, strlen(comma + 1), &opt.out);
	if (!ret)
		ret = opt.in.kind->check(label, opt.in.arg, 1, !comma);
	if (!ret && comma)
		ret = opt.out.kind->check(label, opt.out.arg, 0, 1);
	if (!ret)
		*to = opt;
	return ret;
}

/* The number in @suffix; -1 for none, -2 if it is not one of a console. */
static int parse_index(const char *suffix)
{
	unsigned int n = 0;

	if (!*suffix)
		return -1;
	for (; *suffix; suffix++) {
		if (!host_is_digit(*suffix))
			return -2;
		n = n * 10 + (*suffix - '0');
		if (n >= UM_CHAN_NR)
			return -2;
	}
	return n;
}

static int parse_con(const struct um_option *opt, const char *suffix, const char *value)
{
	char label[LABEL_SIZE];
	int index = parse_index(suffix);
	struct chan_option *to = index < 0 ? &given_all : &given[index];

	host_snprintf(label, sizeof(label), "%s%s=%s", opt->name, suffix, value ? value : "");
	if (index == -2) {
		host_error("%s: no such console; consoles are con0 to con%u", label, UM_CHAN_NR - 1);
		return -EINVAL;
	}
	if (!value || !*value) {
		host_error("%s: no channel; this version knows %s", label, chan_kind_names());
		return -EINVAL;
	}
	if (to->value)
		return complain(label, "this console was given a channel before; leave one of the two out");
	return parse_value(label, value, to);
}

UM_OPTION(con) = {
	.name = "con",
	.flags = UM_OPT_INDEXED,
	.arg = "CHANNEL",
	.help = "Attach console <n> (/dev/tty<n>, 0 to 15), or with con= all that are not named,\n"
		"to a channel of the host, or two, for input and output: fd:N an open descriptor,\n"
		"tty:DEVICE a terminal, pts a new pseudo-terminal, null nothing, none no such\n"
		"console. Default: con0=fd:0,fd:1 con=none",
	.parse = parse_con,
};

static int is_claimed_by(const struct chan_option *opt, const char *arg)
{
	return opt->value && ((!strcmp(opt->in.kind->name, "fd") && !strcmp(opt->in.arg, arg)) ||
			      (opt->out.kind && !strcmp(opt->out.kind->name, "fd") && !strcmp(opt->out.arg, arg)));
}

/* One half of fd:0,fd:1 for console 0, when nobody said anything about it. */
static void default_half(struct chan_spec *spec, const char *arg)
{
	long flags = HOST_CALL(__NR_fcntl, arg[0] - '0', F_GETFL);
	int usable = flags >= 0 && (flags & O_ACCMODE) != (arg[0] == '0' ? O_WRONLY : O_RDONLY);
	unsigned int i;

	for (i = 1; i < UM_CHAN_NR; i++) {
		if (arg[0] == '0' && is_claimed_by(&given[i], arg))
			usable = 0;
	}
	spec->kind = usable ? chan_kind_find("fd", 2) : chan_kind_find("null", 4);
	host_snprintf(spec->arg, sizeof(spec->arg), "%s", arg);
}

static const struct chan_option *option_of(unsigned int index)
{
	if (given[index].value)
		return &given[index];
	if (given_all.value)
		return &given_all;
	if (index)
		return NULL;
	default_half(&given[0].in, "0");
	default_half(&given[0].out, "1");
	given[0].value = "fd:0,fd:1";
	return &given[0];
}

int host_chan_setup(unsigned int index, struct um_chan_info *info_out)
{
	const struct chan_option *opt = index < UM_CHAN_NR ? option_of(index) : NULL;
	struct chan *chan = &chans[index];
	char label[LABEL_SIZE];
	int ret;

	if (!opt)
		return -ENODEV;
	chan->out.flags = CHAN_OUTPUT;
	host_snprintf(label, sizeof(label), "con%u=%s", index, opt->value);
	if (!opt->out.kind) {
		ret = opt->in.kind->attach(label, opt->in.arg, chan, &chan->in, &chan->out);
	} else {
		ret = opt->in.kind->attach(label, opt->in.arg, chan, &chan->in, NULL);
		if (!ret)
			ret = opt->out.kind->attach(label, opt->out.arg, chan, NULL, &chan->out);
	}
	if (ret < 0)
		return -ENODEV;
	host_snprintf(info_out->words, sizeof(info_out->words), chan->note[0] ? "%s: %s" : "%s", opt->value, chan->note);
	return 0;
}

void host_chan_open(unsigned int index)
{
	chan_end_raw(&chans[index].in);
	chan_end_raw(&chans[index].out);
}

long host_chan_read(unsigned int index, void *buf, unsigned long len)
{
	return chan_end_read(&chans[index].in, buf, len);
}

long host_chan_write(unsigned int index, const void *buf, unsigned long len)
{
	return chan_end_write(&chans[index].out, buf, len);
}

void host_chan_print(unsigned int index, const char *buf, unsigned long len)
{
	chan_end_print(&chans[index].out, buf, len);
}

int host_chan_size(unsigned int index, __u16 *rows_out, __u16 *cols_out)
{
	int ret = chan_end_size(&chans[index].out, rows_out, cols_out);

	return ret < 0 ? chan_end_size(&chans[index].in, rows_out, cols_out) : ret;
}
