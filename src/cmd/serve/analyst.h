/* SPDX-License-Identifier: Apache-2.0 */
/* analyst.h — the role that parses: it follows the segments of the log-ahead file that the keeper
 * hands over, record by record as they become durable. Each is parsed once, held against rules and
 * detectors, and goes into the block that is being made; when its segment is closed, the payload
 * goes back in sealed memory. What it makes is believed by nobody: the keeper decodes it and
 * compares every byte. It opens nothing but rules, calendars and its own database of alerts. A
 * record at which two of them died is never parsed again (struct analyst_numbers, poison). Threads:
 * one, and one that compiles rules. Memory: a segment's block, rules, bounded state. */
#pragma once
#include "cmd/config/config.h"
#include "cmd/serve/shared.h"

struct analyst_start {
	const struct config *config;
	struct shared *shared;
	int keeper, supervisor; /* sockets */
	int wake; /* frontier.h */
	int dirfd; /* of the database of alerts: the process goes there */
	bool told; /* there is a hand that wants the changes of alerts */
};

/* Runs until the keeper or the supervisor closes its socket. Exit status. */
int analyst_run(const struct analyst_start *start);
