# Every target that needs `.venv` makes it first; `make help` lists them.

PYTHON  ?= python3
BACKEND ?= verilator
PRESET  ?= small
LATENCY ?= 100
IMAGES  ?= 360
OUT     ?= build/ppu_$(PRESET).v
N       ?= 10000
SEED    ?= 0
JOBS    ?= 2
TESTS   ?= tests
BOARD   ?= ulx3s

VENV    := .venv/bin/python
SETUP   := $(PYTHON) -I sim/ppu_sim/setup.py

# Verilator's own make must not see this one's flags and variables.
unexport MAKEFLAGS MFLAGS MAKELEVEL

.DEFAULT_GOAL := help
.PHONY: help setup prepare python demo test test-long lint verilog fuzz bench speed fpga fpga-report clean

# What is given on the command line; a board has its own core and memory.
given = $(if $(filter command,$(firstword $(origin $(1)))),--$(2) "$($(1))")
DEMO_CORE = $(if $(filter serial:%,$(BACKEND)),$(call given,PRESET,preset),\
            --preset $(PRESET) --latency $(LATENCY))

help: ## Show this list
	@echo "make TARGET [VARIABLE=value ...]"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) \
	    | while IFS='|' read -r target text; do printf '%-12s %s\n' "  $$target" "$$text"; done
	@echo
	@echo "Presets: tiny small medium ppu1. Back ends: verilator amaranth icarus serial:PORT."
	@echo "Boards: ulx3s icebreaker tangnano9k."

setup: python ## Make .venv and install what is missing (the others do it by themselves)
	@$(SETUP) --retry

prepare: python
	@$(SETUP)

python:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is missing: apt-get install python3"; exit 1; }

demo: prepare ## Classify digits on the RTL [PRESET=small BACKEND=verilator LATENCY=100 IMAGES=360]
	@$(VENV) -m ppu_sim.demo --backend "$(BACKEND)" --images $(IMAGES) $(DEMO_CORE)

test: prepare ## Run all tests [TESTS=tests/unit JOBS=2]
	@$(VENV) -m pytest -n $(JOBS) $(TESTS)

test-long: prepare ## Run the tests that `make test` leaves out [JOBS=2]
	@$(VENV) -m pytest -n $(JOBS) -m long tests

lint: prepare ## Check the style of the sources
	@$(VENV) -m ruff check .

verilog: prepare ## Write the core as plain Verilog [PRESET=small OUT=build/ppu_small.v]
	@$(VENV) -m ppu_sim.cli verilog --preset $(PRESET) -o "$(OUT)"

fuzz: prepare ## Random programs, model against RTL [N=10000 SEED=0]
	@$(VENV) -m ppu_sim.fuzz $(N) --seed $(SEED)

bench: prepare ## The table of measured cycles, and build/report.html with pictures of it
	@rm -f build/bench.json
	@$(VENV) -m ppu_sim.cli bench --json build/bench.json || test -s build/bench.json
	@$(VENV) -m ppu_sim.cli report --json build/bench.json -o build/report.html

speed: prepare ## Speed of the simulators; merged against plain export [PRESET=small]
	@$(VENV) -m ppu_sim.cli speed --preset $(PRESET)
	@$(VENV) tests/synthesis/benchmark.py $(PRESET)

fpga: prepare ## Bitstream and report for a board [BOARD=ulx3s PRESET=small]
	@$(VENV) -m ppu_sim.cli fpga build --board $(BOARD) $(call given,PRESET,preset)

fpga-report: prepare ## Place and route all of docs/fpga.md: some hours
	@$(VENV) -m ppu_sim.cli fpga report --markdown docs/fpga.md

clean: ## Remove everything that was made, .venv too
	rm -rf .venv build dist .pytest_cache .ruff_cache *.egg-info
	find . -path ./.git -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
