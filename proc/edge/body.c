/* SPDX-License-Identifier: ISC */
#include "body.h"
#include "wire/sip_multipart.h"

static struct sdp session;

unsigned body_read(const struct sip_msg *m, struct body *out, const char **why)
{
	struct sip_multipart parts = {.sdp = m->body};
	struct sip_error bad = {0};
	struct sdp_error err = {0};

	*out = (struct body){0};
	if (m->body.n == 0 || (m->content != SIP_MEDIA_SDP && m->content != SIP_MEDIA_MULTIPART))
		return 0;
	if (m->content == SIP_MEDIA_MULTIPART && !sip_multipart_read(m->body, m->boundary, &parts, &bad)) {
		*why = bad.reason;
		return bad.code;
	}
	if (!sdp_parse(parts.sdp, &session, &err)) {
		*why = err.reason;
		return 488;
	}
	out->sdp = &session;
	out->location = parts.location;
	return 0;
}
