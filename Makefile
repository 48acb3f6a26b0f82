# Every target sets up what it needs; scripts/setup has the how.
#   PYTHON=python3.12   the interpreter, instead of the one that suits the system's GTK
#   WORKERS=8           test processes; they mostly wait for servers and windows, so more than there are cores
#   JOBS=4, ONLY=guard  of `make mutants`: copies of the tree that are tested at the same time; which mutants
#   MINUTES=5, SEED=7   of `make soak`: how long the load lasts (or SECONDS=20), and which faults come when

WORKERS ?= 4
JOBS ?= 2
MINUTES ?= 30
SEED ?= 14

# Who has run all of its tests takes some of another's.
PARALLEL = -n $(WORKERS) --dist worksteal
# What `make check` leaves to `make test`.
REAL = window or qt or systemd or browser or app

.PHONY: help demo check test test-lowest test-qt lint wheel bench fuzz mutants soak audit clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## run the demo program; without a display, draw its page to demo.png
	@scripts/setup demo
	.venv/bin/python scripts/demo.py

check: ## lint, then run the tests that start no app, window, systemd or browser: in a minute or so
	@scripts/setup check
	@$(MAKE) --no-print-directory lint
	.venv/bin/python -m pytest $(PARALLEL) -m "not ($(REAL))"

test: ## lint, then run all tests but Qt's
	@scripts/setup test
	@$(MAKE) --no-print-directory lint
	.venv/bin/python -m pytest $(PARALLEL) -m "not qt"

test-lowest: ## run the tests without windows with the lowest versions that pyproject.toml admits
	@scripts/setup lowest
	.venv-lowest/bin/python -m pytest $(PARALLEL) -m "not window and not qt"

test-qt: ## run the tests of the Qt windows, in an environment of their own
	@scripts/setup qt
	.venv-qt/bin/python -m pytest -m qt tests/window

lint: ## check style, format and types
	@scripts/setup lint
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

wheel: ## build the wheel into dist/, and print how to install it
	@scripts/setup wheel
	@rm -f dist/wesktop-*.whl
	@.venv-wheel/bin/python -m hatchling build -t wheel -d dist
	@for wheel in "$$PWD"/dist/wesktop-*.whl; do \
		echo "Install it with:     pip install '$$wheel'"; \
		echo "or with its extras:  pip install '$$wheel[qt,top]'"; done

bench: ## measure starts, requests and the supervisor beside their peers
	@scripts/setup bench
	.venv-bench/bin/python benchmarks/startup.py
	.venv-bench/bin/python -m benchmarks.requests
	.venv-bench/bin/python -m benchmarks.sse
	.venv-bench/bin/python -m benchmarks.supervisor

fuzz: ## fuzz what reads others' bytes, for a quarter of an hour
	@scripts/setup fuzz
	.venv-fuzz/bin/python scripts/fuzz.py

mutants: ## check that the tests notice small changes to the product; ONLY=fleet chooses some
	@scripts/setup test
	.venv/bin/python scripts/mutants.py --jobs $(JOBS) --only $(ONLY)

soak: ## load a real app for half an hour while its processes are killed, stopped and replaced
	@scripts/setup test
	PYTHONPATH=tests .venv/bin/python -m soak --minutes $(MINUTES) --seed $(SEED) $(if $(SECONDS),--seconds $(SECONDS))

audit: ## ask whether what wesktop and its extras install has known vulnerabilities
	@scripts/setup audit
	@.venv-audit/bin/python scripts/audit.py

clean: ## remove everything that the other targets made
	rm -rf .venv .venv-lowest .venv-qt .venv-bench .venv-fuzz .venv-audit .venv-wheel .mypy_cache .pytest_cache .ruff_cache build dist demo.png
	find . -name __pycache__ -prune -exec rm -rf {} +
