/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h — who speaks: one struct speaker a source, with the handle the keeper knows it by.
 * In: peer addresses, paths, unit names. Out: speakers; a new one is defined to the keeper first.
 * Bounded: beyond max_sources all newcomers share the speaker "overflow" of their kind, and a note
 * says so. Three quarters at most go to datagram peers, whose addresses anybody can make up: so a
 * forger of addresses cannot take the places of files and connections.
 * Threads: one owner. Memory: some 250 bytes a source; keyed hashing. */
#pragma once
#include "intake/push.h"
#include <sys/socket.h>

struct speaker {
	uint32_t handle;
	enum source_kind kind;
	struct count_row *row; /* NULL when the table of counters is full */
	struct bytes host, name;
	/* Budgets, kept by net and udp. */
	uint32_t connections;
	uint64_t round, spent; /* bytes in this round of the loop */
	int64_t tokens; /* bytes it may still send, where there is a rate */
	usec tokens_at;
	uint64_t staged; /* bytes that wait for the ring */
	uint64_t lost; /* not yet told in a note */
	struct speaker *next_lossy;
	/* The table's. */
	uint64_t hash;
	struct bytes key;
};

struct sources;

struct sources *sources_new(struct push *push, const char *host, int year, int zone_minutes,
			    uint32_t max);
struct sources *sources_free(struct sources *s);
void sources_limit(struct sources *s, uint32_t max);

/* The speaker of a peer of a socket: host and name are its address as text, without the port.
 * 0 or PUSH_FULL (it is new, and could not be told now). */
int sources_peer(struct sources *s, enum source_kind kind, const struct sockaddr_storage *from,
		 struct speaker **ret);
/* By name, on our own host. */
int sources_named(struct sources *s, enum source_kind kind, struct bytes name,
		  struct speaker **ret);
/* The same if it is there already, else NULL: nothing is pushed. */
struct speaker *sources_find(struct sources *s, enum source_kind kind, struct bytes name);
uint32_t sources_n(const struct sources *s);
