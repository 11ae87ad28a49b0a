# bootfs: boot menus of Xen guests as files.  `make help` lists what can be made.
# SPDX-License-Identifier: GPL-2.0-or-later

VERSION := 0.1.0
V       ?= release
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
UNITS   ?= $(PREFIX)/lib/systemd/system
SBIN    ?= $(PREFIX)/sbin
DESTDIR ?=

# Without xl's parser or without libnbd: XL=no, NBD=no. XL=shared does not look for libxlutil.a.
XL      ?= yes
NBD     ?= yes

.DEFAULT_GOAL := all
B := build/$(V)-$(notdir $(CC))
PKG_CONFIG ?= pkg-config

WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wundef -Wpointer-arith -Wcast-qual \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wredundant-decls -Wnull-dereference -Wconversion -Wimplicit-fallthrough -Wswitch-enum \
	-Wdouble-promotion
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fPIE
LANGUAGE := -std=gnu17 -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DBOOTFS_VERSION='"$(VERSION)"'

CFLAGS_release := -O2 -g $(HARDENING)
LDFLAGS_release := -Wl,-z,relro,-z,now -Wl,--as-needed
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -Werror -fPIE
LDFLAGS_asan := -fsanitize=address,undefined -Wl,--as-needed
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -Werror -fPIE
LDFLAGS_fuzz := -fsanitize=address,undefined -Wl,--as-needed
CFLAGS_coverage := -O0 -g --coverage
LDFLAGS_coverage := --coverage
ifeq ($(CI),true)
CFLAGS_release += -Werror
endif
# What starts often is static; STATIC=-pie where a distribution has no static libraries. The
# sanitizers need the dynamic C library.
STATIC ?= -static-pie
override STATIC := $(if $(filter asan fuzz,$(V)),-pie,$(STATIC))

# ---- libraries ----------------------------------------------------------------------------

# find-libraries asks pkg-config, and again when a setting changes; what is linked depends on it.
libraries_wanted := $(STATIC) $(XL) $(NBD) $(PKG_CONFIG)
needs_no_library := help deps deps-test demo test clean dist lint fuzz deb format coverage cross-arm64 uninstall
ifneq ($(filter-out $(needs_no_library),$(or $(MAKECMDGOALS),all)),)
include $(B)/libraries.mk
ifneq ($(libraries_for),$(libraries_wanted))
$(B)/libraries.mk: FORCE
endif
endif

$(B)/libraries.mk: find-libraries
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' STATIC=$(STATIC) XL=$(XL) NBD=$(NBD) \
		./find-libraries >$@.new && mv $@.new $@
	@rm -f $(addprefix $(B)/,$(xl_programs) $(nbd_programs))
.PHONY: FORCE

# Library headers are not ours to warn about.
INCLUDES := -I. $(library_includes)
# The sanitizers have a crypt_r() that looks for this one: the linker takes it for not needed.
CRYPT := -Wl,--push-state,--no-as-needed $(crypt_libs) -Wl,--pop-state

ALL_CFLAGS  := $(LANGUAGE) $(WARNINGS) $(INCLUDES) $(CFLAGS_$(V)) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(V)) $(LDFLAGS)

# `make VERBOSE=1` shows whole commands.
say = $(if $(VERBOSE),,@printf '  %-4s %s\n' '$(1)' '$(2)';)

# ---- what is built of what ----------------------------------------------------------------

FOLDERS := core model wire sandbox parsers inspect ask images render config fuse pygrub menu admin
# Sources that a switch leaves out are those that include the library's header.
left_out := $(addprefix -e,$(if $(filter no,$(XL)),libxlutil.h) $(if $(filter no,$(NBD)),libnbd.h))
left_out := $(if $(left_out),$(shell grep -rlF --include='*.c' $(left_out) $(FOLDERS)))
sources = $(filter-out $(left_out),$(wildcard $(addprefix $(1)/,*.c */*.c */*/*.c */*/*/*.c)))
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
archive = $(patsubst %,$(B)/lib%.a,$(1))

xl_programs  := bootfs-config
nbd_programs := bootfs-inspect-nbd bootfs-serve
PROGRAMS := bootfs bootfs-inspect bootfs-pygrub bootfs-menu bootfs-admin \
	$(if $(filter no,$(XL)),,$(xl_programs)) $(if $(filter no,$(NBD)),,$(nbd_programs))
BUILT    := $(patsubst bin/%.c,$(B)/%,$(wildcard $(PROGRAMS:%=bin/%.c)))

# The law.  parsers/ and inspect/ interpret guests' bytes; they are linked into the inspectors alone.
# tests/layers computes it anew: no other program's link map has an object of either archive.
bootfs_parts         := fuse render config ask wire model core
bootfs_libs          := $(daemon_libs) -lpthread
bootfs_link          := -pie
bootfs-inspect_parts := inspect parsers sandbox render ask wire model core
bootfs-inspect_libs  := $(inspector_libs) $(CRYPT) $(json_libs) -lpthread
bootfs-inspect_link  := $(STATIC)
# It also reads what an NBD server has; libnbd's libraries would slow down every start of bootfs-inspect.
bootfs-inspect-nbd_parts := $(bootfs-inspect_parts)
bootfs-inspect-nbd_libs  := $(inspector_shared_libs) $(CRYPT) $(json_libs) $(nbd_libs) -lpthread
bootfs-inspect-nbd_link  := -pie
bootfs-serve_parts   := images sandbox wire model core
bootfs-serve_libs    :=
bootfs-serve_link    := -pie
bootfs-pygrub_parts  := pygrub config model core
bootfs-pygrub_libs   := $(wrapper_libs) -lpthread
bootfs-pygrub_link   := $(STATIC)
bootfs-menu_parts    := menu pygrub model core
bootfs-menu_libs     := $(menu_libs) -lpthread
bootfs-menu_link     := -pie
bootfs-admin_parts   := admin pygrub config model core
bootfs-admin_libs    := $(admin_libs) -lpthread
bootfs-admin_link    := -pie
bootfs-config_parts  := config model core
bootfs-config_libs   := $(json_libs) $(xl_libs)
bootfs-config_link   := -pie

.PHONY: all help deps deps-test check unit cases system test contested demo bench bench-growth bench-formats fuzz differential lint format coverage \
	install uninstall dist deb cross-arm64 clean
.SECONDARY:
.DELETE_ON_ERROR:

all: $(BUILT)

help:
	@echo "make            build everything into build/ (V=release|asan|coverage, CC=gcc|clang)"
	@echo "make STATIC=-pie  without static libraries; XL=no, NBD=no: without libxlutil, libnbd"
	@echo "make deps       install the Debian packages that the build needs (as root)"
	@echo "make deps-test  install the packages that tests and lint need, too (as root)"
	@echo "make demo       show the main job on a made guest (installs, builds; as root)"
	@echo "make test       install what is needed and run every test (as root)"
	@echo "make check      unit tests, cases, corpora, layers; T=name for one, V=asan, CC=clang"
	@echo "make system     real images, real mounts (as root)"
	@echo "make contested  disks with several boot configurations, each really booted (as root)"
	@echo "make bench      the benchmark tables (as root)"
	@echo "make bench-growth  what it costs as domains, readers, entries and disks grow (as root)"
	@echo "make bench-formats  every format: files right, times, beside pygrub, GRUB, the kernel"
	@echo "make fuzz       all fuzz targets, F=grub2 for one, SECONDS=60 each"
	@echo "make differential  GRUB's own code as the judge of generated menus, MINUTES=10"
	@echo "make lint       format, static analysis, shell, spelling, manuals"
	@echo "make install    into \$$(DESTDIR)\$$(PREFIX); make uninstall"
	@echo "make deb        Debian packages, in build/deb"
	@echo "make cross-arm64  the same for arm64, in a chroot (as root)"
	@echo "make dist       the sources as a tar file"

# The host's libraries are looked at once.
$(B)/floors: floors
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' ./floors
	@touch $@

$(B)/%.o: %.c | $(B)/floors
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define archive_rule
$(call archive,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR,$$@)ar qcsD $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive_rule,$(f))))

define program_rule
$(B)/$(1): $(B)/bin/$(1).o $(call archive,$($(1)_parts)) Makefile $(B)/libraries.mk
	$$(call say,LD,$$@)$(CC) $(ALL_CFLAGS) $$($(1)_link) -o $$@ -Wl,-Map=$$@.map $(B)/bin/$(1).o \
		-Wl,--start-group $(call archive,$($(1)_parts)) -Wl,--end-group \
		$(ALL_LDFLAGS) $$($(1)_libs)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

# ---- tests --------------------------------------------------------------------------------

UNIT  := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
TOOLS := $(patsubst %.c,$(B)/%,$(wildcard tests/tools/*.c))
FUZZ  := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ  := $(filter-out $(if $(filter no,$(XL)),%/fuzz_xlfile),$(FUZZ))
TEST_SUPPORT := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))
TEST_LIBS := $(inspector_shared_libs) $(CRYPT) $(daemon_libs) $(nbd_libs) -lpthread

link_test = $(call say,LD,$@)$(CC) $(ALL_CFLAGS) -pie -o $@ $< $(TEST_SUPPORT) -Wl,--start-group \
	$(call archive,$(FOLDERS)) -Wl,--end-group $(ALL_LDFLAGS) $(TEST_LIBS)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(call archive,$(FOLDERS)) $(TEST_SUPPORT)
	$(link_test) -lcmocka

$(B)/tests/tools/%: $(B)/tests/tools/%.o $(call archive,$(FOLDERS)) $(TEST_SUPPORT)
	$(link_test)

# The inspector with another table of file systems, linked as the inspector is.
$(B)/tests/tools/ext-inspect: $(B)/tests/tools/ext-inspect.o $(B)/bin/bootfs-inspect.o \
		$(call archive,$(bootfs-inspect_parts))
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(bootfs-inspect_link) -o $@ $< \
		$(B)/bin/bootfs-inspect.o -Wl,--start-group \
		$(call archive,$(bootfs-inspect_parts)) -Wl,--end-group \
		$(ALL_LDFLAGS) $(bootfs-inspect_libs)

# xl's parser is in the helper alone.
$(B)/tests/fuzz/fuzz_xlfile: TEST_LIBS += $(xl_libs)

# Outside the fuzz variant a target replays files: tests/fuzz/replay.c is its main().
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o \
		$(call archive,$(FOLDERS)) $(TEST_SUPPORT)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) -pie -o $@ $< $(if $(filter fuzz,$(V)),,$(B)/tests/fuzz/replay.o) \
		$(TEST_SUPPORT) -Wl,--start-group $(call archive,$(FOLDERS)) -Wl,--end-group \
		$(ALL_LDFLAGS) $(TEST_LIBS) $(if $(filter fuzz,$(V)),-fsanitize=fuzzer)

test-programs: $(UNIT) $(TOOLS) $(FUZZ)

unit: $(UNIT)
	@tests/run-unit $(B) $(T)

check: all test-programs
	@tests/run-unit $(B) $(T)
	BOOTFS_BUILD=$(B) $(PYTEST) tests/layers tests/cases tests/fuzz $(if $(T),-k $(T))

# Tests make disks of a gigabyte: on a real file system, where everybody may look something up.
# /tmp is often a small tmpfs.
export TMPDIR := $(or $(TMPDIR),/var/tmp)

# Debian's own Python: it is the one that Debian's python3-pytest belongs to.
PYTEST := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider -q -rs

# Most of these tests wait most of the time: twice as many at once as there are processors.
WORKERS := $(shell expr 2 '*' $$(nproc))

system: all test-programs
	@[ "$$(id -u)" -eq 0 ] || { echo "make system: needs root: it mounts, and makes users" >&2; exit 1; }
	BOOTFS_BUILD=$(B) $(PYTEST) -n $(WORKERS) --dist loadfile tests/system $(if $(T),-k $(T))

deps:
	tests/install-packages build

deps-test:
	tests/install-packages $(TEST_PACKAGES) lint

JOBS ?= -j$(shell nproc)

TEST_PACKAGES := build unit demo package test

test:
	tests/needs
	tests/install-packages $(TEST_PACKAGES)
	$(MAKE) $(JOBS) check
	$(MAKE) $(JOBS) check CC=clang
	$(MAKE) $(JOBS) check V=asan
	$(MAKE) $(JOBS) system

demo:
	tests/install-packages build demo
	$(MAKE) $(JOBS) all
	BOOTFS_BUILD=$(B) tests/demo

contested: all
	BOOTFS_BUILD=$(B) tests/contested $(ARGS)

bench: all test-programs
	BOOTFS_BUILD=$(B) /usr/bin/python3 tests/bench/bench.py $(ARGS)

bench-growth: all test-programs
	BOOTFS_BUILD=$(B) /usr/bin/python3 tests/bench/growth.py $(ARGS)

bench-formats: all $(B)/tests/tools/fs-dump
	BOOTFS_BUILD=$(B) /usr/bin/python3 tests/bench/formats.py $(ARGS)

F ?= $(patsubst $(B)/tests/fuzz/fuzz_%,%,$(FUZZ))
SECONDS ?= 60
fuzz:
	$(MAKE) V=fuzz CC=clang $(F:%=build/fuzz-clang/tests/fuzz/fuzz_%)
	tests/fuzz/run $(SECONDS) $(F)

# GRUB and bootfs read generated configurations; prints differences with a minimal reproducer.
MINUTES ?= 10
differential: all test-programs
	BOOTFS_BUILD=$(B) /usr/bin/python3 tests/differential/run.py --minutes $(MINUTES) $(ARGS)

lint:
	tests/lint

format:
	clang-format -i $(shell git ls-files '*.[ch]')

coverage:
	tests/install-packages $(TEST_PACKAGES) report
	$(MAKE) V=coverage check
	gcovr -r . build/coverage-$(notdir $(CC)) --exclude tests

# The others are for these, and are not typed.
FOR_PATH := $(addprefix $(B)/,bootfs bootfs-inspect bootfs-pygrub)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/bootfs
	install -m 755 $(FOR_PATH) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(filter-out $(FOR_PATH),$(BUILT)) $(DESTDIR)$(PREFIX)/libexec/bootfs
	install -d $(DESTDIR)$(SBIN)
	ln -sf ../bin/bootfs $(DESTDIR)$(SBIN)/mount.fuse.bootfs
	install -D -m 644 etc/bootfs.bash-completion \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/bootfs
	for name in bootfs-pygrub bootfs-inspect; do \
		ln -sf bootfs $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$name; done
	[ -e $(DESTDIR)/etc/bootfs/bootfs.conf ] || \
		install -D -m 644 etc/bootfs.conf $(DESTDIR)/etc/bootfs/bootfs.conf
	install -d $(DESTDIR)$(PREFIX)/share/doc/bootfs/examples
	cp -r etc/examples/. $(DESTDIR)$(PREFIX)/share/doc/bootfs/examples
	sed -i 's#/usr/local#$(PREFIX)#g' $(DESTDIR)$(PREFIX)/share/doc/bootfs/examples/*
	install -D -m 644 etc/bootfs.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/bootfs.conf
	install -D -m 644 etc/bootfs.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/bootfs.conf
	install -d $(DESTDIR)$(UNITS)
	sed 's#/usr/local#$(PREFIX)#g' etc/bootfs.service >$(DESTDIR)$(UNITS)/bootfs.service
	for page in $(wildcard man/*.[0-9]); do section=$${page##*.}; \
		install -D -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$$section/$${page##*/}; done
	ln -sf bootfs.8 $(DESTDIR)$(PREFIX)/share/man/man8/mount.fuse.bootfs.8
	@etc/after-install $(PREFIX) $(DESTDIR)

# All but the configuration and what was remembered (/etc/bootfs, /var/lib/bootfs).
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -rf bin/bootfs bin/bootfs-inspect bin/bootfs-pygrub \
		libexec/bootfs share/doc/bootfs \
		share/bash-completion/completions/bootfs* share/man/man8/mount.fuse.bootfs.8 \
		$(patsubst man/%,share/man/man?/%,$(wildcard man/*.[0-9])) \
		lib/sysusers.d/bootfs.conf lib/tmpfiles.d/bootfs.conf
	rm -f $(DESTDIR)$(UNITS)/bootfs.service $(DESTDIR)$(SBIN)/mount.fuse.bootfs

dist:
	git archive --prefix=bootfs-$(VERSION)/ -o bootfs-$(VERSION).tar.gz HEAD

# Debian packages of what stands here, into build/deb. The build runs the unit tests and the
# inspector's self-test.
deb:
	tests/install-packages build unit package
	rm -rf build/deb
	mkdir -p build/deb/bootfs
	tar -cf - --exclude=./build --exclude-vcs . | tar -C build/deb/bootfs -xf -
	cd build/deb/bootfs && DEB_BUILD_OPTIONS=parallel=$$(nproc) dpkg-buildpackage -b -us -uc

cross-arm64:
	tests/cross-arm64

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
