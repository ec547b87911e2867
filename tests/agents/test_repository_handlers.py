"""The handlers of the agents that read a repository check it out and report on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lambdas.analyzer.contract import analyzer
from lambdas.documenter.contract import documenter
from lambdas.linter.contract import linter
from lambdas.security_scanner.contract import security_scanner
from lambdas.shared.repository.contract import RepoRef
from lambdas.tester import contract as tester_contract
from stepweave.contract.agent import Agent
from tests.shared.repository.trees import awkward_tree

AGENTS: list[Agent[Any, Any]] = [linter, security_scanner, analyzer, tester_contract.tester, documenter]
REPO = RepoRef(bucket="payload", key="repositories/x.tar.gz", sha256="0" * 64, name="shop")


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_a_handler_reports_on_the_tree_that_it_checks_out(
    agent: Agent[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_out: list[RepoRef] = []

    @contextmanager
    def checkout(repo: RepoRef) -> Iterator[Path]:
        checked_out.append(repo)
        yield awkward_tree(tmp_path / "tree")

    module = import_module(f"lambdas.{agent.name}.handler")
    monkeypatch.setattr(module, "checkout", checkout)

    report = module.handler.__wrapped__(agent.input(repo=REPO), None)

    assert checked_out == [REPO]
    assert isinstance(report, agent.output)
    said = report.model_dump_json()
    assert agent.output.model_validate_json(said) == report
    assert "caf\\\\xe9.py" in said
    assert str(tmp_path) not in said
