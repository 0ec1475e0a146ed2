#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-ocf-tester.sh - ClusterLabs' ocf-tester on the resource agents, against played commands
#
# ocf-tester validates metadata with a DTD that knows OCF 1.0 only; here with our grammar of 1.1.
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

if ! command -v ocf-tester >/dev/null; then
	skip "ocf-tester" "ocf-tester is not installed (package resource-agents)"
	finish
fi

tester() {
	sed "s|^METADATA_LINT=.*|METADATA_LINT='xmllint --noout --relaxng $here/ra-api-1.1.rng -'|" \
		"$(command -v ocf-tester)" >"$work/ocf-tester"
	grep -q "relaxng" "$work/ocf-tester" || { echo "ocf-tester has changed: no METADATA_LINT"; return 1; }
	sh "$work/ocf-tester" "$@"
}

vxclust() {
	new_node
	tester -n clust "$tree/ocf/vxclust"
}

vxdg() {
	new_node
	for daemon in vxiod vxconfigd vxclustd; do
		: >"$FAKE/run.$daemon"
	done
	echo "state: cluster member" >"$FAKE/state"
	echo off >"$FAKE/mode.data"
	tester -n data -o diskgroup=data "$tree/ocf/vxdg"
}

check "ocf-tester: vxclust passes" vxclust
check "ocf-tester: vxdg passes" vxdg
finish
