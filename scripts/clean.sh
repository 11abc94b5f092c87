#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# clean.sh [all]: remove what was built; the unpacked source and the Debian image stay unless "all".
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
[ -d "$BUILD" ] || exit 0
if [ "${1:-}" = all ]; then
	rm -rf "$BUILD"
else
	find "$BUILD" -mindepth 1 -maxdepth 1 ! -name tree ! -name 'debian*' ! -name image -exec rm -rf {} +
fi
