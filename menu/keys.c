/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "menu/keys.h"

#include "core/cleanup.h"

#include <curses.h>

struct pair {
	int from;
	enum console_key to;
};

static enum console_key find(const struct pair *pairs, size_t count, int from)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].from == from)
			return pairs[i].to;
	}
	return CONSOLE_KEY_OTHER;
}

enum console_key key_of_code(int code)
{
	static const struct pair codes[] = {
		{KEY_UP, CONSOLE_KEY_UP},
		{KEY_DOWN, CONSOLE_KEY_DOWN},
		{KEY_LEFT, CONSOLE_KEY_LEFT},
		{KEY_RIGHT, CONSOLE_KEY_RIGHT},
		{KEY_PPAGE, CONSOLE_KEY_PAGE_UP},
		{KEY_NPAGE, CONSOLE_KEY_PAGE_DOWN},
		{KEY_HOME, CONSOLE_KEY_FIRST},
		{KEY_END, CONSOLE_KEY_LAST},
		{KEY_ENTER, CONSOLE_KEY_ENTER},
		{KEY_BACKSPACE, CONSOLE_KEY_BACKSPACE},
		{KEY_DC, CONSOLE_KEY_DELETE},
	};

	return find(codes, ARRAY_SIZE(codes), code);
}

#define CONTROL(letter) ((letter)&0x1f)

enum console_key key_of_character(wint_t character)
{
	static const struct pair controls[] = {
		{'\r', CONSOLE_KEY_ENTER},
		{'\n', CONSOLE_KEY_ENTER},
		{0x1b, CONSOLE_KEY_ESCAPE},
		{0x7f, CONSOLE_KEY_BACKSPACE},
		{CONTROL('H'), CONSOLE_KEY_BACKSPACE},
		{CONTROL('D'), CONSOLE_KEY_DELETE},
		{CONTROL('P'), CONSOLE_KEY_UP},
		{CONTROL('N'), CONSOLE_KEY_DOWN},
		{CONTROL('B'), CONSOLE_KEY_LEFT},
		{CONTROL('F'), CONSOLE_KEY_RIGHT},
		{CONTROL('A'), CONSOLE_KEY_FIRST},
		{CONTROL('E'), CONSOLE_KEY_LAST},
		{CONTROL('U'), CONSOLE_KEY_CUT_BEFORE},
		{CONTROL('K'), CONSOLE_KEY_CUT_AFTER},
		{CONTROL('L'), CONSOLE_KEY_REDRAW},
	};

	if (character >= 0x20 && character != 0x7f)
		return CONSOLE_KEY_TEXT;
	return find(controls, ARRAY_SIZE(controls), (int)character);
}
