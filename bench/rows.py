#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""rows.py JOB full|quick: one job of bench/work, run inside the system that is measured

A job prepares (untimed), works (timed by CLOCK_MONOTONIC) and checks what the work has made; it yields one or more rows.
JOBS is the one list of them: bench/work imports it. The same file, the same programs and the same sources (/bench/src)
are used everywhere. RUN is the disk: a fresh ext4 on a block device in a guest, a fresh directory on the host. No job ends
with sync, which on the host would wait for what strangers have written; those that fsync do what their programs do by default.

The lines "UMBENCH-CLOCK SECONDS" let bench/work compare this system's clock with its own: a clock that goes slow would
make everything fast.
"""

import contextlib
import glob
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time

RUN = "/bench/run"
SRC = "/bench/src"
CLOCK = "UMBENCH-CLOCK"
IDLE = "UMBENCH-IDLE"
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": RUN, "LC_ALL": "C", "TZ": "UTC0", "TERM": "dumb",
       "GIT_AUTHOR_NAME": "bench", "GIT_AUTHOR_EMAIL": "bench@localhost",
       "GIT_COMMITTER_NAME": "bench", "GIT_COMMITTER_EMAIL": "bench@localhost"}
JOBS = {}


class Failed(Exception):
    """A row's work did not do what it should."""


class Job:
    """One job. rows: {name: (unit, what it is)}. seconds: the bound for (full, quick), of the slowest system.
    neighbour: what another system of the same kind does meanwhile, one of NEIGHBOURS."""

    def __init__(self, function, rows, cpus, seconds, neighbour):    # pylint: disable=too-many-arguments
        self.function, self.rows, self.cpus, self.seconds, self.neighbour = function, rows, cpus, seconds, neighbour


def job(rows, cpus=1, seconds=(900, 300), neighbour=None):
    """Declare a job; its name is the function's."""
    def register(function):
        JOBS[function.__name__] = Job(function, rows, cpus, seconds, neighbour)
        return function
    return register


class Run:
    """What a job works with."""

    def __init__(self, name, quick):
        self.job, self.quick = JOBS[name], quick
        self.done = set()

    def pick(self, full, quick):
        """The size of the work."""
        return quick if self.quick else full

    def row(self, name, samples):
        """A result."""
        unit, note = self.job.rows[name]
        samples = samples if isinstance(samples, list) else [samples]
        check(all(s > 0 for s in samples), f"{name}: {samples}")
        self.done.add(name)
        print(json.dumps({"row": name, "unit": unit, "note": note, "samples": samples}), flush=True)


def check(good, text):
    """The work must have done this."""
    if not good:
        raise Failed(text)


def sh(command, directory=RUN, **kwargs):
    """Run a shell command, which must end well; its output."""
    done = subprocess.run(["sh", "-c", command], cwd=directory, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **kwargs)
    text = done.stdout.decode("utf-8", "replace")
    check(done.returncode == 0, f"{command[:80]}: status {done.returncode}: {text[-600:]}")
    return text


def timed(command, directory=RUN):
    """(seconds, output) of a shell command, which must end well."""
    start = time.monotonic()
    text = sh(command, directory)
    return time.monotonic() - start, text


def write(path, text):
    """A file with this text."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as out:
        out.write(text)
    return path


@contextlib.contextmanager
def server(command, ready, seconds=60):
    """A server that runs while the body does; ready is a command that succeeds when it answers."""
    with open(f"{RUN}/server.log", "wb") as log:
        proc = subprocess.Popen(["sh", "-c", "exec " + command], cwd=RUN, env=ENV, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                start_new_session=True)
    try:
        end = time.monotonic() + seconds
        while subprocess.run(["sh", "-c", ready], env=ENV, cwd=RUN, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             check=False).returncode:
            with open(f"{RUN}/server.log", "rb") as log:
                text = log.read()[-600:].decode("utf-8", "replace")
            check(proc.poll() is None, f"{command[:60]} ended: {text}")
            check(time.monotonic() < end, f"{command[:60]} does not answer: {text}")
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            proc.send_signal(signal.SIGINT)     # to postgres: a fast end
            try:
                proc.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(proc.pid, signal.SIGKILL)


def micro(run, row):
    """The samples of a row of micro.c."""
    text = sh(f"{RUN}/micro --dir /tmp --rows {row} --ms {run.pick(200, 50)} --samples 5")
    item = json.loads(text[text.index('{"row"'):].splitlines()[0])
    check("samples" in item, text)
    return item["samples"]


# the jobs, from the smallest to the largest

@job({"cpu_loop": ("ms", "control: micro's row of arithmetic, no system call")}, seconds=(120, 120))
def control(run):
    """The yardstick."""
    run.row("cpu_loop", micro(run, "cpu_loop"))


@job({"threads_2": ("s", "ncpus=2: two threads of one process, arithmetic only (linux.uml has one processor)")},
     cpus=2, seconds=(300, 120))
def threads(run):
    """Do two virtual processors do twice the work?"""
    rounds = run.pick(1_500_000_000, 200_000_000)
    run.row("threads_2", [float(sh(f"{RUN}/threads 2 {rounds}")) for _ in range(run.pick(3, 1))])


def shell_loop(run, row):
    """fork, exec, exit, wait."""
    wanted = run.pick(1000, 100)
    seconds = []
    for _ in range(run.pick(3, 1)):
        took, text = timed(f"i=0; while [ $i -lt {wanted} ]; do /bin/true || exit; i=$((i + 1)); done; echo $i")
        check(text.strip() == str(wanted), text)
        seconds.append(took * 1000 / wanted)
    run.row(row, seconds)


@job({"shell_1000": ("s", "dash: a loop that starts /bin/true 1,000 times (quick: 100, scaled)")})
def shell(run):
    """Many short programs."""
    shell_loop(run, "shell_1000")


@job({"shell_1000_beside": ("s", "the same, beside another system of the same kind that does it, too")}, neighbour="starts")
def shell_beside(run):
    """Do two systems leave each other in peace?"""
    shell_loop(run, "shell_1000_beside")


@job({"calls_beside": ("us", "stat() of a file in tmpfs, beside another system of the same kind that makes such calls, too")}, neighbour="calls")
def calls_beside(run):
    """A system call each while both want a second host CPU."""
    run.row("calls_beside", micro(run, "stat"))


MODULES = "argparse asyncio collections csv email.message http.client json logging re sqlite3 ssl subprocess tarfile".split()


@job({"python_start": ("ms", "python3 -I -c pass"),
      "python_imports": ("ms", f"python3 -I with {len(MODULES)} modules of its library")})
def python(run):
    """Start-up of an interpreter: many small files, much relocation."""
    turns = run.pick(20, 4)
    for name, program in (("python_start", "pass"), ("python_imports", f"import {','.join(MODULES)}")):
        command = f"python3 -I -c '{program}; print(42)'"
        sh(command)
        seconds = []
        for _ in range(run.pick(5, 2)):
            took, text = timed(f"for i in $(seq {turns}); do {command} || exit; done")
            check(text.split() == ["42"] * turns, text)
            seconds.append(took * 1000 / turns)
        run.row(name, seconds)


@job({"tar_create": ("s", "tar of a source tree to a file on the disk"),
      "tar_extract": ("s", "the same file unpacked beside it"),
      "tar_remove": ("s", "rm -r of what was unpacked")})
def tar(run):
    """Thousands of small files."""
    parts = run.pick("include kernel fs mm lib net", "kernel")
    wanted = sh(f"find {parts} -type f | wc -l", f"{SRC}/linux")
    sh(f"tar -cf /dev/null {parts}; cat $(find {parts} -type f | head -n 20000) | cksum", f"{SRC}/linux")    # into the page cache
    create, _ = timed(f"tar -cf {RUN}/a.tar {parts}", f"{SRC}/linux")
    os.mkdir(f"{RUN}/x")
    extract, _ = timed(f"tar -xf {RUN}/a.tar", f"{RUN}/x")
    check(sh("find . -type f | wc -l", f"{RUN}/x") == wanted, "files are missing")
    sh(f"cd {SRC}/linux && diff -r kernel {RUN}/x/kernel")
    remove, _ = timed("rm -r x")
    check(not os.path.exists(f"{RUN}/x"), "x is still there")
    run.row("tar_create", create)
    run.row("tar_extract", extract)
    run.row("tar_remove", remove)


def history(files, commits):
    """A stream for git fast-import: all files in the first commit, then two of them changed by each."""
    def blob(number, version):
        text = f"file {number} version {version}\n" * (3 + number % 17)
        return f"data {len(text)}\n{text}\n"

    def name(number):
        return f"d{number % 20}/e{number % 300}/f{number}.c"
    for commit in range(commits):
        changed = range(files) if commit == 0 else [commit * 7919 % files, commit * 104729 % files]
        message = f"change {commit}\n"
        yield f"commit refs/heads/master\ncommitter b <b@localhost> {1600000000 + commit * 60} +0000\ndata {len(message)}\n{message}"
        for number in changed:
            yield f"M 100644 inline {name(number)}\n{blob(number, commit)}"


@job({"git_checkout": ("s", "git reset --hard of 10,000 files"),
      "git_status": ("s", "git status with all of them unchanged"),
      "git_log": ("s", "git log --name-only of 10,000 commits")})
def git(run):
    """A large repository, generated."""
    files, commits = run.pick(10000, 500), run.pick(10000, 300)
    repo = f"{RUN}/repo"
    sh(f"git init -q -b master {repo} && git -C {repo} config gc.auto 0")
    stream = "".join(history(files, commits)).encode("ascii")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, env=ENV, input=stream, check=True)
    took, _ = timed("git reset -q --hard master", repo)
    check(sh("git ls-files | wc -l", repo).strip() == str(files), "files are missing")
    run.row("git_checkout", took)
    time.sleep(1.1)     # an index as young as its files would be read as "racy"
    sh("git status --porcelain", repo)
    seconds = []
    for _ in range(run.pick(5, 2)):
        took, text = timed("git status --porcelain", repo)
        check(text == "", text)
        seconds.append(took)
    run.row("git_status", seconds)
    seconds = []
    for _ in range(run.pick(5, 2)):
        took, text = timed("git log --name-only --format=commit:%h | grep -c ^commit:", repo)
        check(text.strip() == str(commits), text)
        seconds.append(took)
    run.row("git_log", seconds)


def sql(rows):
    """Speed test: bulk insert, small transactions, searches with and without an index, updates, deletes, a join."""
    def numbers(seed):
        while True:
            seed = (seed * 1103515245 + 12345) % 2147483648
            yield seed
    random = numbers(42)
    yield "CREATE TABLE t1(a INTEGER PRIMARY KEY, b INTEGER, c TEXT); CREATE TABLE t2(a INTEGER PRIMARY KEY, b INTEGER);"
    for number in range(rows // 200):
        yield f"INSERT INTO t2 VALUES({number}, {next(random)});"       # a transaction each
    yield "BEGIN;"
    for number in range(rows):
        b = next(random)
        yield f"INSERT INTO t1 VALUES({number}, {b}, '{b} in words and more words');"
    yield "COMMIT;"
    for _ in range(20):
        low = next(random)
        yield f"SELECT count(*), sum(b % 1000) FROM t1 WHERE b >= {low} AND b < {low + 100000000};"
    yield "CREATE INDEX i1 ON t1(b);"
    for _ in range(rows // 20):
        low = next(random)
        yield f"SELECT count(*), sum(b % 1000) FROM t1 WHERE b >= {low} AND b < {low + 1000000};"
    yield "BEGIN;"
    for _ in range(rows // 4):
        yield f"UPDATE t1 SET b = b + 1 WHERE a = {next(random) % rows};"
    yield f"COMMIT; SELECT count(*) FROM t1 JOIN t2 ON t1.a = t2.b % {rows};"
    yield f"DELETE FROM t1 WHERE c LIKE '%77%'; DELETE FROM t1 WHERE a % 3 = 0; DELETE FROM t2 WHERE a > {rows // 400};"
    yield "SELECT count(*), sum(b), sum(length(c)) FROM t1; SELECT count(*), sum(b) FROM t2;"


@job({"sqlite": ("s", "a speed test of 100,000 rows: bulk and single transactions, searches, updates, deletes")})
def sqlite(run):
    """The answers are compared with those of a data base in memory."""
    script = "\n".join(sql(run.pick(100_000, 4000)))
    path = write(f"{RUN}/speed.sql", script)
    seconds = []
    for turn in range(run.pick(3, 1)):
        took, text = timed(f"sqlite3 {RUN}/speed{turn}.db < {path}")
        seconds.append(took)
    memory = sqlite3.connect(":memory:", isolation_level=None)
    wanted = []
    for line in script.splitlines():
        for command in line.split("; "):
            wanted += ["|".join("" if value is None else str(value) for value in row) for row in memory.execute(command)]
    check(text.split() == wanted, "sqlite3 answers differently: " + text[-200:])
    run.row("sqlite", seconds)


def parallel():
    """Compilers at once: one for each processor."""
    return f"-j{len(os.sched_getaffinity(0))}"


@job({"zlib_build": ("s", "configure and make of zlib's source"), "zlib_test": ("s", "its make test")})
def zlib(run):
    """A small C package."""
    tree = f"{RUN}/zlib"
    sh(f"cp -r {SRC}/zlib {tree} && cat $(find {tree} -type f) > /dev/null")
    took, _ = timed(f"./configure && make {parallel()}", tree)
    check(glob.glob(f"{tree}/libz.so.1.*"), "there is no libz.so")
    took_test, text = timed("make test", tree)
    check("*** zlib test OK ***" in text and "FAILED" not in text, text[-300:])
    run.row("zlib_build", took)
    run.row("zlib_test", took_test)


def package(number):
    """A small .deb's directory: a program, forty files, a postinst."""
    name = f"bench{number:02}"
    root = f"{RUN}/pkg/{name}"
    write(f"{root}/DEBIAN/control", f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: bench <root@localhost>\n"
          f"Description: benchmark's package {number}\n")
    os.chmod(write(f"{root}/DEBIAN/postinst", f"#!/bin/sh\necho $1 > /var/lib/{name}.done\n"), 0o755)
    for part in range(40):
        write(f"{root}/usr/share/{name}/{part}", f"{name} {part}\n" * 20)
    sh(f"dpkg-deb --root-owner-group -Znone -b {root} {RUN}/deb/{name}.deb")
    return name


@job({"dpkg_50": ("s", "dpkg -i of 50 small packages, with the image's data base of packages (quick: 5)")})
def dpkg(run):
    """Into a root of its own below RUN; the image stays as it is."""
    root = f"{RUN}/root"
    os.makedirs(f"{RUN}/deb")
    names = [package(number) for number in range(run.pick(50, 5))]
    sh(f"mkdir -p {root}/var/lib {root}/bin {root}/dev && "
       f"tar -C /var/lib -c --exclude='*[lL]ock*' dpkg | tar -C {root}/var/lib -x && cp /bin/busybox {root}/bin/sh && sync -f {RUN}")
    took, _ = timed(f"dpkg --root={root} --force-not-root --force-depends -i {RUN}/deb/*.deb")
    text = sh(f"dpkg-query --admindir={root}/var/lib/dpkg -W -f '${{Package}} ${{db:Status-Status}}\\n' 'bench*'")
    check(text == "".join(f"{name} installed\n" for name in names), text)
    for name in names:
        check(os.path.exists(f"{root}/var/lib/{name}.done") and os.path.exists(f"{root}/usr/share/{name}/39"), f"{name} is not whole")
    run.row("dpkg_50", took)


@job({"npm_install": ("s", "npm install --offline of a project with 60 local tarballs")}, seconds=(900, 600))
def npm(run):
    """node, and many small files."""
    count = run.pick(60, 4)
    os.makedirs(f"{RUN}/project")
    needs = {}
    for number in range(count):
        name = f"part{number}"
        files = {"package.json": json.dumps({"name": name, "version": "1.0.0", "main": "index.js"}),
                 "index.js": f"module.exports = {number};\n"}
        files.update({f"lib/{part}.js": f"exports.value = {part};\n" * 10 for part in range(30)})
        with tarfile.open(f"{RUN}/{name}.tgz", "w:gz") as out:
            for path, text in files.items():
                info = tarfile.TarInfo(f"package/{path}")
                info.size, info.mode = len(text), 0o644
                out.addfile(info, io.BytesIO(text.encode("ascii")))
        needs[name] = f"file:../{name}.tgz"
    write(f"{RUN}/project/package.json", json.dumps({"name": "project", "version": "1.0.0", "dependencies": needs}))
    took, _ = timed(f"npm install --offline --no-audit --no-fund --loglevel=error --cache={RUN}/npm-cache", f"{RUN}/project")
    text = sh(f"node -e 'let s = 0; for (let i = 0; i < {count}; i++) s += require(\"part\" + i); console.log(s)'", f"{RUN}/project")
    check(text.strip() == str(count * (count - 1) // 2), text)
    check(len(glob.glob(f"{RUN}/project/node_modules/part*/lib/29.js")) == count, "files are missing")
    run.row("npm_install", took)


@job({"redis_set": ("requests/s", "redis-benchmark -t set, 20 connections, loopback"),
      "redis_get": ("requests/s", "the same, get")})
def redis(run):
    """A server and its load tool on one loopback."""
    port, requests = 16399, run.pick(50000, 2000)
    with server(f"redis-server --port {port} --bind 127.0.0.1 --save '' --dir {RUN}", f"redis-cli -p {port} ping | grep -q PONG"):
        for name in ("set", "get"):
            rates = []
            for _ in range(run.pick(3, 1)):
                text = sh(f"redis-benchmark -h 127.0.0.1 -p {port} -n {requests} -c 20 -d 64 -t {name} --csv")
                line = [row for row in text.splitlines() if row.lower().startswith(f'"{name}"')]
                check(len(line) == 1, text)
                rates.append(float(line[0].split(",")[1].strip('"')))
            run.row(f"redis_{name}", rates)
        info = sh(f"redis-cli -p {port} info commandstats")
        for name in ("set", "get"):
            check(f"cmdstat_{name}:calls={requests * run.pick(3, 1)}," in info, info)


NGINX = """daemon off; worker_processes 1; user root; pid {run}/nginx.pid; error_log {run}/nginx.err;
events {{ worker_connections 256; }}
http {{ access_log off; {temp}
server {{ listen 127.0.0.1:{port}; root {run}/www; keepalive_requests 1000000; }} }}
"""


@job({"nginx_ab": ("requests/s", "ab, 10 connections, a new one for each request of 4 KiB, loopback"),
      "nginx_ab_keepalive": ("requests/s", "the same with kept connections")})
def nginx(run):
    """The other server."""
    port, requests = 18399, run.pick(10000, 500)
    write(f"{RUN}/www/index.html", "0123456789abcde\n" * 256)
    os.chmod(RUN, 0o755)
    temp = " ".join(f"{kind}_temp_path {RUN}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    write(f"{RUN}/nginx.conf", NGINX.format(run=RUN, port=port, temp=temp))
    url = f"http://127.0.0.1:{port}/index.html"
    with server(f"nginx -e {RUN}/nginx.err -c {RUN}/nginx.conf", f"ab -n 1 {url}"):
        for name, more in (("nginx_ab", ""), ("nginx_ab_keepalive", "-k")):
            rates = []
            for _ in range(run.pick(3, 1)):
                text = sh(f"ab -q {more} -n {requests} -c 10 {url}")
                said = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
                good = (said["Complete requests"].strip(), said["Failed requests"].strip(), said["Document Length"].split()[0])
                check(good == (str(requests), "0", "4096") and "Non-2xx responses" not in said, text)
                rates.append(float(said["Requests per second"].split()[0]))
            run.row(name, rates)


PG = "/usr/lib/postgresql/15/bin"


@job({"pgbench": ("transactions/s", "pgbench's own transaction, 4 clients, fsync as by default"),
      "pgbench_select": ("transactions/s", "pgbench -S, 4 clients")}, seconds=(900, 600))
def postgres(run):
    """A data base that does commit."""
    data, port = f"{RUN}/pg", 15499
    user = "setpriv --reuid=postgres --regid=postgres --clear-groups "
    sh(f"mkdir -p {data} && chown postgres:postgres {data} && chmod 755 {RUN}")
    sh(f"{user} {PG}/initdb -D {data} -A trust --no-sync --locale=C", data)
    with server(f"{user} {PG}/postgres -D {data} -k {data} -h 127.0.0.1 -p {port}", f"{PG}/pg_isready -h 127.0.0.1 -p {port}"):
        bench = f"{user} {PG}/pgbench -h 127.0.0.1 -p {port} -U postgres"
        sh(f"{bench} -i -q -s {run.pick(5, 1)} postgres", data)
        for name, more, each in (("pgbench", "", run.pick(500, 25)), ("pgbench_select", "-S", run.pick(3000, 200))):
            rates = []
            for _ in range(run.pick(3, 1)):
                text = sh(f"{bench} -n {more} -c 4 -t {each} postgres", data)
                said = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
                check(said["number of transactions actually processed"] == f"{4 * each}/{4 * each}", text)
                check(said.get("number of failed transactions", "0").split()[0] == "0", text)
                rates.append(float(next(line for line in text.splitlines() if line.startswith("tps = ")).split()[2]))
            run.row(name, rates)


FIO = {"write": ("write", "1m", "sequential write of 1 MiB blocks, fsync at the end"),
       "read": ("read", "1m", "sequential read of 1 MiB blocks, the file out of this system's cache before"),
       "randwrite": ("randwrite", "4k", "random write of 4 KiB blocks, fsync after each 32"),
       "randread": ("randread", "4k", "random read of 4 KiB blocks, the file out of this system's cache before")}


def fio_rows(place, where):
    """The rows of fio in one place."""
    return {f"fio_{place}_{name}": ("MB/s", f"fio, {where}: {note}") for name, (_, _, note) in FIO.items()}


def fio(run, place, directory):
    """Each kind, on one file."""
    size = run.pick(256, 16) << 20
    for name, (kind, block, _) in FIO.items():
        small = block == "4k"
        part = size // run.pick(8, 4) if small else size
        text = sh(f"fio --name=f --filename={directory}/fio.data --filesize={size} --io_size={part} --rw={kind} --bs={block} "
                  f"--ioengine=psync --thread --invalidate=1 --randrepeat=1 --gtod_reduce=1 --clocksource=clock_gettime "
                  f"--runtime=120 {'--fsync=32' if name == 'randwrite' else '--end_fsync=1' if name == 'write' else ''} "
                  f"--output-format=json", directory)
        result = json.loads(text[text.index("{\n"):])["jobs"][0]
        side = result["write" if "write" in kind else "read"]
        check(result["error"] == 0 and (side["io_bytes"] == part or side["runtime"] >= 119000), f"{name}: {side['io_bytes']} of {part}")
        run.row(f"fio_{place}_{name}", side["io_bytes"] / 1e6 / (side["runtime"] / 1e3))


@job(fio_rows("disk", "ext4 on ubd in a guest, a directory on the host"))
def fio_disk(run):
    """The block device."""
    fio(run, "disk", RUN)


@job(fio_rows("hostfs", "hostfs in a guest, the same directory on the host"))
def fio_hostfs(run):
    """The host's files."""
    fio(run, "hostfs", os.environ["HOSTFS"])


def kernel(run, name):
    """Our own Linux tree."""
    obj = f"{RUN}/obj"
    make = f"make -C {SRC}/linux O={obj} ARCH=um SUBARCH=x86_64 KBUILD_BUILD_TIMESTAMP=@0"
    sh(f"mkdir {obj} && {make} tiny_defconfig && find {SRC}/linux/include {SRC}/linux/kernel {SRC}/linux/mm -type f | xargs cat | cksum")
    sh(f"{make} {parallel()} prepare")
    parts = run.pick(["kernel/", "lib/", "mm/"], ["kernel/time/"])
    took, _ = timed(f"{make} {parallel()} {' '.join(parts)}")
    for part in parts:
        check(os.path.getsize(f"{obj}/{part}built-in.a") > 1000, f"nothing was built in {part}")
    run.row(name, took)


@job({"kernel_build_j1": ("s", "our Linux tree, tiny_defconfig: make -j1 kernel/ lib/ mm/ (quick: kernel/time/)")}, seconds=(7200, 2400))
def kernel_j1(run):
    """One processor."""
    kernel(run, "kernel_build_j1")


@job({"kernel_build_j2": ("s", "the same, ncpus=2, make -j2 (linux.uml has one processor: -j1)")}, cpus=2, seconds=(7200, 2400))
def kernel_j2(run):
    """Two."""
    kernel(run, "kernel_build_j2")


def starts():
    """A neighbour: programs that end at once."""
    while True:
        sh("for i in $(seq 100); do /bin/true || exit; done")


def calls():
    """A neighbour: system calls."""
    while True:
        sh(f"{RUN}/micro --dir /tmp --rows stat --ms 200 --samples 20")


NEIGHBOURS = {"starts": starts, "calls": calls}


def idle():
    """No job of its own: stay up until bench/work has looked at us from outside."""
    time.sleep(5)
    with open("/proc/meminfo", encoding="ascii") as info:
        said = dict(line.split(":") for line in info)
    print(IDLE, sum(int(said[key].split()[0]) for key in ("Cached", "Buffers")), flush=True)
    time.sleep(600)


def main():
    name, size = sys.argv[1:]
    if name == "idle":
        idle()
    if name in NEIGHBOURS:
        NEIGHBOURS[name]()
    run = Run(name, size == "quick")
    print(CLOCK, time.monotonic(), flush=True)
    try:
        run.job.function(run)
    except (Failed, subprocess.SubprocessError, OSError, KeyError, ValueError, IndexError, StopIteration) as e:
        for row in run.job.rows:
            if row not in run.done:
                print(json.dumps({"row": row, "error": " ".join(f"{type(e).__name__}: {e}".split())}), flush=True)
    print(CLOCK, time.monotonic(), flush=True)
    sys.exit(len(run.done) != len(run.job.rows))


if __name__ == "__main__":
    main()
