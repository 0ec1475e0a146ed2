# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_10_title="Mistakes"

mistake() {	# mistake NODE COMMAND PATTERN: refused, clearly, and nothing changed anywhere
	local before
	before=$(config_everywhere)
	refused "$1" "$2"
	prove "the reason is told" grep -Eiq "$3" <<<"$OUT"
	prove "nothing was changed on any node" config_is_still "$before"
}

config_is_still() {
	local after
	after=$(config_everywhere) || return 1
	[ "$after" = "$1" ] || { diff <(echo "$1") <(echo "$after"); return 1; }
}

config_everywhere() {
	local n
	for n in $NODES; do
		echo "== $n" && on "$n" vxprint -g "$GROUP" -ht && on "$n" vxdg list && on "$n" vxdisk list || return 1
	done
}

story_10() {
	story_need volume
	say "Each of these is refused with its reason, and changes nothing anywhere."
	mistake a "vxdg -s init $GROUP d4=d4" "exist"
	typed a "vxdisk setup d4"
	lab disk-fail c d4
	mistake a "vxdg -g $GROUP adddisk d4=d4" "node c.*d4"
	lab disk-heal c d4
	mistake b "vxdg -g $GROUP adddisk d9=d9" "d9"
	mistake b "vxassist -g $GROUP make big 900g" "space"
	mistake c "vxassist -g $GROUP make odd 12zz" "12zz"
	mistake c "vxassist -g nosuch make v 10m" "nosuch"
	mistake a "vxassist -g $GROUP make $VOLUME 10m" "exist"
	typed a "pcs property set maintenance-mode=true"
	typed c "vxclustadm stopnode"
	refused c "vxassist -g $GROUP make out 10m"
	prove "a node out of the cluster says so" grep -Eiq "cluster|no such disk group" <<<"$OUT"
	prove "and nothing came of it" vol_missing a out
	typed c "vxclustadm startnode"
	await 60 "it is back" all_members
	typed a "pcs property set maintenance-mode=false"
}
