/* SPDX-License-Identifier: ISC */
#include "near.h"
#include "socket.h"
#include <sys/socket.h>
#include <unistd.h>

static uint32_t opened, connected, most;
static uint64_t sent;

static void close_near(struct port *p)
{
	close(p->near.fd);
	ev_io_set(&p->near, -1, EV_READ);
	opened--;
}

/* While the second is bound another socket of this user may have the port too: no process has it but this one. */
void near_open(struct port *p)
{
	struct addr local = port_local(p);
	int fd = socket_share(p->io.fd, true) ? socket_bind(&local, true) : -1;
	bool alone = socket_share(p->io.fd, false) && (fd < 0 || socket_share(fd, false));

	if (fd < 0)
		return;
	if (!alone || !socket_connect(fd, &local)) {
		close(fd);
		return;
	}
	ev_io_set(&p->near, fd, EV_READ);
	opened++;
}

void near_leave(struct port *p)
{
	struct addr local = port_local(p);

	if (!p->near_to.family)
		return;
	p->near_to.family = 0;
	ev_io_stop(child_loop(), &p->near);
	connected--;
	if (socket_connect(p->near.fd, &local))
		socket_drain(p->near.fd);
	else
		close_near(p);
}

void near_follow(struct port *p, const struct addr *phone)
{
	if (p->near.fd < 0 || addr_eq(phone, &p->near_to) || ++p->said < NEAR_AFTER)
		return;
	p->said = 0;
	near_leave(p);
	if (p->near.fd < 0 || !socket_connect(p->near.fd, phone))
		return;
	p->near_to = *phone;
	p->older = true;
	ev_io_start(child_loop(), &p->near);
	connected++;
	most = connected > most ? connected : most;
}

bool near_send(const struct port *p, const struct addr *to, struct span packet)
{
	if (!p->near_to.family || !addr_eq(to, &p->near_to) ||
	    sendto(p->near.fd, packet.p, packet.n, MSG_DONTWAIT, NULL, 0) < 0)
		return false;
	sent++;
	return true;
}

void near_status(struct proc_status *s)
{
	status_add(s, "phones-near", STATUS_POOL, connected, opened, most, 0);
	status_counter(s, "sent-near", sent);
}
