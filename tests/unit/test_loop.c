/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuse/loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct bell {
	struct timer timer;
	struct loop *loop;
	char *log;
	char letter;
	bool last;
};

static void ring(struct timer *timer)
{
	struct bell *bell = container_of(timer, struct bell, timer);
	char text[] = {bell->letter, '\0'};

	strcat(bell->log, text);
	if (bell->last)
		bell->loop->stop = true;
}

static void timers_fire_in_the_order_of_their_time(void **state)
{
	char log[8] = "";
	struct loop loop;
	struct bell bells[3];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (int i = 0; i < 3; i++)
		bells[i] = (struct bell){{.fire = ring}, &loop, log, (char)('a' + i), i == 0};
	loop_set_timer(&loop, &bells[0].timer, 30);
	loop_set_timer(&loop, &bells[1].timer, 20);
	loop_set_timer(&loop, &bells[2].timer, 10);
	assert_int_equal(loop_run(&loop), 0);
	assert_string_equal(log, "cba");
	loop_done(&loop);
}

static void a_timer_that_is_set_again_fires_once_at_the_new_time(void **state)
{
	char log[8] = "";
	struct loop loop;
	struct bell again, end;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	again = (struct bell){{.fire = ring}, &loop, log, 'a', false};
	end = (struct bell){{.fire = ring}, &loop, log, 'e', true};
	loop_set_timer(&loop, &again.timer, 1);
	loop_set_timer(&loop, &again.timer, 2); /* the only one, and so its own neighbour */
	loop_set_timer(&loop, &end.timer, 30);
	loop_set_timer(&loop, &again.timer, 5);
	assert_int_equal(loop_run(&loop), 0);
	assert_string_equal(log, "ae");
	assert_false(timer_is_set(&again.timer));
	loop_done(&loop);
}

static void a_stopped_timer_does_not_fire(void **state)
{
	char log[8] = "";
	struct loop loop;
	struct bell stopped, end;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	stopped = (struct bell){{.fire = ring}, &loop, log, 's', false};
	end = (struct bell){{.fire = ring}, &loop, log, 'e', true};
	loop_set_timer(&loop, &stopped.timer, 1);
	loop_set_timer(&loop, &end.timer, 5);
	timer_stop(&stopped.timer);
	timer_stop(&stopped.timer);
	assert_int_equal(loop_run(&loop), 0);
	assert_string_equal(log, "e");
	loop_done(&loop);
}

struct tap {
	struct source source;
	struct loop *loop;
	int seen;
};

static void drip(struct source *source)
{
	struct tap *tap = container_of(source, struct tap, source);
	char byte;

	assert_int_equal(read(source->fd, &byte, 1), 1);
	if (++tap->seen == 2)
		tap->loop->stop = true;
}

static void a_readable_descriptor_is_served_until_it_is_forgotten(void **state)
{
	struct loop loop;
	struct tap tap;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(loop_init(&loop), 0);
	tap = (struct tap){{ends[0], drip}, &loop, 0};
	assert_int_equal(loop_watch(&loop, &tap.source), 0);
	assert_int_equal(write(ends[1], "ab", 2), 2);
	assert_int_equal(loop_run(&loop), 0);
	assert_int_equal(tap.seen, 2);
	loop_forget(&loop, &tap.source);
	loop_done(&loop);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_the_order_of_their_time),
		cmocka_unit_test(a_timer_that_is_set_again_fires_once_at_the_new_time),
		cmocka_unit_test(a_stopped_timer_does_not_fire),
		cmocka_unit_test(a_readable_descriptor_is_served_until_it_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
