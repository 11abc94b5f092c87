#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: KUnit, by the tree's own kunit.py (its virtio options switched off)
# by: builder
# timeout: 1500
set -euo pipefail
cd "$TOP"
make -s tree >/dev/null
out=$TOP/build/kunit
mkdir -p "$out"
wanted=(--build_dir "$out" --kconfig_add CONFIG_VIRTIO_UML=n --kconfig_add CONFIG_UML_PCI_OVER_VIRTIO=n)
options=("${wanted[@]}")
if command -v ccache >/dev/null; then
	export CCACHE_BASEDIR=$TOP
	options+=(--make_options 'CC=ccache gcc' --make_options 'HOSTCC=ccache gcc')
fi
gcc -O2 -o "$UML_TMP/forbid" tests/lib/forbid.c
cd build/tree
# Built by the caller; run below the forbidding filter, as the guests' user if there is one that may read this directory.
as_user=()
./tools/testing/kunit/kunit.py config "${options[@]}"
./tools/testing/kunit/kunit.py build "${options[@]}" --jobs "$JOBS"
if [ "$(id -u)" = 0 ] && setpriv --reuid umltest --regid umltest --init-groups test -r "$PWD/Makefile"; then
	chown -R umltest: "$out"
	as_user=(setpriv --reuid umltest --regid umltest --init-groups --)
fi
"${as_user[@]}" env HOME="$out" "$UML_TMP/forbid" ./tools/testing/kunit/kunit.py exec "${wanted[@]}" --timeout 600 | tee "$UML_TMP/out"
grep -E 'Testing complete\. Ran [0-9]+ tests' "$UML_TMP/out"
! grep -E 'Testing complete.*(failed|crashed|errors): [1-9]' "$UML_TMP/out"
