#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test-metadata.sh - metadata of the resource agents: valid, complete, and true to the code
# shellcheck disable=SC2317 # functions are called by check
set -u
# shellcheck source=tests/ocf/lib.sh
. "${0%/*}/lib.sh"

agents="vxclust vxdg"

metadata() {
	"$tree/ocf/$1" meta-data
}

# xpath AGENT EXPRESSION: the values of attributes, one a line
xpath() {
	metadata "$1" | xmllint --xpath "$2" - 2>/dev/null | sed 's/^ *[a-z-]*="\(.*\)"$/\1/'
}

valid() {
	metadata "$1" | xmllint --noout --relaxng "$here/ra-api-1.1.rng" -
}

grammar_refuses() {
	metadata vxdg | sed "$1" >"$work/wrong.xml"
	! cmp -s "$work/wrong.xml" "$work/right.xml" || { echo "'$1' changes nothing"; return 1; }
	! xmllint --noout --relaxng "$here/ra-api-1.1.rng" "$work/wrong.xml"
}

# The grammar itself can fail.
grammar_works() {
	metadata vxdg >"$work/right.xml"
	grammar_refuses 's/timeout="120s"/timeout="120"/' &&
		grammar_refuses 's/<version>1.1</<version>1.0</' &&
		grammar_refuses 's/type="select"/type="enum"/' &&
		grammar_refuses '/<option/d' &&
		grammar_refuses 's/reloadable="1"/reloadable="yes"/' &&
		grammar_refuses 's/name="reload-agent"/name="restart"/' &&
		grammar_refuses '0,/<shortdesc.*<.shortdesc>/s///'
}

nothing_needed() {
	[ "$(id -u)" = 0 ] || { metadata "$1" >/dev/null; return; }
	cp -r "$tree/ocf" "$work/ocf" && chmod -R a+rX "$work" || return
	setpriv --reuid nobody --regid nogroup --clear-groups env -i PATH=/nonexistent \
		/bin/sh "$work/ocf/$1" meta-data >/dev/null
}

# Each parameter has a default in the code which metadata repeats, and the other way round.
defaults_agree() {
	for name in $(xpath "$1" '//parameter/@name'); do
		value=$(sed -n "s/^OCF_RESKEY_${name}_default=//p" "$tree/ocf/$1")
		grep -q "^OCF_RESKEY_${name}_default=" "$tree/ocf/$1" || { echo "$name has no default"; return 1; }
		equal "default of $name" "$(xpath "$1" "//parameter[@name='$name']/content/@default")" "$value" || return
	done
	equal parameters "$(xpath "$1" '//parameter/@name' | sort)" \
		"$(sed -n 's/^OCF_RESKEY_\(.*\)_default=.*/\1/p' "$tree/ocf/$1" | sort)"
}

# Each action that metadata promises is known; reload-agent needs something reloadable.
actions_exist() {
	new_node
	for action in $(xpath "$1" '//action/@name' | sort -u); do
		[ "$action" != start ] || continue
		"$tree/ocf/$1" "$action" >/dev/null 2>&1
		[ $? != 3 ] || { echo "$action is not implemented"; return 1; }
	done
	if xpath "$1" '//action/@name' | grep -qx reload-agent; then
		xpath "$1" '//parameter/@reloadable' | grep -qx 1
	else
		! xpath "$1" '//parameter/@reloadable' | grep -qx 1
	fi
}

# pcs takes these as they are.
timeouts_suffice() {
	for action in start stop; do
		timeout=$(xpath "$1" "//action[@name='$action']/@timeout")
		[ "${timeout%s}" -ge 120 ] || { echo "$action: $timeout"; return 1; }
	done
	equal monitors "$(xpath "$1" "//action[@name='monitor']/@interval" | sort -u | wc -l)" 2
}

for agent in $agents; do
	check "$agent: valid metadata" valid "$agent"
	check "$agent: metadata without root, programs and cluster" nothing_needed "$agent"
	check "$agent: defaults in code and metadata agree" defaults_agree "$agent"
	check "$agent: its actions exist" actions_exist "$agent"
	check "$agent: time-outs and intervals" timeouts_suffice "$agent"
done
check "the grammar refuses mistakes" grammar_works
finish
