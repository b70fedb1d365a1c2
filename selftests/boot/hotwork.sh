#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# hotwork.sh [options of lab]: system calls, processes and fresh memory in a guest must
# not leave the monitor. See hotwork-host for what is counted.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${PVHV_BUILD:-$top/build}

mkdir -p "$build/boot"
flock "$build/boot" make -s -C "$here" O="$build/boot"
exec "$top/selftests/lab/lab" --guest "$@" \
	--guest-add "$build/boot/hotwork:/t/hotwork" \
	--add "$here/hotwork-host:/t/hotwork-host" \
	--run "/t/hotwork-host # hotwork"
