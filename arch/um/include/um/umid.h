/* SPDX-License-Identifier: GPL-2.0 */
/*
 * um/umid.h - the name of this instance and its directory on the host
 *
 * umid=NAME names it, else the name is made of six random characters. <uml_dir>/<name>/ holds the file "pid" and
 * whatever sockets others put there (the management console's is "mconsole"); it is removed when the process ends.
 */
#ifndef _UM_UMID_H
#define _UM_UMID_H

#include <um/types.h>

/** host_umid() - the name; never NULL, valid for ever. */
const char *host_umid(void);

/**
 * host_umid_path() - path of a file in the instance's directory
 * @buf:  receives it, with its terminating zero
 * @size: of @buf
 * @name: name of the file, at most 31 characters; "pid" and "mconsole" are removed with the directory at the end
 * Return: length, -ENOENT if there is no directory, -ENAMETOOLONG.
 */
int host_umid_path(char *buf, unsigned long size, const char *name);

/** host_umid_init() - make the directory; main thread, after the options; -EEXIST (reported) if the name is in use. */
int host_umid_init(void);

#endif /* _UM_UMID_H */
