# Everything happens in a virtual environment of this folder; `make` alone lists what there is.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
EXTRAS ?= dev,report,cluster
TESTS ?= tests
WORKERS ?= 2
MARKS ?= not slow

# Some containers set it; compiling the modules again in each process of the tests takes as long as some of the tests.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fmt golden schema gallery pictures bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime  ## set up, and grade the bundled example submissions
	@sh scripts/demo.sh $(BIN)/grader

test: $(VENV)/.extras  ## set up, and run the tests; MARKS="slow or not slow" for all of them
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "$(MARKS)" $(TESTS)

check: $(VENV)/.extras  ## format, lint and types, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fmt: $(VENV)/.extras  ## format, and fix what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.extras  ## rewrite the golden files; look at the difference with git
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest tests -q -k golden

schema: $(VENV)/.runtime  ## rewrite docs/config.schema.json from the types
	$(BIN)/python -c "import sys; from grader.config.keys import schema; sys.stdout.buffer.write(schema())" > docs/config.schema.json

gallery: $(VENV)/.runtime  ## write gallery/README.md and its pictures again; needs Graphviz
	$(BIN)/python scripts/gallery_page.py

pictures: $(VENV)/.extras  ## make the pictures in docs/images again; those of the class report need chromium
	$(BIN)/python scripts/pictures.py

bench: $(VENV)/.bench  ## measure, as ratios against something else in the same run (ten minutes)
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python benchmarks/whole_class.py
	$(BIN)/python benchmarks/diagnosis.py
	$(BIN)/python benchmarks/home.py
	$(BIN)/python benchmarks/first_use.py
	$(BIN)/python benchmarks/verdicts.py

clean:  ## delete what the other targets made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .grader-cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "error: Python 3.10 or later is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1); try make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "error: $(PYTHON) -m venv failed; on Debian and Ubuntu: apt install python3-venv"; exit 2; }

$(VENV)/.runtime: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e .
	@touch $@

$(VENV)/.extras: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[$(EXTRAS)]'
	@touch $@

$(VENV)/.bench: $(VENV)/.extras
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat -e '.[$(EXTRAS),bench]'
	@touch $@
