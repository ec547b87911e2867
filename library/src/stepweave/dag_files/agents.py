"""Finds an agent's contract by the agent's name in a file."""

import re
from difflib import get_close_matches
from typing import Any

from stepweave.contract.agent import Agent
from stepweave.dag_files.errors import abbreviated
from stepweave.dag_files.node import Node
from stepweave.language.call_site import raised_at
from stepweave.project.agents import agent_contract, agent_names, contract_file

_FOLDER_NAME = re.compile(r"[a-z][a-z0-9_]*")


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
        raise name.error(f"{contract_file(wanted)} defines no agent {wanted!r}", "define it there")
    return contract
