# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_9_title="vxconfigd is stopped on a slave"
story_9() {
	local node other
	story_need volume
	node=$(slave_nodes | head -n 1)
	other=$(master_node)
	writers_start
	await 30 "all six writers have acknowledged writes" writers_acked
	typed a "pcs property set maintenance-mode=true"
	say "vxconfigd changes the configuration; it does not carry I/O. Without it a node goes on, but nothing can be changed."
	typed "$node" "vxdctl -k stop"
	prove "I/O goes on everywhere, on $node too" writers_grow a b c
	refused "$node" "vxdg list"
	prove "vxdg list on $node shows the group disabled" grep -Eq "^$GROUP +disabled" <<<"$OUT"
	refused "$other" "vxassist -g $GROUP make vol3 10m"
	prove "a change elsewhere fails and names node $node" grep -q "node $node" <<<"$OUT"
	prove "nothing was changed" vol_missing "$other" vol3
	typed "$node" "vxconfigd"
	await 30 "the group is enabled again on $node" group_enabled "$node"
	typed "$other" "vxassist -g $GROUP make vol3 10m"
	prove "changes work again, everywhere" same_config
	typed "$other" "vxassist -g $GROUP remove volume vol3"
	typed a "pcs property set maintenance-mode=false"
	writers_stop a b c
	prove "no acknowledged write is missing" stamps_good "$other"
}

vol_missing() {	# vol_missing NODE VOLUME: the node knows the group, and no such volume in it
	local print
	print=$(on "$1" vxprint -g "$GROUP" -ht) || return 1
	! grep "^v  *$2 " <<<"$print"
}
