/* SPDX-License-Identifier: ISC */
#include "kept_request.h"

bool request_keep(struct kept_request *k, const struct request *r)
{
	if (r->v->tail.n > sizeof k->tail)
		return false;
	k->reply = r->reply;
	k->flow = r->flow->id;
	k->class = r->v->class;
	k->unjudged = r->unjudged;
	k->m = *r->m;
	k->tail_n = r->v->tail.n;
	memcpy(k->tail, r->v->tail.p, k->tail_n);
	return true;
}

bool request_kept(const struct kept_request *k, struct ipc_view *v, struct request *r)
{
	*v = (struct ipc_view){
	    .type = MSG_REQUEST, .class = k->class, .payload = &k->m, .tail = span_of(k->tail, k->tail_n), .fd = -1};
	*r = (struct request){
	    .v = v, .m = &k->m, .flow = flow_get(k->flow), .reply = k->reply, .user = NOBODY, .unjudged = k->unjudged};
	return r->flow != NULL;
}
