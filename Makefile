# Every target works on a fresh clone with make and a Python from 3.11 to 3.14: the first one needed makes .venv.

PYTHONS ?= python3.14 python3.13 python3.12 python3.11 python3
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed

.PHONY: install run test quick thorough check picture rules kpis french bench reliability lock clean

install: $(STAMP)

run: $(STAMP)
	$(BIN)/parcours up --demo

# Three processes for two cores: one plays what starts servers, which for half of its time only waits.
# What a process is given, and in which order, says tests/support/spread.py.
SPREAD := --numprocesses 3

test: $(STAMP)
	$(BIN)/python -m pytest $(SPREAD)

# What one wants to know every few minutes: the pure rooms and the journeys, with a tenth of the examples.
quick: $(STAMP)
	QUICK_TESTS=1 $(BIN)/python -m pytest --numprocesses 2 tests/domain tests/documents tests/language tests/channels tests/render tests/journeys

# Every property on three times as many examples: for the night.
thorough: $(STAMP)
	THOROUGH_TESTS=1 $(BIN)/python -m pytest $(SPREAD)

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/parcours check journeys/

# docs/house.md and its picture, from the imports.
picture: $(STAMP)
	$(BIN)/python -m tests.support.picture

# The sentences of the French catalogue, from the source: what is new stands there empty.
french: $(STAMP)
	$(BIN)/python -m tests.support.sentences

# docs/rules.md and docs/fr/rules.md, from the rules of `check`.
rules: $(STAMP)
	$(BIN)/python -m tests.support.rules_page

# The tables of docs/kpis.md and docs/fr/kpis.md, from the registry of figures.
kpis: $(STAMP)
	$(BIN)/python -m tests.support.kpis_page

bench: $(STAMP)
	$(BIN)/python -m tests.bench $(ARGS)

reliability: $(STAMP)
	$(BIN)/python -m tests.reliability kills
	$(BIN)/python -m tests.reliability fuzz

# Keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-strip-extras $(UPGRADE) \
		--extra dev pyproject.toml --output-file requirements.lock

# Leaves var/ alone: it holds the record of what was sent to whom.
clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find orchestrator channels flows tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --no-deps: the lock is the whole answer, so pip need not solve it again (an older pip takes a minute for that).
# --no-build-isolation: setuptools came with the lock, so nothing is fetched that the lock does not name.
# --compile: importing Prefect takes twice as long without bytecode.
$(STAMP): requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { $(make_venv) }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Takes the first Python that is new enough and can make environments. Debian cuts ensurepip out of its own.
define make_venv
	unset suitable; \
	for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue; \
		suitable=$${suitable:-$$python}; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
		echo "$$python -m venv $(VENV)"; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ -z "$$suitable" ]; then \
		echo "Parcours needs a Python from 3.11 to 3.14; none of these is one: $(PYTHONS)" >&2; \
	else \
		version=$$("$$suitable" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$$suitable cannot make virtual environments. On Debian and Ubuntu type: apt install python$$version-venv" >&2; \
	fi; \
	exit 1;
endef
