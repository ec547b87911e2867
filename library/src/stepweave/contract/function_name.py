"""Functions that a project names by text, so that what names them costs no import of them."""

import importlib


def check_function_name(name: str) -> None:
    """Check that a text has the form ``module:function``.

    Raises
    ------
    ValueError
        If it does not.

    Example
    -------
    >>> check_function_name("scripts.folders:prepare")
    """
    module, colon, function = name.partition(":")
    if not colon or not function.isidentifier() or not all(part.isidentifier() for part in module.split(".")):
        raise ValueError(f"{name!r}: name it as module:function, for example scripts.folders:prepare")


def load_function(name: str) -> object:
    """Import what ``module:function`` names.

    Raises
    ------
    ImportError
        If there is no such module.
    AttributeError
        If there is no such function in it.
    """
    module, _, function = name.partition(":")
    found: object = getattr(importlib.import_module(module), function)
    return found
