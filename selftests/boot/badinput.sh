#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# badinput.sh [options of lab]: what a stranger throws at pvctl. Nothing of it may start
# a domain, and each gets one line that says what was wrong. The tests are in
# badinput-host; bad kernels are made by badkernels.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${PVHV_BUILD:-$top/build}

mkdir -p "$build"
kernels=$(mktemp -d "$build/badkernels-XXXXXX")
trap 'rm -rf "$kernels"' EXIT
"$here/badkernels" "$build/guest/count.elf" \
	"$(python3 "$top/selftests/lab/kernels.py" image 6.1)" "$kernels"
"$top/selftests/lab/lab" --guest "$@" --add "$kernels:/bad" --add "$build/guest/count.elf:/good" \
	--add "$here/badinput-host:/t/badinput-host" --run "/t/badinput-host # badinput"
