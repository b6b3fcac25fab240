/* SPDX-License-Identifier: ISC */
#include "path.h"
#include "route.h"
#include <errno.h>

static struct path {
	struct addr address;
	uint32_t interface;
} paths[PATHS_MAX];
static uint32_t paths_n;

enum path_news path_set(const struct addr *address, uint32_t interface)
{
	uint32_t i = 0;

	while (i < paths_n && !addr_same_ip(&paths[i].address, address))
		i++;
	if (i == PATHS_MAX || address->family == 0)
		return PATH_REFUSED;
	if (i < paths_n && paths[i].interface == interface)
		return PATH_AS_IT_WAS;
	paths[i] = (struct path){*address, interface};
	paths_n = i == paths_n ? i + 1 : paths_n;
	return PATH_NEW;
}

uint32_t path_in(const struct addr *local)
{
	for (uint32_t i = 0; i < paths_n; i++)
		if (addr_same_ip(&paths[i].address, local))
			return paths[i].interface;
	return 0;
}

int path_to(const struct addr *to, const struct addr *source, struct flow *f)
{
	struct route way;
	int r = route_to(to, source, &way);

	if (r != 0)
		return r;
	f->oif = way.interface;
	f->next_family = way.next.family ? way.next.family : to->family;
	memcpy(&f->next, way.next.family ? way.next.ip : to->ip, sizeof f->next);
	for (uint32_t i = 0; i < paths_n; i++)
		if (paths[i].interface == way.interface)
			return 0;
	return -ENETUNREACH;
}
