"""The real application: synthesized as a newcomer does it, checked by cdk-nag and cfn-lint, its bundles tried out."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from stepweave.cdk.naming import ADMISSION, DEAD_LETTERS, DEFAULT_ENVIRONMENT
from stepweave.cdk.platform import this_machine
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.local_cloud.lambda_runtime.managed_runtime import managed_runtime
from stepweave.project.agents import agent_package
from stepweave.project.catalog import workflows
from stepweave.project.settings import require_project

# W3005: the CDK names dependencies that follow from references anyway.
CFN_LINT_OPTIONS = ("--regions", "us-east-1", "eu-central-1", "--ignore-checks", "W3005")


def synthesize(outdir: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``app.py`` with nothing on the path and nothing known of AWS, for the Python that tries the bundles out."""
    return subprocess.run(
        [*(command or (sys.executable, "app.py"))],
        cwd=require_project().root,
        env={
            "PATH": "",
            "HOME": str(outdir.parent),
            "CDK_OUTDIR": str(outdir),
            "CDK_CONTEXT_JSON": json.dumps(this_machine()),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outdir = tmp_path_factory.mktemp("home") / "cdk.out"
    # Bundles that are not there yet are made: with the network as this machine reaches it, and what uv has already.
    network = {
        name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_")) or "PROXY" in name.upper()
    }
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    done = synthesize(outdir, **{"UV_CACHE_DIR": str(caches / "uv"), **network})
    assert done.returncode == 0, done.stderr
    return outdir


@pytest.fixture(scope="module")
def compiled() -> list[CompiledWorkflow]:
    return [compile_workflow(workflow) for workflow in workflows().values()]


def templates(assembly: Path) -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text()) for path in sorted(assembly.glob("*.template.json"))}


def test_it_synthesizes_without_node_home_or_credentials(assembly: Path) -> None:
    assert list(templates(assembly)) == [
        "StepweaveAgents.template.json",
        "StepweaveStorage.template.json",
        "StepweaveWorkflows.template.json",
    ]


@pytest.mark.slow
def test_it_synthesizes_offline_once_the_bundles_are_there(assembly: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    nowhere = "http://127.0.0.1:1"
    done = synthesize(
        again, UV_OFFLINE="1", UV_CACHE_DIR=str(tmp_path / "empty"), HTTPS_PROXY=nowhere, HTTP_PROXY=nowhere
    )
    assert done.returncode == 0, done.stderr
    assert templates(again) == templates(assembly)
    assert sorted(path.name for path in again.glob("asset.*")) == sorted(p.name for p in assembly.glob("asset.*"))


@pytest.mark.slow
def test_a_wrong_setting_from_the_cdk_command_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    done = synthesize(tmp_path / "out", CDK_CONTEXT_JSON=json.dumps({"bundle_platform": "vax"}))
    assert done.returncode == 1
    assert done.stderr.startswith("app.py: context bundle_platform=vax: must be one of")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_so_is_a_setting_that_nobody_reads(tmp_path: Path) -> None:
    done = synthesize(tmp_path / "out", CDK_CONTEXT_JSON=json.dumps({"retain_payload": "true"}))
    assert done.returncode == 1
    assert done.stderr.startswith("app.py: context retain_payload: no such setting; there are: alarm_topic_arn, ")
    assert "Traceback" not in done.stderr


def test_cdk_nag_and_the_cdk_find_nothing(tmp_path: Path, compiled: list[CompiledWorkflow]) -> None:
    app = create_app(tmp_path, {**this_machine(), "environment": DEFAULT_ENVIRONMENT}, validate=True)
    add_stacks(app, compiled)
    assert findings(app) == []


def test_cdk_nag_finds_nothing_whatever_is_chosen(tmp_path: Path, compiled: list[CompiledWorkflow]) -> None:
    chosen: dict[str, object] = {
        "environment": "staging",
        "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/12345678-9abc-def0-1234-56789abcdef0",
        "log_retention_days": "365",
        "removal_policy": "retain",
        "reserve_concurrency": "true",
        "alarm_topic_arn": "arn:aws:sns:eu-west-1:123456789012:on-call",
        "tags": '{"team": "claims"}',
    }
    app = create_app(tmp_path, {**this_machine(), **chosen}, validate=True)
    add_stacks(app, compiled)
    assert findings(app) == []


def test_cdk_nag_would_find_something(tmp_path: Path) -> None:
    app = create_app(tmp_path)
    s3.Bucket(cdk.Stack(app, "Open"), "Bucket")
    assert "AwsSolutions-S10 Open/Bucket/Resource" in findings(app)


def findings(app: cdk.App) -> list[str]:
    """Synthesize with cdk-nag and return what it found, each with its place."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with suppress(RuntimeError):  # the synthesis fails on a finding, after it wrote the report
        app.synth()
    report = json.loads(Path(app.outdir, "validation-report.json").read_text())
    return [
        f"{violation['ruleName']} {construct['constructPath']}"
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    assert cfn_lint(assembly) == []


@pytest.mark.slow
def test_cfn_lint_takes_nothing_for_an_error_but_parameters_of_a_parallel_state(assembly: Path, tmp_path: Path) -> None:
    for name, template in templates(assembly).items():
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)  # where the templates say what cfn-lint has to ignore
        (tmp_path / name).write_text(json.dumps(template))
    false_alarm = re.compile(r"E3601 .* \('Parameters' was unexpected\) at '.*/Parameters'")
    assert [finding for finding in cfn_lint(tmp_path) if not false_alarm.fullmatch(finding)] == []


def cfn_lint(folder: Path) -> list[str]:
    """Return what cfn-lint finds in the templates of a folder."""
    files = sorted(str(path) for path in folder.glob("*.template.json"))
    assert files
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--format", "json", *CFN_LINT_OPTIONS, "--", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    return [f"{finding['Rule']['Id']} {finding['Message']}" for finding in json.loads(done.stdout)]


AGENTS = {agent.name for workflow in workflows().values() for agent in compile_workflow(workflow).agents}


@pytest.mark.parametrize("agent", sorted(AGENTS | {ADMISSION, DEAD_LETTERS}))
def test_a_handler_imports_from_its_bundle_and_the_managed_runtime_alone(
    assembly: Path, tmp_path: Path, agent: str
) -> None:
    unpack(bundle_of(assembly, agent), tmp_path)
    program = f"import importlib; assert callable(importlib.import_module('{handler_module(agent)}').handler)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=tmp_path,
        env={
            "PYTHONPATH": f"{tmp_path}:{managed_runtime()}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "STEPWEAVE_PAYLOAD_BUCKET": "bucket",
            "STEPWEAVE_IDEMPOTENCY_TABLE": "table",
            "POWERTOOLS_TRACE_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_bundle_fits_into_a_function(assembly: Path) -> None:
    for bundle in assembly.glob("asset.*.zip"):
        with zipfile.ZipFile(bundle) as archive:
            assert sum(info.file_size for info in archive.infolist()) < 250 * 1024 * 1024


def handler_module(agent: str) -> str:
    package = f"stepweave.functions.{agent}" if agent in {ADMISSION, DEAD_LETTERS} else agent_package(agent)
    return f"{package}.handler"


def bundle_of(assembly: Path, agent: str) -> Path:
    function = next(
        resource["Properties"]
        for resource in templates(assembly)["StepweaveAgents.template.json"]["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Handler"] == f"{handler_module(agent)}.handler"
    )
    return assembly / f"asset.{function['Code']['S3Key']}"


def unpack(bundle: Path, folder: Path) -> None:
    """Unpack a bundle as AWS Lambda does, modes included."""
    shutil.unpack_archive(bundle, folder)
    with zipfile.ZipFile(bundle) as archive:
        for info in archive.infolist():
            (folder / info.filename).chmod(info.external_attr >> 16 & 0o777)
