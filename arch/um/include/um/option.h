/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/option.h - the command line's options as rows of one table
 *
 * A row is written beside the code it serves, in the host world, and collected by the linker (section .um.options), so --help, the
 * manual page and the parser have one source. The whole command line also becomes the guest kernel's command line, so that
 * generic arguments (root=, init=, quiet) need no row. A parse function reports what is wrong in one line with host_error()
 * (object and remedy) and returns a negative errno; the program then ends with status 1 before any guest code ran.
 */
#ifndef _UM_OPTION_H
#define _UM_OPTION_H

#include <um/types.h>

#define UM_OPT_BARE	0x1u	/* takes no value: "--help", "debug" */
#define UM_OPT_INDEXED	0x2u	/* name, number, optional letters: "ubd0r=" */
#define UM_OPT_CONSUMED	0x4u	/* is not passed on to the guest's command line */

/**
 * struct um_option - one option
 * @name:  "mem", "ubd", "--help"
 * @flags: UM_OPT_*
 * @arg:   what --help shows for the value ("SIZE"), NULL for UM_OPT_BARE
 * @help:  one or more lines
 * @parse: called in command-line order. @suffix: what stood between name and '=' ("0r"), else "". @value: behind '=', else NULL.
 *         Both stay valid for ever.
 */
struct um_option {
	const char *name;
	__u32 flags;
	const char *arg;
	const char *help;
	int (*parse)(const struct um_option *opt, const char *suffix, const char *value);
};

#define UM_OPTION(ident)						\
	static const struct um_option um_option_##ident			\
	__attribute__((used, section(".um.options"), aligned(8)))

/** um_parse_size() - "512M", "2G", "64k", bytes without a letter; returns 0 or -EINVAL, -ERANGE. */
int um_parse_size(const char *s, __u64 *bytes_out);

#endif /* _UM_OPTION_H */
