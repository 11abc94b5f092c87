#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# guest.sh [--seconds N] [DIRECTORY] [NAME...]: run the guest test programs (not the walls) that lie in
# DIRECTORY (default: beside this script), all or those named. One line each, then one of summary; exit status 0 when all passed.
#
#   --seconds N  how long the programs that repeat themselves may take (default 4)

seconds=4 here=$(cd "$(dirname "$0")" && pwd)
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2; shift ;;
	*) break ;;
	esac
	shift
done
[ ! -d "$1" ] || { here=$(cd "$1" && pwd); shift; }
cd /tmp || exit 1
failed=0 nr=0

# run NAME [ARG...]
run() {
	name=$1
	shift
	[ -x "$here/$name" ] || return 0
	[ -z "$only" ] || case " $only " in *" $name "*) ;; *) return 0 ;; esac
	nr=$((nr + 1))
	timeout $((seconds * 10 + 60)) "$here/$name" "$@"
	status=$?
	[ "$status" = 0 ] || { failed=$((failed + 1)); echo "guest: $name ended with status $status"; }
}

only=$*
for program in prot_matrix advice shared_maps sparse uffd ahead other_process exec_matrix seccomp_in swap; do
	run $program
done
run million_maps 100000 $((seconds * 4))
run fork_cow 16 "$seconds"
for program in par_fault spawn_storm futex_stress timers sig_storm fp_torture; do
	run $program "$seconds"
done
for program in "$here"/abi_*; do
	run "$(basename "$program")"
done
if [ "$nr" -gt 0 ] && [ "$failed" = 0 ]; then
	echo "guest: ok, $nr programs"
else
	echo "guest: FAILED, $failed of $nr programs"
fi
[ "$nr" -gt 0 ] && [ "$failed" = 0 ]
