// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FUSE front end: a mount for each volume whose root is a regular file.
 *
 *   add -> MOUNTING -> SERVING -> remove -> UNMOUNTING -> STOPPING -> gone
 *
 * An empty file is made and mounted over. Mounting and unmounting are jobs of one queue, one after
 * the other, so that the same path can vanish and appear again.
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
#include "volio/fuse_serve.h"
#include "volio/volume.h"

#define FUSE_QUEUE "mount"

struct fuse_front {
	struct iod *iod;
};

enum fuse_state { FUSE_MOUNTING, FUSE_SERVING, FUSE_ENDING };

struct fuse_device {
	struct fuse_front *front;
	struct volume *volume;
	struct fuse_server *server;
	enum fuse_state state;
	struct worker_job job;
	struct lane_call call;
	int fd, error;
	bool mounted;
	char name[2 * VX_NAME_MAX + 2]; /* GROUP/VOLUME */
	char path[PATH_MAX];
	void (*done)(void *ctx); /* of remove */
	void *ctx;
};

static void fuse_where(void *front, const struct volume *volume, char *out, size_t size)
{
	(void)front;
	snprintf(out, size, "%s/dsk/%s/%s", path_device_dir(), volume->conf->group,
		 volume->conf->name);
}

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
	*out_front = front;
	return 0;
}

static void fuse_stop(void *state)
{
	free(state);
}

/* ---- mount (worker) ---- */

static int fuse_make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';

		int rc = mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -errno;

		*slash = '/';
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static int fuse_mount(struct fuse_device *device)
{
	char data[256];
	int rc = fuse_make_parents(device->path);
	int file;

	if (rc != 0) {
		return rc;
	}
	file = open(device->path, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file < 0) {
		return -errno;
	}
	close(file);
	snprintf(data, sizeof(data),
		 "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other,max_read=%"
		 "d",
		 device->fd, S_IFREG | 0600, VX_IO_BYTES);
	if (mount(device->name, device->path, "fuse.vxiod", MS_NOSUID | MS_NODEV | MS_NOATIME,
		  data) != 0) {
		rc = -errno;
		(void)unlink(device->path);
	}
	device->mounted = rc == 0;
	return rc;
}

static void fuse_mount_run(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));

	device->fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	device->error = device->fd < 0 ? -errno : fuse_mount(device);
}

static void fuse_unmount_run(struct worker_job *job)
{
	struct fuse_device *device =
		(struct fuse_device *)((char *)job - offsetof(struct fuse_device, job));
	char *slash;

	device->error = device->mounted && umount2(device->path, MNT_DETACH) != 0 ? -errno : 0;
	(void)unlink(device->path);
	slash = strrchr(device->path, '/');
	*slash = '\0';
	(void)rmdir(device->path); /* the last volume of the group */
	*slash = '/';
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
	if (device->done != NULL) {
		fuse_unmount(device);
	}
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

	device->error = job->error != 0 ? job->error : device->error;
	if (device->error == 0) {
		device->error = fuse_server_create(device->volume->vio, device->fd, fuse_on_ask,
						   device, &device->server);
	}
	if (device->error != 0) {
		log_err("fuse: %s: cannot mount: %s", device->path, vx_strerror(device->error));
		device->state = FUSE_SERVING; /* as far as it goes */
		if (device->done != NULL) {
			fuse_unmount(device);
		}
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
	device->state = FUSE_MOUNTING;
	device->job.run = fuse_mount_run;
	device->job.done = fuse_mounted;
	worker_submit(front->iod->worker, FUSE_QUEUE, &device->job);
	*out_device = device;
	return 0;
}

static void fuse_remove(void *state, void *what, void (*done)(void *ctx), void *ctx)
{
	struct fuse_device *device = what;

	(void)state;
	device->done = done;
	device->ctx = ctx;
	if (device->state == FUSE_SERVING) {
		fuse_unmount(device);
	}
}

const struct front_ops front_fuse = {
	.name = "fuse",
	.start = fuse_start,
	.stop = fuse_stop,
	.add = fuse_add,
	.remove = fuse_remove,
	.where = fuse_where,
};
