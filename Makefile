# goldprobe: one hand-made Makefile.
#
#   make            build/release/goldprobe, dynamic, against the distribution's libraries
#   make unit       build and run the unit tests (T=name runs one)
#
# MODE=release|debug|san chooses the build; each has its own folder below build/.

MODE ?= release
BUILD ?= build/$(MODE)
CC ?= cc

PACKAGES := libcurl libwebsockets libcjson libfyaml libpcre2-8 libcares openssl sqlite3 zlib
WARN := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wno-format-nonliteral
OPT.release := -O2 -D_FORTIFY_SOURCE=2
OPT.debug := -O0 -g3
OPT.san := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CPPFLAGS += -Iinclude -I$(BUILD)/gen -D_GNU_SOURCE
CFLAGS += -std=gnu11 $(WARN) -g $(OPT.$(MODE)) -fstack-protector-strong
LDFLAGS += $(if $(filter san,$(MODE)),-fsanitize=address,undefined)
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)) -lm

SRC := $(wildcard probe/*/*.c probe/*/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_$(or $(T),*).c))

all: $(BUILD)/goldprobe

$(BUILD)/goldprobe: $(BUILD)/probe/main.o $(BUILD)/libprobe.a
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/libprobe.a: $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libprobe.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all unit clean
