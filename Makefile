# make demo    build, train on the digits that come with ffnn, race NumPy, leave demo.png
# make test    the whole suite, and all that depends on it for each other instruction set
# make bench   the races; RACE=name runs one of them or a group (benchmarks/README.md)
# make notebooks   executes the notebooks and stores their outputs
# make planted   the planted bugs, and the tests that notice them (tests/planted/README.md)
# make coverage  the lines that the tests reach
# make docs    the site, docs/_build/html/index.html; notebooks and gallery are run for it
# make core    the core without Python against naive loops (tests/core/core_check.mk says more)
# make core-everywhere   the same for twelve platforms, by emulators (tests/core/everywhere)
# make wheels  a wheel for each Python of this machine, for any Linux since 2014 (.ci/wheels)
# make clean   remove what was built
#
# All runs in the virtual environment that is active; where none is, in .venv, made on demand.
# Needs make, a C compiler and Python 3.11 or newer (PYTHON=... names it).

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c \
    'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
ENV := $(or $(VIRTUAL_ENV),.venv)
RUN := $(ENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --quiet

.PHONY: demo test bench notebooks docs planted coverage core core-everywhere wheels clean \
    build-demo build-test build-bench build-notebooks build-docs build-platforms build-dev
.DELETE_ON_ERROR:

# The NumPy twins work on small arrays, where a second thread of the BLAS costs more than it gives.
test: export OPENBLAS_NUM_THREADS ?= 1

demo: build-demo
	$(RUN) -m benchmarks.demo

test: build-test
	@set -e; marks=""; \
	available=$$($(RUN) -c "from ffnn import _ffnn; print(*_ffnn.config()['available'])"); \
	for isa in $$available; do \
	    echo "== FFNN_ISA=$$isa"; \
	    FFNN_ISA=$$isa $(RUN) -m pytest -m "$$marks" $(PYTEST_ARGS); \
	    marks="not once and not slow and not process"; \
	done

# Rivals take part where they are installed: pip install ".[rivals]" is some gigabytes.
bench: build-bench
	$(RUN) -m benchmarks --save $(RACE)

notebooks: build-notebooks
	$(RUN) notebooks/execute.py

planted: build-test
	@$(RUN) tests/planted/run.py "$(PLANTED)"

coverage: build-dev
	@$(RUN) tests/planted/reach.py "$(PART)"

# A warning is an error: a name that no page describes, a link within the site that leads nowhere.
docs: build-docs
	$(RUN) -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo docs/_build/html/index.html

core:
	@$(MAKE) --no-print-directory -f tests/core/core_check.mk

core-everywhere: build-platforms
	PYTHON=$(RUN) bash tests/core/everywhere $(TARGETS)

wheels: build-platforms
	PYTHON=$(RUN) bash .ci/wheels

clean:
	rm -rf build dist *.egg-info ffnn/*.so demo.png docs/_build docs/auto_gallery docs/notebooks \
	    docs/reference docs/README.txt docs/sg_execution_times.rst

# The first time installs the tree in place, with the extra that the command needs; from then on
# only what changed in csrc/ is compiled.
build-demo: $(ENV)/ffnn-plot.stamp
build-test: $(ENV)/ffnn-test.stamp
build-bench: $(ENV)/ffnn-bench.stamp
build-notebooks: $(ENV)/ffnn-execute.stamp
build-docs: $(ENV)/ffnn-docs.stamp
build-platforms: $(ENV)/ffnn-platforms.stamp
build-dev: $(ENV)/ffnn-dev.stamp
build-demo build-test build-bench build-notebooks build-docs build-platforms build-dev:
	@$(RUN) setup.py --quiet build_ext --inplace

$(ENV)/ffnn-%.stamp: pyproject.toml | $(RUN)
	$(PIP) install "setuptools>=77" "numpy>=2.0"
	$(PIP) install --no-build-isolation --editable ".[$*]"
	@touch $@

$(RUN):
	@test -n "$(PYTHON)" || { echo "ffnn needs Python 3.11 or newer: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(ENV)
