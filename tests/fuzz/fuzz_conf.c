/* Fuzz: bootfs.conf. */
/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/conf.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_config_ struct config *config = config_read("/dev/null", NULL);
	struct text text = {(const char *)data, size};
	uint32_t problems = 0;
	struct conf conf;

	assert(config);
	config->n_problems = config->errors = 0; /* /dev/null is no regular file */
	config->problems = config->last_problem = NULL;
	assert(!conf_parse(config, text, &conf));
	for (struct config_problem *p = config->problems; p; p = p->next)
		problems++;
	assert(problems == config->n_problems || problems == 1000);
	for (struct conf_domain *d = conf.domains; d; d = d->next)
		assert(!domain_name_fault(d->domain->name) && d->n_disks <= MAX_DISKS);
	return 0;
}
