"""The commands in the README and the documentation exist, with the options and names that stand there."""

import ast
import re
import shlex
import tomllib
from importlib import import_module
from importlib.util import find_spec

import pytest
import typer

import skimgrec
from skimgrec.cli import app
from skimgrec.cli._training import model_with
from skimgrec.cli._values import folds_of, held_out_of, names_of, seconds_of, train_sizes_of
from skimgrec.model_selection import parse_params, plan_search
from skimgrec.model_selection._arguments import scorers_of
from skimgrec.neural_network._augmentation import NAMED

from ._pages import PAGES, ROOT, blocks

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
COMMANDS = typer.main.get_command(app).commands
# How the command line reads what it takes as text.
READERS = {
    "cv": folds_of,
    "val": held_out_of,
    "train_sizes": train_sizes_of,
    "fit_timeout": lambda text: seconds_of("--fit-timeout", text),
    "budget": lambda text: seconds_of("--budget", text),
    "models": lambda text: skimgrec.candidates(names_of(text)),
    "model": lambda text: skimgrec.candidates([text]),
    "metrics": lambda text: scorers_of(names_of(text)),
    "augment": lambda text: NAMED[text],
    "features": lambda text: text.endswith(".skimgrec") or skimgrec.make_feature_union(text),
}


def console_lines(page, text):
    """Return the commands in a page's blocks for a console, as lists of words: no prompts, comments or output."""
    lines = []
    for block in blocks(page, text):
        if block.language not in ("console", "sh"):
            continue
        given = [line.strip() for line in re.sub(r"\\\n\s*", " ", block.text).splitlines()]
        if any(line.startswith("$ ") for line in given):
            given = [line[2:] for line in given if line.startswith("$ ")]
        lines += [words for line in given if (words := shlex.split(line, comments=True))]
    return lines


def literals(page, text):
    """Return what stands in a page as code in the text, each in one line."""
    quote = "`" if page.endswith(".md") else "``"
    prose = re.sub(r"^ *(```|~~~).*?^ *(```|~~~)", "", text, flags=re.M | re.S)
    found = re.findall(rf"(?<!`){quote}([^`]+){quote}(?!`)", prose)
    return [" ".join(literal.split()) for literal in found]


def known_to(command):
    """Return the options of a command of skimgrec's."""
    return {"--help", *(option for one in command.params for option in (*one.opts, *one.secondary_opts))}


def options_of(words):
    return [word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)]


def check_skimgrec(words):
    """Let a command read its arguments, and look its names up, without running it."""
    if words[:1] == ["--version"]:
        return
    assert words[0] in COMMANDS, f"skimgrec has no command {words[0]!r}"
    command = COMMANDS[words[0]]
    params = command.make_context(f"skimgrec {words[0]}", list(words[1:])).params
    for name, read in READERS.items():
        # The model of some commands is a file.
        if isinstance(params.get(name), str):
            read(params[name])
    if words[0] == "tune":
        how = {name: params[name] for name in ("method", "n_iter", "resource", "factor")}
        plan_search(params["model"], parse_params(params["param"]), **how)
    elif params.get("param"):
        model_with(params["model"], {}, params["param"], threads=None, seed=0)


def check_script(words):
    """Look for a script of the repository, and for its options in its text."""
    [path] = [path for path in (ROOT / words[0], ROOT / "examples/cats_vs_dogs" / words[0]) if path.is_file()] or [None]
    assert path is not None, f"there is no script {words[0]}"
    text = path.read_text(encoding="utf-8")
    for option in options_of(words[1:]):
        assert f'"{option}"' in text, f"{words[0]} has no option {option}"


def check_python(words):
    """Look for a script, or compile the code of ``-c`` and look for the names of skimgrec in it."""
    if words[0] == "-c":
        for node in ast.walk(ast.parse(words[1])):
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    assert hasattr(import_module(node.module), name.name), f"{node.module} has no {name.name}"
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "skimgrec":
                assert hasattr(skimgrec, node.attr), f"skimgrec has no {node.attr}"
    elif words[0] == "-m":
        assert find_spec(words[1]) is not None, f"there is no module {words[1]}"
    else:
        check_script(words)


def check_make(words):
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.M))
    variables = set(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, flags=re.M))
    for word in words:
        name, equals, _ = word.partition("=")
        assert name in (variables if equals else targets), f"the Makefile has no {name}"


def check_pip(words):
    assert words[0] == "install"
    for word in words[1:]:
        if extra := re.fullmatch(r"(?:\.|skimgrec)\[(.*)\]", word):
            assert set(extra[1].split(",")) <= set(EXTRAS), f"pyproject.toml has no extra {extra[1]!r}"


def check_source(words):
    assert words == [".venv/bin/activate"]


def check_dask(words):
    from distributed.cli import dask_scheduler, dask_worker

    {"scheduler": dask_scheduler, "worker": dask_worker}[words[0]].main.make_context(words[0], list(words[1:]))


def check_ray(words):
    assert words[0] == "start"  # Ray is not installed here


CHECKS = {
    "skimgrec": check_skimgrec,
    "python": check_python,
    "make": check_make,
    "pip": check_pip,
    "source": check_source,
    "dask": check_dask,
    "ray": check_ray,
}


def check(words):
    """Check a command, which may begin with settings of the environment."""
    words = list(words)
    while re.match(r"[A-Z_]+=", words[0]):
        del words[0]
    for redirection in (">", "|"):
        words = words[: words.index(redirection)] if redirection in words else words
    program = words[0].rpartition("/")[2]
    assert program in CHECKS, f"no check for {program!r}; those here are for {', '.join(CHECKS)}"
    CHECKS[program](words[1:])


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if console_lines(page, text)])
def test_commands_in_blocks_are_understood(page):
    for words in console_lines(page, PAGES[page]):
        check(words)


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_files_in_the_text_exist(page):
    for literal in literals(page, PAGES[page]):
        if command := re.match(r"skimgrec ([a-z]+)\b(.*)", literal):
            assert command[1] in COMMANDS, f"{literal}: skimgrec has no such command"
            known = known_to(COMMANDS[command[1]])
            assert set(options_of(command[2].split())) <= known, (
                f"{literal}: options of {command[1]} are {sorted(known)}"
            )
        elif re.match(r"([A-Z_]+=\S+ )*python .*\.py\b", literal):
            check(shlex.split(literal))
        elif re.fullmatch(r"(benchmarks|examples|tools|tests|docs|skimgrec)/[\w/]+\.\w+", literal):
            assert (ROOT / literal).is_file(), f"there is no {literal}"


@pytest.mark.parametrize("page", PAGES)
def test_options_that_are_named_alone_are_those_of_some_program(page):
    known = set().union(*map(known_to, COMMANDS.values()))
    programs = [path for folder in ("benchmarks", "examples", "tools") for path in (ROOT / folder).glob("*.py")]
    scripts = "".join(path.read_text(encoding="utf-8") for path in programs if path.name in PAGES[page])
    for literal in literals(page, PAGES[page]):
        if literal.startswith("--"):
            for option in options_of(literal.split()):
                assert option in known or f'"{option}"' in scripts or option == "--full", f"{page}: what has {option}?"


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_in_the_help_are_understood(name):
    text = " ".join(COMMANDS[name].help.split())
    for example in re.findall(r"Example: (skimgrec .*?)(?= Example:|$)", text):
        check(shlex.split(example))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/install.rst"])
def test_make_targets_in_the_text_exist(name):
    mentioned = set(re.findall(r"(?:`|^\s*)make ([a-z-]+)", PAGES[name], flags=re.M))
    assert mentioned
    for target in mentioned:
        check_make([target])


@pytest.mark.parametrize(
    "line",
    [
        "skimgrec compair digits",
        "skimgrec compare digits --colour",
        "skimgrec compare digits --models forrest",
        "skimgrec compare digits --cv 1",
        "skimgrec train pictures",
        "skimgrec train pictures --epochs many -o x.skimgrec",
        "skimgrec compare digits --metrics acuracy",
        "skimgrec tune digits --model knn --param neighbours=1,2",
        "skimgrec tune digits --model knn --param n_neighbors=1,2 --method bayes",
        "skimgrec tune digits --model knn --param n_neighbors=1,2 --method halving --resource epochz",
        "skimgrec train pictures --param filter=32 -o x.skimgrec",
        "skimgrec train pictures --augment lihgt -o x.skimgrec",
        "skimgrec similar digits x.png --features hogg",
        "python benchmarks/bench_nothing.py",
        "python benchmarks/bench_hog.py --colour",
        "python -c 'import skimgrec; skimgrec.nothing()'",
        "python -c 'from skimgrec import nothing'",
        "python -m nothing",
        "make nothing",
        "make compare NOTHING=1",
        "pip install '.[nothing]'",
        "pip install 'skimgrec[nothing]'",
        "source .venv/activate",
        "dask nothing",
        "nothing",
    ],
)
def test_what_does_not_exist_is_noticed(line):
    with pytest.raises(BaseException) as error:  # noqa: PT011  each program has its own
        check(shlex.split(line))
    assert isinstance(error.value, Exception)
    check(shlex.split("SKIMGREC_DATA=FOLDER python benchmarks/bench_hog.py --quick > out.txt"))


@pytest.mark.parametrize(
    "line",
    [
        "skimgrec compare digits --models forest --cv 2 --metrics accuracy",
        "skimgrec tune digits --model knn --param n_neighbors=1,2 --method halving --resource leaf_size",
        "skimgrec train pictures --param filters=32 --augment light -o x.skimgrec",
        "skimgrec similar digits x.png --features hog",
        "python -m skimgrec",
        "python -c 'from skimgrec import compare'",
        "make compare COMPARE=1",
        "pip install '.[plots]' 'skimgrec[dask]'",
        "source .venv/bin/activate",
    ],
)
def test_what_exists_is_understood(line):
    check(shlex.split(line))


PAGE = r"""
.. code-block:: console

   $ a b \
       --c d   # why
   printed

Text

.. code-block:: console

   # no
   e
"""


def test_commands_are_found_in_a_page():
    assert console_lines("x.rst", PAGE) == [["a", "b", "--c", "d"], ["e"]]
    assert console_lines("x.md", "```sh\nmake a   # b\n```\n") == [["make", "a"]]
    assert literals("x.rst", "Text ``a\nb`` and `c`.") == ["a b"]
    assert literals("x.md", "Text `a\nb`.\n```sh\nc\n```\n") == ["a b"]
