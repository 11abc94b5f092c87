#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# title: the host half of hostfs: confinement, append, directories, errors; contents by the caller, by threads, by io_uring
# by: builder
set -euo pipefail
out=$TOP/build/unit-hostfs
um=$TOP/arch/um
mkdir -p "$out"
includes=(-iquote "$um" -iquote "$TOP/tests/unit/drivers" -iquote "$TOP/tests/unit" -iquote "$um/drivers/hostfs" -idirafter "$um/include" -D__UM_HOST__)
common=(-std=gnu11 -O2 -g -fno-pie -Wall -Wextra -Wno-unused-parameter -Werror "${includes[@]}")
objects=()
for source in "$um"/drivers/hostfs/*_host.c "$um"/host/aio*.c; do
	object=$out/$(basename "$source" .c).o
	gcc "${common[@]}" -ffreestanding -fno-builtin -fno-stack-protector -mno-red-zone -fcf-protection=none -c -o "$object" "$source"
	objcopy --rename-section .um.options=um_options "$object"
	objects+=("$object")
done
gcc "${common[@]}" -no-pie -pthread -o "$out/hostfs_host_test" "$TOP/tests/unit/hostfs_host_test.c" "$TOP/tests/unit/drivers/fakes.c" "${objects[@]}" \
	-Wno-unused-result

# The host's root may do what others may not: run as an ordinary user.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
[ "$(id -u)" != 0 ] || chmod 755 "$dir"
for who in here threads uring; do
	mkdir "$dir/$who"
	if [ "$(id -u)" = 0 ]; then
		install -m 755 "$out/hostfs_host_test" "$dir/hostfs_host_test"
		chown nobody "$dir/$who"
		setpriv --reuid nobody --clear-groups --inh-caps=-all "$dir/hostfs_host_test" "$dir/$who" "$who"
	else
		"$out/hostfs_host_test" "$dir/$who" "$who"
	fi
done
