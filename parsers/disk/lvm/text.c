/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/disk/lvm/text.h"

#include <errno.h>

enum { MAX_DEPTH = 16 };

/* A text being read. */
struct reader {
	struct text rest;
	struct arena *arena;
};

static void skip_blanks(struct reader *reader)
{
	while (reader->rest.len) {
		char c = reader->rest.at[0];

		if (c == '#')
			reader->rest = text_skip(reader->rest, text_find(reader->rest, '\n'));
		else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return;
		reader->rest = text_skip(reader->rest, 1);
	}
}

/* Takes the byte if it comes next. */
static bool take(struct reader *reader, char byte)
{
	skip_blanks(reader);
	if (!reader->rest.len || reader->rest.at[0] != byte)
		return false;
	reader->rest = text_skip(reader->rest, 1);
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '+' || c == '.' || c == '/' || c == '@' || c == '&';
}

static struct text take_word(struct reader *reader)
{
	struct text word;
	size_t len = 0;

	skip_blanks(reader);
	while (len < reader->rest.len && is_word(reader->rest.at[len]))
		len++;
	word = text_first(reader->rest, len);
	reader->rest = text_skip(reader->rest, len);
	return word;
}

/* The rest of a string behind its first quote. */
static int take_string(struct reader *reader, struct text *ret)
{
	for (size_t i = 0; i < reader->rest.len; i++) {
		if (reader->rest.at[i] == '\\') {
			i++;
		} else if (reader->rest.at[i] == '"') {
			*ret = text_first(reader->rest, i);
			reader->rest = text_skip(reader->rest, i + 1);
			return 0;
		}
	}
	return -EINVAL;
}

static int read_nodes(struct reader *reader, struct lvm_node *parent, unsigned depth);

static int read_value(struct reader *reader, struct lvm_node *node)
{
	struct text word;

	if (take(reader, '"')) {
		node->kind = LVM_STRING;
		return take_string(reader, &node->string);
	}
	word = take_word(reader);
	node->kind = LVM_NUMBER;
	if (!word.len)
		return -EINVAL;
	if (!text_number(word, &node->number))
		node->number = 0;
	return 0;
}

static int read_list(struct reader *reader, struct lvm_node *list)
{
	const struct lvm_node **to = &list->children;

	list->kind = LVM_LIST;
	while (!take(reader, ']')) {
		struct lvm_node *node = arena_new(reader->arena, struct lvm_node);
		int err = node ? read_value(reader, node) : -ENOMEM;

		if (err)
			return err;
		*to = node;
		to = &node->next;
		(void)take(reader, ',');
	}
	return 0;
}

/* What stands behind a name. */
static int read_rest(struct reader *reader, struct lvm_node *node, unsigned depth)
{
	if (take(reader, '{')) {
		node->kind = LVM_SECTION;
		return read_nodes(reader, node, depth + 1);
	}
	if (!take(reader, '='))
		return -EINVAL;
	return take(reader, '[') ? read_list(reader, node) : read_value(reader, node);
}

/* Everything up to the section's end: the text's own for the outermost. */
static int read_nodes(struct reader *reader, struct lvm_node *parent, unsigned depth)
{
	const struct lvm_node **to = &parent->children;

	if (depth > MAX_DEPTH)
		return -EINVAL;
	for (;;) {
		struct lvm_node *node;
		struct text name = take_word(reader);
		int err;

		if (!name.len && depth && take(reader, '}'))
			return 0;
		skip_blanks(reader);
		if (!name.len)
			return !depth && !reader->rest.len ? 0 : -EINVAL;
		node = arena_new(reader->arena, struct lvm_node);
		if (!node)
			return -ENOMEM;
		node->name = name;
		err = read_rest(reader, node, depth);
		if (err)
			return err;
		*to = node;
		to = &node->next;
	}
}

int lvm_text_parse(struct text text, struct arena *arena, const struct lvm_node **ret)
{
	struct reader reader = {text, arena};
	struct lvm_node *root = arena_new(arena, struct lvm_node);
	int err;

	if (!root)
		return -ENOMEM;
	root->kind = LVM_SECTION;
	/* The text ends with a NUL that belongs to it. */
	reader.rest = text_first(text, text_find(text, '\0'));
	err = read_nodes(&reader, root, 0);
	if (!err)
		*ret = root;
	return err;
}

const struct lvm_node *lvm_child(
	const struct lvm_node *parent, const char *name, enum lvm_kind kind)
{
	const struct lvm_node *node = parent ? parent->children : NULL;

	for (; node; node = node->next) {
		if (node->kind == kind && text_is(node->name, name))
			return node;
	}
	return NULL;
}

struct text lvm_string(const struct lvm_node *parent, const char *name)
{
	const struct lvm_node *node = lvm_child(parent, name, LVM_STRING);

	return node ? node->string : (struct text){0};
}

uint64_t lvm_number(const struct lvm_node *parent, const char *name)
{
	const struct lvm_node *node = lvm_child(parent, name, LVM_NUMBER);

	return node ? node->number : 0;
}

bool lvm_list_has(const struct lvm_node *parent, const char *name, const char *string)
{
	const struct lvm_node *list = lvm_child(parent, name, LVM_LIST);
	const struct lvm_node *node = list ? list->children : NULL;

	for (; node; node = node->next) {
		if (node->kind == LVM_STRING && text_is(node->string, string))
			return true;
	}
	return false;
}
