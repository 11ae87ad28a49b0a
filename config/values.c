/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/config.h"

#include "core/checked.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* Splits "12 MiB" into its number and the factor of its unit, and multiplies. */
static bool parse_with_unit(struct text value, const struct unit *units, size_t n, uint64_t *ret)
{
	size_t digits = 0;
	uint64_t number;
	struct text unit;

	value = text_trim(value);
	while (digits < value.len && value.at[digits] >= '0' && value.at[digits] <= '9')
		digits++;
	if (!text_number(text_first(value, digits), &number))
		return false;
	unit = text_trim(text_skip(value, digits));
	for (size_t i = 0; i < n; i++) {
		if (text_equal_nocase(unit, text_of(units[i].name)))
			return checked_mul(number, units[i].factor, ret);
	}
	return false;
}

bool parse_duration_ms(struct text value, uint32_t *ret)
{
	static const struct unit units[] = {
		{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};
	uint64_t ms;

	if (!parse_with_unit(value, units, ARRAY_SIZE(units), &ms) || ms > UINT32_MAX)
		return false;
	*ret = (uint32_t)ms;
	return true;
}

bool parse_size(struct text value, uint64_t *ret)
{
	static const struct unit units[] = {{"", 1}, {"B", 1}, {"K", 1 << 10}, {"KiB", 1 << 10},
		{"M", MIB}, {"MiB", MIB}, {"G", GIB}, {"GiB", GIB}, {"T", GIB << 10},
		{"TiB", GIB << 10}};

	return parse_with_unit(value, units, ARRAY_SIZE(units), ret);
}

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static uint32_t partition_number(struct text digits)
{
	uint64_t number;

	return text_number(digits, &number) && number <= MAX_PARTITIONS ? (uint32_t)number : 0;
}

/* xl's other spelling: "d0p3", disk 0, partition 3. */
static uint32_t numbered_vdev_partition(struct text vdev)
{
	struct text disk, rest = text_skip(vdev, 1);
	uint64_t number;

	if (!text_starts(vdev, TEXT("d")) || !text_cut(&rest, 'p', &disk))
		return 0;
	return text_number(disk, &number) ? partition_number(rest) : 0;
}

uint32_t vdev_partition(struct text vdev)
{
	static const char *const prefixes[] = {"xvd", "hd", "sd", "vd"};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		struct text prefix = text_of(prefixes[i]);
		size_t at = prefix.len;

		if (!text_starts(vdev, prefix))
			continue;
		while (at < vdev.len && is_letter(vdev.at[at]))
			at++;
		return at > prefix.len ? partition_number(text_skip(vdev, at)) : 0;
	}
	return numbered_vdev_partition(vdev);
}

const char *domain_name_fault(struct text name)
{
	if (!name.len)
		return "is empty";
	if (name.len > 255)
		return "is longer than 255 bytes";
	if (name.at[0] == '.')
		return "begins with a dot";
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c == '/')
			return "holds a slash";
		if (c < 0x20 || c == 0x7f)
			return "holds a control byte";
	}
	return NULL;
}
