# Everything a person does here. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EMULATOR_VENV := .venv-emulator
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup emulator lock test check lint schema

help: ## List what make can do.
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.synced ## Install what is missing (uv included) into .venv.

# The stamp file is newer than the lock once the environment equals it.
$(VENV)/.synced: requirements/dev.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"omnipub runs on Python 3.11 to 3.13, and {sys.executable} is {v[0]}.{v[1]}. Name another with: make PYTHON=python3.12 ...")'
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv~=0.13.9'; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

emulator: $(EMULATOR_VENV)/.synced ## Install the AWS emulator into an environment of its own.

$(EMULATOR_VENV)/.synced: requirements/emulator.txt | $(VENV)/.synced
	@test -x $(EMULATOR_VENV)/bin/python || $(BIN)/python -m venv --without-pip $(EMULATOR_VENV)
	@$(BIN)/uv pip sync --quiet --python $(EMULATOR_VENV)/bin/python --require-hashes requirements/emulator.txt
	@touch $@

lock: setup ## Resolve the dependency groups anew into requirements/<group>.txt, with hashes.
	@for group in worker web dev emulator; do $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-annotate --no-header --group pyproject.toml:$$group -o requirements/$$group.txt || exit 1; done

lint: setup ## Format check, lint, types, layers.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

schema: setup ## Write the API's description anew into publishing/api/openapi.json.
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --format openapi-json --file publishing/api/openapi.json

test: setup emulator ## Unit, integration and contract tests.
	@$(BIN)/pytest

check: lint test ## Everything that must hold for a commit.
