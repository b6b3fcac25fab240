/* SPDX-License-Identifier: ISC */
#include "ipc/words.h"

const struct word word_event[EVENT_KINDS] = {
    [EVENT_STARTED] = {"started", "a process started"},
    [EVENT_DIED] = {"died", "a process died"},
    [EVENT_ACCUSED] = {"accused", "a process broke its contract"},
    [EVENT_CONFIG] = {"config", "configuration"},
    [EVENT_HANDSHAKE_REFUSED] = {"handshake-refused", "a TLS handshake was refused"},
    [EVENT_BAD_BYTES] = {"bad-bytes", "a connection was closed for what it sent"},
    [EVENT_LOGIN_WRONG] = {"login-wrong", "a wrong password"},
    [EVENT_LOGIN_LOCKED] = {"login-locked", "a user is locked: too many wrong passwords"},
    [EVENT_BINDING_REFUSED] = {"binding-refused", "a user on a phone that is not allowed for them"},
    [EVENT_IMPERSONATION] = {"impersonation", "someone claimed to be another"},
    [EVENT_FORGED_DIALOG] = {"forged-dialog", "a request inside a call from one who is not in it"},
    [EVENT_CALL_REFUSED] = {"call-refused", "a call was refused"},
    [EVENT_GATE_SHUT] = {"gate-shut", "a call ended: no media keys in time"},
    [EVENT_MEDIA_STRANGER] = {"media-stranger", "media packets from a stranger"},
    [EVENT_PHONE] = {"phone", "a phone"},
    [EVENT_USER] = {"user", "a user"},
    [EVENT_ADMIN] = {"admin", "administration"},
    [EVENT_BAN] = {"ban", "an address was banned"},
    [EVENT_EMERGENCY] = {"emergency", "an emergency call"},
    [EVENT_FULL] = {"full", "a limit was reached"},
    [EVENT_CEILING] = {"ceiling", "a ceiling of money, minutes or calls"},
    [EVENT_PIN] = {"pin", "an outgoing PIN"},
    [EVENT_TRUNK] = {"trunk", "a trunk"},
    [EVENT_CERTIFICATE] = {"certificate", "a certificate ends"},
};

const struct word word_severity[SEVERITIES] = {
    [SEVERITY_INFO] = {"info", "info"},
    [SEVERITY_WARNING] = {"warning", "warning"},
    [SEVERITY_ALARM] = {"alarm", "ALARM"},
};

/* What each grade means is who could listen, and nothing else (R7). */
const struct word word_grade[GRADES] = {
    [GRADE_SETTING_UP] = {"setting-up", "setting up: nothing passes yet"},
    [GRADE_END_TO_END] = {"end-to-end", "end to end: no one but the two can hear"},
    [GRADE_EXCHANGE] = {"exchange", "exchange: no one on the wire can hear, the exchange could"},
    [GRADE_GATEWAY] = {"gateway", "gateway: protected as far as the gateway, open beyond it"},
    [GRADE_OPEN] = {"open", "open: whoever is on the wire can hear"},
};

/* Plain words for callers from outside alone; who is one of us is seen without them. */
const struct word word_caller[WHOS] = {
    [WHO_NOBODY] = {"nobody", ""},
    [WHO_ANONYMOUS] = {"anonymous", "outside, no number"},
    [WHO_UNVERIFIED] = {"unverified", "outside, unverified"},
    [WHO_VERIFIED] = {"verified", "outside, verified"},
    [WHO_DEVICE] = {"phone", ""},
    [WHO_USER] = {"user", ""},
};

const struct word word_call[CALL_STATES] = {
    [CALL_STARTING] = {"starting", "starting"},
    [CALL_RINGING] = {"ringing", "ringing"},
    [CALL_QUEUED] = {"queued", "waiting for the phone to come back"},
    [CALL_UP] = {"up", "talking"},
    [CALL_HELD] = {"held", "on hold"},
    [CALL_ENDING] = {"ending", "ending"},
    [CALL_PARKED] = {"parked", "parked"},
};

const struct word word_device[DEVICE_STATES] = {
    [DEVICE_NONE] = {"none", "none"},
    [DEVICE_REQUESTED] = {"requested", "asked for, waits for an administrator"},
    [DEVICE_ADDED] = {"added", "added, has no certificate yet"},
    [DEVICE_VALID] = {"valid", "valid"},
    [DEVICE_REVOKED] = {"revoked", "revoked"},
    [DEVICE_SUSPENDED] = {"suspended", "suspended"},
};

const struct word word_key[RELAY_KEYS] = {
    [RELAY_KEY_NONE] = {"none", "no keys yet"},
    [RELAY_KEY_SDES] = {"sdes", "SDES"},
    [RELAY_KEY_DTLS] = {"dtls", "DTLS-SRTP"},
    [RELAY_KEY_ZRTP] = {"zrtp", "ZRTP"},
};

const struct word word_result[DONE_RESULTS] = {
    [DONE_OK] = {"ok", "done"},
    [DONE_NOT_FOUND] = {"not-found", "not found"},
    [DONE_EXISTS] = {"exists", "exists already"},
    [DONE_REFUSED] = {"refused", "refused"},
    [DONE_FAILED] = {"failed", "failed"},
    [DONE_BUSY] = {"busy", "busy"},
};

const struct word word_notice[NOTICE_KINDS] = {
    [NOTICE_CALL] = {"call", "an emergency call"},
    [NOTICE_REFUSED] = {"refused", "an emergency call that was refused"},
    [NOTICE_DOUBT] = {"doubt", "an emergency call of a phone that may have been moved"},
    [NOTICE_TEST] = {"test", "a test of emergency calls"},
    [NOTICE_END] = {"end", "the end of the call"},
    [NOTICE_SAID] = {"said", "where the phone itself says that it is"},
};

const struct word word_pin[PLAN_PINS] = {
    [PLAN_PIN_NONE] = {"none", "none"},
    [PLAN_PIN_SET] = {"set", "set"},
    [PLAN_PIN_LOCKED] = {"locked", "locked"},
};

const struct word word_route[ROUTES] = {
    [ROUTE_NONE] = {"none", "none"},
    [ROUTE_FRESH] = {"call", "dialled"},
    [ROUTE_FORWARD] = {"forward", "forwarded"},
    [ROUTE_TRANSFER] = {"transfer", "transferred"},
    [ROUTE_REDIRECT] = {"redirect", "redirected by a phone"},
    [ROUTE_GROUP] = {"group", "rung as a member of a group"},
    [ROUTE_MENU] = {"menu", "chosen in a menu"},
    [ROUTE_VOICEMAIL] = {"voicemail", "called back from a mailbox"},
    [ROUTE_PICKUP] = {"pickup", "picked up"},
    [ROUTE_PARK] = {"park", "parked"},
    [ROUTE_CLICK] = {"click", "clicked"},
};

const struct word word_memory[MAY_MEMORIES] = {
    [MAY_NOT_ASKED] = {"not-asked", "does not matter"},
    [MAY_NEW] = {"new", "never dialled"},
    [MAY_DIALLED] = {"dialled", "dialled before"},
    [MAY_UNKNOWN] = {"unknown", "not known this moment"},
};

const struct word word_trunk[TRUNK_STATES] = {
    [TRUNK_DOWN] = {"down", "down"},
    [TRUNK_RESOLVING] = {"resolving", "looks for it"},
    [TRUNK_CONNECTING] = {"connecting", "connects"},
    [TRUNK_REGISTERING] = {"registering", "registers"},
    [TRUNK_UP] = {"up", "up"},
    [TRUNK_NEXT] = {"next", "tries its next address"},
    [TRUNK_WAITS] = {"waits", "down, waits before it tries again"},
};

const struct word word_flag[4] = {
    {"md5", "MD5 digest"},
    {"tls12", "TLS 1.2"},
    {"fixed", "fixed"},
    {"no-opus", "no Opus"},
};

const char *word_plain(const struct word *table, int n, const char *key)
{
	for (int i = 0; i < n; i++)
		if (strcmp(table[i].key, key) == 0)
			return table[i].plain;
	return key;
}
