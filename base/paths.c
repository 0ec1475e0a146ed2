// SPDX-License-Identifier: GPL-2.0-or-later
/* Where things are. */
#include "base/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *path_get(const char *variable, const char *standard)
{
	const char *value = secure_getenv(variable);

	return value != NULL && value[0] == '/' ? value : standard;
}

const char *path_run_dir(void)
{
	return path_get("VXHA_RUN_DIR", "/run/vxha");
}

const char *path_state_dir(void)
{
	return path_get("VXHA_STATE_DIR", "/var/lib/vxha");
}

const char *path_log_dir(void)
{
	return path_get("VXHA_LOG_DIR", "/var/log/vxha");
}

const char *path_conf_file(void)
{
	return path_get("VXHA_CONF", "/etc/vxha/vxha.conf");
}

int path_conf_file_use(const char *path)
{
	char *absolute = realpath(path, NULL); /* a daemon goes to another folder */
	int rc = absolute != NULL && setenv("VXHA_CONF", absolute, 1) == 0 ? 0 : -errno;

	free(absolute);
	return rc;
}

const char *path_device_dir(void)
{
	return path_get("VXHA_DEVICE_DIR", "/dev/vx");
}

int path_make_dirs(const char **out_failed)
{
	const struct {
		const char *path;
		mode_t mode;
	} dir[] = { { path_run_dir(), 0755 }, /* group vxha reaches its socket */
		    { path_state_dir(), 0750 },
		    { path_log_dir(), 0750 } };

	for (size_t i = 0; i < sizeof(dir) / sizeof(dir[0]); i++) {
		int rc = mkdir(dir[i].path, dir[i].mode);

		if (rc == 0) {
			rc = chmod(dir[i].path, dir[i].mode); /* whatever the umask is */
		} else if (errno == EEXIST) {
			rc = 0; /* as it is: somebody may have wanted it so */
		}
		if (rc != 0) {
			*out_failed = dir[i].path;
			return -errno;
		}
	}
	return 0;
}
