/* SPDX-License-Identifier: Apache-2.0 */
/* note.h — C2SP signed notes: text, a blank line, signature lines; and their verifier keys.
 * A note is refused unless it is exactly of the form: valid UTF-8, no control characters but the
 * newline, a newline at the end, strict base64, at most NOTE_SIGNATURES signatures.
 * Threads: pure. Memory: texts are lent by the note. */
#pragma once
#include "ledger/seal/key.h"

#define NOTE_NAME_MAX 256
#define NOTE_SIGNATURES 100

struct verifier {
	char name[NOTE_NAME_MAX];
	uint8_t id[4];
	uint8_t pub[KEY_PUBLIC_LEN];
};

bool note_name_valid(struct bytes name); /* of a key: not empty, no blanks, no plus */
void verifier_of(const char *name, const uint8_t pub[static KEY_PUBLIC_LEN], struct verifier *ret);
/* "name+hash+base64", without a newline */
bool verifier_parse(struct bytes text, struct verifier *ret);
/* What a user gives: the text of a key, or the name of a file that holds it in one line. */
int verifier_option(const char *option, struct verifier *ret, struct why *why);
void verifier_text(const struct verifier *v, struct buf *ret);

/* The text (with its last newline), if the form is right, at least one of the n verifiers has
 * signed it and no signature of theirs is false. Signatures of others do not matter.
 * ret_signatures (may be NULL): how many signature lines there are. */
bool note_open(struct bytes note, const struct verifier *v, size_t n, struct bytes *ret_text,
	       size_t *ret_signatures);
/* As the ledger writes them: one signature, by v. Not a byte may differ unseen. */
bool note_open_own(struct bytes note, const struct verifier *v, struct bytes *ret_text);
/* Turns the text from `from` on (it ends in a newline) into a signed note. */
void note_sign(struct buf *note, size_t from, const struct key *k, const struct verifier *v);
/* Length of the first note in a row of notes, each followed by one blank line; 0: none. */
size_t note_length(struct bytes notes);
