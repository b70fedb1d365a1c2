#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# control.sh [options of lab]: pvctl and the ways a domain starts, is looked at, and
# ends, with stock guests. The tests are in control-host.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/../lab/lab" --guest "$@" \
	--guest-add "$here/control-guest:/t/control-guest" \
	--add "$here/control-host:/t/control-host" \
	--run "/t/control-host # control"
