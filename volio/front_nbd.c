// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The NBD front end: a unix socket, exports named GROUP/VOLUME.
 *
 * The negotiation (newstyle, fixed) runs in the main loop; when a client has chosen its export the
 * connection moves to the volume's lane (nbd_serve.c). A client that does not come to an end in
 * time is cut off, and the oldest one that still negotiates when others need its place.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/paths.h"
#include "base/timeouts.h"
#include "volio/nbd_negotiate.h"
#include "volio/nbd_serve.h"
#include "volio/volume.h"

#define NBD_BACKLOG 64
#define NBD_GROUP "vxha"

struct nbd_client {
	LIST_ENTRY(nbd_client) link;
	struct nbd_front *front;
	int fd; /* -1: the lane has it */
	pid_t pid;
	struct nbd_talk talk;
	struct loop_timer timer;
	bool want_write;
	/* after the negotiation */
	struct volume *volume;
	struct open_entry *open;
	struct nbd_conn *conn;
	struct lane_call call;
	bool call_busy, closed, stopping;
};

LIST_HEAD(nbd_client_list, nbd_client);

struct nbd_front {
	struct iod *iod;
	int fd;
	char path[PATH_MAX];
	struct nbd_client_list clients; /* the newest first */
	uint32_t count;
	struct nbd_device *removing;
};

struct nbd_device {
	struct nbd_front *front;
	struct volume *volume;
	void (*done)(void *ctx); /* of remove */
	void *ctx;
	struct nbd_device *next; /* in removing */
};

static void nbd_client_on_fd(void *ctx, int revents);

static void nbd_where(void *state, const struct volume *volume, char *out, size_t size)
{
	const struct nbd_front *front = state;

	snprintf(out, size, "nbd+unix:///%s/%s?socket=%s", volume->conf->group, volume->conf->name,
		 front->path);
}

/* ---- end of clients and devices ---- */

/* A device that is being removed is gone when its last client is. */
static void nbd_device_check(struct nbd_front *front)
{
	struct nbd_device **at = &front->removing;

	while (*at != NULL) {
		struct nbd_device *device = *at;
		const struct nbd_client *client;
		bool used = false;

		LIST_FOREACH(client, &front->clients, link)
		{
			used = used || client->volume == device->volume;
		}
		if (used) {
			at = &device->next;
		} else {
			*at = device->next;
			device->done(device->ctx);
			free(device);
			at = &front->removing; /* done() may have changed the list */
		}
	}
}

static void nbd_client_end(struct nbd_client *client)
{
	struct nbd_front *front = client->front;

	loop_timer_cancel(&client->timer);
	if (client->fd >= 0) {
		loop_fd_del(front->iod->loop, client->fd);
		close(client->fd);
	}
	if (client->open != NULL) {
		opens_remove(&front->iod->opens, client->open);
	}
	if (client->conn != NULL) {
		nbd_conn_free(client->conn);
	}
	nbd_talk_free(&client->talk);
	LIST_REMOVE(client, link);
	front->count--;
	free(client);
	nbd_device_check(front);
}

static void nbd_client_end_if_over(struct nbd_client *client)
{
	if (client->closed && !client->call_busy) {
		nbd_client_end(client);
	}
}

static void nbd_client_closed(struct mail *mail)
{
	struct nbd_client *client = nbd_conn_owner_of(mail);

	client->closed = true;
	nbd_client_end_if_over(client);
}

static void nbd_client_called(struct lane_call *call)
{
	struct nbd_client *client =
		(struct nbd_client *)((char *)call - offsetof(struct nbd_client, call));

	client->call_busy = false;
	if (client->stopping && !client->closed && call->run == nbd_run_start) {
		client->call_busy = true;
		client->call.run = nbd_run_stop;
		lane_call_send(&client->call);
		return;
	}
	nbd_client_end_if_over(client);
}

static void nbd_client_stop(struct nbd_client *client)
{
	client->stopping = true;
	if (!client->call_busy && !client->closed) {
		client->call_busy = true;
		client->call.run = nbd_run_stop;
		lane_call_send(&client->call);
	}
}

/* ---- negotiation ---- */

static bool nbd_find(void *ctx, const char *name, struct nbd_export *out_export)
{
	const struct nbd_front *front = ctx;
	char group[NBD_NAME_BYTES_MAX + 1];
	char *slash;
	const struct volume *volume;

	snprintf(group, sizeof(group), "%s", name);
	slash = strchr(group, '/');
	if (slash == NULL) {
		return false;
	}
	*slash = '\0';
	volume = iod_volume_by_name(front->iod, group, slash + 1);
	if (volume == NULL || volume->device[FRONT_nbd] == NULL) {
		return false;
	}
	*out_export = (struct nbd_export){ .length = volume->conf->length,
					   .least = volume->group->shared ? volume->conf->block : 1,
					   .read_only = volume->read_only };
	return true;
}

static void nbd_list(void *ctx, struct nbd_talk *talk)
{
	const struct nbd_front *front = ctx;
	const struct iod_group *group;
	const struct volume *volume;

	LIST_FOREACH(group, &front->iod->groups, link)
	{
		LIST_FOREACH(volume, &group->volumes, link)
		{
			if (volume->device[FRONT_nbd] != NULL) {
				char name[2 * VX_NAME_MAX + 2];

				snprintf(name, sizeof(name), "%s/%s", volume->conf->group,
					 volume->conf->name);
				nbd_talk_listed(talk, name);
			}
		}
	}
}

/* The export is chosen and everything was said: the lane takes over. */
static int nbd_client_hand_over(struct nbd_client *client)
{
	struct nbd_front *front = client->front;
	struct nbd_conn_setup setup;
	char group[NBD_NAME_BYTES_MAX + 1];
	char *slash;
	int rc;

	snprintf(group, sizeof(group), "%s", client->talk.name);
	slash = strchr(group, '/');
	*slash = '\0';
	client->volume = iod_volume_by_name(front->iod, group, slash + 1);
	if (client->volume == NULL || client->volume->device[FRONT_nbd] == NULL) {
		client->volume = NULL;
		return -ENODEV; /* it went while we talked */
	}
	rc = volume_open(client->volume, client->pid, front_nbd.name,
			 !client->volume->read_only, &client->open);
	if (rc != 0) {
		return rc;
	}
	setup = (struct nbd_conn_setup){
		.vio = client->volume->vio,
		.fd = client->fd,
		.structured = client->talk.structured,
		.read_only = client->volume->read_only,
		.early = client->talk.in,
		.early_length = client->talk.in_length,
		.closed = nbd_client_closed,
		.owner = client,
	};
	rc = nbd_conn_create(&setup, &client->conn);
	if (rc != 0) {
		return rc;
	}
	loop_timer_cancel(&client->timer);
	loop_fd_del(front->iod->loop, client->fd);
	client->fd = -1;
	client->call.lane = client->volume->vio->lane;
	client->call.vio = client->volume->vio;
	client->call.ctx = client->conn;
	client->call.run = nbd_run_start;
	client->call.done = nbd_client_called;
	client->call_busy = true;
	lane_call_send(&client->call);
	return 0;
}

static void nbd_client_watch(struct nbd_client *client, bool want_write)
{
	if (client->want_write != want_write) {
		client->want_write = want_write;
		loop_fd_del(client->front->iod->loop, client->fd);
		loop_fd_add(client->front->iod->loop, client->fd, want_write ? POLLOUT : POLLIN,
			    nbd_client_on_fd, client);
	}
}

static void nbd_client_on_fd(void *ctx, int revents)
{
	struct nbd_client *client = ctx;
	int rc = nbd_talk_go_on(&client->talk, client->fd);

	(void)revents;
	if (rc == NBD_TALK_CHOSEN) {
		rc = nbd_client_hand_over(client) == 0 ? NBD_TALK_CHOSEN : NBD_TALK_OVER;
	}
	if (rc == NBD_TALK_OVER) {
		nbd_client_end(client);
	} else if (rc != NBD_TALK_CHOSEN) {
		nbd_client_watch(client, rc == NBD_TALK_WRITE);
	}
}

static void nbd_client_late(void *ctx)
{
	struct nbd_client *client = ctx;

	log_debug("nbd: pid %d did not choose an export in time", (int)client->pid);
	nbd_client_end(client);
}

/* Who has an export keeps its place; of those that negotiate the oldest gives way. */
static bool nbd_make_room(struct nbd_front *front)
{
	struct nbd_client *client, *oldest = NULL;
	uint32_t talks = 0;

	LIST_FOREACH(client, &front->clients, link)
	{
		if (client->conn == NULL) {
			talks++;
			oldest = client;
		}
	}
	if (oldest != NULL && (talks == VX_NBD_TALKS_MAX || front->count == VX_NBD_CLIENTS_MAX)) {
		log_debug("nbd: pid %d did not choose an export, others came", (int)oldest->pid);
		nbd_client_end(oldest);
	}
	return front->count < VX_NBD_CLIENTS_MAX;
}

static void nbd_on_accept(void *ctx, int revents)
{
	static const struct nbd_talk_ops ops = { .find = nbd_find, .list = nbd_list };
	struct nbd_front *front = ctx;
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	struct nbd_client *client;
	int fd = accept4(front->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0) {
		return;
	}
	client = nbd_make_room(front) ? calloc(1, sizeof(*client)) : NULL;
	if (client == NULL) {
		log_warning("nbd: %u clients have volumes open: one more is refused", front->count);
		close(fd);
		return;
	}
	client->front = front;
	client->fd = fd;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) {
		client->pid = who.pid;
	}
	nbd_talk_init(&client->talk, &ops, front);
	LIST_INSERT_HEAD(&front->clients, client, link);
	front->count++;
	loop_timer_set(front->iod->loop, &client->timer, VX_NBD_NEGOTIATE_MS, nbd_client_late,
		       client);
	if (loop_fd_add(front->iod->loop, fd, POLLIN, nbd_client_on_fd, client) != 0) {
		nbd_client_end(client);
		return;
	}
	nbd_client_on_fd(client, 0); /* the greeting is ours */
}

/* ---- life ---- */

static int nbd_listen(struct nbd_front *front)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct group *group = getgrnam(NBD_GROUP);
	struct stat status;

	if (strlen(front->path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	strcpy(address.sun_path, front->path);
	if (lstat(front->path, &status) == 0 && S_ISSOCK(status.st_mode)) {
		(void)unlink(front->path); /* of a vxiod that was killed: ours holds the pid file */
	}
	front->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (front->fd < 0) {
		return -errno;
	}
	if (bind(front->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(front->path, group != NULL ? 0660 : 0600) != 0 ||
	    (group != NULL && chown(front->path, 0, group->gr_gid) != 0) ||
	    listen(front->fd, NBD_BACKLOG) != 0) {
		return -errno;
	}
	return loop_fd_add(front->iod->loop, front->fd, POLLIN, nbd_on_accept, front);
}

static int nbd_start(struct iod *iod, void **out_front)
{
	struct nbd_front *front = calloc(1, sizeof(*front));
	int rc;

	if (front == NULL) {
		return -ENOMEM;
	}
	front->iod = iod;
	front->fd = -1;
	LIST_INIT(&front->clients);
	snprintf(front->path, sizeof(front->path), "%s/%s", path_run_dir(), PATH_NBD_SOCKET);
	rc = nbd_listen(front);
	if (rc != 0) {
		log_err("nbd: %s: %s: volumes are not reached by NBD", front->path, strerror(-rc));
		if (front->fd >= 0) {
			close(front->fd);
		}
		free(front);
		return rc;
	}
	*out_front = front;
	return 0;
}

static void nbd_stop(void *state)
{
	struct nbd_front *front = state;
	struct nbd_client *client, *next;

	loop_fd_del(front->iod->loop, front->fd);
	close(front->fd);
	(void)unlink(front->path);
	for (client = LIST_FIRST(&front->clients); client != NULL; client = next) {
		next = LIST_NEXT(client, link);
		if (client->conn == NULL) {
			nbd_client_end(client);
		}
	}
	if (LIST_EMPTY(&front->clients)) {
		free(front);
	}
}

static int nbd_add(void *state, struct volume *volume, void **out_device)
{
	struct nbd_device *device = calloc(1, sizeof(*device));

	if (device == NULL) {
		return -ENOMEM;
	}
	device->front = state;
	device->volume = volume;
	*out_device = device;
	return 0;
}

static void nbd_remove(void *state, void *what, void (*done)(void *ctx), void *ctx)
{
	struct nbd_front *front = state;
	struct nbd_device *device = what;
	struct nbd_client *client;

	device->done = done;
	device->ctx = ctx;
	device->next = front->removing;
	front->removing = device;
	LIST_FOREACH(client, &front->clients, link)
	{
		if (client->volume == device->volume) {
			nbd_client_stop(client);
		}
	}
	nbd_device_check(front);
}

const struct front_ops front_nbd = {
	.name = "nbd",
	.start = nbd_start,
	.stop = nbd_stop,
	.add = nbd_add,
	.remove = nbd_remove,
	.where = nbd_where,
};
