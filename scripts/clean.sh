#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# clean.sh [all]: remove what was built; the unpacked source and the Debian images stay unless "all".
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
[ -d "$BUILD" ] || exit 0
if [ "${1:-}" = all ]; then
	# what unshare has made belongs to mapped users
	rm -rf "$BUILD" 2>/dev/null || unshare --map-root-user --map-auto rm -rf "$BUILD" 2>/dev/null || rm -rf "$BUILD"
else
	find "$BUILD" -mindepth 1 -maxdepth 1 ! -name tree ! -name 'debian*' ! -name 'bench*' ! -name image -exec rm -rf {} +
fi
