#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many changes of one group at a time, typed on two nodes, while the third one's vxconfigd stands still:
#	- vxtask list says who waits for what, behind what; another group does not wait
#	- when it goes on they share transactions (T15), the nodes take turns; each has its answer and its line in the audit
#	- the one that a node refuses fails alone, with the node and the reason
#	- the master loses power in the middle of many: what each utility was told is true
. "$(dirname "$0")/testlib.sh"
# shellcheck source=tests/story/check.sh
. "$TEST_DIR/../story/check.sh"

OUT_DIR=/tmp/changes
MANY=8

# begin_many NODE PREFIX COUNT: at once; what each says and its exit code are kept.
begin_many() {
	on "$1" sh -c "mkdir -p $OUT_DIR; for i in \$(seq $3); do (vxassist -g $GROUP make $2\$i 1m >$OUT_DIR/$2\$i 2>&1;
		echo \$? >$OUT_DIR/$2\$i.new; mv $OUT_DIR/$2\$i.new $OUT_DIR/$2\$i.exit) & done; wait" &
}

tasks() {
	on "$1" vxtask --json list 2>/dev/null
}

typed_are() {	# typed_are NODE COUNT
	[ "$(on "$1" pidof vxassist | wc -w)" = "$2" ]
}

waiting_are() {	# waiting_are COUNT: as a slave sees it
	tasks "$second" | tee "$WORK/tasks" | jq '[.tasks[] | select(.type == "CHANGE")] | length' | grep -x "$1"
}

exit_of() {	# exit_of NODE NAME
	on "$1" cat "$OUT_DIR/$2.exit"
}

answered() {	# answered NODE PREFIX: how many
	on "$1" sh -c "ls $OUT_DIR | grep -c '^$2[0-9]*\.exit$'"
}

all_answered() {	# all_answered NODE PREFIX COUNT
	[ "$(answered "$1" "$2")" = "$3" ]
}

some_answered() {
	[ "$(answered "$1" "$2")" -gt 0 ]
}

volume_there() {
	on "$1" vxprint -g "$GROUP" -v "$2"
}

# What the audit says of the changes of these two nodes: "seq node command", one a line.
audit() {
	on "$first" vxdctl audit -g "$GROUP" --json |
		jq -r '.changes[] | select(.command | test(" make [a-z][0-9]+ 1m$")) | "\(.seq) \(.node) \(.command)"'
}

truth() {	# truth NODE NAME...: told and found are the same
	local node=$1 name code
	shift
	for name; do
		code=$(exit_of "$node" "$name")
		on "$node" cat "$OUT_DIR/$name"
		echo "$name: exit code $code"
		case $code in
		0) volume_there "$second" "$name" || return 1 ;;
		6) return 1 ;;
		*) not volume_there "$second" "$name" || return 1 ;;
		esac
	done
}

lab_start 3 --pacemaker --disks 4 --size 512
story_need group
first=$(master_node)
read -r second third <<<"$(slave_nodes | tr '\n' ' ')"

D4=$(on "$first" vxdisk -q list | awk '/online invalid/ { print $1 }' | head -n 1)
check "another disk group" on "$first" sh -c "vxdisk setup $D4 && vxdg -s init other o1=$D4"

echo "# changes wait for node $third"
check "node $second has something in the way of ${second}3" on "$second" mkdir -p "/dev/vx/dsk/$GROUP/${second}3"
check "vxconfigd of $third stands still" lab pause "$third" vxconfigd
on "$first" sh -c "vxassist -g $GROUP make first 1m" &
on "$first" sh -c "vxassist -g other make other 1m" &
begin_many "$first" "$first" $MANY
begin_many "$second" "$second" $MANY
wait_for 10 "all are typed on $first" typed_are "$first" $((MANY + 2))
wait_for 10 "all are typed on $second" typed_are "$second" $MANY
wait_for 14 "vxtask shows them" waiting_are $((2 * MANY + 2))
check "vxconfigd of $third goes on" lab cont "$third" vxconfigd
check_is "... each with the node, the process, the command" $((2 * MANY + 2)) \
	"$(jq '[.tasks[] | select(.pid > 0 and .user == "root" and (.command | test("vxassist -g .* make .* 1m")))] | length' "$WORK/tasks")"
check_is "... those of $second" $MANY "$(jq "[.tasks[] | select(.node == \"$second\")] | length" "$WORK/tasks")"
voting=$(jq "[.tasks[] | select(.waits_for == \"the vote of node $third\")] | length" "$WORK/tasks")
check "... what is under way waits for $third" [ "$voting" -gt 0 ]
check_is "... of both groups at the same time" "$GROUP other" \
	"$(jq -r ".tasks[] | select(.waits_for == \"the vote of node $third\") | .group" "$WORK/tasks" | sort -u | tr '\n' ' ' | sed 's/ $//')"
check_is "... the others for that" $((2 * MANY + 2 - voting)) \
	"$(jq '[.tasks[] | select(.waits_for | test("^an earlier change: vxassist -g .* make .* \\(node .*, pid [0-9]+\\)$"))] | length' "$WORK/tasks")"

echo "# they share transactions"
for node in $first $second; do
	wait_for 30 "all of $node are answered" all_answered "$node" "$node" $MANY
done
for node in $first $second; do
	for ((i = 1; i <= MANY; i++)); do
		[ "$node$i" = "${second}3" ] || check_is "$node$i was made" 0 "$(exit_of "$node" "$node$i")"
	done
done
check_is "${second}3 was refused" 12 "$(exit_of "$second" "${second}3")"
check "... by $second, with the reason" output_has "ERROR V-80-1-1043 Disk group $GROUP: refused by node $second: .*/${second}3: a folder" \
	on "$second" cat "$OUT_DIR/${second}3"
check "... as the log of $second says" on "$second" grep -q "error: vxassist make: .*refused by node $second: .*/${second}3" \
	/var/log/vxha/vxconfigd.log
audit >"$WORK/audit"
check_is "each has a line in the audit, the refused one has none" $((2 * MANY - 1)) "$(wc -l <"$WORK/audit")"
check "there are fewer transactions than changes" [ "$(cut -d' ' -f1 "$WORK/audit" | sort -u | wc -l)" -lt $((2 * MANY - 1)) ]
check_is "each has its own id" $((2 * MANY + 1)) "$(on "$first" vxdctl audit -g "$GROUP" --json | jq -r '.changes[].transaction' | sort -u | wc -l)"
check "the configuration is the same everywhere" same_config
check "something in the way goes" on "$second" rmdir "/dev/vx/dsk/$GROUP/${second}3"

echo "# the master loses power"
begin_many "$second" m 24
begin_many "$third" n 24
wait_for 20 "some are answered" some_answered "$second" m
check "node $first loses power" lab crash "$first"
wait_for 120 "all of $second are answered" all_answered "$second" m 24
wait_for 20 "all of $third are answered" all_answered "$third" n 24
check "what $second was told is true" truth "$second" m{1..24}
check "what $third was told is true" truth "$third" n{1..24}
story_boot_all
wait_for 90 "node $first is back" all_members
wait_for 20 "the group is enabled" group_enabled
check "the configuration is the same everywhere" same_config
