# The two commands of the project are `make up` and `make test`. Both set themselves up.
PYTHON ?= python3
# Tests keep their order (those with real transactions late, the browser's last) on two cores, one at a time to each.
TEST_PROCESSES ?= 2
TEST_ORDER := -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder
LOCAL := .venv/bin/python -m deploy.local
.DEFAULT_GOAL := help

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

.PHONY: up
up: base  ## set up and run everything on this machine until Ctrl-C
	@$(LOCAL) up

.PHONY: down
down: base  ## stop what runs on this machine, also what a killed `make up` left
	@$(LOCAL) down

.PHONY: test
test: dev  ## set up and run the tests (ARGS="tests/engine -k sma" narrows them)
	@$(LOCAL) test $(TEST_ORDER) -m "not prove" $(ARGS)

.PHONY: prove
prove: dev  ## the tests at length: chaos, thousands of generated cases
	@PROVE=1 $(LOCAL) test $(TEST_ORDER) $(ARGS)

.PHONY: bench
bench: dev  ## measure the engine and the API against their goals
	@.venv/bin/python -m benchmarks $(ARGS)

.PHONY: lint
lint: dev  ## style and import contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports

.PHONY: types
types: dev  ## static types
	@.venv/bin/mypy

.PHONY: pine-check
pine-check: dev  ## run exported Pine scripts in a runtime that is not ours (installed into var/; AGPL, never shipped)
	mkdir -p var/pine-runtime
	cp tests/engine/pine/runtime/package*.json var/pine-runtime/
	npm ci --prefix var/pine-runtime --no-audit --no-fund
	@.venv/bin/python -m pytest tests/engine/pine/test_export_runtime.py $(ARGS)

.PHONY: assets
assets:  ## rebuild static/dist (needs Node 20)
	npm ci --no-audit --no-fund
	npm run build

.PHONY: clean
clean:  ## remove the environment and every cache; keeps var/, which holds your data
	@if [ -x .venv/bin/python ]; then $(LOCAL) down; $(LOCAL) down --test; fi
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: base dev
base dev:
	@$(PYTHON) deploy/local/bootstrap.py $@
