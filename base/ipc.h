/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local IPC on libqb, which is met here only: packets of the schema (Vx__Ipc) both ways.
 *
 * Both ends send whenever they like; a request carries a cookie and the answer repeats it. Packets
 * of one connection keep their order. A packet is copied when it is sent; a packet that is
 * received belongs to this layer and is freed when the callback returns. Large packets are cut and
 * put together here (VX_IPC_MSG_MAX). Only root and the group `vxha` may connect.
 * Main thread only.
 */
#ifndef VX_BASE_IPC_H
#define VX_BASE_IPC_H

#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "vxha.pb-c.h"

struct ipc_server;
struct ipc_peer; /* a client as its server sees it; dead after closed() returned */

struct ipc_server_ops {
	void (*opened)(void *ctx, struct ipc_peer *peer);
	void (*message)(void *ctx, struct ipc_peer *peer, const Vx__Ipc *msg);
	void (*closed)(void *ctx, struct ipc_peer *peer);
};

/* 0, -EADDRINUSE when another process serves that name, or -errno. */
int ipc_server_create(struct loop *loop, const char *name, const struct ipc_server_ops *ops,
		      void *ctx, struct ipc_server **out_server);
void ipc_server_destroy(struct ipc_server *server);

/* 0; -VX_E_FULL: the client does not read and its queue is full (it is disconnected). */
int ipc_peer_send(struct ipc_peer *peer, const Vx__Ipc *msg);
void ipc_peer_disconnect(struct ipc_peer *peer);
pid_t ipc_peer_pid(const struct ipc_peer *peer);
uid_t ipc_peer_uid(const struct ipc_peer *peer);
void ipc_peer_user_set(struct ipc_peer *peer, void *user);
void *ipc_peer_user(const struct ipc_peer *peer);

/* A daemon's connection to a server: never blocks, connects again when it is lost. */
struct ipc_client;
struct ipc_client_ops {
	void (*connected)(void *ctx);
	void (*message)(void *ctx, const Vx__Ipc *msg);
	void (*closed)(void *ctx);
};

int ipc_client_create(struct loop *loop, const char *name, const struct ipc_client_ops *ops,
		      void *ctx, struct ipc_client **out_client);
void ipc_client_destroy(struct ipc_client *client);
/* 0; -ENOTCONN while there is no connection; -VX_E_FULL. */
int ipc_client_send(struct ipc_client *client, const Vx__Ipc *msg);
bool ipc_client_is_connected(const struct ipc_client *client);

/* A utility's connection: blocking, no loop. */
struct ipc_call;
/*
 * 0; -VX_E_NODAEMON when nobody serves that name; -EACCES; -VX_E_TIMEOUT when it does not react; -VX_E_NOSHM or
 * -errno when somebody does, but no connection came about.
 */
int ipc_call_open(const char *name, struct ipc_call **out_call);
/* The same, for people who wait: look() is called again and again, and ends it if it is not 0. */
int ipc_call_open_look(const char *name, int (*look)(void *ctx), void *ctx,
		       struct ipc_call **out_call);
void ipc_call_close(struct ipc_call *call);
int ipc_call_send(struct ipc_call *call, const Vx__Ipc *msg);
/* Next packet, to be freed with vx__ipc__free_unpacked(). 0, -VX_E_TIMEOUT, -VX_E_IPC, -EINTR. */
int ipc_call_receive(struct ipc_call *call, int timeout_ms, Vx__Ipc **out_msg);

#endif
