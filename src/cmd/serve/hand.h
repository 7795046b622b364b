/* SPDX-License-Identifier: Apache-2.0 */
/* hand.h — what the analyst and the hand say to each other over their socket pair. */
#pragma once

enum {
	HAND_CHANGE = 1, /* u64le number, JSON text: to the hand */
	HAND_TAKEN, /* u64le number: from the hand; the first one says what it has */
};
