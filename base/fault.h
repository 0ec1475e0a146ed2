/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Points at which a daemon can be stopped, so that a test kills, cuts off or pauses something right
 * there (make check-crash). They exist only in a build with FAULTS=1: elsewhere FAULT() is nothing.
 *
 * A test writes the name of a point and which time it is meant (1: the first) into the file
 * `fault` of the daemons' run directory. The process that comes there renames it to `fault.hit`
 * and stops itself (SIGSTOP), all its threads; what comes next is up to the test.
 */
#ifndef VX_BASE_FAULT_H
#define VX_BASE_FAULT_H

/*
 * X(name, daemon, where, what is to be done next). where: on the master, on every member, or only
 * on others than the master.
 */
#define FAULTS(X) \
	X(P1_ACCEPTED, vxconfigd, master, "a request is accepted; PROPOSE is not sent") \
	X(P2_PROPOSED, vxconfigd, master, "PROPOSE is handed to vxclustd") \
	X(P3_DELIVERED, vxconfigd, member, "PROPOSE is delivered; it is not checked") \
	X(P4_VOTE, vxconfigd, member, "the vote is not sent") \
	X(P5_QUIESCE, vxconfigd, master, "all voted yes; QUIESCE is not sent") \
	X(P6_SUSPEND, vxconfigd, member, "QUIESCE is delivered; nothing is suspended") \
	X(P7_PREPARED, vxconfigd, member, "suspended; 'prepared' is not sent") \
	X(P8_WRITE, vxconfigd, master, "all are prepared; nothing is written") \
	X(P9_PART, vxconfigd, master, "a part of a write to one copy is done") \
	X(P10_COPY, vxconfigd, master, "one copy is written") \
	X(P11_COMMIT, vxconfigd, master, "a majority is written; COMMIT is not sent") \
	X(P12_SENT, vxconfigd, master, "COMMIT is handed to vxclustd") \
	X(P15_SEEN, vxconfigd, member, "COMMIT is delivered; it is not remembered") \
	X(P16_ACK, vxconfigd, member, "remembered; ACK is not sent") \
	X(P17_APPLY, vxconfigd, member, "all have seen COMMIT; it is not applied") \
	X(P18_ANSWER, vxconfigd, master, "applied; the utility has no answer") \
	X(P19_ANSWERED, vxconfigd, master, "the answer is on its way") \
	X(R1_RSTART, vxclustd, master, "a reconfiguration begins; RSTART is not sent") \
	X(R2_HELLO, vxclustd, member, "stopped; HELLO is not sent") \
	X(R3_SURVEY, vxclustd, master, "all said HELLO; the copies are not read") \
	X(R4_PROOF, vxclustd, master, "the proof of fencing is there, nothing is made of it") \
	X(R6_CLAIM, vxclustd, master, "fencing is proven; nothing is claimed") \
	X(R8_NEWVIEW, vxclustd, master, "claimed; NEWVIEW is not sent") \
	X(R9_STORE, vxclustd, member, "NEWVIEW is delivered; the epoch is not stored") \
	X(R9_ROLE, vxclustd, member, "stored; step role does not begin") \
	X(R9_CONFIG, vxclustd, member, "step configuration does not begin") \
	X(R7_CONTENT, vxconfigd, master, "decided; the content is not written") \
	X(R9_RECOVER, vxclustd, member, "step recovery map does not begin") \
	X(R9_RESUME, vxclustd, member, "step resume does not begin")

#ifdef VX_FAULTS
enum fault {
#define FAULT_ENUM(name, daemon, where, next) FAULT_##name,
	FAULTS(FAULT_ENUM)
#undef FAULT_ENUM
};

/* Any thread. */
void fault_point(enum fault fault);
#define FAULT(name) fault_point(FAULT_##name)
#else
#define FAULT(name) ((void)0)
#endif

#endif
