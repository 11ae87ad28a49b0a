/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the lines of a menu.lst. */
#include "parsers/boot/legacy/legacy.h"

/*
 * Every command that GRUB 0.97 and its distributions' patches know. Lines with another first
 * word are skipped as if they were not there.
 */
static const char *const commands[] = {"blocklist", "boot", "bootp", "cat", "chainloader", "clear",
	"cmp", "color", "configfile", "debug", "default", "device", "dhcp", "displayapm",
	"displaymem", "embed", "fallback", "find", "findiso", "foreground", "fstest", "geometry",
	"gfxmenu", "halt", "help", "hiddenmenu", "hide", "ifconfig", "impsprobe", "initrd",
	"install", "ioprobe", "kernel", "lock", "makeactive", "map", "md5crypt", "module",
	"modulenounzip", "pager", "partnew", "parttype", "password", "pause", "quiet", "quit",
	"rarp", "read", "reboot", "root", "rootnoverify", "savedefault", "serial", "setkey",
	"setup", "shade", "splashimage", "terminal", "terminfo", "testload", "testvbe",
	"tftpserver", "timeout", "title", "unhide", "uppermem", "uuid", "vbeprobe", "viewport"};

static bool is_command(struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (text_is(name, commands[i]))
			return true;
	}
	return false;
}

/* Lines as GRUB Legacy's own reader makes them out of the file; see legacy_line(). */
struct reader {
	struct text content;
	size_t at;       /* next byte to read */
	uint32_t number; /* newlines read so far */
	char *out;       /* room for what is left of the content */
	struct text line;
	size_t started; /* where the line's first byte stands in the content */
	uint32_t line_number;
};

/*
 * The next line with something in it: carriage returns dropped, tabs made blanks, backslash and
 * newline joined to one blank, lines that begin with "#" dropped, leading blanks dropped.
 * (grub-0.97 stage2/cmdline.c get_line_from_config.)
 */
static bool legacy_line(struct reader *reader)
{
	bool comment = false, literal = false;
	size_t used = 0;

	while (reader->at < reader->content.len) {
		size_t here = reader->at++;
		char c = reader->content.at[here];

		reader->number += c == '\n';
		if (c == '\r')
			continue;
		if (c == '\t')
			c = ' ';
		if (literal && c == '\n') {
			c = ' ';
			used -= used > 0;
		}
		literal = !literal && c == '\\';
		if (c == '\n' && used)
			break;
		if (comment || (!used && (c == '#' || c == ' ' || c == '\n'))) {
			comment = (comment || c == '#') && c != '\n';
			continue;
		}
		if (!used) {
			reader->started = here;
			reader->line_number = reader->number + 1;
		}
		reader->out[used++] = c;
	}
	reader->line = (struct text){reader->out, used};
	reader->out += used;
	return used > 0;
}

struct text legacy_skip(struct text line, bool equal)
{
	while (line.len && line.at[0] != ' ' && !(equal && line.at[0] == '='))
		line = text_skip(line, 1);
	while (line.len && (line.at[0] == ' ' || (equal && line.at[0] == '=')))
		line = text_skip(line, 1);
	return line;
}

struct password legacy_password(struct text argument)
{
	struct password password = {.kind = PASSWORD_PLAIN};

	if (text_starts(argument, TEXT("--"))) {
		/* Fedora's --encrypted takes whatever crypt() knows. */
		password.kind =
			text_starts(argument, TEXT("--md5")) ? PASSWORD_MD5_CRYPT : PASSWORD_OTHER;
		argument = legacy_skip(argument, false);
	}
	password.value = text_first(argument, text_find(argument, ' '));
	if (password.kind == PASSWORD_OTHER && text_starts(password.value, TEXT("$1$")))
		password.kind = PASSWORD_MD5_CRYPT;
	return password;
}

bool legacy_number(struct text text, uint64_t *ret)
{
	uint64_t base = 10, value = 0;
	bool any = false;

	if (text.len > 2 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x') {
		base = 16;
		text = text_skip(text, 2);
	}
	for (; text.len; text = text_skip(text, 1)) {
		char c = (char)(text.at[0] | 0x20);
		uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a') + 10
							: base;

		if (digit >= base)
			break;
		value = value * base + digit;
		if (value > UINT32_MAX)
			return false;
		any = true;
	}
	*ret = value;
	return any;
}

static int add_title(
	struct legacy *legacy, struct legacy_title **place, const struct reader *reader)
{
	struct legacy_title *title = *place;

	/* A title without commands is overwritten by the next one. */
	if (!title)
		title = arena_new(legacy->files->arena, struct legacy_title);
	if (!title)
		return no_memory(legacy->err);
	title->title = legacy_skip(reader->line, true);
	title->line = reader->line_number;
	title->script = text_skip(reader->content, reader->started);
	*place = title;
	return 0;
}

static int add_command(
	struct legacy *legacy, struct legacy_title *title, struct text name, struct text argument)
{
	struct legacy_command *command = arena_new(legacy->files->arena, struct legacy_command);

	if (!command)
		return no_memory(legacy->err);
	command->name = name;
	command->argument = argument;
	if (title->last)
		title->last->next = command;
	else
		title->first = command;
	title->last = command;
	return 0;
}

static int set_fallback(struct legacy *legacy, struct legacy_config *config, struct text argument)
{
	struct text word;

	config->fallback =
		arena_array(legacy->files->arena, argument.len / 2 + 1, sizeof(uint64_t));
	config->n_fallback = 0;
	if (!config->fallback)
		return no_memory(legacy->err);
	while (argument.len) {
		word = text_first(argument, text_find(argument, ' '));
		argument = legacy_skip(argument, false);
		if (!legacy_number(word, &config->fallback[config->n_fallback]))
			break;
		config->n_fallback++;
	}
	return 0;
}

static int set_global(
	struct legacy *legacy, struct legacy_config *config, struct text name, struct text argument)
{
	uint64_t number;

	if (text_is(name, "default") && text_is(text_trim(argument), "saved")) {
		config->default_saved = true;
	} else if (text_is(name, "default") && legacy_number(argument, &number)) {
		config->default_saved = false;
		config->default_entry = number;
	} else if (text_is(name, "fallback")) {
		return set_fallback(legacy, config, argument);
	} else if (text_is(name, "timeout") && legacy_number(argument, &number)) {
		config->timeout_s = (int64_t)number;
	} else if (text_is(name, "hiddenmenu")) {
		config->hidden = true;
	} else if (text_is(name, "password")) {
		config->password = argument;
	}
	return 0;
}

/* The title's lines end where the next title begins, blank lines between them not counted. */
static void end_title(struct legacy_title *title, const char *end)
{
	title->script = text_first(title->script, (size_t)(end - title->script.at));
	while (title->script.len && strchr(" \t\r\n", title->script.at[title->script.len - 1]))
		title->script.len--;
}

/* Sorts lines into globals, titles and their commands. */
static int read_lines(struct legacy *legacy, struct legacy_config *config, struct reader *reader)
{
	struct legacy_title **last = &config->titles;
	int r = 0;

	while (!r && legacy_line(reader)) {
		struct text argument = legacy_skip(reader->line, true), name = reader->line;

		name = text_first(name, text_find(name, ' '));
		name = text_first(name, text_find(name, '='));
		if (!is_command(name))
			continue;
		if (text_is(name, "title")) {
			if (*last && (*last)->first) {
				end_title(*last, reader->content.at + reader->started);
				last = &(*last)->next;
			}
			r = add_title(legacy, last, reader);
		} else if (*last) {
			r = add_command(legacy, *last, name, argument);
		} else {
			r = set_global(legacy, config, name, argument);
		}
	}
	if (*last && !(*last)->first)
		*last = NULL;
	else if (*last)
		end_title(*last, reader->content.at + reader->content.len);
	return r;
}

int legacy_read(struct legacy *legacy, const struct volume_info *volume, struct text path,
	struct legacy_config *ret)
{
	struct reader reader = {0};
	int r = files_read_all(legacy->files, volume, path, &reader.content);

	*ret = (struct legacy_config){.volume = volume, .path = path, .timeout_s = -1};
	if (r)
		return r;
	if (reader.content.len > legacy->bytes_left)
		return -EFBIG;
	legacy->bytes_left -= reader.content.len;
	ret->name = files_full_name(legacy->files, volume, path);
	reader.out = arena_array(legacy->files->arena, 1, reader.content.len + 1);
	if (!reader.out)
		return no_memory(legacy->err);
	r = read_lines(legacy, ret, &reader);
	for (struct legacy_title *title = ret->titles; title; title = title->next)
		ret->count++;
	return r;
}
