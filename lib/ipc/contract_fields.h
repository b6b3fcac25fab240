/* SPDX-License-Identifier: ISC */
/* The fields of each message. N number, E enum (one octet, values below the limit), S text in the tail (at most so
 * many octets, no controls), D the same of any octets, A address, B octets, O optional struct in the tail with its own check.
 * `token` is the asker's own and comes back; `flow` is a connection of an edge; times are CLOCK_BOOTTIME milliseconds
 * unless they say wall. */
#ifndef IPC_CONTRACT_FIELDS_H
#define IPC_CONTRACT_FIELDS_H

#include "ipc/relay.h"
#include "ipc/setting.h"
#include "ipc/site.h"
#include "ipc/status.h"
#include "plan/ceiling.h"
#include "plan/permit.h"
#include "wire/digest.h"
#include "wire/nonce.h"
#include "wire/passport.h"
#include "wire/pidf.h"
#include "wire/sdp.h"
#include "wire/sip.h"

enum {
	USER_NAME_MAX = 32, /* extension or login name */
	DISPLAY_MAX = 64,
	LABEL_MAX = 48, /* of a phone, for people */
	TAG_MAX = 256,
	CALL_ID_MAX = 256,
	URI_TEXT_MAX = 512,   /* echo token: a URI as its phone wrote it */
	ROUTE_SET_MAX = 1024, /* echo token: Record-Route or Path as its phone wrote it */
	INSTANCE_MAX = 128,
	NONCE_MAX = 96,
	REASON_MAX = 200,
	MESSAGE_TEXT_MAX = 2048,
	CERT_MAX = 1600, /* DER */
	SEALED_MAX = 160,
	PASSWORD_MAX = 128,
	PIN_MIN = 4,
	PIN_MAX = 12,
	PIN_DIGITS_MAX = 32, /* what was typed, right or wrong */
	SPENT_TEXT_MAX = 240,
	EXPORT_MAX = 8216,     /* a chunk of a backup: lib/vault/backup.h */
	TRUNK_NONCE_MAX = 512, /* and opaque, of a provider */
	MAIL_KEY = 32,
	MAIL_PIECE_MAX = 8016, /* a second of a message at 8 kHz, and its tag */
	MAIL_MOST = 4096,      /* messages of a site */
};

#define ABSENT UINT32_MAX /* of expires and the like: the header was not there */

enum file_kind {
	FILE_ARENA,      /* core, media: their arena, read-write, final size */
	FILE_BOOT_KEY,   /* keeper, signer: 32 octets */
	FILE_STORE_DIR,  /* keeper, signer, ledger: a directory of their own */
	FILE_CONF,       /* conf: ringfence.conf, read-only */
	FILE_CTL_SOCKET, /* ctl: the listening local socket */
	FILE_PROMPTS,    /* voice, conf: the packed prompts, read-only */
	FILE_RECORDINGS, /* voice, conf: the site's directory of recordings that take their place; given when there is one */
	FILE_TRUST,      /* conf: the site's directory of certificates; given when there is one */
	FILE_ARENA_LOOK, /* core, media: the arena of those that run now, read-only: could it be taken over? */
	FILE_STORE_LOOK, /* keeper, signer, ledger: that directory while others run with it: could it be opened? */
	FILE_HELPER,     /* ctl, watch: the program that does in a process of its own what they must not (O_PATH) */
	FILE_KINDS
};

enum kernel_map {
	KERNEL_FLOWS,
	KERNEL_TALLIES,
	KERNEL_RING,   /* packets for calls that end in media */
	KERNEL_SENDS,  /* where media sends many at once */
	KERNEL_SENDER, /* no map but the socket that does */
	KERNEL_MAPS
};

/* state of a phone: what its certificate is good for */
enum device_state {
	DEVICE_NONE,
	DEVICE_REQUESTED,
	DEVICE_ADDED,
	DEVICE_VALID,
	DEVICE_REVOKED,
	DEVICE_SUSPENDED,
	DEVICE_STATES
};

enum device_flag {
	DEVICE_MD5 = 1,   /* digest MD5 instead of SHA-256 */
	DEVICE_TLS12 = 2, /* may use TLS 1.2 with AEAD suites */
	DEVICE_FIXED = 4, /* a desk phone with a place of its own */
	DEVICE_NO_OPUS = 8,
	DEVICE_FLAGS = 15
};

enum key_mask { KEY_SDES = 1, KEY_DTLS = 2, KEY_ZRTP = 4, KEY_ALL = 7 };

enum target_kind {
	TARGET_USER,     /* a user part in our domain or at our address */
	TARGET_SELF,     /* our domain or address alone */
	TARGET_LEG,      /* the Contact that we gave out for a leg: the user part is the leg's token */
	TARGET_TRANSFER, /* the one-time URI of a REFER of ours: the user part is its token */
	TARGET_FOREIGN,
	TARGET_KINDS
};

/* whose name a From is */
enum from_kind {
	FROM_FOREIGN,
	FROM_OURS,
	FROM_NOBODY, /* anonymous@anonymous.invalid (RFC 3323 4.1.1.3) */
	FROMS
};

/* where a Refer-To leads */
enum refer_kind {
	REFER_NONE,
	REFER_USER, /* a user part in our domain, or the number of a tel URI */
	REFER_LEG,  /* the Contact that we gave out for a leg */
	REFER_FOREIGN,
	REFER_KINDS
};

/* event packages (RFC 6665); any other is 489 */
enum event_package {
	PACKAGE_NONE,
	PACKAGE_REFER,           /* RFC 3515 */
	PACKAGE_MESSAGE_SUMMARY, /* RFC 3842 */
	PACKAGES
};

enum contact_form { CONTACT_NONE, CONTACT_ONE, CONTACT_STAR, CONTACT_SEVERAL, CONTACT_FORMS };

enum challenge { CHALLENGE_NONE, CHALLENGE_SHA256, CHALLENGE_MD5, CHALLENGES };

enum login_verdict { LOGIN_OK, LOGIN_WRONG, LOGIN_STALE, LOGIN_LOCKED, LOGIN_VERDICTS };

enum flow_why { FLOW_CLOSED, FLOW_TIMEOUT, FLOW_BAD_BYTES, FLOW_SLOW, FLOW_REVOKED, FLOW_STOP, FLOW_WHYS };

enum refresher { REFRESHER_NONE, REFRESHER_UAC, REFRESHER_UAS, REFRESHERS };

/* what a SIP body was */
enum body_kind { BODY_NONE, BODY_SDP, BODY_TEXT, BODY_KINDS };

/* what became of a try to reach a trunk */
enum reach_why {
	REACH_OK,
	REACH_NO_NAME,   /* its name has no address, or DNS gave no answer */
	REACH_NO_ANSWER, /* nobody accepted the connection */
	REACH_END,       /* there is no further address to try */
	REACH_BUSY,
	REACH_WHYS
};

/* why edge has no flow to it, or none any more */
enum trunk_why {
	TRUNK_CLOSED,
	TRUNK_TIMEOUT,
	TRUNK_NO_TLS,     /* the handshake failed before a certificate was seen */
	TRUNK_BAD_CERT,   /* not from the trunk's CA, expired, or not for servers */
	TRUNK_WRONG_NAME, /* RFC 5922: the certificate is for another */
	TRUNK_FULL,       /* edge has no room */
	TRUNK_WHYS
};

/* which of its files */
enum trust_kind {
	TRUST_ROOTS, /* who vouches for it */
	TRUST_OWN,   /* what we show when it asks: our certificate for it, and what is above that */
	TRUST_KINDS
};

enum trunk_state {
	TRUNK_DOWN, /* not begun, or the exchange stops */
	TRUNK_RESOLVING,
	TRUNK_CONNECTING,  /* the handshake with it */
	TRUNK_REGISTERING, /* or asking by OPTIONS whether it is there */
	TRUNK_UP,
	TRUNK_NEXT,  /* failing over to the next address */
	TRUNK_WAITS, /* before it begins anew */
	TRUNK_STATES
};

enum trunk_digest { TRUNK_DIGEST_OK, TRUNK_DIGEST_NO_SECRET, TRUNK_DIGEST_FOREIGN, TRUNK_DIGEST_WEAK, TRUNK_DIGESTS };

enum relay_why { RELAY_NO_PORT, RELAY_BAD_SPEC, RELAY_EXPIRED, RELAY_GATE_SHUT, RELAY_SILENT, RELAY_WHYS };

enum grade { GRADE_SETTING_UP, GRADE_END_TO_END, GRADE_EXCHANGE, GRADE_GATEWAY, GRADE_OPEN, GRADES };

enum call_state { CALL_STARTING, CALL_RINGING, CALL_QUEUED, CALL_UP, CALL_HELD, CALL_ENDING, CALL_PARKED, CALL_STATES };

enum event_kind {
	EVENT_STARTED, /* a process started (again) */
	EVENT_DIED,
	EVENT_ACCUSED,
	EVENT_CONFIG,            /* configuration committed or refused */
	EVENT_HANDSHAKE_REFUSED, /* a handshake ended: detail says why */
	EVENT_BAD_BYTES,         /* a connection closed for what it sent */
	EVENT_LOGIN_WRONG,
	EVENT_LOGIN_LOCKED,
	EVENT_BINDING_REFUSED, /* a user tried from a device that is not allowed for them */
	EVENT_IMPERSONATION,   /* From or identity of another */
	EVENT_FORGED_DIALOG,   /* a request inside a call from one who does not own the leg */
	EVENT_CALL_REFUSED,
	EVENT_GATE_SHUT,      /* no keys in time */
	EVENT_MEDIA_STRANGER, /* packets from an address that is not the leg's */
	EVENT_PHONE,          /* added, enrolled, renewed, revoked, admitted */
	EVENT_USER,           /* added, changed, removed, also PIN and dialled numbers */
	EVENT_ADMIN,          /* log read, administrator set or refused */
	EVENT_BAN,
	EVENT_EMERGENCY,   /* an emergency call was placed */
	EVENT_FULL,        /* a pool or credit ran out */
	EVENT_PIN,         /* wrong, locked, or changed by its user */
	EVENT_TRUNK,       /* went up or down */
	EVENT_CEILING,     /* half or the whole of one is used */
	EVENT_CERTIFICATE, /* one of the site's files ends soon */
	EVENT_KINDS
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ALARM, SEVERITIES };
/* Events of one budget hide none of another's: one for each severity, and one for calls for help. */
enum { EVENT_BUDGET_HELP = SEVERITIES, EVENT_BUDGETS };

/* The exit code of a process that wants to begin with the site of now. */
enum { EXIT_ANEW = 76 };

enum done_result { DONE_OK, DONE_NOT_FOUND, DONE_EXISTS, DONE_REFUSED, DONE_FAILED, DONE_BUSY, DONE_RESULTS };

/* what keeper remembers of a number */
enum may_memory {
	MAY_NOT_ASKED, /* no number that leaves the exchange */
	MAY_NEW,       /* never dialled */
	MAY_DIALLED,
	MAY_UNKNOWN, /* keeper was not there */
	MAY_MEMORIES
};

enum list_kind { LIST_USERS, LIST_PHONES, LIST_EVENTS, LIST_READINGS, LIST_GROUPS, LIST_NOTICES, LISTS };

enum user_action { USER_ADD, USER_CHANGE, USER_DELETE, USER_ACTIONS };

/* what PHONE_SET does; which fields count stands beside it */
enum phone_action {
	PHONE_ADD,     /* label, flags, fixed location; answers the device index in done.value */
	PHONE_REQUEST, /* label, point: a softphone asked for (R5) */
	PHONE_STATE,   /* state */
	PHONE_FLAGS,   /* flags, mask */
	PHONE_ISSUED,  /* epoch, not_after, point: a certificate was written; a new key needs a higher epoch */
	PHONE_ACTIONS
};

/* people */
enum group_action { GROUP_ADD, GROUP_CHANGE, GROUP_DELETE, GROUP_ACTIONS };

enum notice_kind {
	NOTICE_CALL,    /* placed */
	NOTICE_REFUSED, /* of a phone that may be anywhere */
	NOTICE_DOUBT,   /* placed, but the phone is not where its location says */
	NOTICE_TEST,    /* 933 */
	NOTICE_END,     /* of one that was placed and answered */
	NOTICE_SAID,    /* where the phone of one says that it is; its location is that */
	NOTICE_KINDS
};

enum pin_verdict {
	PIN_IS_RIGHT,
	PIN_IS_WRONG,
	PIN_IS_LOCKED,
	PIN_IS_NONE,    /* this user has none */
	PIN_IS_REFUSED, /* the new one is too simple or no PIN */
	PIN_IS_FAILED,  /* could not be judged or kept; as good as wrong */
	PIN_VERDICTS
};

enum mail_kept { MAIL_KEPT_NOT, MAIL_KEPT_IN_PART, MAIL_KEPT_WHOLE, MAIL_KEPTS };
enum forget { FORGET_PIN_LOCK, FORGET_PIN, FORGET_DIALLED, FORGET_MESSAGES, FORGET_LOGIN_LOCK, FORGET_ALL, FORGETS };

enum sign_key {
	SIGN_SERVER,
	SIGN_DTLS,
	SIGN_TRUNK, /* of the trunk that the question names */
	SIGN_KEYS
};

enum cert_kind { CERT_SERVER, CERT_DEVICE, CERT_CA, CERT_KINDS };

/* --- voice --- */
enum {
	TURN_SAY_MAX = 256,
	TURN_DIGITS_MAX = 32,
	RECORDING_NAME_MAX = 64,
	VOICE_SESSIONS_MAX = 2048, /* sides that voice speaks to at once, or as many as the site may have calls */
	VOICE_MAILS_MAX = 64,      /* messages that are recorded or said at once */
	TURN_LANGUAGE_MAX = 8,     /* a folder of share/prompts: "en" */
	AUDIO_MAX = 512,           /* octets of one frame: 60 ms of G.711 are 480 */
	DIGIT_STAR = 10,           /* event codes of RFC 4733 3.2; 0 to 9 are themselves */
	DIGIT_POUND = 11,
	DIGITS = 12
};

enum turn_why {
	TURN_SAID,      /* all was said, and no digit was wanted */
	TURN_DIGITS,    /* digits_max, the end key, or digits_min and then silence for gap_ms */
	TURN_TIME_OUT,  /* fewer than digits_min; `digits` holds what there was */
	TURN_STOPPED,   /* by turn_stop, by a newer turn for the same side, or because voice died */
	TURN_NO_SPACE,  /* all sessions are in use */
	TURN_NO_PROMPT, /* `say` names what there is not */
	TURN_WHYS
};

/* clang-format off */
#define FIELDS_HELLO(N, E, S, D, A, B, O) B(build, 16) E(proc, PROC_N) N(uint32_t, instance)

#define FIELDS_START(N, E, S, D, A, B, O) N(uint32_t, instance) N(uint8_t, node) N(uint32_t, uid) N(uint32_t, gid)
#define FIELDS_GIVE_LINK(N, E, S, D, A, B, O) E(peer, PROC_N) N(uint32_t, instance)
/* "en/goodbye.wav", in their order: the first one behind the name that voice says */
#define FIELDS_GIVE_RECORDING(N, E, S, D, A, B, O) S(name, RECORDING_NAME_MAX)
/* cut: parent could look no further, for want of descriptors or memory; what was not given may be there */
#define FIELDS_RECORDINGS_END(N, E, S, D, A, B, O) E(cut, 2)
#define FIELDS_RECORDING_WANT(N, E, S, D, A, B, O) S(after, RECORDING_NAME_MAX)
#define FIELDS_GIVE_FILE(N, E, S, D, A, B, O) E(what, FILE_KINDS)
#define FIELDS_GIVE_LISTENER(N, E, S, D, A, B, O) N(uint8_t, index) A(bound)
#define FIELDS_SITE_PREPARE(N, E, S, D, A, B, O) N(uint32_t, generation) O(struct site, site, site_ok)
#define FIELDS_SITE_COMMIT(N, E, S, D, A, B, O) N(uint32_t, generation)
#define FIELDS_SITE_ABORT(N, E, S, D, A, B, O) N(uint32_t, generation)
#define FIELDS_DATABASE(N, E, S, D, A, B, O) S(uri, 512)
#define FIELDS_GO(N, E, S, D, A, B, O)
/* followed: another life of the whole exchange begins as soon as this one has ended */
#define FIELDS_STOP(N, E, S, D, A, B, O) E(followed, 2)
/* brief: an answer without a status, which says that the process is alive */
#define FIELDS_STATUS_WANT(N, E, S, D, A, B, O) N(uint64_t, token) E(brief, 2)
/* what this phone sent made a process break its contract for the second time */
#define FIELDS_SUSPEND(N, E, S, D, A, B, O) N(uint32_t, device)
#define FIELDS_SITE_VERDICT(N, E, S, D, A, B, O) N(uint32_t, generation) E(ok, 2) S(reason, REASON_MAX)
#define FIELDS_READY(N, E, S, D, A, B, O)
/* what it keeps is of an earlier schema, and it is not ready before that is today's */
#define FIELDS_UPGRADING(N, E, S, D, A, B, O)
#define FIELDS_STATUS(N, E, S, D, A, B, O) N(uint64_t, token) O(struct proc_status, status, proc_status_ok)
/* the process at the other end of one of my links broke its contract, acting for this flow and device (0: none) */
#define FIELDS_ACCUSE(N, E, S, D, A, B, O) E(peer, PROC_N) N(uint32_t, instance) N(uint64_t, flow) N(uint32_t, device) S(reason, REASON_MAX)
#define FIELDS_SITE_PARSED(N, E, S, D, A, B, O) O(struct site, site, site_ok) S(database, 512)
#define FIELDS_SITE_REFUSED(N, E, S, D, A, B, O) S(reason, REASON_MAX)

#define FIELDS_CTL_STATUS(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_CTL_STOP(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_CTL_RELOAD(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_CTL_UPGRADE(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_PROC_LINE(N, E, S, D, A, B, O)                                                                    \
	N(uint64_t, token) E(proc, PROC_N) E(up, 2) N(uint32_t, instance) N(uint32_t, pid) N(uint32_t, restarts)     \
	N(uint64_t, age_ms) O(struct proc_status, status, proc_status_ok)
/* the end of every answer to ctl */
#define FIELDS_DONE(N, E, S, D, A, B, O) N(uint64_t, token) E(result, DONE_RESULTS) N(uint64_t, value) S(text, REASON_MAX)

#define FIELDS_CERT_CHAIN(N, E, S, D, A, B, O) D(leaf, CERT_MAX) D(ca, CERT_MAX)
/* an edge asks for the server's key and for those of trunks (index into the site), media for that of DTLS */
#define FIELDS_SIGN_WANT(N, E, S, D, A, B, O) N(uint64_t, token) E(key, SIGN_KEYS) E(trunk, SITE_TRUNKS_MAX) B(hash, 32)
/* an empty one: the trunk has no key, or is none of this site */
#define FIELDS_SIGNED(N, E, S, D, A, B, O) N(uint64_t, token) D(signature, 80)
/* did the key of this point sign that hash? signature: r and s. Nothing here is secret */
#define FIELDS_PROOF_WANT(N, E, S, D, A, B, O) N(uint64_t, token) B(point, 64) B(hash, 32) B(signature, 64)
#define FIELDS_PROOF(N, E, S, D, A, B, O) N(uint64_t, token) E(good, 2)
/* signed by its own key; calls name it by its fingerprint */
#define FIELDS_DTLS_CERT(N, E, S, D, A, B, O) D(der, CERT_MAX)
/* site: digest of the names that it is to hold; keeper is silent while its own site is another, and is asked again */
#define FIELDS_SERVER_CERT_WANT(N, E, S, D, A, B, O) N(uint64_t, token) B(point, 64) B(site, 32)
#define FIELDS_SERVER_CERT(N, E, S, D, A, B, O) N(uint64_t, token) N(int64_t, not_after_ms) D(leaf, CERT_MAX) D(ca, CERT_MAX)

/* trunk: 0 a phone, else index + 1 and device is 0; came: it connected to us, or this is for large requests alone; token: of the reach_want that led to it, or 0 */
#define FIELDS_FLOW_UP(N, E, S, D, A, B, O)                                                                      \
	N(uint64_t, flow) N(uint32_t, device) N(uint8_t, listener) E(expired, 2) E(tls12, 2) A(remote)                \
	E(trunk, SITE_TRUNKS_MAX + 1) E(came, 2) N(uint64_t, token)
#define FIELDS_FLOW_DOWN(N, E, S, D, A, B, O) N(uint64_t, flow) E(why, FLOW_WHYS)

/* txn: the server transaction at the edge, 0 for an ACK. From trunks alone come the number that the trunk asserts
 * (P-Asserted-Identity), who was called before the Request-URI became our Contact (P-Called-Party-ID), the name it shows,
 * whether the caller wants not to be shown (RFC 3323, RFC 3325), and the PASSporT that it is signed by (RFC 8224).
 * refer_user: as target_user, of the Refer-To. replaces: of the Refer-To of a REFER, of the header of an INVITE. key: the digit of an INFO as ASCII, 0 without one. frag: the status code in the body of a
 * NOTIFY, 0 without one. place: where the phone of a call for help says that it is. */
#define FIELDS_REQUEST(N, E, S, D, A, B, O)                                                                      \
	N(uint64_t, txn) N(uint64_t, flow) N(uint32_t, device) E(method, SIP_METHODS_N) E(emergency, 2)               \
	E(target_kind, TARGET_KINDS) S(target_user, USER_NAME_MAX * 2) E(from_kind, FROMS)                            \
	S(from_user, USER_NAME_MAX * 2) S(from_tag, TAG_MAX) E(to_ours, 2) S(to_user, USER_NAME_MAX * 2)             \
	S(to_tag, TAG_MAX) S(call_id, CALL_ID_MAX) N(uint32_t, cseq) N(uint8_t, max_forwards)                        \
	E(contact_form, CONTACT_FORMS) S(contact, URI_TEXT_MAX) N(uint32_t, contact_expires)                         \
	S(instance, INSTANCE_MAX) N(uint32_t, reg_id) S(route_set, ROUTE_SET_MAX) N(uint32_t, expires)               \
	N(uint32_t, supported) N(uint32_t, required) N(uint32_t, allow) N(uint32_t, session_expires)                 \
	E(refresher, REFRESHERS) N(uint32_t, min_se) N(uint32_t, rack_rseq) N(uint32_t, rack_cseq)                   \
	E(rack_method, SIP_METHODS_N) E(has_auth, 2) E(auth_algorithm, DIGEST_OTHER + 1) E(auth_uri_matches, 2)               \
	E(auth_qop, 2) N(uint32_t, auth_nc) S(auth_user, USER_NAME_MAX * 2) S(auth_realm, SITE_NAME_MAX)             \
	S(auth_nonce, NONCE_MAX) S(auth_uri, URI_TEXT_MAX) S(auth_response, 64) S(auth_cnonce, 128)                  \
	N(uint16_t, cause) O(struct sdp, sdp, sdp_ok) D(text, MESSAGE_TEXT_MAX)                                  \
	O(struct pidf_place, place, pidf_place_ok)                                                                   \
	E(asserted, 2) S(asserted_user, USER_NAME_MAX * 2) S(called_user, USER_NAME_MAX * 2)                         \
	S(from_display, DISPLAY_MAX) E(privacy, 2)                                                                   \
	O(struct passport, passport, passport_ok)                                                                    \
	E(refer_kind, REFER_KINDS) S(refer_user, USER_NAME_MAX * 2) S(replaces_call_id, CALL_ID_MAX)                 \
	S(replaces_to_tag, TAG_MAX) S(replaces_from_tag, TAG_MAX) E(replaces_early, 2) N(uint8_t, key)               \
	E(package, PACKAGES) E(substate, SIP_SUBSTATE_OTHER + 1) N(uint16_t, frag)

/* ref: core's client request; local: made up by the edge (time-out 408, transport error 503). redirect: where a phone's 300, 301 or 302
 * sends the call, as refer_user; empty: nowhere here. The last fields come from trunks alone: what a registration was granted, and the
 * strongest challenge that a 401 or 407 holds */
#define FIELDS_RESPONSE(N, E, S, D, A, B, O)                                                                     \
	N(uint64_t, ref) N(uint64_t, flow) E(method, SIP_METHODS_N) E(local, 2) N(uint16_t, code) S(to_tag, TAG_MAX)  \
	N(uint32_t, cseq) S(contact, URI_TEXT_MAX) S(redirect, USER_NAME_MAX * 2) S(route_set, ROUTE_SET_MAX)        \
	N(uint32_t, rseq) N(uint32_t, supported) N(uint32_t, required) N(uint32_t, allow) N(uint32_t, session_expires) \
	E(refresher, REFRESHERS) N(uint32_t, min_se) N(uint32_t, retry_after) N(uint16_t, cause)                     \
	O(struct sdp, sdp, sdp_ok) N(uint32_t, expires) N(uint32_t, min_expires) E(has_challenge, 2)                  \
	E(auth_algorithm, DIGEST_OTHER + 1) E(auth_qop, 2) E(auth_stale, 2) E(auth_proxy, 2)                          \
	S(auth_realm, SITE_NAME_MAX) S(auth_nonce, TRUNK_NONCE_MAX) S(auth_opaque, TRUNK_NONCE_MAX)

/* the phone cancelled this INVITE; the edge has answered the CANCEL, core answers the INVITE */
#define FIELDS_CANCELLED(N, E, S, D, A, B, O) N(uint64_t, txn) N(uint16_t, cause)

/* a call for help that the edge refused by itself with this code; number: as target_user */
#define FIELDS_HELP_REFUSED(N, E, S, D, A, B, O) N(uint64_t, flow) N(uint16_t, code) S(number, USER_NAME_MAX * 2)

/* leg_token: user part of the Contact that stands for the leg, empty for none */
#define FIELDS_RESPOND(N, E, S, D, A, B, O)                                                                      \
	N(uint64_t, txn) N(uint16_t, code) S(to_tag, TAG_MAX) S(leg_token, USER_NAME_MAX * 2) N(uint32_t, rseq)      \
	N(uint32_t, required) N(uint32_t, session_expires) E(refresher, REFRESHERS) N(uint32_t, min_se)              \
	N(uint32_t, retry_after) N(uint32_t, expires) S(contact, URI_TEXT_MAX) S(instance, INSTANCE_MAX)             \
	N(uint32_t, reg_id) N(uint32_t, flow_timer) E(challenge, CHALLENGES) E(stale, 2) S(nonce, NONCE_MAX)         \
	N(uint16_t, cause) S(cause_text, REASON_MAX) N(uint16_t, warning) S(warning_text, REASON_MAX)                \
	S(identity_user, USER_NAME_MAX * 2) S(identity_display, DISPLAY_MAX) O(struct sdp, sdp, sdp_ok)

/* target: the echo token of the phone that it goes to. ref 0: an ACK, which has no answer. To trunks alone: without a target
 * the URI is that of `number` (trunk_put_uri()); privacy: the caller is not to be shown; auth_*: credentials, when auth_user
 * is given. refer_token: user part of the Refer-To of a REFER, in our domain; referred_by: the user who transfers.
 * NOTIFY: package, substate, for REFER the CSeq of the phone's request (event_id) and a status code (frag), for
 * MESSAGE_SUMMARY counts; expires while it is active. Where the caller is, beside the description of an INVITE: civic (as
 * SETTING_LOCATION) as the site knows it, place (as in REQUEST) as the phone says; doubt: the phone may be elsewhere than civic
 * says, so that its own word goes first. */
#define FIELDS_SEND(N, E, S, D, A, B, O)                                                                         \
	N(uint64_t, ref) N(uint64_t, flow) E(method, SIP_METHODS_N) E(emergency, POOL_CLAIMS) S(target, URI_TEXT_MAX)           \
	S(route_set, ROUTE_SET_MAX) S(from_user, USER_NAME_MAX * 2) S(from_display, DISPLAY_MAX)                     \
	S(from_tag, TAG_MAX) S(to_user, USER_NAME_MAX * 2) S(to_tag, TAG_MAX) S(call_id, CALL_ID_MAX)                \
	N(uint32_t, cseq) S(leg_token, USER_NAME_MAX * 2) N(uint8_t, max_forwards)                                   \
	S(identity_user, USER_NAME_MAX * 2) S(identity_display, DISPLAY_MAX) N(uint32_t, supported)                  \
	N(uint32_t, required) N(uint32_t, session_expires) E(refresher, REFRESHERS) N(uint32_t, min_se)              \
	N(uint32_t, rack_rseq) N(uint32_t, rack_cseq) E(rack_method, SIP_METHODS_N) N(uint32_t, expires)              \
	N(uint16_t, cause) S(cause_text, REASON_MAX) O(struct sdp, sdp, sdp_ok) D(text, MESSAGE_TEXT_MAX)             \
	S(civic, SETTING_TEXT_MAX) E(doubt, 2) O(struct pidf_place, place, pidf_place_ok)                            \
	S(number, USER_NAME_MAX * 2) E(privacy, 2) S(auth_user, TRUNK_USER_MAX) S(auth_realm, TRUNK_USER_MAX)         \
	S(auth_nonce, TRUNK_NONCE_MAX) S(auth_opaque, TRUNK_NONCE_MAX) S(auth_response, 64) S(auth_cnonce, 32)        \
	N(uint32_t, auth_nc) E(auth_algorithm, DIGEST_OTHER + 1) E(auth_qop, 2) E(auth_proxy, 2) \
	S(refer_token, USER_NAME_MAX * 2) S(referred_by, USER_NAME_MAX * 2) E(package, PACKAGES)                     \
	E(substate, SIP_SUBSTATE_OTHER + 1) N(uint32_t, event_id) N(uint16_t, frag) N(uint32_t, messages_new)        \
	N(uint32_t, messages_old)

#define FIELDS_CANCEL_SENT(N, E, S, D, A, B, O) N(uint64_t, ref) N(uint16_t, cause) S(cause_text, REASON_MAX)
#define FIELDS_CLOSE_FLOW(N, E, S, D, A, B, O) N(uint64_t, flow) E(why, FLOW_WHYS)
/* until then a call that comes over a trunk may be of who helps: half of the reserve is for it too (R16) */
#define FIELDS_HELP_CALLS_BACK(N, E, S, D, A, B, O) N(uint64_t, until_ms)
/* epoch: older certificates of the device are refused */
#define FIELDS_DEVICE_STATE(N, E, S, D, A, B, O) N(uint32_t, device) E(state, DEVICE_STATES) N(uint32_t, flags) N(uint32_t, epoch)
#define FIELDS_DEVICES_DONE(N, E, S, D, A, B, O) N(uint32_t, generation)

/* a file of SITE/trust, PEM, for this trunk (index); comes before the site that it belongs to */
#define FIELDS_GIVE_TRUST(N, E, S, D, A, B, O) N(uint32_t, generation) N(uint8_t, trunk) E(what, TRUST_KINDS)
/* trunk: index. next: the address after the one that was tried last; else its name is asked anew */
#define FIELDS_REACH_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) E(next, 2)
#define FIELDS_REACHED(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) E(why, REACH_WHYS) A(remote) N(uint32_t, left)
/* the socket connected to that address; edge makes a flow of it, or says trunk_failed */
#define FIELDS_TRUNK_CONNECTED(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) A(remote)
/* this is an address of that trunk; with a token: over UDP, and a flow is to be made of it. first: forget the others */
#define FIELDS_TRUNK_PEER(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) A(remote) E(first, 2)
/* a TCP connection to this address of a trunk that speaks UDP, for what is too large for a datagram; the answer is
 * trunk_connected with this token, or stream_none */
#define FIELDS_STREAM_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) A(remote)
#define FIELDS_STREAM_NONE(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) E(why, REACH_WHYS)
#define FIELDS_TRUNK_FAILED(N, E, S, D, A, B, O) N(uint64_t, token) N(uint8_t, trunk) E(why, TRUNK_WHYS)
/* uri: the Request-URI that is sent */
#define FIELDS_TRUNK_DIGEST_WANT(N, E, S, D, A, B, O)                                                            \
	N(uint64_t, token) N(uint8_t, trunk) E(method, SIP_METHODS_N) E(algorithm, DIGEST_OTHER + 1) E(qop, 2)         \
	N(uint32_t, nc) S(realm, SITE_NAME_MAX) S(nonce, TRUNK_NONCE_MAX) S(uri, URI_TEXT_MAX) S(cnonce, 32)
#define FIELDS_TRUNK_DIGEST(N, E, S, D, A, B, O) N(uint64_t, token) E(verdict, TRUNK_DIGESTS) S(response, 64)
/* hurry: those that wait before they try again try now */
#define FIELDS_TRUNKS_WANT(N, E, S, D, A, B, O) N(uint64_t, token) E(hurry, 2)
#define FIELDS_TRUNK_LINE(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) E(state, TRUNK_STATES) N(uint32_t, busy) N(uint32_t, lines) N(uint64_t, age_ms) A(remote)  \
	S(name, TRUNK_NAME_MAX) S(reason, REASON_MAX)
#define FIELDS_TRUNK_REQUEST_WANT(N, E, S, D, A, B, O) N(uint64_t, token) S(trunk, TRUNK_NAME_MAX) E(next, 2)
#define FIELDS_TRUNK_REQUEST(N, E, S, D, A, B, O) N(uint64_t, token) D(der, CERT_MAX)
/* an empty password removes it; the user and realm are those of the site */
#define FIELDS_TRUNK_SECRET_SET(N, E, S, D, A, B, O) N(uint64_t, token) S(trunk, TRUNK_NAME_MAX) D(password, PASSWORD_MAX)

#define FIELDS_NONCES_WANT(N, E, S, D, A, B, O)
/* what the 401 of a few of the next requests will say, once core has bound each to its connection and user by the key */
#define FIELDS_NONCES(N, E, S, D, A, B, O) B(key, NONCE_KEY) B(blocks, NONCE_SHEET * NONCE_BLOCK)
/* md5: this user has a phone that knows no better; otherwise keeper forgets that hash when it next hears of them */
/* who: the user's index, for events; 0: nobody's */
#define FIELDS_LOGIN_WANT(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) N(uint64_t, flow) N(uint32_t, device) N(uint32_t, who) S(user, USER_NAME_MAX * 2) E(method, SIP_METHODS_N)  \
	E(md5, 2) E(algorithm, DIGEST_OTHER + 1) N(uint32_t, nc) S(nonce, NONCE_MAX) S(uri, URI_TEXT_MAX) S(cnonce, 128)               \
	S(response, 64)
#define FIELDS_LOGIN(N, E, S, D, A, B, O) N(uint64_t, token) E(verdict, LOGIN_VERDICTS)
/* wall_ms: start of the call, which names the day whose key seals */
#define FIELDS_SEAL_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(int64_t, wall_ms) S(source, USER_NAME_MAX * 2)
#define FIELDS_SEALED(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, day) D(blob, SEALED_MAX)

#define FIELDS_DIRECTORY_WANT(N, E, S, D, A, B, O)
/* whole: forget what is not in this generation; otherwise the items change or add to what is there */
#define FIELDS_DIRECTORY_BEGIN(N, E, S, D, A, B, O) N(uint32_t, generation) E(whole, 2)
#define FIELDS_USER(N, E, S, D, A, B, O) N(uint32_t, index) E(enabled, 2) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX)
#define FIELDS_DEVICE(N, E, S, D, A, B, O) N(uint32_t, index) E(state, DEVICE_STATES) N(uint32_t, flags) N(uint32_t, epoch) S(label, LABEL_MAX)
#define FIELDS_BINDING(N, E, S, D, A, B, O) N(uint32_t, user) N(uint32_t, device) E(allowed, 2)
#define FIELDS_DIRECTORY_COMMIT(N, E, S, D, A, B, O) N(uint32_t, generation)
#define FIELDS_DIRECTORY_VERDICT(N, E, S, D, A, B, O) N(uint32_t, generation) E(ok, 2) S(reason, REASON_MAX)
/* four facts (R20): source (sealed), destination, start, duration */
/* number: of this record, above that of every earlier one */
#define FIELDS_RECORD(N, E, S, D, A, B, O)                                                                       \
	N(uint64_t, call) N(uint64_t, number) N(uint32_t, day) N(int64_t, start_wall_ms) N(uint64_t, duration_ms) D(source, SEALED_MAX)  \
	S(destination, USER_NAME_MAX * 2)
#define FIELDS_RECORDED(N, E, S, D, A, B, O) N(uint64_t, call)
#define FIELDS_EVENT(N, E, S, D, A, B, O)                                                                        \
	E(kind, EVENT_KINDS) E(severity, SEVERITIES) N(uint32_t, device) N(uint32_t, user) N(int64_t, wall_ms)       \
	A(remote) S(detail, REASON_MAX)

/* what media bound at start: even ports lo..hi on each listener's media address */
#define FIELDS_PORTS(N, E, S, D, A, B, O) N(uint16_t, lo) N(uint16_t, hi)
/* SHA-256 of the certificate that media shows in DTLS */
#define FIELDS_DTLS_OURS(N, E, S, D, A, B, O) B(fingerprint, 32)
/* wish: a number, when core waits to hear that media relays by it; else 0 */
#define FIELDS_RELAY(N, E, S, D, A, B, O) N(uint64_t, join) N(uint32_t, wish) O(struct relay_spec, spec, relay_spec_ok)
#define FIELDS_RELAYED(N, E, S, D, A, B, O) N(uint64_t, join) N(uint32_t, wish)
#define FIELDS_RELAY_CLOSE(N, E, S, D, A, B, O) N(uint64_t, join)
/* relay has named every call that is not over, since the link came up: what media relays besides is nobody's */
#define FIELDS_RELAYS_DONE(N, E, S, D, A, B, O)
#define FIELDS_RELAY_FAILED(N, E, S, D, A, B, O) N(uint64_t, join) E(why, RELAY_WHYS)
/* both directions of RTP are open and keyed by this method; ended: every present side is keyed, the first by this method
 * (NONE: it is clear) */
#define FIELDS_GATE(N, E, S, D, A, B, O) N(uint64_t, join) E(key, RELAY_KEYS)
/* what this side agrees its keys by is not what signalling announced: its certificate in DTLS, its Hello in ZRTP (T33); once */
#define FIELDS_FORGED(N, E, S, D, A, B, O) N(uint64_t, join) E(side, 2) E(key, RELAY_KEYS)
/* the packets of this side's Opus differ in length (R8); once */
#define FIELDS_VARYING(N, E, S, D, A, B, O) N(uint64_t, join) E(side, 2)
/* of what comes from each side: packets passed and dropped; of RTP by its numbers expected and lost; jitter in ns, 0: not known */
#define FIELDS_RELAY_COUNTS(N, E, S, D, A, B, O)                                                                 \
	N(uint64_t, join) N(uint64_t, packets_a) N(uint64_t, packets_b) N(uint64_t, dropped_a) N(uint64_t, dropped_b)                \
	N(uint64_t, expected_a) N(uint64_t, expected_b) N(uint64_t, lost_a) N(uint64_t, lost_b)                      \
	N(uint32_t, jitter_a) N(uint32_t, jitter_b)
#define FIELDS_BAN(N, E, S, D, A, B, O) A(address) N(uint64_t, until_ms)
/* a map of the relay in the kernel (bpf/flow.h), with so many ports of media beginning at lo */
#define FIELDS_KERNEL_MAP(N, E, S, D, A, B, O) E(what, KERNEL_MAPS) N(uint16_t, lo) N(uint32_t, ports)
/* what comes to this media address over this interface is relayed by the kernel; 0: by no interface */
#define FIELDS_KERNEL_PATH(N, E, S, D, A, B, O) A(address) N(uint32_t, interface)

/* One running turn for each (join, side); a newer one ends it. say: what is said, in order, parted by blanks: the name of a
 * prompt, "digits:0123456789*#", "tone:NAME", "music" or "silence:MS". language: empty for English. ptime_ms: 10, 20, 30, 40 or 60; all
 * else is 20. loop: say it again until turn_stop or a digit; first_ms counts from the end of the first time. digits_max 0: no digits are wanted.
 * gap_ms: silence after a digit that ends the turn. end_key: '#', '*' or 0; it is not among the digits. barge: a digit ends what is said;
 * without it, digits that come before the end of the first time do not count */
#define FIELDS_TURN(N, E, S, D, A, B, O)                                                                         \
	N(uint64_t, token) N(uint64_t, join) E(side, 2) E(codec, SDP_TELEPHONE_EVENT) N(uint8_t, ptime_ms)           \
	S(language, TURN_LANGUAGE_MAX) S(say, TURN_SAY_MAX) E(loop, 2) E(barge, 2) E(digits_min, TURN_DIGITS_MAX + 1)  \
	E(digits_max, TURN_DIGITS_MAX + 1) N(uint8_t, end_key) N(uint32_t, first_ms) N(uint32_t, gap_ms)             \
	N(uint64_t, message) B(message_key, MAIL_KEY) N(uint32_t, record_ms) N(uint32_t, silence_ms)
#define FIELDS_TURNED(N, E, S, D, A, B, O) N(uint64_t, token) E(why, TURN_WHYS) S(digits, TURN_DIGITS_MAX)
#define FIELDS_TURN_STOP(N, E, S, D, A, B, O) N(uint64_t, token)
/* a digit that came by SIP INFO */
#define FIELDS_KEY(N, E, S, D, A, B, O) N(uint64_t, join) E(side, 2) E(digit, DIGITS)
/* one RTP payload, from and to this side of the join; timestamp as in RTP (RFC 3550 5.1), of `spoken` in the codec's clock and without
 * a break from turn to turn as long as voice remembers the side */
#define FIELDS_HEARD(N, E, S, D, A, B, O)                                                                        \
	N(uint64_t, join) E(side, 2) E(codec, SDP_CODEC_N) E(marker, 2) N(uint32_t, timestamp) D(payload, AUDIO_MAX)
#define FIELDS_SPOKEN(N, E, S, D, A, B, O)                                                                       \
	N(uint64_t, join) E(side, 2) E(codec, SDP_CODEC_N) E(marker, 2) N(uint32_t, timestamp) D(payload, AUDIO_MAX)

#define FIELDS_CALLS_WANT(N, E, S, D, A, B, O) N(uint64_t, token)
/* silent: ms for which nothing came from that end while they talk; 0 where none talks */
#define FIELDS_CALL_LINE(N, E, S, D, A, B, O)                                                                    \
	N(uint64_t, token) N(uint64_t, call) E(state, CALL_STATES) E(grade, GRADES) E(key, RELAY_KEYS)               \
	E(who, WHOS) E(varying, 2) E(emergency, 2) N(uint64_t, age_ms) N(uint64_t, packets_a) N(uint64_t, packets_b)              \
	N(uint64_t, dropped_a) N(uint64_t, dropped_b) N(uint64_t, expected_a) N(uint64_t, expected_b)                \
	N(uint64_t, lost_a) N(uint64_t, lost_b) N(uint32_t, jitter_a) N(uint32_t, jitter_b)                          \
	N(uint64_t, silent_a) N(uint64_t, silent_b)                                                                  \
	S(from, USER_NAME_MAX * 2) S(to, USER_NAME_MAX * 2)                                                          \
	S(codec, 16) S(from_phone, LABEL_MAX) S(to_phone, LABEL_MAX)
/* the user has a new password: who is logged in with the old one is so no more. Answered by DONE */
#define FIELDS_LOG_OUT(N, E, S, D, A, B, O) N(uint64_t, token) S(user, USER_NAME_MAX)
#define FIELDS_CTL_BAN(N, E, S, D, A, B, O) N(uint64_t, token) A(address) N(uint32_t, seconds)
#define FIELDS_BANS_WANT(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_BAN_LINE(N, E, S, D, A, B, O) N(uint64_t, token) A(address) N(uint64_t, left_ms)
/* may this user call that number, in any spelling; phone: from that one, 0 for the one that they are on; who: who would talk, themselves or
 * somebody outside whom their forward, transfer or group sends there */
#define FIELDS_MAY_WANT(N, E, S, D, A, B, O)                                                                     \
	N(uint64_t, token) E(route, ROUTES) E(who, WHOS) N(uint32_t, phone) S(user, USER_NAME_MAX) S(number, NUMBER_SPELLED_MAX)
/* to: the person, group or trunk that it leads to; number: canonical, empty when it was not understood */
#define FIELDS_MAY_LINE(N, E, S, D, A, B, O)                                                                     \
	N(uint64_t, token) E(verdict, PLAN_VERDICTS) E(reason, REASONS) E(class, NUMBER_CLASSES) E(memory, MAY_MEMORIES) \
	N(uint32_t, rate_e4) N(uint32_t, setup_e4) S(number, NUMBER_MAX) S(country, 3) S(currency, 3)                \
	S(to, USER_NAME_MAX) S(text, REASON_MAX)

#define FIELDS_USER_SET(N, E, S, D, A, B, O) N(uint64_t, token) E(action, USER_ACTIONS) E(enabled, 2) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX)
#define FIELDS_PHONE_SET(N, E, S, D, A, B, O)                                                                    \
	N(uint64_t, token) E(action, PHONE_ACTIONS) N(uint32_t, device) E(state, DEVICE_STATES) N(uint32_t, flags)   \
	N(uint32_t, mask) N(uint32_t, epoch) N(int64_t, not_after_ms) B(point, 64) S(label, LABEL_MAX)
#define FIELDS_PHONE_BIND(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, device) E(allowed, 2) S(user, USER_NAME_MAX)
/* at most `most` rows whose number is greater than `after`; users: the one of this name, if one is given.
 * done.value: the last row given; of events with most = 0, the newest row there is */
#define FIELDS_LIST_WANT(N, E, S, D, A, B, O) N(uint64_t, token) E(list, LISTS) N(uint64_t, after) N(uint32_t, most) S(name, USER_NAME_MAX)
/* md5: one of the phones needs it */
#define FIELDS_USER_LINE(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, index) E(enabled, 2) E(md5, 2) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX) S(phones, 200) N(uint32_t, messages_new) N(uint32_t, messages_old)
#define FIELDS_PHONE_LINE(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) N(uint32_t, device) E(state, DEVICE_STATES) N(uint32_t, flags) N(uint32_t, epoch)         \
	N(int64_t, not_after_ms) B(point, 64) S(label, LABEL_MAX) S(users, 200)
#define FIELDS_EVENT_LINE(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) N(uint64_t, row) E(kind, EVENT_KINDS) E(severity, SEVERITIES) E(proc, PROC_N)             \
	N(uint32_t, device) N(uint32_t, user) N(int64_t, wall_ms) A(remote) S(detail, REASON_MAX)
#define FIELDS_READING_LINE(N, E, S, D, A, B, O)                                                                 \
	N(uint64_t, token) N(uint64_t, row) N(int64_t, wall_ms) N(int64_t, from_wall_ms) N(int64_t, to_wall_ms)      \
	S(admin, USER_NAME_MAX)
/* the wall clock went forward by more than a day and is right: old rows and old day keys may go again; ask both */
#define FIELDS_CLOCK_CONFIRM(N, E, S, D, A, B, O) N(uint64_t, token)
/* the reading is recorded under the administrator's name before the first line goes out (R23) */
#define FIELDS_LOG_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(int64_t, from_wall_ms) N(int64_t, to_wall_ms) N(uint64_t, after) N(uint32_t, most) S(admin, USER_NAME_MAX)
#define FIELDS_LOG_LINE(N, E, S, D, A, B, O)                                                                     \
	N(uint64_t, token) N(uint64_t, row) N(uint32_t, day) N(int64_t, start_wall_ms) N(uint64_t, duration_ms)      \
	D(source, SEALED_MAX) S(destination, USER_NAME_MAX * 2)

/* an empty password removes the user's secrets; md5: keep a hash with MD5 beside that with SHA-256 */
#define FIELDS_SECRET_SET(N, E, S, D, A, B, O) N(uint64_t, token) E(md5, 2) S(user, USER_NAME_MAX) D(password, PASSWORD_MAX)
#define FIELDS_CODE_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, device)
#define FIELDS_CODE(N, E, S, D, A, B, O) N(uint64_t, token) S(code, 40)
/* kind DEVICE: the code (or, empty, an administrator's admission or renewal), the bare point of the key, the device, how long it is to
 * be good for (0: as keeper likes, which is also the longest);
 * kind CA: nothing, answers the CA's certificate */
#define FIELDS_CERT_WANT(N, E, S, D, A, B, O)                                                                    \
	N(uint64_t, token) E(kind, CERT_KINDS) N(uint32_t, device) N(uint32_t, epoch) B(point, 64) S(code, 40) \
	N(uint32_t, valid_s)
#define FIELDS_CERT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, device) N(int64_t, not_after_ms) D(leaf, CERT_MAX) D(ca, CERT_MAX)
#define FIELDS_ADMIN_WANT(N, E, S, D, A, B, O) N(uint64_t, token) S(name, USER_NAME_MAX)
#define FIELDS_ADMIN_SALT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, passes) N(uint32_t, memory_kb) B(salt, 16)
#define FIELDS_ADMIN_SET(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, passes) N(uint32_t, memory_kb) B(salt, 16) B(hash, 32) S(name, USER_NAME_MAX)
#define FIELDS_ADMIN_REMOVE(N, E, S, D, A, B, O) N(uint64_t, token) S(name, USER_NAME_MAX)
/* a line for each, then done */
#define FIELDS_ADMINS_WANT(N, E, S, D, A, B, O) N(uint64_t, token)
#define FIELDS_ADMIN_LINE(N, E, S, D, A, B, O) N(uint64_t, token) S(name, USER_NAME_MAX)
/* a right answer opens a session, whose number comes in done.value and is good for 10 minutes */
#define FIELDS_ADMIN_CHECK(N, E, S, D, A, B, O) N(uint64_t, token) B(hash, 32) S(name, USER_NAME_MAX)
#define FIELDS_UNSEAL_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, session) N(uint32_t, day) D(blob, SEALED_MAX)
#define FIELDS_UNSEALED(N, E, S, D, A, B, O) N(uint64_t, token) E(gone, 2) S(source, USER_NAME_MAX * 2)

/* a piece of ledger's part of a backup, sealed under this key: at 0 it begins, then each piece in turn. One at a time; a new
 * beginning ends the one before. */
#define FIELDS_EXPORT_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, at) B(key, 32)
#define FIELDS_EXPORTED(N, E, S, D, A, B, O) N(uint64_t, token) E(last, 2) D(piece, EXPORT_MAX)

/* a text message to the phones of the front desk (site.alarms.desk), from the exchange itself */
#define FIELDS_NOTIFY_DESK(N, E, S, D, A, B, O) N(uint64_t, token) S(text, REASON_MAX)
/* has one of them taken it? */
#define FIELDS_DESK_TOLD(N, E, S, D, A, B, O) N(uint64_t, token) E(told, 2)

/* people. A group is a number of its own, which rings its members (SETTING_MEMBERS) */
#define FIELDS_GROUP(N, E, S, D, A, B, O) N(uint32_t, index) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX)
/* an item of a directory generation, as those above; an empty value is the default again. index of the site: 0 */
#define FIELDS_SETTING(N, E, S, D, A, B, O) E(owner, OWNERS) N(uint32_t, index) E(kind, SETTINGS) S(value, SETTING_TEXT_MAX)
/* items of a whole generation too: what was spent, of an extension, phone, trunk (trunk_conf_mark()) or the site (0), as
 * ceiling_put() writes it */
#define FIELDS_SPENT(N, E, S, D, A, B, O) E(scope, CEILING_SCOPES) N(uint32_t, index) S(text, SPENT_TEXT_MAX)
/* and who called for help within emergency.callback minutes: they are let through to (R16) */
#define FIELDS_CALLBACK(N, E, S, D, A, B, O) N(uint32_t, device) N(uint32_t, user) N(int64_t, wall_ms)
/* a user changed their own, from their phone: only kinds that SETTER_USER may set */
#define FIELDS_SETTING_SET(N, E, S, D, A, B, O) N(uint64_t, token) E(owner, OWNERS) N(uint32_t, index) E(kind, SETTINGS) S(value, SETTING_TEXT_MAX)
#define FIELDS_SETTING_DONE(N, E, S, D, A, B, O) N(uint64_t, token) E(result, DONE_RESULTS) S(text, REASON_MAX)
/* what the counters are now, not what was added */
#define FIELDS_SPENT_SET(N, E, S, D, A, B, O) E(scope, CEILING_SCOPES) N(uint32_t, index) S(text, SPENT_TEXT_MAX)
/* number: the emergency number that was dialled; location: as SETTING_LOCATION, of NOTICE_SAID in the
 * words of civic_describe(). Said again until it is kept */
#define FIELDS_NOTICE_ADD(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) N(int64_t, wall_ms) N(uint32_t, device) N(uint32_t, user) E(kind, NOTICE_KINDS)           \
	S(number, SITE_NUMBER_MAX) S(location, SETTING_TEXT_MAX)
#define FIELDS_NOTICE_KEPT(N, E, S, D, A, B, O) N(uint64_t, token)
/* name: of the user or group; index: of the phone. lines: "kind=value" LF, all or none */
#define FIELDS_SETTING_PUT(N, E, S, D, A, B, O) N(uint64_t, token) E(owner, OWNERS) N(uint32_t, index) S(name, USER_NAME_MAX) D(lines, SETTING_LINES_MAX)
#define FIELDS_SETTING_WANT(N, E, S, D, A, B, O) N(uint64_t, token) E(owner, OWNERS) N(uint32_t, index) S(name, USER_NAME_MAX)
#define FIELDS_SETTING_LINE(N, E, S, D, A, B, O) N(uint64_t, token) E(kind, SETTINGS) S(value, SETTING_TEXT_MAX)
#define FIELDS_GROUP_SET(N, E, S, D, A, B, O) N(uint64_t, token) E(action, GROUP_ACTIONS) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX) D(lines, SETTING_LINES_MAX)
#define FIELDS_GROUP_LINE(N, E, S, D, A, B, O)                                                                   \
	N(uint64_t, token) N(uint32_t, index) S(name, USER_NAME_MAX) S(display, DISPLAY_MAX) S(members, SETTING_TEXT_MAX) \
	E(strategy, STRATEGIES) N(uint32_t, ring_s) S(forward, SETTING_TEXT_MAX)
#define FIELDS_NOTICE_LINE(N, E, S, D, A, B, O)                                                                  \
	N(uint64_t, token) N(uint64_t, row) N(int64_t, wall_ms) N(uint32_t, device) N(uint32_t, user)                \
	E(kind, NOTICE_KINDS) N(int64_t, taken_wall_ms) S(number, SITE_NUMBER_MAX) S(location, SETTING_TEXT_MAX)          \
	S(taken_by, USER_NAME_MAX)
/* someone has seen to it */
#define FIELDS_NOTICE_TAKE(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, row) S(name, USER_NAME_MAX)
/* who: the user's index, for events. old: empty from ctl, an administrator's word, and never from core. ctl hears DONE, core PIN_VERDICT */
#define FIELDS_PIN_SET(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, who) S(user, USER_NAME_MAX) S(old, PIN_DIGITS_MAX) S(new, PIN_DIGITS_MAX)
#define FIELDS_PIN_CHECK(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, who) S(user, USER_NAME_MAX) S(digits, PIN_DIGITS_MAX)
#define FIELDS_PIN_VERDICT(N, E, S, D, A, B, O) N(uint64_t, token) E(verdict, PIN_VERDICTS)
/* an administrator took it away: whoever is a guest by it is one no more */
#define FIELDS_PIN_REMOVED(N, E, S, D, A, B, O) S(user, USER_NAME_MAX)
/* number: in canonical form */
#define FIELDS_DIALLED_WANT(N, E, S, D, A, B, O) N(uint64_t, token) S(user, USER_NAME_MAX) S(number, SETTING_NUMBER_MAX)
/* and what there is of that user's PIN, since a number that is not known asks for it */
#define FIELDS_DIALLED(N, E, S, D, A, B, O) N(uint64_t, token) E(known, 2) E(pin, PLAN_PINS)
#define FIELDS_DIALLED_ADD(N, E, S, D, A, B, O) S(user, USER_NAME_MAX) S(number, SETTING_NUMBER_MAX)
#define FIELDS_SECRETS_WANT(N, E, S, D, A, B, O) N(uint64_t, token) S(user, USER_NAME_MAX)
/* what there is of a user's secrets, never one itself; locked_s: so long wrong passwords lock a login of theirs yet */
#define FIELDS_SECRETS(N, E, S, D, A, B, O)                                                                      \
	N(uint64_t, token) E(password, 2) E(md5, 2) E(pin, PLAN_PINS) N(uint32_t, wrong) N(uint32_t, dialled) N(uint32_t, locked_s)
/* voicemail. A message that is to be recorded for this user; answered by MAIL_FOUND, whose message is 0 when the mailbox is full */
#define FIELDS_MAIL_BEGIN(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, user)
/* the user's oldest message beyond `after`, of those that were heard or not */
#define FIELDS_MAIL_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, user) E(heard, 2) N(uint64_t, after)
/* message 0: there is none; fresh: it is to be recorded */
#define FIELDS_MAIL_FOUND(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, user) E(fresh, 2) N(uint64_t, message) N(int64_t, wall_ms) N(uint32_t, length_ms)
#define FIELDS_MAIL_MARK(N, E, S, D, A, B, O) N(uint32_t, user) N(uint64_t, message) E(gone, 2)
/* what a user has now */
#define FIELDS_MAIL_COUNT(N, E, S, D, A, B, O) N(uint32_t, user) N(uint32_t, fresh) N(uint32_t, old)
/* fresh: a new key, in the place of one that there may be. It ends after voicemail.keep days, with the message, or with the user */
#define FIELDS_MAIL_KEY_WANT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, message) E(fresh, 2) S(user, USER_NAME_MAX)
#define FIELDS_MAIL_KEY(N, E, S, D, A, B, O) N(uint64_t, token) E(found, 2) B(key, MAIL_KEY)
#define FIELDS_MAIL_KEY_FORGET(N, E, S, D, A, B, O) N(uint64_t, message)
/* piece `at` of a message that is being recorded, sealed by voice (AES-256-GCM, the nonce is `at`) */
#define FIELDS_MAIL_PUT(N, E, S, D, A, B, O) N(uint64_t, message) N(uint32_t, at) D(piece, MAIL_PIECE_MAX)
/* length 0: nothing was said, and the message goes; token: the join, back in MAIL_KEPT */
#define FIELDS_MAIL_END(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, message) N(uint32_t, length_ms)
#define FIELDS_MAIL_KEPT(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, message) E(kept, MAIL_KEPTS)
#define FIELDS_MAIL_GET(N, E, S, D, A, B, O) N(uint64_t, token) N(uint64_t, message) N(uint32_t, at)
/* an empty piece: it is the end */
#define FIELDS_MAIL_PIECE(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, at) D(piece, MAIL_PIECE_MAX)
/* all messages of a user, heard or not; their keys are keeper's to forget (SECRETS_FORGET) */
#define FIELDS_MAIL_FORGET(N, E, S, D, A, B, O) N(uint64_t, token) S(user, USER_NAME_MAX)
#define FIELDS_SECRETS_FORGET(N, E, S, D, A, B, O) N(uint64_t, token) N(uint32_t, who) E(what, FORGETS) S(user, USER_NAME_MAX)
/* clang-format on */

#endif
