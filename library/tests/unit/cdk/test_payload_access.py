"""What a contract implies for the payload bucket."""

import pytest
from pydantic import BaseModel

from lambdas.reporter.contract import ReportFile, reporter
from lambdas.shared.repository.contract import RepoRef
from stepweave.cdk.payload_access import PayloadAccess, payload_access
from stepweave.contract.agent import Agent
from stepweave.functions.replayer.contract import replayer


class Nothing(BaseModel):
    pass


class Tree(BaseModel):
    """A model that holds itself, with what is sought at some depth."""

    children: "list[Tree]" = []
    repos: dict[str, list[RepoRef | None]] = {}


class Published(BaseModel):
    files: tuple[ReportFile, ...] = ()


def access(input: type[BaseModel] = Nothing, output: type[BaseModel] = Nothing) -> PayloadAccess:
    return payload_access(Agent(name="agent", input=input, output=output))


def test_every_agent_moves_its_results_and_no_more() -> None:
    assert access() == PayloadAccess(reads=("results/",), writes=("results/",))
    assert payload_access(replayer) == access()


@pytest.mark.parametrize("model", [RepoRef, Tree])
def test_who_is_given_a_repository_at_any_depth_reads_repositories(model: type[BaseModel]) -> None:
    assert access(input=model) == PayloadAccess(reads=("repositories/", "results/"), writes=("results/",))
    assert access(output=model) == access()


def test_who_returns_report_files_writes_reports() -> None:
    assert access(output=Published) == PayloadAccess(reads=("results/",), writes=("reports/", "results/"))
    assert access(input=Published) == access()


def test_the_reporter_does_both() -> None:
    assert payload_access(reporter) == PayloadAccess(
        reads=("repositories/", "results/"), writes=("reports/", "results/")
    )
