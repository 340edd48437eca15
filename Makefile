# spikescope: plain make, out of tree. `make` says what there is.
#   V=1 shows commands, B=DIR builds elsewhere, WERROR=1 makes warnings errors,
#   SAN=1 builds with the address and undefined-behaviour sanitizers.

B       ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
AR      ?= ar
OPT     ?= -O2 -g
VERSION := $(shell sed -n 's/.*SPIKESCOPE_VERSION "\(.*\)"/\1/p' src/spikescope.h)

PKGS    := jansson libpng libjpeg zlib sqlite3 ncursesw readline cairo libxxhash
# pkg-config is absent on a bare system until install-deps has run; say so only when building.
PKG     := $(shell command -v pkg-config 2>/dev/null)
ifneq ($(PKG),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
TEST_LIBS  := $(shell pkg-config --libs cmocka 2>/dev/null) $(shell pkg-config --libs vterm 2>/dev/null)
endif

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wno-format-nonliteral
CFLAGS  += -std=c11 -D_GNU_SOURCE -Isrc -I. -fopenmp -ffp-contract=off $(WARN) $(OPT) $(PKG_CFLAGS)
LDLIBS  += -ldnnl $(PKG_LIBS) -lm -lpthread
LDFLAGS += -fopenmp
ifeq ($(WERROR),1)
CFLAGS  += -Werror
endif
ifeq ($(SAN),1)
CFLAGS  += -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
endif
ifneq ($(V),1)
Q := @
say = @printf '  %-6s %s\n' '$(1)' '$(2)'
endif

SRC  := $(sort $(wildcard src/*/*.c))
DBC  := $(sort $(wildcard db/*.c))
UIC  := $(sort $(wildcard ui/*.c))
OBJ  := $(SRC:%.c=$(B)/%.o)
DBO  := $(DBC:%.c=$(B)/%.o) $(B)/db/schema.o
UIO  := $(UIC:%.c=$(B)/%.o)
UNIT := $(sort $(wildcard tests/unit/*.c))
BENCH := $(sort $(wildcard tests/bench/*.c))
TESTH := $(sort $(wildcard tests/support/*.c))

LIB  := $(B)/libspikescope.a
PROG := $(B)/spikescope

help: ## this list
	@awk -F':.*## ' '/^[a-z_%-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
.DEFAULT_GOAL := help

all: $(LIB) $(PROG) ## build the library and the program
lib: $(LIB)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PROG): $(UIO) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(UIO) $(DBO) $(LIB) $(LDLIBS)

$(B)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# The migrations travel inside the program: one C array of their texts.
$(B)/db/schema.c: $(sort $(wildcard db/*.sql)) scripts/embed-sql
	$(call say,EMBED,db/*.sql)
	@mkdir -p $(@D)
	$(Q)scripts/embed-sql $(filter %.sql,$^) >$@.tmp && mv $@.tmp $@
$(B)/db/schema.o: $(B)/db/schema.c
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Unit tests link everything but main.
TESTBIN := $(UNIT:%.c=$(B)/%)
$(B)/tests/%: $(B)/tests/%.o $(TESTH:%.c=$(B)/%.o) $(filter-out $(B)/ui/main.o,$(UIO)) $(DBO) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) $(TEST_LIBS)

clean: ## remove what was built
	rm -rf $(B)

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d)
.PHONY: help all lib clean
.SECONDARY:
