#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the execution core without a guest kernel: spaces, mappings, contexts, kicks, who sleeps
# by: builder
set -euo pipefail
out=$TOP/build/unit-space
host=$TOP/build/default/arch/um/host
mkdir -p "$out"
gcc -std=gnu11 -O2 -g -no-pie -pthread -Wall -Wextra -Werror -iquote "$TOP/arch/um" -idirafter "$TOP/arch/um/include" -o "$out/space_test" \
	"$TOP/tests/unit/space_test.c" "$host"/{cpu,handoff,place,space,space_map,space_run,entry,stub_blob}.o
run=("$out/space_test")
if [ "$(id -u)" = 0 ]; then
	# an ordinary user may not read every directory above this one
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	chmod 755 "$dir"
	install -m 755 "$out/space_test" "$dir/space_test"
	run=(setpriv --reuid nobody --clear-groups --inh-caps=-all "$dir/space_test")
fi
"${run[@]}" pair
"${run[@]}" split || [ $? = 77 ]
