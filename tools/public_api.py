"""Write tests/public_api.txt, the list of all public names, commands and options that a test holds the package to.

    python tools/public_api.py [--allow-removals]

A name, a method, a parameter, a command or an option that is on the list and no longer in the package is refused:
CONTRIBUTING.md's section "What users can rely on" says how such a thing is taken away. After its time, --allow-removals
takes it off the list.
"""

import argparse
import importlib
import inspect
import re
import sys
from pathlib import Path

import skimgrec

LIST = Path(__file__).resolve().parents[1] / "tests" / "public_api.txt"


def packages():
    """Yield the names of the package and of its subpackages."""
    yield "skimgrec"
    yield from sorted(f"skimgrec.{path.parent.name}" for path in Path(skimgrec.__file__).parent.glob("*/__init__.py"))


def default(value):
    """Return a default as text that is the same in every process."""
    if inspect.isfunction(value) or inspect.isclass(value):
        return value.__name__
    return repr(value)


def signature(value):
    """Return a signature without annotations, as text."""
    parts, keyword_only = [], False
    for parameter in inspect.signature(value).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            keyword_only = True
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        given = "" if parameter.default is parameter.empty else f"={default(parameter.default)}"
        parts.append(f"{stars}{parameter.name}{given}")
    return f"({', '.join(parts)})"


def is_ours(member):
    """Return whether a class's member was written here, rather than inherited from scikit-learn, say."""
    function = getattr(member, "__func__", member)
    return getattr(inspect.unwrap(function), "__module__", "").startswith("skimgrec")


def members(cls):
    """Yield the name and the signature of each public method and property that is ours."""
    for name in sorted(set(dir(cls))):
        if name.startswith("_"):
            continue
        member = inspect.getattr_static(cls, name)
        if isinstance(member, property):
            if member.fget is not None and is_ours(member.fget):
                yield name, ""
        elif callable(bound := getattr(cls, name, None)) and is_ours(bound):
            yield name, signature(bound)


def command_line():
    """Return {"skimgrec compare": its arguments, "skimgrec compare --cv": ""} of all commands and their options."""
    import typer

    from skimgrec.cli import app

    found = {}
    group = typer.main.get_command(app)
    for words, command in [("skimgrec", group), *((f"skimgrec {name}", each) for name, each in group.commands.items())]:
        arguments = [each.name for each in command.params if each.param_type_name == "argument"]
        found[words] = f"({', '.join(arguments)})"
        for each in command.params:
            if each.param_type_name == "option":
                found |= {f"{words} {option}": "" for option in (*each.opts, *each.secondary_opts)}
    return found


def public_api():
    """Return {name: signature} of all that is public, an empty signature for what takes no call."""
    found = command_line()
    for package in packages():
        module = importlib.import_module(package)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            dotted = f"{package}.{name}"
            if inspect.isclass(value):
                # Users catch errors, and do not make them.
                found[dotted] = "" if issubclass(value, BaseException) else signature(value)
                found |= {f"{dotted}.{member}": shape for member, shape in members(value)}
            else:
                found[dotted] = signature(value) if inspect.isfunction(value) else ""
    return found


def listed(text):
    """Return {name: signature} as the list has it."""
    entries = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition("(")
            entries[name] = f"({rest}" if rest else ""
    return entries


def parameters(shape):
    """Return the names of the parameters of a signature's text, and of those that may be given by position."""
    names, by_position, depth, start, positional = [], [], 0, 1, True
    # Commas and brackets within quotes are no punctuation.
    bare = re.sub(r"""(['"]).*?\1""", lambda match: "_" * len(match[0]), shape)
    for place, letter in enumerate(bare):
        depth += (letter in "([{") - (letter in ")]}")
        if (letter == "," and depth == 1) or (letter == ")" and depth == 0):
            part = shape[start:place].strip()
            start = place + 1
            if part.startswith("*"):
                positional = False
            elif part:
                names.append(part.partition("=")[0])
                if positional:
                    by_position.append(names[-1])
    return names, by_position


def taken_away(before, now):
    """Return a sentence for each thing that code which relied on `before` would miss."""
    lost = []
    for name, shape in before.items():
        if name not in now:
            lost.append(f"{name} is gone.")
            continue
        (old, old_places), (new, new_places) = parameters(shape), parameters(now[name])
        open_ended = "**" in now[name]
        lost += [f"{name} no longer takes {each}." for each in old if each not in new and not open_ended]
        kept = [each for each in old_places if each in new]
        if new_places[: len(kept)] != kept:
            lost.append(f"{name} no longer takes {', '.join(kept)} by position, in this order.")
    return lost


def main():
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--allow-removals", action="store_true", help="take off the list what is no longer there")
    options = parser.parse_args()
    now = public_api()
    lost = taken_away(listed(LIST.read_text(encoding="utf-8")), now) if LIST.exists() else []
    if lost and not options.allow_removals:
        sys.exit(
            "\n".join(lost) + "\nCONTRIBUTING.md, 'What users can rely on', says how a thing is taken away; after its"
            " time, --allow-removals takes it off the list."
        )
    head = "# Commands, public names and their signatures; written by `make api`, held by tests/test_public_api.py.\n"
    LIST.write_text(head + "".join(f"{name}{now[name]}\n" for name in sorted(now)), encoding="utf-8")


if __name__ == "__main__":
    main()
