/* SPDX-License-Identifier: ISC */
#include "tc.h"
#include "lack.h"
#include <bpf/bpf.h>

static __u32 id_of(int program)
{
	struct bpf_prog_info info = {0};
	__u32 n = sizeof info;

	return bpf_obj_get_info_by_fd(program, &info, &n) == 0 ? info.id : 0;
}

int tc_find(__u32 interface, enum bpf_tc_attach_point where, __u32 handle, __u32 *program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)interface, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, there, .handle = handle, .priority = TC_PRIORITY);

	int r = bpf_tc_query(&hook, &there);
	if (r == 0)
		*program = there.prog_id;
	return r == 0 && !there.prog_id ? -ENOENT : r;
}

int tc_attach(__u32 interface, enum bpf_tc_attach_point where, __u32 handle, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)interface, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, ours, .handle = handle, .priority = TC_PRIORITY, .prog_fd = program,
	    .flags = BPF_TC_F_REPLACE);
	__u32 there;

	int r = tc_find(interface, where, handle, &there);
	if (is_lack(r) || (r == 0 && there == id_of(program)))
		return r;
	r = bpf_tc_hook_create(&hook);
	return r == 0 || r == -EEXIST ? bpf_tc_attach(&hook, &ours) : r;
}

int tc_detach(__u32 interface, enum bpf_tc_attach_point where, __u32 handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)interface, .attach_point = where);
	LIBBPF_OPTS(bpf_tc_opts, ours, .handle = handle, .priority = TC_PRIORITY);

	return bpf_tc_detach(&hook, &ours);
}
