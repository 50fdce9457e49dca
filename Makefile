# The two commands: `make app` and `make test`. Each makes .venv, installs what is pinned, and runs.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif

.PHONY: app test lint clean

app: .venv/app
	$(BIN)/python app.py

test: .venv/test
	$(BIN)/python -m pytest

lint: .venv/test
	$(BIN)/python -m ruff check .

.venv/app: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

.venv/test: .venv/app requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv
