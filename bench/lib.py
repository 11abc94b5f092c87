# SPDX-License-Identifier: GPL-2.0
"""lib - what bench/run and bench/work share: the three systems, a process whose console is read, the figures and their tables

A program that measures prints, on the console of its system, between the lines BEGIN and END STATUS, one JSON object a
line: {"row", "unit", "note", "samples"}, or {"row", "error"}. A unit that ends with "/s" is a rate, where more is better;
ratios are turned so that they say how many times the time of the other system it took.
"""

import contextlib
import datetime
import json
import os
import pwd
import re
import selectors
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUSYBOX = "/bin/busybox"
BEGIN, END = "UMBENCH-BEGIN", "UMBENCH-END"
RUN_INIT = re.compile(r"Run /\S*init as init process")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
# what a guest's kernel says when a figure of it is worth nothing
KERNEL_TROUBLE = re.compile(r"BUG:|Oops|WARNING: CPU|Out of memory|rcu: INFO|soft lockup|hung_task|killed: |segfault at|I/O error|EXT4-fs error")
CONTROL_ROW = "cpu_loop"
CONTROL_LIMIT = 1.03    # of the host
NEIGHBOUR_SECONDS = 120  # to its start
TITLES = {"host": "bare host", "ours": "ours", "uml": "linux.uml"}
PLACEMENTS = {"pinned": "All on one host CPU", "free": "Not pinned"}


def die(text):
    sys.exit(f"bench: {text}")


class Account:
    """The user that measured programs run as."""

    def __init__(self, name):
        self.kwargs = {}
        self.home = tempfile.gettempdir()
        if os.geteuid() == 0:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                die(f"there is no user {name}; make one (useradd {name}) or name another with --user")
            self.kwargs = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def spawn(argv, account, cpu=None, env=None):
    """Start a system, in a session of its own, pinned to a host CPU if one is given; its console is stdout."""
    base = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": account.home, "TERM": "dumb"}
    base.update(env or {})
    pin = (lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=base, cwd="/", start_new_session=True, preexec_fn=pin, **account.kwargs)


@contextlib.contextmanager
def neighbour(argv, account, cpu, env=None):
    """A system that works, from its line BEGIN on, as long as the body runs."""
    proc = spawn(argv, account, cpu, env)
    patience = threading.Timer(NEIGHBOUR_SECONDS, Timed.kill, (proc.pid,))
    patience.start()
    try:
        if not any(clean(line).startswith(BEGIN) for line in proc.stdout):
            die("the neighbour has not begun")
        patience.cancel()
        yield
        if proc.poll() is not None:
            die(f"the neighbour has ended: {clean(proc.stdout.read())[-600:]}")
    finally:
        patience.cancel()
        Timed.kill(proc.pid)
        proc.wait()
        Timed.group_is_gone(proc.pid)


class Timed:
    """The console output of a process, a time with each line, and how it ended.

    watch(text, pid) is called with each line, and with the unfinished last one; when it returns true, the process is ended.
    """

    def __init__(self, argv, account, cpu, timeout, env=None, watch=None):
        self.lines = []
        self.timed_out = self.seen = False
        start = time.monotonic()
        proc = spawn(argv, account, cpu, env)
        try:
            rest = self.follow(proc, start, timeout, watch)
        except BaseException:
            self.kill(proc.pid)
            proc.wait()
            self.group_is_gone(proc.pid)
            raise
        if self.timed_out or self.seen:
            self.kill(proc.pid)
        self.status = proc.wait()
        self.left_behind = not self.group_is_gone(proc.pid)
        if rest:
            self.lines.append((time.monotonic() - start, clean(rest)))

    def follow(self, proc, start, timeout, watch):
        """Read the console to its end; what it said after the last whole line."""
        sel = selectors.DefaultSelector()
        sel.register(proc.stdout, selectors.EVENT_READ)
        rest = b""
        while not self.seen:
            left = start + timeout - time.monotonic()
            if left <= 0:
                self.timed_out = True
                break
            if not sel.select(left):
                continue
            chunk = os.read(proc.stdout.fileno(), 65536)
            if not chunk:
                break
            when = time.monotonic() - start
            *whole, rest = (rest + chunk).split(b"\n")
            self.lines += [(when, clean(line)) for line in whole]
            if watch:
                texts = [line for _, line in self.lines[len(self.lines) - len(whole):]] + [clean(rest)]
                self.seen = any([watch(text, proc.pid) for text in texts])
        return rest

    @staticmethod
    def kill(pgid):
        """A whole process group, if there is still something of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pgid, signal.SIGKILL)

    @classmethod
    def group_is_gone(cls, pgid):
        """Nothing may survive the process; what does is killed, and told."""
        for _ in range(100):
            try:
                os.killpg(pgid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        cls.kill(pgid)
        return False

    def when(self, test):
        return next((when for when, line in self.lines if test(line)), None)

    def tail(self, nr=12):
        return "\n".join("    | " + line for _, line in self.lines[-nr:])


def clean(raw):
    return ANSI.sub("", raw.decode("utf-8", "replace")).replace("\r", "")


class System:
    """One of the things compared."""

    boots = True

    def __init__(self, name, work, opts):
        self.name, self.work, self.opts = name, work, opts
        self.env = {}

    def script(self, name, commands):
        """A shell script in the work directory, its output between the markers."""
        path = os.path.join(self.work, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(f"#!/bin/sh\necho {BEGIN}\n{commands}\necho {END} $?\n")
        os.chmod(path, 0o755)
        return path


class Ours(System):
    """Our kernel; scripts run on its embedded root and reach files of the work directory by hostfs."""

    def __init__(self, name, work, opts):
        super().__init__(name, work, opts)
        self.linux = os.path.abspath(opts.linux)
        if not os.access(self.linux, os.X_OK):
            die(f"{self.linux} is not there; build it, set $LINUX, or leave it out with --systems host,uml")

    def start(self, *args, ncpus=1):
        """The command line of a guest."""
        return [self.linux, f"mem={self.opts.mem}", f"ncpus={ncpus}", *args] + self.opts.args.split()

    @staticmethod
    def share(directory):
        """Give the guest a directory: (arguments, how the guest mounts it)."""
        return [f"hostfs={directory}"], "mount -t hostfs none"

    def embedded(self, commands, files=()):
        """Boot the embedded root, run the commands with these files of the work directory in /tmp, power off."""
        copy = "".join(f"cp /host/{name} /tmp/{name}\n" for name in files)
        path = self.script("ours.sh", commands)
        if copy:
            with open(path, encoding="ascii") as script:
                head, rest = script.read().split("\n", 1)
            with open(path, "w", encoding="ascii") as script:
                script.write(f"{head}\n{copy}{rest}")
        return self.start(f"hostfs={self.work}", "umtest=/ours.sh")


class Uml(System):
    """Debian's linux.uml; its root for scripts is an initrd of busybox and the files."""

    def __init__(self, name, work, opts):
        super().__init__(name, work, opts)
        if not shutil.which("linux.uml"):
            die("linux.uml is not there: apt-get install user-mode-linux, or leave it out with --systems host,ours")
        if not os.path.exists(BUSYBOX):
            die(f"{BUSYBOX} is not there: apt-get install busybox-static")
        self.env = {"TMPDIR": "/dev/shm"}
        self.state = os.path.join(work, "uml-state")
        os.makedirs(self.state, exist_ok=True)
        os.chmod(self.state, 0o777)

    def start(self, *args, ncpus=1):    # pylint: disable=unused-argument
        """The command line of a guest; it has one processor, whatever is wanted."""
        return ["linux.uml", f"mem={self.opts.mem}", *args, f"uml_dir={self.state}", "con=null", "con0=fd:0,fd:1", "ssl=null"]

    @staticmethod
    def share(directory):
        """As Ours'; it is the mount that names the directory."""
        return [], f"mount -t hostfs -o {directory} none"

    def embedded(self, commands, files=()):
        """Boot an initrd, run the commands with these files of the work directory in /tmp, power off."""
        root = os.path.join(self.work, "uml-root")
        shutil.rmtree(root, ignore_errors=True)
        for sub in ("bin", "dev", "proc", "tmp", "files"):
            os.makedirs(os.path.join(root, sub))
        shutil.copy(BUSYBOX, os.path.join(root, "bin/busybox"))
        for name in files:
            shutil.copy(os.path.join(self.work, name), os.path.join(root, "files", name))
        with open(os.path.join(root, "init"), "w", encoding="ascii") as out:
            out.write("#!/bin/busybox sh\n"
                      "/bin/busybox mount -t proc proc /proc\n"
                      "/bin/busybox mount -t devtmpfs dev /dev\n"
                      "/bin/busybox mount -t tmpfs tmp /tmp\n"
                      "/bin/busybox cp -r /files/. /tmp\n"
                      f"echo {BEGIN}\n{commands}\necho {END} $?\n"
                      "/bin/busybox poweroff -f\n")
        os.chmod(os.path.join(root, "init"), 0o755)
        image = os.path.join(self.work, "uml.cpio")
        names = subprocess.run(["find", "."], cwd=root, stdout=subprocess.PIPE, check=True).stdout
        with open(image, "wb") as out:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, input=names, stdout=out, check=True)
        os.chmod(image, 0o644)
        return self.start(f"initrd={image}")


class Results:
    """samples[placement][row][system]; errors alike"""

    def __init__(self):
        self.samples, self.units, self.notes, self.errors = {}, {}, {}, []

    def add(self, placement, row, system, unit, values, note=""):
        self.units[row] = unit
        self.notes[row] = note or self.notes.get(row, "")
        self.samples.setdefault(placement, {}).setdefault(row, {}).setdefault(system, []).extend(values)

    @classmethod
    def load(cls, path):
        """As write_json() has written them."""
        new = cls()
        with open(path, encoding="ascii") as file:
            said = json.load(file)
        for key in vars(new):
            setattr(new, key, said[key])
        return new

    def median(self, placement, row, system):
        values = self.samples.get(placement, {}).get(row, {}).get(system)
        return statistics.median(values) if values else None

    def read(self, out, placement, system, wanted):
        """Take the figures out of a console; the problems with it, none when all was good."""
        seen, problems, end = set(), [], None
        for _, line in out.lines:
            if line.startswith(END):
                end = line.split()[-1]
            if system.boots and line.startswith("[") and KERNEL_TROUBLE.search(line):
                problems.append(line)
            start = line.find('{"row"')
            if start < 0:
                continue
            try:
                item = json.loads(line[start:])
            except ValueError:
                problems.append(f"unreadable line: {line}")
                continue
            seen.add(item["row"])
            if "error" in item:
                problems.append(f"{item['row']}: {item['error']}")
            else:
                self.add(placement, item["row"], system.name, item["unit"], item["samples"], item["note"])
        if out.timed_out:
            problems.append("no end in time")
        elif end != "0":
            problems.append(f"ended without success (the program's status: {end}, the process's: {out.status})")
        if out.left_behind:
            problems.append("left processes behind")
        if set(wanted) - seen:
            problems.append("missing rows: " + ", ".join(sorted(set(wanted) - seen)))
        return problems

    def read_boot(self, out, placement, system):
        """How long a guest took to its /init and to the script that it runs."""
        for row, test, note in (
                ("boot_to_init", RUN_INIT.search, "start of the process to the kernel's line that it runs /init"),
                ("boot_to_script", lambda line: line.startswith(BEGIN), "start of the process to the first line of a script")):
            when = out.when(test)
            if when is not None:
                self.add(placement, row, system.name, "s", [when], note)

    def complain(self, out, placement, system, problems, what=""):
        """Keep the problems, and show them with the end of the console."""
        for text in problems:
            self.errors.append(f"{system.name} ({placement}): {what}{text}")
            print(f"  FAILED {self.errors[-1]}", file=sys.stderr)
        if problems:
            print(out.tail(), file=sys.stderr)


def fmt(value):
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"


def ratio(a, b, unit=""):
    """How many times the time of b it is that a took."""
    if a is None or b is None:
        return None
    if unit.endswith("/s"):
        a, b = b, a
    return a / b if b else None


HEAD = ["row", "unit", "bare host", "ours", "linux.uml", "ours/host", "ours/linux.uml", "promise"]


def table(results, placement, verdict):
    """The rows of a placement as text; verdict(placement, row, host, ours, uml) is the last column."""
    rows = []
    for row in results.samples.get(placement, {}):
        unit = results.units[row]
        host, ours, uml = (results.median(placement, row, s) for s in ("host", "ours", "uml"))
        r_uml = ratio(ours, uml, unit)
        rows.append([row, unit, fmt(host), fmt(ours), fmt(uml), fmt(ratio(ours, host, unit)),
                     "-" if r_uml is None else f"{r_uml:.3f}", verdict(placement, row, host, ours, uml)])
    return rows


def as_text(rows):
    width = [max(len(r[i]) for r in [HEAD] + rows) for i in range(len(HEAD))]

    def line(r):
        return "  ".join(c.ljust(w) if i < 2 else c.rjust(w) for i, (c, w) in enumerate(zip(r, width))).rstrip()
    return "\n".join([line(HEAD)] + [line(r) for r in rows])


def as_markdown(rows):
    return "\n".join(["| " + " | ".join(HEAD) + " |", "|---|---|" + "---:|" * 5 + "---|"] +
                     ["| " + " | ".join(r) + " |" for r in rows])


def control_verdict(host, ours):
    """The promise of the row that calls no system."""
    r = ratio(ours, host)
    return "" if r is None else "ok" if r <= CONTROL_LIMIT else "MISS"


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((l.split(":", 1)[1].strip() for l in info if l.startswith("model name")), "unknown CPU")
    return {"cpu": model, "host_cpus": os.cpu_count(), "host_kernel": os.uname().release,
            "load": os.getloadavg()[0], "date": datetime.date.today().isoformat()}


def described(info):
    """One sentence of a machine()."""
    return f"{info['date']}; {info['cpu']}, {info['host_cpus']} CPUs, host kernel {info['host_kernel']}; load at the start {info['load']:.2f}"


def write_json(path, info, results, **more):
    """All samples, to be read by programs."""
    with open(path, "w", encoding="ascii") as out:
        json.dump({"machine": info, **more, "units": results.units, "notes": results.notes,
                   "samples": results.samples, "errors": results.errors}, out, indent=1)
        out.write("\n")


def write_markdown(path, title, intro, promise, results, verdict):
    """The tables, what their rows are, and what failed."""
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"# {title}\n\n{intro}\n")
        for placement in results.samples:
            out.write(f"\n## {PLACEMENTS[placement]}\n\n{as_markdown(table(results, placement, verdict))}\n")
        out.write(f"\n{promise}\n\nWhat the rows are:\n\n")
        out.writelines(f"- `{row}`: {note}\n" for row, note in results.notes.items())
        if results.errors:
            out.write("\nFailures:\n\n" + "".join(f"- {text}\n" for text in results.errors))


def finish(intro, results, verdict, check):
    """Print the tables and the failures; the exit status of the program."""
    missed = []
    print(intro)
    for placement in results.samples:
        rows = table(results, placement, verdict)
        print(f"\n{PLACEMENTS[placement]}\n{as_text(rows)}")
        missed += [f"{r[0]} ({placement})" for r in rows if r[-1] == "MISS"]
    if missed:
        print("\npromises missed: " + ", ".join(missed))
    for text in results.errors:
        print("FAILED " + text)
    return 1 if results.errors else 2 if missed and check else 0


def compile_c(work, name):
    """Build HERE/name.c statically into the work directory: one binary for all systems."""
    subprocess.run([os.environ.get("CC", "gcc"), "-O2", "-static", "-pthread", "-Wall", "-Wextra", "-o",
                    os.path.join(work, name), os.path.join(HERE, name + ".c")], check=True)


def add_options(p, rounds, mem, timeout):
    """The options that both programs have."""
    p.add_argument("--rounds", type=int, default=rounds)
    p.add_argument("--systems", default=",".join(TITLES))
    p.add_argument("--placement", default=",".join(PLACEMENTS))
    p.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="the host CPU of pinned runs")
    p.add_argument("--linux", default=os.environ.get("LINUX", os.path.join(ROOT, "build/linux")), help="default: $LINUX")
    p.add_argument("--args", default="", help="more kernel arguments for ours")
    p.add_argument("--mem", default=mem)
    p.add_argument("--user", default="umltest", help="who runs it when started by root")
    p.add_argument("--timeout", type=int, default=timeout, help="seconds for one start of one system")
    p.add_argument("--out", default=os.path.join(ROOT, "doc/bench"), help="where the tables go; '' for nowhere")
    p.add_argument("--check", action="store_true", help="exit status 2 when a promise is missed")


def parse(p):
    """The options, their names checked. From here on, a program that is told to end removes what it has started and made."""
    signal.signal(signal.SIGTERM, lambda *_: die("told to end by SIGTERM"))
    opts = p.parse_args()
    for what, given, known in (("system", opts.systems, TITLES), ("placement", opts.placement, PLACEMENTS)):
        for name in given.split(","):
            if name not in known:
                die(f"no {what} {name}; there are {', '.join(known)}")
    return opts
