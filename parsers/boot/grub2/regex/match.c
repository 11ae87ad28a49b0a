/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsers/boot/grub2/regex/regex.h"

#include <errno.h>

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
