/* SPDX-License-Identifier: ISC */
/* SIP in WebSocket without TLS (RFC 7118): the handshake that names it, and the message at the front of a stream. */
#ifndef AUDIT_WEB_H
#define AUDIT_WEB_H

#include "base/span.h"

enum { WEB_ROOM = 32768 };

/* A handshake with "Sec-WebSocket-Protocol: sip" begins here, the question or the answer, or a frame that holds SIP. */
bool web_looks_like(struct span s);
/* The octets of a whole handshake; 0: none begins here, or it is not whole yet. */
size_t web_handshake(struct span s);
/* False: no frame can begin with these octets. */
bool web_frame_begins(struct span s);
/* One message (its frames put together in room, without their masks); controls between them are passed over. Its octets in the
 * stream; 0: not whole yet. What cannot be is stepped over, with an empty message. */
size_t web_message(struct span s, uint8_t room[WEB_ROOM], struct span *message);

#endif
