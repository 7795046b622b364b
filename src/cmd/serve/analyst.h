/* SPDX-License-Identifier: Apache-2.0 */
/* analyst.h — the role that parses: gets closed segments of the log-ahead file from the keeper,
 * gives back sealed memory with the payload of a block. It opens nothing; what it makes is believed
 * by nobody: the keeper decodes it and compares every byte.
 * Threads: one. Memory: a segment, its payload, the table of sources. */
#pragma once

/* Runs until the keeper or the supervisor closes the socket. Exit status. */
int analyst_run(int keeper_fd);
