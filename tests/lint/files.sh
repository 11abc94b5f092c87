#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: licence headers, file lengths, no leftovers, no name of a machine's own paths
# by: builder
set -euo pipefail
cd "$TOP"
bad=0
complain() { printf '%s\n' "$*"; bad=1; }
mine() { git ls-files -co --exclude-standard -- "$@" 2>/dev/null || find "$@" -type f; }

while IFS= read -r f; do
	[ -f "$f" ] || continue
	case $f in
	*.c | *.h | *.S | *.sh | *.py | *.lds | Makefile | */Makefile | */Kconfig | */Kbuild | tests/run | bench/run | bench/work | .ci/run)
		head -n 3 "$f" | grep -q SPDX-License-Identifier || complain "$f: no SPDX line" ;;
	esac
	case $f in
	arch/um/*.c | arch/um/*.h | arch/um/*.S | tools/*.c | tools/*.h | tests/*.c)
		n=$(wc -l < "$f"); [ "$n" -lt 800 ] || complain "$f: $n lines; the limit is 800" ;;
	esac
	case $f in
	*.c | *.h | *.S | *.sh | *.py)
		[ "$f" = tests/lint/files.sh ] && continue
		grep -nHE '\b(TODO|FIXME|XXX)\b' "$f" && complain "$f: unfinished"
		grep -nHE '/work/|/tmp/ksrc' "$f" && complain "$f: a path of one machine"
		grep -nHE '[[:blank:]]+$' "$f" | head -n 3 | grep . && complain "$f: trailing blanks" ;;
	esac
done < <(mine .)
[ ! -s patches/series ] || while read -r p; do
	[ -z "$p" ] || sed '/^diff\|^---/,$d' "patches/$p" | grep -q '[a-z]' || complain "patches/$p: no reason given"
done < patches/series
exit $bad
