# make demo | test | test-all | lint | docs | bench | fuzz | faults: each sets up its own .venv first, and again only when
# pyproject.toml changes.
# Needs git, make and Python 3.11 or later; another Python than the one found: make PYTHON=/path/to/python ...

.PHONY: help demo test test-all lint format docs links bench fuzz faults lowest newest audit clean
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTHON ?=
MINUTES ?= 10
SEED ?= 0
KILLS ?= 200

help:
	@echo "make demo    the whole path on data it makes itself"
	@echo "make test    all tests but the slow ones"
	@echo "make test-all  all tests, of reports in a browser too (Chromium; .ci/browser fetches it)"
	@echo "make lint    ruff, mypy and vulture"
	@echo "make format  lay out the code as make lint wants it"
	@echo "make docs    the documentation site, in .site/html"
	@echo "make links   the same, and looks up the links that lead out of it (needs a network)"
	@echo "make bench   speed and memory, side by side with other tools"
	@echo "make fuzz    changed inputs through all commands  MINUTES=10 SEED=0"
	@echo "make faults  kills, full disks and the like       KILLS=200 SEED=0"
	@echo "make lowest  most tests with the lowest versions of what pyproject.toml asks for"
	@echo "make newest  the same with the newest versions"
	@echo "make audit   known vulnerabilities of what is installed (needs a network)"
	@echo "make clean   remove .venv, caches, benchmark data and the files of the demo"

demo: .venv/ready-run
	@echo "rankeval: running the demo"
	@$(BIN)/rankeval demo

test: .venv/ready-dev
	@echo "rankeval: running the tests"
	@$(BIN)/python -m pytest -q -n 2 -m "not slow"

test-all: .venv/ready-dev
	@sh .ci/browser
	@echo "rankeval: running all tests"
	@$(BIN)/python -m pytest -q -n 2

lint: .venv/ready-dev
	@echo "rankeval: checking style (ruff)"
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "rankeval: checking types (mypy)"
	@$(BIN)/mypy
	@echo "rankeval: looking for code that nothing uses (vulture)"
	@$(BIN)/vulture

format: .venv/ready-dev
	@$(BIN)/ruff check --quiet --fix . && $(BIN)/ruff format --quiet .

docs: .venv/ready-docs
	@echo "rankeval: building the site"
	@$(BIN)/python -m docs.site

links: .venv/ready-docs
	@$(BIN)/python -m docs.site links

bench: .venv/ready-bench
	@$(BIN)/python -m benchmarks.run

fuzz: .venv/ready-dev
	@$(BIN)/python -m tests.fuzz.run --minutes $(MINUTES) --seed $(SEED)

faults: .venv/ready-dev
	@$(BIN)/python -m tests.faults.run --kills $(KILLS) --seed $(SEED)

lowest newest: .venv/ready-run
	@PYTHON="$(PYTHON)" sh .ci/bounds $@

audit: .venv/ready-run
	@sh .ci/audit

clean:
	rm -rf .venv .bench .bounds .browser .fuzz .site .pytest_cache .mypy_cache .ruff_cache .hypothesis rankeval-demo

.venv/ready-run: pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" sh .ci/setup run .

.venv/ready-dev: pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" sh .ci/setup dev '.[dev]'

.venv/ready-bench: pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" sh .ci/setup bench '.[bench]'

.venv/ready-docs: pyproject.toml .ci/setup
	@PYTHON="$(PYTHON)" sh .ci/setup docs '.[docs]'
