/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the utilities of this node, and those that other nodes forward: who answers them.
 *
 * Every ask is answered exactly once. One that came from another node is answered over port u.
 */
#ifndef VX_VXCONFIGD_SERVER_H
#define VX_VXCONFIGD_SERVER_H

#include "vxconfigd/configd.h"

struct ask {
	struct configd *configd;
	Vx__Request *request; /* owned; its txid has ID_BYTES */
	uint64_t cookie;
	uint64_t caller;	 /* a client of this node, ... */
	uint32_t nodeid;	 /* ... or the node that forwarded it; 0: the former */
	Vx__Reply *reply;	 /* of an answer that waits for vxiod ... */
	uint64_t load_serial;	 /* ... until it has loaded what it was told up to then */
	struct loop_timer timer; /* of a change of vxconfigd's own that is tried again */
	struct loop_timer tell_timer; /* until what it waits for is told */
	uint64_t asked_epoch; /* upgrade: the view in which a new one was asked for */
	TAILQ_ENTRY(ask) next;
};
TAILQ_HEAD(ask_list, ask);

/* 0; -EADDRINUSE: another vxconfigd serves. */
int server_create(struct configd *configd, struct server **out_server);
void server_destroy(struct server *server);

/* Frees ask and reply. */
void ask_answer(struct ask *ask, Vx__Reply *reply);
/* The same, once this node's vxiod has loaded what it was told so far: what was made can be used. */
void ask_answer_loaded(struct ask *ask, Vx__Reply *reply);
void ask_progress(struct ask *ask, const Vx__Reply *reply);
/* From now on, until the end, what it waits for is told (server_wait.c). */
void ask_wait_begin(struct ask *ask);
void ask_wait_end(struct ask *ask);
/* Answers with an error of the catalogue already in reply, or an empty success. */
Vx__Reply *ask_reply_new(void);

/* Gives a change to the queue of its group: this node is the master. Takes ask. */
void server_submit(struct configd *configd, struct ask *ask);
/* A change that vxconfigd itself wants: to the master, whoever it is. Nobody waits for the answer.
 */
void server_change_internal(struct configd *configd, const Vx__Request *request);
/* vxiod has answered a load. */
void server_on_loaded(struct configd *configd);
/* Port u: a request or an answer. */
void server_on_command(struct configd *configd, uint32_t from, const Vx__CmdMsg *msg);

/* ---- what is answered here; each takes ask ---- */

typedef void server_answer(struct ask *ask);

/* server_query.c */
server_answer server_group_list, server_group_free, server_print, server_info;
server_answer server_max_size, server_startable;
/* Is the group of -g imported here, or none was named? Else reply says that it is not. */
bool server_group_known(const struct ask *ask, Vx__Reply *reply);
/* Is there a record (volume: a volume) of that name in it, or in any group? */
bool server_has_record(const struct ask *ask, const char *name, bool volume);
/* server_disk.c */
server_answer server_disk_list, server_disk_path, server_disk_setup, server_disk_scan;
/* Is vxdisk setup of it under way on this node? Then no change may take it (T16). */
bool server_disk_is_set_up(const struct configd *configd, const struct disk *disk);
/* A change of a group has ended: vxdisk setup may wait for its disk. */
void server_disk_look_again(struct configd *configd);
/* server_ctl.c */
server_answer server_mode, server_enable, server_disable, server_stop, server_outcome,
	server_upgrade;
/* server_memory.c */
server_answer server_remembered, server_forget;
/* The master's answer to server_outcome(), or this node's: what it means here. Takes both. */
void server_outcome_answer(struct ask *ask, Vx__Reply *reply);
/* server_io.c */
server_answer server_io_all, server_io_local;
/* Asks all nodes and adds what they report to reply, the answer to ask. Takes both. */
void server_io_ask(struct ask *ask, Vx__Reply *reply);
/* Answers of server_io_local() on other nodes. False: not one of these. */
bool server_io_on_reply(struct configd *configd, uint64_t cookie, const Vx__Reply *reply);

#endif
