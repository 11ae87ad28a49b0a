/* The daemon's tree over any answer that decodes: what is listed is found, sized and rendered. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/tree/tree.h"
#include "wire/inspection.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct tree *tree, struct node parent, int depth)
{
	char name[TREE_NAME];
	uint64_t place = 0, bytes;
	struct node node, found;

	while (tree_next(tree, parent, &place, &node, name)) {
		_strbuf_ struct strbuf text = {0};

		if (!tree_lookup(tree, parent, text_of(name), &found) ||
			node_id(1, found) != node_id(1, node) || tree_size(tree, node, &bytes))
			__builtin_trap();
		if (node_type(node.kind) == TYPE_FOLDER && depth < 3)
			walk(tree, node, depth + 1);
		if (node_type(node.kind) == TYPE_TEXT)
			tree_render(tree, node, &text);
		if (node_type(node.kind) == TYPE_TEXT && (text.len != bytes || !bytes))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t disk_sizes[] = {10 * GIB};
	_inspection_ struct inspection *inspection = inspection_new(16 * MIB);
	_strbuf_ struct strbuf bytes = {0};
	uint64_t length = size;
	struct err err = {0};
	struct tree tree;

	strbuf_add(&bytes, TEXT(WIRE_VERSION "\1"));
	strbuf_add(&bytes, (struct text){(const char *)&length, sizeof(length)});
	strbuf_add(&bytes, (struct text){(const char *)data, size});
	if (wire_get_inspection(strbuf_text(&bytes), disk_sizes, 1, inspection, &err) ||
		tree_init(&tree, inspection, TEXT("mail")))
		return 0;
	tree.volumes = true;
	walk(&tree, (struct node){.kind = NODE_FOLDER}, 0);
	tree_done(&tree);
	return 0;
}
