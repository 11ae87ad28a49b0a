/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/sources.h"

#include <glob.h>
#include <sys/stat.h>

static void describe(const char *path, bool content, struct strbuf *out)
{
	struct stat st = {0};

	strbuf_adds(out, path);
	/* One that cannot be looked at is told by zeros. */
	(void)!stat(path, &st);
	strbuf_addf(out, " %llu:%llu %o", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino, st.st_mode & S_IFMT);
	if (content)
		strbuf_addf(out, " %lld %lld.%09ld %lld.%09ld", (long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			(long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	strbuf_addc(out, '\n');
}

static void describe_all(const struct patterns *patterns, bool content, struct strbuf *out)
{
	for (uint32_t i = 0; i < patterns->n; i++) {
		glob_t matches = {0};

		if (!glob(patterns->at[i].at, 0, NULL, &matches)) {
			for (size_t k = 0; k < matches.gl_pathc; k++)
				describe(matches.gl_pathv[k], content, out);
		}
		globfree(&matches);
	}
}

void sources_describe(
	const struct patterns *xl_files, const struct patterns *images, struct strbuf *out)
{
	strbuf_adds(out, "");
	describe_all(xl_files, true, out);
	describe_all(images, false, out);
}
