#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# pvctl.sh [options of lab]: pvctl's commands with two domains. The tests are in
# pvctl-host; what it has shown as JSON is parsed here, where there is a parser.
set -u
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$here/../lab/lab" --guest "$@" \
	--guest-add "$here/control-guest:/t/control-guest" \
	--add "$here/pvctl-host:/t/pvctl-host" --add "$(command -v script):/bin/script" \
	--run "/t/pvctl-host # pvctl" >"$log"
status=$?
python3 "$here/pvctl-json" "$log" || status=1
exit $status
