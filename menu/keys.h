/* What ncurses calls a key, as one of ours. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "menu/model.h"

#include <wchar.h>

/* Of a function key's code (KEY_UP), and of a character. */
enum console_key key_of_code(int code);
enum console_key key_of_character(wint_t character);
