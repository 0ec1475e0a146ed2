#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A group of more disks than may hold a copy of its configuration. Its copies are on the disks that come last when all are
# listed; a cluster that starts finds them.
#
#	data	d5 ... d9: the copies	d1 ... d4, d10 ... d40: data only
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

DISKS=40

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

lab_start 3 --pacemaker --disks $DISKS --size 64
story_need cluster
check "all disks are set up" on a sh -ec 'for d in $(seq '$DISKS'); do vxdisk setup d$d; done'
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

for n in $NODES; do
	check "no daemon of $n met an impossible state" on "$n" sh -c '! ls /var/lib/vxha/*.blackbox'
done
