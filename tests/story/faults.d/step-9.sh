# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Faults of step 9: vxconfigd is stopped on a slave

# Who loads volumes is vxconfigd; a monitor of Pacemaker comes and goes as well.
broken no-io-without-vxconfigd vxiod \
	volio/control.c 'struct asker {' 'static uint64_t loader;

struct asker {' \
	volio/control.c 'IOD_LOAD) {' 'IOD_LOAD) {
		loader = asker->id;' \
	volio/control.c '(void)ctx;
	if (asker != NULL) {' 'struct iod *iod = ((struct control *)ctx)->iod;
	struct iod_group *group;
	struct volume *volume;

	LIST_FOREACH(group, &iod->groups, link)
	{
		if (asker == NULL || asker->id != loader) {
			break;
		}
		LIST_FOREACH(volume, &group->volumes, link)
		{
			struct gather *gather = calloc(1, sizeof(*gather));

			gather_begin(gather, NULL, NULL);
			gather_add(gather);
			volume_hold(volume, VIO_HOLD_TXN, gather);
		}
	}
	if (asker != NULL) {'
fault no-io-without-vxconfigd 9 'I/O goes on everywhere, on $node too' \
	use first no-io-without-vxconfigd

broken still-enabled vxdg \
	vxconfigd/cmd/last_known.c 'heap_text("disabled")' 'heap_text("enabled,shared")'
fault still-enabled 9 'vxdg list on $node shows the group disabled' \
	use first still-enabled

broken refused-without-node vxconfigd \
	vxconfigd/request_queue.c 'cview_name(&req->configd->cluster, nodeid));
	request_end(req, "aborted");' '"");
	request_end(req, "aborted");'
fault refused-without-node 9 'a change elsewhere fails and names node $node' \
	use master refused-without-node

# T1 is ignored: the change is made without the node, and the answer says that it was not.
broken done-without-node vxconfigd \
	vxconfigd/request_queue.c 'if (!peer->ready &&' 'if (!peer->ready && peer->nodeid == 0 &&' \
	vxconfigd/request_queue.c 'if (!configd->cluster.peer[i].ready) {' 'if (configd->cluster.peer[i].nodeid == 0) {' \
	vxconfigd/txn_master.c 'if ((txn->up & (1u << i)) == 0) {' 'if (txn->view.member[i] == 0) {' \
	vxconfigd/txn_master.c 'txn->answered |= bit;' 'txn->answered |= bit | (txn_all(txn) & ~txn->up);' \
	vxconfigd/request_queue.c 'char who[VX_REASON_MAX];

	if (error != 0) {
		request_explain' 'char who[VX_REASON_MAX];

	for (size_t i = 0; i < req->configd->cluster.peer_count; i++) {
		if (!req->configd->cluster.peer[i].ready) {
			error = -VX_E_NOPEER;
			node = req->configd->cluster.peer[i].nodeid;
		}
	}
	if (error != 0) {
		request_explain'
fault done-without-node 9 'nothing was changed' \
	use master done-without-node

vxconfigd_lies() {
	wrap first vxconfigd 'exit 0'
	spent
}
fault vxconfigd-lies 9 'the group is enabled again on $node' \
	vxconfigd_lies

fault other-words-9 9 'changes work again, everywhere' \
	use last other-words

fault writes-dropped-9 9 'no acknowledged write is missing' \
	use last writes-dropped
