#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: licence headers, file lengths, no leftovers, no name of a machine's own paths
# by: builder
set -euo pipefail
cd "$TOP"
bad=0
headed=() limited=() code=()
complain() { printf '%s\n' "$*"; bad=1; }
mine() { git ls-files -co --exclude-standard -- "$@" 2>/dev/null || find "$@" -type f; }

# forbid WHAT PATTERN: no line of our code matches
forbid() { ! grep -nHE "$2" "${code[@]}" || complain "the lines above: $1"; }

while IFS= read -r f; do
	f=${f#./}
	[ -f "$f" ] || continue
	case $f in
	*.c | *.h | *.S | *.sh | *.py | *.lds | Makefile | */Makefile | */Kconfig | */Kbuild | tests/run | bench/run | bench/work | .ci/run) headed+=("$f") ;;
	esac
	case $f in arch/um/*.c | arch/um/*.h | arch/um/*.S | tools/*.c | tools/*.h | tests/*.c) limited+=("$f") ;; esac
	case $f in tests/lint/files.sh) ;; *.c | *.h | *.S | *.sh | *.py) code+=("$f") ;; esac
done < <(mine .)

while IFS= read -r f; do complain "$f: no SPDX line"; done < <(grep -L SPDX-License-Identifier "${headed[@]}")
while read -r n f; do complain "$f: $n lines; the limit is 800"; done < <(wc -l "${limited[@]}" | awk '$2 != "total" && $1 >= 800')
forbid unfinished '\b(TODO|FIXME|XXX)\b'
forbid 'a path of one machine' '/work/|/tmp/ksrc'
forbid 'trailing blanks' '[[:blank:]]+$'
[ ! -s patches/series ] || while read -r p; do
	[ -z "$p" ] || sed '/^diff\|^---/,$d' "patches/$p" | grep -q '[a-z]' || complain "patches/$p: no reason given"
done < patches/series
exit $bad
