/* SPDX-License-Identifier: ISC */
/* One reader per kind of header: fills its fields of *m from the whole value, or answers a static reason and
 * leaves l at the fault. What must hold between headers is checked afterwards, in sip_parse.c. Inside
 * lib/wire only. */
#ifndef WIRE_SIP_READ_H
#define WIRE_SIP_READ_H

#include "wire/sip.h"
#include "wire/sip_lex.h"

typedef const char *sip_reader(struct sip_msg *m, struct lex *l);

/* sip_read_addr.c */
sip_reader sip_read_via, sip_read_from, sip_read_to, sip_read_contact, sip_read_route, sip_read_record_route,
    sip_read_refer_to, sip_read_referred_by, sip_read_identity, sip_read_called_party, sip_read_replaces,
    sip_read_call_id;

/* sip_read_field.c */
sip_reader sip_read_cseq, sip_read_max_forwards, sip_read_expires, sip_read_min_expires, sip_read_flow_timer,
    sip_read_retry_after, sip_read_session_expires, sip_read_min_se, sip_read_rseq, sip_read_rack, sip_read_supported,
    sip_read_unsupported, sip_read_require, sip_read_proxy_require, sip_read_allow, sip_read_reason, sip_read_warning,
    sip_read_event, sip_read_subscription_state, sip_read_privacy, sip_read_timestamp, sip_read_user_agent,
    sip_read_signature, sip_read_sip_etag, sip_read_sip_if_match, sip_read_text;

/* sip_read_content.c */
sip_reader sip_read_accept, sip_read_content_length, sip_read_content_type, sip_read_content_encoding,
    sip_read_content_disposition;

/* sip_read_auth.c */
sip_reader sip_read_authorization, sip_read_proxy_authorization, sip_read_www_authenticate, sip_read_proxy_authenticate;

/* type "/" subtype and its parameters, of a message or of a part of one. Only a multipart must have a boundary. */
const char *sip_media_type(struct lex *l, enum sip_media *media, struct span *text, struct span *boundary);

#endif
