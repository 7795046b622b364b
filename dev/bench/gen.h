/* SPDX-License-Identifier: Apache-2.0 */
/* gen.h — the two halves of gen_corpus: the engine (gen_corpus.c: chance, time, text, truth) and
 * the stories that a cloud tells (gen_stories.c). Threads: one. Memory: the jobs under way. */
#pragma once
#include "base/clock.h"

struct id { /* 128 bits that are written as a UUID or as 32 hex digits */
	uint64_t a, b;
};

struct user {
	struct id id, project;
	unsigned name;
};

/* Something under way: a story told step by step. `tell` writes the lines of the step and gives
 * the time until the next one, or JOB_DONE. */
#define JOB_DONE ((usec)-1)
struct job {
	usec at;
	usec (*tell)(struct job *j);
	unsigned step, host, pid, address, number;
	const struct user *user;
	struct id request, object, other;
};

uint64_t chance(void);
unsigned below(unsigned n); /* 0 .. n-1 */
unsigned between(unsigned lo, unsigned hi);
bool one_in(unsigned n);
double unit(void); /* [0, 1) */
usec about(usec mean); /* exponential */
unsigned skewed(unsigned n); /* 0 .. n-1, the small ones far more often */
struct id new_id(void);
const struct user *any_user(void);
unsigned any_address(void); /* Zipf over 4,096 */

/* A line: begin, tell, end. The header is that of the chosen format. */
enum level { DEBUG, INFO, WARNING, ERROR, CRITICAL };
/* oslo.log line of a service; context "[None req-… user project - - default default]", or
 * "[-]" where request is NULL, or dashes where user is NULL. */
void oslo(const struct job *j, const char *host, const char *service, enum level level,
	  const char *logger, const struct id *request, const struct user *user);
/* A line of the system's own log: "program[pid]: ". */
void native(const char *host, const char *program, unsigned pid, enum level level);
/* A line without a header of its own in the file. */
void bare(const char *host, const char *program, unsigned pid, enum level level);
/* %s text  %u unsigned  %z unsigned, two digits  %m unsigned, three  %U id as UUID  %H id as hex
 * %A address by number  %t usec as seconds with 6 decimals  %c usec with two
 * %x 24 bits as xx:xx:xx  %D stamp of access logs  %C ctime stamp  %% */
void tell(const char *fmt, ...);
void end(void);
void answered(unsigned status, unsigned address); /* for the truth: this line has both */

struct truth {
	uint64_t lines, bytes, keystone_failures, ssh_failures, tracebacks, took, errors_404;
	uint64_t levels[5];
};
extern struct truth truth;
extern usec now;

/* gen_stories.c */
struct job any_story(void);
