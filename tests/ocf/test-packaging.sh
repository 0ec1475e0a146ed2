#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-packaging.sh - the sample of vxha.conf names every key with its default, and nothing else
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

sample_is_complete() {
	sed -n 's/^#\([a-z_]* = .*\)/\1/p' "$tree/packaging/vxha.conf" | sort >"$work/sample"
	sed -n 's/^	X(\([a-z_]*\), "\([^"]*\)".*/\1 = \2/p' "$tree/base/conf.h" | sort >"$work/code"
	[ -s "$work/code" ] && diff "$work/code" "$work/sample"
}

only_comments() {
	! grep -v '^#' "$tree/packaging/vxha.conf" | grep .
}

manual_is_clean() {
	mandoc -T lint -W warning "$tree/man/vxclustadm.8"
}

check "vxha.conf: the sample has all keys with their defaults" sample_is_complete
check "vxha.conf: the sample changes nothing" only_comments
if command -v mandoc >/dev/null; then
	check "vxclustadm.8 is clean" manual_is_clean
fi
finish
