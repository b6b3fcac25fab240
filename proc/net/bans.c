/* SPDX-License-Identifier: ISC */
#include "ban_map.h"
#include "bans.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/child.h"
#include "kernel.h"
#include "nft.h"
#include "nft_name.h"
#include "place.h"
#include <errno.h>
#include <stdio.h>

/* PAUSE_LOOKS_MAX: so many (of 5 s) are passed over at most before nftables, which took no table, is asked again */
enum { LOOKS_OF_CORE = 2, NEARLY_OVER_MS = 2000, PAUSE_LOOKS_MAX = 64 };

struct ban {
	struct addr address; /* port 0 */
	uint64_t until_ns;   /* CLOCK_BOOTTIME */
	bool adopted;        /* of an earlier life, and core did not tell it yet */
	bool pending;        /* nftables does not know yet how it stands */
	bool found;          /* there, at this look */
};

static struct {
	struct ban ban[FLOW_BANS_MAX];
	uint32_t n, most;
	bool kernel;
	uint32_t looks_of_core; /* at which it was there, one after the other */
	struct timer settle;
	uint64_t refused;
	/* nftables */
	char table[NFT_NAME_MAX];
	const char *why_not;              /* a word of status; NULL: the table stands */
	bool said, told;                  /* that it does not: in the log, in an event */
	uint32_t pause_looks, wait_looks; /* between the last try and the next; of these still */
	bool late;                        /* at this look something stands there for longer than it should */
	bool owed;                        /* an end that nftables was not told of: what stands there may ban longer */
	uint64_t made_anew;
	struct nft_count dropped;
} bans = {.why_not = "not-begun"};

static struct nft_batch batch;
static struct nft_ban wanted[FLOW_BANS_MAX];
static uint32_t wanted_n;

static struct ban *find(const struct addr *a)
{
	for (uint32_t i = 0; i < bans.n; i++)
		if (memcmp(bans.ban[i].address.ip, a->ip, sizeof a->ip) == 0)
			return &bans.ban[i];
	return NULL;
}

static uint64_t left_ms(const struct ban *b)
{
	uint64_t now = clock_boot_ns();

	return b->until_ns > now ? (b->until_ns - now + 999999) / 1000000 : 0;
}

static void want(bool all)
{
	wanted_n = 0;
	for (uint32_t i = 0; i < bans.n; i++) {
		struct nft_ban *w = &wanted[wanted_n];
		if (!all && !bans.ban[i].pending)
			continue;
		memcpy(w->ip, bans.ban[i].address.ip, sizeof w->ip);
		w->left_ms = left_ms(&bans.ban[i]);
		wanted_n++;
	}
}

/* What is over makes room, and is owed to nftables where it was not told. */
static void forget(void)
{
	for (uint32_t i = 0; i < bans.n;) {
		if (left_ms(&bans.ban[i])) {
			i++;
			continue;
		}
		bans.owed |= bans.ban[i].pending;
		bans.ban[i] = bans.ban[--bans.n];
	}
}

/* nftables knows all there is; what is over ended there by itself, or was lifted. */
static void settled(void)
{
	for (uint32_t i = 0; i < bans.n; i++)
		bans.ban[i].pending = false;
	bans.owed = false;
	forget();
}

/* --- nftables --- */

static const char *word(int r)
{
	if (r == -EPERM || r == -EACCES)
		return "forbidden";
	return r == -EPROTONOSUPPORT || r == -EAFNOSUPPORT || r == -EOPNOTSUPP || r == -ENOENT ? "not-had" : "refused";
}

static int remove_table(void)
{
	nft_write_end(&batch, bans.table);
	return nft_commit(&batch);
}

/* Said once, however often it is tried again. What stands goes on meanwhile, unless it would go on with what was lifted. A need that passes
 * is tried again at each look and with each ban; a host that can't is asked ever more seldom. */
static void table_is_refused(int r)
{
	if (!bans.said)
		log_info("bans are not in nftables: %s", strerror(-r));
	bans.said = true;
	bans.why_not = word(r);
	forget();
	if (bans.owed && remove_table() == 0)
		bans.owed = false;
	if (strcmp(bans.why_not, "refused") == 0)
		bans.pause_looks = 0;
	else
		bans.pause_looks = bans.pause_looks ? 2 * bans.pause_looks : 1;
	if (bans.pause_looks > PAUSE_LOOKS_MAX)
		bans.pause_looks = PAUSE_LOOKS_MAX;
	bans.wait_looks = bans.pause_looks;
}

static void table_is_made(void)
{
	bans.why_not = NULL;
	bans.said = bans.told = false;
	bans.pause_looks = bans.wait_looks = 0;
	settled();
}

static void make_table(void)
{
	want(true);
	nft_write_table(&batch, bans.table, wanted, wanted_n, bans.dropped);
	int r = nft_commit(&batch);
	if (r == 0)
		table_is_made();
	else
		table_is_refused(r);
}

static void make_anew(void)
{
	make_table();
	if (bans.why_not)
		return;
	bans.made_anew++;
	child_event(EVENT_BAN, SEVERITY_WARNING, 0, 0, NULL,
	    "somebody changed the table of bans in nftables; it was made anew");
}

static void make_whatever_stands(void)
{
	nft_count(bans.table, &bans.dropped);
	make_table();
}

static void on_settle(struct timer *t, uint64_t now_ms)
{
	(void)t;
	(void)now_ms;
	if (bans.why_not) {
		if (bans.pause_looks)
			forget(); /* the next try has all */
		else
			make_table();
		return;
	}
	want(false);
	nft_write_changes(&batch, bans.table, wanted, wanted_n);
	int r = nft_commit(&batch);
	if (r == -ENOENT)
		make_anew();
	else if (r != 0)
		make_whatever_stands();
	else
		settled();
}

static void is_found(const struct nft_ban *there, void *arg)
{
	const struct addr a = addr_of_ip(there->ip);
	struct ban *b = find(&a);

	(void)arg;
	if (b)
		b->found = true;
	bans.late |= there->left_ms > (b ? left_ms(b) : 0) + NEARLY_OVER_MS;
}

/* 0: the table is as it was made; -ENOENT: it is not, or not there */
static int table_stands(void)
{
	int r = nft_chain_stands(bans.table);

	bans.late = false;
	for (uint32_t i = 0; i < bans.n; i++)
		bans.ban[i].found = false;
	if (r == 0)
		r = nft_each(bans.table, is_found, NULL);
	for (uint32_t i = 0; r == 0 && i < bans.n; i++)
		r = bans.ban[i].found || left_ms(&bans.ban[i]) < NEARLY_OVER_MS ? 0 : -ENOENT;
	return r;
}

static void try_again(void)
{
	if (!bans.wait_looks || --bans.wait_looks == 0)
		make_table();
	if (!bans.why_not || bans.told || !child_link(PROC_LEDGER, 0))
		return;
	child_event(
	    EVENT_BAN, SEVERITY_WARNING, 0, 0, NULL, "bans close the exchange's ports only, as nftables takes none");
	bans.told = true;
}

/* The times of nftables count the kernel's ticks, which stand still while the machine sleeps: by so much its bans would end late. */
static void look_at_table(void)
{
	int r = table_stands();

	if (r == -ENOENT)
		make_anew();
	else if (r != 0 || bans.late)
		make_whatever_stands();
	else
		nft_count(bans.table, &bans.dropped);
}

/* --- bans --- */

static struct ban *place_for(const struct addr *a)
{
	struct ban *b = find(a);

	if (!b && bans.n == FLOW_BANS_MAX) {
		on_settle(&bans.settle, child_now()); /* some may be over */
		if (bans.kernel)
			kernel_forget_bans();
	}
	if (!b && bans.n < FLOW_BANS_MAX) {
		b = &bans.ban[bans.n++];
		*b = (struct ban){.address = addr_of_ip(a->ip)};
	}
	bans.most = bans.n > bans.most ? bans.n : bans.most;
	return b;
}

static void set_until(const struct addr *a, uint64_t until_ns, bool adopted)
{
	struct ban *b = place_for(a);

	if (!b) {
		bans.refused++;
		return;
	}
	if (bans.kernel)
		bans.refused += !kernel_ban(a, until_ns);
	b->until_ns = until_ns;
	b->adopted = adopted;
	b->pending = true;
	timer_set(&child_wheel, &bans.settle, child_now());
}

void bans_set(const struct addr *a, uint64_t left)
{
	struct addr plain = addr_of_ip(a->ip);

	if (left && (!addr_is_hosts(&plain) || place_is_here(&plain)))
		bans.refused++;
	else if (left || find(&plain))
		set_until(&plain, left ? clock_boot_ns() + left * 1000000 : 0, false);
}

/* How many. */
static uint32_t lift(bool (*which)(const struct ban *b))
{
	uint32_t lifted = 0;

	for (uint32_t i = 0; i < bans.n; i++)
		if (which(&bans.ban[i])) {
			set_until(&bans.ban[i].address, 0, false);
			lifted++;
		}
	return lifted;
}

static bool is_adopted(const struct ban *b)
{
	return b->adopted;
}

static bool is_of_here(const struct ban *b)
{
	return place_is_here(&b->address);
}

void bans_look(void)
{
	bans.looks_of_core = child_link(PROC_CORE, 0) ? bans.looks_of_core + 1 : 0;
	/* it tells all of its bans as soon as it is there: what it did not was lifted meanwhile, or its arena was lost */
	if (bans.looks_of_core >= LOOKS_OF_CORE && lift(is_adopted))
		child_event(EVENT_BAN, SEVERITY_WARNING, 0, 0, NULL,
		    "bans that stood at net's start were lifted: core does not have them");
	(void)lift(is_of_here);
	if (timer_is_set(&bans.settle))
		return;
	forget();
	if (bans.why_not)
		try_again();
	else
		look_at_table();
}

/* --- life --- */

static void adopt(const struct addr *a, uint64_t until_ns)
{
	set_until(a, until_ns, true);
}

static void adopt_element(const struct nft_ban *ban, void *arg)
{
	struct addr a = addr_of_ip(ban->ip);

	(void)arg;
	if (!find(&a))
		adopt(&a, clock_boot_ns() + ban->left_ms * 1000000);
}

void bans_begin(uint32_t exchange, bool kernel)
{
	snprintf(bans.table, sizeof bans.table, NFT_TABLE_FORMAT, exchange);
	bans.kernel = kernel;
	bans.settle.fire = on_settle;
	if (kernel)
		ban_map_each(adopt);
	nft_each(bans.table, adopt_element, NULL); /* what the map lacks, or all; there may be none */
	nft_count(bans.table, &bans.dropped);
	timer_cancel(&child_wheel, &bans.settle);
	make_table();
	bans.wait_looks += bans.wait_looks > 0; /* the first look comes at once */
}

static void adopt_new(const struct addr *a, uint64_t until_ns)
{
	if (!find(a))
		adopt(a, until_ns);
}

void bans_have_kernel(bool kernel)
{
	bans.kernel = kernel;
	if (!kernel)
		return;
	for (uint32_t i = 0; i < bans.n; i++)
		if (left_ms(&bans.ban[i]))
			bans.refused += !kernel_ban(&bans.ban[i].address, bans.ban[i].until_ns);
	ban_map_each(adopt_new);
}

void bans_end(void)
{
	if (remove_table() != 0 && !bans.why_not)
		log_warn("the table of bans stays in nftables: %s", bans.table);
}

void bans_end_former(uint32_t exchange)
{
	char table[NFT_NAME_MAX];

	snprintf(table, sizeof table, NFT_TABLE_FORMAT, exchange);
	nft_write_end(&batch, table);
	if (nft_commit(&batch) != 0 && !bans.why_not)
		log_warn("the table of bans stays in nftables: %s", table);
}

void bans_status(struct proc_status *s)
{
	char name[STATUS_NAME_MAX];

	status_counter(s, "bans-refused", bans.refused);
	status_add(s, "bans-in-nftables", STATUS_POOL, bans.why_not ? 0 : bans.n, FLOW_BANS_MAX, bans.most, 0);
	if (bans.why_not) {
		snprintf(name, sizeof name, "no-nftables-%s", bans.why_not);
		status_counter(s, name, 1);
		return;
	}
	nft_count(bans.table, &bans.dropped);
	status_counter(s, "dropped-by-nftables", bans.dropped.packets);
	status_counter(s, "nftables-made-anew", bans.made_anew);
}
