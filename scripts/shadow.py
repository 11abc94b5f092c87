#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""shadow.py SOURCE SHADOW [--open PATH]... EXCLUDED...: make SHADOW look like SOURCE by symbolic links, without EXCLUDED.

A directory is one link, unless something below it is EXCLUDED or must be replaceable (--open: a file that a patch changes); then it
is a real directory and its entries are linked. If SOURCE has been built in, kbuild would refuse it, and find its stale
objects; then every directory is real and what a build leaves behind is left out. That takes half a minute the first time.

Run again, it only adds and removes what changed. Regular files in SHADOW (patched copies, our own additions) are left alone.
"""
import os
import shutil
import sys

BUILT = ('.o', '.ko', '.a', '.cmd', '.mod', '.mod.c', '.order', '.so', '.so.dbg', '.dtb')
BUILT_FILES = {'.config', '.config.old', 'vmlinux', 'linux', 'System.map', 'Module.symvers', '.version', 'modules.builtin'}


def is_build_product(rel, name, is_dir):
    """What a build inside of the source leaves there."""
    if is_dir:
        return rel == 'include/config' or rel.endswith('include/generated')
    return rel in BUILT_FILES or (name.endswith(BUILT) and not name.endswith('_shipped'))


class Shadow:
    """One run."""

    def __init__(self, source, excluded, opened):
        self.source = source
        self.excluded = set(excluded)
        self.dirty = any(os.path.exists(os.path.join(source, p)) for p in ('.config', 'include/config', 'vmlinux.o'))
        self.real = set()
        for path in [*excluded, *opened]:
            while path:
                path = os.path.dirname(path)
                self.real.add(path)

    def wants(self, rel, name, is_dir):
        """Does this entry of SOURCE belong into the shadow?"""
        return rel not in self.excluded and name not in ('.git', '.um-tree') and not (self.dirty and is_build_product(rel, name, is_dir))

    def lay(self, src, dst, rel=''):
        """One real directory."""
        keep = set()
        with os.scandir(src) as entries:
            for e in entries:
                sub = f'{rel}/{e.name}' if rel else e.name
                is_dir = e.is_dir(follow_symlinks=False)
                if not self.wants(sub, e.name, is_dir):
                    continue
                keep.add(e.name)
                target = os.path.join(dst, e.name)
                if is_dir and (self.dirty or sub in self.real):
                    if os.path.islink(target):
                        os.unlink(target)
                    os.makedirs(target, exist_ok=True)
                    self.lay(e.path, target, sub)
                else:
                    if os.path.isdir(target) and not os.path.islink(target):
                        shutil.rmtree(target)
                    if not os.path.lexists(target):
                        os.symlink(e.path, target)
        self.prune(dst, rel, keep)

    def prune(self, dst, rel, keep):
        """Drop what SOURCE no longer has."""
        with os.scandir(dst) as entries:
            for e in entries:
                if e.name in keep or (f'{rel}/{e.name}' if rel else e.name) in self.excluded:
                    continue
                if e.is_symlink() and os.readlink(e.path).startswith(self.source + '/'):
                    os.unlink(e.path)
                elif e.is_dir(follow_symlinks=False):
                    shutil.rmtree(e.path)


def main():
    source, target, rest = os.path.realpath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    opened, excluded = [], []
    while rest:
        word = rest.pop(0)
        if word == '--open':
            opened.append(rest.pop(0))
        else:
            excluded.append(word)
    os.makedirs(target, exist_ok=True)
    Shadow(source, excluded, opened).lay(source, target)


if __name__ == '__main__':
    main()
