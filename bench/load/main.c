/* SPDX-License-Identifier: ISC */
/* ringfence-load: phones with client certificates that register and call over TLS, and what they cost the
 * server. */
#include "call.h"
#include "cert.h"
#include "phone.h"
#include "scenario.h"
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>

struct load load;

static const char usage[] =
    "usage: ringfence-load [options] SCENARIO[@RATE]...\n"
    "       ringfence-load --make-site DIR DOMAIN\n"
    "scenarios, in the order given; RATE is per second, without it as fast as the window allows:\n"
    "  connect   a new TLS connection per phone         register  REGISTER, 401, REGISTER, 200 on new "
    "connections\n"
    "  idle      memory per phone, logged in and quiet  refresh   REGISTER again on the same connection\n"
    "  call      INVITE, 180, 200, ACK, pause, BYE      hold      memory per call that stands\n"
    "options:\n"
    "  --server ADDRESS:PORT   --domain NAME    --pid PID (root of the server's processes)\n"
    "  --ca FILE (the server's chain must end there)    --ca-key FILE (to issue the phones' certificates)\n"
    "  --name PATTERN, --san PATTERN: of these certificates, % = the phone's number\n"
    "  --phones DIR (ready bundles, *.pem with certificate and key, in version order)\n"
    "  --users FILE (lines `user password`, in the same order)    --number PHONES\n"
    "  --window N    --seconds S (per scenario)    --rounds N (of register)    --held CALLS    --pause MS "
    "(in a call)\n"
    "  --media PORT (of all callers, PORT + 1 of all called)\n"
    "  --flows FILE (of hold: `address port` of each caller's relay)    --called-flows FILE (of each one called)\n"
    "  --while-held COMMAND (runs meanwhile)    --address IP (of the phones' media)\n"
    "  --authorize (send the last challenge's answer unasked)\n";

static const struct option options[] = {{"server", required_argument, NULL, 's'},
    {"domain", required_argument, NULL, 'd'}, {"pid", required_argument, NULL, 'p'},
    {"ca", required_argument, NULL, 'c'}, {"ca-key", required_argument, NULL, 'k'},
    {"name", required_argument, NULL, 'N'}, {"san", required_argument, NULL, 'S'},
    {"phones", required_argument, NULL, 'P'}, {"users", required_argument, NULL, 'u'},
    {"number", required_argument, NULL, 'n'}, {"window", required_argument, NULL, 'w'},
    {"seconds", required_argument, NULL, 't'}, {"rounds", required_argument, NULL, 'r'},
    {"held", required_argument, NULL, 'h'}, {"pause", required_argument, NULL, 'm'},
    {"media", required_argument, NULL, 'x'}, {"flows", required_argument, NULL, 'f'},
    {"called-flows", required_argument, NULL, 'C'}, {"address", required_argument, NULL, 'A'},
    {"while-held", required_argument, NULL, 'W'}, {"authorize", no_argument, NULL, 'a'},
    {"make-site", required_argument, NULL, 'M'}, {0}};

static uint32_t number(const char *text, uint32_t max)
{
	uint64_t n;

	if (span_decimal(span_str(text), max, &n))
		return (uint32_t)n;
	fprintf(stderr, "ringfence-load: %s is not a number up to %u\n", text, max);
	exit(2);
}

static void option_set(struct options *o, int letter, const char *value)
{
	switch (letter) {
	case 's':
		o->server = value;
		return;
	case 'd':
		o->domain = value;
		return;
	case 'p':
		o->pid = (pid_t)number(value, INT32_MAX);
		return;
	case 'c':
		o->ca = value;
		return;
	case 'k':
		o->ca_key = value;
		return;
	case 'N':
		o->common_name = value;
		return;
	case 'S':
		o->alt_name = value;
		return;
	case 'P':
		o->phones_dir = value;
		return;
	case 'u':
		o->users = value;
		return;
	case 'n':
		o->phones_n = number(value, 18000);
		return;
	case 'w':
		o->window = number(value, CALLS_MAX);
		return;
	case 't':
		o->seconds = number(value, 600);
		return;
	case 'r':
		o->rounds = number(value, 1000);
		return;
	case 'h':
		o->held_n = number(value, CALLS_MAX);
		return;
	case 'm':
		o->hold_ms = number(value, 600000);
		return;
	case 'x':
		o->media = (uint16_t)number(value, 65534);
		return;
	case 'f':
		o->flows = value;
		return;
	case 'C':
		o->called_flows = value;
		return;
	case 'A':
		if (inet_pton(AF_INET, value, &(struct in_addr){0}) != 1)
			exit(2);
		o->address = value;
		return;
	case 'W':
		o->while_held = value;
		return;
	case 'a':
		o->authorize = true;
		return;
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static bool server_set(const char *text, struct sockaddr_in *out)
{
	char host[64];
	size_t colon = span_find(span_str(text), ':');
	uint64_t port;

	*out = (struct sockaddr_in){.sin_family = AF_INET};
	if (!span_cstr(span_head(span_str(text), colon), host, sizeof(host)) ||
	    inet_pton(AF_INET, host, &out->sin_addr) != 1 ||
	    !span_decimal(span_skip(span_str(text), colon + 1), 65535, &port))
		return false;
	out->sin_port = htons((uint16_t)port);
	return true;
}

static void message(struct conn *c, const struct text *t)
{
	struct phone *p = (struct phone *)c;

	if (t->status == 0)
		call_request(p, t);
	else if (span_eq(t->method, SPAN("REGISTER")))
		phone_answer(p, t);
	else
		call_answer(p, t);
}

static int make_site(const char *dir, const char *domain)
{
	int err = domain ? cert_site_make(dir, domain) : GNUTLS_E_INVALID_REQUEST;

	if (err < 0)
		fprintf(stderr, "ringfence-load: %s\n", gnutls_strerror(err));
	return err < 0;
}

int main(int argc, char **argv)
{
	int letter, result = 0;

	load.opt = (struct options){.server = "127.0.0.1:5061",
	    .domain = "load.example",
	    .address = "127.0.0.1",
	    .common_name = "phone-%",
	    .alt_name = "urn:ringfence:phone:%",
	    .phones_n = 500,
	    .window = 64,
	    .seconds = 10,
	    .rounds = 8,
	    .held_n = 250};
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'M')
			return make_site(optarg, argv[optind]);
		option_set(&load.opt, letter, optarg);
	}
	if (optind == argc || load.opt.phones_n == 0 || !server_set(load.opt.server, &load.loop.server) ||
	    (load.opt.phones_dir == NULL && (load.opt.ca == NULL || load.opt.ca_key == NULL))) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	load.loop.domain = load.opt.domain;
	load.loop.on = (struct conn_handlers){phone_up, phone_down, message};
	if (!loop_init(&load.loop) || !phones_load())
		return 1;
	while (optind < argc && result == 0)
		result = scenario_run(argv[optind++]);
	phones_free();
	loop_fini(&load.loop);
	return result;
}
