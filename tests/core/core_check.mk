# Builds the core (csrc/, but for csrc/python/) with tests/core/core_check*.c, and runs it.
#
#   make core                                                       natively
#   make core CORE_RUN="valgrind --error-exitcode=1"                under a tool; with
#                                     CORE_CHECK_QUICK=1 before it, fewer sizes are tried
#   make core CORE_SANITIZE=thread                                  for a sanitizer
#   make core CC=aarch64-linux-gnu-gcc CORE_LINK=-static CORE_RUN=qemu-aarch64   elsewhere;
#                                     make core-everywhere does so for twelve platforms
#
# The flags of each file of csrc/isa/ come from its row in csrc/isa.def, as they do in setup.py.

MACHINE := $(shell $(CC) -dumpmachine)
HOST := $(patsubst aarch64%,ARM64,$(patsubst arm64%,ARM64,$(patsubst x86_64%,X86_64,$(MACHINE))))
OUT := build/core-$(MACHINE)$(addprefix -,$(CORE_SANITIZE))
FLAGS := -std=c11 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -fvisibility=hidden \
    -Wall -Wextra -g -pthread $(if $(FFNN_WERROR),-Werror) \
    $(if $(CORE_SANITIZE),-O1 -fsanitize=$(CORE_SANITIZE) -fno-sanitize-recover=all)
SOURCES := $(filter-out csrc/python/%,$(wildcard csrc/*/*.c)) $(wildcard tests/core/core_check*.c)
HEADERS := tests/core/core_check.h \
    $(filter-out csrc/python/%,$(wildcard csrc/*.h csrc/*.def csrc/*/*.h))
OBJECTS := $(SOURCES:%.c=$(OUT)/%.o)

flags_of = $(shell sed -n 's/^FFNN_ISA($(1), *\($(HOST)\|ANY\),.*"\(.*\)")$$/\2/p' csrc/isa.def)

run: build
	@echo "$(CC), $(MACHINE) $(addprefix -fsanitize=,$(CORE_SANITIZE)): $(CORE_RUN) core_check"
	@$(CORE_RUN) $(OUT)/core_check

build: $(OUT)/core_check

$(OUT)/core_check: $(OBJECTS)
	@$(CC) $(FLAGS) $(CORE_LINK) $^ -lm -o $@

$(OUT)/%.o: %.c $(HEADERS)
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) -Icsrc $(if $(filter csrc/isa/%,$<),$(call flags_of,$(*F))) -c $< -o $@

.PHONY: run build
