# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034
story_2_title="A shared disk group"
story_2() {
	local n
	story_need cluster
	say "Disks are initialised once; the group is made on one node and is there on all."
	for n in d1 d2 d3; do
		typed a "vxdisk setup $n"
	done
	typed a "vxdg -s init $GROUP d1=d1 d2=d2 d3=d3"
	for n in $NODES; do
		typed "$n" "vxdg list"
		prove "node $n says enabled,shared" test "$(group_state "$n")" = enabled,shared
	done
	typed b "vxdisk list"
	prove "node b shows three disks of the group" test "$(grep -c "$GROUP *online shared" <<<"$OUT")" = 3
}
