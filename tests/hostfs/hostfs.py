#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: host directories in the guest
# timeout: 600
"""hostfs from both sides: what the guest does to the host's files, what it sees of the host's changes, and what it may not."""
import os
import re
import shutil
import stat
import subprocess
import time

import uml
from uml import Guest, check

GUEST_PROGRAMS = os.environ.get('UML_GUEST', '')


def fresh(name):
    """An empty directory below UML_TMP."""
    path = os.path.join(uml.TMP, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def write(*path, text=''):
    with open(os.path.join(*path), 'w', encoding='utf-8') as f:
        f.write(text)


def read(*path):
    with open(os.path.join(*path), encoding='utf-8') as f:
        return f.read()


def guest_with(option, mount_options='', more=(), limit=None):
    """A guest's shell with hostfs=option on its command line and /host mounted; limit: what prlimit(1) is to restrict."""
    args = ('mem=256M', 'quiet', f'hostfs={option}', *more)
    command = ['prlimit', f'--{limit}', *uml.command_line(args)] if limit else None
    g = Guest(*args, command=command)
    g.shell(60)
    g.must(f'mkdir -p /host && mount -t hostfs none /host {mount_options}')
    return g


def test_operations():
    """the checks of tests/guest/hostfs pass in a guest"""
    share = fresh('operations')
    for name in ('hostfs.sh', 'hostfs_ops'):
        source = os.path.join(GUEST_PROGRAMS, name)
        if not os.path.exists(source):
            raise uml.Skip('tests/guest has not been built')
        shutil.copy(source, share)
    os.mkdir(os.path.join(share, 'work'))
    with guest_with(share) as g:
        status, out = g.run('sh /host/hostfs.sh /host/work', 400)
    bad = [row for row in out.splitlines() if row.startswith('FAIL') or 'FAILED' in row or row.startswith('  ')]
    check(status == 0, '\n'.join(bad) or out[-2000:])
    check(os.listdir(os.path.join(share, 'work')) == [], 'something was left behind')


def test_storm():
    """random work by six processes on two virtual CPUs: files hold what was written, names behave"""
    share = fresh('storm')
    source = os.path.join(GUEST_PROGRAMS, 'hostfs_storm')
    if not os.path.exists(source):
        raise uml.Skip('tests/guest has not been built')
    shutil.copy(source, share)
    with guest_with(share, more=('ncpus=2',)) as g:
        status, out = g.run(f'cd /tmp && /host/hostfs_storm /host {60 if uml.FULL else 4}', 200)
        check(status == 0, out[-3000:])
    check(os.listdir(share) == ['hostfs_storm'], 'something was left behind')


def test_few_descriptors():
    """with few host descriptors deep and wide trees work; too many open files are an error, and only for as long"""
    share = fresh('few')
    with guest_with(share, limit='nofile=64:64') as g:
        g.must('cd /host; i=0; d=.; while [ $i -lt 30 ]; do d=$d/d; mkdir $d; i=$((i+1)); done; echo deep > $d/f')
        g.must('i=0; while [ $i -lt 150 ]; do mkdir w$i; echo $i > w$i/f; i=$((i+1)); done')
        g.must('echo 3 > /proc/sys/vm/drop_caches; [ "$(cat $d/f)" = deep ]; [ "$(cat w*/f | wc -l)" = 150 ]')
        status, out = g.run('(i=10; while [ $i -lt 90 ]; do eval "exec $i< w$i/f"; i=$((i+1)); done) 2>&1')
        check(status != 0 and 'Too many open files' in out, f'80 open files within 64: {status} {out}')
        g.must('[ "$(cat w*/f | wc -l)" = 150 ]; cd /; rm -r /host/d /host/w*')
    check(os.listdir(share) == [], 'something was left behind')


def test_host_refuses():
    """what the host does not take (here: a limit on file size) is an error of close() or fsync(); then all goes on"""
    share = fresh('refuses')
    with guest_with(share, limit=f'fsize={5 << 30}') as g:
        g.must('cd /host; dd if=/dev/zero of=good bs=1M count=8 2>/dev/null')
        for command in ('dd if=/dev/zero of=big bs=1M seek=5118 count=8', 'dd if=/dev/zero of=big bs=1M seek=5118 count=8 conv=fsync',
                        'dd if=/dev/zero of=big bs=1M seek=5118 count=8 oflag=direct', 'truncate -s 5121M big'):
            check(g.run(f'rm -f big; {command} 2>/dev/null')[0] != 0, f'"{command}" succeeded')
        g.must('rm -f big; echo still here > f; [ "$(cat f)" = "still here" ]; cmp good good')
    check(sorted(os.listdir(share)) == ['f', 'good'], f'{os.listdir(share)}')


def test_host_sees_guest():
    """what the guest has written and closed is on the host, with mode, time and size"""
    share = fresh('toward')
    with guest_with(share) as g:
        g.must('cd /host; echo from the guest > f; chmod 750 f; touch -d "2005-06-07 08:09:10" f; ln -s f l; mkfifo p; mkdir d; echo x > d/x')
        st = os.stat(os.path.join(share, 'f'))
        check(read(share, 'f') == 'from the guest\n', 'contents')
        check(stat.S_IMODE(st.st_mode) == 0o750, f'mode {st.st_mode:o}')
        check(time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(st.st_mtime)) == '2005-06-07 08:09:10', f'time {st.st_mtime}')
        check(os.readlink(os.path.join(share, 'l')) == 'f', 'link')
        check(stat.S_ISFIFO(os.stat(os.path.join(share, 'p')).st_mode), 'fifo')
        check(st.st_uid == os.getuid(), 'owner')
        g.must('exec 7>>/host/f; echo more >&7; rm -r d')
        check(not os.path.exists(os.path.join(share, 'd')), 'a removed directory is still there')
        g.must('exec 7>&-')
        check(read(share, 'f') == 'from the guest\nmore\n', 'an appended line did not arrive at close()')


def test_guest_sees_host():
    """what the host changes is seen by the guest: contents, size, mode, new, removed and replaced files"""
    share = fresh('fromward')
    write(share, 'f', text='first\n')
    with guest_with(share) as g:
        check(g.must('cat /host/f') == 'first', 'first')
        for n, text in enumerate(('second and longer\n', '3rd\n', '4th\n')):
            time.sleep(0.3)
            write(share, 'f', text=text)
            time.sleep(0.3)
            check(g.must('cat /host/f') == text.strip(), f'change {n} is not seen')
        check(g.must('ls /host/new 2>&1; true').endswith('No such file or directory'), 'new is there already')
        write(share, 'new', text='new\n')
        time.sleep(0.3)
        check(g.must('cat /host/new') == 'new', 'a new file is not seen')
        os.rename(os.path.join(share, 'new'), os.path.join(share, 'f'))
        time.sleep(0.3)
        check(g.must('cat /host/f; ls /host') == 'new\nf', 'a replaced file is not seen')
        os.chmod(os.path.join(share, 'f'), 0o600)
        time.sleep(0.3)
        check(g.must('stat -c %a /host/f') == '600', 'a new mode is not seen')
        g.must('exec 5< /host/f; cat <&5')
        with open(os.path.join(share, 'f'), 'a', encoding='utf-8') as f:
            f.write('grown\n')
        time.sleep(0.3)
        grown = g.must('cat <&5')
        check(grown == 'grown', f'a file that grows is not followed: {grown!r}')
        os.mkdir(os.path.join(share, 'dir'))
        write(share, 'dir', 'x', text='x')
        time.sleep(0.3)
        g.must('cd /host/dir && ls x')
        os.rename(os.path.join(share, 'dir'), os.path.join(share, 'other'))
        time.sleep(0.3)
        g.must('ls x && cd / && ls /host/other/x && ! ls /host/dir')


def test_symlink_replaced():
    """a symbolic link that the host points elsewhere leads elsewhere"""
    share = fresh('links')
    for name in 'ab':
        write(share, name, text=name + '\n')
    os.symlink('a', os.path.join(share, 'l'))
    with guest_with(share) as g:
        check(g.must('cat /host/l') == 'a', 'first')
        for target in 'bab':
            os.unlink(os.path.join(share, 'l'))
            os.symlink(target, os.path.join(share, 'l'))
            time.sleep(0.3)
            check(g.must('cat /host/l') == target, f'the link does not lead to {target}')


def test_append():
    """hostfs=DIR,append: files grow and come into being; nothing is cut, replaced or removed"""
    share = fresh('append')
    write(share, 'log', text='one\n')
    write(share, 'other', text='other\n')
    with guest_with(f'{share},append') as g:
        g.must('cd /host; echo two >> log; echo three >> log; echo new > fresh; mkdir d')
        for command in ('rm -f log', '(: > log)', '(echo cut > log)', 'truncate -s 1 log', 'mv log other', 'rmdir d', 'rm -r d'):
            status, _ = g.run(command + ' 2>/dev/null')
            check(status != 0, f'"{command}" succeeded')
        g.run('printf XX | dd of=log conv=notrunc bs=1 seek=0 2>/dev/null')
        check(g.must('cat log').replace('\n', ' ').startswith('one two three'), 'the guest reads something else')
        g.must('mv fresh free-name')
    check(read(share, 'log').startswith('one\ntwo\nthree\n'), f'the log is {read(share, "log")!r}')
    check(read(share, 'other') == 'other\n' and read(share, 'free-name') == 'new\n', 'the other files')


def test_readonly():
    """mount -o ro: nothing on the host changes; remounting rw and ro works"""
    share = fresh('ro')
    write(share, 'f', text='f')
    before = os.stat(os.path.join(share, 'f'))
    with guest_with(share, '-o ro') as g:
        for command in ('touch /host/new', '(echo x >> /host/f)', 'rm -f /host/f', 'chmod 777 /host/f', 'mkdir /host/d', 'touch /host/f'):
            check(g.run(command + ' 2>/dev/null')[0] != 0, f'"{command}" succeeded')
        after = os.stat(os.path.join(share, 'f'))
        check((before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns), 'the file was touched')
        check(os.listdir(share) == ['f'], f'{os.listdir(share)}')
        g.must('mount -o remount,rw /host && touch /host/new && mount -o remount,ro /host && ! touch /host/new2 2>/dev/null')


def test_mount_options():
    """-o /sub, dir=, map=root, uid=, gid=; what is shown in /proc/mounts; unknown ones are refused"""
    share = fresh('options')
    os.makedirs(os.path.join(share, 'sub', 'dir'))
    write(share, 'sub', 'dir', 'x', text='x')
    with guest_with(share) as g:
        g.must('mkdir /tmp/m')
        for option in ('/sub/dir', 'dir=/sub/dir', 'dir=sub/dir,map=root', '/sub/dir,map=root,attr_timeout=0', '/sub/dir,uid=7,gid=8'):
            g.must(f'mount -t hostfs none /tmp/m -o {option} && cat /tmp/m/x')
            owner = g.must('stat -c %u:%g /tmp/m/x')
            wanted = '7:8' if 'uid' in option else '0:0' if 'map' in option else f'{os.getuid()}:{os.getgid()}'
            check(owner == wanted, f'{option}: owner {owner}, not {wanted}')
            shown = g.must('grep /tmp/m /proc/mounts')
            check('sub/dir' in shown, f'/proc/mounts: {shown}')
            g.must('umount /tmp/m')
        for option in ('/nothing', 'nonsense', '..', 'dir=/sub/dir/x'):
            check(g.run(f'mount -t hostfs none /tmp/m -o {option} 2>/dev/null')[0] != 0, f'mount -o {option} succeeded')


def test_option_errors():
    """hostfs= with a missing directory, a file or an unknown word: one line, exit status 1; none refuses mounts"""
    share = fresh('errors')
    write(share, 'f')
    for value in (f'{share}/nothing', f'{share}/f', f'{share},nonsense'):
        status, out = uml.run_kernel('mem=128M', 'quiet', f'hostfs={value}', timeout=20)
        check(status == 1 and 'hostfs=' in out and out.count('\n') == 1, f'{value}: status {status}: {out[:500]}')
    with Guest('mem=256M', 'quiet', 'hostfs=none') as g:
        g.shell(60)
        check(g.run('mkdir -p /host; mount -t hostfs none /host 2>/dev/null')[0] != 0, 'hostfs=none mounted')


def test_root():
    """root=/dev/root rootfstype=hostfs rootflags=DIR boots from a host directory"""
    root = fresh('root')
    busybox = shutil.which('busybox')
    if not busybox or b'statically' not in subprocess.run(['file', busybox], capture_output=True, check=False).stdout:
        raise uml.Skip('no static busybox')
    for d in ('bin', 'dev', 'proc', 'sys', 'tmp'):
        os.mkdir(os.path.join(root, d))
    shutil.copy(busybox, os.path.join(root, 'bin/busybox'))
    os.symlink('busybox', os.path.join(root, 'bin/sh'))
    write(root, 'init', text='#!/bin/sh\n/bin/busybox mount -t proc proc /proc\n/bin/busybox mount -o remount,rw /\n'
          '/bin/busybox grep " / " /proc/mounts > /mounts\necho init ran\n/bin/busybox sync\n/bin/busybox poweroff -f\n')
    os.chmod(os.path.join(root, 'init'), 0o755)
    _, out = uml.run_kernel('mem=256M', 'quiet', 'noinitrd', 'root=/dev/root', 'rootfstype=hostfs', f'rootflags={root}', 'init=/init',
                            'rdinit=/nothing', timeout=60)
    check('init ran' in out, out[-1500:])
    check(re.search(r' / hostfs ', read(root, 'mounts')), read(root, 'mounts'))


uml.main()
