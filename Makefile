# The commands of this repository; `make` alone lists them. They need Python 3.11 or later and make.
# The checks of the documents and workflows also need Node.js.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NODE_INSTALLED := node_modules/.package-lock.json
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
# Quiet twice: pip reports errors, but no warnings about the machine's own configuration.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
PIP_INSTALL := python -m pip --disable-pip-version-check --quiet install

# What `make constraints` pins with: for every platform and Python version, with the hashes of all files.
UV := 0.13.9
# What `make sbom` writes with. In an environment of its own: its packages make the commands start slowly.
CYCLONEDX := 7.5.0
PINS := build/constraints/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make constraints"

# Arguments for the command behind a target: make mock ARGS="--scenario tool-call"
ARGS ?=
# The server that `make contract` checks, and the revision that `make review` compares the document with.
URL ?= http://127.0.0.1:4010
BASE ?= main

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@echo 'make TARGET [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(INSTALLED) ## Install everything pinned in constraints-dev.txt into .venv

.PHONY: mock
mock: $(INSTALLED) ## Serve the mock on http://127.0.0.1:4010/v1
	@exec $(BIN)/tune-mock $(ARGS)

.PHONY: contract
contract: $(INSTALLED) ## Check the server at URL=... with the key in TUNE_API_KEY
	@exec $(BIN)/tune-check $(URL) $(ARGS)

.PHONY: review
review: $(INSTALLED) ## Review what the document changes since BASE=main
	@exec $(BIN)/tune-review $(BASE):openapi/openapi.yaml openapi/openapi.yaml $(ARGS)

.PHONY: test
test: $(INSTALLED) ## Run the tests
	@exec $(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: test-oldest
test-oldest: ## Run the tests with the lowest versions that pyproject.toml allows
	@$(PYTHON) -m venv build/oldest
	@build/oldest/bin/$(PIP_INSTALL) uv
	@build/oldest/bin/uv pip install --quiet --python build/oldest/bin/python --resolution lowest-direct --editable '.[dev]'
	@exec build/oldest/bin/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: test-newest
test-newest: ## Run the tests with the newest versions that pyproject.toml allows
	@$(PYTHON) -m venv build/newest
	@build/newest/bin/$(PIP_INSTALL) --upgrade --editable '.[dev]'
	@exec build/newest/bin/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: fuzz
fuzz: $(INSTALLED) ## Run the fuzzers and the hostile generators for long, with fresh seeds
	@FUZZ_EXAMPLES=200 FUZZ_SEEDS="1 2 3" HOSTILE_EXAMPLES=20000 HOSTILE_KILLS=100 \
		exec $(BIN)/python -m pytest tests/fuzz tests/hostile $(ARGS)

.PHONY: soak
soak: $(INSTALLED) ## Load the mock for an hour with each store and watch its memory and descriptors
	@$(BIN)/python -m tests.hostile.soak --seconds 3600 --store memory $(ARGS)
	@$(BIN)/python -m tests.hostile.soak --seconds 3600 --store file $(ARGS)

.PHONY: bench
bench: $(INSTALLED) ## Measure the mock and other mock servers; ARGS=--quick takes a minute or two
	@exec $(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-review
bench-review: $(INSTALLED) ## Measure tune-review on large generated documents; ARGS="BASE HEAD" adds your own
	@exec $(BIN)/python -m benchmarks.review $(ARGS)

.PHONY: prove
prove: $(INSTALLED) ## Run the checker against every faulty and every conforming deployment
	@PROVE=1 exec $(BIN)/python -m pytest -n auto tests/together $(ARGS)

.PHONY: check
check: check-python lint-docs check-node ## Lint and type-check code, documentation, documents and workflows

.PHONY: check-python
check-python: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: lint-docs
lint-docs: $(INSTALLED)
	$(BIN)/python -m tests.docs.lint

# Without Node.js these checks cannot run. That is a loud message, and an error in CI.
.PHONY: check-node
check-node:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-document document-types lint-workflows; else \
		echo "make check: NOT CHECKED: the documents, their TypeScript types, the workflows." >&2; \
		echo "make check: npm is missing; install Node.js 20.19 or later and run make check again." >&2; \
		test -z "$$CI"; fi

.PHONY: lint-document
lint-document: $(NODE_INSTALLED)
	@npm run --silent lint

.PHONY: document-types
document-types: $(NODE_INSTALLED)
	@npm run --silent types

.PHONY: lint-workflows
lint-workflows: $(NODE_INSTALLED)
	@npm run --silent actions

.PHONY: format
format: $(INSTALLED) ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(INSTALLED) ## Build the documentation site into build/docs
	@rm -rf build/docs build/doctrees
	@$(BIN)/python -m sphinx -W -n --keep-going -q -j auto -b html -d build/doctrees docs build/docs
	@$(BIN)/python -m tests.docs.site build/docs

.PHONY: reference
reference: $(INSTALLED) ## Write the generated tables and pictures of the documentation
	$(BIN)/python -m tests.docs.reference

.PHONY: constraints
constraints: ## Pin the newest versions that pyproject.toml allows, with hashes
	@rm -rf build/constraints
	@$(PYTHON) -m venv build/constraints
	@build/constraints/bin/python -m pip --disable-pip-version-check --quiet install 'uv==$(UV)'
	@printf 'setuptools>=77\n' > build/constraints/setuptools.txt
	@$(PINS) pyproject.toml build/constraints/setuptools.txt --output-file build/constraints/run.txt
	@$(PINS) pyproject.toml build/constraints/setuptools.txt --extra dev --extra docs \
		--constraints build/constraints/run.txt --output-file build/constraints/dev.txt
	@mv build/constraints/run.txt constraints.txt
	@mv build/constraints/dev.txt constraints-dev.txt
	@rm -rf build/constraints

.PHONY: audit
audit: $(INSTALLED) $(NODE_INSTALLED) ## Look for known vulnerabilities of the pinned packages; needs the internet
	@$(BIN)/python -m pip_audit --strict --disable-pip --require-hashes --requirement constraints-dev.txt \
		--progress-spinner off $(ARGS) || { echo "make audit: the Python packages have a known vulnerability, or the" \
		"registry's database cannot be read; see above. There is no copy of it to use offline." >&2; exit 1; }
	@npm audit || { echo "make audit: the npm packages have a known vulnerability, or the registry's" \
		"database cannot be read; see above. There is no copy of it to use offline." >&2; exit 1; }

.PHONY: sbom
sbom: ## Write a software bill of materials (CycloneDX) into build/sbom.cdx.json
	@$(PYTHON) -m venv build/sbom
	@build/sbom/bin/$(PIP_INSTALL) 'cyclonedx-bom==$(CYCLONEDX)'
	@build/sbom/bin/python -W ignore -m cyclonedx_py requirements constraints.txt --pyproject pyproject.toml \
		--mc-type application --output-reproducible --validate --output-file build/sbom.cdx.json

.PHONY: clean
clean: ## Remove everything that the other targets made
	rm -rf $(VENV) build dist node_modules *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*

$(INSTALLED): pyproject.toml constraints-dev.txt
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or later is needed and was not found;" \
		"install it, or name it: make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "Installing into $(VENV); this happens once and takes a minute ..." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) can't make a virtual environment;" \
		"on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@$(PIP) install --no-compile --require-hashes --requirement constraints-dev.txt
	@$(PIP) install --no-compile --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_INSTALLED): package.json package-lock.json
	@npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
