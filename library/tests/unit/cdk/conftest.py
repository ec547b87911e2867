"""One synthesized application, shared by the tests, since jsii is slow."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdas.reader.contract import reader
from lambdas.shared.texts import Texts
from state_machines.word_count import word_count
from stepweave.cdk.bundle import Bundler
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT
from stepweave.cdk.platform import Platform
from stepweave.cdk.settings import Settings
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.contract.agent import Agent
from stepweave.contract.breaker import Breaker
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.project.agents import LIBRARY_AGENTS, agent_names
from stepweave.project.settings import Project
from tests.unit.cdk.assembly import Assembly, Synthesize, read_assembly

SOME_TEXTS = Texts(bucket="bucket", key="texts/0.json", name="naps")
TOUCHING = ("touching", "stored_image", "built_image")
"""Agents of `test_contract_access`."""
IN_WHEELS = frozenset({"aws_lambda_powertools", "aws_xray_sdk", "jsonschema", "pydantic", "pydantic_core"})
"""Packages that functions import out of the wheels that are not installed here."""
PROVIDED = "boto3==1.0 \\\n    --hash=sha256:00\n"


@workflow(timeout=timedelta(minutes=1))
def two_naps() -> ReplayResult:
    """Nap twice."""
    first = replayer("first", seconds=0.1)
    return replayer("second", dependencies=[first])


guarded = Agent(
    name="guarded",
    input=replayer.input,
    output=replayer.output,
    timeout=timedelta(minutes=1),
    breaker=Breaker("github-api"),
)
"""An agent with a circuit breaker."""


@workflow(timeout=timedelta(minutes=1))
def guarded_nap() -> ReplayResult:
    """Nap behind a circuit breaker."""
    return guarded("only", seconds=0.1)


@workflow(timeout=timedelta(minutes=1))
def crossing_naps() -> ReplayResult:
    """Nap in an N, where a nap that another branch waits for may fail."""
    a = replayer("a").optional()
    b = replayer("b").optional()
    c = reader("c", texts=SOME_TEXTS).after(a)
    d = replayer("d").after(a, b)
    return replayer("last").after(c, d)


def no_wheels(requirements: str, target: Path, *, platform: Platform, python: str) -> None:
    """Install nothing, but say what would have been: for bundles that nobody runs."""
    (target / "installed.txt").write_text(f"{platform} {python}\n{requirements}")


def _project_of(settings: Mapping[str, object]) -> Project:
    rest = {name: value for name, value in settings.items() if name != "namespace"}
    return Project(Path(), str(settings.get("namespace", "stepweave")), settings=rest)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose agents have handlers that nobody runs."""
    root = tmp_path_factory.mktemp("project")
    for name in sorted({*agent_names(), guarded.name, *TOUCHING} - set(LIBRARY_AGENTS)):
        agent = root / "lambdas" / name
        agent.mkdir(parents=True)
        (agent / "contract.py").write_text("")
        (agent / "handler.py").write_text(f"# {agent.name}\n")
        (agent / "requirements.txt").write_text(f"{PROVIDED}pydantic==2.12 \\\n    --hash=sha256:11\n")
    return Project(root, "test")


@pytest.fixture(scope="session")
def synthesize(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Synthesize:
    """Synthesize workflows with settings: ``synthesize([...], reserve_concurrency="false")``."""

    def run(
        workflows: Iterable[CompiledWorkflow],
        *,
        dag: CompiledWorkflow | None = None,
        kept: Iterable[Agent[Any, Any]] = (),
        of: Mapping[str, object] | None = None,
        **context: object,
    ) -> Assembly:
        folder = tmp_path_factory.mktemp("assembly")
        app = create_app(folder, {"environment": DEFAULT_ENVIRONMENT, **context})
        settings = Settings.from_context(app.node, _project_of(of or {}))
        bundler = Bundler.of(project, settings)
        bundler = replace(bundler, install=no_wheels, layer_modules=bundler.layer_modules | IN_WHEELS)
        add_stacks(app, workflows, bundler, dag, kept, settings)
        app.synth()
        return read_assembly(folder, settings.names)

    return run


@pytest.fixture(scope="session")
def compiled() -> list[CompiledWorkflow]:
    """The workflows that the tests deploy: the project's, and one each without objects, with gates, with a breaker."""
    return [compile_workflow(workflow) for workflow in (two_naps, word_count, crossing_naps, guarded_nap)]


@pytest.fixture(scope="session")
def assembly(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    return synthesize(compiled)


@pytest.fixture(scope="session")
def other_choices(synthesize: Synthesize, compiled: list[CompiledWorkflow]) -> Assembly:
    """The same, with every setting other than its default."""
    return synthesize(
        compiled,
        reserve_concurrency="true",
        retain_payloads="false",
        alarm_topic_arn="arn:aws:sns:eu-west-1:123456789012:on-call",
        bundle_platform="aarch64-manylinux2014",
    )
