// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FUSE front end: a mount for each volume whose root is a regular file.
 *
 *   add -> MOUNTING -> SERVING -> remove -> UNMOUNTING -> STOPPING -> gone
 *              |  ^
 *              v  | 5 s later
 *            BLOCKED -> remove -> gone            (something is in the way: place.h)
 *
 * Mounting and unmounting are jobs of one queue, one after the other, so that the same path can
 * vanish and appear again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/timeouts.h"
#include "volio/fuse_serve.h"
#include "volio/killed.h"
#include "volio/place.h"
#include "volio/volume.h"

#define FUSE_QUEUE "mount"
#define FUSE_KILLED_QUEUE "killed"
#define FUSE_PATH_MAX 512 /* of those that are checked */

LIST_HEAD(fuse_list, fuse_device);

struct fuse_front {
	struct iod *iod;
	struct fuse_list devices;
	struct loop_timer timer; /* looks at who waits */
};

enum fuse_state { FUSE_MOUNTING, FUSE_BLOCKED, FUSE_SERVING, FUSE_ENDING };

struct fuse_device {
	LIST_ENTRY(fuse_device) link;
	struct fuse_front *front;
	struct volume *volume;
	struct fuse_server *server;
	enum fuse_state state;
	struct worker_job job;
	struct lane_call call;
	struct loop_timer timer; /* BLOCKED */
	int fd, error;
	bool mounted;
	/* SERVING: who waits at the gate */
	bool looking;
	struct fuse_waiting waiting;
	struct lane_call waiting_call;
	struct worker_job waiting_job;
	char name[2 * VX_NAME_MAX + 2]; /* GROUP/VOLUME */
	char path[PATH_MAX];
	char reason[VX_REASON_MAX];  /* of error */
	char trouble[VX_REASON_MAX]; /* the last one that was told; "": none */
	void (*done)(void *ctx); /* of remove */
	void *ctx;
};

static void fuse_path(const char *group, const char *volume, char *out, size_t size)
{
	snprintf(out, size, "%s/dsk/%s/%s", path_device_dir(), group, volume);
}

static void fuse_where(void *front, const struct volume *volume, char *out, size_t size)
{
	(void)front;
	fuse_path(volume->conf->group, volume->conf->name, out, size);
}

static void fuse_on_timer(void *ctx);

static int fuse_start(struct iod *iod, void **out_front)
{
	struct fuse_front *front;
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int rc;

	if (fd < 0) {
		rc = -errno;
		log_warning("fuse: /dev/fuse: %s: volumes are reached by NBD only", strerror(-rc));
		return rc;
	}
	close(fd);
	front = calloc(1, sizeof(*front));
	if (front == NULL) {
		return -ENOMEM;
	}
	front->iod = iod;
	LIST_INIT(&front->devices);
	loop_timer_set(iod->loop, &front->timer, VX_KILLED_MS, fuse_on_timer, front);
	*out_front = front;
	return 0;
}

static void fuse_stop(void *state)
{
	struct fuse_front *front = state;

	loop_timer_cancel(&front->timer);
	free(front);
}

/* ---- mount (worker) ---- */

static int fuse_mount(struct fuse_device *device)
{
	char data[256];

	snprintf(data, sizeof(data),
		 "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other,max_read=%"
		 "d",
		 device->fd, S_IFREG | 0600, VX_IO_BYTES);
	if (mount(device->name, device->path, "fuse.vxiod", MS_NOSUID | MS_NODEV | MS_NOATIME,
		  data) != 0) {
		snprintf(device->reason, sizeof(device->reason), "%.300s: cannot mount: %s",
			 device->path, strerror(errno));
		return -errno;
	}
	return 0;
}

static void fuse_mount_run(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));

	device->fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (device->fd < 0) {
		device->error = -errno;
		snprintf(device->reason, sizeof(device->reason), "/dev/fuse: %s", strerror(errno));
		return;
	}
	device->error = place_make(path_device_dir(), device->path, device->reason);
	if (device->error == 0) {
		device->error = fuse_mount(device);
		device->mounted = device->error == 0;
		if (!device->mounted) {
			place_remove(device->path);
		}
	}
}

static void fuse_unmount_run(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));

	device->error = device->mounted && umount2(device->path, MNT_DETACH) != 0 ? -errno : 0;
	if (device->mounted) {
		place_remove(device->path);
	}
}

/* ---- check (worker) ---- */

struct fuse_check {
	struct worker_job job;
	struct gather *gather;
	char reason[VX_REASON_MAX];
	int error;
	size_t count;
	char path[][FUSE_PATH_MAX];
};

static void fuse_check_run(struct worker_job *job)
{
	struct fuse_check *check = (struct fuse_check *)job;

	for (size_t i = 0; i < check->count && check->error == 0; i++) {
		check->error = place_check(path_device_dir(), check->path[i], check->reason);
	}
}

static void fuse_checked(struct worker_job *job)
{
	struct fuse_check *check = (struct fuse_check *)job;
	int error = job->error != 0 ? job->error : check->error;

	gather_end(check->gather, error, job->error != 0 ? "too many jobs wait" : check->reason);
	free(check);
}

/* What is there is a device of this front end, which stays or goes before the next one comes. */
static bool fuse_is_own(const struct fuse_front *front, const char *path)
{
	const struct fuse_device *device;

	LIST_FOREACH(device, &front->devices, link)
	{
		if (device->state != FUSE_BLOCKED && strcmp(device->path, path) == 0) {
			return true;
		}
	}
	return false;
}

static void fuse_check(void *state, const Vx__IodDevices *devices, struct gather *gather)
{
	struct fuse_front *front = state;
	struct fuse_check *check =
		calloc(1, sizeof(*check) + devices->n_volume * sizeof(check->path[0]));

	if (check == NULL) {
		log_bug("out of memory");
	}
	check->gather = gather;
	for (size_t i = 0; i < devices->n_volume; i++) {
		char *path = check->path[check->count];

		fuse_path(devices->group, devices->volume[i], path, sizeof(check->path[0]));
		check->count += !fuse_is_own(front, path);
	}
	check->job.run = fuse_check_run;
	check->job.done = fuse_checked;
	gather_add(gather);
	worker_submit(front->iod->worker, FUSE_QUEUE, &check->job);
}

/* ---- life (main thread) ---- */

static void fuse_gone(struct fuse_device *device)
{
	void (*done)(void *ctx) = device->done;
	void *ctx = device->ctx;

	if (device->server != NULL) {
		fuse_server_free(device->server);
	} else if (device->fd >= 0) {
		close(device->fd);
	}
	opens_remove_all(&device->front->iod->opens, device->volume, front_fuse.name);
	LIST_REMOVE(device, link);
	free(device);
	done(ctx);
}

static void fuse_stopped(struct lane_call *call)
{
	fuse_gone((struct fuse_device *)((char *)call - offsetof(struct fuse_device, call)));
}

static void fuse_unmounted(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));

	device->error = job->error != 0 ? job->error : device->error;
	if (device->error != 0) {
		log_warning("fuse: %s: cannot unmount: %s", device->path, vx_strerror(device->error));
	}
	if (device->server == NULL) {
		fuse_gone(device);
		return;
	}
	device->call.run = fuse_run_stop;
	device->call.done = fuse_stopped;
	lane_call_send(&device->call);
}

static void fuse_unmount(struct fuse_device *device)
{
	device->state = FUSE_ENDING;
	device->job.run = fuse_unmount_run;
	device->job.done = fuse_unmounted;
	worker_submit(device->front->iod->worker, FUSE_QUEUE, &device->job);
}

static void fuse_serving(struct lane_call *call)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)call - offsetof(struct fuse_device, call));

	device->state = FUSE_SERVING;
	if (device->trouble[0] != '\0') {
		log_notice("dg=%s vol=%s: the device is there now", device->volume->conf->group,
			   device->volume->conf->name);
		device->trouble[0] = '\0';
	}
	if (device->done != NULL) {
		fuse_unmount(device);
	}
}

static void fuse_mounted(struct worker_job *job);

static void fuse_begin(struct fuse_device *device)
{
	device->state = FUSE_MOUNTING;
	device->job.run = fuse_mount_run;
	device->job.done = fuse_mounted;
	worker_submit(device->front->iod->worker, FUSE_QUEUE, &device->job);
}

static void fuse_on_retry(void *ctx)
{
	fuse_begin(ctx);
}

/* The volume goes on without its device; what is in the way may go away. */
static void fuse_block(struct fuse_device *device)
{
	if (strcmp(device->trouble, device->reason) != 0) {
		memcpy(device->trouble, device->reason, sizeof(device->trouble));
		log_err("dg=%s vol=%s: NO DEVICE ON THIS NODE: %s", device->volume->conf->group,
			device->volume->conf->name, device->reason);
	}
	if (device->fd >= 0) {
		close(device->fd); /* a mount that nobody serves is dead with it */
		device->fd = -1;
	}
	device->state = FUSE_BLOCKED;
	if (device->done != NULL) {
		fuse_unmount(device);
	} else {
		loop_timer_set(device->front->iod->loop, &device->timer, VX_DEVICE_RETRY_MS,
			       fuse_on_retry, device);
	}
}

/* ---- V30: who waits at the gate and is being killed ---- */

static void fuse_look_call(struct fuse_device *device, void (*run)(struct lane_call *call),
			   void (*done)(struct lane_call *call))
{
	device->waiting_call = (struct lane_call){ .lane = device->volume->vio->lane,
						   .ctx = &device->waiting,
						   .run = run,
						   .done = done };
	lane_call_send(&device->waiting_call);
}

static void fuse_look_end(struct lane_call *call)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)call - offsetof(struct fuse_device, waiting_call));

	device->looking = false;
	if (device->done != NULL) {
		fuse_unmount(device);
	}
}

static void fuse_look_run(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, waiting_job));

	for (uint32_t i = 0; i < VX_VOLUME_REQUESTS; i++) {
		struct fuse_waiter *waiter = &device->waiting.of[i];

		waiter->killed =
			waiter->unique != 0 && killed_look(waiter->thread, &waiter->process);
	}
}

static void fuse_looked(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, waiting_job));

	fuse_look_call(device, fuse_run_withdraw, fuse_look_end);
}

static void fuse_listed(struct lane_call *call)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)call - offsetof(struct fuse_device, waiting_call));

	if (device->waiting.count == 0) {
		fuse_look_end(call);
		return;
	}
	device->waiting_job.run = fuse_look_run;
	device->waiting_job.done = fuse_looked;
	worker_submit(device->front->iod->worker, FUSE_KILLED_QUEUE, &device->waiting_job);
}

static void fuse_on_timer(void *ctx)
{
	struct fuse_front *front = ctx;
	struct fuse_device *device;

	LIST_FOREACH(device, &front->devices, link)
	{
		if (device->state == FUSE_SERVING && device->volume->holds != 0 && !device->looking) {
			device->looking = true;
			device->waiting.server = device->server;
			fuse_look_call(device, fuse_run_list, fuse_listed);
		}
	}
	loop_timer_set(front->iod->loop, &front->timer, VX_KILLED_MS, fuse_on_timer, front);
}

/* The kernel's word on an open or its end. */
static void fuse_on_ask(struct mail *mail)
{
	struct fuse_ask *ask = (struct fuse_ask *)((char *)mail - offsetof(struct fuse_ask, mail));
	struct fuse_device *device = fuse_server_owner(ask->server);
	struct opens *opens = &device->front->iod->opens;
	struct open_entry *entry = NULL;

	if (ask->is_open) {
		ask->result = device->done != NULL
				      ? -ENODEV
				      : volume_open(device->volume, ask->pid, front_fuse.name,
						    ask->write, &entry);
		ask->handle = (uint64_t)(uintptr_t)entry;
	} else {
		entry = (struct open_entry *)(uintptr_t)ask->handle;
		if (opens_has(opens, entry)) {
			opens_remove(opens, entry);
		}
		ask->result = 0;
	}
	fuse_answer(ask);
}

static void fuse_mounted(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));

	if (job->error == 0 && device->error == 0) {
		device->error = fuse_server_create(device->volume->vio, device->fd, fuse_on_ask,
						   device, &device->server);
		snprintf(device->reason, sizeof(device->reason), "%s", vx_strerror(device->error));
	} else if (job->error != 0) {
		device->error = job->error;
		snprintf(device->reason, sizeof(device->reason), "too many jobs wait");
	}
	if (device->error != 0) {
		fuse_block(device);
		return;
	}
	device->call.lane = device->volume->vio->lane;
	device->call.ctx = device->server;
	device->call.run = fuse_run_start;
	device->call.done = fuse_serving;
	lane_call_send(&device->call);
}

static int fuse_add(void *state, struct volume *volume, void **out_device)
{
	struct fuse_front *front = state;
	struct fuse_device *device = calloc(1, sizeof(*device));

	if (device == NULL) {
		return -ENOMEM;
	}
	device->front = front;
	device->volume = volume;
	device->fd = -1;
	snprintf(device->name, sizeof(device->name), "%s/%s", volume->conf->group,
		 volume->conf->name);
	fuse_where(front, volume, device->path, sizeof(device->path));
	LIST_INSERT_HEAD(&front->devices, device, link);
	fuse_begin(device);
	*out_device = device;
	return 0;
}

static const char *fuse_trouble(const void *device)
{
	return ((const struct fuse_device *)device)->trouble;
}

static void fuse_remove(void *state, void *what, void (*done)(void *ctx), void *ctx)
{
	struct fuse_device *device = what;

	(void)state;
	device->done = done;
	device->ctx = ctx;
	if ((device->state == FUSE_SERVING && !device->looking) || device->state == FUSE_BLOCKED) {
		loop_timer_cancel(&device->timer);
		fuse_unmount(device);
	}
}

const struct front_ops front_fuse = {
	.name = "fuse",
	.start = fuse_start,
	.stop = fuse_stop,
	.check = fuse_check,
	.add = fuse_add,
	.remove = fuse_remove,
	.trouble = fuse_trouble,
	.where = fuse_where,
};
