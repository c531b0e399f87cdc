# Orrery: `make help` says what each target does.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# One release build serves the command line tool, the tests and the benchmarks.
#
# The two limits let LLVM end every case of the engine's switch with its own jump to the next case: each then has its own branch
# prediction, and integer code runs half as fast again. They change no result, and builds without them are only slower.
DISPATCH := -Xswiftc -Xllvm -Xswiftc -tail-dup-pred-size=10000 -Xswiftc -Xllvm -Xswiftc -tail-dup-succ-size=10000
BUILD := -c release -Xswiftc -enable-testing $(DISPATCH)
ORRERY := .build/release/orrery
KERNEL := kernel/.build/orrery-kernel.elf
STEP := scripts/step
OUT := .build/run

.PHONY: help run case test kernel build debug setup accept bench soak sweep rebuild conformance fuzz random tracebench format lint clean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

setup: ## Install what the build needs (or name what is missing)
	@scripts/setup libxxhash-dev

build: setup ## Build everything once, in release mode with testing enabled
	@$(STEP) "build (release, with tests)" swift build $(BUILD) --build-tests

debug: setup ## Build the command line tool in debug mode
	@$(STEP) "build (debug, command line tool)" swift build --scratch-path .build-debug --product orrery

kernel: ## Build the kernel
	@$(STEP) "build (kernel)" $(MAKE) -s -C kernel

run: setup kernel ## Record first-light, replay, compare, show the screen
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@mkdir -p $(OUT)
	@$(STEP) "record" $(ORRERY) record $(KERNEL) --scenario traces/first-light/first-light.scenario -o $(OUT)/first-light.orrery
	@$(STEP) "replay" $(ORRERY) replay $(OUT)/first-light.orrery
	@$(STEP) "compare with the golden" $(ORRERY) diff --behaviour traces/first-light/golden.txt $(OUT)/first-light.orrery
	@echo "the kernel behaves as traces/first-light/golden.txt says"
	@echo "== screen"
	@$(ORRERY) show --screen $(OUT)/first-light.orrery
	@echo "== summary"
	@$(ORRERY) show --summary $(OUT)/first-light.orrery

case: setup kernel ## Record and show one case of traces/: make case NAME=page-walk
	@test -f "traces/$(NAME)/$(NAME).scenario" || { echo "error: which one? NAME is one of:" >&2; \
	  for folder in traces/*/; do name=$$(basename "$$folder"); \
	    if test -f "$$folder$$name.scenario"; then echo "  $$name" >&2; fi; done; exit 2; }
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@mkdir -p $(OUT)
	@$(ORRERY) record $(KERNEL) --scenario traces/$(NAME)/$(NAME).scenario -o $(OUT)/$(NAME).orrery
	@echo "== screen"
	@$(ORRERY) show --screen $(OUT)/$(NAME).orrery
	@echo "== behaviour"
	@$(ORRERY) show --behaviour $(OUT)/$(NAME).orrery
	@echo "each event: $(ORRERY) show $(OUT)/$(NAME).orrery"

test: setup kernel build debug ## Build and run every test
	@$(STEP) "test (kernel logic, on the host)" $(MAKE) -C kernel test
	@$(STEP) "test (the kernel built anew)" scripts/rebuild
	@$(STEP) "test" swift test $(BUILD) --skip-build

accept: setup kernel ## Review what the kernel does otherwise than its goldens say
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(ORRERY) accept

soak: setup kernel ## Interrupt the kernel's work at random instructions, 200 seeds
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(STEP) "soak" scripts/soak

sweep: setup kernel ## Let a key come at every step of the kernel's way to sleep
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(STEP) "sweep" scripts/sweep

rebuild: setup kernel ## Build the kernel elsewhere and otherwise: the goldens hold
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(STEP) "rebuild" scripts/rebuild

conformance: build ## Compare with this processor and QEMU; goes on where it ended
	@scripts/setup qemu-system-x86
	@ORRERY_CONFORMANCE=$(CURDIR)/.build/conformance $(STEP) "conformance" swift test $(BUILD) --skip-build \
	  --filter 'longRunAgreesWithTheHostProcessor|everyCaseEndsAsInQEMU'
	@scripts/fidelity .build/conformance

random: build ## Execute random bytes as code, 100 million steps in each mode
	@ORRERY_RANDOM=$(CURDIR)/.build/random $(STEP) "random" swift test $(BUILD) --skip-build --filter longRunOfRandomCodeEnds
	@scripts/fidelity .build/random

FUZZ_SECONDS := 600

fuzz: setup ## Fuzz the machine and all readers, FUZZ_SECONDS=600 each
	@$(STEP) "build (fuzzer)" swift build --package-path fuzz --scratch-path .build-fuzz -c release --sanitize fuzzer --product Fuzz
	@for target in machine image scenario trace state; do \
	  mkdir -p .build-fuzz/corpus/$$target; \
	  ORRERY_FUZZ_TARGET=$$target $(STEP) "fuzz $$target" .build-fuzz/release/Fuzz -max_total_time=$(FUZZ_SECONDS) -timeout=20 -max_len=16384 \
	    -artifact_prefix=.build-fuzz/$$target- .build-fuzz/corpus/$$target Tests/FuzzTests/Corpus/$$target; \
	done

bench: kernel setup ## Measure speed against QEMU and write docs/PERFORMANCE.md
	@scripts/setup qemu-system-x86
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(STEP) "build (release)" swift build $(BUILD) --product TraceBenchmark
	@scripts/bench

tracebench: kernel setup ## Measure what traces cost, in time and memory
	@$(STEP) "build (release)" swift build $(BUILD) --product orrery
	@$(STEP) "build (release)" swift build $(BUILD) --product TraceBenchmark
	@scripts/tracebench

format: ## Format every Swift file
	@git ls-files -z '*.swift' | xargs -0 swift format --in-place --parallel

lint: ## Check the formatting of every Swift file
	@git ls-files -z '*.swift' | xargs -0 swift format lint --strict --parallel

clean: ## Remove what was built
	@rm -rf .build .build-debug .build-fuzz kernel/.build
