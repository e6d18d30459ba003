# Everything a developer does, from a fresh Debian machine on. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test bench check format soak lock messages clean check-django
.DELETE_ON_ERROR:

python := .venv/bin/python
manage := $(python) manage.py
packages := .venv/.packages
browser := .cache/browser
templates = $(shell find apps templates -name '*.html' -path '*templates/*')
# Runs a command with services of its own, because Django's tools read the settings.
services := $(python) -m config.embedded run --
catalogues := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
# Extra arguments: `make test T="tests/ground -k restart"`, `make bench T=...`, `make soak T=...`
T ?=

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(packages) $(catalogues) ## The whole shop on this machine, with sample customers; Ctrl-C ends it
	@exec $(python) -m config.demo

test: $(packages) $(catalogues) $(browser) ## All tests
	@exec .venv/bin/pytest -m 'not soak' $(or $(T),-n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder tests)

bench: $(packages) $(catalogues) ## Measure speed
	@EMBEDDED_DURABLE=1 exec .venv/bin/pytest -s -o python_files='bench_*.py' $(or $(T),tests/benchmarks)

soak: $(packages) $(catalogues) $(browser) ## Long runs: things are killed, random lives, walks in every language
	@DEPTH=10 exec .venv/bin/pytest -s -m 'soak or lives' $(or $(T),tests)

check: $(packages) $(catalogues) ## Style, types, layers, migrations, templates
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	@echo ".venv/bin/djade --check (templates)"
	@.venv/bin/djade --check --target-version 6.1 $(templates)
	@$(services) $(MAKE) --no-print-directory check-django

check-django:
	.venv/bin/mypy
	$(manage) check --fail-level WARNING
	$(manage) makemigrations --check --dry-run

format: $(packages) ## Put code and templates in shape
	.venv/bin/ruff check --fix --exit-zero --quiet .
	.venv/bin/ruff format .
	@echo ".venv/bin/djade (templates)"
	@# It fails when it has changed something, and then a second time only if something is wrong.
	@.venv/bin/djade --target-version 6.1 $(templates) || .venv/bin/djade --target-version 6.1 $(templates)

lock: ## Pin the packages of requirements*.in; newer ones with T=--upgrade
	@config/bootstrap.sh lock $(T)

messages: $(packages) ## Bring the translations up to date with the texts, and compile them
	@$(python) -m config.messages
	@for file in locale/*/LC_MESSAGES/django.po; do .venv/bin/pybabel --quiet compile --input-file $$file --output-file $${file%.po}.mo; done

clean: ## Stop what runs on .data and remove all data, demo and tests
	@if [ -x $(python) ]; then $(python) -m config.embedded clean; else rm -rf .data; fi

$(packages): requirements-dev.txt .python-version config/bootstrap.sh
	@config/bootstrap.sh packages
	@touch $@

$(browser): $(packages)
	@config/bootstrap.sh browser

%.mo: %.po $(packages)
	@.venv/bin/pybabel --quiet compile --input-file $< --output-file $@
