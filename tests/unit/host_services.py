#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# title: host services: options, memory, clock, events, the end, with a fake guest
# by: builder
# timeout: 180
"""Links arch/um/host with a fake guest (host/guest.c) and looks at what the program does. No kernel is built."""
import glob
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
HOST = os.path.join(TOP, 'arch/um/host')
CORE = {'cpu.c', 'entry.S', 'handoff.c', 'place.c', 'space.c', 'space_map.c', 'space_run.c', 'stub_blob.S'}   # the fake guest stands in for these
FLAGS = ('-std=gnu11 -O2 -g -ffreestanding -fno-builtin -fno-stack-protector -fno-strict-aliasing -fno-common -m64 -march=x86-64 '
         '-mno-red-zone -mno-mmx -mno-sse -mno-avx -fno-pic -fno-pie -fcf-protection=none -fno-omit-frame-pointer '
         '-mpreferred-stack-boundary=3 -Wall -Wextra -Werror').split()
LINK = ('-nostdlib -static -no-pie -Wl,-e,_start -Wl,-Ttext-segment=0x40000000 -Wl,-z,max-page-size=4096 -Wl,-z,norelro '
        '-Wl,-z,noexecstack -Wl,--build-id=none -Wl,--defsym=_sinittext=_etext -Wl,--defsym=_einittext=_etext '
        '-Wl,--defsym=um_init_stack_top=test_init_stack+16384').split()


class Bad(Exception):
    """A test has failed."""


def check(good, words):
    """Raise unless good."""
    if not good:
        raise Bad(words)


class Place:
    """A directory to run in, with HOME and TMPDIR inside."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='um-unit-')
        self.binary = os.path.join(self.dir, 'guest')
        self.env = {'HOME': self.dir, 'PATH': os.environ['PATH']}

    def build(self):
        """Compile the host files that need no execution core, and the fake guest."""
        sources = [f for f in glob.glob(HOST + '/*.[cS]') if os.path.basename(f) not in CORE]
        sources += glob.glob(HERE + '/host/*.c')
        with open(os.path.join(self.dir, 'config'), 'w', encoding='ascii') as f:
            f.write('CONFIG_FAKE=y\n')
        command = ['gcc', *FLAGS, '-D__UM_HOST__', f'-DUM_CONFIG_FILE="{self.dir}/config"', '-iquote', TOP + '/arch/um', '-iquote', HOST,
                   '-idirafter', TOP + '/arch/um/include', *LINK, '-Wl,-T,' + HERE + '/host/host.lds', *sources, '-o', self.binary]
        subprocess.run(command, check=True)

    def run(self, *args, **more):
        """Run to the end; (status, standard output and error)."""
        env = dict(self.env, **more.pop('env', {}))
        r = subprocess.run([self.binary, *args], cwd=self.dir, env=env, stdin=more.pop('stdin', subprocess.DEVNULL),
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False, **more)
        return r.returncode, r.stdout.decode()

    def inside(self, name):
        """Run one of the fake guest's own tests."""
        status, out = self.run('mem=64M', 'test=' + name)
        for line in out.splitlines():
            print('# ' + line.lstrip('# '))
        check(status == 0 and 'BAD' not in out, f'status {status}')


P = Place()


def value(out, key):
    """What stands behind 'key: ' in a line of the output."""
    return re.search('^' + key + ':? (.*)$', out, re.M).group(1)


def test_format():
    """formatter and sizes"""
    P.inside('format')


def test_memory():
    """the image moves into the memory file, kernel mappings"""
    P.inside('memory')


def test_clock():
    """clock: calibration, discipline, monotonic for two threads"""
    P.inside('clock')


def test_timer():
    """one-shot timers"""
    P.inside('timer')


def test_event():
    """descriptors and signals become interrupt lines"""
    P.inside('event')


def test_thread():
    """host threads and words"""
    P.inside('thread')


def test_command_line():
    """arguments: order, quoting, what the guest's parser sees"""
    status, out = P.run('mem=64M', 'color=blue', 'root=/dev/x', 'umid=one', 'a=b c', 'd e', '"q=r s"', 'ubd12rs=f', 'console=tty',
                        'test=show', '--', '--init', 'mem=1')
    check(status == 0, out)
    check(value(out, 'command line') ==
          'mem=64M color=blue root=/dev/x umid=one a="b c" "d e" "q=r s" ubd12rs=f console=tty test=show -- --init mem=1', out)
    check(value(out, 'parse line') == 'color=blue root=/dev/x a="b c" "d e" "q=r s" console=tty test=show -- --init mem=1', out)
    check('row ubd [12rs] [f]' in out and value(out, 'umid') == 'one', out)
    check(value(out, '# memory') == str(64 << 20) and value(out, '# cpus') == '1', out)


def test_many_arguments():
    """a long command line is taken whole or refused loudly"""
    status, out = P.run('test=show', *[f'v{i}=x' for i in range(500)])
    check(status == 0 and ' v499=x' in value(out, 'command line'), out[-200:])
    status, out = P.run('test=show', *[f'v{i}=xxxxxxxxxx' for i in range(500)])
    check(status == 1 and 'longer than' in out and len(out.splitlines()) == 1, out[-200:])


def test_wrong():
    """wrong values and unknown switches: one line, status 1"""
    for argument, named in (('--no-such', '--no-such'), ('mem=lots', 'mem=lots'), ('mem=', 'mem='), ('mem=1', '32M'), ('mem=0', '32M'),
                            ('mem=999999T', 'most'), ('mem', 'mem=SIZE'), ('ncpus=0', 'from 1 to 8'), ('ncpus=9', 'from 1 to 8'),
                            ('ncpus=many', 'ncpus=host'), ('mode=tt', 'skas'), ('umid=a/b', 'umid'), ('umid=', 'umid'), ('initrd=/no/such', '/no/such'), ('initrd=/etc', '/etc'),
                            ('a=b "c', 'quotes'), ('ubd0', 'ubd0=FILE')):
        status, out = P.run(argument)
        check(status == 1 and len(out.splitlines()) == 1 and named in out, f'{argument}: status {status}: {out}')
        check(out.startswith('linux: '), out)


def test_numbers():
    """ncpus and friends"""
    status, out = P.run('ncpus=3', 'mem=1G', 'mode=skas', 'test=show')
    check(status == 0 and value(out, '# cpus') == '3' and value(out, '# memory') == str(1 << 30), out)
    status, out = P.run('ncpus=host', 'test=show')
    check(value(out, '# cpus') == str(min(8, len(os.sched_getaffinity(0)))), out)


def test_root():
    """the default root file system"""
    check(value(P.run('ubd0=f', 'test=show')[1], 'command line') == 'ubd0=f test=show root=/dev/ubda', 'ubd0')
    check(value(P.run('ubda=f', 'test=show', '--', 'x')[1], 'parse line') == 'test=show root=/dev/ubda -- x', 'ubda')
    check('root=' not in value(P.run('ubd1=f', 'test=show')[1], 'command line'), 'ubd1 alone')
    check(value(P.run('ubd0=f', 'rootfstype=hostfs', 'test=show')[1], 'parse line') == 'rootfstype=hostfs test=show', 'rootfstype')
    path = os.path.join(P.dir, 'root_fs')
    with open(path, 'wb') as f:
        f.write(b'x')
    out = P.run('test=show')[1]
    os.unlink(path)
    check(value(out, 'command line') == 'test=show ubd0=root_fs root=/dev/ubda' and 'row ubd [0] [root_fs]' in out, out)


def test_initrd():
    """the initial RAM disk lies at the end of memory"""
    path = os.path.join(P.dir, 'initrd')
    with open(path, 'wb') as f:
        f.write(b'y' * 70000)
    status, out = P.run('mem=64M', 'initrd=initrd', 'test=show')
    check(status == 0 and value(out, '# initrd') == '70000', out)
    with open(path, 'wb') as f:
        f.truncate(60 << 20)
    status, out = P.run('mem=64M', 'initrd=initrd', 'test=show')
    os.unlink(path)
    check(status == 1 and 'give more' in out, out)


def test_help():
    """--help lists every row, under 80 columns; --version, --showconfig"""
    status, out = P.run('--help')
    check(status == 0, out)
    check(all(len(line) < 80 for line in out.splitlines()), out)
    for word in ('mem=', 'ncpus=', 'umid=', 'uml_dir=', 'initrd=', 'mode=', 'ubd<n>=', '--help', '--version',
                 '--showconfig'):
        check(len(re.findall('^  ' + re.escape(word), out, re.M)) == 1, word + '\n' + out)
    check(P.run('--version') == (0, 'User-Mode Linux 6.12.0-test\n'), 'version')
    check(P.run('--showconfig') == (0, 'CONFIG_FAKE=y\n'), 'showconfig')


def test_umid():
    """the instance's directory: made, refused, taken over, removed"""
    one = os.path.join(P.dir, '.uml/one')
    with subprocess.Popen([P.binary, 'umid=one', 'test=wait'], cwd=P.dir, env=P.env, stdout=subprocess.DEVNULL) as p:
        for _ in range(100):
            time.sleep(0.02)
            if os.path.exists(one + '/pid') and os.path.getsize(one + '/pid'):
                break
        with open(one + '/pid', encoding='ascii') as f:
            check(f.read() == f'{p.pid}\n', 'pid file')
        check(os.stat(one).st_mode & 0o777 == 0o700, 'mode')
        status, out = P.run('umid=one', 'test=show')
        check(status == 1 and 'umid=one' in out and len(out.splitlines()) == 1, out)
        p.kill()
    check(os.path.exists(one + '/pid'), 'a killed instance leaves its directory')
    status, out = P.run('umid=one', 'test=show')
    check(status == 0 and value(out, 'directory') == one + '/mconsole', out)
    check(not os.path.exists(one), 'removed at the end')
    out = P.run('test=show')[1]
    check(re.match('^[a-zA-Z0-9]{6}$', value(out, 'umid')), out)
    check(not os.listdir(os.path.join(P.dir, '.uml')), 'nothing is left')


def test_umid_places():
    """uml_dir, no HOME, a directory that cannot be made"""
    out = P.run('uml_dir=here', 'umid=x', 'test=show')[1]
    check(value(out, 'directory') == 'here/x/mconsole', out)
    r = subprocess.run([P.binary, 'umid=x', 'test=show'], cwd=P.dir, env={}, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    check(value(r.stdout.decode(), 'directory').startswith('/tmp/.uml-'), r.stdout)
    status, out = P.run('uml_dir=/proc/none', 'umid=x', 'test=show')
    check(status == 0 and value(out, 'directory') == 'none' and 'uml_dir=DIR' in out, out)


def test_exit():
    """exit functions in reverse order, exit status"""
    status, out = P.run('test=exit')
    check(status == 7 and out.endswith('second registered\nfirst registered\n'), f'{status}: {out}')
    status, out = P.run('test=abort')
    check(status == 1, f'{status}: {out}')


def test_restart():
    """a reboot executes the program again"""
    status, out = P.run('umid=again', 'test=restart', restore_signals=True)
    os.unlink(os.path.join(P.dir, 'again'))
    check(status == 0 and 'first life' in out and 'second life' in out and 'BAD' not in out, f'{status}: {out}')


def test_signals():
    """before the guest handles them, SIGTERM and SIGINT end the process in the orderly way"""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        with subprocess.Popen([P.binary, 'umid=sig', 'test=wait'], cwd=P.dir, env=P.env, stdout=subprocess.PIPE) as p:
            p.stdout.readline()
            p.send_signal(number)
            check(p.wait(timeout=5) == 128 + number, f'{number}: {p.returncode}')
        check(not os.path.exists(P.dir + '/.uml/sig'), 'directory removed')


def test_limits():
    """closed descriptors, small and odd limits"""
    for setup in ('exec <&- >&- 2>&-;', ):
        r = subprocess.run(['sh', '-c', f'{setup} exec "$0" "$@"', P.binary, 'test=exit'], cwd=P.dir, env=P.env, check=False)
        check(r.returncode == 7, f'{setup}: {r.returncode}')
    for setup in ('ulimit -s 64', 'ulimit -s unlimited', 'ulimit -s 333', 'ulimit -n 16'):
        status, out = wrapped(setup, 'mem=64M', 'test=memory')
        check(status == 0, f'{setup}: {status}: {out}')
    status, out = wrapped('ulimit -v 4000000', 'mem=64M', 'test=show')
    check(status == 0, out)
    status, out = wrapped('ulimit -v 500000', 'mem=64M', 'test=show')
    check(status == 1 and 'ulimit -v unlimited' in out, out)
    status, out = wrapped('ulimit -f 1000', 'mem=64M', 'test=show')
    check(status == 1 and 'ulimit -f unlimited' in out, out)


def wrapped(setup, *args):
    """Run behind a shell command."""
    r = subprocess.run(['bash', '-c', f'{setup}; exec "$0" "$@"', P.binary, *args], cwd=P.dir, env=P.env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return r.returncode, r.stdout.decode()


def nothing_left():
    """No process of ours is left."""
    for _ in range(100):
        r = subprocess.run(['pgrep', '-f', '-c', P.binary], capture_output=True, check=False)
        if r.stdout.strip() == b'0':
            return True
        time.sleep(0.02)
    return False


def test_terminal():
    """the terminal is restored at the end and after SIGKILL, and nothing survives"""
    for kind in ('tty', 'tty-stay'):
        master, slave = pty.openpty()
        try:
            with subprocess.Popen(['setsid', '-c', P.binary, 'test=' + kind], cwd=P.dir, env=P.env, stdin=slave, stdout=slave,
                                  stderr=slave) as p:
                seen = b''
                while b'raw' not in seen:
                    seen += os.read(master, 1000)
                if kind == 'tty-stay':
                    check(not termios.tcgetattr(slave)[3] & termios.ICANON, 'raw')
                    p.kill()
            check(b'BAD' not in seen, seen)
            check(nothing_left(), 'something survives')
            check(termios.tcgetattr(slave)[3] & termios.ICANON and termios.tcgetattr(slave)[1] & termios.OPOST, kind + ': not restored')
        finally:
            os.close(slave)
            os.close(master)


def main():
    """TAP."""
    tests = [f for n, f in globals().items() if n.startswith('test_')]
    bad = 0
    try:
        P.build()
        print(f'1..{len(tests)}')
        for i, test in enumerate(tests, 1):
            try:
                test()
                print(f'ok {i} - {test.__doc__}')
            except (Bad, AttributeError, subprocess.SubprocessError, OSError) as e:
                bad += 1
                print(f'not ok {i} - {test.__doc__}')
                print('# ' + str(e).replace('\n', '\n# '))
            sys.stdout.flush()
    finally:
        shutil.rmtree(P.dir)
    return 1 if bad else 0


sys.exit(main())
