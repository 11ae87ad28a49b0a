/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inspect/answer/login.h"

#include "inspect/answer/password.h"

/* ---- what is restricted -------------------------------------------------------------------------- */

/* The way to an entry leads through its headings. */
static void restrict_below_headings(struct bootmenu *menu)
{
	uint32_t locked = 0; /* depth of the heading that locks what is deeper; 0: none */

	for (struct menu_entry *entry = menu->first; entry; entry = entry->next) {
		if (locked && entry->depth > locked) {
			entry->restricted = true;
			continue;
		}
		locked = entry->submenu && entry->restricted ? entry->depth : 0;
	}
}

/* ---- with names: GRUB 2 -------------------------------------------------------------------------- */

/* GRUB: "delimited by any of spaces, commas, semicolons, pipes, or ampersands". */
static bool is_listed(struct text list, struct text name)
{
	static const char delimiters[] = " \t\n,;|&";

	while (list.len && name.len) {
		size_t end = 0;

		while (end < list.len && !(list.at[end] && strchr(delimiters, list.at[end])))
			end++;
		if (text_equal(text_first(list, end), name))
			return true;
		list = text_skip(list, end + 1);
	}
	return false;
}

/* Without a name: the only one there is. */
static const struct menu_user *find_user(const struct bootmenu *menu, struct text name)
{
	const struct menu_user *user = menu->users;

	if (!name.len)
		return user && !user->next ? user : NULL;
	while (user && !text_equal(user->name, name))
		user = user->next;
	return user;
}

static void log_in_by_name(const struct question *question, struct bootmenu *menu)
{
	const struct menu_user *user = find_user(menu, question->login_name);
	bool super;

	menu->login =
		user ? password_check(&user->password, question->login_password) : LOGIN_WRONG;
	if (menu->login != LOGIN_RIGHT)
		return;
	super = is_listed(menu->superusers, user->name);
	menu->edit_restricted &= !super;
	for (struct menu_entry *entry = menu->first; entry; entry = entry->next)
		entry->restricted &= !super && !is_listed(entry->users, user->name);
}

/* ---- without names: the others ------------------------------------------------------------------- */

/* Passwords of entries: most have the same one. */
struct checked {
	struct text value;
	enum login_result result;
};

struct checks {
	struct checked at[MAX_LOGIN_CHECKS];
	uint32_t n;
	bool all_right; /* of those of entries */
};

static enum login_result check(
	struct checks *checks, const struct password *password, struct text typed)
{
	for (uint32_t i = 0; i < checks->n; i++) {
		if (text_equal(checks->at[i].value, password->value))
			return checks->at[i].result;
	}
	if (checks->n == MAX_LOGIN_CHECKS)
		return LOGIN_UNKNOWN_KIND;
	checks->at[checks->n] = (struct checked){password->value, password_check(password, typed)};
	return checks->at[checks->n++].result;
}

/* One right password is a right login; one of an unknown kind is told where none is right. */
static void merge(enum login_result *all, enum login_result one)
{
	if (one == LOGIN_RIGHT || *all != LOGIN_RIGHT)
		*all = *all == LOGIN_UNKNOWN_KIND && one == LOGIN_WRONG ? *all : one;
}

static void log_in(const struct question *question, struct bootmenu *menu)
{
	struct text typed = question->login_password;
	struct checks checks = {.all_right = true};
	bool master = false, any = false;
	/* GRUB Legacy asks for an entry's own password whatever was given before. */
	bool master_opens_all = !text_is(menu->loader, "grub");

	menu->login = LOGIN_WRONG;
	if (menu->users) {
		merge(&menu->login, check(&checks, &menu->users->password, typed));
		master = menu->login == LOGIN_RIGHT;
	}
	for (struct menu_entry *entry = menu->first; entry; entry = entry->next) {
		enum login_result own = LOGIN_WRONG;

		if (entry->password.value.len) {
			own = check(&checks, &entry->password, typed);
			merge(&menu->login, own);
			checks.all_right &= own == LOGIN_RIGHT;
			any = true;
		}
		if (own == LOGIN_RIGHT ||
			(master && (master_opens_all || !entry->password.value.len)))
			entry->restricted = false;
	}
	if (master || (!menu->users && any && checks.all_right))
		menu->edit_restricted = false;
}

void login_apply(const struct question *question, struct bootmenu *menu)
{
	bool named = menu->users && menu->users->name.len;

	menu->asks_name = named && menu->users->next;
	if (question->has_login && (named || text_is(menu->loader, "grub2")))
		log_in_by_name(question, menu);
	else if (question->has_login)
		log_in(question, menu);
	restrict_below_headings(menu);
}
