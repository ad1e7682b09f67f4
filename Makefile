# Two commands for a newcomer: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPLAY := $(BIN)/logwatch-mx replay --year 2026 --tz UTC --dns zone:samples/maillog/dns.zone

.PHONY: score help demo test lint format bench soak lab lab-smoke lab-long nightly fuzz clean samples
.DEFAULT_GOAL := help

help:
	@echo "make demo      show the main job on real logs (installs itself into $(VENV))"
	@echo "make test      the whole test suite"
	@echo "make lint      ruff, format and mypy --strict"
	@echo "make lab       real Postfix and real sendmail in namespaces (root, some minutes)"
	@echo "make lab-long  two minutes of every kind of loop with every action (half an hour)"
	@echo "make bench     speed against the tools of the trade, in one run"
	@echo "make soak      20 minutes of writing, rotating and killing; is memory flat? (MINUTES=5 for less)"
	@echo "make fuzz      five minutes of hostile input (FUZZ_SECONDS=600 for more)"
	@echo "make nightly   everything that takes long"

# A Debian without python3-venv has a venv module that cannot install pip.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "logwatch_mx needs Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null \
	  || { rm -rf $(VENV); apt-get update -q && apt-get install -qy python3-venv && $(PYTHON) -m venv $(VENV); }
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo "installing logwatch_mx into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.installed
	@echo "installing what the tests need into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'
	@touch $@

demo: $(VENV)/.installed
	@BIN=$(BIN) samples/demo.sh

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -rs -n 2 --dist loadfile -m "not lab and not slow" tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Mail servers that a test waits for are mostly idle: so many tests run at once, each in a world of its own.
WORLDS ?= 4
lab: $(VENV)/.dev
	$(BIN)/python tests/lab/run.py
	$(BIN)/python -m pytest -q -n $(WORLDS) --dist load -m "lab and not slow" tests/lab

lab-smoke: $(VENV)/.dev
	$(BIN)/python tests/lab/run.py
	$(BIN)/python -m pytest -q -n $(WORLDS) --dist load -m "lab and smoke" tests/lab

# Its results are the table in docs/lab-results.md.
lab-long: $(VENV)/.dev
	$(BIN)/python tests/lab/run.py
	$(BIN)/python tests/lab/results.py --worlds $(WORLDS)

bench: $(VENV)/.dev
	$(BIN)/python bench/run.py

score: $(VENV)/.dev
	$(BIN)/python tests/scenarios/score.py

# Without atheris the fuzz says so, and hypothesis has all of the time.
$(VENV)/.fuzz: $(VENV)/.dev
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[fuzz]' || echo "no atheris for this Python"
	@touch $@

FUZZ_SECONDS ?= 300
fuzz: $(VENV)/.fuzz
	$(BIN)/python tests/fuzz/fuzz.py --seconds $(FUZZ_SECONDS)

MINUTES ?= 20
soak: $(VENV)/.dev
	$(BIN)/python tests/soak/soak.py --minutes $(MINUTES)

nightly: $(VENV)/.dev lab lab-long score
	$(BIN)/python -m pytest -q -n 2 -m "slow and not lab" tests
	$(MAKE) soak
	$(MAKE) fuzz FUZZ_SECONDS=1800

clean:
	rm -rf $(VENV) .lab-cache .pytest_cache .mypy_cache .ruff_cache
