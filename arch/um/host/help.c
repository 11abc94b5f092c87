// SPDX-License-Identifier: GPL-2.0
/*
 * host/help.c - --help from the rows of the option table, --version, --showconfig
 *
 * World: host. The help text has no source of its own, so it cannot differ from what the parser takes. Rows are shown
 * in three groups, each in the order of their names: what makes up the machine, numbered devices, switches that print
 * and exit.
 */
#include <linux/errno.h>

#include <um/log.h>
#include <um/option.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"
#include "option.h"

#define HELP_WIDTH	78	/* columns */
#define HELP_INDENT	16	/* where the description begins */
#define HELP_TITLE	64	/* longest "name<n>=VALUE" */

extern const char linux_banner[];				/* "Linux version RELEASE (...) ..." */
extern const char host_config_start[], host_config_end[];	/* config_text.S */

enum help_group {
	GROUP_MACHINE,
	GROUP_DEVICES,
	GROUP_SWITCHES,
	GROUP_NR,
};

static const char *const group_titles[GROUP_NR] = {
	[GROUP_MACHINE] = "The machine:",
	[GROUP_DEVICES] = "Devices, numbered from 0 (n stands for the number):",
	[GROUP_SWITCHES] = "Print and exit:",
};

static void put(const char *s, unsigned long len)
{
	host_console_write(s, (unsigned int)len);
}

static void put_string(const char *s)
{
	put(s, strlen(s));
}

static void put_blanks(unsigned int n)
{
	while (n--)
		put(" ", 1);
}

static enum help_group row_group(const struct um_option *row)
{
	if (row->flags & UM_OPT_INDEXED)
		return GROUP_DEVICES;
	return host_str_starts(row->name, "--") ? GROUP_SWITCHES : GROUP_MACHINE;
}

/* The words of @text from column @column on, wrapped; a line feed in it begins a new line. */
static void put_wrapped(const char *text, unsigned int column)
{
	unsigned int len;

	while (*text) {
		for (len = 0; text[len] && text[len] != ' ' && text[len] != '\n'; len++)
			;
		if (column > HELP_INDENT && column + 1 + len > HELP_WIDTH) {
			put_string("\n");
			put_blanks(HELP_INDENT);
			column = HELP_INDENT;
		} else if (column > HELP_INDENT) {
			put(" ", 1);
			column++;
		}
		put(text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			put_string("\n");
			put_blanks(HELP_INDENT);
			column = HELP_INDENT;
		}
		if (*text)
			text++;
	}
	put_string("\n");
}

static void put_row(const struct um_option *row)
{
	char title[HELP_TITLE];
	unsigned int len;

	host_snprintf(title, sizeof(title), "  %s%s%s%s", row->name, row->flags & UM_OPT_INDEXED ? "<n>" : "",
		      row->arg ? "=" : "", row->arg ? row->arg : "");
	put_string(title);
	len = strlen(title);
	if (len + 2 > HELP_INDENT) {
		put_string("\n");
		len = 0;
	}
	put_blanks(HELP_INDENT - len);
	put_wrapped(row->help, HELP_INDENT);
}

/* The row of @group whose name comes next behind @after (NULL: the first). Rows of one name stay in the linker's order. */
static const struct um_option *row_next(enum help_group group, const struct um_option *after)
{
	const struct um_option *row, *best = NULL;
	int order;

	for (row = um_options_start; row < um_options_end; row++) {
		if (row_group(row) != group)
			continue;
		order = after ? strcmp(row->name, after->name) : 1;
		if (order < 0 || (order == 0 && row <= after))
			continue;
		if (!best || strcmp(row->name, best->name) < 0)
			best = row;
	}
	return best;
}

static void put_help(void)
{
	const struct um_option *row;
	enum help_group group;

	put_string("Usage: linux [OPTION]... [KERNEL ARGUMENT]... [-- INIT ARGUMENT...]\n"
		   "Boots Linux as an ordinary process. Arguments not listed here go to the guest\n"
		   "kernel as they are (root=, init=, quiet).\n");
	for (group = 0; group < GROUP_NR; group++) {
		row = row_next(group, NULL);
		if (!row)
			continue;
		put_string("\n");
		put_string(group_titles[group]);
		put_string("\n");
		for (; row; row = row_next(group, row))
			put_row(row);
	}
	put_string("\nExample: linux mem=512M umid=one ubd0=debian.img\n");
}

static int parse_help(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	(void)value;
	put_help();
	host_exit(0);
}

static int parse_version(const struct um_option *opt, const char *suffix, const char *value)
{
	const char *release = linux_banner + strlen("Linux version ");
	unsigned int len;

	(void)opt;
	(void)suffix;
	(void)value;
	for (len = 0; release[len] && release[len] != ' '; len++)
		;
	put_string("User-Mode Linux ");
	put(release, len);
	put_string("\n");
	host_exit(0);
}

static int parse_showconfig(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	(void)value;
	put(host_config_start, host_config_end - host_config_start);
	host_exit(0);
}

UM_OPTION(help) = {
	.name = "--help", .flags = UM_OPT_BARE | UM_OPT_CONSUMED, .parse = parse_help,
	.help = "This text.",
};

UM_OPTION(version) = {
	.name = "--version", .flags = UM_OPT_BARE | UM_OPT_CONSUMED, .parse = parse_version,
	.help = "The release of the kernel.",
};

UM_OPTION(showconfig) = {
	.name = "--showconfig", .flags = UM_OPT_BARE | UM_OPT_CONSUMED, .parse = parse_showconfig,
	.help = "The configuration that the kernel was built with.",
};
