#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: make modules, make modules_install; those named in modules.txt, or all in the full run
# by: builder
# timeout: 1500
set -euo pipefail
cd "$TOP"
wanted=
[ "$UML_FULL" = 1 ] || wanted=$(sed 's/#.*//' tests/build/modules.txt | xargs)
make modules_install MODS="$wanted"
dir=build/modules/lib/modules/$(cat build/default/include/config/kernel.release)/kernel
[ -n "$(find "$dir" -name '*.ko' -print -quit)" ] || { echo "no module was installed"; exit 1; }
for m in $wanted; do [ -f "$dir/$m" ] || { echo "$m was not installed"; exit 1; }; done
