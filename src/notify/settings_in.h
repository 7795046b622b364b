/* SPDX-License-Identifier: Apache-2.0 */
/* settings_in.h — what the files that read notify.yaml share.
 * Threads: one owner. Memory: texts are of the arena of the result. */
#pragma once
#include "notify/settings.h"
#include <yaml.h>

struct reading {
	yaml_document_t doc;
	struct notify_config *c;
	const char *name;
	struct why *why;
};

/* One key of a mapping and its value. */
typedef int key_fn(struct reading *r, void *ctx, const yaml_node_t *key, const yaml_node_t *value);

int bad(struct reading *r, const yaml_node_t *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
struct bytes scalar(const yaml_node_t *n); /* empty: it is none */
bool key_is(const yaml_node_t *key, const char *name);
/* what: what is said when the node is no mapping. A key that is there twice is refused. */
int each_key(struct reading *r, const yaml_node_t *n, const char *what, key_fn *fn, void *ctx);

/* A value of a key, kept in the arena with a NUL behind it. Control characters are refused. */
int take_text(struct reading *r, const yaml_node_t *v, size_t most, struct bytes *ret);
int take_words(struct reading *r, const yaml_node_t *v, size_t most, struct word_list *ret);
int take_span(struct reading *r, const yaml_node_t *v, usec least, usec most, usec *ret);
int take_count(struct reading *r, const yaml_node_t *v, uint32_t least, uint32_t most,
	       uint32_t *ret);
int take_bool(struct reading *r, const yaml_node_t *v, bool *ret);
int take_level(struct reading *r, const yaml_node_t *v, enum level *ret);
int take_zone(struct reading *r, const yaml_node_t *v, const struct zone **ret);
/* The content of the file that v names. secret: it must not be readable by others, and is one line.
 */
int take_file(struct reading *r, const yaml_node_t *v, bool secret, struct bytes *ret);

/* settings_target.c: the mapping under "targets" */
int read_targets(struct reading *r, const yaml_node_t *n);
/* settings_route.c: the list under "routes" */
int read_routes(struct reading *r, const yaml_node_t *n);
int take_targets(struct reading *r, const yaml_node_t *v, bool mail, uint32_t *ret);
