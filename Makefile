# Handbill: `make run` starts the shop, `make test` proves it.  Everything else is a part of these two.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run install test check browser crash kill-test bench lock format clean help

help:            ## this list
	@grep -hE '^[a-z-]+: .*##|^[a-z-]+:  +##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

run: $(VENV)/run.stamp  ## start Handbill on http://127.0.0.1:8080 (practice mode until a mail account is set)
	@$(BIN)/python main.py serve

install: $(VENV)/test.stamp  ## the virtual environment with everything, tests included

test: $(VENV)/test.stamp chromium  ## every check and test, browser and crash test included
	@$(BIN)/python tests/check.py all

check: $(VENV)/test.stamp  ## the quick part: format, lint, types, floors, unit and API tests
	@$(BIN)/python tests/check.py quick

browser: $(VENV)/test.stamp chromium  ## only the browser journeys
	@$(BIN)/python tests/check.py browser

crash: $(VENV)/test.stamp  ## only what kills, cuts short, fills the disk and holds the database
	@$(BIN)/python tests/check.py crash

N ?= 1000
kill-test: $(VENV)/test.stamp  ## kill workers at random, N=1000 times, and hold the database for 30 s; prints the figures
	@KILLS=$(N) HOLD=30 $(BIN)/python -m pytest -s tests/faults/test_crash.py tests/faults/test_held_database.py

bench: $(VENV)/test.stamp  ## print the figures; nothing passes or fails
	@$(BIN)/python tests/load/bench.py

format: $(VENV)/test.stamp  ## put the code in its usual shape
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(VENV)/test.stamp  ## resolve the dependencies anew and write both lock files
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra test -c requirements.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o tests/requirements.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Handbill needs Python 3.11 or newer. Found as $(PYTHON): $$($(PYTHON) --version 2>&1 || true)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python could not make a virtual environment here: see the line above. On Debian, the package python3-venv may be missing."; exit 1; }

$(VENV)/run.stamp: requirements.lock | $(BIN)/python
	@echo "Installing what Handbill needs (once)..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/test.stamp: tests/requirements.lock | $(BIN)/python
	@echo "Installing what Handbill and its tests need (once)..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r tests/requirements.lock
	@touch $@ $(VENV)/run.stamp

.PHONY: chromium
chromium:
	@sh tests/browser/get_chromium.sh

clean:           ## remove the virtual environment (your data in var/ stays)
	rm -rf $(VENV)
