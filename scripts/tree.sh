#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# tree.sh: prepare the Linux tree that kbuild works in, and print its path.
#
# Without KSRC it is Debian's linux-source-6.12, unpacked to build/tree. Linux' own User-Mode port is left out while unpacking, so
# that it is neither built nor read; ours takes its place. With KSRC it is a shadow of the user's tree, made of symbolic links
# (shadow.py); the user's tree is only read.
#
# The port itself (arch/um) is laid in file by file as symbolic links, in real directories: an edit is seen at once, and a relative
# path out of arch/um means the tree, not this repository. Repeating it is cheap; it adds new files and drops dead links.
#
# Unpacking goes to a temporary directory that is renamed at the end, under a lock: an interrupted or a concurrent run does no harm.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"

TARBALL=/usr/src/linux-source-6.12.tar.xz
PREFIX=linux-source-6.12
# the parts of Linux that this project replaces
REPLACED=(arch/um arch/x86/um arch/x86/Makefile.um fs/hostfs)

patches() { [ ! -f "$TOP/patches/series" ] || sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$TOP/patches/series"; }

patches_hash() {
	patches | while read -r p; do cat "$TOP/patches/$p"; done | sha256sum | cut -c1-16
}

# the files that patch $1 changes
patched_files() { sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$TOP/patches/$1"; }

# apply_patches DIR: a patched file of a shadow tree becomes a copy first
apply_patches() {
	local p f
	patches | while read -r p; do
		patched_files "$p" | while read -r f; do
			if [ -L "$1/$f" ]; then cp --remove-destination "$(readlink -f "$1/$f")" "$1/$f"; fi
		done
		patch -d "$1" -p1 --no-backup-if-mismatch -s < "$TOP/patches/$p" || die "patches/$p does not apply to $1"
	done
}

# percentage, fed by tar: one line that is overwritten on a terminal, nothing elsewhere
unpack() {
	local dir=$1 bytes excl=() p
	for p in "${REPLACED[@]}"; do excl+=(--exclude="$PREFIX/$p"); done
	bytes=$(xz --robot -l "$TARBALL" | awk '$1 == "totals" { print $5 }')
	UM_RECORDS=$((bytes / 10240)); export UM_RECORDS
	local show=()
	# shellcheck disable=SC2016
	[ -t 2 ] && show=(--checkpoint=$((UM_RECORDS / 50 + 1))
		'--checkpoint-action=exec=printf "\r    %d %% " $((TAR_CHECKPOINT * 100 / UM_RECORDS)) >&2')
	tar -x -J -f "$TARBALL" -C "$dir" --strip-components=1 --no-same-owner --anchored "${excl[@]}" "${show[@]}" ||
		die "cannot unpack $TARBALL"
	[ -t 2 ] && printf '\r              \r' >&2
	for p in "${REPLACED[@]}"; do [ ! -e "$dir/$p" ] || die "$p of $TARBALL was unpacked: this must not be"; done
}

# the unpacked package; a new package version or a new patch means a new tree
debian_tree() {
	local stamp version new
	version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null || stat -c %s "$TARBALL")
	stamp="linux-source-6.12 $version patches $(patches_hash)"
	[ "$(cat "$TREE/.um-tree" 2>/dev/null)" = "$stamp" ] && return
	[ -r "$TARBALL" ] || die "$TARBALL is missing: apt-get install linux-source-6.12"
	step "unpacking linux-source-6.12 ($version) without its own User-Mode port"
	rm -rf "$BUILD"/tree.new.*
	new=$BUILD/tree.new.$$
	mkdir -p "$new"
	trap 'rm -rf "$new"' EXIT
	unpack "$new"
	apply_patches "$new"
	printf '%s\n' "$stamp" > "$new/.um-tree"
	rm -rf "$TREE"
	mv "$new" "$TREE"
	trap - EXIT
}

# a shadow of the user's own tree, brought up to date on every call
shadow_tree() {
	local version
	[ -f "$KSRC/Makefile" ] || die "KSRC=$KSRC is no Linux tree (no Makefile in it)"
	version=$(awk '$1 == "VERSION" { v = $3 } $1 == "PATCHLEVEL" { p = $3 } /^NAME/ { exit } END { print v "." p }' "$KSRC/Makefile")
	[ "$version" = 6.12 ] || die "KSRC=$KSRC is Linux $version; this port is for 6.12.x"
	local open=() f
	while read -r f; do open+=(--open "$f"); done < <(patches | while read -r p; do patched_files "$p"; done)
	python3 "$TOP/scripts/shadow.py" "$KSRC" "$TREE" "${open[@]}" "${REPLACED[@]}"
	if [ "$(cat "$TREE/.um-tree" 2>/dev/null)" != "$(patches_hash)" ]; then
		apply_patches "$TREE"
		patches_hash > "$TREE/.um-tree"
	fi
}

# our files, as relative links; dead links and empty directories go
lay_port() {
	local f rel up
	rel=$(realpath -m --relative-to="$TREE" "$TOP")
	(cd "$TOP" && find arch/um -type d -printf '%p\n') | (cd "$TREE" && xargs mkdir -p)
	(cd "$TOP" && find arch/um -type f) | while IFS= read -r f; do
		up=${f//[^\/]/}
		[ -L "$TREE/$f" ] || ln -sfn "${up//\//../}$rel/$f" "$TREE/$f"
	done
	find "$TREE/arch/um" -xtype l -delete
	find "$TREE/arch/um" -mindepth 1 -type d -empty -delete
	# fs/Makefile always enters fs/hostfs; our driver lives in arch/um/drivers/hostfs
	mkdir -p "$TREE/fs/hostfs"
	[ -f "$TREE/fs/hostfs/Makefile" ] || echo '# hostfs is built in arch/um/drivers/hostfs' > "$TREE/fs/hostfs/Makefile"
}

lock tree
if [ -n "$KSRC" ]; then shadow_tree; else debian_tree; fi
lay_port
printf '%s\n' "$TREE"
