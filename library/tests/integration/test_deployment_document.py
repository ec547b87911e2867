"""What docs/deployment.md shows to copy works as it stands: contract, customization, test, and a stack of one's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from stepweave.cdk.platform import this_machine
from stepweave.local_client.process import LocalCloudProcess
from stepweave.project.settings import require_project

ROOT = Path(__file__).resolve().parents[3]
NAMED_BLOCK = re.compile(r"```python\n(# (\S+\.py)\n.*?)```", re.DOTALL)
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of a reader who has copied every file."""
    folder = tmp_path_factory.mktemp("claims")
    for code, path in NAMED_BLOCK.findall((ROOT / "docs/deployment.md").read_text(encoding="utf-8")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(code, encoding="utf-8")
    shutil.copy(ROOT / "cdk.json", folder)
    (folder / "pyproject.toml").write_text('[tool.stepweave]\nnamespace = "claims"\n')
    # Bundles are known by what they are made of: what was bundled before need not be again.
    (folder / ".stepweave").mkdir()
    bundles = require_project().bundles
    bundles.mkdir(parents=True, exist_ok=True)
    (folder / ".stepweave/bundles").symlink_to(bundles)
    return folder


def run(project: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STEPWEAVE_"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=project,
        env=kept | {"PYTHONPATH": str(project)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def synthesize(project: Path, script: str, outdir: Path, **context: object) -> dict[str, dict[str, Any]]:
    run(project, script, CDK_OUTDIR=str(outdir), CDK_CONTEXT_JSON=json.dumps(context))
    return {file.stem.split(".")[0]: json.loads(file.read_text()) for file in outdir.glob("*.template.json")}


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        one["Properties"]["FunctionName"]: one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::Lambda::Function"
    }


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_test_runs_what_the_customization_makes(project: Path) -> None:
    done = run(project, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_settle_claim.py")
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_the_app_deploys_the_same(project: Path, tmp_path: Path) -> None:
    templates = synthesize(project, "app.py", tmp_path / "out", **this_machine())
    variables = functions(templates["ClaimsAgents"])["claims-payer"]["Environment"]["Variables"]
    assert variables["BANK_URL"] == "https://bank.example"
    assert variables["CURRENCY"] == "EUR"
    assert variables["POWERTOOLS_LOG_LEVEL"] == "WARNING"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_constructs_run_in_a_stack_of_ones_own(project: Path, tmp_path: Path) -> None:
    synthesize(project, "accounting.py", tmp_path / "out", **this_machine(), colour="of no concern")
    with LocalCloudProcess() as cloud:
        cloud.deploy(tmp_path / "out")
        session = cloud.session()
        session.client("secretsmanager").create_secret(Name="claims/bank", SecretString="hunter2")
        session.client("ssm").put_parameter(Name="/claims/bank-user", Value="claims", Type="SecureString")
        client = session.client("stepfunctions")
        (machine,) = [one["stateMachineArn"] for one in client.list_state_machines()["stateMachines"]]
        assert machine.endswith(":claims-settle-claim")
        arn = client.start_execution(stateMachineArn=machine, input='{"number": "C-5", "amount": 5}')["executionArn"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (ended := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert ended["status"] == "SUCCEEDED", ended
        assert json.loads(ended["output"])["note"].startswith("5 EUR by https://bank.example")
        logs = session.client("logs")
        while not logs.filter_log_events(logGroupName="/accounting/payer")["events"]:
            assert time.monotonic() < deadline, "the lines of a log arrive some time after the answer"
            time.sleep(0.05)


@pytest.mark.slow
def test_in_aws_they_use_what_is_there_already(project: Path, tmp_path: Path) -> None:
    template = synthesize(project, "accounting.py", tmp_path / "out")["Accounting"]
    payer = functions(template)["claims-payer"]
    (vpc,) = [id for id, one in template["Resources"].items() if one["Type"] == "AWS::EC2::VPC"]
    (group,) = payer["VpcConfig"]["SecurityGroupIds"]
    assert template["Resources"][group["Fn::GetAtt"][0]]["Properties"]["VpcId"] == {"Ref": vpc}
    buckets = [id for id, one in template["Resources"].items() if one["Type"] == "AWS::S3::Bucket"]
    assert payer["Environment"]["Variables"]["STEPWEAVE_PAYLOAD_BUCKET"] == {"Ref": buckets[0]}
    assert len(buckets) == 1
    rules = {
        one["Properties"].get("Name") for one in template["Resources"].values() if one["Type"] == "AWS::Events::Rule"
    }
    assert "ClaimsSettleClaimFailures" in rules, "the function that makes dead letters takes events of no other name"
