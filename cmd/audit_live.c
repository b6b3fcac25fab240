/* SPDX-License-Identifier: ISC */
/* A socket that hears all that passes at a network device. */
#include "audit.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINK_ETHERNET = 1, LINK_RAW = 101, QUEUE = 16 * 1024 * 1024 };

static bool listen_at(int fd, const char *device, struct audit_live *l)
{
	struct ifreq ask = {0};
	struct packet_mreq all = {.mr_ifindex = (int)if_nametoindex(device), .mr_type = PACKET_MR_PROMISC};
	struct sockaddr_ll at = {
	    .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = all.mr_ifindex};
	int queue = QUEUE;

	if (all.mr_ifindex == 0 || strlen(device) >= sizeof ask.ifr_name)
		return false;
	memcpy(ask.ifr_name, device, strlen(device));
	if (ioctl(fd, SIOCGIFHWADDR, &ask) != 0)
		return false;
	l->loopback = ask.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
	l->link = l->loopback || ask.ifr_hwaddr.sa_family == ARPHRD_ETHER ? LINK_ETHERNET : LINK_RAW;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof queue) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue);
	return bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
	       setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) == 0;
}

bool audit_live_open(const char *device, struct audit_live *l)
{
	/* no protocol before it is bound: nothing of other devices comes in */
	l->fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (l->fd >= 0 && listen_at(l->fd, device, l))
		return true;
	complain(safe(device), strerror(errno), errno == EPERM ? "listening at a device is root's" : NULL);
	if (l->fd >= 0)
		close(l->fd);
	return false;
}
