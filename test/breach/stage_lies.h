/* SPDX-License-Identifier: ISC */
/* Every row of the contract that ends at a process on its stage, told by each sibling that may say it, each field in turn a
 * lie (R27). A row of which the test knows nothing is made up, so that none is ever forgotten. */
#ifndef TEST_STAGE_LIES_H
#define TEST_STAGE_LIES_H

#include "lies.h"
#include "stage.h"

struct stage_liars {
	struct stage *s;
	/* what would make the made-up message believable; may be NULL */
	void (*mend)(struct link *l, enum msg type, void *payload);
	/* called before each lie, may change what is not lied about; may be NULL */
	void (*before)(struct link *l, struct lie *lie);
	uint32_t rows, told, accused;
};

/* All that this sibling may say; on a link of its own, which is gone afterwards. True when the process bore it, named its
 * liar for every lie that breaks the contract, and answers still. */
bool stage_lies(struct stage_liars *x, enum proc as);

#endif
