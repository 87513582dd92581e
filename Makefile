# Everything a person does here. `make help` lists it.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EMULATOR_VENV := .venv-emulator
INFRA_VENV := .venv-infra
SECURITY_VENV := .venv-security
# The scripts that pages load, but for other people's, which come as they are.
SCRIPTS := publishing/static/publishing local/platforms/static
# Where built functions are to run: arm64 or x86_64 on AWS, or emulator.
TARGET ?= arm64
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup emulator run reset token demo chaos lock schema docs messages screenshots contract lint test infra build synth check-infra e2e e2e-full security check

help: ## List what make can do.
	@grep -hE '^[a-z0-9-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.synced ## Install what is missing (uv included) into .venv.

# The stamp file is newer than the lock once the environment equals it.
$(VENV)/.synced: requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; omnipub needs Python 3.11 to 3.13." >&2; exit 1; }
	@$(PYTHON) local/preflight.py
	@# An environment that an interrupted set-up or another Python left behind is made anew.
	@$(BIN)/python -c '' 2>/dev/null && test -x $(BIN)/uv || { echo 'Installing into $(VENV) ...'; \
		$(PYTHON) -m venv --clear $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv~=0.13.9'; }
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@touch $@

emulator: $(EMULATOR_VENV)/.synced ## Install the AWS emulator into an environment of its own.

$(EMULATOR_VENV)/.synced: requirements/emulator.txt | $(VENV)/.synced
	@test -x $(EMULATOR_VENV)/bin/python || $(BIN)/python -m venv --without-pip $(EMULATOR_VENV)
	@$(BIN)/uv pip sync --quiet --python $(EMULATOR_VENV)/bin/python --require-hashes requirements/emulator.txt
	@touch $@

infra: setup ## Install the CDK, and Node with it, into an environment of its own.
	@$(BIN)/python -m infra.install

build: setup ## Build the functions' packages into build/. TARGET=arm64, x86_64 or emulator.
	@$(BIN)/python -m infra.packaging $(PACKAGES) --target $(TARGET)

synth: setup ## Write the stacks' templates into build/cdk, and check them.
	@$(BIN)/python -m infra.cli synth --quiet

check-infra: infra ## The stacks: types, assertions, cdk-nag, cfn-lint.
	@$(INFRA_VENV)/bin/mypy --config-file infra/mypy.ini
	@$(INFRA_VENV)/bin/pytest -c infra/pytest.toml --rootdir . --confcutdir tests/infra tests/infra

run: setup emulator ## Run the whole system on this machine. PORT=, WALL_PORT=, EMULATOR_PORT=, CLOCK_PORT=.
	@$(BIN)/python -m local run $(if $(PORT),--port $(PORT)) $(if $(WALL_PORT),--wall-port $(WALL_PORT)) \
		$(if $(EMULATOR_PORT),--emulator-port $(EMULATOR_PORT)) $(if $(CLOCK_PORT),--clock-port $(CLOCK_PORT))

reset: setup ## Delete all local data, after asking. YES=1 does not ask.
	@$(BIN)/python -m local reset $(if $(YES),--yes)

# USER is on every machine the name of who is logged in; only one that was typed counts.
token: setup ## Print an access token of a demo user. USER=approver, or an e-mail address.
	@$(BIN)/python -m local token $(if $(filter command line,$(origin USER)),--user '$(USER)')

demo: setup ## Send one message to every account of the running system, and prove that it arrived in time.
	@$(BIN)/python -m local.demo

# SECONDS is a variable of bash too; here only one that was typed for make counts.
chaos: setup emulator ## Kill workers, make platforms misbehave, count at the platforms. SECONDS=, MESSAGES=, SEED=, PRODUCTION=1.
	@$(BIN)/python -m local.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(MESSAGES),--messages $(MESSAGES)) \
		$(if $(SEED),--seed $(SEED)) $(if $(PRODUCTION),--production)

lock: setup ## Resolve the dependency groups anew into requirements/<group>.txt, with hashes.
	@for group in worker web dev emulator infra security; do $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
		--no-annotate --no-header --group pyproject.toml:$$group -o requirements/$$group.txt || exit 1; done

lint: setup ## Format check, lint of Python and of scripts, types, layers.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/oxlint --quiet $(SCRIPTS)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

schema: setup ## Write the API's description anew into publishing/api/openapi.json.
	@$(BIN)/python manage.py spectacular --validate --fail-on-warn --format openapi-json --file publishing/api/openapi.json

docs: setup ## Write docs/channels.md anew from the channels' capabilities.
	@$(BIN)/python -m local.channels_document

messages: setup ## Bring the catalogues of translations up to date, and compile them.
	@$(BIN)/python -m local.translations

screenshots: setup emulator ## Take a picture of each of the desk's pages, light and dark. Needs Chromium.
	@$(BIN)/python -m local.screenshots

contract: setup ## Prove every channel against the contract, and print the matrix of channel and case.
	@$(BIN)/pytest -q -n auto -p tests.channels.matrix tests/channels

test: setup emulator ## Unit, integration and contract tests.
	@$(BIN)/pytest

e2e: setup emulator infra ## The whole system as processes: demonstration, crashes, a short chaos.
	@$(BIN)/pytest -m e2e -n 0 tests/e2e

e2e-full: setup emulator infra ## Real servers of the platforms, installed into .pds (needs Node, npm, a C++ compiler); stage dev, deployed.
	@$(BIN)/pytest -m e2e_full -n 0 tests/e2e

$(SECURITY_VENV)/.synced: requirements/security.txt | $(VENV)/.synced
	@test -x $(SECURITY_VENV)/bin/python || $(BIN)/python -m venv --without-pip $(SECURITY_VENV)
	@$(BIN)/uv pip sync --quiet --python $(SECURITY_VENV)/bin/python --require-hashes requirements/security.txt
	@touch $@

# bandit judges what is deployed; ruff's own S rules judge everything, at every level. Semgrep's samples come first: a rule
# that finds nothing bad proves nothing. TESTED=1 leaves out what `make test` and `make e2e` ran already.
security: export SEMGREP_SEND_METRICS = off
security: export SEMGREP_ENABLE_VERSION_CHECK = 0
security: setup $(SECURITY_VENV)/.synced $(if $(TESTED),,emulator) ## bandit, semgrep with our rules, known vulnerabilities, every test that docs/security.md names.
	@$(SECURITY_VENV)/bin/bandit --quiet --severity-level medium --recursive publishing omnipub workers infra manage.py
	@$(SECURITY_VENV)/bin/semgrep test tests/security/rules
	@$(SECURITY_VENV)/bin/semgrep scan --error --quiet --metrics off --config tests/security/rules publishing omnipub workers manage.py
	@$(BIN)/python -m local.vulnerabilities
	@$(if $(TESTED),,$(BIN)/pytest $$($(BIN)/python -m tests.security.named))
	@$(if $(TESTED),,$(BIN)/pytest -m e2e -n 0 tests/e2e/test_any_request.py)
	@echo 'Bandit and semgrep found nothing$(if $(TESTED),., and the tests pass.)'

check: lint test check-infra ## Everything that must hold for a commit.
