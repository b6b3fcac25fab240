/* SPDX-License-Identifier: ISC */
/* Where the switch is, by the name with which a device presents itself. */
#include "audit/report.h"

static const struct {
	const char *make, *remedy;
} remedies[] = {
    {"Yealink", "Account > Advanced: RTP Encryption (SRTP) = Compulsory; Account > Register: Transport = TLS"},
    {"Polycom", "SIP transport TLS, and in the configuration sec.srtp.enable=1, sec.srtp.offer=1, sec.srtp.require=1"},
    {"PolycomVVX",
	"SIP transport TLS, and in the configuration sec.srtp.enable=1, sec.srtp.offer=1, sec.srtp.require=1"},
    {"snom",
	"Identity > RTP: RTP Encryption = on, SRTP Auth-tag = AES-80, RTP/SAVP = mandatory; registrar with ;transport=tls"},
    {"Grandstream", "Account > SIP: SIP Transport = TLS; Account > Audio: SRTP Mode = Enabled and Forced"},
    {"Cisco/SPA", "Ext: SIP Transport = TLS; User: Secure Call Setting = Yes (with a mini-certificate), or replace it"},
    {"Fanvil", "Line > Advanced: SRTP = Required (RTP Encryption), Transport Protocol = TLS"},
    {"Gigaset", "Telephony > Connections: transport TLS and secure RTP on; do not accept unencrypted calls"},
    {"Aastra", "sip srtp mode: 2 (SRTP only), sip transport protocol: 4 (TLS)"},
    {"Mitel", "sip srtp mode: 2 (SRTP only), sip transport protocol: 4 (TLS)"},
    {"Linphone", "Settings > Calls: encryption ZRTP or SRTP, encryption mandatory; Account: transport TLS"},
    {"baresip", "accounts: mediaenc=dtls_srtp or srtp-mand, and ;transport=tls"},
    {"MicroSIP", "Account: Media Encryption = Mandatory SRTP, Transport = TLS"},
    {"Zoiper", "Account > Advanced: encryption SDES or ZRTP required; transport TLS"},
    {"Asterisk", "endpoint: media_encryption=sdes or dtls with media_encryption_optimistic=no, transport of type tls"},
    {"FPBX", "extension > Advanced: Media Encryption = SRTP or DTLS-SRTP, not optimistic; Transport = TLS only"},
    {"FreeSWITCH", "rtp_secure_media=mandatory, and a TLS profile for SIP"},
    {"AVM FRITZ", "Telephony > number: \"transport\" TLS and encrypted telephony, where the provider has it"},
};

const char *remedy_of(struct span device)
{
	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
		if (span_starts_case(device, span_str(remedies[i].make)))
			return remedies[i].remedy;
	return "require encrypted media (SRTP) and SIP over TLS in its account; where it can do neither, replace it or give it a "
	       "network of its own";
}
