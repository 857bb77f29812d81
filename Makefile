# The two commands: `make demo` runs the whole call centre on embedded defaults, `make test` sets up and passes every test.
# Stamps in .stamps make repeated runs start in seconds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMPS := .stamps
# Test processes at a time.
WORKERS ?= 2
PAGE := callcenter/web/static/index.html
PAGE_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup setup-dev demo test check bench build lock clean
help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMPS)/venv:
	@echo "== Python environment in .venv"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements/run.lock pyproject.toml
	@echo "== Python packages (each verified by its hash)"
	@test -e $(STAMPS)/dev || $(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv requirements/dev.lock pyproject.toml
	@echo "== Python packages for development (each verified by its hash)"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@ $(STAMPS)/run

$(STAMPS)/node: frontend/package-lock.json
	@echo "== packages of the page"
	@command -v npm >/dev/null || { echo "Node.js 20 with npm is missing: see README, What you need" >&2; exit 1; }
	@# Not `npm ci`: it refuses a lock whose optional builds for other platforms a mirror lacks. Versions and hashes are the lock's.
	@cd frontend && npm install --no-save --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

$(PAGE): $(STAMPS)/node $(PAGE_SOURCES)
	@echo "== the page"
	@cd frontend && npm run --silent build
	@touch $@

setup: $(STAMPS)/run $(PAGE) ## everything that running needs
setup-dev: $(STAMPS)/dev $(PAGE) ## everything that testing needs

demo: setup ## the whole call centre, one call after another, in your browser
	@$(BIN)/callcenter demo $(ARGS)

check: setup-dev ## style, types, layering
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd frontend && npm run --silent lint && npm run --silent typecheck

test: check ## sets up and passes every test
	@bash tests/system-packages
	@cd frontend && npm run --silent test
	@# What failed beside others on a busy machine has to pass alone; a real failure fails again.
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS) || \
	  { echo "== once more, one at a time: what failed"; $(BIN)/python -m pytest --last-failed --last-failed-no-failures none; }

$(STAMPS)/bench: $(STAMPS)/dev requirements/bench.lock
	@echo "== what the benchmarks are compared with"
	@$(PIP) install --require-hashes -r requirements/bench.lock
	@touch $@

SLOW := $(addprefix bench/,restarts.py crashes.py extraction.py purpose.py)
bench: setup-dev $(STAMPS)/bench ## the benchmarks, JSON lines (drills and fits run alone)
	@for bench in $(filter-out $(SLOW),$(wildcard bench/*.py)); do echo "== $$bench" >&2; $(BIN)/python $$bench; done

build: $(STAMPS)/dev $(PAGE) ## the wheel, with the page inside
	@$(BIN)/python -m build --no-isolation --wheel --outdir dist

lock: ## resolve the dependencies anew
	@$(PIP) install -q uv
	@$(BIN)/uv pip compile pyproject.toml requirements/build.in --extra vosk --extra postgres --extra nats --universal --python-version 3.11 --generate-hashes --no-header -q -o requirements/run.lock
	@$(BIN)/uv pip compile pyproject.toml requirements/build.in --extra vosk --extra postgres --extra nats --extra dev --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/run.lock -o requirements/dev.lock
	@$(BIN)/uv pip compile requirements/bench.in --universal --python-version 3.11 --generate-hashes --no-header -q -c requirements/dev.lock -o requirements/bench.lock

clean: ## remove what was built and installed here
	rm -rf .venv $(STAMPS) dist callcenter/web/static frontend/node_modules demo-data
