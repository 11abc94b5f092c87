# SPDX-License-Identifier: GPL-2.0
"""Drive a guest from a test: a pseudo-terminal, what to wait for, what to type; and the tests' own small frame.

A test file defines functions named test_*, each with a docstring that says the behaviour, and ends with `uml.main()`. Every function
is one line of the report. Raise Skip(reason) to skip, use check() or assert to fail. The environment (set by tests/run):

  LINUX      the kernel       UML_FORBID  program under which it runs (no ptrace, no user namespaces), or empty
  UML_TMP    a directory      UML_LOG     prefix for logs       UML_FULL   "1" in full mode       UML_IMG   the Debian image
  UML_ARGS   switches for every guest, before its test's own (of two of the same name the later one counts)
"""
import errno
import fcntl
import os
import re
import select
import shlex
import subprocess
import sys
import termios
import time
import traceback

import procs

LINUX = os.environ.get('LINUX', 'build/linux')
FORBID = os.environ.get('UML_FORBID', '')
TMP = os.environ.get('UML_TMP', '/tmp')
LOG = os.environ.get('UML_LOG', os.path.join(TMP, 'log'))
FULL = os.environ.get('UML_FULL') == '1'
IMG = os.environ.get('UML_IMG', '')
ARGS = os.environ.get('UML_ARGS', '').split()

SHELL_PROMPT = r'uml:\S*# '
ESCAPES = re.compile(rb'\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x07')


class Skip(Exception):
    """The test cannot say anything here, and why."""


class Failed(AssertionError):
    """A test's finding."""


def check(condition, message):
    if not condition:
        raise Failed(message)


def wait_nothing_left(seconds=3.0):
    """Fail if, after a grace time, any process that a guest started is still there."""
    left = procs.leftovers(seconds)
    if left:
        procs.kill_all()
        raise Failed(f'left behind: {left}')


def command_line(args):
    """The whole command: the kernel below the forbidding filter."""
    return ([FORBID] if FORBID else []) + [LINUX, *ARGS, *args]


class Guest:
    """One running kernel on a pseudo-terminal of its own (its controlling terminal)."""
    counter = 0

    def __init__(self, *args, timeout=60, stdin=None, command=None, cwd=None):
        Guest.counter += 1
        self.log_name = f'{LOG}.{Guest.counter}.console'
        self.log = open(self.log_name, 'wb')
        self.timeout = timeout
        self.text = b''
        self.before = ''
        self.commands = 0
        self.status = None
        self.match = None
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, b'\x32\x00\xc8\x00\x00\x00\x00\x00')    # 50 rows, 200 columns
        self.terminal = termios.tcgetattr(self.slave)
        slave = self.slave

        def controlling_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.started = time.monotonic()
        self.process = subprocess.Popen(command or command_line(args), stdin=slave if stdin is None else stdin, stdout=slave,
                                        stderr=slave, cwd=cwd or TMP, preexec_fn=controlling_terminal)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    # --- reading and typing ---

    def pump(self, seconds):
        """Take what the guest has written; False at the end of the terminal."""
        if not select.select([self.master], [], [], max(seconds, 0))[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError as e:
            if e.errno == errno.EIO:
                return False
            raise
        self.log.write(data)
        self.log.flush()
        self.text = ESCAPES.sub(b'', self.text + data)
        return bool(data)

    def expect(self, pattern, timeout=None):
        """Wait until pattern (a regular expression, or several: returns the index) shows; what preceded it is in self.before."""
        patterns = [pattern] if isinstance(pattern, str) else pattern
        end = time.monotonic() + (timeout or self.timeout)
        while True:
            for i, p in enumerate(patterns):
                self.match = re.search(p.encode(), self.text)
                if self.match:
                    self.before = self.text[:self.match.start()].decode('utf-8', 'replace').replace('\r\n', '\n')
                    self.text = self.text[self.match.end():]
                    return i
            left = end - time.monotonic()
            if left <= 0:
                raise Failed(f'no sign of {patterns} in {timeout or self.timeout} s; last: {self.tail()}')
            self.pump(min(left, 0.5))
            if self.ended() and not select.select([self.master], [], [], 0)[0]:
                for i, p in enumerate(patterns):
                    self.match = re.search(p.encode(), self.text)
                    if self.match:
                        break
                else:
                    raise Failed(f'the guest ended with status {self.status} before {patterns}; last: {self.tail()}')

    def tail(self, chars=1500):
        return self.text[-chars:].decode('utf-8', 'replace')

    def send(self, text):
        os.write(self.master, text.encode())

    def line(self, text):
        self.send(text + '\n')

    # --- shells ---

    def quiet_shell(self):
        """Make the shell that has just prompted a dull one: no echo, a prompt that nothing else prints."""
        self.line("stty -echo; export TERM=dumb PAGER=cat SYSTEMD_PAGER=cat SYSTEMD_COLORS=0; unset PROMPT_COMMAND; PS1=; "
                  "bind 'set enable-bracketed-paste off' 2>/dev/null; echo ready-'for'-tests")
        self.expect(r'ready-for-tests\r?\n')

    def shell(self, timeout=None):
        """Wait for the embedded root's shell."""
        self.expect(SHELL_PROMPT, timeout)
        self.quiet_shell()
        return self

    def login(self, timeout=None):
        """Log in to Debian as root."""
        self.expect('login: ', timeout or 240)
        self.line('root')
        if self.expect([r'root@\S+:\S*# ', 'Password: '], 60) == 1:
            raise Failed('root has a password')
        self.quiet_shell()
        return self

    def run(self, command, timeout=None):
        """Run a shell command; returns (status, output). One line is typed, because a program may throw away what was typed ahead."""
        self.commands += 1
        self.line(f"eval {shlex.quote(command)}; echo '<'{self.commands}:$?'>'")
        self.expect(rf'<{self.commands}:(\d+)>\r?\n', timeout)
        return int(self.match.group(1)), self.before.strip('\n')

    def must(self, command, timeout=None):
        """Run a shell command that has to succeed; returns its output."""
        status, out = self.run(command, timeout)
        check(status == 0, f'"{command}" gave status {status}: {out[-3000:]}')
        return out

    # --- the end ---

    def ended(self):
        if self.status is None:
            status = self.process.poll()
            if status is not None:
                self.status = status
        return self.status is not None

    def wait(self, timeout=None):
        """The kernel's exit status (negative: killed by that signal)."""
        end = time.monotonic() + (timeout or self.timeout)
        while not self.ended():
            if time.monotonic() > end:
                raise Failed(f'the guest has not ended in {timeout or self.timeout} s; last: {self.tail()}')
            self.pump(0.05)
        while select.select([self.master], [], [], 0.05)[0] and self.pump(0):
            pass
        return self.status

    def terminal_restored(self):
        now = termios.tcgetattr(self.slave)
        check(now == self.terminal, f'the terminal was left changed: {self.terminal} became {now}')

    def hang_up(self):
        """Close the terminal, as a closed window does."""
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = None

    def close(self):
        if not self.ended():
            self.process.kill()
            self.process.wait()
            self.status = self.process.returncode
        for fd in (self.slave, self.master):
            if fd is not None:
                os.close(fd)
        self.slave = self.master = None
        self.log.close()


def run_kernel(*args, stdin=subprocess.DEVNULL, timeout=60):
    """Run the kernel without a terminal; returns (status, standard output and error together)."""
    done = subprocess.run(command_line(args), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                          cwd=TMP, check=False)
    with open(f'{LOG}.run.console', 'ab') as f:
        f.write(f'$ {shlex.join(args)}\n'.encode() + done.stdout)
    return done.returncode, done.stdout.decode('utf-8', 'replace')


def guest_script(text, name='script.sh'):
    """Write a program for umtest= below UML_TMP/share, the directory that hostfs= grants; returns its path in the guest."""
    share = os.path.join(TMP, 'share')
    os.makedirs(share, exist_ok=True)
    path = os.path.join(share, name)
    with open(path, 'w', encoding='utf-8') as f:
        f.write('#!/bin/sh\n' + text)
    os.chmod(path, 0o755)
    return '/' + name


def run_script(text, *args, timeout=60):
    """Run a shell script inside the embedded root; returns (status, output)."""
    path = guest_script(text)
    return run_kernel('mem=256M', 'quiet', f'hostfs={TMP}/share', f'umtest={path}', *args, timeout=timeout)


def working_image():
    """A copy of the Debian image that a test may change."""
    if not IMG or not os.path.exists(IMG):
        raise Skip('there is no Debian image (make image)')
    copy = os.path.join(TMP, 'debian.img')
    if not os.path.exists(copy):
        subprocess.run(['cp', '--reflink=auto', '--sparse=always', IMG, copy], check=True)
    return copy


def report(number, name, seconds, problem=None, skipped=None):
    line = f"{'not ok' if problem else 'ok'} {number} - {name}"
    if skipped:
        line += f' # SKIP {skipped}'
    print(f'{line} # time={seconds:.1f}', flush=True)
    if problem:
        print(''.join(f'# {row}\n' for row in problem.rstrip().splitlines()), end='', flush=True)


def main(shared=False):
    """Run every test_* function of the calling file, in their order; one line each. Each must leave no process behind, unless
    they share a guest; then that is asked at the end only."""
    module = sys.modules['__main__']
    tests = [f for n, f in vars(module).items() if n.startswith('test_') and callable(f)]
    wanted = sys.argv[1:]
    tests = [f for f in tests if not wanted or f.__name__ in wanted]
    procs.become_reaper()
    print(f'1..{len(tests)}', flush=True)
    failures = 0
    for number, test in enumerate(tests, 1):
        started, problem, skipped = time.monotonic(), None, None
        try:
            test()
            if not shared or number == len(tests):
                wait_nothing_left()
        except Skip as e:
            skipped = str(e)
        except (Failed, AssertionError, subprocess.TimeoutExpired) as e:
            problem = f'{e}'
        except Exception:    # pylint: disable=broad-except
            problem = traceback.format_exc()
        if problem:
            failures += 1
        if problem and not shared:
            procs.kill_all()
        report(number, (test.__doc__ or test.__name__).strip().splitlines()[0].rstrip('.'), time.monotonic() - started, problem, skipped)
    procs.kill_all()
    sys.exit(1 if failures else 0)
