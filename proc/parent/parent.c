/* SPDX-License-Identifier: ISC */
#include "parent.h"

struct parent self;

ipc_handler *const parent_on[MSG_N] = {
    [MSG_HELLO] = on_hello,
    [MSG_READY] = on_ready,
    [MSG_UPGRADING] = on_upgrading,
    [MSG_STATUS] = on_status,
    [MSG_ACCUSE] = on_accuse,
    [MSG_RECORDING_WANT] = on_recording_want,
    [MSG_SITE_PARSED] = on_site_parsed,
    [MSG_SITE_REFUSED] = on_site_refused,
    [MSG_SITE_VERDICT] = on_site_verdict,
    [MSG_CTL_STATUS] = on_ctl_status,
    [MSG_CTL_STOP] = on_ctl_stop,
    [MSG_CTL_RELOAD] = on_ctl_reload,
    [MSG_CTL_UPGRADE] = on_ctl_upgrade,
};
