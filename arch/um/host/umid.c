// SPDX-License-Identifier: GPL-2.0
/*
 * host/umid.c - the name of this instance and its directory
 *
 * World: host. <uml_dir>/<umid>/pid holds our process id and a lock (flock) that ends with us, so that a directory
 * left by a process that was killed is known as such and taken over, whoever has its process id now. A file without a
 * lock, as other programs of this family leave it, counts as living while its process lives and is called linux.
 *
 * The working directory is never changed. If no directory can be made the machine runs without: one warning.
 */
#include <linux/errno.h>
#include <linux/fcntl.h>

#include <um/log.h>
#include <um/option.h>
#include <um/umid.h>

#include "boot.h"
#include "hostcall.h"
#include "hostlib.h"

#define UMID_MAX	63
#define UMID_RANDOM	6		/* letters of a name that nobody gave */
#define UMID_TRIES	16
#define UMID_DIR_MAX	1024		/* longest path of the directory */
#define UMID_FILE_MAX	31
#define LOCK_EXCLUSIVE	2		/* flock() */
#define LOCK_NOWAIT	4

static char umid[UMID_MAX + 1];
static int umid_given;
static const char *uml_dir;		/* uml_dir= */
static char directory[UMID_DIR_MAX];	/* of this instance; "" if there is none */

/** host_umid() - the name of this instance */
const char *host_umid(void)
{
	return umid;
}

/**
 * host_umid_path() - path of a file in the instance's directory
 * @buf:  receives it
 * @size: of @buf
 * @name: of the file
 *
 * Return: its length, -ENOENT if there is no directory, -ENAMETOOLONG.
 */
int host_umid_path(char *buf, unsigned long size, const char *name)
{
	int len;

	if (!directory[0])
		return -ENOENT;
	len = host_snprintf(buf, size, "%s/%s", directory, name);
	return (unsigned long)len < size ? len : -ENAMETOOLONG;
}

static int path_of(char *buf, unsigned long size, const char *name)
{
	return host_umid_path(buf, size, name) < 0 ? -ENAMETOOLONG : 0;
}

/* Ours: what the end of the process, or a successor of a dead one, removes. */
static void remove_files(void)
{
	static const char *const names[] = { "mconsole", "pid" };
	char path[UMID_DIR_MAX + UMID_FILE_MAX + 2];
	unsigned int i;

	for (i = 0; i < HOST_ARRAY_SIZE(names); i++)
		if (!path_of(path, sizeof(path), names[i]))
			HOST_CALL(__NR_unlink, path);
}

static void remove_directory(void)
{
	if (!directory[0])
		return;
	remove_files();
	HOST_CALL(__NR_rmdir, directory);
	directory[0] = 0;
}

static void choose_name(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	__u8 random[UMID_RANDOM];
	unsigned int i;

	if (HOST_CALL(__NR_getrandom, random, sizeof(random), 0) != (long)sizeof(random))
		host_snprintf((char *)random, sizeof(random), "%d", (int)HOST_CALL(__NR_getpid));
	for (i = 0; i < UMID_RANDOM; i++)
		umid[i] = letters[random[i] % (sizeof(letters) - 1)];
	umid[UMID_RANDOM] = 0;
}

/* Is the process of an unlocked pid file one of our family? */
static int process_lives(int pid)
{
	char path[40], name[16];

	if (pid <= 0 || pid == HOST_CALL(__NR_getpid))
		return 0;
	host_snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return host_file_read(path, name, sizeof(name)) > 0 && host_str_starts(name, "linux");
}

static int parse_pid(const char *s)
{
	int pid = 0;

	while (host_is_digit(*s) && pid < 100000000)
		pid = pid * 10 + (*s++ - '0');
	return pid;
}

/* Make the pid file ours: 0, or -EEXIST if a living process has it, or another error. It stays open for its lock. */
static int claim_pid_file(void)
{
	char path[UMID_DIR_MAX + UMID_FILE_MAX + 2], text[16];
	long fd, ret;
	int len;

	if (path_of(path, sizeof(path), "pid"))
		return -ENAMETOOLONG;
	fd = HOST_CALL(__NR_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return (int)fd;
	ret = HOST_CALL(__NR_flock, fd, LOCK_EXCLUSIVE | LOCK_NOWAIT);
	if (ret == -EAGAIN || (host_file_read(path, text, sizeof(text)) > 0 && process_lives(parse_pid(text)))) {
		HOST_CALL(__NR_close, fd);
		return -EEXIST;
	}
	len = host_snprintf(text, sizeof(text), "%d\n", (int)HOST_CALL(__NR_getpid));
	HOST_CALL(__NR_ftruncate, fd, 0);
	ret = HOST_CALL(__NR_pwrite64, fd, text, len, 0);
	if (ret != len) {
		HOST_CALL(__NR_close, fd);
		return ret < 0 ? (int)ret : -EIO;
	}
	return 0;
}

/* The directory <parent>/<umid>, which may be there already. */
static int claim_directory(const char *parent)
{
	int len = host_snprintf(directory, sizeof(directory), "%s/%s", parent, umid);
	long ret;

	if ((unsigned long)len >= sizeof(directory) - UMID_FILE_MAX - 1) {
		directory[0] = 0;
		return -ENAMETOOLONG;
	}
	ret = HOST_CALL(__NR_mkdir, directory, 0700);
	if (ret == -EEXIST && !umid_given) {
		directory[0] = 0;
		return -EEXIST;		/* a random name is a new one */
	}
	if (!ret || ret == -EEXIST)
		ret = claim_pid_file();
	if (ret)
		directory[0] = 0;
	return (int)ret;
}

/* Where the directories of all instances are; made if need be. */
static int choose_parent(char *buf, unsigned long size)
{
	const char *home = host_getenv("HOME");
	unsigned long len;
	long ret;

	if (uml_dir)
		len = host_snprintf(buf, size, "%s", uml_dir);
	else if (home && home[0] == '/')
		len = host_snprintf(buf, size, "%s/.uml", home);
	else
		len = host_snprintf(buf, size, "/tmp/.uml-%d", (int)HOST_CALL(__NR_geteuid));
	if (len >= size)
		return -ENAMETOOLONG;
	while (len > 1 && buf[len - 1] == '/')
		buf[--len] = 0;
	ret = HOST_CALL(__NR_mkdir, buf, 0700);
	return ret == -EEXIST ? 0 : (int)ret;
}

/**
 * host_umid_init() - choose a name if none was given, and make the directory
 *
 * Return: 0, also if there is no directory (reported); -EEXIST (reported) if a living instance has the name.
 */
int host_umid_init(void)
{
	char parent[UMID_DIR_MAX - UMID_MAX - 1];
	int tries, ret;

	if (!umid_given)
		choose_name();
	ret = choose_parent(parent, sizeof(parent));
	if (!ret)
		ret = claim_directory(parent);
	for (tries = 0; ret == -EEXIST && !umid_given && tries < UMID_TRIES; tries++) {
		choose_name();
		ret = claim_directory(parent);
	}
	if (ret == -EEXIST) {
		host_error("umid=%s: an instance of this name is running (%s/%s/pid); choose another name", umid, parent, umid);
		return ret;
	}
	if (ret)
		host_error("the directory %s/%s cannot be made (error %d), so there is no pid file; give uml_dir=DIR",
			   parent, umid, -ret);
	else
		host_exit_register(remove_directory);
	return 0;
}

static int parse_umid(const struct um_option *opt, const char *suffix, const char *value)
{
	unsigned long len = strlen(value);

	(void)opt;
	(void)suffix;
	if (!len || len > UMID_MAX || value[0] == '.' || strchr(value, '/')) {
		host_error("umid=%s: is no name; give up to %d characters without '/' that do not begin with '.'", value,
			   UMID_MAX);
		return -EINVAL;
	}
	memcpy(umid, value, len + 1);
	umid_given = 1;
	return 0;
}

static int parse_uml_dir(const struct um_option *opt, const char *suffix, const char *value)
{
	(void)opt;
	(void)suffix;
	if (!value[0]) {
		host_error("uml_dir=: names no directory; give uml_dir=DIR");
		return -EINVAL;
	}
	uml_dir = value;
	return 0;
}

UM_OPTION(umid) = {
	.name = "umid", .arg = "NAME", .parse = parse_umid,
	.help = "Name of this instance, which is that of its directory; default: six random characters.",
};

UM_OPTION(uml_dir) = {
	.name = "uml_dir", .arg = "DIR", .parse = parse_uml_dir,
	.help = "Where the directories of running instances are (each with a pid file); default ~/.uml.",
};
