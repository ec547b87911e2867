"""Which agents have functions though no workflow calls them."""

from pathlib import Path

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.kept_agents import kept_agents
from stepweave.cdk.settings import Settings
from stepweave.project.settings import Project, require_project


def names(*kept: str, runs_locally: bool = False) -> list[str]:
    settings = Settings(kept_agents=kept, runs_locally=runs_locally)
    return [agent.name for agent in kept_agents(settings, require_project())]


def test_in_aws_there_are_those_that_the_settings_name() -> None:
    assert names() == []
    assert names("replayer") == ["replayer"]
    assert names("reader", "replayer", "reader") == ["reader", "replayer"]


def test_on_a_laptop_there_is_the_replayer_for_a_dag_file_that_runs_meanwhile() -> None:
    assert names(runs_locally=True) == ["replayer"]
    assert names("reader", "replayer", runs_locally=True) == ["reader", "replayer"]


def test_one_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(SynthesisError, match=r"^kept_agents: there is no agent 'raeder'; there are: .*, replayer"):
        names("raeder")


def test_a_contract_without_its_agent_is_refused_with_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "unnamed_agents" / "payer"
    folder.mkdir(parents=True)
    for file in ("contract.py", "handler.py"):
        (folder / file).write_text("")
    project = Project(tmp_path, "test", agents="unnamed_agents")
    with pytest.raises(SynthesisError, match=r"^kept_agents: unnamed_agents/payer/contract.py defines no Agent named"):
        kept_agents(Settings(kept_agents=("payer",)), project)
