#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# hostfs.sh DIR: inside a guest, use the file system mounted at DIR (a hostfs that may be written) from the shell
#
# DIR is left as it was found. Prints one line "ok: ..." or "FAIL: ..." for each behaviour and one of summary; exit status 0 when all held.
# Uses nothing that busybox does not have. Where hostfs_ops lies beside this script it is run too.

dir=${1:?usage: hostfs.sh DIR}
here=$(cd "$(dirname "$0")" && pwd)
work=$dir/hostfs-test.$$
failed=0 passed=0

say() {
	if [ "$1" = 0 ]; then
		passed=$((passed + 1)); echo "ok: $2"
	else
		failed=$((failed + 1)); echo "FAIL: $2"
	fi
}

# t "words" command...: the command succeeds.   f "words" command...: it fails
t() { words=$1; shift; "$@" > /dev/null 2>&1; say $? "$words"; }
f() { words=$1; shift; if "$@" > /dev/null 2>&1; then say 1 "$words"; else say 0 "$words"; fi; }
# same "words" "is" "should be"
same() { if [ "$2" = "$3" ]; then say 0 "$1"; else say 1 "$1 (is \"$2\", should be \"$3\")"; fi; }

mkdir "$work" && cd "$work" || { echo "FAIL: cannot make $work"; exit 1; }

same "the file system is listed" "$(grep -cw hostfs /proc/filesystems)" 1
case $(stat -f -c %t . 2>/dev/null) in c0ffee | '') say 0 "statfs knows it" ;; *) say 1 "statfs knows it" ;; esac
t "df shows it" df .

echo hello > a
same "what is written is read" "$(cat a)" hello
echo more >> a
same "appending" "$(wc -l < a)" 2
: > a
same "truncating" "$(wc -c < a)" 0
dd if=/dev/urandom of=big bs=64k count=100 2>/dev/null
same "size of a file" "$(stat -c %s big)" 6553600
sum=$(md5sum < big)
t "copying" cp big big2
same "three reads give one sum" "$(md5sum < big; md5sum < big2; md5sum < big)" "$sum
$sum
$sum"
echo 3 > /proc/sys/vm/drop_caches
same "the sum after the cache is dropped" "$(md5sum < big)" "$sum"
t "a byte in the middle" sh -c 'printf X | dd of=big2 bs=1 seek=70000 conv=notrunc 2>/dev/null'
same "changes one byte" "$(cmp -l big big2 | wc -l | tr -d ' ')" "$([ "$(dd if=big bs=1 skip=70000 count=1 2>/dev/null)" = X ] && echo 0 || echo 1)"
t "sync" sync

t "mkdir -p" mkdir -p d/e/f
echo deep > d/e/f/file
same "a path" "$(cat d/e/f/file)" deep
t "renaming a directory" mv d d2
same "its files come along" "$(cat d2/e/f/file)" deep
f "its old name is gone" test -e d
(cd d2/e && mv ../../d2 ../../d3 && cat f/file > ../../seen) 2>/dev/null
same "a working directory survives the rename above it" "$(cat seen)" deep
f "rmdir of a full directory" rmdir d3
t "rm -r" rm -r d3

t "a symbolic link" ln -s big link
same "its text" "$(readlink link)" big
same "followed" "$(md5sum < link)" "$sum"
t "a link to nothing" ln -s nowhere dangling
f "cannot be read" cat dangling
t "an absolute link is the guest's" ln -s /proc/version abs
same "and leads into the guest" "$(cat abs)" "$(cat /proc/version)"
t "a hard link" ln big hard
same "counts" "$(stat -c %h big)" 2
same "and is one inode" "$(stat -c %i hard)" "$(stat -c %i big)"

exec 5< big
t "removing an open file" rm big hard
same "which can still be read" "$(md5sum <&5)" "$sum"
exec 5<&-

t "a fifo" mkfifo fifo
(echo through > fifo) &
same "carries data" "$(cat fifo)" through
wait

t "chmod" chmod 640 a
same "shows" "$(stat -c %a a)" 640
t "touch -d" touch -d '2001-02-03 04:05:06' a
same "sets mtime" "$(stat -c %Y a)" "$(date -d '2001-02-03 04:05:06' +%s)"
f "rm of what is not there" rm nothing
f "mkdir of what is there" mkdir a

i=0
mkdir many
while [ $i -lt 500 ]; do : > "many/file-with-a-rather-long-name-$i"; i=$((i + 1)); done
same "a directory of 500" "$(ls many | wc -l | tr -d ' ')" 500
same "and of 500 different inodes" "$(ls -i many | awk '{print $1}' | sort -u | wc -l | tr -d ' ')" 500

exe=$(readlink -f /proc/$$/exe)
mkdir bin && cp "$exe" bin/ && chmod 755 "bin/${exe##*/}"
case ${exe##*/} in
busybox*) t "a program of the directory runs" "bin/${exe##*/}" true ;;
*) t "a program of the directory runs" "bin/${exe##*/}" -c true ;;
esac

if [ -b /dev/loop0 ] && command -v losetup > /dev/null; then
	dd if=/dev/zero of=disk bs=1M count=8 2>/dev/null
	if losetup /dev/loop0 disk 2>/dev/null; then
		echo loop > /dev/loop0
		sync
		losetup -d /dev/loop0
		same "a loop device on a file" "$(head -c 4 disk)" loop
	else
		say 1 "a loop device on a file"
	fi
fi

if grep -q root /proc/self/mounts && mkdir ro && mount -t hostfs -o ro none ro 2>/dev/null; then
	f "a read-only mount cannot be written" touch ro/x
	f "nor its files changed" chmod 700 ro
	t "it can be listed" ls ro
	umount ro
fi

cd / || exit 1
if [ -x "$here/hostfs_ops" ]; then
	mkdir "$work/ops"
	"$here/hostfs_ops" "$work/ops"
	say $? "hostfs_ops"
fi
t "removing everything" rm -r "$work"
f "nothing is left" test -e "$work"

if [ "$failed" = 0 ]; then echo "hostfs: ok, $passed checks"; else echo "hostfs: FAILED, $failed of $((failed + passed)) checks"; fi
exit "$((failed != 0))"
