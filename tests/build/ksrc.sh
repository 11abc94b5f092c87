#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: KSRC=: a tree of one's own is used and not written to; a wrong version is refused
# by: builder
# timeout: 300
set -euo pipefail
cd "$TOP"
# a tree with a directory of its own
own=$UML_TMP/own
mkdir -p "$own"
python3 scripts/shadow.py build/tree "$own" arch/um fs/hostfs
mkdir "$own/my" && echo '# mine' > "$own/my/Makefile"
find "$own" -printf '%p %T@\n' | sort | sha256sum > "$UML_TMP/before"
tree=$(make -s KSRC="$own" tree CONFIG=tiny | tail -n 1)
find "$own" -printf '%p %T@\n' | sort | sha256sum > "$UML_TMP/after"
cmp "$UML_TMP/before" "$UML_TMP/after" || { echo "KSRC was written to"; exit 1; }
[ -f "$tree/my/Makefile" ] || { echo "the tree's own file is not in the shadow"; exit 1; }
[ -f "$tree/arch/um/Kconfig" ] || { echo "the port is not in the shadow"; exit 1; }
rm -r "$own/my"
make -s KSRC="$own" tree CONFIG=tiny >/dev/null
[ ! -e "$tree/my" ] || { echo "a file that was removed is still in the shadow"; exit 1; }
mkdir "$UML_TMP/old" && printf 'VERSION = 5\nPATCHLEVEL = 10\nNAME = x\n' > "$UML_TMP/old/Makefile"
if make -s KSRC="$UML_TMP/old" tree 2>"$UML_TMP/said"; then echo "5.10 was accepted"; exit 1; fi
grep -q '5\.10' "$UML_TMP/said"
rm -rf "$(dirname "$tree")" "$UML_TMP"
