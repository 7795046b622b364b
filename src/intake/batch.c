/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/batch.h"

int batch_source(struct bytes message, uint32_t *ret_handle, struct source *ret)
{
	struct cursor c = cursor_of(message);
	uint32_t handle = cur_u32le(&c);
	uint8_t kind = cur_u8(&c);
	uint16_t year = cur_u16le(&c);
	int16_t zone = (int16_t)cur_u16le(&c);
	struct bytes host = cur_take(&c, cur_u16le(&c));
	struct bytes name = cur_take(&c, cur_u16le(&c));

	/* SOURCE_SELF speaks for Vedette alone: nobody who receives bytes may define it. */
	if (c.bad || cur_left(&c) || !handle || kind == SOURCE_SELF || kind >= SOURCE_KIND_N ||
	    host.len > BATCH_NAME_MAX || name.len > BATCH_NAME_MAX || zone < -1440 || zone > 1440)
		return BATCH_BAD;
	*ret = (struct source){ .kind = (enum source_kind)kind,
				.host = host,
				.name = name,
				.year = year,
				.zone_minutes = zone };
	*ret_handle = handle;
	return 0;
}

int batch_records_at(struct bytes message, uint32_t *ret_handle, struct cursor *ret_records,
		     struct bytes *ret_position)
{
	struct cursor c = cursor_of(message);
	uint32_t handle = cur_u32le(&c);
	struct bytes records = cur_take(&c, cur_u32le(&c));
	struct bytes position = cur_rest(&c);

	if (c.bad || !handle || position.len > BATCH_POSITION_MAX)
		return BATCH_BAD;
	*ret_handle = handle;
	*ret_records = cursor_of(records);
	*ret_position = position;
	return 0;
}

int batch_position(struct bytes message, uint32_t *ret_handle, struct bytes *ret_position)
{
	struct cursor c = cursor_of(message);
	uint32_t handle = cur_u32le(&c);
	struct bytes position = cur_rest(&c);

	if (c.bad || !handle || position.len > BATCH_POSITION_MAX)
		return BATCH_BAD;
	*ret_handle = handle;
	*ret_position = position;
	return 0;
}

int batch_note(struct bytes message, uint32_t *ret_handle, struct bytes *ret_json)
{
	struct cursor c = cursor_of(message);
	uint32_t handle = cur_u32le(&c);
	struct bytes json = cur_rest(&c);

	if (c.bad || json.len < 2 || json.len > 65536 || json.at[0] != '{' ||
	    json.at[json.len - 1] != '}' || bytes_chr(json, '\n') != BYTES_NONE)
		return BATCH_BAD;
	*ret_handle = handle;
	*ret_json = json;
	return 0;
}
