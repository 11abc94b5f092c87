# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0
# Sourced by every script here: where things are, and how we speak. The caller has set -euo pipefail.

: "${TOP:=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}"
: "${CONFIG:=default}" "${KSRC:=}" "${ARGS:=}" "${MODS:=}" "${JOBS:=$(nproc)}"
BUILD=$TOP/build
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CDPATH
export LC_ALL=C

say()  { printf '%s\n' "$*" >&2; }
step() { printf '==> %s\n' "$*" >&2; }
die()  { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

case $CONFIG in
default) DEFCONFIG=defconfig ;;
*) DEFCONFIG=${CONFIG}_defconfig ;;
esac

# With KSRC= everything derived from that tree has a place of its own, so that going to and fro rebuilds nothing.
if [ -n "$KSRC" ]; then
	[ -d "$KSRC" ] || die "KSRC=$KSRC: no such directory"
	KSRC=$(cd "$KSRC" && pwd -P)
	OWN=own-$(printf %s "$KSRC" | sha256sum | cut -c1-8)
	TREE=$BUILD/$OWN/tree
	OBJ=$BUILD/$OWN/$CONFIG
else
	TREE=$BUILD/tree
	OBJ=$BUILD/$CONFIG
fi

# What the user runs: a link to the newest build of this configuration.
LINUX=$BUILD/linux
# Where `make modules_install` puts its modules, if INSTALL_MOD_PATH does not say so.
MODULES=$BUILD/modules
[ "$CONFIG" = default ] || LINUX=$BUILD/linux-$CONFIG MODULES=$BUILD/modules-$CONFIG

# lock NAME: one at a time, across processes; freed when this shell ends
lock() {
	mkdir -p "$BUILD"
	exec 9>"$BUILD/.$1.lock"
	flock -n 9 || { say "waiting for another make that holds build/.$1.lock"; flock 9; }
}

# Compilers are cached where there is ccache. Not preprocessing a file before it is compiled, only to look it up, saves a fifth of a first build.
CCACHED=gcc
! command -v ccache >/dev/null || CCACHED='ccache gcc'
export CCACHE_BASEDIR=$TOP CCACHE_DEPEND=1

# hash of the files named on standard input (names and contents)
hash_files() { sort -u | xargs -r sha256sum | sha256sum | cut -c1-16; }
