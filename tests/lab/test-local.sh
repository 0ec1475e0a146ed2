#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# diskdetpolicy=local (T18, V37): the path of one node to a disk fails. No mirror is detached; writes of that node fail, the
# others go on; what it had written in part is made equal; when its path is whole it writes again. A disk that fails on
# all nodes is detached as ever, and so is a log.
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

write_at() {	# write_at NODE MIB
	on "$1" dd if=/dev/urandom of="$DEVICE" bs=64k count=16 seek=$(($2 * 16)) oflag=direct conv=notrunc 2>&1
}

all_plexes_active() {
	! on a vxprint -g "$GROUP" -ht | grep -E "^pl $VOLUME-0[12] " | grep -v ' ENABLED *ACTIVE '
}

reads() {	# reads NODE MIB: several times, so that each plex serves
	on "$1" sh -c "for i in 1 2 3 4; do dd if=$DEVICE bs=64k count=16 skip=$(($2 * 16)) iflag=direct 2>/dev/null | md5sum; done" | sort -u
}

same_everywhere() {	# same_everywhere MIB
	local n all
	all=$(for n in $NODES; do reads "$n" "$1"; done | sort -u)
	echo "$all"
	[ "$(wc -l <<<"$all")" = 1 ]
}

detached() {	# detached PLEX
	on a vxprint -g "$GROUP" -ht | grep -Eq "^pl $1 +$VOLUME +DETACHED"
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need volume
check "the policy is local" on b vxdg -g "$GROUP" set diskdetpolicy=local
check "vxdg list shows it" output_has '^detach-policy: local$' on c vxdg list "$GROUP"

echo "# the path of one node to a mirror"
check "the path of b to d2 fails" lab disk-fail b d2
check "a write of b fails" not write_at b 10
check "its vxconfigd says why" on b grep -E 'not detached \(diskdetpolicy=local\): node [ac] reaches all disks of the plex; writes of this node fail' \
	/var/log/vxha/vxconfigd.log
check "no plex is detached" all_plexes_active
check "reads of b go on" reads b 20
check "writes of a and c go on" eval 'write_at a 30 && write_at c 40'
wait_for 30 "what was written in part is made equal" volume_synced
wait_for 10 "all nodes read the same there, from whichever plex" same_everywhere 10
check "both plexes are equal on the disks" plexes_equal
check "its writes fail still" not write_at b 10
check "the path is whole again" lab disk-heal b d2
wait_for 20 "b writes again" write_at b 50
wait_for 30 "no resync is running" volume_synced
check "both plexes are equal on the disks" plexes_equal

echo "# a disk that all nodes lose"
for node in $NODES; do
	check "the path of $node to d2 fails" lab disk-fail "$node" d2
done
check "a write of a succeeds" write_at a 60
wait_for 20 "the plex is detached" detached "$VOLUME-02"
check "writes of b and c succeed" eval 'write_at b 70 && write_at c 80'
for node in $NODES; do
	lab disk-heal "$node" d2
done
check "it is attached again" on a vxrecover -g "$GROUP"
wait_for 60 "and made equal" eval 'volume_synced && all_plexes_active'

echo "# a log that one node loses"
log=$(on a vxprint -g "$GROUP" -ht | awk '$1 == "sd" && $4 == "d3" { print $3 }')
check "the path of c to d3 fails" lab disk-fail c d3
check "a write of c succeeds" write_at c 90
wait_for 20 "the log is detached for all" detached "$log"
check "the path is whole again" lab disk-heal c d3
check "it is attached again" on a vxrecover -g "$GROUP"
wait_for 60 "no resync is running" volume_synced
check "both plexes are equal on the disks" plexes_equal
for node in $NODES; do
	check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
done
