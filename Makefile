# Everything is set up by the first target you run: `make demo` or `make test`. Python 3.11 or later, git and make are
# all that has to be there. What is installed goes into .venv, what is kept into .dagster.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # every run of Dagster starts a process, which would compile all of it again

PY := .venv/bin/python
READY := .venv/.ready
CHECKERS := .cache/checkers/.ready
PROJEN := .cache/bench/projen/.ready
DAGSTER_HOME ?= $(CURDIR)/.dagster
PORT ?= 3000
GATEWAY_PORT ?= 8000
ARGS ?=

SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
LOCKED := --no-deps --require-hashes -r requirements.lock
OURSELVES := --no-deps --no-build-isolation -e .
WITH_UV := -q --python $(PY) --compile-bytecode
WITH_PIP := -qq --disable-pip-version-check --no-input
# Our own home follows dagster.yaml; somebody else's keeps the configuration that it has.
# Dagster wants its path from the root; make's own abspath would split one with spaces.
IN_HOME = mkdir -p "$(DAGSTER_HOME)" && DAGSTER_HOME="$$(CDPATH= cd "$(DAGSTER_HOME)" && pwd)" && export DAGSTER_HOME && \
  { [ "$$DAGSTER_HOME" != "$(CURDIR)/.dagster" ] && [ -e "$$DAGSTER_HOME/dagster.yaml" ] || cp dagster.yaml "$$DAGSTER_HOME/"; }
# `cicd serve`, until the process that this shell becomes has ended. Where no webhook secret is set, one is made, once.
GATEWAY = state="$${CICD_HOME:-$$DAGSTER_HOME/cicd}" && mkdir -p "$$state" && \
  { [ -n "$$GITHUB_WEBHOOK_SECRET" ] || [ -s "$$state/webhook-secret" ] || \
    (umask 077 && $(PY) -c 'import secrets; print(secrets.token_hex(32))' >"$$state/webhook-secret"); } && \
  { ( [ -n "$$GITHUB_WEBHOOK_SECRET" ] || GITHUB_WEBHOOK_SECRET=$$(<"$$state/webhook-secret"); export GITHUB_WEBHOOK_SECRET; \
      .venv/bin/cicd serve --port $(GATEWAY_PORT) >>"$$state/serve.log" 2>&1 & serve=$$!; \
      while kill -0 $$$$ 2>/dev/null && kill -0 $$serve 2>/dev/null; do sleep 1; done; \
      kill $$serve 2>/dev/null || { echo "The gateway has ended; Dagster goes on. Its log says (GATEWAY_PORT=8001 would be another port):" && tail -n 3 "$$state/serve.log"; } >&2 ) & } && \
  echo "GitHub's events go to http://127.0.0.1:$(GATEWAY_PORT)/webhooks/github; the log is $$state/serve.log"
# Runs a command; what it says is shown only where it fails.
quietly = out=$$($(1) 2>&1) || { printf '%s\n' "$$out" "failed: $(1)" >&2; exit 1; }

.PHONY: help setup demo ui test test-system lint ci generate soak bench lock checkers clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(READY)  ## Materialise the sample's whole graph and show what came of it
	@$(IN_HOME) && .venv/bin/cicd demo $(ARGS)

ui: $(READY)  ## Open the Dagster UI, its daemon and the gateway on loopback (PORT=3000, GATEWAY_PORT=8000)
	@$(IN_HOME) && $(GATEWAY) && exec .venv/bin/dagster dev -h 127.0.0.1 -p $(PORT) -w workspace.yaml $(ARGS)

setup: $(READY) $(CHECKERS)  ## Set everything up, and nothing else

test: setup  ## Run the tests that need nothing but Python, git and make (ARGS="-k name" for some)
	@$(MAKE) -f ci.mk test-cicd-defs $(if $(ARGS),PYTEST_ADDOPTS="$(ARGS)")

test-system: setup  ## Run the tests that need Docker, PostgreSQL, bubblewrap, Chromium or node
	@$(MAKE) -f ci.mk test-system $(if $(ARGS),PYTEST_ADDOPTS="$(ARGS)")

lint: setup  ## Check style, types, layers and definitions
	@$(MAKE) -f ci.mk lint format typecheck

ci: setup  ## What CI runs
	@$(MAKE) -f ci.mk ci

generate: setup  ## Write this repository's own workflows, ci.mk, hooks and docs/rules.md again
	@$(PY) -m cicd_defs.cli render projects/cicd-defs.yaml --repo . --out .
	@$(PY) -m cicd_defs.cli explain rules --page >docs/rules.tmp && mv docs/rules.tmp docs/rules.md

soak: $(READY) $(CHECKERS)  ## Run the long campaigns
	@CICD_SOAK=1 $(PY) -m pytest -m soak $(ARGS)

bench: $(READY) $(PROJEN)  ## Measure
	@$(PY) -m tests.bench $(ARGS)

# The build backend is locked too, so that installing this project fetches nothing that has no hash.
lock:  ## Resolve the dependencies anew into requirements.lock
	@uv --version >/dev/null 2>&1 || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	@{ echo '# Every dependency with its hashes, for Python 3.11 and later. Written by `make lock`.'; \
	  printf 'hatchling\neditables\n' | uv pip compile -q pyproject.toml - --extra dev --universal \
	    --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url $(ARGS); } >requirements.tmp
	@mv requirements.tmp requirements.lock

checkers: $(CHECKERS)  ## Install the checkers that need node

clean:  ## Remove what can be made again (.dagster stays: it holds your runs)
	@rm -rf .venv .cache .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

$(READY): requirements.lock pyproject.toml
	@git --version >/dev/null 2>&1 || { echo "git is not installed." >&2; exit 1; }
	@echo "Setting up .venv, once ..."
	@$(PY) -c '$(SUITABLE)' 2>/dev/null || { \
	  for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    "$$python" -c 'import ensurepip, venv; $(SUITABLE)' 2>/dev/null && exec "$$python" -m venv --clear .venv; \
	  done; \
	  echo "No Python 3.11 to 3.14 with its venv module was found. Install one (Debian: python3 and python3-venv)," \
	    "or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@{ uv --version && uv pip install $(WITH_UV) $(LOCKED) && uv pip install $(WITH_UV) $(OURSELVES); } >/dev/null 2>&1 || { \
	  export PIP_USER=0; $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
	  $(PY) -m pip install $(WITH_PIP) $(LOCKED) && $(PY) -m pip install $(WITH_PIP) $(OURSELVES); }
	@touch $@

# Without node or a network all other tests still run; those of these checkers are skipped, and say why.
$(CHECKERS): tests/checkers/package-lock.json $(wildcard tests/checkers/*.mjs)
	@node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 || exit 0; \
	mkdir -p $(@D) && cp tests/checkers/{package.json,package-lock.json,.npmrc} tests/checkers/*.mjs $(@D)/ && cd $(@D) && \
	npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 >npm.log 2>&1 && npm run --silent bundle >>npm.log 2>&1 && \
	touch $(@F) || echo "The checkers that need node could not be installed: see $(@D)/npm.log" >&2

# A peer that is measured beside us. Without node or a network the benchmarks still run, and say that it was left out.
$(PROJEN): $(addprefix tests/bench/projen/,package-lock.json projenrc.js)
	@node --version >/dev/null 2>&1 && npm --version >/dev/null 2>&1 || exit 0; \
	mkdir -p $(@D) && cp tests/bench/projen/{package.json,package-lock.json,.npmrc} $(@D)/ && \
	cp tests/bench/projen/projenrc.js $(@D)/.projenrc.js && cd $(@D) && \
	npm ci --loglevel=error --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 >npm.log 2>&1 && \
	touch $(@F) || echo "projen could not be installed: see $(@D)/npm.log" >&2
