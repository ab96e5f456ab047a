# Builds tests/core/ulp.c with the core, and runs it; its header shows how. The flags of each file
# of csrc/isa/ come from its row in csrc/isa.def, as they do in setup.py.

STEP ?= 1
DOUBLES ?= 20000000
ONLY ?=
ISA ?=
MACHINE := $(shell $(CC) -dumpmachine)
HOST := $(patsubst aarch64%,ARM64,$(patsubst arm64%,ARM64,$(patsubst x86_64%,X86_64,$(MACHINE))))
OUT ?= build/ulp-$(HOST)
FLAGS := -std=c11 -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -Wall -Wextra
OBJECTS := $(patsubst %.c,$(OUT)/%.o,$(wildcard csrc/isa/*.c) csrc/system/dispatch.c)

flags_of = $(shell sed -n 's/^FFNN_ISA($(1), *\($(HOST)\|ANY\),.*"\(.*\)")$$/\2/p' csrc/isa.def)

run: $(OUT)/ulp
	@$(RUN) $< $(STEP) $(DOUBLES) "$(ONLY)" "$(ISA)"

$(OUT)/ulp: tests/core/ulp.c $(OBJECTS) tests/core/ulp_truths.inl.h
	@$(CC) $(FLAGS) -D_POSIX_C_SOURCE=199309L $(filter %.c %.o,$^) $(LDFLAGS) -lm -o $@

$(OUT)/%.o: %.c $(wildcard csrc/*.h csrc/*.def csrc/*/*.h)
	@mkdir -p $(@D)
	@$(CC) $(FLAGS) $(if $(findstring csrc/isa/,$<),$(call flags_of,$(basename $(<F)))) -c $< -o $@

.PHONY: run
