# The commands of the book. `make` alone lists them.

ifeq ($(OS),Windows_NT)
$(error MXNet has no wheel for Windows. Read the book in Binder, which makes \
its environment from environment.yml, use WSL, or use d2l_rw without MXNet: \
pip install .)
endif

SHELL := /bin/sh
STAMP := .venv/.complete
PEERS := .venv-peers/.complete
SECONDS := 60
PORT := 8000
ACTIVATE := . .venv/bin/activate && unset PYTHONPATH PYTHONWARNINGS &&
COMPILE := uv pip compile --quiet --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make requirements'

LIGHTHOUSE := node_modules/.package-lock.json

.PHONY: help html pdf test core peers fuzz bench lighthouse lab serve chapter \
    lint check-links references figures requirements clean
.DELETE_ON_ERROR:

help:
	@echo 'make html          build the book: _build/html/index.html'
	@echo 'make pdf           build the book for paper: _build/pdf/'
	@echo 'make test          execute and compare every chapter, test the rest'
	@echo 'make core          test d2l_rw beside other NumPys and Pythons'
	@echo 'make peers         test d2l_rw beside PyTorch, S3 and Hugging Face'
	@echo 'make fuzz          damage files at random, for SECONDS=60'
	@echo 'make bench         measure d2l_rw beside others: about 20 minutes'
	@echo 'make lighthouse    score the pages, with Lighthouse from npm'
	@echo 'make lab           open the chapters as notebooks in JupyterLab'
	@echo 'make serve         show the book while it is written, on PORT=8000'
	@echo 'make chapter       begin one: NAME=my-chapter TITLE="My Chapter"'
	@echo 'make lint          check code, chapters and spelling'
	@echo 'make check-links   follow the links of the book; EXTERNAL=1: all links'
	@echo 'make references    store the outputs of the chapters anew'
	@echo 'make figures       draw the figures anew'
	@echo 'make requirements  compile the pins from pyproject.toml'
	@echo 'make clean         delete what was built and installed'

html: $(STAMP)
	@$(ACTIVATE) d2lbook build html
	@echo
	@echo 'The book: _build/html/index.html'

pdf: $(STAMP)
	@$(ACTIVATE) sh scripts/paper.sh
	@echo
	@echo 'The book: _build/pdf/reading-and-storage.pdf'

test: $(STAMP) $(PEERS)
	@$(ACTIVATE) sh scripts/tests.sh

core:
	@sh scripts/core_environments.sh

peers: $(STAMP) $(PEERS)
	@sh scripts/peers_tests.sh
	@$(ACTIVATE) python -m pytest -q tests/test_examples.py

fuzz: $(STAMP)
	@$(ACTIVATE) python -m tests.fuzz $(SECONDS)

bench: $(STAMP)
	@$(ACTIVATE) python -m benchmarks && \
	    python -m benchmarks.checkpoints && \
	    python -m benchmarks.conversion && \
	    python -m benchmarks.remote && python -m benchmarks.bulk

lighthouse: html $(LIGHTHOUSE)
	@$(ACTIVATE) python -m benchmarks.lighthouse $(NAME)

lab: html
	@$(ACTIVATE) python -m zipfile -e _build/html/notebooks.zip \
	    _build/notebooks && jupyter lab _build/notebooks

serve: $(STAMP)
	@$(ACTIVATE) python -W ignore -m authoring.serve --port $(PORT)

chapter: $(STAMP)
	@$(ACTIVATE) python -W ignore -m authoring.new_chapter '$(NAME)' '$(TITLE)' \
	    $(if $(PART),--part '$(PART)') \
	    $(if $(DISCUSSION),--discussion '$(DISCUSSION)')

lint: $(STAMP)
	@$(ACTIVATE) ruff check && ruff format --check
	@$(ACTIVATE) python -W ignore -m authoring.lint && \
	    python -m authoring.spelling README.md CONTRIBUTING.md CHANGELOG.md

check-links: html
	@$(ACTIVATE) python -m authoring.links $(if $(EXTERNAL),--external)

references: $(STAMP)
	@$(ACTIVATE) python -m tests.make_references

figures: $(STAMP)
	@$(ACTIVATE) python -m figures

requirements: $(STAMP)
	@$(ACTIVATE) $(COMPILE) --universal \
	    --all-extras --group book pyproject.toml -o requirements.txt
	@$(ACTIVATE) $(COMPILE) \
	    --group pyproject.toml:peers -o requirements-peers.txt
	@$(ACTIVATE) UV_FIND_LINKS="$${UV_FIND_LINKS:-$$PIP_FIND_LINKS}" \
	    $(COMPILE) --constraint requirements-peers.txt \
	    --group pyproject.toml:torch -o requirements-torch.txt

clean:
	@rm -rf _build node_modules .venv .venv-core .venv-peers \
	    .pytest_cache .ruff_cache *.egg-info

$(LIGHTHOUSE): package-lock.json
	@npm ci

$(STAMP): requirements.txt pyproject.toml scripts/environment.sh
	@sh scripts/environment.sh

$(PEERS): requirements-peers.txt requirements-torch.txt \
    scripts/peers_environment.sh $(STAMP)
	@sh scripts/peers_environment.sh
