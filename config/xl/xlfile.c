/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/xl/xlfile.h"

#include "core/escape.h"

#include <errno.h>
#include <fcntl.h>
#include <libxlutil.h>
#include <sys/stat.h>

/* What libxlutil puts in front of its messages; we cut it off again. */
#define REPORT_NAME "x"

enum { MAX_XL_BYTES = 1 << 20 };

/* One file being read; messages of libxlutil gather in `report`. */
struct reading {
	struct strbuf text;
	XLU_Config *xl;
	FILE *report;
	char *messages;
	size_t messages_len;
	json_t *object, *faults;
};

/*
 * The one function of libxenlight that libxlutil's parsers call: defined here, so that this
 * program needs neither that library nor the dozen behind it.
 */
void libxl_defbool_set(libxl_defbool *db, bool b)
{
	db->val = b ? 1 : -1;
}

/* A message as JSON, whatever bytes it quotes. */
static json_t *message_of(struct text text)
{
	_strbuf_ struct strbuf clean = {0};

	utf8_add_lossy(&clean, text);
	return json_stringn(clean.len ? clean.at : "", clean.len);
}

static void add_fault(struct reading *reading, uint64_t line, bool warning, struct text text)
{
	json_t *fault = json_pack("{s:I, s:o, s:b}", "line", (json_int_t)line, "text",
		message_of(text), "warning", warning);

	json_array_append_new(reading->faults, fault);
}

/* A value as JSON; one that JSON cannot hold must not become another path or name. */
static json_t *value_of(struct reading *reading, const char *value)
{
	json_t *string = json_string(value ? value : "");

	if (!string)
		add_fault(reading, 0, false, TEXT("a name, path or argument is not UTF-8"));
	return string ? string : json_string("");
}

/* "x:12: config parsing error near ..." is line 12 and the rest; "x: ..." is no line. */
static void add_report_line(struct reading *reading, bool warning, uint64_t line, struct text text)
{
	struct text number = text_skip(text, strlen(REPORT_NAME ":")), rest = number;
	uint64_t found;

	if (!text_starts(text, TEXT(REPORT_NAME ":")))
		rest = text;
	else if (text_cut(&rest, ':', &number) && text_number(number, &found))
		line = found;
	else
		rest = text_skip(text, strlen(REPORT_NAME ":"));
	add_fault(reading, line, warning, text_trim(rest));
}

/* Turns what libxlutil wrote since the last call into faults of `line`, if it names none. */
static void take_messages(struct reading *reading, bool warning, uint64_t line)
{
	struct text rest, one;

	fflush(reading->report);
	rest = (struct text){reading->messages, reading->messages_len};
	while (text_cut(&rest, '\n', &one)) {
		if (text_trim(one).len)
			add_report_line(reading, warning, line, one);
	}
	rewind(reading->report);
	reading->messages_len = 0;
}

static bool has_fatal_fault(const struct reading *reading)
{
	size_t i;
	json_t *fault;

	json_array_foreach(reading->faults, i, fault)
	{
		if (!json_is_true(json_object_get(fault, "warning")))
			return true;
	}
	return false;
}

static const char *format_name(libxl_disk_format format)
{
	switch (format) {
	case LIBXL_DISK_FORMAT_QCOW:
		return "qcow";
	case LIBXL_DISK_FORMAT_QCOW2:
		return "qcow2";
	case LIBXL_DISK_FORMAT_VHD:
		return "vhd";
	case LIBXL_DISK_FORMAT_QED:
		return "qed";
	case LIBXL_DISK_FORMAT_EMPTY:
		return "empty";
	case LIBXL_DISK_FORMAT_UNKNOWN: /* xl takes it for raw */
	case LIBXL_DISK_FORMAT_RAW:
		return "raw";
	}
	return "unknown";
}

static const char *backend_name(libxl_disk_backend backend)
{
	switch (backend) {
	case LIBXL_DISK_BACKEND_PHY:
		return "phy";
	case LIBXL_DISK_BACKEND_TAP:
		return "tap";
	case LIBXL_DISK_BACKEND_QDISK:
		return "qdisk";
#ifdef LIBXL_HAVE_DEVICE_DISK_SPECIFICATION /* Xen 4.17 */
	case LIBXL_DISK_BACKEND_STANDALONE:
		return "standalone";
#endif
	case LIBXL_DISK_BACKEND_UNKNOWN:
		return "";
	}
	return "unknown";
}

static void free_disk(libxl_device_disk *disk)
{
	free(disk->backend_domname);
	free(disk->pdev_path);
	free(disk->vdev);
	free(disk->script);
	free(disk->colo_host);
	free(disk->colo_export);
	free(disk->active_disk);
	free(disk->hidden_disk);
}

static bool has_control_byte(const char *spec)
{
	for (; *spec; spec++) {
		if ((unsigned char)*spec < 0x20 || *spec == 0x7f)
			return true;
	}
	return false;
}

/* The disk as JSON; NULL: a fault was added. */
static json_t *read_disk(struct reading *reading, const char *spec, uint64_t line)
{
	libxl_device_disk disk = {0};
	json_t *ret = NULL;

	/* libxlutil ends the program at some of them: all other files would be lost with it. */
	if (has_control_byte(spec)) {
		add_fault(reading, line, false, TEXT("a control byte in a disk specification"));
		return NULL;
	}
	if (xlu_disk_parse(reading->xl, 1, &spec, &disk)) {
		take_messages(reading, false, line);
		if (!has_fatal_fault(reading))
			add_fault(reading, line, false, TEXT("disk specification not understood"));
	} else {
		ret = json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:b, s:b}", "target",
			value_of(reading, disk.pdev_path), "vdev", value_of(reading, disk.vdev),
			"format", format_name(disk.format), "backendtype",
			backend_name(disk.backend), "backend",
			value_of(reading, disk.backend_domname), "script",
			value_of(reading, disk.script), "cdrom", disk.is_cdrom, "readonly",
			!disk.readwrite);
	}
	free_disk(&disk);
	return ret;
}

/* The line a list's item stands in; 0 where it is not there as it is. */
static uint64_t line_of(const struct reading *reading, const char *item)
{
	struct text all = strbuf_text(&reading->text);
	const char *at = all.len ? memmem(all.at, all.len, item, strlen(item)) : NULL;
	uint64_t line = 1;

	if (!at)
		return 0;
	for (const char *c = all.at; c < at; c++)
		line += *c == '\n';
	return line;
}

static json_t *read_disks(struct reading *reading)
{
	json_t *disks = json_array();
	XLU_ConfigList *list;
	int n, r;

	r = xlu_cfg_get_list(reading->xl, "disk", &list, &n, 0);
	if (r == ESRCH)
		return disks;
	take_messages(reading, false, 0);
	for (int i = 0; r == 0 && i < n; i++) {
		const char *spec = xlu_cfg_get_listitem(list, i);
		json_t *disk = spec ? read_disk(reading, spec, line_of(reading, spec)) : NULL;

		if (disk)
			json_array_append_new(disks, disk);
	}
	return disks;
}

/* bootloader_args is a list, or one string that xl cuts at blanks: given on as it is. */
static json_t *read_arguments(struct reading *reading)
{
	json_t *arguments = json_array();
	XLU_ConfigList *list;
	const char *one;
	int n;

	if (!xlu_cfg_get_list(reading->xl, "bootloader_args", &list, &n, 1)) {
		for (int i = 0; i < n; i++)
			json_array_append_new(
				arguments, value_of(reading, xlu_cfg_get_listitem(list, i)));
	} else if (!xlu_cfg_get_string(reading->xl, "bootloader_args", &one, 1)) {
		json_array_append_new(arguments, value_of(reading, one));
	}
	return arguments;
}

static const char *get_string(struct reading *reading, const char *name)
{
	const char *value = NULL;

	if (xlu_cfg_get_string(reading->xl, name, &value, 0))
		take_messages(reading, true, 0);
	return value;
}

/* "pv", "pvh" or "hvm", in the old spelling too. */
static const char *domain_type(struct reading *reading)
{
	const char *type = get_string(reading, "type");
	const char *builder = type ? NULL : get_string(reading, "builder");

	if (builder && !strcmp(builder, "hvm"))
		return "hvm";
	return type ? type : "pv";
}

static void read_domain(struct reading *reading)
{
	json_t *object = reading->object;

	if (!get_string(reading, "name"))
		add_fault(reading, 0, false, TEXT("no name = ..."));
	json_object_set_new(object, "name", value_of(reading, get_string(reading, "name")));
	json_object_set_new(object, "type", value_of(reading, domain_type(reading)));
	json_object_set_new(object, "kernel", value_of(reading, get_string(reading, "kernel")));
	json_object_set_new(
		object, "bootloader", value_of(reading, get_string(reading, "bootloader")));
	json_object_set_new(object, "bootloader_args", read_arguments(reading));
	json_object_set_new(object, "disks", read_disks(reading));
}

/* Reads the file's text; a fault where that does not work. */
static bool read_text(struct reading *reading, const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char buffer[16384];
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st)) {
		add_fault(reading, 0, false, text_of(strerror(errno)));
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_XL_BYTES) {
		add_fault(reading, 0, false, TEXT("no regular file of at most 1 MiB"));
		return false;
	}
	reading->text.limit = MAX_XL_BYTES;
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		strbuf_add(&reading->text, (struct text){buffer, (size_t)n});
	if (n < 0 || reading->text.failed)
		add_fault(reading, 0, false, TEXT("cannot be read to its end"));
	return n == 0 && !reading->text.failed;
}

/* libxlutil aborts at a NUL in a quoted string: all other files would be lost with it. */
static bool check_text(struct reading *reading)
{
	struct text rest = strbuf_text(&reading->text), line;
	uint64_t number = 0;

	if (text_find(rest, 0) == rest.len)
		return true;
	do
		number++;
	while (text_cut(&rest, '\n', &line) && text_find(line, 0) == line.len);
	add_fault(reading, number, false, TEXT("a NUL byte"));
	return false;
}

static bool begin(struct reading *reading)
{
	*reading = (struct reading){.object = json_object(), .faults = json_array()};
	reading->report = open_memstream(&reading->messages, &reading->messages_len);
	if (reading->report)
		reading->xl = xlu_cfg_init(reading->report, REPORT_NAME);
	return reading->object && reading->faults && reading->xl;
}

/* Frees everything but the object. */
static json_t *end(struct reading *reading)
{
	if (reading->xl)
		xlu_cfg_destroy(reading->xl);
	if (reading->report)
		fclose(reading->report);
	free(reading->messages);
	strbuf_done(&reading->text);
	json_decref(reading->faults);
	return reading->object;
}

json_t *xlfile_read(const char *path)
{
	struct reading reading;

	if (begin(&reading)) {
		json_object_set_new(reading.object, "file", message_of(text_of(path)));
		json_object_set(reading.object, "faults", reading.faults);
		if (read_text(&reading, path) && check_text(&reading)) {
			if (xlu_cfg_readdata(reading.xl, reading.text.len ? reading.text.at : "",
				    (int)reading.text.len))
				take_messages(&reading, false, 0);
			else
				read_domain(&reading);
		}
	}
	return end(&reading);
}

json_t *xlfile_read_disk(const char *spec)
{
	struct reading reading;
	json_t *disk, *fault;

	if (begin(&reading)) {
		disk = read_disk(&reading, spec, 0);
		fault = json_array_get(reading.faults, 0);
		if (fault)
			json_object_set(reading.object, "fault", json_object_get(fault, "text"));
		if (disk)
			json_object_set_new(reading.object, "disk", disk);
	}
	return end(&reading);
}
