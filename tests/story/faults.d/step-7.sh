# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 7: the master loses power, with a command in flight

broken not-folded vxiod \
	volio/iosteps.c 'if (volume->conf->logs > 0 && slots != 0 && !volume->leaving) {' \
	'if (volume->conf->logs > 0 && slots == 0 && !volume->leaving) {'
fault not-folded 7 'the resync of what $victim had dirty is finished' \
	use a,b,c not-folded

broken nobody-master vxconfigd \
	vxconfigd/server_ctl.c 'cview_is_master(cluster) ? "master" : "slave"' \
	'cview_is_master(cluster) && cluster->view->n_leaver == 0 ? "master" : "slave"'
fault nobody-master 7 'another node is master now' \
	use a,b,c nobody-master

# vxassist of the node that asks for vol2
vxassist_says() {
	wrap first vxassist "case \"\$*\" in *vol2*) $1 ;; esac
		exec \"\$real\" \"\$@\""
}
fault yes-without-deed 7 'it said yes: the volume is there' \
	vxassist_says 'exit 0'
fault no-and-yet-done 7 'it said no (with a reason): the volume is not there' \
	vxassist_says 'until "$real" "$@"; do sleep 0.1; done; exit 20'
fault no-without-reason 7 'the reason was told' \
	vxassist_says 'exit 20'

fault no-twice 7 'vxassist -g $GROUP make vol2 20m layout=mirror nmirror=2 logtype=drl' \
	vxassist_says 'echo "not done"; exit 20'

# The master dies before it hears of the request, and the next one says that it was done.
broken outcome-guessed vxconfigd \
	vxconfigd/relay.c 'outcome_since(configd, ask->request->txid.data, relay->sent_ms)' '"committed"'
outcome_guessed() {
	use a,b,c outcome-guessed
	hook 'all six writers have acknowledged writes' lab pause "$(nodes_of master)" vxconfigd
}
fault outcome-guessed 7 'it said yes: the volume is there' \
	outcome_guessed

broken other-words-after-loss vxconfigd \
	vxconfigd/server_query.c 'info->config = proto_clone(group->config);' 'info->config = proto_clone(group->config);
		for (size_t i = 0; cluster->member && cluster->view->n_leaver > 0 && i < info->config->n_vol; i++) {
			info->config->vol[i]->read_policy = VX__READ_POLICY__READ_ROUND;
		}'
fault other-words-after-loss 7 'the survivors have the same configuration' \
	use last other-words-after-loss

fault gate-stays-open-7 7 'I/O stood still on every survivor until the fencing was proven' \
	use last gate-stays-open

fault writes-dropped-7 7 'no acknowledged write is missing' \
	use last writes-dropped

fault second-mirror-left-out-7 7 'both plexes are equal, byte by byte, on the disks' \
	second_mirror_left_out last
