"""What a contract implies for the payload bucket."""

from datetime import timedelta
from typing import ClassVar

import pytest
from pydantic import BaseModel

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.payload_access import PayloadAccess, payload_access, stored_objects
from stepweave.contract.agent import Agent
from stepweave.contract.stored import Stored
from stepweave.functions.replayer.contract import replayer

SCANS = Stored("scans/", kept=timedelta(days=90))


class Nothing(BaseModel):
    pass


class Scan(BaseModel):
    stored: ClassVar[Stored] = SCANS

    key: str = "scans/1"


class Tree(BaseModel):
    """A model that holds itself, with what is sought at some depth."""

    children: "list[Tree]" = []
    scans: dict[str, list[Scan | None]] = {}


class Published(BaseModel):
    files: tuple[Scan, ...] = ()


def agent(input: type[BaseModel] = Nothing, output: type[BaseModel] = Nothing) -> Agent[BaseModel, BaseModel]:
    return Agent(name="agent", input=input, output=output)


OWN = PayloadAccess(reads=("results/",), writes=("results/",))


def test_every_agent_moves_its_results_and_no_more() -> None:
    assert payload_access(agent()) == OWN
    assert payload_access(replayer) == OWN


@pytest.mark.parametrize("model", [Scan, Tree, Published])
def test_who_is_given_a_model_of_something_stored_reads_it_and_who_returns_one_writes_it(
    model: type[BaseModel],
) -> None:
    assert payload_access(agent(input=model)) == PayloadAccess(("results/", "scans/"), OWN.writes)
    assert payload_access(agent(output=model)) == PayloadAccess(OWN.reads, ("results/", "scans/"))


def test_what_is_stored_is_said_once() -> None:
    assert stored_objects([agent(Scan), agent(output=Tree), agent()]) == [SCANS]


def test_one_prefix_is_kept_for_one_time() -> None:
    class Other(BaseModel):
        stored: ClassVar[Stored] = Stored("scans/")

    with pytest.raises(SynthesisError, match="objects below scans/ are kept for 90 days here and for 30 elsewhere"):
        stored_objects([agent(Scan, Other)])


@pytest.mark.parametrize("prefix", ["", "/", "scans", "Scans/", "a/b/", "results/", "../", "*/"])
def test_a_prefix_that_cannot_be_one_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        Stored(prefix)


@pytest.mark.parametrize("kept", [timedelta(), timedelta(hours=36), timedelta(days=-1), timedelta(days=4000)])
def test_a_time_that_a_bucket_does_not_know_is_refused(kept: timedelta) -> None:
    with pytest.raises(ValueError, match="whole days"):
        Stored("scans/", kept)
