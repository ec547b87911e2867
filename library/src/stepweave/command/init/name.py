"""What a project may be called."""

import importlib.metadata
import keyword
import re
import sys
from functools import cache
from typing import Final

from stepweave.command.errors import CommandError
from stepweave.command.terminal.console import one_line
from stepweave.project.settings import is_namespace

_NAME: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
_LONGEST: Final = 64
_FOLDERS: Final = frozenset({"lambdas", "requirements", "scripts", "stacks", "state_machines", "tests"})
_PYTHON: Final = frozenset(name.lower() for name in (*sys.stdlib_module_names, *keyword.kwlist, "test"))


def check_name(name: str) -> None:
    """Refuse a name that would not do as the name of a folder, of a distribution and of a namespace.

    Raises
    ------
    CommandError
        If it is none, or something else that Python imports has it: what is imported would depend on the folder in
        which a program is started.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise CommandError(
            f"{one_line(name)!r} cannot be a project's name",
            f"use letters, digits, hyphens and underscores, at most {_LONGEST}, and begin with a letter",
        )
    module = name.lower().replace("-", "_")
    taken = None
    if module in _PYTHON:
        taken = "Python's own"
    elif module in _FOLDERS:
        taken = "that of a folder that every project has"
    elif module in _installed():
        taken = "that of an installed Python package"
    if taken is not None:
        raise CommandError(f"{name!r} cannot be a project's name: it is {taken}", "choose another one")


def namespace_for(name: str, chosen: str | None) -> str:
    """Return the namespace of a project: the chosen one, or what its name gives.

    Raises
    ------
    CommandError
        If it cannot be one.

    Example
    -------
    >>> namespace_for("Claims_API", None)
    'claimsapi'
    """
    namespace = re.sub("[_-]", "", name.lower()) if chosen is None else chosen
    if not is_namespace(namespace):
        raise CommandError(
            f"{one_line(namespace)!r} cannot be a namespace: it needs lower-case letters and digits, at most 22, and a "
            "letter first",
            "choose one by --namespace",
        )
    return namespace


@cache
def _installed() -> frozenset[str]:
    """Return what installed distributions are called, and what they bring to import."""
    names = {one.metadata["Name"].lower().replace("-", "_") for one in importlib.metadata.distributions()}
    return frozenset({"stepweave", *names, *importlib.metadata.packages_distributions()})
