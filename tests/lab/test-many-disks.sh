#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A group of more disks than may hold a copy of its configuration, and a configuration that no message holds. Its copies
# are on the disks that come last when all are listed; a cluster that starts finds them. Then most of them are lost, and
# the group is imported by force: every node reads what the master read.
#
#	data	d5 ... d9: the copies	d1 ... d4, d10 ... d40: data only
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

DISKS=40 VOLUMES=${VOLUMES:-600}

every_disk() {	# every_disk COMMAND...: with each disk but those with a copy, as words "dN=dN"
	local d words=()
	for d in $(seq $DISKS); do
		[ "$d" -ge 5 ] && [ "$d" -le 9 ] || words+=("d$d=d$d")
	done
	"$@" "${words[@]}"
}

copies_are() {	# the disks that hold a copy, as the group says
	on a vxdg list "$GROUP" | awk '$1 == "config" && $2 == "disk" { print $3 }' | sort | tr '\n' ' ' | tee /dev/stderr |
		grep -x 'd5 d6 d7 d8 d9 '
}

make_volumes() {	# of one plex, not initialised; several requests share a transaction
	# shellcheck disable=SC2016 # in the node's shell
	on b sh -c 'seq "$1" | xargs -P 8 -I {} sh -c "vxassist -g $0 make v{} 1024s init=none d\$(({} % 30 + 10))"' "$GROUP" "$VOLUMES"
}

count_volumes() {
	on c vxprint -g "$GROUP" -ht | grep -c '^v '
}

group_gone() {
	local n
	for n in $NODES; do
		on "$n" vxdg list | grep -q "^$GROUP " && return 1
	done
	return 0
}

lab_start 3 --pacemaker --disks $DISKS --size 64
story_need cluster
check "all disks are set up" on a sh -ec "for d in \$(seq $DISKS); do vxdisk setup d\$d; done"
check "a disk group of five disks" on a vxdg -s init "$GROUP" d5=d5 d6=d6 d7=d7 d8=d8 d9=d9
check "all others are added" every_disk on a vxdg -g "$GROUP" adddisk
wait_for 20 "the group is enabled on all nodes" group_enabled
check "the copies are where they were" copies_are
check "a volume" on a vxassist -g "$GROUP" make "$VOLUME" 10m d1
wait_for 20 "the device is there on all nodes" device_there
check "something is written" on a dd if=/dev/urandom of="$DEVICE" bs=64k count=16 oflag=direct conv=notrunc
pattern=$(on a sh -c "dd if=$DEVICE bs=64k count=16 iflag=direct 2>/dev/null | md5sum")

echo "# the whole cluster stops and starts"
check "vxha is stopped on all nodes at once" on a pcs resource disable vxclust --wait=120
check "... and started" on a pcs resource enable vxclust --wait=120
wait_for 60 "all nodes are members" all_members
wait_for 20 "the group is enabled on all nodes" group_enabled
wait_for 20 "the device is there on all nodes" device_there
check_is "... with its content" "$pattern" "$(on c sh -c "dd if=$DEVICE bs=64k count=16 iflag=direct 2>/dev/null | md5sum")"
check_is "every disk is in the group" $DISKS "$(on b vxdisk list | grep -c " $GROUP ")"
check "the copies are where they were" copies_are

echo "# a configuration larger than a message; most copies are lost"
check "$VOLUMES volumes" make_volumes
check_is "... are there" $((VOLUMES + 1)) "$(count_volumes)"
check "the group is deported" on a vxdg deport "$GROUP"
wait_for 20 "it is gone on all nodes" group_gone
for d in d7 d8 d9; do
	for n in $NODES; do
		check "$n loses the path to $d" lab disk-fail "$n" $d
	done
done
check "an import is refused" not on b vxdg -s import "$GROUP"
check "a dry run of a forced one says yes" on b vxdg -s -f --dry-run import "$GROUP"
check "... and an import is refused as before" not on b vxdg -s import "$GROUP"
OUT=$(on b vxdg -s import "$GROUP" 2>&1 || true)
check "... for want of copies, or of disks: $OUT" grep -Eq '2 of 5 configuration copies|-f imports it' <<<"$OUT"
check "a forced one is made" on b vxdg -s -f import "$GROUP"
wait_for 20 "the group is enabled on all nodes" group_enabled
check_is "all volumes are there" $((VOLUMES + 1)) "$(count_volumes)"
wait_for 60 "the device is there on all nodes" device_there
check "the configuration is the same everywhere" same_config
for n in $NODES; do
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done
