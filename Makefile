# wpkg: package registry and toolchain for WebAssembly
#
#   make                 wpkg, wpkgd, wpkg-admit and libwpkg in build/release
#   make quickstart      install what is missing, build, and see one real module go all the way
#   make check           every test; make check-unit, check-cli ... for one kind
#   make lint            format, layers, headers, clang-tidy, cppcheck
#   make bench           our figures beside a peer's, from one run; make bench-server, bench-engine ... for one of them
#   make install         below PREFIX (/usr/local), libraries in LIBDIR, staged in DESTDIR
#   make deb             Debian packages in build/deb
#
# VARIANT is release, debug, asan, ubsan, tsan, cov, fuzz (asan and ubsan with what libFuzzer needs)
# or switch (the interpreter as one loop); CC is gcc (default) or clang. CROSS is the prefix of the
# tools that build for another machine: CROSS=aarch64-linux-gnu- with the libraries' packages of arm64.

VARIANT ?= release
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BUILD ?= build
OUT := $(BUILD)/$(VARIANT)
VERSION := 0.1.0

# Tools of the same name for whom it is built.
ifeq ($(origin CC),default)
CC := $(CROSS)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS)ar
endif
PKG_CONFIG ?= $(CROSS)pkg-config
CXX_FOR_TOML := $(if $(findstring clang,$(CC)),$(subst clang,clang++,$(CC)),$(CROSS)g++)
IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))

PKG_LIB := libsodium jansson
PKG_STORE := sqlite3
PKG_SERVER := libmicrohttpd gnutls zlib libcmark
PKG_ADMIT := libseccomp
PKG_TEST := check libarchive
# Loaded when they are first used: only their headers are needed here.
PKG_LOADED := libarchive libcrypto libcurl libgit2
PKGS := $(PKG_LIB) $(PKG_STORE) $(PKG_SERVER) $(PKG_ADMIT) $(PKG_LOADED)

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings \
  -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wimplicit-fallthrough
ifeq ($(IS_CLANG),)
WARNINGS += -Wlogical-op -Wduplicated-cond
endif

MODE_release := -O2 -g -D_FORTIFY_SOURCE=2
MODE_debug := -O0 -g
MODE_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
MODE_ubsan := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
MODE_tsan := -O1 -g -fsanitize=thread
MODE_cov := -O0 -g --coverage
MODE_fuzz := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
MODE_switch := -O2 -g -D_FORTIFY_SOURCE=2
MODE := $(MODE_$(VARIANT))
ifeq ($(MODE),)
$(error VARIANT=$(VARIANT) is none of release debug asan ubsan tsan cov fuzz switch)
endif

PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
CPPFLAGS += -Ilib -I$(OUT)/gen -D_GNU_SOURCE -DWPKG_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS += -std=c17 $(WARNINGS) $(MODE) -fPIC -fvisibility=default -fstack-protector-strong -pthread \
  -ffunction-sections
CXXFLAGS += -std=c++17 -Wall -Wextra -Werror $(MODE) -fPIC -fno-rtti
# Both checks need clang's C++ sanitizer runtime, which a program linked as C does not have.
ifneq ($(and $(IS_CLANG),$(findstring undefined,$(MODE))),)
CXXFLAGS += -fno-sanitize=function -fno-sanitize=vptr
endif
LDFLAGS += $(filter -fsanitize=% --coverage,$(MODE)) -Wl,-z,relro,-z,now -pthread
# There are thousands of relative relocations: tables of commands, and those of the C++ library.
LDFLAGS += -Wl,-z,pack-relative-relocs

.PHONY: all
all: $(OUT)/wpkg $(OUT)/wpkgd $(OUT)/wpkg-admit $(OUT)/libwpkg.a $(OUT)/libwpkg.so

# Sources: a folder is a layer, so a wildcard is the whole list.

LIB_C := $(wildcard lib/*/*.c)
LIB_CC := $(wildcard lib/*/*.cc)
CLIENT_C := $(wildcard client/*.c) $(wildcard tools/*.c)
SERVER_C := $(wildcard server/*.c)
ADMIT_C := $(wildcard tools/admit/*.c)
UNIT_C := $(wildcard tests/unit/*/*.c)
FUZZ_C := $(wildcard tests/fuzz/*.c)
DIFFERENTIAL_C := $(wildcard tests/fuzz/differential/*.c)
BENCH_C := $(wildcard tests/bench/*.c)

objects = $(patsubst %,$(OUT)/obj/%.o,$(1))
LIB_O := $(call objects,$(LIB_C) $(LIB_CC))
ALL_O := $(LIB_O) $(REPLAY_O) \
  $(call objects,$(CLIENT_C) $(SERVER_C) $(ADMIT_C) $(UNIT_C) $(FUZZ_C) $(BENCH_C) \
  $(DIFFERENTIAL_C) tests/spec/engine_suite.c)
UNIT_BIN := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(UNIT_C))
BENCH_BIN := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(BENCH_C))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(FUZZ_C))
REPLAY_BIN := $(patsubst tests/fuzz/%.c,$(OUT)/replay/%,$(FUZZ_C))
REPLAY_O := $(OUT)/obj/tests/fuzz/replay/replay.c.o

libs = $(shell $(PKG_CONFIG) --libs $(1) 2>/dev/null)
LIB_LIBS := $(call libs,$(PKG_LIB)) -lunistring -lstdc++
LIBS := $(LIB_LIBS) -ldl -lm
# A command that needs no network shall start in a millisecond and 2 MB: what every start would load
# and relocate is part of wpkg itself. Of libm gcc needs only the rounding mode, which can be; what
# clang needs is chosen by the processor, which can not.
WPKG_LIBS := -static-libgcc -Wl,-Bstatic $(LIB_LIBS) $(if $(IS_CLANG),,-lm) -Wl,-Bdynamic -ldl \
  $(if $(IS_CLANG),-lm)

$(OUT)/obj/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(OUT)/obj/%.cc.o: %.cc Makefile
	@mkdir -p $(@D)
	$(CXX_FOR_TOML) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# The interpreter's handlers. A handler ends in a jump to the next one, which gcc makes of a call
# only when it is told to; clang is told in the source. What counts at the end of each function
# leaves no jump there: then the handlers are the cases of one loop, which takes minutes at -O2.
# Each stands on a line of the cache of its own: else those that are added move others to places
# where a program can be a tenth slower.
EXEC_MADE := $(addprefix $(OUT)/gen/exec/,handlers.inc shapes.inc classes.inc vector.inc \
  vector_shapes.inc joins.inc)

$(OUT)/gen/exec/handlers.inc: $(wildcard lib/exec/*.py) lib/exec/shapes.txt lib/exec/control.inc
	@mkdir -p $(@D)
	python3 -B lib/exec/generate.py lib/exec/shapes.txt $(@D)

$(filter-out %/handlers.inc,$(EXEC_MADE)): $(OUT)/gen/exec/handlers.inc

$(call objects,$(wildcard lib/exec/*.c tests/unit/exec/*.c) tests/bench/count_dispatches.c): \
  $(EXEC_MADE)
ifneq ($(filter tsan cov switch,$(VARIANT)),)
$(call objects,$(wildcard lib/exec/run*.c)): CPPFLAGS += -DWPKG_EXEC_SWITCH
$(call objects,lib/exec/run.c): CFLAGS += -O1
else
$(call objects,$(wildcard lib/exec/run*.c)): CFLAGS += -O2 -fno-math-errno -ffp-contract=off \
  -falign-functions=64 \
  $(if $(IS_CLANG),,-foptimize-sibling-calls -fno-ipa-icf)
endif

# The validator's quick walk jumps from instruction to instruction: each is to have a jump of its own,
# which gcc would merge with those of others that end alike, and a place that does not move with
# changes elsewhere in the function, which made it up to 3 % slower or faster.
$(call objects,lib/wasm/validate_quick.c): CFLAGS += $(if $(IS_CLANG),,-falign-labels=32 \
  -fno-reorder-blocks-and-partition -fno-tree-tail-merge)

# The index's migrations, compiled into the library.
MIGRATIONS := $(wildcard schema/migrations/*.sql)

$(OUT)/gen/store/migrations.inc: schema/embed-migrations $(MIGRATIONS)
	@mkdir -p $(@D)
	schema/embed-migrations schema/migrations $@

$(call objects,lib/store/migration.c): $(OUT)/gen/store/migrations.inc

# The host profiles, too.
$(OUT)/gen/pkg/hosts.inc: schema/embed-hosts $(wildcard schema/hosts/*.toml)
	@mkdir -p $(@D)
	schema/embed-hosts schema/hosts $@

$(call objects,lib/pkg/host_known.c): $(OUT)/gen/pkg/hosts.inc

# The web page's files, into wpkgd.
WEB_FILES := $(wildcard web/*.js web/*.css web/*.svg)

$(OUT)/gen/web/assets.inc: web/embed $(WEB_FILES)
	@mkdir -p $(@D)
	web/embed $@ $(WEB_FILES)

$(call objects,server/web_asset.c): $(OUT)/gen/web/assets.inc

$(OUT)/libwpkg.a: $(LIB_O)
	@rm -f $@
	$(AR) rcs $@ $^

$(OUT)/libwpkg.so: $(LIB_O)
	$(CC) $(CFLAGS) -shared -Wl,-soname,libwpkg.so.0 $(LDFLAGS) -o $@ $^ \
	  $(LIBS) $(call libs,$(PKG_STORE)) -lcrypt

# What a small module that runs goes through. The system takes a program's pages in by sixteen that
# begin at a multiple of 64 KiB, so the functions of client/start-order stand together, and the
# constants of the files that they are from stand in front of all others.
RUN_C := client/main.c client/program.c $(addprefix tools/,run.c parts.c module.c grants.c) \
  $(addprefix lib/base/,arena.c buf.c command.c file.c hash.c mem.c path.c str.c utf8.c) \
  $(wildcard lib/wasm/decode*.c lib/wasm/validate*.c) $(addprefix lib/wasm/,feature.c input.c \
  module.c opcode.c reader.c type.c) $(filter-out lib/exec/run%,$(wildcard lib/exec/*.c)) \
  lib/exec/run_word.c lib/link/wiring.c
# Nor shall their texts be found at the end of others'.
$(call objects,$(RUN_C) $(CLIENT_C)): CFLAGS += $(if $(IS_CLANG),,-fno-merge-constants)

$(OUT)/gen/client/start.ld: client/start-order client/embed-order Makefile
	@mkdir -p $(@D)
	client/embed-order client/start-order $@ $(CC) $(LDFLAGS)

$(OUT)/wpkg: $(call objects,$(CLIENT_C)) $(OUT)/libwpkg.a $(OUT)/gen/client/start.ld
	$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-z,max-page-size=0x10000 -Wl,-T,$(OUT)/gen/client/start.ld \
	  -o $@ $(call objects,$(RUN_C)) -static-libgcc -lgcc \
	  $(filter-out $(call objects,$(RUN_C)) %.ld,$^) $(WPKG_LIBS)

$(OUT)/wpkgd: $(call objects,$(SERVER_C)) $(OUT)/libwpkg.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) \
	  $(call libs,$(PKG_STORE) $(PKG_SERVER)) -lcrypt

$(OUT)/wpkg-admit: $(call objects,$(ADMIT_C)) $(OUT)/libwpkg.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(call libs,$(PKG_ADMIT))

$(UNIT_BIN): $(OUT)/unit/%: $(OUT)/obj/tests/unit/%.c.o $(OUT)/libwpkg.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(OUT)/libwpkg.a $(LIBS) \
	  $(call libs,$(PKG_STORE) $(PKG_TEST)) -lcrypt

# Tests of what belongs to a program link its objects, too.
$(OUT)/unit/admit/test_sandbox: $(call objects,tools/admit/sandbox.c tools/admit/filter.c)
$(filter $(OUT)/unit/server/%,$(UNIT_BIN)): $(OUT)/unit/server/test_%: $(OUT)/obj/server/%.c.o
$(OUT)/unit/server/test_gzip: LIBS += $(call libs,zlib)
WITH_MARKDOWN := $(addprefix $(OUT)/,unit/server/test_markdown fuzz/fuzz_markdown replay/fuzz_markdown)
$(WITH_MARKDOWN): $(call objects,$(wildcard server/markdown*.c) server/html.c)
$(WITH_MARKDOWN): LIBS += $(call libs,libcmark)
ADMISSION_O := $(call objects,$(addprefix server/,admission.c admit_process.c closure.c \
  dialogue.c turns.c))
$(OUT)/unit/server/test_admission $(OUT)/bench/verdict_cost: $(ADMISSION_O)
$(OUT)/unit/server/test_config: $(call objects,server/address.c server/listen.c \
  server/quota_rules.c server/webhook_rules.c)
$(OUT)/unit/admit/test_sandbox: LIBS += $(call libs,$(PKG_ADMIT))

$(BENCH_BIN): $(OUT)/bench/%: $(OUT)/obj/tests/bench/%.c.o $(OUT)/libwpkg.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(OUT)/libwpkg.a $(LIBS) \
	  $(call libs,$(PKG_STORE) $(PKG_ARCHIVE)) -lcrypt

# What our engine says to the differential fuzzer.
$(OUT)/fuzz-differential: $(call objects,$(DIFFERENTIAL_C)) $(OUT)/libwpkg.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The suite's scripts for the engine alone, which needs no other library: for machines of another
# kind, as in tests/spec/test-arm.
ENGINE_SUITE_C := $(wildcard lib/base/*.c lib/wasm/*.c lib/exec/*.c) tests/spec/engine_suite.c \
  $(addprefix tools/,value.c wast_engine.c wast_run.c wast_spectest.c wast_text.c wast_thread.c \
  wast_value.c)
$(OUT)/engine-suite: $(call objects,$(ENGINE_SUITE_C))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ldl -lm

# A disk that fails, for LD_PRELOAD.
$(OUT)/fault/libinject.so: tests/fault/inject.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(filter-out -fsanitize=%,$(CFLAGS)) -shared -o $@ $< -ldl

$(OUT)/unit/store/test_fault: | $(OUT)/fault/libinject.so

$(REPLAY_BIN): $(OUT)/replay/%: $(OUT)/obj/tests/fuzz/%.c.o $(REPLAY_O) $(OUT)/libwpkg.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(OUT)/libwpkg.a $(LIBS) \
	  $(call libs,$(PKG_STORE)) -lcrypt

$(FUZZ_BIN): $(OUT)/fuzz/%: $(OUT)/obj/tests/fuzz/%.c.o $(OUT)/libwpkg.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(OUT)/libwpkg.a $(LIBS) \
	  $(call libs,$(PKG_STORE)) -lcrypt

-include $(ALL_O:.o=.d)

# Tests. Each program or script under tests closes with "N passed, N failed, N skipped";
# tests/run adds them up.

# The kind with the longest ones comes first, so that no processor waits for it in the end.
KINDS := spec unit golden cli api web fuzz fault
.PHONY: check corpus $(addprefix check-,$(KINDS)) check-fuzzers
AIDS := $(OUT)/fault/libinject.so $(OUT)/fuzz-differential \
  $(addprefix $(OUT)/bench/,count_dispatches load_module start_cost)
check: all $(UNIT_BIN) $(REPLAY_BIN) $(AIDS) corpus
	CC=$(CC) OUT=$(OUT) tests/run $(KINDS)

$(addprefix check-,$(KINDS)): check-%: all $(UNIT_BIN) $(REPLAY_BIN) $(AIDS)
	CC=$(CC) OUT=$(OUT) tests/run $*

# Real modules, which no test fetches by itself; without the network they are said to be absent.
corpus:
	@[ -n "$$WPKG_CORPUS" ] || tests/get-corpus build/corpus

# For programs that are linked with the library of a variant.
.PHONY: print-sanitizers
print-sanitizers:
	@echo $(filter -fsanitize=%,$(MODE))

# What the sanitizers shall see: all but what only looks at texts or breaks disks.
.PHONY: check-sanitized
check-sanitized: all $(UNIT_BIN) $(REPLAY_BIN) $(filter-out %/libinject.so,$(AIDS))
	CC=$(CC) OUT=$(OUT) tests/run spec unit cli api fuzz

check-fuzzers:
	$(MAKE) CC=clang VARIANT=fuzz fuzz-binaries
	tests/fuzz/run

.PHONY: fuzz-binaries
fuzz-binaries: $(FUZZ_BIN)

.PHONY: quickstart setup
quickstart:
	tools/dev/quickstart

setup:
	tools/dev/setup

# Lint.

SOURCES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
.PHONY: lint lint-format lint-layers lint-headers lint-tidy lint-cppcheck lint-size format
lint: lint-format lint-layers lint-headers lint-cppcheck lint-tidy

lint-format:
	clang-format --dry-run --Werror $(SOURCES)

format:
	clang-format -i $(SOURCES)

lint-layers:
	tools/dev/check-layers

lint-headers: all
	@for h in $(filter lib/%.h,$(SOURCES)); do \
	  printf '#include "%s"\n' "$${h#lib/}" | \
	  $(CC) $(CPPFLAGS) -std=c17 $(WARNINGS) -fsyntax-only -x c - || exit 1; done

lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -Ilib -j2 \
	  --enable=warning,performance,portability --suppress=missingIncludeSystem \
	  --suppressions-list=tools/dev/cppcheck.suppressions lib server client tools

# Not what is compiled for guests, with their libraries.
GUEST_C := $(wildcard tests/bench/engine/*.c) tests/spec/escape.c
lint-tidy:
	printf '%s\n' $(filter-out $(GUEST_C),$(filter %.c,$(SOURCES))) | xargs -P2 -n1 -I{} \
	  clang-tidy --quiet {} -- $(CPPFLAGS) -std=c17 -Itests -Ilib/capi

lint-size:
	tools/dev/function-sizes | sort -rn | head -30

# Install: programs, library, header, pages and completions, all made from the programs' own tables.

INSTALL := install
PAGES := $(OUT)/man/wpkg.1 $(OUT)/man/wpkgd.8 $(OUT)/man/wpkg-admit.8
SHELLS := bash zsh fish
COMPLETIONS := $(foreach program,wpkg wpkgd,$(addprefix $(OUT)/completions/$(program).,$(SHELLS)))
ROOT := $(DESTDIR)$(PREFIX)
LIBROOT := $(DESTDIR)$(LIBDIR)
# Whole or not at all, also when two do it at once.
MADE = >$@.$$$$ && mv $@.$$$$ $@

$(OUT)/man/%.1: $(OUT)/%
	@mkdir -p $(@D)
	$< man $(MADE)

$(OUT)/man/%.8: $(OUT)/%
	@mkdir -p $(@D)
	$< man $(MADE)

$(OUT)/completions/wpkg.%: $(OUT)/wpkg
	@mkdir -p $(@D)
	$< completion $* $(MADE)

$(OUT)/completions/wpkgd.%: $(OUT)/wpkgd
	@mkdir -p $(@D)
	$< completion $* $(MADE)

$(OUT)/wpkg.h: lib/capi/amalgamate $(wildcard lib/*/*.h)
	lib/capi/amalgamate lib capi/wpkg.h $(MADE)

.PHONY: install
install: all $(PAGES) $(COMPLETIONS) $(OUT)/wpkg.h
	$(INSTALL) -D -m 755 $(OUT)/wpkg $(ROOT)/bin/wpkg
	$(INSTALL) -D -m 755 $(OUT)/wpkgd $(ROOT)/sbin/wpkgd
	$(INSTALL) -D -m 755 $(OUT)/wpkg-admit $(ROOT)/libexec/wpkg/wpkg-admit
	$(INSTALL) -D -m 644 $(OUT)/libwpkg.a $(LIBROOT)/libwpkg.a
	$(INSTALL) -D -m 755 $(OUT)/libwpkg.so $(LIBROOT)/libwpkg.so.0
	ln -sf libwpkg.so.0 $(LIBROOT)/libwpkg.so
	for h in $$(grep -L '_int\.h"' \
	  $(filter-out %_int.h lib/capi/% lib/exec/%,$(wildcard lib/*/*.h))); do \
	  $(INSTALL) -D -m 644 $$h $(ROOT)/include/wpkg/$${h#lib/} || exit 1; done
	$(INSTALL) -D -m 644 $(OUT)/wpkg.h $(ROOT)/include/wpkg/wpkg.h
	$(INSTALL) -D -m 644 lib/capi/wasm.h $(ROOT)/include/wpkg/wasm.h
	@mkdir -p $(LIBROOT)/pkgconfig $(ROOT)/lib/systemd/system
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$${prefix}/include' '' \
	  'Name: wpkg' 'Description: package registry and toolchain for WebAssembly' \
	  'Version: $(VERSION)' 'Requires.private: $(PKG_LIB) $(PKG_STORE)' \
	  'Libs: -L$${libdir} -lwpkg' 'Libs.private: -lunistring -lstdc++ -lcrypt -ldl -lm' \
	  'Cflags: -I$${includedir}/wpkg' >$(LIBROOT)/pkgconfig/wpkg.pc
	$(INSTALL) -D -m 644 $(OUT)/man/wpkg.1 $(ROOT)/share/man/man1/wpkg.1
	$(INSTALL) -D -m 644 $(OUT)/man/wpkgd.8 $(ROOT)/share/man/man8/wpkgd.8
	$(INSTALL) -D -m 644 $(OUT)/man/wpkg-admit.8 $(ROOT)/share/man/man8/wpkg-admit.8
	for p in wpkg wpkgd; do \
	  $(INSTALL) -D -m 644 $(OUT)/completions/$$p.bash $(ROOT)/share/bash-completion/completions/$$p && \
	  $(INSTALL) -D -m 644 $(OUT)/completions/$$p.zsh $(ROOT)/share/zsh/site-functions/_$$p && \
	  $(INSTALL) -D -m 644 $(OUT)/completions/$$p.fish $(ROOT)/share/fish/vendor_completions.d/$$p.fish \
	  || exit 1; done
	sed 's|/usr/local/|$(PREFIX)/|' server/wpkgd.service >$(ROOT)/lib/systemd/system/wpkgd.service
	$(INSTALL) -D -m 644 server/wpkgd.socket $(ROOT)/lib/systemd/system/wpkgd.socket
	$(INSTALL) -D -m 644 server/wpkgd.sysusers $(ROOT)/lib/sysusers.d/wpkgd.conf
	$(INSTALL) -D -m 644 server/config.toml $(ROOT)/share/doc/wpkgd/config.toml

.PHONY: deb
deb:
	tools/debian/build $(BUILD)/deb

.PHONY: bench
bench: all $(BENCH_BIN)
	tests/bench/run

bench-%: all $(BENCH_BIN)
	OUT=$(abspath $(OUT)) tests/bench/$@

.PHONY: clean
clean:
	rm -rf $(BUILD)
