/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/tree.h"

#include "render/render.h"

#include <assert.h>
#include <errno.h>

struct file {
	enum node_kind kind;
	enum node_type type;
	const char *name;
};

/* In the order of `ls -U`: what is read first comes first. */
static const struct file folder_files[] = {
	{NODE_MENU, TYPE_TEXT, "menu"},
	{NODE_JSON, TYPE_TEXT, "menu.json"},
	{NODE_LOG, TYPE_TEXT, "log"},
	{NODE_ERROR, TYPE_TEXT, "error"},
	{NODE_ONE_SHOT, TYPE_TEXT, "one-shot"},
	{NODE_DEFAULT, TYPE_LINK, "default"},
	{NODE_ENTRIES, TYPE_FOLDER, "entries"},
	{NODE_VOLUMES, TYPE_FOLDER, "volumes"},
};

static const struct file entry_files[] = {
	{NODE_TITLE, TYPE_TEXT, "title"},
	{NODE_ID, TYPE_TEXT, "id"},
	{NODE_PATH, TYPE_TEXT, "path"},
	{NODE_KERNEL, TYPE_CONTENT, "kernel"},
	{NODE_INITRD, TYPE_CONTENT, "initrd"},
	{NODE_CMDLINE, TYPE_TEXT, "cmdline"},
	{NODE_KERNEL_INFO, TYPE_TEXT, "kernel.info"},
	{NODE_SOURCE, TYPE_TEXT, "source"},
	{NODE_SCRIPT, TYPE_TEXT, "script"},
	{NODE_DEVICETREE, TYPE_CONTENT, "devicetree"},
	{NODE_XEN, TYPE_CONTENT, "xen"},
};

/* The files below a kind of folder but NODE_ENTRIES, whose children are counted. */
static const struct file *files_of(enum node_kind kind, uint32_t *count)
{
	if (kind == NODE_FOLDER) {
		*count = ARRAY_SIZE(folder_files);
		return folder_files;
	}
	*count = kind == NODE_ENTRY ? ARRAY_SIZE(entry_files) : 0;
	return entry_files;
}

static const struct file *file_of_kind(enum node_kind kind)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(folder_files); i++) {
		if (folder_files[i].kind == kind)
			return &folder_files[i];
	}
	for (uint32_t i = 0; i < ARRAY_SIZE(entry_files); i++) {
		if (entry_files[i].kind == kind)
			return &entry_files[i];
	}
	return NULL;
}

enum node_type node_type(enum node_kind kind)
{
	const struct file *file = file_of_kind(kind);

	if (kind == NODE_STATUS || kind == NODE_STATS)
		return TYPE_TEXT;
	if (kind == NODE_VOLUME_LINK)
		return TYPE_LINK;
	if (kind == NODE_VOLUME_FILE)
		return TYPE_CONTENT;
	return file ? file->type : TYPE_FOLDER;
}

int tree_init(struct tree *tree, const struct inspection *inspection, struct text domain)
{
	struct menu_entry *entry;
	uint32_t n = inspection->menu.entries;

	*tree = (struct tree){.inspection = inspection, .domain = domain};
	n = n < TREE_MAX_ENTRIES ? n : TREE_MAX_ENTRIES;
	if (!n)
		return 0;
	tree->entries = calloc(n, sizeof(struct menu_entry *));
	if (!tree->entries)
		return -ENOMEM;
	tree->n_entries = n;
	for (entry = inspection->menu.first; entry; entry = entry->next) {
		if (entry->index >= 0 && (uint32_t)entry->index < n)
			tree->entries[entry->index] = entry;
	}
	return 0;
}

void tree_done(struct tree *tree)
{
	free(tree->entries);
	*tree = (struct tree){0};
}

static struct menu_entry *tree_entry(const struct tree *tree, struct node node)
{
	return node.entry < tree->n_entries ? tree->entries[node.entry] : NULL;
}

static bool entry_has(const struct menu_entry *entry, enum node_kind kind)
{
	const struct kernel_info *info = &entry->kernel_info;

	switch ((int)kind) {
	case NODE_TITLE:
		return entry->title.len;
	case NODE_ID:
		return entry->id.len;
	case NODE_SCRIPT:
		return entry->script.len;
	case NODE_KERNEL:
		return entry->content[SLOT_KERNEL].present;
	case NODE_INITRD:
		return entry->content[SLOT_INITRD].present;
	case NODE_DEVICETREE:
		return entry->content[SLOT_DEVICETREE].present;
	case NODE_XEN:
		return entry->content[SLOT_XEN].present;
	case NODE_CMDLINE:
		return entry->kernel || entry->hypervisor;
	case NODE_KERNEL_INFO:
		return entry->content[SLOT_KERNEL].present && info->format.len;
	case NODE_ENTRY:
	case NODE_PATH:
	case NODE_SOURCE:
		return true;
	default:
		return false;
	}
}

static bool default_boots(const struct inspection *inspection)
{
	const struct menu_entry *entry = inspection->menu.default_entry;

	return entry && entry->index >= 0 && !inspection->error.len;
}

bool tree_has(const struct tree *tree, struct node node)
{
	const struct inspection *inspection = tree->inspection;

	switch ((int)node.kind) {
	case NODE_FOLDER:
	case NODE_JSON:
	case NODE_LOG:
		return node.entry == 0;
	case NODE_MENU:
		return node.entry == 0 && inspection->menu.total;
	case NODE_ENTRIES:
		return node.entry == 0 && tree->n_entries;
	case NODE_ERROR:
		return node.entry == 0 && inspection->error.len;
	case NODE_ONE_SHOT:
		return node.entry == 0 && inspection->menu.one_shot_key.len;
	case NODE_DEFAULT:
		return node.entry == 0 && default_boots(inspection);
	case NODE_VOLUMES:
	case NODE_VOLUME_GROUP:
	case NODE_VOLUME:
		return tree_has_volume(tree, node);
	default:
		return tree_entry(tree, node) && entry_has(tree_entry(tree, node), node.kind);
	}
}

bool tree_lookup(const struct tree *tree, struct node parent, struct text name, struct node *ret)
{
	const struct file *files;
	uint32_t count;
	uint64_t index;

	if (parent.kind == NODE_VOLUMES || parent.kind == NODE_VOLUME_GROUP)
		return tree_lookup_volume(tree, parent, name, ret);
	if (parent.kind == NODE_ENTRIES) {
		/* One name each: no "01" for "1". */
		if (!text_number(name, &index) || (name.len > 1 && name.at[0] == '0') ||
			index >= tree->n_entries)
			return false;
		*ret = (struct node){NODE_ENTRY, (uint32_t)index};
		return tree_has(tree, *ret);
	}
	files = files_of(parent.kind, &count);
	for (uint32_t i = 0; i < count; i++) {
		*ret = (struct node){files[i].kind, parent.entry};
		if (text_is(name, files[i].name))
			return tree_has(tree, *ret);
	}
	return false;
}

bool tree_next(const struct tree *tree, struct node parent, uint64_t *place, struct node *ret,
	char name[TREE_NAME])
{
	const struct file *files;
	uint32_t count;

	if (parent.kind == NODE_VOLUMES || parent.kind == NODE_VOLUME_GROUP)
		return tree_next_volume(tree, parent, place, ret, name);
	if (parent.kind == NODE_ENTRIES) {
		while (*place < tree->n_entries && !tree->entries[*place])
			++*place;
		if (*place >= tree->n_entries)
			return false;
		*ret = (struct node){NODE_ENTRY, (uint32_t)*place};
		snprintf(name, TREE_NAME, "%u", ret->entry);
		++*place;
		return true;
	}
	for (files = files_of(parent.kind, &count); *place < count;) {
		*ret = (struct node){files[*place].kind, parent.entry};
		snprintf(name, TREE_NAME, "%s", files[*place].name);
		++*place;
		if (tree_has(tree, *ret))
			return true;
	}
	return false;
}

static void render_entry(const struct tree *tree, struct node node, struct strbuf *out)
{
	const struct menu_entry *entry = tree_entry(tree, node);

	switch ((int)node.kind) {
	case NODE_TITLE:
		return render_title(out, entry);
	case NODE_ID:
		return render_id(out, entry);
	case NODE_PATH:
		return render_path(out, entry);
	case NODE_CMDLINE:
		return render_cmdline(out, entry);
	case NODE_KERNEL_INFO:
		return render_kernel_info(out, entry);
	case NODE_SOURCE:
		return render_source(out, tree->inspection, entry);
	case NODE_SCRIPT:
		return render_script(out, entry);
	default:
		assert(node_type(node.kind) == TYPE_TEXT);
	}
}

void tree_render(const struct tree *tree, struct node node, struct strbuf *out)
{
	const struct inspection *inspection = tree->inspection;

	switch ((int)node.kind) {
	case NODE_MENU:
		return render_menu(out, inspection);
	case NODE_JSON:
		return render_json(out, inspection, tree->domain);
	case NODE_LOG:
		return render_log(out, inspection);
	case NODE_ERROR:
		return render_error(out, inspection);
	case NODE_ONE_SHOT:
		return render_one_shot(out, inspection, tree->domain);
	case NODE_DEFAULT:
		return strbuf_addf(out, "entries/%d", inspection->menu.default_entry->index);
	default:
		return render_entry(tree, node, out);
	}
}

const struct content *tree_content(const struct tree *tree, struct node node)
{
	const struct menu_entry *entry = tree_entry(tree, node);

	switch ((int)node.kind) {
	case NODE_KERNEL:
		return &entry->content[SLOT_KERNEL];
	case NODE_INITRD:
		return &entry->content[SLOT_INITRD];
	case NODE_DEVICETREE:
		return &entry->content[SLOT_DEVICETREE];
	case NODE_XEN:
		return &entry->content[SLOT_XEN];
	default:
		assert(node_type(node.kind) == TYPE_CONTENT);
		return NULL;
	}
}

int tree_size(struct tree *tree, struct node node, uint64_t *ret)
{
	_strbuf_ struct strbuf text = {0};
	bool on_top = node.kind < NODE_ENTRIES;

	*ret = 0;
	if (node_type(node.kind) == TYPE_FOLDER)
		return 0;
	if (node_type(node.kind) == TYPE_CONTENT) {
		*ret = tree_content(tree, node)->size;
		return 0;
	}
	if (on_top && tree->sizes[node.kind]) {
		*ret = tree->sizes[node.kind];
		return 0;
	}
	tree_render(tree, node, &text);
	*ret = text.len;
	if (on_top && !text.failed)
		tree->sizes[node.kind] = text.len;
	return text.failed;
}
