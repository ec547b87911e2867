# Python, git and make are all that must be there; everything else is installed below this folder.
PYTHON ?= python3
REPO ?= .
VENV := .venv
BIN := $(VENV)/bin
# The pins of what Stepweave needs go with it, into every project that `stepweave init` makes.
PROJECT := library/src/stepweave/command/init/template/requirements
PINS := $(PROJECT)/stepweave.txt
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make requirements"

export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(VENV)/.ready ## Install everything below .venv

$(VENV)/.ready: requirements/build.txt $(PINS) requirements/dev.txt library/pyproject.toml
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	$(BIN)/uv pip install --quiet --python $(VENV) --require-hashes -r $(PINS) -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(VENV) --no-deps --no-build-isolation --editable library
	touch $@

node_modules/.ready: package.json package-lock.json | setup
	$(BIN)/npm ci --silent --no-audit --no-fund
	touch $@

.PHONY: demo
demo: setup ## Review a repository: make demo REPO=/some/path
	$(BIN)/stepweave run code-review --repo "$(REPO)"

.PHONY: check
# What the three runs of mypy read of others is the same, and dear to read.
check: export MYPY_CACHE_DIR := $(CURDIR)/.mypy_cache
check: setup ## Lint, types, import walls, golden ASL
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd library && ../$(BIN)/mypy
	cd docs/examples && ../../$(BIN)/mypy --config-file ../../pyproject.toml lambdas state_machines
	$(BIN)/lint-imports
	cd library && ../$(BIN)/lint-imports
	$(BIN)/stepweave golden --check
	STEPWEAVE_PROJECT=docs/examples $(BIN)/stepweave golden --check

# What was decided about permissions in local clouds of tests.
DECISIONS := $(CURDIR)/.stepweave/decisions
test slow: export STEPWEAVE_LOCAL_PERMISSIONS_LOG := $(DECISIONS)
.PHONY: test
test: setup node_modules/.ready ## Run the tests, two files at a time; others have targets of their own
	rm -rf $(DECISIONS)
	cd library && ../$(BIN)/pytest -n 2 --dist loadfile -m "not sfn_local and not adoption and not chaos and not slow"
	$(BIN)/pytest -n 2 --dist loadfile -m "not sfn_local and not adoption and not slow"

.PHONY: needed
needed: setup ## After `make test slow`: see that some test needed every statement of every role
	$(BIN)/python -m stepweave.local_cloud.permissions.replay $(DECISIONS) library/tests/unneeded_statements.json

.PHONY: adoption
adoption: setup node_modules/.ready ## Adopt the wheel as a newcomer does, and this project without the review
	cd library && ../$(BIN)/pytest -m adoption tests/e2e
	$(BIN)/pytest -m adoption tests/e2e

.PHONY: slow
slow: setup node_modules/.ready ## Run the tests that take more than five seconds each
	cd library && ../$(BIN)/pytest -n 2 --dist loadfile -m slow
	$(BIN)/pytest -n 2 --dist loadfile -m slow

.PHONY: properties
properties: setup node_modules/.ready ## Try every property with many examples
	cd library && STEPWEAVE_ENGINE_EXAMPLES=400 ../$(BIN)/pytest -n 2 --dist loadfile --hypothesis-profile=thorough \
		tests/properties tests/integration/test_engine_agrees.py

.PHONY: chaos
chaos: setup node_modules/.ready ## Run 200 executions under faults: make chaos SEED=7
	cd library && STEPWEAVE_CHAOS_EXECUTIONS=200 STEPWEAVE_CHAOS_SEED="$(SEED)" ../$(BIN)/pytest -m chaos tests/chaos

.PHONY: test-sfn-local
test-sfn-local: setup node_modules/.ready ## Run the workflows by AWS's own engine too, in Docker
	$(BIN)/pytest -m sfn_local tests/stepfunctions_local

.PHONY: golden
golden: setup ## Write the compiled ASL beside the workflows, and those of docs/examples
	$(BIN)/stepweave golden
	STEPWEAVE_PROJECT=docs/examples $(BIN)/stepweave golden

.PHONY: public-api
public-api: setup ## Write down what is public, after a change of it that is meant
	cd library && ../$(BIN)/python -m tests.unit.public_api

.PHONY: record
record: setup ## Write what this release sends and stores, for later releases to replay
	cd library && PYTHONPATH=. ../$(BIN)/python -m tests.recorded

.PHONY: format
format: setup ## Format the sources
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: deploy
deploy: node_modules/.ready ## Deploy to the AWS account of the current credentials
	node_modules/.bin/cdk deploy --all

.PHONY: wheel
wheel: setup ## Build the library's wheel into dist/
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist library

RUNTIME := library/src/stepweave/runtime/requirements
FUNCTIONS := $(RUNTIME).txt $(patsubst %.in,%.txt,$(wildcard library/src/stepweave/functions/*/requirements.in))

.PHONY: requirements
requirements: setup ## Compile the pinned requirements anew
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) library/pyproject.toml --extra cdk --extra local --extra test -o $(PINS)
	$(COMPILE) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) $(PROJECT)/build.in -o $(PROJECT)/build.txt
	$(COMPILE) $(PROJECT)/dev.in -o $(PROJECT)/dev.txt
	$(MAKE) $(FUNCTIONS)
	$(BIN)/stepweave requirements

.PHONY: $(FUNCTIONS)
$(FUNCTIONS): %.txt:
	$(COMPILE) $(sort $*.in $(RUNTIME).in) -o $@ -c $(PINS)

.PHONY: clean
clean: ## Remove what builds and runs have made, but not .venv
	rm -rf .stepweave cdk.out dist stepweave-reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
