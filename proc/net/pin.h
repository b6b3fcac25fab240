/* SPDX-License-Identifier: ISC */
/* Maps of bpf/ that outlive this process: pinned in the current directory under their name and FLOW_LAYOUT. */
#ifndef NET_PIN_H
#define NET_PIN_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/* As it is pinned: a section that is a map (FLOW_SITE) is named by what lies there. */
const char *pin_name(const struct bpf_map *m);
/* Is what this descriptor names such a map? One of another size is of another configuration: media writes the flows of its calls anew, and
 * their counts begin anew. */
bool pin_fits(const struct bpf_map *m, int fd);
/* A descriptor of what is pinned; -1: nothing, or errno says why not. */
int pin_open(const char *name) __attribute__((warn_unused_result));

/* Both 0 or -errno. Before the load: maps of it that fit, of an earlier life or of the build before, are these; what does not fit is no
 * longer pinned. */
int pin_adopt(struct bpf_object *o) __attribute__((warn_unused_result));
/* After it: all are pinned but those that are of this life's programs alone. */
int pin_put(struct bpf_object *o) __attribute__((warn_unused_result));

void pin_end(void);
void pin_end_former(void); /* of other builds */

#endif
