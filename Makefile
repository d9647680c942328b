# goldprobe: one hand-made Makefile.
#
#   make            build/release/goldprobe, dynamic, against the distribution's libraries
#   make static     build/static/goldprobe, what ships: everything inside, static-PIE
#   make demo       a backend that fails like a real incident, and what goldprobe says of it
#   make check      everything a change must pass: lint, unit, end-to-end and README tests
#   make unit       build and run the unit tests (T=name runs one)
#   make e2e        the end-to-end tests (E2E="args for tests/e2e/run")
#   make lint       format, layers, banned functions, complexity, length
#   make format     lay out the C files as lint wants them
#   make san        unit and end-to-end tests under ASan and UBSan
#   make valgrind   unit tests under valgrind
#   make fuzz       each fuzz target for FUZZ_SECONDS (600); FUZZ=name runs one
#   make bench      speed beside curl, check_http and a raw socket; never a test
#   make install    below $(DESTDIR)$(PREFIX): the static program when it is built, else the dynamic one, its manual
#                   page, completions for bash, zsh and fish, and the scenarios
#   make uninstall  takes that away again
#   make image      the container image goldprobe:$(VERSION) with podman or docker
#   make image-check  that image as it ships, and real containers under a kubelet and Cloud Run
#   make setup      install what all of these need (Debian 12 and 13)
#
# V=1 shows whole commands. MODE=release|debug|san|static|fuzz chooses the build; each has its own folder below build/.
# New .c files under probe/, tests/unit/test_*.c and tests/fuzz/fuzz_*.c are found by themselves.

MODE ?= release
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-5s %s\n' $1 $(@:build/%=%))
BUILD ?= build/$(MODE)
CC ?= cc
PREFIX ?= /usr/local
VERSION := 0.1.0
REVISION ?= $(shell git rev-parse --short HEAD 2>/dev/null)
FUZZ_SECONDS ?= 600
JOBS ?= $(shell nproc)

# Third-party libraries. The static build takes its own from build/third_party, see tools/third-party.
PACKAGES := libcurl libwebsockets libcjson libfyaml libpcre2-8 libcares openssl sqlite3 zlib
THIRD := build/third_party
ifeq ($(MODE),static)
PKG_CFLAGS := -I$(THIRD)/include -DCURL_STATICLIB
PKG_LIBS := $(THIRD)/lib/libwebsockets.a $(THIRD)/lib/libcurl.a $(THIRD)/lib/libcjson.a \
	-lfyaml -lpcre2-8 -lsqlite3 -lnghttp2 -lcares $(THIRD)/lib/libssl.a $(THIRD)/lib/libcrypto.a -lz -lm
else
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lm
endif

WARN := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wundef -Wno-format-nonliteral -Wno-format-truncation
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

CFLAGS.release := -O2 -g $(HARDEN) -fPIE
LDFLAGS.release := -pie -Wl,-z,relro,-z,now
CFLAGS.debug := -O0 -g3
CFLAGS.san := -O1 -g3 $(SANITIZE)
LDFLAGS.san := -fsanitize=address,undefined
# Packed relocations: half a megabyte less in the file, and quicker to work through.
CFLAGS.static := -O2 $(HARDEN) -fstack-clash-protection -fPIE -ffunction-sections -fdata-sections \
	-fno-asynchronous-unwind-tables
LDFLAGS.static := -static-pie -s \
	-Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-z,pack-relative-relocs
# What the program needs at its start lies together, the tables of OpenSSL and SQLite are relocated only
# when a run wants them (probe/startup.h). Of curl's time for a plain GET `check` took 0.27 without both,
# 0.21 with them; without PIE it was 0.21 too, and PIE is worth keeping.
STARTUP.static := -Wl,-T,tools/static.ld
ifeq ($(MODE)-$(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null)),static-x86_64)
CPPFLAGS += -DSTARTUP_LATE
STARTUP.static += -Wl,-e,startup_entry
# Structures of some hundred bytes, of which each entry of a log has a few: GCC would have "rep stos" clear and "rep movs"
# copy them, whose start alone takes as long.
STRUCTURES := vector_loop:2048:noalign,libcall:-1:noalign
STRUCTURES := -mmemset-strategy=$(STRUCTURES) -mmemcpy-strategy=$(STRUCTURES)
CFLAGS.static += $(shell $(CC) $(STRUCTURES) -x c -E /dev/null > /dev/null 2>&1 && echo $(STRUCTURES))
endif
CFLAGS.fuzz := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LDFLAGS.fuzz := -fsanitize=address,undefined
ifeq ($(MODE),fuzz)
CC := clang
endif

CPPFLAGS += -Iinclude -I$(BUILD) -D_GNU_SOURCE
CFLAGS += -std=gnu11 $(WARN) $(CFLAGS.$(MODE))
LDFLAGS += $(LDFLAGS.$(MODE))

# Files compiled in. probe/.../FOO.EXT listed here is #include "gen/FOO.EXT.h", which defines
# foo_ext[] (a NUL follows) and foo_ext_len; characters other than letters and digits become '_'.
EMBED := $(wildcard probe/*/assets/* probe/*/*.yaml)
GEN := $(foreach f,$(EMBED),$(BUILD)/gen/$(notdir $f).h) $(BUILD)/gen/version.h

SRC := $(wildcard probe/*/*.c probe/*/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
UNIT_SRC := $(wildcard tests/unit/test_$(or $(T),*).c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
UNIT_HELP := $(patsubst %.c,$(BUILD)/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_$(or $(FUZZ),*).c)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
DEMO := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/backend/demo/*.c))

all: $(if $(wildcard probe/main.c),$(BUILD)/goldprobe) $(if $(DEMO),$(BUILD)/demo)

ifeq ($(MODE),static)
STATIC_PARTS := $(BUILD)/probe/main.o $(BUILD)/libprobe.a
# glibc warns of each function that may load a shared library. None of them is on our path: names come
# from c-ares, SQLite's extensions and privilege dropping are not used.
$(BUILD)/goldprobe: $(STATIC_PARTS) tools/static.ld
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) $(STARTUP.static) -Wl,-Map=$@.map -o $@ $(STATIC_PARTS) $(PKG_LIBS) > $@.log 2>&1 || { cat $@.log >&2; exit 1; }
	@! grep -v -e 'in statically linked applications' -e ': in function ' -e ': note: ' $@.log >&2

# The same with its symbols and a map, for tools/startup-order.
$(BUILD)/goldprobe.order: $(STATIC_PARTS) tools/static.ld
	$(Q)$(CC) $(filter-out -s,$(LDFLAGS)) $(STARTUP.static) -Wl,-Map=$@.map -o $@ $(STATIC_PARTS) $(PKG_LIBS) > $@.log 2>&1
else
$(BUILD)/goldprobe: $(BUILD)/probe/main.o $(BUILD)/libprobe.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
endif

# The table of causes as the program unpacks it, made of rules.yaml by what reads rules.
PACK := $(patsubst %.c,$(BUILD)/%.o,tools/rules_pack.c probe/diagnosis/rules_read.c \
	probe/diagnosis/rules_filter.c probe/diagnosis/rules.c probe/scenario/node.c \
	$(wildcard probe/scenario/yaml*.c) $(filter-out probe/base/startup.c,$(wildcard probe/base/*.c)))

$(BUILD)/rules_pack: $(PACK)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) > $@.log 2>&1 || { cat $@.log >&2; exit 1; }

$(BUILD)/gen/rules_packed.h: $(BUILD)/rules_pack
	$(Q)$< > $@.tmp && mv $@.tmp $@

$(BUILD)/probe/diagnosis/rules_shipped.o: $(BUILD)/gen/rules_packed.h

$(BUILD)/libprobe.a: $(OBJ)
	@rm -f $@
	$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c | $(GEN) $(BUILD)/needs
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

# One rule for each embedded file, since they lie in several folders.
define embed
$(BUILD)/gen/$(notdir $1).h: $1 tools/embed
	@mkdir -p $$(@D)
	@tools/embed $$< > $$@.tmp && mv $$@.tmp $$@
endef
$(foreach f,$(EMBED),$(eval $(call embed,$f)))

# Rewritten only when it would change, so that a new commit does not rebuild the world.
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#pragma once\n#define GOLDPROBE_VERSION "%s"\n#define GOLDPROBE_REVISION "%s"\n' \
		'$(VERSION)' '$(REVISION)' > $@.tmp; \
	if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi

# Says what is missing once, instead of a hundred "no such file" from the compiler.
$(BUILD)/needs: Makefile
	@mkdir -p $(@D)
	@pkg-config --exists --print-errors $(PACKAGES) || \
		{ echo "goldprobe: libraries are missing; 'make setup' installs them" >&2; exit 1; }
	@touch $@

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_HELP) $(BUILD)/libprobe.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcmocka $(PKG_LIBS)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libprobe.a
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

$(BUILD)/demo: $(DEMO) $(if $(DEMO),$(BUILD)/libprobe.a)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# What the log reader makes of a file, for tests/logs.
$(BUILD)/logdump: $(BUILD)/tests/logs/logdump.o $(BUILD)/libprobe.a
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

unit: $(UNIT)
	@tools/unit $(if $T,-v) $(if $(WRAP),--wrap '$(WRAP)') $(UNIT)

setup:
	@tools/setup build check static fuzz bench

# The targets below first install what they need, and only then read pkg-config, in a make of their own.
MAKE_MODE := $(MAKE) --no-print-directory MODE

static:
	@tools/setup build static
	@tools/third-party $(THIRD)
	@$(MAKE_MODE)=static build/static/goldprobe

check:
	@tools/setup build check
	@$(MAKE_MODE)=$(MODE) -j$(JOBS) all tests
	@tools/check --mode $(MODE) lint unit logs e2e readme k8s image

demo:
	@tools/setup build
	@$(MAKE_MODE)=$(MODE) -j$(JOBS) all
	@tools/demo $(BUILD)/goldprobe $(BUILD)/demo

e2e: all
	tests/e2e/run --binary $(BUILD)/goldprobe $(E2E)

# An error ends in 86, which no test expects of goldprobe.
san: export ASAN_OPTIONS := exitcode=86:detect_stack_use_after_return=1
san: export UBSAN_OPTIONS := exitcode=86:print_stacktrace=1
san: export LSAN_OPTIONS := exitcode=86
san:
	@tools/setup build check
	@$(MAKE_MODE)=san -j$(JOBS) all tests
	@tools/check --mode san unit logs e2e

valgrind: export WRAP := valgrind -q --error-exitcode=86 --leak-check=full --child-silent-after-fork=yes
valgrind: export GOLDPROBE := $(CURDIR)/build/debug/goldprobe
valgrind:
	@tools/setup build check
	@$(MAKE_MODE)=debug -j$(JOBS) all tests
	@tools/check --mode debug --binary tools/valgrind unit memory

fuzz:
	@tools/setup build fuzz
	@$(MAKE_MODE)=fuzz -j$(JOBS) fuzzers
	@tools/fuzz $(FUZZ_SECONDS) $(FUZZ_SRC:tests/fuzz/%.c=build/fuzz/fuzz/%)

# All test programs, not run; fuzz targets are compiled with them, so that a change leaves none behind.
tests: $(UNIT) $(BUILD)/logdump $(FUZZ_SRC:%.c=$(BUILD)/%.o)
fuzzers: $(FUZZERS)

bench: static
	@tools/setup bench
	@tests/bench/bench --binary build/static/goldprobe $(BENCH)

# See tools/image for APT_SOURCES and BASE_TAR.
image:
	@command -v podman docker >/dev/null || tools/setup image
	@tools/image goldprobe:$(VERSION) '$(VERSION)' '$(REVISION)'

image-check: image static
	@[ ! -L build/static/demo ] || rm build/static/demo
	@$(MAKE_MODE)=static build/static/demo
	@tests/image/run --demo build/static/demo goldprobe:$(VERSION)

# What ships, when `make static` has made it: as it lies there, so that root builds nothing.
# The manual page and the completions are printed by what is installed.
INSTALLED := $(firstword $(wildcard build/static/goldprobe) $(BUILD)/goldprobe)
PRINTED := man:man/man1/goldprobe.1 completion-bash:bash-completion/completions/goldprobe \
	completion-zsh:zsh/site-functions/_goldprobe completion-fish:fish/vendor_completions.d/goldprobe.fish
install: $(INSTALLED)
	install -D -m 755 $(INSTALLED) $(DESTDIR)$(PREFIX)/bin/goldprobe
	install -d $(DESTDIR)$(PREFIX)/share/goldprobe/scenarios $(DESTDIR)$(PREFIX)/share/doc/goldprobe
	install -m 644 scenarios/*.yaml $(DESTDIR)$(PREFIX)/share/goldprobe/scenarios
	install -m 644 README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/goldprobe
	@for entry in $(PRINTED); do \
		file=$(DESTDIR)$(PREFIX)/share/$${entry#*:}; \
		install -d "$${file%/*}" && ./$(INSTALLED) help "$${entry%%:*}" > "$$file" && chmod 644 "$$file" || exit 1; \
	done

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/goldprobe $(foreach e,$(PRINTED),$(DESTDIR)$(PREFIX)/share/$(lastword $(subst :, ,$e)))
	rm -rf $(DESTDIR)$(PREFIX)/share/goldprobe $(DESTDIR)$(PREFIX)/share/doc/goldprobe

lint:
	@tools/lint/run

# Writes every C file as `make lint` wants it.
format:
	@find probe include tests -name '*.[ch]' | xargs clang-format -i

# The third-party libraries stay: they depend on nothing in the tree but the script that makes them.
clean:
	rm -rf $(filter-out $(THIRD),$(wildcard build/*))

FORCE:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all setup static check unit tests e2e san valgrind fuzz fuzzers bench demo image image-check install lint format clean FORCE
