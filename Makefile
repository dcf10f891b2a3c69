# The workflow, as targets. `make run` and `make test` do everything a fresh machine needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CODE := store knowledge handoff success console bot
PACKS ?= ../shared/eval
VECTORS ?= ../shared/sla
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test lint format typecheck audit fuzz bench load rivals chaos soak lock clean

run: $(VENV)/.run  ## the desk and the web chat on http://127.0.0.1:8000 (PORT and AFTERCARE_DATA change it)
	@$(BIN)/aftercare run

test: $(VENV)/.test  ## every test; what the machine cannot offer is skipped and named, with CI=true nothing is
	@sh tests/provision.sh
	@sh tests/run.sh $(BIN)/python

lint: $(VENV)/.test  ## style, imports between floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

audit: $(VENV)/.test  ## packages against the locks, licences, secrets in the tree and its history
	$(BIN)/python -m tests.audit

fuzz: SECONDS ?= 60
fuzz: $(VENV)/.test  ## every parser, translation and markup for a minute each (SECONDS changes it)
	@for each in $$($(BIN)/python -m tests.fuzz --list); do echo "== $$each"; \
		$(BIN)/python -m tests.fuzz $$each --seconds $(SECONDS) || exit 1; done

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

typecheck: $(VENV)/.test
	$(BIN)/mypy

bench: export OPENBLAS_NUM_THREADS = 1
bench: $(VENV)/.test  ## figures of this machine, as JSON; beside what a user would pick instead in docs/benchmarks.md
	@sh tests/provision.sh
	@$(MAKE) rivals || echo "Without what the others need: their figures are missing."
	$(BIN)/python -m benchmarks.compare --packs "$(PACKS)" --vectors "$(VECTORS)" --report docs/benchmarks.md
	@for each in jobs turns golden peaks pages; do echo "== $$each"; $(BIN)/python -m benchmarks.$$each || exit 1; done
	@if [ -d "$(PACKS)" ]; then echo "== retrieval"; $(BIN)/python -m benchmarks.retrieval "$(PACKS)" .bench; \
		echo "== queries"; $(BIN)/python -m benchmarks.queries "$(PACKS)" .bench/model; \
		echo "== ablation"; $(BIN)/python -m benchmarks.ablation "$(PACKS)" .bench; fi

load: export OPENBLAS_NUM_THREADS = 1
load: $(VENV)/.test  ## how much it takes, one process and four, and a festival: writes docs/load.md; 25 minutes, a quiet machine
	$(BIN)/python -m benchmarks.load --peak --report docs/load.md

rivals: .bench/rivals/.made .bench/rivals-chat/.made  ## what others' benchmarks need, in environments of their own

.bench/%/.made: benchmarks/%.txt
	@echo "Installing what $< names (once; some minutes)…"
	$(PYTHON) -m venv .bench/$*
	.bench/$*/bin/python -m pip install --quiet --no-deps -r $<
	@touch $@

chaos: $(VENV)/.test  ## everything that can break, done to the program under traffic; writes docs/faults.md
	@sh tests/provision.sh
	$(BIN)/python -m benchmarks.chaos --report docs

soak: $(VENV)/.test  ## an hour of clients, faults and kills on four processes; writes docs/soak.md
	@sh tests/provision.sh
	$(BIN)/python -m benchmarks.soak --together --platform both --minutes 60 --rate 13 --kills 8 --report docs

lock:  ## resolve pyproject.toml anew into requirements.lock and requirements-test.lock
	PYTHON=$(PYTHON) sh tests/lock.sh

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis artifacts

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements.lock pyproject.toml
	@echo "Installing what requirements.lock names (once; a few minutes)…"
	$(BIN)/python -m pip install --quiet --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock
	@echo "Installing what the tests need…"
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-test.lock
	@touch $@
