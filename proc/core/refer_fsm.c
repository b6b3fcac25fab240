/* SPDX-License-Identifier: ISC */
#include "refer_fsm.h"

/* clang-format off */
static const struct refer_step table[REFER_EVENTS][REFER_STATES] = {
    [REFER_COMES] = {
	[REFER_ASKING] = {REFER_DIALLING, 0},
	[REFER_HALF] = {REFER_HALF, 0},
	[REFER_DIALLING] = {REFER_DIALLING, 0}, /* a URI is good once: refer.c knows it no more */
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_MEETS] = {
	[REFER_ASKING] = {REFER_HALF, 0},
	[REFER_HALF] = {REFER_DIALLING, REFER_DO_MEET},
	[REFER_DIALLING] = {REFER_DIALLING, 0},
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_RINGS] = {
	[REFER_ASKING] = {REFER_ASKING, 0},
	[REFER_HALF] = {REFER_HALF, 0},
	[REFER_DIALLING] = {REFER_DIALLING, REFER_TELL_RINGING},
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_ANSWERED] = {
	[REFER_ASKING] = {REFER_ASKING, 0},
	[REFER_HALF] = {REFER_HALF, 0},
	[REFER_DIALLING] = {REFER_DONE, REFER_TELL_OK | REFER_DO_WAIT},
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_FAILS] = {
	[REFER_ASKING] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_HALF] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_TURN_AWAY | REFER_DO_FREE},
	[REFER_DIALLING] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_DONE] = {REFER_DONE, 0}, /* the new conversation ended: no longer a transfer's business */
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_DECLINED] = {
	[REFER_ASKING] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_HALF] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_TURN_AWAY | REFER_DO_FREE},
	[REFER_DIALLING] = {REFER_DIALLING, 0}, /* what its call does is known better here */
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_VISITOR_LEFT] = {
	[REFER_ASKING] = {REFER_ASKING, 0},
	[REFER_HALF] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_DIALLING] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_DONE] = {REFER_DONE, 0},
	[REFER_OVER] = {REFER_OVER, 0},
    },
    [REFER_TIME_OUT] = {
	[REFER_ASKING] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_FREE},
	[REFER_HALF] = {REFER_OVER, REFER_TELL_FAILED | REFER_DO_TURN_AWAY | REFER_DO_FREE},
	[REFER_DIALLING] = {REFER_DIALLING, 0}, /* the call has timers of its own */
	[REFER_DONE] = {REFER_OVER, REFER_DO_PART | REFER_DO_FREE},
	[REFER_OVER] = {REFER_OVER, 0},
    },
};
/* clang-format on */

const char *const refer_state_name[REFER_STATES] = {"asking", "half", "dialling", "done", "over"};

struct refer_step refer_step(enum refer_state state, enum refer_event event)
{
	return table[event][state];
}
