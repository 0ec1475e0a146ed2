// SPDX-License-Identifier: GPL-2.0-or-later
/* The state of vxconfigd and of the cluster as vxdctl shows it. */
#include "vxconfigd/cmd/print_mode.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static const char *print_mode_role(const Vx__ModeInfo *mode)
{
	if (strcasecmp(mode->role, "master") == 0) {
		return "MASTER";
	}
	return strcasecmp(mode->role, "slave") == 0 ? "SLAVE" : "role not set";
}

void print_mode(const Vx__ModeInfo *mode, bool cluster, FILE *out)
{
	if (!cluster || strcmp(mode->mode, "disabled") == 0) {
		fprintf(out, "mode: %s\n", mode->mode);
		return;
	}
	if (!mode->cluster) {
		fprintf(out, "mode: %s: cluster inactive\n", mode->mode);
		return;
	}
	fprintf(out, "mode: %s: cluster active - %s\n", mode->mode, print_mode_role(mode));
	if (mode->master[0] != '\0') {
		fprintf(out, "master: %s\n", mode->master);
	}
	if (mode->state[0] != '\0') {
		fprintf(out, "state: %s\n", mode->state);
	}
	if (mode->reconfig[0] != '\0') {
		fprintf(out, "reconfig: %s\n", mode->reconfig);
	}
}

void print_mode_volboot(const Vx__ModeInfo *mode, FILE *out)
{
	fprintf(out, "Volboot file\n");
	if (mode->volboot[0] != '\0') {
		fprintf(out, "%s\n", mode->volboot);
	}
	if (mode->cluster_name[0] != '\0') {
		fprintf(out, "cluster: %s\n", mode->cluster_name);
	}
	fprintf(out, "cluster protocol version: %" PRIu32 "\n", mode->protocol);
	fprintf(out, "hostid: %s\n", mode->host);
	fprintf(out, "entries:\n");
}

void print_mode_protocol(const Vx__ModeInfo *mode, FILE *out)
{
	if (mode->cluster) {
		fprintf(out, "Cluster running at protocol %" PRIu32 "\n", mode->protocol);
	} else {
		fprintf(out,
			"Cluster inactive; this node joins at protocol %" PRIu32 " to %" PRIu32
			"\n",
			mode->proto_min, mode->proto_max);
	}
}

void print_mode_range(const Vx__ModeInfo *mode, FILE *out)
{
	fprintf(out, "minprotoversion: %" PRIu32 ", maxprotoversion: %" PRIu32 "\n",
		mode->proto_min, mode->proto_max);
}

void print_mode_support(const Vx__ModeInfo *mode, FILE *out)
{
	fprintf(out, "Support information:\n");
	fprintf(out, "  vxconfigd_vrsn:     %" PRIu32 "\n", mode->configd_version);
	fprintf(out, "  dg_minimum:         %" PRIu32 "\n", mode->dg_min);
	fprintf(out, "  dg_maximum:         %" PRIu32 "\n", mode->dg_max);
	fprintf(out, "  kernel:             %" PRIu32 "\n", mode->iod_version);
	fprintf(out, "  protocol_minimum:   %" PRIu32 "\n", mode->proto_min);
	fprintf(out, "  protocol_maximum:   %" PRIu32 "\n", mode->proto_max);
	fprintf(out, "  protocol_current:   %" PRIu32 "\n", mode->protocol);
}
