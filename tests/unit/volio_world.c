// SPDX-License-Identifier: GPL-2.0-or-later
/* The main thread around a lane that the test turns by hand. */
#include "volio_world.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "volio/control.h"
#include "volio/sync.h"

struct world world;

/* ---- instead of control.c ---- */

bool control_asker_is_there(const struct iod *iod, uint64_t asker)
{
	(void)iod;
	(void)asker;
	return true;
}

void control_answer(struct iod *iod, uint64_t asker, uint64_t cookie, int error,
		    const char *reason)
{
	(void)iod;
	(void)asker;
	(void)cookie;
	(void)reason;
	world.answers++;
	world.answer = error;
}

void control_plex_error(struct volume *of, uint64_t plex_rid, uint64_t offset, uint64_t length,
			bool write, int error)
{
	(void)of;
	(void)plex_rid;
	(void)offset;
	(void)length;
	(void)write;
	(void)error;
}

void control_synced(struct volume *of, uint64_t regions, uint64_t all_regions, uint64_t ms,
		    const uint64_t *attach, uint32_t attaches)
{
	(void)of;
	(void)regions;
	(void)all_regions;
	(void)ms;
	(void)attach;
	(void)attaches;
	world.synced++;
}

void control_log_errors(struct volume *of, uint32_t plexes)
{
	(void)of;
	(void)plexes;
}

/* ---- instead of ipc_client.c ---- */

int ipc_client_create(struct loop *loop, const char *name, const struct ipc_client_ops *ops,
		      void *ctx, struct ipc_client **out_client)
{
	(void)loop;
	(void)name;
	(void)ops;
	(void)ctx;
	*out_client = NULL;
	return 0;
}

void ipc_client_destroy(struct ipc_client *client)
{
	(void)client;
}

bool ipc_client_is_connected(const struct ipc_client *client)
{
	(void)client;
	return true;
}

int ipc_client_send(struct ipc_client *client, const Vx__Ipc *msg)
{
	(void)client;
	if (msg->body_case == VX__IPC__BODY_PORT_SEND) {
		const ProtobufCBinaryData *data = &msg->port_send->data;

		ck_assert_uint_le(data->len, sizeof(world.said));
		memcpy(world.said, data->data, data->len);
		world.said_size = data->len;
		world.sent++;
	}
	return 0;
}

/* ---- the world ---- */

static void ended(struct gather *part)
{
	world.gone = part == &world.gather;
}

void world_begin(void)
{
	world.gone = false;
	gather_begin(&world.gather, ended, NULL);
}

static void opens_changed(void *ctx)
{
	(void)ctx;
}

/* A private group with a volume that runs, all of it to be recovered if full. */
void world_open(struct volconf *conf, bool full)
{
	ck_assert_int_eq(loop_create(&hand.iod.loop), 0);
	ck_assert_int_eq(notes_create(&hand.iod.notes), 0);
	opens_init(&hand.iod.opens, opens_changed, NULL);
	world.cluster = (struct cluster){ .iod = &hand.iod };
	hand.iod.cluster = &world.cluster;
	world.group = (struct iod_group){ .iod = &hand.iod, .dgid = "1.a", .name = "data" };
	LIST_INSERT_HEAD(&hand.iod.groups, &world.group, link);
	world.synced = world.answers = 0;
	ck_assert_int_eq(volume_create(&world.group, conf, VIO_HOLD_MAPS, &world.volume), 0);
	world_begin();
	volume_read_maps(world.volume, full, &world.gather);
	gather_end(&world.gather, 0, NULL);
	hand_turn();
	ck_assert(world.gone);
}

void world_end(void)
{
	notes_free(hand.iod.notes);
	for (int i = 0; i < VX_TASKS_FINISHED; i++) {
		if (hand.iod.finished[i] != NULL) {
			vx__task__free_unpacked(hand.iod.finished[i], NULL);
		}
	}
	loop_destroy(hand.iod.loop);
}

void world_close(void)
{
	world_begin();
	volume_remove(world.volume, false, -ENODEV, &world.gather);
	gather_end(&world.gather, 0, NULL);
	hand_end_disk(-1, 0);
	ck_assert(world.gone);
	world_end();
}

void world_hold(void)
{
	volume_hold(world.volume, VIO_HOLD_CONF, NULL);
	hand_turn();
}

/* Sends it; the lane and this thread have not taken it yet. */
void world_apply(struct volconf *conf, uint64_t *map)
{
	world_begin();
	volume_apply(world.volume, conf, map, &world.gather);
	gather_end(&world.gather, 0, NULL);
}

void world_release(void)
{
	volume_release(world.volume, VIO_HOLD_CONF);
	hand_turn();
}

static void world_stop_loop(void *ctx)
{
	loop_stop(ctx);
}

/* Its timers that are due run. */
void world_loop(void)
{
	struct loop_timer timer = { 0 };

	loop_timer_set(hand.iod.loop, &timer, 1, world_stop_loop, hand.iod.loop);
	loop_run(hand.iod.loop);
	hand_turn();
}
