#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mirrors and logs come and go while three nodes write. In the middle of an attach the node that copies loses power, then
# all of them; then the disk of the plex fails. A plex is moved, the volume copied. A plex counts as a mirror only when it is one: at the end all plexes are
# equal, byte by byte, and no acknowledged write is missing.
#
#	data	d1 d2: plexes of vol1	d3 d1: its logs		d4 d5: what is added
# shellcheck disable=SC2046  # lists of nodes are split on purpose
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

IODCTL=$TREE/build/tests/iodctl

plex_is() {	# plex_is PLEX KSTATE STATE MODE: on every node that is on
	local n
	for n in $(nodes_on); do
		on "$n" vxprint -g "$GROUP" -ht | tr -s ' ' | grep -Eq "^pl $1 [^ ]+ $2 $3 [0-9]+ [^ ]+ [^ ]+ $4\$" || return 1
	done
}

nodes_on() {
	local n
	for n in $NODES; do
		! is_member "$n" || echo "$n"
	done
}

attaching() {	# attaching PLEX: some of it is copied, some is not
	on "$(nodes_on | head -n 1)" vxtask --json list | tee /dev/stderr |
		jq -e --arg p "$1" '[.tasks[] | select(.plex == $p and .type == "ATCOPY" and .done > 0 and .done < .total)] | length > 0'
}

slow() {	# slow MS: between two windows of a resync, on every node
	local n
	for n in $(nodes_on); do
		on "$n" "$IODCTL" set resync_slow_ms "$1" || return 1
	done
}

# What vxiod of the node says about resyncs: regions of each one that began.
begun() {	# begun NODE
	on "$1" cat /var/log/syslog | sed -n 's/.* vxiod.*vol=vol1: .* of \([0-9]*\) of 800 regions begins$/\1/p'
}

# V25 is not worked out here: who began the last one copies.
owner() {
	local n
	for n in $NODES; do
		echo "$(on "$n" grep -h 'vxiod.*vol=vol1: .* regions begins$' /var/log/syslog | tail -n 1) $n"
	done | sort | tail -n 1 | awk '{ print $NF }'
}

went_on() {	# went_on NODE...: the last resync that began on one of them was not of the whole volume
	local n
	for n in "$@"; do
		begun "$n" | tail -n 1
	done | tee /dev/stderr | awk '$1 < 800 { found = 1 } END { exit !found }'
}

all_well() {
	stamps_good "$(master_node)" && plexes_equal
}

wrote_all_the_time() {	# plexes_equal needs quiet; the writers are stopped for it
	writers_stop $(nodes_on)
	all_well
}

copies_seen() {	# copies_seen COUNT: of the configuration, from each node
	local n
	for n in $NODES; do
		[ "$(on "$n" vxdg list "$GROUP" | grep -c "^config disk .* state=clean online$")" = "$1" ] || return 1
	done
}

lab_start 3 --pacemaker --disks 5 --size 512
story_need volume
check "more disks are set up" on b vxdisk setup d4 d5
check "all nodes see three copies of the configuration" copies_seen 3
check "... and come into the group" on b vxdg -g "$GROUP" adddisk d4=d4 d5=d5
check "all nodes see the new copies, too" copies_seen 5

# ---- a mirror more, with all nodes writing; the node that copies loses power ----
check "resyncs are slow" slow 200
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "a mirror is added" on b vxassist -g "$GROUP" mirror "$VOLUME"
wait_for 10 "it is written and not read" plex_is vol1-05 ENABLED TEMPRMSD WO
wait_for 30 "it is being filled" attaching vol1-05
check "vxtask says so in the original's words" output_has 'ATCOPY/R +[0-9.]+% 0/800/[0-9]+ PLXATT vol1 vol1-05 data' on a vxtask list
check "a complete plex may be detached meanwhile" on c vxplex -g "$GROUP" det vol1-02
check "... but not the last one" not on c vxplex -g "$GROUP" det vol1-01
check "the first comes back too" on c vxplex -g "$GROUP" att "$VOLUME" vol1-02
wait_for 10 "as a stale one that is filled" plex_is vol1-02 ENABLED STALE WO
victim=$(owner)
wait_for 30 "some of it is copied" attaching vol1-05
lab autoboot off
check "node $victim, which copies, loses power" lab crash "$victim"
wait_writers "$victim"
wait_for 60 "the others go on" view_without "$victim"
wait_for 15 "their writers make progress" writers_grow $(others_of "$victim")
check "nothing is taken for complete" plex_is vol1-05 ENABLED TEMPRMSD WO
check "resyncs are quick" slow 0
wait_for 60 "the new mirror is whole" plex_is vol1-05 ENABLED ACTIVE RW
wait_for 60 "the old one too" plex_is vol1-02 ENABLED ACTIVE RW
check "another node went on from where it was" went_on $(others_of "$victim")
check "no acknowledged write is missing, all three plexes are equal" wrote_all_the_time
check "the configuration is the same everywhere" same_config $(others_of "$victim")
story_all_back

# ---- all lose power in the middle ----
check "a plex is detached" on b vxplex -g "$GROUP" det vol1-05
check "resyncs are slow" slow 200
writers_start
wait_for 30 "all six writers have acknowledged writes" writers_acked
check "it is attached again" on a vxplex -g "$GROUP" att "$VOLUME" vol1-05
wait_for 30 "some of it is copied" attaching vol1-05
for node in $NODES; do
	check "all power is lost: $node" lab crash "$node"
done
wait_writers a b c
story_all_back
wait_for 60 "the attach goes on, and ends" plex_is vol1-05 ENABLED ACTIVE RW
wait_for 60 "all is in sync" volume_synced
check "no acknowledged write is missing, all plexes are equal" all_well

# ---- the disk of the plex fails in the middle ----
check "a plex is detached" on b vxplex -g "$GROUP" det vol1-05
check "resyncs are slow" slow 200
writers_start
check "vxrecover attaches it" on c vxrecover -g "$GROUP" "$VOLUME"
wait_for 30 "some of it is copied" attaching vol1-05
check "the path of node b to its disk fails" lab disk-fail b d4
wait_for 30 "the plex is detached" plex_is vol1-05 DETACHED IOFAIL RW
check "vxrecover says that b does not see it" output_has 'refused by node b: does not see disk d4' \
	on a sh -c "vxrecover -g $GROUP 2>&1; true"
check "the path is whole again" lab disk-heal b d4
check "resyncs are quick" slow 0
check "vxrecover attaches it again" on a vxrecover -g "$GROUP"
wait_for 60 "it is whole" plex_is vol1-05 ENABLED ACTIVE RW
check "no acknowledged write is missing, all plexes are equal" wrote_all_the_time

# ---- a plex is moved, the node that copies loses power; the volume is copied ----
no_volume() {	# no_volume PLEX: it is of none, on every node that is on
	local n
	for n in $(nodes_on); do
		on "$n" vxprint -g "$GROUP" -ht | tr -s ' ' | grep -Eq "^pl $1 - DISABLED" || return 1
	done
}

writers_start
check "a plex becomes free" on b vxplex -g "$GROUP" dis vol1-05
check "resyncs are slow" slow 200
check "another one is moved to it" on c vxplex -g "$GROUP" mv vol1-01 vol1-05
wait_for 30 "some of it is copied" attaching vol1-05
check "... and is in use until then" plex_is vol1-01 ENABLED ACTIVE RW
check "it cannot be moved twice" not on a vxplex -g "$GROUP" mv vol1-01 vol1-05
node=$(owner)
check "the node that copies loses power: $node" lab crash "$node"
wait_for 90 "the new plex is whole" plex_is vol1-05 ENABLED ACTIVE RW
check "... and the old one free" no_volume vol1-01
story_all_back
wait_writers "$node"
check "no acknowledged write is missing, both plexes are equal" wrote_all_the_time
check "the free one holds something older" not on a "$TREE/tests/tools/plexcmp" "$GROUP" "$VOLUME" --also vol1-01
check "the volume is copied to it" on a vxplex -g "$GROUP" cp "$VOLUME" vol1-01
wait_for 60 "it is free again" no_volume vol1-01
check "... and holds what the volume does" on a "$TREE/tests/tools/plexcmp" "$GROUP" "$VOLUME" --also vol1-01
check "it comes back" on b vxplex -g "$GROUP" att "$VOLUME" vol1-01
wait_for 60 "... whole" plex_is vol1-01 ENABLED ACTIVE RW

# ---- logs, and a mirror less ----
writers_start
check "one mirror less" on b vxassist -g "$GROUP" remove mirror "$VOLUME" '!d1'
check "the plex on d1 is gone" not on a vxprint -g "$GROUP" vol1-01
check "both logs go" on c vxassist -g "$GROUP" remove log "$VOLUME" nlog=0
check "two come" on b vxassist -g "$GROUP" addlog "$VOLUME" nlog=2 d3 d5
wait_for 15 "the writers make progress" writers_grow
check "no acknowledged write is missing, both plexes are equal" wrote_all_the_time
check "a volume of one plex" on a vxassist -g "$GROUP" make s 20m d1
check "... gets a mirror" on b vxassist -g "$GROUP" mirror s d5
wait_for 30 "... which is whole" plex_is s-02 ENABLED ACTIVE RW
check "... and equal" on a "$TREE/tests/tools/plexcmp" "$GROUP" s
check "... and a log" on c vxassist -g "$GROUP" addlog s
check "the configuration is the same everywhere" same_config
for node in $NODES; do
	check "no daemon of $node met an impossible state" on "$node" sh -c '! ls /var/lib/vxha/*.blackbox'
done
