# The two commands that matter: `make run` and `make test`. Each sets up what it needs.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
DATA ?= $(CURDIR)/var
DEMO ?= 1
# Test processes side by side. More than processors: a test often waits for servers and browsers.
WORKERS ?= 3
# Where `make train` renders and writes; it can be gigabytes, so it lies outside the repository.
TRAIN ?= $(HOME)/.cache/embryovision
# The net that finds wells which `make train` makes. D-FINE comes last: it begins with the base of modcnn-dense.
FAMILY ?= yolo11n
FAMILIES := yolo11n yolo26n modcnn-dense modcnn modcnn-attention dfine-n

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DATA
PACKAGES := $(VENV)/.packages
MODULES := frontend/node_modules/.package-lock.json
PAGE := frontend/build/index.html
PAGE_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/build/*' -not -path '*/.svelte-kit/*' 2>/dev/null)

.PHONY: help run test setup setup-tests lint format contract bench train families docs clean
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: setup ## set everything up and run the product with its demo (HOST, PORT, DATA, DEMO=0)
	$(BIN)/python manage.py serve --host $(HOST) --port $(PORT) $(if $(filter 0,$(DEMO)),--no-demo)

test: setup-tests lint ## set everything up and pass all tests
	cd frontend && npm test
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST)

setup: $(PACKAGES) $(PAGE) ## virtual environment, packages and the built interface

setup-tests: setup
	scripts/system_packages.sh tests

lint: $(PACKAGES) $(MODULES) ## style, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint -s docker .pre-commit-config.yaml
	cd frontend && npm run lint && npm run check

format: $(PACKAGES) $(MODULES) ## put everything into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd frontend && npm run format

contract: $(PACKAGES) $(MODULES) ## make the API document and the page's types anew
	$(BIN)/python manage.py contract
	cd frontend && npm run contract

bench: setup ## measure speed and memory, side by side, in one run
	$(BIN)/python -m tests.bench

train: $(PACKAGES) ## make the shipped weights anew from renderings (FAMILY=NAME for another net, all for each; resumes)
	for family in $(if $(filter all,$(FAMILY)),$(FAMILIES),$(FAMILY)); do \
		nice $(BIN)/python -m detector train wells --family $$family --data $(TRAIN)/renderings --out $(TRAIN)/wells-$$family || exit; \
	done
	nice $(BIN)/python -m detector train stages --data $(TRAIN)/lives --out $(TRAIN)/stages-convnextv2

families: $(PACKAGES) ## the table of docs/detectors.md anew, of all that `make train FAMILY=all` has made (REAL=FOLDER with truth.json)
	nice $(BIN)/python -m detector families $(wildcard $(TRAIN)/wells-*) $(wildcard $(TRAIN)/stages-*) --data $(TRAIN)/lives \
		$(addprefix --real ,$(REAL)) --out $(TRAIN)/families

docs: setup-tests ## make the README's screenshot anew from the running product
	$(BIN)/python -m tests.e2e.screenshots docs/images

clean: ## remove what setup made
	rm -rf $(VENV) frontend/node_modules frontend/build frontend/.svelte-kit

$(PACKAGES): requirements.txt scripts/system_packages.sh
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "EmbryoVision needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=/path/to/python3.11."; exit 1; }
	scripts/system_packages.sh run
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(MODULES): $(PACKAGES) frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(PAGE): $(MODULES) $(PAGE_SOURCES)
	cd frontend && npm run build
	touch $@
