/* SPDX-License-Identifier: ISC */
/* R5, R7, R8, T17, T30, T31, T32, T35: what of a session description is taken, and what leaves. */
#include "test.h"
#include "wire/sdp.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
#define KEY30 "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

static struct sdp sdp;
static struct sdp_error error;

static bool parses(const char *text)
{
	memset(&sdp, 0xa5, sizeof sdp);
	error = (struct sdp_error){"", 0};
	return sdp_parse(span_str(text), &sdp, &error);
}

#define ZEROS_16 "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"

static bool refused(const char *text, const char *reason)
{
	if (parses(text))
		return false;
	if (!strcmp(error.reason, reason))
		return true;
	fprintf(stderr, "reason is: %s\n", error.reason);
	return false;
}

static const char *written(void)
{
	static char text[SDP_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);
	return sdp_write(&b, &sdp) ? buf_cstr(&b) : "not written";
}

/* As baresip 1.0 writes it, G.711 and Opus, SDES. */
static void offer_of_baresip_sdes(void)
{
	CHECK(parses("v=0\r\n"
		     "o=- 1804289383 846930886 IN IP4 10.0.0.2\r\n"
		     "s=-\r\n"
		     "c=IN IP4 10.0.0.2\r\n"
		     "t=0 0\r\n"
		     "a=tool:baresip 1.0.0\r\n"
		     "m=audio 10002 RTP/SAVP 96 0 8 101\r\n"
		     "b=AS:125\r\n"
		     "a=rtpmap:96 opus/48000/2\r\n"
		     "a=fmtp:96 stereo=1;sprop-stereo=1;maxaveragebitrate=28000;usedtx=1\r\n"
		     "a=rtpmap:0 PCMU/8000\r\n"
		     "a=rtpmap:8 PCMA/8000\r\n"
		     "a=rtpmap:101 telephone-event/8000\r\n"
		     "a=fmtp:101 0-15\r\n"
		     "a=rtcp:10003\r\n"
		     "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n"
		     "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^31\r\n"
		     "a=ssrc:3244234 cname:sip:alice@example.com\r\n"
		     "a=sendrecv\r\n"
		     "a=label:1\r\n"
		     "a=rtcp-rsize\r\n"
		     "a=ptime:20\r\n"));
	const struct sdp_audio *a = &sdp.audio;
	CHECK(sdp.id == 1804289383 && sdp.version == 846930886 && sdp.line_n == 1 && sdp.audio_line == 0);
	CHECK(a->proto == SDP_RTP_SAVP && a->at.family == 4 && a->at.port == 10002 && a->rtcp.port == 10003);
	CHECK(addr_same_ip(&a->at, &a->rtcp) && a->direction == SDP_SENDRECV && a->ptime_ms == 20 &&
	      !a->rtcp_mux);
	CHECK(a->codec_n == 4 && a->codec[0].codec == SDP_OPUS && a->codec[0].pt == 96 &&
	      a->codec[0].clock == 48000);
	CHECK(a->codec[0].opus_flags == (SDP_OPUS_STEREO | SDP_OPUS_SPROP_STEREO));
	CHECK(a->codec[0].opus_max_average_bitrate == 28000);
	CHECK(a->codec[1].codec == SDP_PCMU && a->codec[2].codec == SDP_PCMA && a->codec[2].pt == 8);
	CHECK(a->codec[3].codec == SDP_TELEPHONE_EVENT && a->codec[3].clock == 8000);
	CHECK(a->crypto_n == 1 && a->crypto[0].tag == 2 && a->crypto[0].key_len == 30);
	CHECK(a->crypto[0].lifetime_log2 == 31 && a->crypto_refused == 1 << SDP_CRYPTO_TAG_32);
	CHECK(!memcmp(a->crypto[0].key, "wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#", 30));
	CHECK(!strcmp(written(), "v=0\r\n"
				 "o=- 1804289383 846930886 IN IP4 10.0.0.2\r\n"
				 "s=-\r\n"
				 "c=IN IP4 10.0.0.2\r\n"
				 "t=0 0\r\n"
				 "m=audio 10002 RTP/SAVP 96 0 8 101\r\n"
				 "a=rtpmap:96 opus/48000/2\r\n"
				 "a=fmtp:96 cbr=1;stereo=1;sprop-stereo=1;maxaveragebitrate=28000\r\n"
				 "a=rtpmap:0 PCMU/8000\r\n"
				 "a=rtpmap:8 PCMA/8000\r\n"
				 "a=rtpmap:101 telephone-event/8000\r\n"
				 "a=fmtp:101 0-15\r\n"
				 "a=ptime:20\r\n"
				 "a=rtcp:10003\r\n"
				 "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^31\r\n"
				 "a=sendrecv\r\n"));
}

#define PRINT                                                                                                \
	"4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF"

/* A browser's shape: session-level fingerprint replaced at the media level, ICE, several lines, session hold
 * address. */
static void offer_of_browser(void)
{
	CHECK(
	    parses("v=0\r\n"
		   "o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n"
		   "s=-\r\n"
		   "t=0 0\r\n"
		   "a=group:BUNDLE 0 1\r\n"
		   "a=extmap-allow-mixed\r\n"
		   "a=msid-semantic: WMS stream\r\n"
		   "a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB\r\n"
		   "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n"
		   "c=IN IP4 0.0.0.0\r\n"
		   "a=rtcp:9 IN IP4 0.0.0.0\r\n"
		   "a=candidate:1 1 udp 2113937151 192.0.2.7 54321 typ host generation 0\r\n"
		   "a=candidate:2 1 udp 2113937150 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 1 typ host\r\n"
		   "a=candidate:3 1 tcp 2113937149 192.0.2.7 9 typ host tcptype active\r\n"
		   "a=candidate:4 2 UDP 1677729535 2001:db8::7 50000 typ srflx raddr 10.0.0.1 rport 5\r\n"
		   "a=ice-ufrag:yWHP\r\n"
		   "a=ice-pwd:JYWLNDKPeBn+tvYR5L8ZvBbK\r\n"
		   "a=ice-options:trickle\r\n"
		   "a=fingerprint:sha-256 " PRINT "\r\n"
		   "a=setup:actpass\r\n"
		   "a=mid:0\r\n"
		   "a=rtcp-mux\r\n"
		   "a=rtpmap:111 opus/48000/2\r\n"
		   "a=rtcp-fb:111 transport-cc\r\n"
		   "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
		   "a=rtpmap:63 red/48000/2\r\n"
		   "a=fmtp:63 111/111\r\n"
		   "a=rtpmap:110 telephone-event/48000\r\n"
		   "a=rtpmap:126 telephone-event/8000\r\n"
		   "a=tls-id:91bbf309c0990a6bec11e38ba2933cee\r\n"
		   "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
		   "c=IN IP4 0.0.0.0\r\n"
		   "a=rtpmap:96 VP8/90000\r\n"
		   "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
	const struct sdp_audio *a = &sdp.audio;
	CHECK(a->proto == SDP_TLS_SAVPF && sdp.line_n == 3 && sdp.audio_line == 0 &&
	      a->direction == SDP_SENDRECV);
	CHECK(a->fingerprint_n == 1 && a->fingerprint[0].hash == SDP_SHA_256 &&
	      a->fingerprint[0].bytes[1] == 0xad);
	CHECK(a->setup == SDP_ACTPASS && a->rtcp_mux && a->tls_id && a->ice_trickle && !a->ice_lite &&
	      !a->ice_end);
	CHECK(a->codec_n == 6 && a->codec[1].codec == SDP_G722 && a->codec[1].pt == 9 &&
	      a->codec[4].clock == 48000);
	CHECK(a->candidate_n == 2 && a->candidate[0].addr.port == 54321 &&
	      a->candidate[0].priority == 2113937151);
	CHECK(a->candidate[1].component == 2 && a->candidate[1].type == SDP_SRFLX &&
	      a->candidate[1].addr.family == 6);
	CHECK(!strcmp(a->ice_pwd, "JYWLNDKPeBn+tvYR5L8ZvBbK"));
	CHECK(strstr(written(),
	    "m=video 0 UDP/TLS/RTP/SAVPF 96\r\nm=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
	CHECK(strstr(
	    written(), "a=candidate:4 2 UDP 1677729535 2001:db8::7 50000 typ srflx raddr :: rport 9\r\n"));
	CHECK(
	    strstr(written(), "a=fingerprint:sha-256 " PRINT "\r\na=setup:actpass\r\na=ice-ufrag:yWHP\r\n"));
	CHECK(!strstr(written(), "red") && !strstr(written(), "mid") && !strstr(written(), "10.0.0.1"));
}

static void zrtp_hash(void)
{
	CHECK(parses(
	    HEAD "m=audio 7078 RTP/AVP 0\r\n"
		 "a=zrtp-hash:1.20 fe30efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\r\n"
		 "a=zrtp-hash:1.10 0130efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\r\n"));
	CHECK(sdp.audio.zrtp && sdp.audio.zrtp_hash[0] == 1 && sdp.audio.zrtp_hash[31] == 0xdf);
	CHECK(strstr(written(),
	    "a=zrtp-hash:1.10 0130efd02423cb054e50efd0248742ac7a52c8f91bc2df881ae642c371ba46df\r\n"));
	CHECK(refused(HEAD "m=audio 7078 RTP/AVP 0\r\na=zrtp-hash:1.10 fe30ef\r\n", "malformed zrtp-hash"));
}

/* What is written reads back as the same fields. */
static void round_trip(void)
{
	struct sdp first;
	char text[SDP_TEXT_MAX];
	struct buf b = buf_of(text, sizeof text);

	offer_of_browser();
	first = sdp;
	first.audio.tls_id = 0;
	first.audio.at.port = 4000;
	CHECK(sdp_write(&b, &first) && sdp_parse(buf_span(&b), &sdp, &error));
	CHECK(sdp.audio.codec[0].opus_flags == (SDP_OPUS_CBR | SDP_OPUS_FEC));
	sdp.audio.codec[0].opus_flags = first.audio.codec[0].opus_flags;
	CHECK(!memcmp(&sdp.audio.at, &first.audio.at, sizeof sdp.audio.at) && sdp.line_n == 3);
	CHECK(!memcmp(sdp.audio.codec, first.audio.codec, sizeof sdp.audio.codec));
	CHECK(!memcmp(sdp.audio.candidate, first.audio.candidate, sizeof sdp.audio.candidate));
	CHECK(!memcmp(sdp.audio.fingerprint, first.audio.fingerprint, sizeof sdp.audio.fingerprint));
	CHECK(sdp.audio.rtcp.port == first.audio.rtcp.port && sdp.audio.setup == SDP_ACTPASS);
}

static void directions(void)
{
	CHECK(
	    parses(HEAD "a=sendonly\r\nm=audio 5000 RTP/SAVP 0\r\n") && sdp.audio.direction == SDP_SENDONLY);
	CHECK(parses(HEAD "a=sendonly\r\nm=audio 5000 RTP/SAVP 0\r\na=inactive\r\n"));
	CHECK(sdp.audio.direction == SDP_INACTIVE);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 0.0.0.0\r\n") &&
	      sdp.audio.direction == SDP_SENDONLY);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 0.0.0.0\r\na=recvonly\r\n"));
	CHECK(sdp.audio.direction == SDP_INACTIVE);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\na=sendonly\r\na=recvonly\r\n")); /* the first */
	CHECK(sdp.audio.direction == SDP_SENDONLY);
}

static void a_long_packet_time_is_the_longest_of_ours(void)
{
	/* 3GPP TS 26.114 A.1, as phones of a mobile network offer */
	CHECK(parses(HEAD "m=audio 49152 RTP/AVP 97 98 8 0 100 101\r\nb=AS:80\r\nb=RS:0\r\nb=RR:2000\r\n"
			  "a=rtpmap:97 AMR/8000/1\r\na=fmtp:97 mode-change-capability=2; max-red=220\r\n"
			  "a=rtpmap:98 AMR-WB/16000/1\r\na=fmtp:98 mode-change-capability=2; max-red=220\r\n"
			  "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
			  "a=rtpmap:100 telephone-event/16000\r\na=fmtp:100 0-15\r\n"
			  "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
			  "a=curr:qos local none\r\na=des:qos optional local sendrecv\r\n"
			  "a=ptime:20\r\na=maxptime:240\r\na=sendrecv\r\n"));
	CHECK(sdp.audio.ptime_ms == 20 && sdp.audio.maxptime_ms == 200 && sdp.audio.codec_n == 4);
	CHECK(sdp.audio.codec[0].codec == SDP_PCMA && strstr(written(), "a=maxptime:200\r\n"));
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:65535\r\n") && sdp.audio.ptime_ms == 200);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:22.5\r\n") && sdp.audio.ptime_ms == 22);
}

/* What no other phone or SBC stumbles over. */
static void of_what_stands_twice_the_first_counts(void)
{
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8\r\na=ptime:30\r\na=ptime:20\r\na=maxptime:40\r\na=maxptime:60\r\n"));
	CHECK(sdp.audio.ptime_ms == 30 && sdp.audio.maxptime_ms == 40);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8\r\na=sendrecv\r\na=ptime:20\r\na=sendrecv\r\n"));
	CHECK(sdp.audio.direction == SDP_SENDRECV);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 18 8\r\na=rtpmap:18 G729/8000\r\n"
			  "a=fmtp:18 annexb=no\r\na=fmtp:18 annexa=yes\r\n"));
	CHECK(sdp.audio.codec_n == 1 && sdp.audio.codec[0].codec == SDP_PCMA);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 96\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:96 G722/8000\r\n"
			  "a=fmtp:96 stereo=1\r\na=fmtp:96 useinbandfec=1\r\n"));
	CHECK(sdp.audio.codec_n == 1 && sdp.audio.codec[0].codec == SDP_OPUS &&
	      sdp.audio.codec[0].opus_flags == SDP_OPUS_STEREO);
}

/* Its payload type is not another's: who says G722/16000 and who says PCMA of type 0 have one codec less. */
static void a_codec_that_contradicts_itself_is_left_out(void)
{
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 9 8\r\na=rtpmap:9 G722/16000\r\na=rtpmap:8 PCMA/8000\r\n"));
	CHECK(sdp.audio.codec_n == 1 && sdp.audio.codec[0].codec == SDP_PCMA && sdp.audio.codec[0].pt == 8);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 0\r\na=rtpmap:0 PCMA/8000\r\n") && sdp.audio.codec_n == 0);
}

/* Old phones offer the same call twice, plain and encrypted. */
static void picks_the_encrypted_line(void)
{
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 0\r\nm=audio 5002 RTP/SAVP 8\r\n"
			  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "\r\nm=audio 0 RTP/SAVP 0\r\n"));
	CHECK(sdp.audio_line == 1 && sdp.audio.at.port == 5002 && sdp.audio.codec[0].codec == SDP_PCMA);
	CHECK(parses(HEAD "m=audio 0 RTP/AVP 0\r\nm=audio 5002 RTP/AVP 8\r\n") && sdp.audio_line == 1);
	CHECK(parses(HEAD "m=image 5000 udptl t38\r\n") && sdp.audio_line == SDP_NO_AUDIO && sdp.line_n == 1);
	CHECK(strstr(written(), "m=image 0 udptl t38\r\n"));
}

static void ipv6(void)
{
	CHECK(parses("v=0\r\no=- 1 2 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 2001:db8::1\r\nt=0 0\r\n"
		     "m=audio 5000 RTP/SAVP 0\r\na=rtcp:6000 IN IP6 2001:db8::2"));
	CHECK(sdp.audio.at.family == 6 && sdp.audio.rtcp.port == 6000 &&
	      !addr_same_ip(&sdp.audio.at, &sdp.audio.rtcp));
	CHECK(strstr(written(), "a=rtcp:6000 IN IP6 2001:db8::2\r\n"));
}

static void refusals(void)
{
	static const struct {
		const char *text, *reason;
	} bad[] = {
	    {"", "v=, o= and s= must come first"},
	    {"v=1\r\n", "version is not 0"},
	    {"v=0\r\ni=(o=IN IP4\r\ns=-\r\nt=0 0\r\n", "v=, o= and s= must come first"}, /* T17 */
	    {"v=0\r\no=- 1 2 IN IP4\r\ns=-\r\nt=0 0\r\n", "malformed o="},
	    {"v=0\r\no=- 1 99999999999999999999 IN IP4 h\r\ns=-\r\nt=0 0\r\n", "malformed o="},
	    {"v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r\n", "t= is missing"},
	    {"v=0\no=- 1 2 IN IP4 h\ns=-\nt=0 0\n", "control octet in a line"},
	    {"v=0\r\no=- 1 2 IN IP4 h\r\ns=\rx\r\nt=0 0\r\n", "CR without LF"},
	    {"v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r", "CR without LF"},
	    {HEAD "M=audio 1 RTP/SAVP 0\r\n", "line is not of the form x=value"},
	    {HEAD "y=1\r\n", "unknown line type"},
	    {HEAD "a=x\r\nk=clear:secret\r\n", "k= would carry a key in clear"},
	    {HEAD "s=-\r\n", "line stands twice"},
	    {HEAD "c=IN IP4 192.0.2.9\r\n", "line stands twice"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nt=0 0\r\n", "unknown line type"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=x\r\nk=clear:secret\r\n", "k= would carry a key in clear"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n \r\n", "line is not of the form x=value"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n\n", "line is not of the form x=value"},
	    {HEAD "m=audio 65536 RTP/SAVP 0\r\n", "malformed port in m="},
	    {HEAD "m=audio 5000/2 RTP/SAVP 0\r\n", "malformed port in m="},
	    {HEAD "m=audio -1 RTP/SAVP 0\r\n", "malformed port in m="},
	    {HEAD "m=audio 5000 RTP/SAVP\r\n", "malformed m="},
	    {HEAD "m=audio 5000 RTP/SAVP 4294967296\r\n", "payload type out of range"}, /* T17 */
	    {HEAD "m=audio 5000 RTP/SAVP 128\r\n", "payload type out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=rtpmap:4294967296 PCMU/8000\r\n",
		"payload type out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:0\r\n", "packet time out of range"}, /* T17 */
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:2147483648\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=maxptime:0\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=maxptime:65536\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:20.\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:0.5\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ptime:20 ms\r\n", "packet time out of range"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=setup:active\r\na=setup:passive\r\n", "attribute stands twice"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=rtcp:0\r\n", "malformed rtcp port"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=setup:maybe\r\n", "unknown setup role"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ice-ufrag:abcd\r\n", "ice-ufrag and ice-pwd come together"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=ice-pwd:tooshort\r\n", "malformed ice-pwd"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=fingerprint:sha-256 AA:BB\r\n", "malformed fingerprint"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=fingerprint:sha-256 " ZEROS_16 ":" ZEROS_16 "\r\n",
		"fingerprint is nothing but zeros"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\n"
		  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		"crypto key is nothing but zeros"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abcd\r\n",
		"crypto key does not fit its suite"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 " KEY30 "\r\n",
		"crypto key is not inline"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^0\r\n",
		"malformed crypto lifetime"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 192.0.2.1/127\r\n",
		"connection address is not an IP address"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 h.example\r\n",
		"connection address is not an IP address"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 224.0.0.1\r\n",
		"connection address is multicast or IPv4-mapped"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP6 ::ffff:127.0.0.1\r\n",
		"connection address is multicast or IPv4-mapped"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP6 192.0.2.1\r\n",
		"connection address is of the other family"},
	    {"v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 5000 RTP/SAVP 0\r\n", "c= is missing"},
	    {HEAD "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.2\r\n",
		"line stands twice"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(refused(bad[i].text, bad[i].reason));
	CHECK(refused(HEAD "m=audio 1 RTP/SAVP 0\r\na=ptime:0\r\n", "packet time out of range"));
	CHECK(error.offset == sizeof(HEAD "m=audio 1 RTP/SAVP 0\r\n") - 1);
}

/* What is said otherwise than RFC 8866 and RFC 4733 have it and means nothing else. */
static void habits(void)
{
	static const char *const events[] = {"0-15;", "0-15; ", "0-15,66,70", "0-11, 16", " 0-16", "0-15;x", "on"};
	char text[400];

	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		snprintf(text, sizeof text,
		    HEAD "m=audio 5000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 %s\r\n",
		    events[i]);
		CHECK(parses(text) && sdp.audio.codec_n == 2 && sdp.audio.codec[1].codec == SDP_TELEPHONE_EVENT);
		CHECK(strstr(written(), "a=fmtp:101 0-15\r\n"));
	}
	/* nothing at all, before what counts */
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 111 8\r\na=rtpmap:111\r\na=rtpmap: 111  opus/48000/2 \r\n"
			  "a=fmtp:111\r\na=fmtp:111 stereo=1\r\n"));
	CHECK(sdp.audio.codec_n == 2 && sdp.audio.codec[0].opus_flags == SDP_OPUS_STEREO);
	/* that nobody can read */
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 96 97 98 8\r\na=rtpmap:96 opus\r\na=rtpmap:97 opus/0/2\r\n"
			  "a=rtpmap:98 iLBC/8000;mode=20\r\n"));
	CHECK(sdp.audio.codec_n == 1 && sdp.audio.codec[0].pt == 8);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8\r\na=ice-ufrag:abcd\r\na=ice-pwd:aaaaaaaaaaaaaaaaaaaaaa\r\n"
			  "a=candidate:1 1 UDP 1 192.0.2.1 65536 typ host\r\na=candidate:\r\n"
			  "a=candidate:H-1 1 UDP 0 192.0.2.1 9 typ host\r\na=candidate:2 1 UDP 2 192.0.2.1 9 typ host\r\n"));
	CHECK(sdp.audio.candidate_n == 1 && sdp.audio.candidate[0].priority == 2);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8\r\na=\r\na=what is it\r\n") && sdp.audio.codec_n == 1);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8 0 8\r\n") && sdp.audio.codec_n == 2);
	CHECK(parses(HEAD "m=audio 5000 RTP/AVP 8\r\nm=video 0 RTP/AVP\r\n") && strstr(written(), "m=video 0 RTP/AVP 0\r\n"));
}

static void lines_in_another_order(void)
{
	CHECK(parses("v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r\nt=0 0\r\na=sendonly\r\nc=IN IP4 192.0.2.1\r\nb=AS:80\r\n"
		     "m=audio 5000 RTP/AVP 8\r\na=rtcp:5003\r\nb=AS:80\r\nc=IN IP4 192.0.2.2\r\n\r\na=ptime:30\r\n"
		     "\r\n\r\n"));
	CHECK(sdp.audio.at.ip[15] == 2 && sdp.audio.rtcp.ip[15] == 2 && sdp.audio.ptime_ms == 30);
	CHECK(sdp.audio.direction == SDP_SENDONLY);
}

/* T17: the line as an ordinary text line is dropped; it says nothing about the origin. */
static void information_line_is_only_text(void)
{
	CHECK(parses("v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\ni=(o=IN IP4\r\nt=0 0\r\n"));
	CHECK(sdp.id == 1 && !strstr(written(), "(o="));
}

/* What stands of it behind the shorter one of the media would make two of one description. */
static void a_longer_name_of_the_session_leaves_nothing(void)
{
	struct sdp once;

#define ICE(of, ufrag, pwd) "a=ice-ufrag:" ufrag "\r\na=ice-pwd:" pwd "\r\n" of
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\n" ICE("", "abcd", "0123456789012345678901")));
	once = sdp;
	CHECK(parses(HEAD ICE("m=audio 5000 RTP/SAVP 0\r\n", "abcdefgh", "012345678901234567890123456789")
	    ICE("", "abcd", "0123456789012345678901")));
	CHECK(!memcmp(&once, &sdp, sizeof sdp));
}

static void nul_in_fmtp(void)
{
	static const char text[] = HEAD "m=audio 5000 RTP/SAVP 96\r\na=rtpmap:96 opus/48000/2\r\n"
					"a=fmtp:96 stereo=1\0;x\r\n";
	CHECK(!sdp_parse(span_of(text, sizeof text - 1), &sdp, &error));
	CHECK(!strcmp(error.reason, "control octet in a line"));
}

static void too_much(void)
{
	static char text[512 * 1024];
	struct buf b = buf_of(text, sizeof text);

	buf_str(&b, HEAD);
	for (int i = 0; i < 10000; i++)
		buf_str(&b, "m=audio 5000 RTP/SAVP 0\r\n");
	CHECK(refused(buf_cstr(&b), "description too long"));
	text[sizeof HEAD + 600 * 25] = 0;
	CHECK(refused(text, "too many media lines") && error.offset == sizeof HEAD - 1 + 6 * 25);
	b.n = sizeof HEAD - 1;
	for (int i = 0; i < 1000; i++)
		buf_str(&b, "a=x:y\r\n");
	CHECK(refused(buf_cstr(&b), "too many lines"));
}

static uint8_t crypto_refused(const char *value)
{
	char text[1024];
	snprintf(text, sizeof text, HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 %s\r\n", value);
	return parses(text) && sdp.audio.crypto_n == 0 ? sdp.audio.crypto_refused : 0xff;
}

/* T32 */
static void refused_suites(void)
{
	CHECK(crypto_refused("AES_CM_128_HMAC_SHA1_32 inline:" KEY30) == 1 << SDP_CRYPTO_TAG_32);
	CHECK(crypto_refused("AES_256_CM_HMAC_SHA1_32 inline:x") == 1 << SDP_CRYPTO_TAG_32);
	CHECK(crypto_refused("F8_128_HMAC_SHA1_80 inline:" KEY30) == 1 << SDP_CRYPTO_F8);
	CHECK(crypto_refused("NULL_HMAC_SHA1_80 inline:" KEY30) == 1 << SDP_CRYPTO_NULL);
	CHECK(crypto_refused("AES_CM_128_NULL_AUTH inline:" KEY30) == 1 << SDP_CRYPTO_NULL);
	CHECK(crypto_refused("AES_192_CM_HMAC_SHA1_80 inline:" KEY30) == 1 << SDP_CRYPTO_UNKNOWN);
	CHECK(crypto_refused("AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|1:4") == 1 << SDP_CRYPTO_MKI);
	CHECK(crypto_refused("AES_CM_128_HMAC_SHA1_80 inline:" KEY30 "|2^20|1:4") == 1 << SDP_CRYPTO_MKI);
	CHECK(
	    crypto_refused("AES_CM_128_HMAC_SHA1_80 inline:" KEY30 ";inline:" KEY30) == 1 << SDP_CRYPTO_MKI);
	CHECK(crypto_refused("AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " UNENCRYPTED_SRTP") ==
	      1 << SDP_CRYPTO_NULL);
	CHECK(crypto_refused("AES_CM_128_HMAC_SHA1_80 inline:" KEY30 " WSH=64") == 1 << SDP_CRYPTO_MKI);
}

/* Each allowed suite takes a key of exactly its length, padded or not. */
static void allowed_suites(void)
{
	uint8_t key[SDP_KEY_MAX];
	char text[1024];

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 7 + 1);
	for (uint8_t suite = 0; suite < SDP_SUITE_N; suite++)
		for (uint8_t n = 20; n <= sizeof key; n++)
			for (int padded = 0; padded < 2; padded++) {
				struct buf b = buf_of(text, sizeof text);
				buf_str(&b, HEAD "m=audio 5000 RTP/SAVP 0\r\na=crypto:1 ");
				buf_str(&b, sdp_suite_name(suite));
				buf_str(&b, " inline:");
				buf_base64(&b, key, n);
				while (!padded && text[b.n - 1] == '=')
					b.n--;
				CHECK(parses(buf_cstr(&b)) == (n == sdp_suite_key_len(suite)));
				CHECK(n != sdp_suite_key_len(suite) ||
				      !memcmp(sdp.audio.crypto[0].key, key, n));
			}
}

/* T35 */
static void addresses_that_name_nobody(void)
{
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\n"
			  "a=candidate:1 1 UDP 1 0.0.0.0 5 typ relay\r\n"
			  "a=candidate:1 1 UDP 1 :: 5 typ relay\r\n"
			  "a=candidate:1 1 UDP 1 ::ffff:127.0.0.1 5 typ relay\r\n"
			  "a=candidate:1 1 UDP 1 ff02::1 5 typ relay\r\n"
			  "a=candidate:1 1 UDP 1 192.0.2.9 5 typ relay\r\n"
			  "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"));
	CHECK(sdp.audio.candidate_n == 1 && sdp.audio.candidate[0].addr.ip[15] == 9);
	CHECK(parses(HEAD "m=audio 5000 RTP/SAVP 0\r\na=candidate:1 1 UDP 1 192.0.2.9 5 typ host\r\n"));
	CHECK(sdp.audio.candidate_n == 0); /* without a password nobody could check it */
}

/* Each field of a message from a lying sibling, made wrong one at a time. */
static void lies(void)
{
	struct sdp good;

	offer_of_baresip_sdes();
	good = sdp;
	CHECK(sdp_ok(&good));
#define LIE(field, value)                                                                                    \
	do {                                                                                                 \
		sdp = good;                                                                                  \
		sdp.field = value;                                                                           \
		CHECK(!sdp_ok(&sdp));                                                                        \
		CHECK(!strcmp(written(), "not written"));                                                    \
	} while (0)
	LIE(line_n, SDP_MEDIA_MAX + 1);
	LIE(audio_line, 1);
	LIE(line[0].media[0], '\r');
	LIE(line[0].format[0], 0);
	LIE(audio.at.family, 5);
	LIE(audio.at.family, 0);
	LIE(audio.proto, SDP_PROTO_N);
	LIE(audio.direction, 4);
	LIE(audio.rtcp_mux, 2);
	LIE(audio.ptime_ms, 201);
	LIE(audio.setup, SDP_SETUP_N);
	LIE(audio.codec_n, SDP_CODECS_MAX + 1);
	LIE(audio.crypto_n, SDP_CRYPTO_MAX + 1);
	LIE(audio.fingerprint_n, 3);
	LIE(audio.candidate_n, SDP_CANDIDATES_MAX + 1);
	LIE(audio.crypto_refused, 1 << SDP_CRYPTO_REFUSAL_N);
	LIE(audio.codec[0].pt, 128);
	LIE(audio.codec[0].pt, 72);
	LIE(audio.codec[0].pt, 8);
	LIE(audio.codec[0].pt, 9);
	LIE(audio.at.ip[12], 224);
	LIE(audio.rtcp.ip[12], 239);
	LIE(audio.codec[0].codec, SDP_CODEC_N);
	LIE(audio.codec[0].clock, 8000);
	LIE(audio.codec[0].channels, 1);
	LIE(audio.codec[0].opus_flags, 16);
	LIE(audio.codec[0].opus_max_average_bitrate, 510001);
	LIE(audio.crypto[0].suite, SDP_SUITE_N);
	LIE(audio.crypto[0].key_len, 46);
	LIE(audio.crypto[0].tag, 1000000000);
	LIE(audio.crypto[0], ((struct sdp_crypto){2, SDP_AES_CM_128_HMAC_SHA1_80, 30, 0, {0}}));
	good.audio.fingerprint_n = 1;
	good.audio.fingerprint[0] = (struct sdp_fingerprint){.hash = SDP_SHA_256, .bytes = {[31] = 1}};
	CHECK(sdp_ok(&good));
	LIE(audio.fingerprint[0], ((struct sdp_fingerprint){.hash = SDP_SHA_256, .bytes = {[32] = 1}}));
	good.audio.fingerprint_n = 0;
	LIE(audio.ice_ufrag[0], 'x');
	LIE(audio.zrtp, 1);
	sdp = good;
	memset(sdp.line[0].proto, 'x', sizeof sdp.line[0].proto);
	CHECK(!sdp_ok(&sdp));
	sdp = good;
	memset(sdp.audio.ice_ufrag, 'x', sizeof sdp.audio.ice_ufrag);
	memset(sdp.audio.ice_pwd, 'x', sizeof sdp.audio.ice_pwd);
	CHECK(!sdp_ok(&sdp));
	sdp.audio.ice_ufrag[8] = sdp.audio.ice_pwd[30] = 0;
	CHECK(sdp_ok(&sdp));
	sdp.audio.candidate_n = 1;
	CHECK(!sdp_ok(&sdp));
	memset(&sdp, 0xff, sizeof sdp);
	CHECK(!sdp_ok(&sdp));
}

/* SDP_TEXT_MAX holds the longest description that can be. */
static void longest_text(void)
{
	offer_of_browser();
	struct sdp_audio *a = &sdp.audio;
	struct addr six = {.family = 6, .port = 65535};
	memset(six.ip, 0xfd, sizeof six.ip);
	a->at = a->rtcp = six;
	a->rtcp.ip[0] = 0xfe;
	sdp.id = sdp.version = UINT64_MAX;
	a->codec_n = SDP_CODECS_MAX;
	for (uint8_t i = 0; i < SDP_CODECS_MAX; i++)
		a->codec[i] = (struct sdp_codec){
		    (uint8_t)(100 + i), SDP_OPUS, 2, SDP_OPUS_FLAGS, 48000, 510000, 48000, 48000};
	a->crypto_n = SDP_CRYPTO_MAX;
	for (uint8_t i = 0; i < SDP_CRYPTO_MAX; i++)
		a->crypto[i] = (struct sdp_crypto){999999990U + i, SDP_AES_256_CM_HMAC_SHA1_80, 46, 48, {1}};
	a->fingerprint_n = 2;
	a->fingerprint[0].hash = a->fingerprint[1].hash = SDP_SHA_512;
	a->fingerprint[0].bytes[0] = a->fingerprint[1].bytes[0] = 0xff;
	a->candidate_n = SDP_CANDIDATES_MAX;
	for (uint8_t i = 0; i < SDP_CANDIDATES_MAX; i++) {
		a->candidate[i] = (struct sdp_candidate){six, INT32_MAX, 2, SDP_SRFLX, ""};
		memset(a->candidate[i].foundation, 'f', 32);
	}
	memset(a->ice_ufrag, 'u', SDP_UFRAG_MAX);
	memset(a->ice_pwd, 'p', SDP_PWD_MAX);
	a->zrtp = a->ice_lite = a->ice_end = 1;
	memcpy(a->zrtp_version, "1.10", 5);
	a->ptime_ms = a->maxptime_ms = 200;
	sdp.line_n = SDP_MEDIA_MAX;
	for (uint8_t i = 1; i < SDP_MEDIA_MAX; i++) {
		memset(sdp.line[i].media, 'm', sizeof sdp.line[i].media - 1);
		memset(sdp.line[i].proto, 'p', sizeof sdp.line[i].proto - 1);
		memset(sdp.line[i].format, 'f', sizeof sdp.line[i].format - 1);
	}
	CHECK(sdp_ok(&sdp) && strstr(written(), "a=end-of-candidates") &&
	      strlen(written()) > SDP_TEXT_MAX - 1536);
	char small[100];
	struct buf b = buf_of(small, sizeof small);
	CHECK(!sdp_write(&b, &sdp));
}

int main(void)
{
	RUN(offer_of_baresip_sdes);
	RUN(offer_of_browser);
	RUN(zrtp_hash);
	RUN(round_trip);
	RUN(directions);
	RUN(a_long_packet_time_is_the_longest_of_ours);
	RUN(of_what_stands_twice_the_first_counts);
	RUN(a_codec_that_contradicts_itself_is_left_out);
	RUN(picks_the_encrypted_line);
	RUN(ipv6);
	RUN(habits);
	RUN(lines_in_another_order);
	RUN(refusals);
	RUN(information_line_is_only_text);
	RUN(a_longer_name_of_the_session_leaves_nothing);
	RUN(nul_in_fmtp);
	RUN(too_much);
	RUN(refused_suites);
	RUN(allowed_suites);
	RUN(addresses_that_name_nobody);
	RUN(lies);
	RUN(longest_text);
	return TEST_END;
}
