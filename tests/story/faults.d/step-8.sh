# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 8: the dead come back; one node leaves cleanly

other_words_8() {
	use last other-words
	on a vxassist -g "$GROUP" make vol9 10m
}
fault other-words-8 8 'every node has the same configuration' \
	other_words_8

read_only() {
	spent
	on "$(nodes_of first)" vxdg -g "$GROUP" set activation=sr
}
fault read-only 8 'a process on $node has the volume open' \
	read_only

broken leaves-at-once vxiod \
	volio/iosteps.c 'if (opens_text(&cluster->iod->opens, opens_shared, NULL, "\n", text, sizeof(text)) > 0) {' \
	'if (opens_text(&cluster->iod->opens, opens_shared, NULL, "\n", text, sizeof(text)) > VX_OPENS_MAX) {'
fault leaves-at-once 8 'stopnode waits and names process $pid' \
	use first leaves-at-once

broken wrong-process-named vxiod \
	volio/opens.c '(int)entry->pid, entry->command,' '(int)getpid(), entry->command,'
fault wrong-process-named 8 'stopnode waits and names process $pid' \
	use first wrong-process-named

aborted_meanwhile() {
	spent
	hook 'node $node is a member as long as it waits' on "$(nodes_of first)" vxclustadm abortnode
}
fault aborted-meanwhile 8 'node $node is a member as long as it waits' \
	aborted_meanwhile

broken gate-shut-early vxiod \
	volio/iosteps.c 'cluster->leave_serial = serial;' 'cluster->leave_serial = serial;
	each_shared(cluster, stop_volume, step_parts_begin(cluster, stop_drained));'
fault gate-shut-early 8 '... and its volume works' \
	use first gate-shut-early

broken close-not-heard vxiod \
	volio/opens.c 'free(entry);
	opens->changed(opens->ctx);' 'free(entry);'
fault close-not-heard 8 'it leaves when the volume is closed' \
	use first close-not-heard

stop_fails() {
	wrap first vxclustadm '"$real" "$@"; status=$?
		[ "$1" != stopnode ] || exit 1; exit $status'
}
fault stop-fails 8 'with success' \
	stop_fails

broken nobodys-wish vxclustd \
	cpg/view_leave.c 'case VS_MEMBER:
		snprintf(core->reason, sizeof(core->reason), "user initiated stop");' 'case VS_MEMBER:
		core->reason[0] = 0;'
fault nobodys-wish 8 "node \$node is out, by the user's wish" \
	use first nobodys-wish

broken map-of-three vxclustd \
	cpg/node_adm.c 'member != NULL ? VX__NODE_STATE__NODE_MEMBER : VX__NODE_STATE__NODE_OUT;' \
	'VX__NODE_STATE__NODE_MEMBER;'
fault map-of-three 8 'two nodes are left' \
	use a,b,c map-of-three

# A node leaves with marks in its map, and the others take its leave for a failure.
broken leave-uncleared vxiod \
	volio/iosteps.c 'volume_remove(volume, true, -ENODEV, ctx);' 'volume_remove(volume, false, -ENODEV, ctx);'
broken leave-misunderstood vxclustd \
	cpg/view_leave.c '.how = packet->how };' '.how = VIEW_ABORTED };'
leave_unclean() {
	use first leave-uncleared
	use a,b,c leave-misunderstood
}
fault leave-unclean 8 'no resync followed' \
	leave_unclean

start_lies() {
	wrap "$1" vxclustadm '[ "$1" != startnode ] || exit 0; exec "$real" "$@"'
	spent
}
fault start-lies 8 'it is back' \
	start_lies first
