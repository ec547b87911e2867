"""Finds an agent's contract by the agent's name."""

import importlib
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import lambdas
from stepweave.contract.agent import Agent
from stepweave.dag_files.errors import abbreviated
from stepweave.dag_files.node import Node
from stepweave.language.call_site import raised_at

_FOLDER_NAME = re.compile(r"[a-z][a-z0-9_]*")


def agent_names() -> list[str]:
    """Return the names of all agents: the folders below ``lambdas/`` that hold a contract and a handler."""
    folders = (path.parent for root in lambdas.__path__ for path in Path(root).glob("*/contract.py"))
    return sorted(folder.name for folder in folders if (folder / "handler.py").is_file())


def agent_contract(name: str) -> Agent[Any, Any] | None:
    """Return the contract that an agent's folder defines; None if its ``contract.py`` defines none of that name.

    Raises
    ------
    Exception
        Whatever the import of ``contract.py`` raises.
    """
    module = importlib.import_module(f"{lambdas.__name__}.{name}.contract")
    return next((value for value in vars(module).values() if isinstance(value, Agent) and value.name == name), None)


def find_agent(name: Node) -> Agent[Any, Any]:
    """Return the contract of the agent that a file names.

    Raises
    ------
    DagFileError
        If there is no such agent, or its contract cannot be imported.
    """
    wanted = name.text()
    known = agent_names()
    if wanted not in known or not _FOLDER_NAME.fullmatch(wanted):
        close = get_close_matches(wanted, known, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        raise name.error(f"there is no agent {abbreviated(wanted)}", remedy)
    try:
        contract = agent_contract(wanted)
    except Exception as error:
        where = f", at {place}" if (place := raised_at(error)) else ""
        what = f"{type(error).__name__}: {error}{where}"
        raise name.error(f"the contract of agent {wanted!r} cannot be imported: {what}") from error
    if contract is None:
        raise name.error(f"lambdas/{wanted}/contract.py defines no agent {wanted!r}", "define it there")
    return contract
