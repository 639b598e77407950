# Everything happens in .venv, which tools/setup_venv.sh makes and keeps up to date.

# The interpreter to use; empty: the first suitable one of python3.13, python3.12, python3.11, python3, python.
PYTHON ?=
# More arguments for the programs below, as in: make test PYTEST="-k flattener", make compare COMPARE="mnist --limit 5000".
COMPARE ?= digits
PYTEST ?=
BENCH ?=
# The interpreters for test-dist, such as "python3.11 python3.13"; empty: those that are found.
# Those for pins, the oldest first; empty: python3.11, python3.12 and python3.13.
PYTHONS ?=
# How many processes share the whole suite; each takes up to two GB. What PYTEST chooses runs in one.
WORKERS ?= 2

SETUP = @PYTHON="$(PYTHON)" sh tools/setup_venv.sh
BIN = .venv/bin

# All targets set up one and the same .venv.
.NOTPARALLEL:

.PHONY: help compare test test-jax test-ray test-torch test-dist test-all lint docs bench api pins clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

compare: ## compare eight classifiers on the same splits of scikit-learn's digits
	$(SETUP)
	@$(BIN)/skimgrec compare $(COMPARE)

test: lint ## lint, types, and the whole test suite with the doctests and the README's code
	@echo "== pytest: unit tests, doctests, README"
	@$(BIN)/python -m pytest $(or $(PYTEST),-n $(WORKERS) --dist worksteal)

test-jax: ## the tests of the networks on JAX, in an environment without TensorFlow
	@PYTHON="$(PYTHON)" sh tools/test_jax.sh tests/neural_network tests/test_check_estimator.py \
		tests/inspection/test_grad_cam.py tests/inspection/test_feature_maps_display.py

test-ray: ## the tests of comparisons on a cluster on Ray, in an environment of its own
	@PYTHON="$(PYTHON)" sh tools/test_ray.sh

test-torch: ## the code of the pages for users of skorch and fastai, in an environment of its own (6 GB)
	@PYTHON="$(PYTHON)" sh tools/test_torch.sh

test-dist: ## wheel and sdist in empty environments, oldest and newest packages; PYTHONS names the interpreters
	$(SETUP)
	@$(BIN)/python tools/smoke_dist.py $(if $(PYTHONS),--python $(PYTHONS))

test-all: test docs test-jax test-ray test-torch test-dist ## everything: also the whole gallery, JAX, Ray, PyTorch, and wheel and sdist on every Python

lint: ## ruff and mypy only
	$(SETUP) test
	@echo "== ruff check"
	@$(BIN)/ruff check
	@echo "== ruff format --check"
	@$(BIN)/ruff format --check
	@echo "== mypy"
	@$(BIN)/mypy

docs: ## the documentation in docs/_build/html, warnings as errors; SKIMGREC_GALLERY=quick runs three examples
	$(SETUP) docs
	@echo "== sphinx"
	@$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs docs/_build/html
	@$(BIN)/python tools/check_links.py docs/_build/html $(if $(filter quick,$(SKIMGREC_GALLERY)),--no-examples)

# MNIST and CIFAR-10 are downloaded, unless the folder that SKIMGREC_DATA names holds them; rows on cats and dogs need
# cats_vs_dogs in that folder.
bench: ## every measurement in benchmarks/, benchmarks/results.json and the page made of it; BENCH="--only hog import"
	$(SETUP) bench
	@$(BIN)/python benchmarks/run_all.py $(BENCH)

api: ## write tests/public_api.txt anew, the list of public names and their signatures
	$(SETUP) test
	@$(BIN)/python tools/public_api.py

pins: ## write constraints.txt anew, with python3.11, python3.12 and python3.13; PYTHONS names others
	$(SETUP)
	@$(BIN)/python tools/pins.py $(or $(PYTHONS),python3.11 python3.12 python3.13)

clean: ## remove what the targets above made
	rm -rf .venv .venv-jax .venv-ray .venv-torch build dist docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find skimgrec tests benchmarks examples docs tools -name __pycache__ -type d -prune -exec rm -rf {} +
