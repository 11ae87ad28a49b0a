/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/regex.h"

#include <ctype.h>
#include <errno.h>

/*
 * Compiles while it parses: code of an operand is moved where a repetition must stand before it.
 * A count like {3,5} copies the operand's code.
 */

struct compile {
	struct grub_pool *pool;
	struct grub_regex *regex;
	struct text rest;
	uint32_t depth, room, set_room;
	int failed;
	const char *why;
};

/* The first mistake counts. */
static void regex_fail(struct compile *c, int error, const char *why)
{
	if (c->failed)
		return;
	c->failed = error;
	c->why = why;
}

static bool regex_more(const struct compile *c)
{
	return c->rest.len && !c->failed;
}

static bool regex_next_is(const struct compile *c, char wanted)
{
	return regex_more(c) && c->rest.at[0] == wanted;
}

static bool regex_accept(struct compile *c, char wanted)
{
	if (!regex_next_is(c, wanted))
		return false;
	c->rest = text_skip(c->rest, 1);
	return true;
}

/* ---- code --------------------------------------------------------------------------------- */

/* Room for `count` more instructions. */
static bool grow(struct compile *c, uint32_t count)
{
	struct grub_regex *regex = c->regex;
	struct regex_code *code;
	uint32_t room = c->room ? c->room : 64;

	if (c->failed)
		return false;
	if (count > REGEX_MAX_CODE || regex->n_code + count > REGEX_MAX_CODE) {
		regex_fail(c, -E2BIG, "too long");
		return false;
	}
	while (room < regex->n_code + count)
		room *= 2;
	if (room == c->room)
		return true;
	code = grub_pool_alloc(c->pool, room * sizeof(*code));
	if (!code) {
		regex_fail(c, -ENOMEM, "no memory");
		return false;
	}
	memcpy(code, regex->code ? regex->code : code, regex->n_code * sizeof(*code));
	regex->code = code;
	c->room = room;
	return true;
}

static void regex_emit(struct compile *c, enum regex_op op, uint32_t x, uint32_t y)
{
	if (grow(c, 1))
		c->regex->code[c->regex->n_code++] = (struct regex_code){op, x, y};
}

/* ---- sets of bytes --------------------------------------------------------------------- */

static void regex_set_add(struct regex_set *set, unsigned char byte)
{
	set->bits[byte / 32] |= 1u << (byte % 32);
}

static void regex_emit_set(struct compile *c, struct regex_set set, bool invert)
{
	struct grub_regex *regex = c->regex;
	struct regex_set *sets;
	uint32_t room = c->set_room ? c->set_room * 2 : 8;

	for (size_t i = 0; invert && i < 8; i++)
		set.bits[i] = ~set.bits[i];
	if (regex->n_sets == c->set_room) {
		sets = grub_pool_alloc(c->pool, room * sizeof(*sets));
		if (!sets) {
			regex_fail(c, -ENOMEM, "no memory");
			return;
		}
		memcpy(sets, regex->sets ? regex->sets : sets, regex->n_sets * sizeof(*sets));
		regex->sets = sets;
		c->set_room = room;
	}
	regex->sets[regex->n_sets] = set;
	regex_emit(c, REGEX_SET, regex->n_sets++, 0);
}

static const struct {
	const char *name;
	int (*is)(int c);
} classes[] = {
	{"alnum", isalnum},
	{"alpha", isalpha},
	{"blank", isblank},
	{"cntrl", iscntrl},
	{"digit", isdigit},
	{"graph", isgraph},
	{"lower", islower},
	{"print", isprint},
	{"punct", ispunct},
	{"space", isspace},
	{"upper", isupper},
	{"xdigit", isxdigit},
};

static bool regex_set_add_class(struct regex_set *set, struct text name)
{
	for (size_t n = 0; n < ARRAY_SIZE(classes); n++) {
		if (!text_is(name, classes[n].name))
			continue;
		/* ASCII only, whatever the locale of the process. */
		for (int byte = 0; byte < 128; byte++) {
			if (classes[n].is(byte))
				regex_set_add(set, (unsigned char)byte);
		}
		return true;
	}
	return false;
}

/* Behind "[": one of [:class:], [=c=], [.c.]. False: it is none of them. */
static bool bracket_class(struct compile *c, struct regex_set *set, int *single)
{
	struct text inner = text_skip(c->rest, 1);
	char kind = inner.len ? inner.at[0] : '\0', end[3] = {kind, ']', '\0'};
	const char *found;

	if (!regex_next_is(c, '[') || !kind || !strchr(":=.", kind))
		return false;
	inner = text_skip(inner, 1);
	found = inner.len ? memmem(inner.at, inner.len, end, 2) : NULL;
	if (!found) {
		regex_fail(c, -EINVAL, "a class in brackets does not end");
		return true;
	}
	inner.len = (size_t)(found - inner.at);
	c->rest = text_skip(c->rest, inner.len + 4);
	if (kind == ':' ? !regex_set_add_class(set, inner) : inner.len != 1)
		regex_fail(c, -EINVAL, "an unknown class in brackets");
	else if (kind != ':')
		*single = (unsigned char)inner.at[0];
	return true;
}

/* One byte in brackets; -1: it was a class, or nothing. */
static int bracket_byte(struct compile *c, struct regex_set *set)
{
	int byte = -1;

	if (bracket_class(c, set, &byte) || !regex_more(c))
		return byte;
	byte = (unsigned char)c->rest.at[0];
	c->rest = text_skip(c->rest, 1);
	return byte;
}

static void bracket_item(struct compile *c, struct regex_set *set)
{
	int from = bracket_byte(c, set), to = from;

	if (from < 0)
		return;
	if (c->rest.len > 1 && c->rest.at[0] == '-' && c->rest.at[1] != ']') {
		c->rest = text_skip(c->rest, 1);
		to = bracket_byte(c, set);
	}
	if (to < from)
		regex_fail(c, -EINVAL, "a range in brackets that ends before it begins");
	for (int byte = from; byte <= to; byte++)
		regex_set_add(set, (unsigned char)byte);
}

static void regex_brackets(struct compile *c)
{
	struct regex_set set = {{0}};
	bool invert = regex_accept(c, '^'), first = true;

	while (regex_more(c) && (first || !regex_next_is(c, ']'))) {
		first = false;
		bracket_item(c, &set);
	}
	if (!regex_accept(c, ']'))
		regex_fail(c, -EINVAL, "a [ without its ]");
	regex_emit_set(c, set, invert);
}

/* ---- moving code ----------------------------------------------------------------------- */

static void move_targets(struct regex_code *code, uint32_t from, uint32_t by)
{
	if ((code->op == REGEX_SPLIT || code->op == REGEX_JUMP) && code->x >= from)
		code->x += by;
	if (code->op == REGEX_SPLIT && code->y >= from)
		code->y += by;
}

/* Puts an instruction before those from `at` on. */
static void insert(struct compile *c, uint32_t at, enum regex_op op, uint32_t x, uint32_t y)
{
	struct regex_code *code;

	if (!grow(c, 1))
		return;
	code = c->regex->code;
	memmove(code + at + 1, code + at, (c->regex->n_code - at) * sizeof(*code));
	c->regex->n_code++;
	for (uint32_t i = at + 1; i < c->regex->n_code; i++)
		move_targets(&code[i], at, 1);
	code[at] = (struct regex_code){op, x, y};
}

/* One more copy of the code that stood in [from, from + length). */
static void copy(struct compile *c, const struct regex_code *from, uint32_t start, uint32_t length)
{
	uint32_t by;

	if (!grow(c, length))
		return;
	by = c->regex->n_code - start;
	for (uint32_t i = 0; i < length; i++) {
		struct regex_code code = from[i];

		if (code.op == REGEX_SPLIT || code.op == REGEX_JUMP)
			code.x += by;
		if (code.op == REGEX_SPLIT)
			code.y += by;
		c->regex->code[c->regex->n_code++] = code;
	}
}

/* ---- the grammar -------------------------------------------------------------------------- */

static void alternatives(struct compile *c);

/* A backslash and what follows: GNU's classes and places, or the byte itself. */
static void escaped(struct compile *c)
{
	struct regex_set set = {{0}};
	char letter;

	if (!regex_more(c)) {
		regex_fail(c, -EINVAL, "a backslash at the end");
		return;
	}
	letter = c->rest.at[0];
	c->rest = text_skip(c->rest, 1);
	if (letter == 'w' || letter == 'W') {
		regex_set_add_class(&set, TEXT("alnum"));
		regex_set_add(&set, '_');
		regex_emit_set(c, set, letter == 'W');
	} else if (letter == 's' || letter == 'S') {
		regex_set_add_class(&set, TEXT("space"));
		regex_emit_set(c, set, letter == 'S');
	} else if (strchr("bB<>", letter) && letter) {
		regex_emit(c, REGEX_AT, (unsigned char)letter, 0);
	} else if (letter == '`' || letter == '\'') {
		regex_emit(c, REGEX_AT, letter == '`' ? '^' : '$', 0);
	} else if (letter >= '1' && letter <= '9') {
		regex_fail(c, -EINVAL, "back references are not supported");
	} else {
		regex_emit(c, REGEX_CHAR, (unsigned char)letter, 0);
	}
}

static void group(struct compile *c)
{
	uint32_t number = ++c->regex->groups;

	if (c->depth >= REGEX_MAX_DEPTH || number >= REGEX_MAX_GROUPS) {
		regex_fail(c, -E2BIG, "too many parentheses");
		return;
	}
	c->depth++;
	regex_emit(c, REGEX_SAVE, number * 2, 0);
	alternatives(c);
	regex_emit(c, REGEX_SAVE, number * 2 + 1, 0);
	if (!regex_accept(c, ')'))
		regex_fail(c, -EINVAL, "a ( without its )");
	c->depth--;
}

static void operand(struct compile *c)
{
	char byte = c->rest.at[0];

	c->rest = text_skip(c->rest, 1);
	switch (byte) {
	case '(':
		group(c);
		break;
	case '[':
		regex_brackets(c);
		break;
	case '.':
		regex_emit(c, REGEX_ANY, 0, 0);
		break;
	case '^':
	case '$':
		regex_emit(c, REGEX_AT, (unsigned char)byte, 0);
		break;
	case '\\':
		escaped(c);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		regex_fail(c, -EINVAL, "nothing to repeat");
		break;
	default:
		regex_emit(c, REGEX_CHAR, (unsigned char)byte, 0);
		break;
	}
}

static void repeat_more(struct compile *c, uint32_t start)
{
	regex_emit(c, REGEX_SPLIT, start, c->regex->n_code + 1);
}

static void repeat_maybe(struct compile *c, uint32_t start)
{
	insert(c, start, REGEX_SPLIT, start + 1, c->regex->n_code + 1);
}

/* As (x+)?, so that a group which matches nothing at all is still set. */
static void repeat_any(struct compile *c, uint32_t start)
{
	repeat_more(c, start);
	repeat_maybe(c, start);
}

static uint32_t bound(struct compile *c)
{
	uint32_t value = 0;

	while (regex_more(c) && isdigit((unsigned char)c->rest.at[0])) {
		value = value * 10 + (uint32_t)(c->rest.at[0] - '0');
		if (value > REGEX_MAX_CODE)
			value = REGEX_MAX_CODE + 1;
		c->rest = text_skip(c->rest, 1);
	}
	return value;
}

/* {n}, {n,}, {n,m}: the operand's code again and again. */
static void repeat_counted(struct compile *c, uint32_t start)
{
	bool has_min = regex_more(c) && isdigit((unsigned char)c->rest.at[0]), open = false;
	uint32_t length = c->regex->n_code - start, min = bound(c), max = min;
	struct regex_code *original;

	if (regex_accept(c, ',')) {
		open = regex_next_is(c, '}');
		max = bound(c);
	} else if (!has_min) {
		regex_fail(c, -EINVAL, "a { without a number");
	}
	if (!regex_accept(c, '}') || (!open && max < min))
		regex_fail(c, -EINVAL, "a { that is no count");
	original = grub_pool_alloc(c->pool, (length + 1) * sizeof(*original));
	if (!original || c->failed) {
		regex_fail(c, -ENOMEM, "no memory");
		return;
	}
	memcpy(original, c->regex->code + start, length * sizeof(*original));
	c->regex->n_code = start;
	for (uint32_t i = 0; i < min && !c->failed; i++)
		copy(c, original, start, length);
	for (uint32_t i = min; (open || i < max) && !c->failed; i++) {
		uint32_t at = c->regex->n_code;

		copy(c, original, start, length);
		if (open) {
			repeat_any(c, at);
			break;
		}
		repeat_maybe(c, at);
	}
}

static void repeated(struct compile *c)
{
	uint32_t start = c->regex->n_code;

	operand(c);
	for (;;) {
		if (regex_accept(c, '*')) {
			repeat_any(c, start);
		} else if (regex_accept(c, '?')) {
			repeat_maybe(c, start);
		} else if (regex_accept(c, '+')) {
			repeat_more(c, start);
		} else if (regex_accept(c, '{')) {
			repeat_counted(c, start);
		} else {
			return;
		}
	}
}

static void alternative(struct compile *c)
{
	while (regex_more(c) && !regex_next_is(c, '|') && !(regex_next_is(c, ')') && c->depth))
		repeated(c);
}

/*
 * Each but the last begins with a split to the next one and ends with a jump behind them all;
 * until that place is known the jumps are a chain through y.
 */
static void alternatives(struct compile *c)
{
	uint32_t start = c->regex->n_code, chain = 0, jump;

	alternative(c);
	while (regex_accept(c, '|')) {
		insert(c, start, REGEX_SPLIT, start + 1, c->regex->n_code + 2);
		jump = c->regex->n_code;
		regex_emit(c, REGEX_JUMP, 0, chain);
		chain = jump;
		start = c->regex->n_code;
		alternative(c);
	}
	while (chain && !c->failed) {
		struct regex_code *code = &c->regex->code[chain];

		chain = code->y;
		code->x = c->regex->n_code;
		code->y = 0;
	}
}

int grub_regex_compile(
	struct grub_pool *pool, struct text pattern, struct grub_regex *ret, const char **why)
{
	struct compile c = {.pool = pool, .regex = ret, .rest = pattern};

	*ret = (struct grub_regex){0};
	regex_emit(&c, REGEX_SAVE, 0, 0);
	alternatives(&c);
	regex_emit(&c, REGEX_SAVE, 1, 0);
	regex_emit(&c, REGEX_MATCH, 0, 0);
	*why = c.why;
	return c.failed;
}

/* ==== matching =========================================================================== */

/* Bits of memory for places tried on the way back. */
enum { MAX_VISITED = 64 << 20 };

struct match {
	const struct grub_regex *regex;
	struct grub_pool *pool;
	struct text text;
	uint64_t *budget;
	uint32_t *stack; /* of add_thread() */
};

static bool spend(struct match *m)
{
	if (!*m->budget)
		return false;
	--*m->budget;
	return true;
}

static bool is_word(struct text text, size_t at)
{
	char c = at < text.len ? text.at[at] : '\0';

	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool is_here(struct text text, size_t at, uint32_t what)
{
	bool before = at > 0 && is_word(text, at - 1), behind = is_word(text, at);

	switch (what) {
	case '^':
		return at == 0;
	case '$':
		return at == text.len;
	case '<':
		return !before && behind;
	case '>':
		return before && !behind;
	case 'b':
		return before != behind;
	default:
		return before == behind;
	}
}

static bool takes(const struct grub_regex *regex, const struct regex_code *code, char c)
{
	unsigned char byte = (unsigned char)c;

	if (code->op == REGEX_CHAR)
		return code->x == byte;
	if (code->op == REGEX_ANY)
		return true;
	return code->op == REGEX_SET && (regex->sets[code->x].bits[byte / 32] >> (byte % 32) & 1);
}

/* ---- where: all ways at once, each place in the code with the earliest start --------------- */

struct thread {
	uint32_t at;
	size_t start;
};

struct threads {
	struct thread *list;
	uint32_t count;
	size_t *seen; /* by place in the code: position + 1 when it was last listed */
};

struct search {
	struct match *m;
	struct threads now, next;
	bool found;
	size_t start, end;
};

/* Lists every place reachable from `at` without taking a byte. */
static int add_thread(
	struct search *s, struct threads *threads, uint32_t at, size_t start, size_t position)
{
	const struct regex_code *code;
	uint32_t depth;

	s->m->stack[0] = at;
	depth = 1;
	while (depth) {
		at = s->m->stack[--depth];
		if (threads->seen[at] == position + 1)
			continue;
		if (!spend(s->m))
			return -E2BIG;
		threads->seen[at] = position + 1;
		code = &s->m->regex->code[at];
		if (code->op == REGEX_SPLIT) {
			s->m->stack[depth++] = code->y;
			s->m->stack[depth++] = code->x;
		} else if (code->op == REGEX_JUMP) {
			s->m->stack[depth++] = code->x;
		} else if (code->op == REGEX_SAVE ||
			   (code->op == REGEX_AT && is_here(s->m->text, position, code->x))) {
			s->m->stack[depth++] = at + 1;
		} else if (code->op != REGEX_AT) {
			threads->list[threads->count++] = (struct thread){at, start};
		}
	}
	return 0;
}

/* Looks at every listed place with the byte at `position`. */
static int step(struct search *s, size_t position)
{
	const struct grub_regex *regex = s->m->regex;
	int r = 0;

	s->next.count = 0;
	for (uint32_t i = 0; i < s->now.count && !r; i++) {
		struct thread thread = s->now.list[i];
		const struct regex_code *code = &regex->code[thread.at];

		if (!spend(s->m))
			return -E2BIG;
		if (s->found && thread.start > s->start)
			continue;
		if (code->op == REGEX_MATCH) {
			s->found = true;
			s->start = thread.start;
			s->end = position;
		} else if (position < s->m->text.len &&
			   takes(regex, code, s->m->text.at[position])) {
			r = add_thread(s, &s->next, thread.at + 1, thread.start, position + 1);
		}
	}
	return r;
}

static int find(struct search *s)
{
	int r = 0;

	s->found = false;
	for (size_t position = 0; position <= s->m->text.len && !r; position++) {
		struct threads swap;

		if (!s->found)
			r = add_thread(s, &s->now, 0, position, position);
		if (!r)
			r = step(s, position);
		swap = s->now;
		s->now = s->next;
		s->next = swap;
		if (s->found && !s->now.count)
			break;
	}
	return r;
}

static int alloc_threads(struct match *m, struct threads *threads)
{
	threads->list = grub_pool_alloc(m->pool, m->regex->n_code * sizeof(*threads->list));
	threads->seen = grub_pool_alloc(m->pool, m->regex->n_code * sizeof(*threads->seen));
	return threads->list && threads->seen ? 0 : -ENOMEM;
}

/* ---- how: one way, the first choices first, to the end found above ------------------------- */

/* To be tried later, or (slot not 0) a group's end to be put back: slot - 1. */
struct choice {
	uint32_t at, slot;
	size_t position;
};

struct trace {
	struct match *m;
	uint32_t *visited;
	size_t from, to, *slots;
	struct choice *stack;
	size_t depth, room;
};

static int push(struct trace *t, struct choice choice)
{
	struct choice *stack;
	size_t room = t->room ? t->room * 2 : 64;

	if (t->depth == t->room) {
		stack = grub_pool_alloc(t->m->pool, room * sizeof(*stack));
		if (!stack)
			return -ENOMEM;
		memcpy(stack, t->stack ? t->stack : stack, t->depth * sizeof(*stack));
		t->stack = stack;
		t->room = room;
	}
	t->stack[t->depth++] = choice;
	return 0;
}

/* Has this place been tried at this position? It is now. */
static bool visited(struct trace *t, uint32_t at, size_t position)
{
	size_t bit = (position - t->from) * t->m->regex->n_code + at;
	bool before = t->visited[bit / 32] >> (bit % 32) & 1;

	t->visited[bit / 32] |= 1u << (bit % 32);
	return before;
}

/* Follows one way as far as it leads. 1: to the end. */
static int follow(struct trace *t, uint32_t at, size_t position)
{
	const struct regex_code *code;
	int r = 0;

	while (!r && !visited(t, at, position)) {
		if (!spend(t->m))
			return -E2BIG;
		code = &t->m->regex->code[at++];
		switch (code->op) {
		case REGEX_MATCH:
			return position == t->to;
		case REGEX_JUMP:
			at = code->x;
			break;
		case REGEX_SPLIT:
			r = push(t, (struct choice){.at = code->y, .position = position});
			at = code->x;
			break;
		case REGEX_SAVE:
			r = push(t, (struct choice){
					    .slot = code->x + 1, .position = t->slots[code->x]});
			t->slots[code->x] = position;
			break;
		case REGEX_AT:
			if (!is_here(t->m->text, position, code->x))
				return 0;
			break;
		case REGEX_CHAR:
		case REGEX_ANY:
		case REGEX_SET:
			if (position >= t->to || !takes(t->m->regex, code, t->m->text.at[position]))
				return 0;
			position++;
			break;
		}
	}
	return r;
}

static int trace(struct trace *t)
{
	int r = push(t, (struct choice){.position = t->from});

	while (t->depth && !r) {
		struct choice choice = t->stack[--t->depth];

		if (choice.slot)
			t->slots[choice.slot - 1] = choice.position;
		else
			r = follow(t, choice.at, choice.position);
	}
	return r;
}

static int find_groups(struct match *m, size_t from, size_t to, struct regex_span *spans)
{
	uint32_t slots = (m->regex->groups + 1) * 2;
	struct trace t = {.m = m, .from = from, .to = to};
	uint64_t bits = (uint64_t)(to - from + 1) * m->regex->n_code;
	int r;

	if (bits > MAX_VISITED)
		return -E2BIG;
	t.visited = grub_pool_alloc(m->pool, (size_t)(bits / 8 + 8));
	t.slots = grub_pool_alloc(m->pool, slots * sizeof(*t.slots));
	if (!t.visited || !t.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < slots; i++)
		t.slots[i] = SIZE_MAX;
	r = trace(&t);
	for (uint32_t i = 0; r == 1 && i <= m->regex->groups; i++) {
		size_t begin = t.slots[i * 2], end = t.slots[i * 2 + 1];

		spans[i] = (struct regex_span){0};
		if (begin <= end && end != SIZE_MAX)
			spans[i] = (struct regex_span){true, begin, end};
	}
	return r;
}

int grub_regex_match(struct grub_pool *pool, const struct grub_regex *regex, struct text text,
	struct regex_span *spans, uint64_t *budget)
{
	struct match m = {.regex = regex, .pool = pool, .text = text, .budget = budget};
	struct search s = {.m = &m};
	int r;

	/* Every place pushes at most two others, once. */
	m.stack = grub_pool_alloc(pool, (regex->n_code * 2 + 2) * sizeof(*m.stack));
	if (!m.stack || alloc_threads(&m, &s.now) || alloc_threads(&m, &s.next))
		return -ENOMEM;
	r = find(&s);
	if (r || !s.found)
		return r;
	return find_groups(&m, s.start, s.end, spans);
}
