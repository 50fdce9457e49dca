# The two commands: `make app` and `make test`. Each makes .venv, installs what is pinned, and runs.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

OLDEST := $(subst .venv,.venv-oldest,$(BIN))
WITHOUT_PAGE := $(addprefix tests/,text audio codec model generation tts) tests/test_cli.py

.PHONY: app test test-slow oldest lint coverage lock sbom clean

app: .venv/app
	$(BIN)/python app.py

# The quick tests.
test: .venv/test
	$(BIN)/python -m pytest -m "not slow"

# The rest: long training, the whole README, long journeys in the browser.
test-slow: .venv/test
	$(BIN)/python -m pytest -m slow

# Without the page, with the oldest versions of the requirements.
oldest: .venv-oldest/test
	$(OLDEST)/python -m pytest -m "not slow" $(WITHOUT_PAGE)

lint: .venv/test
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

# Which lines of the package the quick tests run.
coverage: .venv/test
	$(BIN)/python -m pytest -m "not slow" --cov=phonelm --cov-report=term-missing

# Every package that requirements.txt brings, for every platform and Python, with its hashes.
lock: .venv/app
	$(BIN)/python -m pip install --quiet uv==0.13.9
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-annotate \
		--custom-compile-command "make lock" requirements.txt --output-file requirements.lock

# A software bill of materials, in CycloneDX's JSON.
sbom: .venv/test
	$(BIN)/python -m cyclonedx_py requirements --output-reproducible requirements.lock --output-file sbom.json

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/test: .venv/app requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

.venv-oldest/test: requirements-oldest.txt
	$(PYTHON) -m venv .venv-oldest
	$(OLDEST)/python -m pip install --quiet -r requirements-oldest.txt
	touch $@

clean:
	rm -rf .venv .venv-oldest
