# One command each: `make demo` runs the main job, `make test` the tests, `make check` everything static.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
# Compiled once, here: sandboxes only read, and pytest would compile its plugins anew for each run in one.
WRITING := env -u PYTHONDONTWRITEBYTECODE
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export RAY_USAGE_STATS_ENABLED := 0

.PHONY: demo test thorough check bench chaos external mutants clean lock setup

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (a minute or two the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --disable-pip-version-check "uv>=0.9"
	@$(BIN)/uv pip sync -q --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation --python $(BIN)/python -e .
	@$(WRITING) $(BIN)/python -m compileall -q swarm
	@$(WRITING) $(BIN)/python -m pytest -q --collect-only tests/settings >/dev/null
	@touch $@

demo: $(STAMP)
	@$(BIN)/swarm demo

# Everything without Ray on two cores, then the few tests that need a Ray of their own.
test: $(STAMP)
	@$(WRITING) $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not ray and not chaos and not thorough"
	@$(BIN)/python -m pytest -q -m "ray and not chaos"

# Every attack, every planted bug, every hostile case on real sandboxes.
thorough: $(STAMP)
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "thorough and not chaos"

check: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

chaos: $(STAMP)
	@$(BIN)/python -m pytest -q -m chaos

# What others wrote, from npm: real coding agents against models of our own, an imitation of GitHub (with Node
# 22.15 or newer), what GitHub's webhooks send. Takes npm and about 1 GB.
external: $(STAMP)
	@mkdir -p build/external
	@cd build/external && npm install --no-audit --no-fund @anthropic-ai/claude-code @openai/codex opencode-ai @google/gemini-cli @agentclientprotocol/claude-agent-acp @copilotkit/aimock emulate@0.12.2 @octokit/webhooks-examples@7.6.1
	@EXTERNAL_AGENTS="$(CURDIR)/build/external" $(BIN)/python -m pytest -q tests/external

# Mistakes planted into the market, each of which its tests must catch.
mutants: $(STAMP)
	@$(BIN)/python -m benchmarks.market_mutants

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

lock:
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --group dev --python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
