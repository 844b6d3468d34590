# `make demo` runs the main job, `make test` passes the tests. Both set themselves up: all they need is
# Python 3.11 or newer with venv. Another Python than python3: make PYTHON=python3.13 test

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.PHONY: help demo test check format pages words bench million storm soak wheel lock clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    the whole way of one statement, on this machine only'
	@echo 'make test    everything that must hold: style, types, tests'
	@echo 'make check   style and types only;  make format  mend the style'
	@echo 'make pages   print the pages in docs/ that are printed from the code'
	@echo 'make words   bring the catalogues in templates/words in line with the texts, and count what lacks words'
	@echo 'make bench   how fast it sends, beside Postfix; make million  the same with a million readers'
	@echo 'make storm   a thousand readers a second leave by one click while a mailing goes out'
	@echo 'make soak    longer runs of the fault tests, ten minutes; ARGS="--seed 7 --runs 100 --minutes 60"'
	@echo 'make wheel   build dist/*.whl;  make lock  choose newer dependencies;  make clean'

demo: $(VENV)/runtime
	@$(BIN)/mailer demo $(ARGS)

test: check
	$(BIN)/python -m pytest -p tests.house.no_skips -n logical $(ARGS)

check: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pages: $(VENV)/dev
	$(BIN)/python -m tests.house.pages --write

words: $(VENV)/dev
	$(BIN)/python -m tests.house.catalogues --write

# The runtime and the tools, because PostgreSQL to measure on comes with them.
bench: $(VENV)/dev
	@$(BIN)/mailer bench $(ARGS)

million: $(VENV)/dev
	@$(BIN)/python -m bench.million $(ARGS)

storm: $(VENV)/dev
	@$(BIN)/python -m bench.storm $(ARGS)

soak: $(VENV)/dev
	@$(BIN)/python -m tests.faults.soak $(ARGS)

wheel: $(VENV)/dev
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

# What builds packages is locked too, so that nothing is ever fetched without a hash: hatchling asks for editables
# when it installs a folder in place, and setuptools builds what comes as source only.
lock: $(VENV)/dev
	@command -v uv >/dev/null || { echo 'make lock needs uv: https://docs.astral.sh/uv/' >&2; exit 1; }
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], "editables", "setuptools", sep="\n")' > $(VENV)/build.in
	$(LOCK) --upgrade --output-file requirements.lock pyproject.toml $(VENV)/build.in
	$(LOCK) --constraint requirements.lock --extra dev --output-file requirements-dev.lock pyproject.toml $(VENV)/build.in

clean:
	rm -rf $(VENV) dist build .mypy_cache .pytest_cache .ruff_cache

# The stamps: a set-up that was broken off is begun again, one that is older than its lock is brought up to it.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'mailer needs Python 3.11 or newer: install it, then name it: make PYTHON=python3.13 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "this Python cannot make a venv: install it, on Debian with: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/runtime: $(VENV)/made requirements.lock pyproject.toml
	@echo 'installing what mailer needs into $(VENV), once'
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/made requirements-dev.lock pyproject.toml
	@echo 'installing what mailer and its tests need into $(VENV), once; this takes a minute'
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --require-hashes --no-build-isolation -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $(VENV)/runtime $@
