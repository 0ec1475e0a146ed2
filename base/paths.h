/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are. The environment variables are for tests of one process without a cluster.
 * Returned strings live as long as the process.
 */
#ifndef VX_BASE_PATHS_H
#define VX_BASE_PATHS_H

const char *path_run_dir(void);	   /* /run/vxha (VXHA_RUN_DIR): pid files, sockets; volatile */
const char *path_state_dir(void);  /* /var/lib/vxha (VXHA_STATE_DIR): durable memory of the node */
const char *path_log_dir(void);	   /* /var/log/vxha (VXHA_LOG_DIR) */
const char *path_conf_file(void);  /* /etc/vxha/vxha.conf (VXHA_CONF) */
const char *path_device_dir(void); /* /dev/vx (VXHA_DEVICE_DIR): dsk/GROUP/VOLUME */

/* Another configuration file, for this process and those that it starts. 0 or -errno. */
int path_conf_file_use(const char *path);

#define PATH_GROUP_NOTES "configd.groups" /* in the run folder: groups that vxconfigd runs */
#define PATH_NBD_SOCKET "nbd.sock"	  /* in the run folder; export names are GROUP/VOLUME */

/* Names of the IPC services (libqb). */
#define IPC_CLUSTD "vxha-clustd"
#define IPC_IOD "vxha-iod"
#define IPC_CONFIGD "vxha-configd"

/* Makes the run, state and log folders. 0 or -errno of *out_failed. */
int path_make_dirs(const char **out_failed);

#endif
