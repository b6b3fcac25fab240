/* SPDX-License-Identifier: ISC */
/* Maps that the build before this one pinned, of the layout before FLOW_LAYOUT. A map whose entries are still what they were goes on as it
 * is, under another pin, so that programs of both builds have it until the last of the old ones is replaced. flows and sends have changed: they
 * are written into the new maps, again and again as long as the media of that build relays. */
#ifndef NET_FORMER_H
#define NET_FORMER_H

#include "flow.h"
#include <stdbool.h>
#include <stdint.h>

enum { FORMER_LAYOUT = FLOW_LAYOUT - 1 };

/* As layout 4 had them, in two hashes; the key of sends was the slot. */
struct flow_key_4 {
	struct flow_ip ip;
	__u32 interface;
	__u16 port, vlan;
};

struct flow_4 {
	struct flow_ip from, to, source;
	__u16 from_port, to_port, source_port;
	__u8 family, takes, tag_len, next_family, ended, zero;
	__u32 interface, slot;
	__u16 written, zero_too;
	struct flow_ip next;
	__u64 join, opens_ns, deadline_ns, learn_ns;
	__u8 frame[FLOW_TYPES];
};

/* key: NULL of sends, in which nothing came in. */
void former_flow(const struct flow_key_4 *key, const struct flow_4 *was, struct flow *out);

/* In the current directory. The descriptor of the map, to be gone on with; -1: there is none of that name, or its entries are others now. */
int former_open(const char *name) __attribute__((warn_unused_result));

/* flows and sends of this layout, n entries each, become what those of the layout before are, and are followed until former_leave(). Nobody
 * else may write them meanwhile. False: there are none before, or they are none of their shape. */
bool former_begin(int flows, int sends, uint32_t n);
/* What has been written since, and what is gone. False: none are followed. */
bool former_follow(void);
/* They will not be followed any more; to be begun again as long as they are pinned. */
void former_leave(void);
/* And they are not: who writes the new ones is there. */
void former_end(void);

/* No pin is left of an earlier layout, but of what is still followed, nor of the next one, whose build was here and went: it would find
 * them older than ours. */
void former_unpin(const char *const *names, unsigned n);

#endif
