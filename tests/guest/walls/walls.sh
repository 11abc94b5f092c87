#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# walls.sh [SECONDS]: inside a guest, run every program beside this one that tries to break out (wall_*)
#
# SECONDS is about the time each may take (default 10). From the host come, in the environment or in the file
# walls.conf beside this script (NAME=value lines): WALLS_HOST_PID and WALLS_TOKEN (see walls.h),
# WALLS_MORTAL (see wall_hang.c). What only the host can
# tell (the process still lives, the token is not there) is for whoever started the guest to check. The token's directory
# (/tmp) must lie in the guest's own memory, not in a host directory: mount a tmpfs there first. This script mounts nothing.
#
# One line for each program, then one of summary; exit status 0 when all held and the kernel said nothing bad.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
[ ! -f "$here/walls.conf" ] || . "$here/walls.conf"
export WALLS_HOST_PID WALLS_TOKEN WALLS_MORTAL
export WALLS_SECONDS="${1:-${WALLS_SECONDS:-10}}"
BAD='BUG:|Oops|WARNING:|Call Trace|Kernel panic|general protection fault:|scheduling while atomic|stall'

before=$(dmesg 2>/dev/null | grep -cE "$BAD")
failed=0 nr=0
for program in "$here"/wall_*; do
	[ -x "$program" ] || continue
	nr=$((nr + 1))
	timeout $((WALLS_SECONDS * 10 + 120)) "$program"
	status=$?
	if [ "$status" != 0 ]; then
		failed=$((failed + 1))
		echo "walls: $(basename "$program") ended with status $status"
	fi
done
after=$(dmesg 2>/dev/null | grep -cE "$BAD")
if [ "$after" -gt "$before" ]; then
	failed=$((failed + 1))
	echo "walls: the kernel complained:"
	dmesg | grep -E "$BAD" | tail -n 5
fi
if [ "$nr" -gt 0 ] && [ "$failed" = 0 ]; then
	echo "walls: ok, $nr programs"
else
	echo "walls: FAILED, $failed of $nr programs"
fi
[ "$nr" -gt 0 ] && [ "$failed" = 0 ]
