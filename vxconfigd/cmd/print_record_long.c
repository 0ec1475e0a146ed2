// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of a group as blocks of lines: vxprint -l. */
#include <inttypes.h>
#include <string.h>

#include "base/paths.h"
#include "vxconfigd/cmd/print_record.h"
#include "vxconfigd/cmd/words.h"

/* "a,b,c": the plexes of a volume. */
static void print_long_plexes(const struct listing *list, const Vx__Vol *vol, FILE *out)
{
	const struct listing_item *plex;
	size_t count = listing_plexes_of(list, vol, &plex);

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s", i > 0 ? "," : "", plex[i].plex->name);
	}
	fprintf(out, "%s\n", count == 0 ? "(none)" : "");
}

/* "a(offset:length:disk offset),b(...)": the subdisks of a plex. */
static void print_long_subdisks(const struct listing *list, const Vx__Plex *plex, FILE *out)
{
	const struct listing_item *item;
	size_t count = listing_subdisks_of(list, plex, &item);

	for (size_t i = 0; i < count; i++) {
		const Vx__Sd *sd = item[i].sd;

		fprintf(out, "%s%s(%" PRIu64 ":%" PRIu64 ":%" PRIu64 ")", i > 0 ? "," : "",
			sd->name, sd->plex_offset, sd->len, sd->disk_offset);
	}
	fprintf(out, "%s\n", count == 0 ? "(none)" : "");
}

static void print_long_dg(const Vx__Dg *dg, FILE *out)
{
	fprintf(out, "Group:    %s\n", dg->name);
	fprintf(out, "info:     dgid=%s version=%" PRIu32 "\n", dg->dgid, dg->version);
	fprintf(out, "owner:    %s=%s\n", dg->shared ? "cluster" : "host",
		dg->shared ? dg->cluster : dg->host);
	fprintf(out, "policies: detach=%s activation=%s\n",
		dg->detach_policy == VX__DETACH_POLICY__DETACH_LOCAL ? "local" : "global",
		word_activation(dg->activation));
	fprintf(out, "minors:   >= %" PRIu32 "\n", dg->minor_base);
}

static void print_long_dm(const Vx__Dm *dm, FILE *out)
{
	fprintf(out, "Disk:     %s\n", dm->name);
	fprintf(out, "info:     diskid=%s\n", dm->diskid);
	fprintf(out, "assoc:    device=%s type=auto\n", dm->device);
	fprintf(out, "flags:    autoconfig%s\n", dm->nconfig ? " configcopy" : "");
	fprintf(out, "device:   pub_offset=%" PRIu64 " pub_len=%" PRIu64 " priv_len=%" PRIu64 "\n",
		dm->pub_offset, dm->pub_len, dm->priv_len);
}

static const char *print_long_read_policy(Vx__ReadPolicy policy)
{
	/* SELECT reads from whichever plex answers best; among equals in turn */
	return policy == VX__READ_POLICY__READ_SELECT
		       ? "SELECT (round-robin)"
		       : word_enum(&vx__read_policy__descriptor, (int)policy);
}

/* Length of its logs; the shortest, if they differ. */
static uint64_t print_long_log(const struct listing *list, const Vx__Vol *vol)
{
	const struct listing_item *item;
	size_t count = listing_plexes_of(list, vol, &item);
	uint64_t shortest = 0;

	for (size_t i = 0; i < count; i++) {
		const struct listing_item *sd;

		if (item[i].plex->is_log && listing_subdisks_of(list, item[i].plex, &sd) > 0 &&
		    (shortest == 0 || sd->sd->len < shortest)) {
			shortest = sd->sd->len;
		}
	}
	return shortest;
}

static void print_long_vol(const struct listing *list, const Vx__Vol *vol, FILE *out)
{
	const char *group = list->config->dg != NULL ? list->config->dg->name : "-";

	fprintf(out, "Volume:   %s\n", vol->name);
	fprintf(out, "info:     len=%" PRIu64 "\n", vol->len);
	fprintf(out, "type:     usetype=%s\n", vol->usetype);
	fprintf(out, "state:    state=%s kernel=%s\n",
		word_enum(&vx__vol_state__descriptor, (int)vol->state),
		word_enum(&vx__kstate__descriptor, (int)vol->kstate));
	fprintf(out, "assoc:    plexes=");
	print_long_plexes(list, vol, out);
	fprintf(out, "policies: read=%s%s%s\n", print_long_read_policy(vol->read_policy),
		vol->prefer_plex[0] != '\0' ? " preferred=" : "", vol->prefer_plex);
	fprintf(out, "flags:    exclusive=%s\n", vol->exclusive ? "on" : "off");
	if (vol->region_len > 0) {
		fprintf(out, "logging:  type=REGION loglen=%" PRIu64 " regionlen=%" PRIu64 " (enabled)\n",
			print_long_log(list, vol), vol->region_len);
	} else {
		fprintf(out, "logging:  type=NONE\n");
	}
	fprintf(out, "device:   minor=%" PRIu32 " path=%s/dsk/%s/%s\n", vol->minor,
		path_device_dir(), group, vol->name);
	fprintf(out, "perms:    user=root group=root mode=0600\n");
	fprintf(out, "guid:     %s\n", vol->guid[0] != '\0' ? vol->guid : "-");
	if (vol->comment[0] != '\0') {
		fprintf(out, "comment:  %s\n", vol->comment);
	}
}

static void print_long_plex(const struct listing *list, const Vx__Plex *plex, FILE *out)
{
	const Vx__Vol *vol = listing_vol_of(list->config, plex);
	char columns[64];

	fprintf(out, "Plex:     %s\n", plex->name);
	fprintf(out, "info:     len=%" PRIu64 "%s\n", plex->len, plex->is_log ? " (log only)" : "");
	fprintf(out, "type:     layout=%s ncol/width=%s\n", print_record_layout(plex),
		print_record_columns(plex, columns, sizeof(columns)));
	fprintf(out, "state:    state=%s kernel=%s io=%s\n",
		word_enum(&vx__plex_state__descriptor, (int)plex->state),
		word_enum(&vx__kstate__descriptor, (int)plex->kstate),
		strcmp(print_record_mode(plex), "WO") == 0 ? "write-only" : "read-write");
	fprintf(out, "assoc:    vol=%s sd=", vol != NULL ? vol->name : "(dissoc)");
	print_long_subdisks(list, plex, out);
}

static void print_long_sd(const struct listing *list, const Vx__Sd *sd, FILE *out)
{
	const Vx__Plex *plex = listing_plex_of(list->config, sd);
	const Vx__Dm *dm = listing_dm_of(list->config, sd);

	fprintf(out, "Subdisk:  %s\n", sd->name);
	fprintf(out, "info:     disk=%s offset=%" PRIu64 " len=%" PRIu64 "\n",
		dm != NULL ? dm->name : "-", sd->disk_offset, sd->len);
	if (plex != NULL) {
		fprintf(out, "assoc:    plex=%s column=%" PRIu32 " offset=%" PRIu64 "\n",
			plex->name, sd->column, sd->plex_offset);
	} else {
		fprintf(out, "assoc:    (dissoc)\n");
	}
	fprintf(out, "device:   device=%s\n", dm != NULL ? dm->device : "-");
}

static void print_long_item(const struct listing *list, const struct listing_item *item, FILE *out)
{
	switch (item->class) {
	case LISTING_DG:
		print_long_dg(item->dg, out);
		break;
	case LISTING_DM:
		print_long_dm(item->dm, out);
		break;
	case LISTING_VOL:
		print_long_vol(list, item->vol, out);
		break;
	case LISTING_PLEX:
		print_long_plex(list, item->plex, out);
		break;
	case LISTING_SD:
		print_long_sd(list, item->sd, out);
		break;
	case LISTING_CLASS_COUNT:
		break;
	}
}

void print_record_long(const struct listing *list, FILE *out)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0) {
			fputc('\n', out);
		}
		print_long_item(list, &list->item[i], out);
	}
}
