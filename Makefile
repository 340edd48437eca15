# spikescope: plain make, out of tree. `make` says what there is.
#   V=1 shows commands, B=DIR builds elsewhere, WERROR=1 makes warnings errors,
#   SAN=1 builds with the address and undefined-behaviour sanitizers.

B       ?= build
PREFIX  ?= /usr/local
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
AR      ?= ar
INSTALL ?= install
OPT     ?= -O2 -g
WERROR  ?= $(if $(CI),1)
VERSION := $(shell sed -n 's/.*SPIKESCOPE_VERSION "\(.*\)"/\1/p' src/spikescope.h)

# All processors, unless the command line has its own -j.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

ENGINE_PKGS := jansson libpng libjpeg zlib libzip libxxhash
PKGS    := $(ENGINE_PKGS) sqlite3 ncursesw readline cairo
# pkg-config is absent on a bare system until install-deps has run; say so only when building.
PKG     := $(shell command -v pkg-config 2>/dev/null)
ifneq ($(PKG),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
TEST_LIBS  := $(shell pkg-config --libs cmocka 2>/dev/null) $(shell pkg-config --libs vterm 2>/dev/null)
endif
need_libs = $(if $(PKG_LIBS),,$(error libraries that spikescope needs are missing: type `make deps` first))

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wno-format-nonliteral
CFLAGS  += -std=c11 -D_GNU_SOURCE -Isrc -I. -fopenmp -ffp-contract=off -fno-math-errno -fno-trapping-math $(WARN) $(OPT) $(PKG_CFLAGS)
ENGINE_LIBS := -lunistring -lm -lpthread -fopenmp
LDLIBS  += -lunistring $(PKG_LIBS) -lm -lpthread
LDFLAGS += -fopenmp
ifeq ($(WERROR),1)
CFLAGS  += -Werror
endif
ifeq ($(SAN),1)
CFLAGS  += -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
endif
# Sub-makes say nothing but what they do.
SUB = --no-print-directory $(if $(filter 1,$(V)),,-s)
# libFuzzer has clang alone. That of Debian 12 knows no levels of x86-64 and names what it clones for them so that no linker
# finds it: the plain kernels are taken.
ifeq ($(FUZZER),1)
CFLAGS  += -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined \
	'-D__builtin_cpu_supports(x)=0' '-Dtarget_clones(...)=unused' -Wno-ignored-attributes -Wno-pass-failed
LDFLAGS += -fsanitize=address,undefined
endif
ifneq ($(V),1)
Q := @
say = @printf '  %-6s %s\n' '$(1)' '$(2)'
endif

SRC  := $(sort $(wildcard src/*/*.c src/*/*/*.c))
DBC  := $(sort $(wildcard db/*.c))
UIC  := $(sort $(wildcard ui/*.c ui/*/*.c))
OBJ  := $(SRC:%.c=$(B)/%.o) $(B)/src/study/energy/rules_text.o
DBO  := $(DBC:%.c=$(B)/%.o) $(B)/db/schema.o
UIO  := $(UIC:%.c=$(B)/%.o)
UNIT := $(sort $(wildcard tests/unit/*.c))
BENCH := $(sort $(wildcard tests/bench/*.c))
TESTH := $(sort $(wildcard tests/support/*.c))
FUZZ  := $(sort $(wildcard tests/fuzz/*.c))
# What spikescope.h includes, and nothing else, is installed.
HEADERS = $(sort $(filter src/%.h,$(shell $(CC) -std=c11 -Isrc -MM src/spikescope.h)))
EXAMPLES := $(sort $(wildcard examples/* examples/*/*))
CHECKED := $(sort $(wildcard src/*.h src/*/*.[ch] src/*/*/*.[ch] db/*.[ch] ui/*.[ch] ui/*/*.[ch] tests/*/*.[ch]))

LIB  := $(B)/libspikescope.a
PROG := $(B)/spikescope
FUZZBIN := $(FUZZ:%.c=$(B)/%)
TESTBIN := $(UNIT:%.c=$(B)/%) $(B)/tests/faults/stages $(if $(filter 1,$(FUZZER)),,$(FUZZBIN))
BENCHBIN := $(BENCH:%.c=$(B)/%)
COMMANDS_PAGE := man/spikescope-commands.7

# cppcheck reads no library header: jansson's loops are told to it. Its preprocessor trips over macros that are given to macros: what
# is written that way is left out.
CPPCHECK := -q -j $(shell nproc 2>/dev/null || echo 1) --std=c11 --language=c -Isrc -I. --enable=warning,performance,portability \
	--inline-suppr --error-exitcode=1 --suppress=missingInclude --suppress=missingIncludeSystem \
	--suppress=duplicateAssignExpression $(addprefix --suppress=preprocessorErrorDirective:,ui/commands/table.c src/kernels/rows.c src/kernels/dense.c) \
	'-Djson_object_foreach(o,k,v)=for(k=0;;)' '-Djson_array_foreach(a,i,v)=for(i=0;;)'

help: ## this list
	@awk -F':.*## ' '/^[a-z_%-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo '  V=1 shows commands, B=DIR builds elsewhere, PREFIX=DIR and DESTDIR=DIR say where to install'
.DEFAULT_GOAL := help

run: ## install what is missing, build, and open the workbench on the embedded example
	@scripts/install-deps
	@$(MAKE) $(SUB) all
	@$(PROG) --example

all: $(LIB) $(PROG) ## build the library and the program
lib: $(LIB)

test: ## install what is missing, build, and run all tests
	@scripts/install-deps --test
	@$(MAKE) $(SUB) all tests
	@scripts/run-tests --build $(B)

tests: $(TESTBIN) # build the tests
fuzzers: $(FUZZBIN)

bench: $(PROG) $(BENCHBIN) ## build and run the benchmarks, and fetch what they compare with
	@scripts/bench-deps $(B)/bench
	@[ -d $(B)/bench/vit-b32 ] || scripts/make-random-vit $(B)/bench/vit-b32
	@[ -d $(B)/bench/clip-b32 ] || scripts/make-random-vit --clip $(B)/bench/clip-b32
	@for depth in 2 20; do [ -d $(B)/bench/depth-$$depth ] || \
		scripts/make-random-vit $(B)/bench/depth-$$depth 192 $$depth 3 768 32 4 10; done
	@[ -f $(B)/bench/vit-b32.onnx ] || tests/bench/torch_vit.py export $(B)/bench/vit-b32.onnx 768 12 12 3072 224 32 1000 || \
		echo "without PyTorch there is no ViT-B/32 for ONNX Runtime: that ratio is left out"
	@export BENCH_ONNX=$(B)/bench BENCH_VIT=$(B)/bench/vit-b32 BENCH_VIT_ONNX=$(B)/bench/vit-b32.onnx BENCH_CLIP=$(B)/bench/clip-b32 BENCH_MODEL=$${BENCH_MODEL:-../shared/bench/cifar10-vit.onnx} \
		BENCH_DATA=$${BENCH_DATA:-../shared/data/cifar10}; for b in $(BENCHBIN) $(sort $(wildcard tests/bench/*.sh)); do \
		echo "$$b"; SPIKESCOPE=$(abspath $(PROG)) "./$$b" || exit 1; done

bench-db: $(PROG) $(B)/tests/bench/db ## time the notebook on 20 million measurements, and kill it 200 times
	@SPIKESCOPE=$(abspath $(PROG)) $(B)/tests/bench/db
	@SPIKESCOPE=$(abspath $(PROG)) tests/bench/kill.sh

bench-ugo: $(B)/tests/bench/ugo ## fit every function at every size against the limit, timed
	@./$<

lint: ## check the layers, the formatting, the scripts and the code
	@scripts/install-deps --lint
	@scripts/check-arrows
	@scripts/check-citations
	$(call say,FORMAT,clang-format)
	$(Q)clang-format --dry-run -Werror $(CHECKED)
	$(call say,CHECK,shellcheck)
	$(Q)shellcheck -x $(shell grep -lE '^#!/bin/(ba)?sh' scripts/*) .ci/run \
		$(wildcard tests/cli/*.sh)
	$(call say,CHECK,cppcheck)
	$(Q)mkdir -p $(B)/cppcheck && cppcheck --cppcheck-build-dir=$(B)/cppcheck $(CPPCHECK) $(sort $(wildcard src db ui tests))

asan: ## build with sanitizers in build-asan and run all tests there
	@scripts/install-deps --test
	@$(MAKE) $(SUB) B=build-asan SAN=1 all tests
	@LSAN_OPTIONS=suppressions=$(CURDIR)/scripts/lsan.supp:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1 \
		SPIKESCOPE_TEST_TIMEOUT=1200 scripts/run-tests --build build-asan

goldens: $(B)/tests/unit/test_golden ## draw the views of tests/fixtures/views anew and show what is different
	$(Q)mkdir -p tests/fixtures/views && UPDATE=1 LC_ALL=C.UTF-8 $< >/dev/null
	@git --no-pager diff --stat -- tests/fixtures/views && git --no-pager diff --color=auto -- tests/fixtures/views

test-nomem: ## build with sanitizers and let every allocation, read, write and call of SQLite fail once (long)
	@scripts/install-deps --test
	@$(MAKE) $(SUB) B=build-asan SAN=1 all build-asan/tests/faults/stages
	@FAULTS_EVERY=$(or $(EVERY),1) FAULTS_MOST=1000000 SPIKESCOPE_TEST_TIMEOUT=86400 scripts/run-tests --build build-asan faults

coverage: ## build with gcov, run all tests, and say what part of each room runs and which functions never do
	@scripts/install-deps --test
	@LDFLAGS=--coverage $(MAKE) $(SUB) B=build-coverage OPT='-O0 -g --coverage' all tests
	@scripts/run-tests --build build-coverage >build-coverage/tests.log || tail -n 1 build-coverage/tests.log
	@scripts/coverage build-coverage

fuzz: ## build the fuzz targets with clang and run each for TIME seconds (NAME=... picks some)
	@scripts/fuzz $(or $(TIME),60) $(NAME)

soak-keys: ## type 100,000 random keys (or KEYS=N, SEED=N) into the panes, under the sanitizers
	@$(MAKE) $(SUB) B=build-asan SAN=1 all build-asan/tests/unit/test_keys
	@SPIKESCOPE_KEYS=$(or $(KEYS),100000) SPIKESCOPE_SEED=$(or $(SEED),1) SPIKESCOPE_TEST_TIMEOUT=7200 \
		scripts/run-tests --build build-asan test_keys

docs: $(PROG) ## write the manual page of the commands from the command table
	$(Q)mkdir -p $(dir $(COMMANDS_PAGE)) && $(PROG) --man-commands >$(B)/commands.7
	@cmp -s $(B)/commands.7 $(COMMANDS_PAGE) && echo '  $(COMMANDS_PAGE) is current' || \
		{ cp $(B)/commands.7 $(COMMANDS_PAGE) && echo '  $(COMMANDS_PAGE) was out of date and is new now'; }

docs-check: $(PROG) ## fail when that page is not current
	$(Q)$(PROG) --man-commands | diff -u $(COMMANDS_PAGE) - || \
		{ echo '$(COMMANDS_PAGE) is not what the command table says: type `make docs`' >&2; exit 1; }

deps: ## install what building, testing and linting need
	@scripts/install-deps --test --lint
	@hook=$$(git rev-parse --git-path hooks/commit-msg 2>/dev/null) && [ ! -e "$$hook" ] && \
		echo "to have the messages of commits checked: ln -s ../../scripts/commit-msg $$hook" || :

compile_commands: ## write compile_commands.json for editors
	$(Q)scripts/compile-commands '$(CC) $(CFLAGS)' $(SRC) $(DBC) $(UIC) $(UNIT) $(TESTH) $(BENCH) >compile_commands.json

install: all ## install the program, the library, the manual and the examples (DESTDIR, PREFIX)
	$(Q)$(INSTALL) -D -m 755 $(PROG) $(DESTDIR)$(PREFIX)/bin/spikescope
	$(Q)$(INSTALL) -D -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib/libspikescope.a
	$(Q)for f in $(HEADERS:src/%=%); do $(INSTALL) -D -m 644 src/$$f $(DESTDIR)$(PREFIX)/include/spikescope/$$f || exit 1; done
	$(Q)mkdir -p $(DESTDIR)$(PREFIX)/lib/pkgconfig && sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@ENGINE@|$(ENGINE_PKGS)|' -e 's|@LIBS@|$(ENGINE_LIBS)|' scripts/spikescope.pc.in \
		>$(DESTDIR)$(PREFIX)/lib/pkgconfig/spikescope.pc
	$(Q)for f in $(wildcard man/*.[1-9]); do \
		$(INSTALL) -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/man/man$${f##*.}/$${f##*/} || exit 1; done
	$(Q)for f in $(EXAMPLES); do [ -d $$f ] || \
		$(INSTALL) -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/spikescope/$$f || exit 1; done

uninstall: ## remove what install put there
	$(Q)rm -f $(DESTDIR)$(PREFIX)/bin/spikescope $(DESTDIR)$(PREFIX)/lib/libspikescope.a \
		$(DESTDIR)$(PREFIX)/lib/pkgconfig/spikescope.pc
	$(Q)rm -f $(foreach f,$(notdir $(wildcard man/*.[1-9])),$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(f)))/$(f))
	$(Q)rm -rf $(DESTDIR)$(PREFIX)/include/spikescope $(DESTDIR)$(PREFIX)/share/spikescope

clean: ## remove what was built
	rm -rf $(B) build-asan build-fuzz build-coverage

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(PROG): $(UIO) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(UIO) $(DBO) $(LIB) $(LDLIBS)

# The kernels gain most from full optimisation. None of these flags changes a result.
$(B)/src/kernels/%.o $(B)/src/ann/%.o $(B)/src/snn/%.o $(B)/src/ugo/%.o: CFLAGS += $(if $(filter 1,$(SAN)),,-O3)

$(B)/%.o: %.c
	$(need_libs)$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# The migrations travel inside the program: one C array of their texts.
$(B)/db/schema.c: $(sort $(wildcard db/*.sql)) scripts/embed-sql
	$(call say,EMBED,db/*.sql)
	@mkdir -p $(@D)
	$(Q)scripts/embed-sql $(filter %.sql,$^) >$@.tmp && mv $@.tmp $@
$(B)/db/schema.o: $(B)/db/schema.c
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# So do the rules of what operations cost.
$(B)/src/study/energy/rules_text.c: src/study/energy/rules.json scripts/embed-text
	$(call say,EMBED,$<)
	@mkdir -p $(@D)
	$(Q)scripts/embed-text $< rules_text study/energy/rules_text.h >$@.tmp && mv $@.tmp $@
$(B)/src/study/energy/rules_text.o: $(B)/src/study/energy/rules_text.c
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Tests and benchmarks link everything but main.
$(B)/tests/%: $(B)/tests/%.o $(TESTH:%.c=$(B)/%.o) $(filter-out $(B)/ui/main.o,$(UIO)) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS)

# In what tries faults the program's calls for memory go through tests/faults/faults.c.
FAULTY := malloc calloc realloc aligned_alloc strdup strndup realpath open_memstream vasprintf scandir
$(B)/tests/faults/stages: $(B)/tests/faults/stages.o $(B)/tests/faults/faults.o $(B)/tests/support/scratch.o $(filter-out $(B)/ui/main.o,$(UIO)) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(FAULTY:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

# A fuzz target has libFuzzer's main, or one that reads files.
FUZZ_MAIN = $(if $(filter 1,$(FUZZER)),,$(B)/tests/fuzz/support/replay.o)
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/support/fuzz.o $(B)/tests/fuzz/support/replay.o $(filter-out $(B)/ui/main.o,$(UIO)) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $< $(B)/tests/fuzz/support/fuzz.o $(FUZZ_MAIN) \
		$(filter-out $(B)/ui/main.o,$(UIO)) $(DBO) $(LIB) $(LDLIBS)

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)
.PHONY: help run all lib test tests bench bench-db bench-ugo lint asan soak-keys fuzz fuzzers test-nomem coverage goldens docs docs-check deps compile_commands install uninstall clean
.SECONDARY:
