"""Names of executions are unique in their state machine alone: two of one name share nothing that they store."""

import json
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lambdas.analyzer.contract import analyzer
from lambdas.documenter.contract import documenter
from lambdas.linter.contract import linter
from lambdas.reporter.contract import ReviewReport, reporter
from lambdas.security_scanner.contract import security_scanner
from lambdas.shared.repository.contract import RepoRef
from lambdas.tester.contract import tester
from stepweave.language.workflow import workflow
from stepweave.testing.local_backend import LocalBackend

pytestmark = pytest.mark.timeout(300)


def review(repo: RepoRef) -> ReviewReport:
    lint = linter("lint", repo=repo)
    quality = analyzer("quality", repo=repo, lint=lint)
    report: ReviewReport = reporter(
        "report",
        repo=repo,
        lint=lint,
        scan=security_scanner("scan", repo=repo),
        quality=quality,
        tests=tester("tests", repo=repo),
        docs=documenter("docs", repo=repo, quality=quality),
    )
    return report


@workflow(timeout=timedelta(minutes=5))
def team_a(repo: RepoRef) -> ReviewReport:
    return review(repo)


@workflow(timeout=timedelta(minutes=5))
def team_b(repo: RepoRef) -> ReviewReport:
    return review(repo)


def test_two_executions_of_one_name_have_a_report_each(local_cloud: LocalBackend, tmp_path: Path) -> None:
    local_cloud.deploy(team_a, team_b)
    client = local_cloud.client("stepfunctions")
    s3 = local_cloud.client("s3")
    outputs: list[dict[str, Any]] = []
    for made, name in ((team_a, "alpha"), (team_b, "beta")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.py").write_text("import os\n")
        for command in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", *command], check=True, cwd=folder)
        arn = client.start_execution(
            stateMachineArn=local_cloud.state_machine_arn(made.name),
            name="nightly",
            input=json.dumps({"repo": local_cloud._upload(folder)}),
        )["executionArn"]
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.1)
        outputs.append(json.loads(found["output"]))
    for output, name in zip(outputs, ("alpha", "beta"), strict=True):
        report = json.loads(s3.get_object(**key_of(output["reports"]["json"]))["Body"].read())
        assert report["repository"]["name"] == name
    keys = [file["key"] for output in outputs for file in output["reports"].values()]
    assert len(keys) == len(set(keys)) == 8


def key_of(file: dict[str, str]) -> dict[str, str]:
    return {"Bucket": file["bucket"], "Key": file["key"]}
