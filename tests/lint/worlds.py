#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: the four worlds: who includes what, who calls whom
# by: builder
"""Reads what the compiler really included (kbuild's .o.cmd files) and what the objects really need (nm), and names each breach.

  world  by path                               may include                                   may call
  guest  everything else                       the kernel's headers, um/*, guest's own       the kernel, host_*
  host   host/, *_host.c                       um/*, host UAPI, host's own, stub/abi.h       host_*, guest_*, a few string functions
  stub   stub/                                 its abi.h, um/layout.h, system call numbers   nothing: no undefined symbol, no relocation
  pure   formats/                              um/types.h, formats/*                         itself, a few string functions

A driver's <device>.h is the contract of its two halves and may be included by both; *_host.h and *_guest.h by one.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.environ.get('TOP', os.getcwd())
OBJ = os.environ.get('UML_OBJ', os.path.join(TOP, 'build/default'))

LIBRARY = {'memcpy', 'memmove', 'memset', 'memcmp', 'memchr', 'strlen', 'strcmp', 'strncmp', 'strchr', 'strrchr', 'strstr', 'strnlen',
           '__memcpy', '__memmove', '__memset'}
# set by the linker script, or written by the compiler
LINKER = re.compile(r'^(_text|_stext|_etext|_sdata|_edata|_end|__bss_(start|stop)|__(start|stop)_\w+|__um_\w+|um_\w+_(start|end|top)|_GLOBAL_\w+|'
                    r'_einittext|_sinittext|__init_(begin|end)|__kernel_base)$')
FORCED = re.compile(r'(include/generated/(autoconf|stub_symbols)\.h|include/linux/(kconfig|compiler-version)\.h|'
                    r'arch/um/scripts/unchecked_mem\.h|include/config/\w+|\$\(wildcard)')
COMPILER = re.compile(r'/gcc/|/clang/')

# plain data of the generic kernel that host code reads: who we are (--version), whether a root is built in
KERNEL_DATA = {'linux_banner', '__initramfs_size'}

problems = []


def boundary_names():
    """Names that a boundary header declares: data that both sides share, and entry points (um_*_entry) that are jumped to."""
    names = set()
    for path in glob.glob(f'{TOP}/arch/um/include/um/*.h'):
        with open(path, encoding='utf-8') as f:
            text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
        names |= set(re.findall(r'^extern\b[^;(]*?\b(um_\w+)(?:\[[^;]*)?;', text, re.M))
        names |= set(re.findall(r'\b(um_\w+_entry)\(', text))
        names |= set(re.findall(r'^DECLARE_PER_CPU\w*\([^,]*, *(\w+)\)', text, re.M))
    return names | {'um_cpu'}


def world(source):
    """The world of a source file, by its path below arch/um."""
    if source.startswith('stub/'):
        return 'stub'
    if source.startswith('formats/'):
        return 'pure'
    if source.startswith('host/') or re.search(r'_host\.[cS]$', source):
        return 'host'
    return 'guest'


def kind(path):
    """What sort of header a path is."""
    inside = re.search(r'(?:^|/)arch/um/(.*)$', path)
    if inside:
        name = inside.group(1)
        for start, what in (('include/um/', 'boundary'), ('host/', 'host'), ('stub/', 'stub'), ('formats/', 'pure'), ('include/', 'kernel')):
            if name.startswith(start):
                return what
        if name.endswith('_host.h'):
            return 'host'
        if name.startswith('drivers/') and not name.endswith('_guest.h'):
            return 'contract'
        return 'guest'
    if re.match(r'/usr/(local/)?include/', path):
        return 'uapi'
    return 'kernel'


MAY_INCLUDE = {
    'guest': {'kernel', 'guest', 'boundary', 'contract', 'pure'},
    'host': {'boundary', 'uapi', 'host', 'stub', 'contract', 'pure'},
    'stub': {'stub', 'uapi'},
    'pure': {'pure'},
}
ALSO = {'pure': ('include/um/types.h',), 'stub': ('include/um/layout.h', 'include/um/types.h')}


def read_command(path):
    """(source, [headers]) of one .cmd file, or None."""
    with open(path, encoding='utf-8', errors='replace') as f:
        text = f.read().replace('\\\n', ' ')
    source = re.search(r'^source_\S+ := (\S+)', text, re.M)
    deps = re.search(r'^deps_\S+ := (.*)$', text, re.M)
    if not source:
        return None
    return source.group(1), [d for d in (deps.group(1).split() if deps else []) if d.endswith('.h')]


def check_includes(source, headers):
    """Compare the headers of one object with what its world may include."""
    where = world(source)
    for h in headers:
        if FORCED.search(h) or COMPILER.search(h) or h.endswith(ALSO.get(where, ('\0',))):
            continue
        sort = kind(os.path.normpath(h))
        if sort not in MAY_INCLUDE[where]:
            problems.append(f'arch/um/{source} ({where}) includes {h} ({sort})')


def symbols(path):
    """({defined globals}, {undefined}) of an object."""
    out = subprocess.run(['nm', '-g', path], capture_output=True, text=True, check=True).stdout
    defined, needed = set(), set()
    for line in out.splitlines():
        words = line.split()
        if words[-2:-1] in (['U'], ['w'], ['v']):
            needed.add(words[-1])
        elif len(words) == 3:
            defined.add(words[2])
    return defined, needed


def check_calls(objects):
    """objects: {path: world}. Each name that crosses a border must have the border's prefix."""
    owner, needs, shared = {}, {}, boundary_names()
    for path, where in objects.items():
        defined, needs[path] = symbols(path)
        for name in defined:
            owner[name] = where
    for path, names in needs.items():
        where, short = objects[path], os.path.relpath(path, OBJ)
        for name in sorted(names):
            if where == 'stub' or name in LIBRARY or name in shared or LINKER.match(name) or name.startswith(('__asan', '__sanitizer', '__ubsan')):
                continue
            other = owner.get(name, 'kernel')
            if where == 'host' and other == 'kernel' and name in KERNEL_DATA:
                continue
            good = {
                'guest': other in ('guest', 'kernel', 'pure') or (other == 'host' and name.startswith('host_')),
                'host': other in ('host', 'pure') or (other == 'guest' and name.startswith('guest_')),
                'pure': other == 'pure',
            }[where]
            if not good:
                problems.append(f'{short} ({where}) uses {name} ({other})')


def check_stub():
    """The embedded program stands alone."""
    for elf in glob.glob(f'{OBJ}/arch/um/stub/*.elf'):
        if subprocess.run(['nm', '-u', elf], capture_output=True, text=True, check=True).stdout.strip():
            problems.append(f'{elf} has undefined symbols')
        if 'no relocations' not in subprocess.run(['readelf', '-rW', elf], capture_output=True, text=True, check=True).stdout:
            problems.append(f'{elf} has relocations')


def main():
    commands = [c for c in glob.glob(f'{OBJ}/arch/um/**/.*.o.cmd', recursive=True)]
    if not commands:
        print('nothing has been built')
        return 77
    objects, seen = {}, 0
    for command in commands:
        found = read_command(command)
        if not found:
            continue
        source = re.search(r'(?:^|/)arch/um/(.*)$', os.path.normpath(found[0]))
        if not source or source.group(1).startswith('x86/vdso/') or '/vdso/' in source.group(1):
            continue
        seen += 1
        check_includes(source.group(1), found[1])
        path = os.path.join(os.path.dirname(command), os.path.basename(command)[1:-len('.cmd')])
        if os.path.exists(path):
            objects[path] = world(source.group(1))
    check_calls(objects)
    check_stub()
    for p in problems:
        print(p)
    print(f'{seen} objects looked at, {len(problems)} breaches')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
