/* SPDX-License-Identifier: ISC */
/* The files of phones that were tried against the exchange: baresip 1.0.0 and linphone 5.1 (test/lab/README.md). */
#include "cmd.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

enum { TEMPLATE_MAX = 16384 };

static bool write_text(const struct place *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool write_text(const struct place *p, const char *name, const char *format, ...)
{
	static char text[TEMPLATE_MAX];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	bool ok = n > 0 && (size_t)n < sizeof text && file_write(p->dir, name, text, (size_t)n, 0600);
	explicit_bzero(text, sizeof text);
	return ok;
}

/* What a file of that phone cannot hold in a password would end the line it stands in. */
static bool password_fits(const char *password, const char *not_allowed)
{
	if (!password || !password[strcspn(password, not_allowed)])
		return true;
	complain("the password cannot stand in this phone's file", "it holds one of its separators",
	    "give the user another one, for example with `ringfence user set USER --generate`");
	return false;
}

bool template_baresip(const struct place *p)
{
	if (!password_fits(p->password, ";,<>\"\\ #?&="))
		return false;
	return write_text(p, "config",
		   "# written by ringfence; the account stands in `accounts`\n"
		   "poll_method epoll\n"
		   "sip_listen 0.0.0.0:0\n"
		   "sip_certificate %s/phone.pem\n"
		   "sip_cafile %s/ca.crt\n"
		   "call_local_timeout 60\n"
		   "call_max_calls 4\n"
		   "audio_source alsa,default\n"
		   "audio_player alsa,default\n"
		   "audio_alert alsa,default\n"
		   "opus_cbr yes\n"
		   "opus_inbandfec no\n"
		   "opus_dtx no\n"
		   "opus_bitrate 32000\n"
		   "rtcp_mux yes\n"
		   "module_path /usr/lib/baresip/modules\n"
		   "module stdio.so\n"
		   "module alsa.so\n"
		   "module g711.so\n"
		   "module opus.so\n"
		   "module stun.so\n"
		   "module ice.so\n"
		   "module srtp.so\n"
		   "module dtls_srtp.so\n"
		   "module uuid.so\n"
		   "module_app account.so\n"
		   "module_app contact.so\n"
		   "module_app menu.so\n",
		   p->dir, p->dir) &&
	       write_text(p, "accounts",
		   "<sip:%s@%s;transport=tls>;auth_user=%s;auth_pass=%s;outbound=\"sip:%s;transport=tls\";sipnat=outbound;"
		   "regint=300;mediaenc=dtls_srtp;answermode=manual;audio_codecs=opus/48000/2,PCMU,PCMA\n",
		   p->user, p->domain, p->user, p->password ? p->password : "PASSWORD", p->server) &&
	       write_text(p, "contacts", "# none yet\n");
}

bool template_linphone(const struct place *p)
{
	const char *port = strrchr(p->server, ':');
	char home[4096];

	if (!password_fits(p->password, "\n[]"))
		return false;
	for (int i = 0; i < 3; i++) { /* its databases are not made without this */
		static const char *const under[] = {".local", ".local/share", ".local/share/linphone"};
		snprintf(home, sizeof home, "%s/%s", p->dir, under[i]);
		if (mkdir(home, 0700) != 0 && errno != EEXIST)
			return false;
	}
	return write_text(p, "linphonerc",
	    "[sip]\n"
	    "sip_port=0\n"
	    "sip_tcp_port=0\n"
	    "sip_tls_port=-1\n"
	    "default_proxy=0\n"
	    "root_ca=%s/ca.crt\n"
	    "verify_server_certs=1\n"
	    "verify_server_cn=1\n"
	    "client_cert_chain=%s/phone.crt\n"
	    "client_cert_key=%s/phone.key\n"
	    "media_encryption=zrtp\n"
	    "media_encryption_mandatory=1\n"
	    "srtp_crypto_suites=AES_CM_128_HMAC_SHA1_80,AES_256_CM_HMAC_SHA1_80\n"
	    "guess_hostname=0\n"
	    "\n"
	    "[proxy_0]\n"
	    "reg_proxy=<sip:%s%s;transport=tls>\n"
	    "reg_route=<sip:%s%s;transport=tls;lr>\n"
	    "reg_identity=sip:%s@%s\n"
	    "reg_expires=300\n"
	    "reg_sendregister=1\n"
	    "publish=0\n"
	    "\n"
	    "[auth_info_0]\n"
	    "username=%s\n"
	    "passwd=%s\n"
	    "domain=%s\n"
	    "realm=%s\n"
	    "\n"
	    "[sound]\n"
	    "echocancellation=1\n"
	    "\n"
	    "[rtp]\n"
	    "audio_rtp_port=-1\n",
	    p->dir, p->dir, p->dir, p->domain, port ? port : "", p->domain, port ? port : "", p->user, p->domain,
	    p->user, p->password ? p->password : "PASSWORD", p->domain, p->domain);
}
