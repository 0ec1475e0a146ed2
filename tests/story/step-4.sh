# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_4_title="Pacemaker activates the group on all nodes"
story_4() {
	local n
	story_need volume
	say "A group that was just made is active everywhere. From now on Pacemaker activates it: ocf:vxha:vxdg, as a clone," \
		"shared-write; it is ordered after and placed with vxclust."
	for n in $NODES; do
		typed "$n" "vxdg -g $GROUP set activation=off"
	done
	typed a "pcs resource create vxdg-$GROUP ocf:vxha:vxdg diskgroup=$GROUP activation=sw op monitor interval=20s timeout=30s start timeout=120s stop timeout=120s --disabled"
	typed a "pcs resource clone vxdg-$GROUP meta interleave=true"
	typed a "pcs constraint order start vxclust-clone then vxdg-$GROUP-clone"
	typed a "pcs constraint colocation add vxdg-$GROUP-clone with vxclust-clone"
	typed a "pcs resource enable vxdg-$GROUP"
	await 60 "the group is active on all three nodes" dg_started_everywhere
	typed a "crm_mon -1rn"
	typed b "vxdg list $GROUP"
	prove "every node has it shared-write" test "$(grep -o '=sw' <<<"$OUT" | wc -l)" = 3
	say "Nobody can have it for himself now:"
	refused c "vxdg -g $GROUP set activation=ew"
	prove "the node that is in the way is named" grep -q "exclusive-write conflicts with shared-write on node [ab]" <<<"$OUT"
}

dg_started_everywhere() {
	test "$(on a crm_mon -1 --output-as=xml | grep "<resource id=\"vxdg-$GROUP\"" |
		grep 'role="Started".*failed="false"' | grep -vc 'pending=')" = 3
}
