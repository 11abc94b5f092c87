#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: KUnit, by the tree's own kunit.py (its virtio options switched off)
# by: builder
# timeout: 1800
# timeout-full: 3600
#
# The debug kernel has the suites, and runs them here. In the full run kunit.py also configures, builds and runs a kernel of its own.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$TOP/scripts/lib.sh"
cd "$TOP"
make -s tree >/dev/null
make -s CONFIG=debug kernel
own=(--build_dir "$TOP/build/kunit" --kconfig_add CONFIG_VIRTIO_UML=n --kconfig_add CONFIG_UML_PCI_OVER_VIRTIO=n)
as_user=()
gcc -O2 -o "$UML_TMP/forbid" tests/lib/forbid.c
cd build/tree
if [ "$(id -u)" = 0 ] && setpriv --reuid umltest --regid umltest --init-groups test -r "$PWD/Makefile"; then
	as_user=(setpriv --reuid umltest --regid umltest --init-groups --)
fi

build_own() {
	local options=("${own[@]}" --make_options "CC=$CCACHED" --make_options "HOSTCC=$CCACHED")
	mkdir -p "$TOP/build/kunit"
	./tools/testing/kunit/kunit.py config "${options[@]}"
	./tools/testing/kunit/kunit.py build "${options[@]}" --jobs "$JOBS"
}

# run DIR OPTION...: DIR/linux, below the forbidding filter, as the guests' user if there is one that may read this directory
run() {
	local dir=$1
	shift
	[ ${#as_user[@]} = 0 ] || chown -R umltest: "$dir"
	"${as_user[@]}" env HOME="$dir" "$UML_TMP/forbid" ./tools/testing/kunit/kunit.py exec "$@" --timeout 300 | tee "$UML_TMP/out"
	grep -E 'Testing complete\. Ran [0-9]+ tests' "$UML_TMP/out"
	! grep -E 'Testing complete.*(failed|crashed|errors): [1-9]' "$UML_TMP/out"
}

mkdir -p "$UML_TMP/debug"
cp -L "$TOP/build/linux-debug" "$UML_TMP/debug/linux"
run "$UML_TMP/debug" --build_dir "$UML_TMP/debug"
if [ "${UML_FULL:-0}" = 1 ]; then
	build_own
	run "$TOP/build/kunit" "${own[@]}"
fi
