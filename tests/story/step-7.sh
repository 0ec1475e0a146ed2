# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2046
story_7_title="The master loses power, with a command in flight"
story_7() {
	local master old status other
	story_need volume
	master=$(master_node)
	old=$master
	other=$(others_of "$master" | head -n 1)
	writers_start
	await 30 "all six writers have acknowledged writes" writers_acked
	say "On $other a second volume is asked for at the moment in which $master, the master, loses power."
	on "$other" vxassist -g "$GROUP" make vol2 20m layout=mirror nmirror=2 logtype=drl >"$WORK/make.out" 2>&1 </dev/null &
	local make=$!
	lose_node "$master"
	status=0
	wait "$make" || status=$?
	show "$other# vxassist -g $GROUP make vol2 20m layout=mirror nmirror=2 logtype=drl" "$(cat "$WORK/make.out")" "(exit $status)"
	prove "another node is master now" one_master_rest_slaves $(others_of "$old")
	master=$(master_node)
	if [ "$status" = 0 ]; then
		prove "it said yes: the volume is there" on "$master" vxprint -g "$GROUP" vol2
	else
		prove "it said no (with a reason): the volume is not there" vol_missing "$master" vol2
		prove "the reason was told" test -s "$WORK/make.out"
		typed "$other" "vxassist -g $GROUP make vol2 20m layout=mirror nmirror=2 logtype=drl"
	fi
	prove "the survivors have the same configuration" same_config $(others_of "$old")
	writers_stop $(others_of "$old")
	prove "I/O stood still on every survivor until the fencing was proven" stood_still $(others_of "$old")
	prove "no acknowledged write is missing" stamps_good "$other"
	prove "both plexes are equal, byte by byte, on the disks" plexes_equal
}
