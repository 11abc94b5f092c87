#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# inputs.sh DIR: what the Debian tests work on, made or fetched on the host, because the guest has no network here:
#   DIR/repo   a repository directory with two packages, one needing the other
#   DIR/src    the unpacked Debian source packages whose own test suites run in the guest
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
DIR=$1
SOURCES=(zlib)
[ "${UML_FULL:-0}" = 0 ] || SOURCES+=(xz-utils)

# deb NAME DEPENDS: a package with one program and one file
deb() {
	local root=$DIR/pkg/$1
	mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/share/$1"
	cat > "$root/DEBIAN/control" <<-C
	Package: $1
	Version: 1.0
	Architecture: all
	Maintainer: User-Mode Linux tests <root@localhost>
	Depends: $2
	Description: test package $1
	C
	printf '#!/bin/sh\ncat /usr/share/%s/words\n' "${2%% *}" > "$root/usr/bin/$1"
	printf '#!/bin/sh\ntouch /var/lib/%s.configured\n' "$1" > "$root/DEBIAN/postinst"
	echo "words of $1" > "$root/usr/share/$1/words"
	chmod 755 "$root/usr/bin/$1" "$root/DEBIAN/postinst"
	dpkg-deb --root-owner-group -b "$root" "$DIR/repo/$1_1.0_all.deb" >/dev/null
}

repository() {
	[ ! -f "$DIR/repo/Packages" ] || return 0
	rm -rf "$DIR/repo" "$DIR/pkg"
	mkdir -p "$DIR/repo"
	deb uml-words 'base-files'
	deb uml-hello 'uml-words (>= 1.0)'
	(cd "$DIR/repo" && dpkg-scanpackages -m . > Packages 2>/dev/null)
	rm -rf "$DIR/pkg"
}

# apt with lists of its own, so that the host's configuration needs no source lines and no root
private_apt() {
	local a=$DIR/apt
	mkdir -p "$a/lists/partial" "$a/cache/archives/partial"
	apt-get -q -o Dir::Etc::SourceList="$a/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$a/lists" \
		-o Dir::Cache="$a/cache" -o Debug::NoLocking=1 -o APT::Sandbox::User="" "$@"
}

sources() {
	local p missing=()
	for p in "${SOURCES[@]}"; do [ -d "$DIR/src/$p" ] || missing+=("$p"); done
	[ ${#missing[@]} -gt 0 ] || return 0
	mkdir -p "$DIR/apt" "$DIR/src"
	bash "$TOP/scripts/mirror.sh" bookworm deb-src > "$DIR/apt/sources.list"
	private_apt update
	for p in "${missing[@]}"; do
		(cd "$DIR/apt" && rm -rf "./$p"-*/ && private_apt source --download-only "$p")
		rm -rf "$DIR/src/$p.new"
		dpkg-source --no-copy --no-check -x "$DIR/apt/${p}"_*.dsc "$DIR/src/$p.new"
		mv "$DIR/src/$p.new" "$DIR/src/$p"
	done
	rm -rf "$DIR/apt"
}

mkdir -p "$DIR"
repository
sources
