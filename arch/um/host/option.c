// SPDX-License-Identifier: GPL-2.0
/*
 * host/option.c - the command line: rows of the option table, and what goes on to the guest
 *
 * World: host. Each argument is compared with the rows that the linker collected. A row's function gets what belongs
 * to it; every argument that is not consumed goes to the guest's command line in its order, quoted where it has
 * blanks. Behind "--" nothing is ours: that is for init.
 *
 * Two lines are made (um/boot.h): one with everything, and one without what a row has taken, for the guest's own
 * parser.
 *
 * A person who names a disk and no root file system means that disk: root=/dev/ubda is added. If a file root_fs lies
 * in the current directory and nothing else to boot from is named, it is that disk, as it always was.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include <um/boot.h>
#include <um/log.h>
#include <um/option.h>

#include "../drivers/block/block.h"
#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"
#include "option.h"

#define ROOT_FILE	"root_fs"
#define ROOT_DISK	"ubd"
#define ROOT_ARGUMENT	"root=/dev/ubda"
#define INITRAMFS_EMPTY	1024	/* bytes; what the kernel build embeds when it was given nothing is smaller */
#define EXTRA_MAX	8	/* letters behind the number in a row's name: "ubd0rs=" */
#define SUFFIX_POOL	1024

/* What the arguments say about where the guest boots from. */
struct root_hints {
	int has_root;		/* root=, rootfstype=, nfsroot= */
	int has_initrd;
	int has_rdinit;
	int has_disk0;
};

static char suffix_pool[SUFFIX_POOL];	/* suffixes stay valid for ever */
static unsigned int suffix_used;

/**
 * um_parse_size() - a size with an optional letter
 * @s:         "512M", "2G", "64k", "4096"
 * @bytes_out: receives it
 *
 * Return: 0, -EINVAL if it is none, -ERANGE if it does not fit 64 bits.
 */
int um_parse_size(const char *s, __u64 *bytes_out)
{
	static const char letters[] = "kmgt";
	unsigned int shift = 0, i;
	__u64 n = 0;

	if (!host_is_digit(*s))
		return -EINVAL;
	for (; host_is_digit(*s); s++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (__u64)(*s - '0'), &n))
			return -ERANGE;
	for (i = 0; *s && i < sizeof(letters) - 1; i++) {
		if ((*s | 0x20) == letters[i]) {
			shift = 10 * (i + 1);
			s++;
			break;
		}
	}
	if (*s)
		return -EINVAL;
	if (shift && n >> (64 - shift))
		return -ERANGE;
	*bytes_out = n << shift;
	return 0;
}

/*
 * What stands between a row's name and '=' is a number and letters, or one letter in place of the number (ubda=).
 * Anything else is another word: console= is no con=.
 */
static int is_suffix(const char *s, unsigned long len)
{
	unsigned long i = 0, letters;

	if (len == 1 && s[0] >= 'a' && s[0] <= 'z')
		return 1;
	while (i < len && host_is_digit(s[i]))
		i++;
	if (!i)
		return len == 0;
	for (letters = 0; i + letters < len; letters++)
		if (s[i + letters] < 'a' || s[i + letters] > 'z')
			return 0;
	return letters <= EXTRA_MAX;
}

/* Does the argument's part before '=', @len bytes at @arg, name this row? */
static int row_matches(const struct um_option *row, const char *arg, unsigned long len)
{
	unsigned long name = strlen(row->name);

	if (len < name || strncmp(arg, row->name, name) != 0)
		return 0;
	if (row->flags & UM_OPT_INDEXED)
		return is_suffix(arg + name, len - name);
	return len == name;
}

/* How well a row serves an argument that it matches: not at all, not without a value, by number, by its very name. */
enum row_rank {
	RANK_NONE,
	RANK_LACKS_VALUE,
	RANK_INDEXED,
	RANK_NAME,
};

static enum row_rank row_rank(const struct um_option *row, int has_value)
{
	int is_bare = !!(row->flags & UM_OPT_BARE);

	if (is_bare && has_value)
		return RANK_NONE;
	if (!is_bare && !has_value)
		return RANK_LACKS_VALUE;
	return row->flags & UM_OPT_INDEXED ? RANK_INDEXED : RANK_NAME;
}

static const struct um_option *row_find(const char *arg, unsigned long len, int has_value)
{
	const struct um_option *row, *found = NULL;
	enum row_rank rank, best = RANK_NONE;

	for (row = um_options_start; row < um_options_end; row++) {
		if (!row_matches(row, arg, len))
			continue;
		rank = row_rank(row, has_value);
		if (rank > best) {
			best = rank;
			found = row;
		}
	}
	return found;
}

static const char *keep_suffix(const char *s, unsigned long len)
{
	char *kept = suffix_pool + suffix_used;

	if (!len)
		return "";
	if (suffix_used + len + 1 > SUFFIX_POOL)
		return NULL;
	memcpy(kept, s, len);
	suffix_used += len + 1;
	return kept;
}

static int row_call(const struct um_option *row, const char *arg, unsigned long len, const char *value)
{
	unsigned long name = strlen(row->name);
	const char *suffix = keep_suffix(arg + name, len - name);

	if (!suffix) {
		host_error("%s: there are too many numbered devices", arg);
		return -E2BIG;
	}
	return row->parse(row, suffix, value);
}

/* May the kernel's parser see @arg as it is? 0: yes, 1: it is to be quoted; negative: its quotes and blanks do not fit. */
static int needs_quotes(const char *arg)
{
	int blanks = 0, quotes = 0, bare_blanks = 0;

	for (; *arg; arg++) {
		if (*arg == '"')
			quotes++;
		if (!host_is_space(*arg))
			continue;
		blanks++;
		if (quotes % 2 == 0)
			bare_blanks++;
	}
	if (quotes % 2 || (quotes && bare_blanks))
		return -EINVAL;
	return blanks && !quotes;
}

static int line_add_bytes(char *line, const char *s, unsigned long len)
{
	unsigned long have = strlen(line);

	if (have + len + 1 > UM_COMMAND_LINE_SIZE)
		return -E2BIG;
	memcpy(line + have, s, len);
	line[have + len] = 0;
	return 0;
}

/* name=a b becomes name="a b"; a word without '=' is quoted whole. */
static int line_add(char *line, const char *arg)
{
	const char *eq = strchr(arg, '=');
	unsigned long head = eq ? (unsigned long)(eq - arg) + 1 : 0;
	int quote = needs_quotes(arg);
	int ret;

	if (quote < 0) {
		host_error("%s: quotes and blanks in it cannot be passed on; put one pair of \" around the whole value", arg);
		return quote;
	}
	ret = line[0] ? line_add_bytes(line, " ", 1) : 0;
	if (!ret && quote)
		ret = line_add_bytes(line, arg, head);
	if (!ret && quote)
		ret = line_add_bytes(line, "\"", 1);
	if (!ret)
		ret = line_add_bytes(line, quote ? arg + head : arg, strlen(quote ? arg + head : arg));
	if (!ret && quote)
		ret = line_add_bytes(line, "\"", 1);
	if (ret)
		host_error("the command line is longer than %d bytes; leave out some of its arguments",
			   UM_COMMAND_LINE_SIZE - 1);
	return ret;
}

/* To the guest: always what /proc/cmdline shows; to its parser only what no row has taken. */
static int pass_on(const char *arg, int taken)
{
	int ret = line_add(um_boot.command_line, arg);

	return ret || taken ? ret : line_add(um_boot.parse_line, host_ubd_root_alias(arg));
}

static void note_root(struct root_hints *hints, const struct um_option *row, const char *arg)
{
	unsigned long name;

	if (host_str_starts(arg, "root=") || host_str_starts(arg, "rootfstype=") || host_str_starts(arg, "nfsroot="))
		hints->has_root = 1;
	if (host_str_starts(arg, "rdinit="))
		hints->has_rdinit = 1;
	if (!row)
		return;
	name = strlen(row->name);
	if (strcmp(row->name, "initrd") == 0)
		hints->has_initrd = 1;
	if (strcmp(row->name, ROOT_DISK) == 0 && (arg[name] == '0' || arg[name] == 'a') && !host_is_digit(arg[name + 1]))
		hints->has_disk0 = 1;
}

/* One argument in front of "--". */
static int take_argument(const char *arg, struct root_hints *hints)
{
	const char *eq = strchr(arg, '=');
	unsigned long len = eq ? (unsigned long)(eq - arg) : strlen(arg);
	const struct um_option *row = row_find(arg, len, eq != NULL);
	int ret;

	if (!row && host_str_starts(arg, "--")) {
		host_error("%s: there is no such switch; --help lists all", arg);
		return -EINVAL;
	}
	note_root(hints, row, arg);
	if (!row)
		return pass_on(arg, 0);
	if (!eq && !(row->flags & UM_OPT_BARE)) {
		host_error("%s: needs a value, as in %s=%s", arg, arg, row->arg ? row->arg : "VALUE");
		return -EINVAL;
	}
	ret = row_call(row, arg, len, eq ? eq + 1 : NULL);
	if (ret || (row->flags & UM_OPT_CONSUMED))
		return ret;
	return pass_on(arg, 1);
}

static int add_root(struct root_hints *hints)
{
	int embedded = &um_initramfs_size && um_initramfs_size > INITRAMFS_EMPTY;
	int ret;

	/* Linux prefers the embedded root's /init to any root=; who names a root wants that one. */
	if (hints->has_root && embedded && !hints->has_initrd && !hints->has_rdinit)
		return line_add(um_boot.parse_line, "rdinit=/none");
	if (hints->has_root || hints->has_initrd || embedded)
		return 0;
	if (!hints->has_disk0 && row_find(ROOT_DISK "0", sizeof(ROOT_DISK), 1) &&
	    HOST_CALL(__NR_faccessat, AT_FDCWD, ROOT_FILE, 0) == 0) {
		ret = take_argument(ROOT_DISK "0=" ROOT_FILE, hints);
		if (ret)
			return ret;
	}
	return hints->has_disk0 ? pass_on(ROOT_ARGUMENT, 0) : 0;
}

/**
 * host_option_parse() - read the command line
 * @argc: number of arguments with the program's name
 * @argv: they
 *
 * Return: 0, or a negative errno after the reason was reported.
 */
int host_option_parse(int argc, char **argv)
{
	struct root_hints hints = { 0 };
	int i, ret;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		ret = argv[i][0] ? take_argument(argv[i], &hints) : 0;
		if (ret)
			return ret;
	}
	ret = add_root(&hints);
	for (; !ret && i < argc; i++)
		if (argv[i][0])
			ret = pass_on(argv[i], 0);
	return ret;
}
