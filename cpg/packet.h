/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a packet between two vxclustds:
 *
 *      0  4  magic "VXHC"
 *      4  2  format major (another major is refused)
 *      6  2  format minor (a newer minor is read)
 *      8  4  length of what follows the head
 *     12  4  crc32c of what follows the head
 *     16     Vx__Cpg, packed
 *
 * Little-endian. Everything is checked before it is looked at: length, magic, version, checksum,
 * bounds.
 */
#ifndef VX_CPG_PACKET_H
#define VX_CPG_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "cpg/view.h"
#include "vxha.pb-c.h"

#define PACKET_HEAD 16
#define PACKET_MAGIC "VXHC"
#define PACKET_MAJOR 1
#define PACKET_MINOR 0

/* Bytes of msg in memory of the caller's (free()). NULL when it is too long for the stream. */
uint8_t *packet_encode(const Vx__Cpg *msg, size_t *out_length);
/* 0 and a message to be freed with vx__cpg__free_unpacked(), or -VX_E_PROTO, -VX_E_VERSION,
 * -VX_E_CORRUPT. */
int packet_decode(const void *data, size_t length, Vx__Cpg **out_msg);

/* The part of a message that the view core understands. -VX_E_PROTO if it is none of its packets
 * or breaks a bound. from, pid: the sender as CPG names it. */
int packet_to_view(const Vx__Cpg *msg, uint32_t from, uint32_t pid, struct view_packet *out_packet);
/* One member. -VX_E_PROTO if its slot breaks the bound. */
int packet_to_member(const Vx__Member *member, struct view_member *out_member);
/* And back: bytes of a packet of the view core. */
uint8_t *packet_from_view(const struct view_packet *packet, uint64_t serial, size_t *out_length);

/* A view in the words of the schema, for local clients. name(ctx, nodeid) and addr(ctx, nodeid)
 * give the strings (not copied). Free with packet_view_free(). */
struct packet_names {
	const char *(*name)(void *ctx, uint32_t nodeid);
	const char *(*addr)(void *ctx, uint32_t nodeid);
	void *ctx;
};
Vx__View *packet_view_make(const struct view *view, const struct packet_names *names, uint32_t self,
			   const char *cluster);
void packet_view_free(Vx__View *view);

#endif
