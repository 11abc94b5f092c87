#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""shadow.py SOURCE SHADOW EXCLUDED...: make SHADOW a tree of real directories whose files are symbolic links into SOURCE.

Left out: EXCLUDED (paths below SOURCE), version control, and everything that a build inside SOURCE leaves behind, because kbuild
refuses a dirty source tree. Run again, it only adds and removes what changed. Regular files in SHADOW (patched copies, our own
additions) are left alone.
"""
import os
import shutil
import sys

BUILT = ('.o', '.ko', '.a', '.cmd', '.mod', '.mod.c', '.order', '.so', '.so.dbg', '.dtb')
BUILT_DIRS = {'include/config', 'include/generated'}
BUILT_FILES = {'.config', '.config.old', 'vmlinux', 'linux', 'System.map', 'Module.symvers', '.version', 'modules.builtin'}


def is_build_product(rel, name, is_dir):
    if is_dir:
        return rel in BUILT_DIRS or rel.endswith('include/generated') or name == '.git'
    if rel in BUILT_FILES:
        return True
    return name.endswith(BUILT) and not name.endswith('_shipped')


def link_directory(src, dst, rel, excluded):
    """One directory: link its files, recurse into its directories. Returns the names that belong there."""
    keep = set()
    with os.scandir(src) as entries:
        for e in entries:
            sub = f'{rel}/{e.name}' if rel else e.name
            is_dir = e.is_dir(follow_symlinks=False)
            if sub in excluded or is_build_product(sub, e.name, is_dir):
                continue
            keep.add(e.name)
            target = os.path.join(dst, e.name)
            if is_dir:
                os.makedirs(target, exist_ok=True)
                link_directory(e.path, target, sub, excluded)
            elif not os.path.lexists(target):
                os.symlink(e.path, target)
    with os.scandir(dst) as entries:
        for e in entries:
            if e.name in keep or (f'{rel}/{e.name}' if rel else e.name) in excluded:
                continue
            if e.is_symlink() and os.readlink(e.path).startswith(SOURCE + '/'):
                os.unlink(e.path)
            elif e.is_dir(follow_symlinks=False):
                shutil.rmtree(e.path)


if __name__ == '__main__':
    SOURCE, SHADOW = os.path.realpath(sys.argv[1]), sys.argv[2]
    link_directory(SOURCE, SHADOW, '', set(sys.argv[3:]))
