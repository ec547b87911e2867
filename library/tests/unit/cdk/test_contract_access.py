"""What a contract names is what the function has and may do, and no more."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, Names
from stepweave.cdk.settings import Settings
from stepweave.cdk.stacks import add_stacks, create_app
from stepweave.compiler.compile import CompiledWorkflow, compile_workflow
from stepweave.contract.agent import Agent
from stepweave.contract.permission import Permission
from stepweave.contract.secret import Secret
from stepweave.contract.vpc import Vpc
from stepweave.functions.replayer.contract import ReplayResult, replayer
from stepweave.language.workflow import workflow
from stepweave.project.settings import Project
from tests.unit.cdk.assembly import Assembly, Resource, Synthesize
from tests.unit.cdk.conftest import no_wheels

HERE = "${AWS::Region}:${AWS::AccountId}"
TABLE = "arn:${AWS::Partition}:dynamodb:" + HERE + ":table/policies"
DOCUMENTS = "arn:aws:s3:::claims-documents/*"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/12345678-9abc-def0-1234-56789abcdef0"
LAYER = "arn:aws:lambda:${AWS::Region}:123456789012:layer:tools:3"
NETWORK = Vpc(("subnet-01234567",), ("sg-01234567",))

plain = Agent(name="touching", input=replayer.input, output=replayer.output)
touching = replace(
    plain,
    permissions=(
        Permission(("dynamodb:GetItem", "dynamodb:Query"), (TABLE,)),
        Permission(("s3:GetObject",), (DOCUMENTS,), reason="Documents are named by their claim."),
        Permission(
            ("textract:AnalyzeDocument",),
            ("*",),
            conditions={"StringEquals": {"aws:RequestedRegion": ("eu-west-1", "eu-central-1")}},
            reason="Textract has no resources.",
        ),
    ),
    environment={"CLAIMS_TABLE": "policies"},
    secrets=("claims/bank", "/claims/user", Secret("plain", "parameter-store", KEY), Secret("claims/key", key_arn=KEY)),
    layers=(LAYER,),
    vpc=NETWORK,
    architecture="arm64",
    log_level="DEBUG",
    provisioned_concurrency=3,
)


def calling(*agents: Agent[Any, Any]) -> list[CompiledWorkflow]:
    """A workflow that calls agents one by one."""

    @workflow(timeout=timedelta(minutes=9))
    def one_by_one() -> ReplayResult:
        """Call them."""
        result: Any = None
        for agent in agents:
            result = agent(seconds=0.1) if result is None else agent(dependencies=[result])
        return result

    return [compile_workflow(one_by_one)]


def function(assembly: Assembly, name: str = "touching") -> Resource:
    return assembly.agents.one("AWS::Lambda::Function", FunctionName=Names().function(name))


def statements(assembly: Assembly, name: str = "touching") -> list[dict[str, Any]]:
    role = assembly.agents.named(function(assembly, name).properties["Role"])
    return [one for policy in role.properties["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def allowed(assembly: Assembly, found: Iterable[dict[str, Any]]) -> set[tuple[str, str]]:
    def listed(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    return {
        (action, assembly.agents.text(resource))
        for one in found
        for action in listed(one["Action"])
        for resource in listed(one["Resource"])
    }


@pytest.fixture(scope="module")
def without(synthesize: Synthesize) -> Assembly:
    return synthesize(calling(plain))


@pytest.fixture(scope="module")
def assembly(synthesize: Synthesize) -> Assembly:
    return synthesize(calling(touching))


def test_the_role_may_do_what_the_contract_names_and_no_more(assembly: Assembly, without: Assembly) -> None:
    more = allowed(assembly, statements(assembly)) - allowed(without, statements(without))
    assert more == {
        ("dynamodb:GetItem", TABLE),
        ("dynamodb:Query", TABLE),
        ("s3:GetObject", DOCUMENTS),
        ("textract:AnalyzeDocument", "*"),
        ("secretsmanager:GetSecretValue", f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:claims/bank-??????"),
        ("secretsmanager:GetSecretValue", f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:claims/key-??????"),
        ("ssm:GetParameter", f"arn:${{AWS::Partition}}:ssm:{HERE}:parameter/claims/user"),
        ("ssm:GetParameter", f"arn:${{AWS::Partition}}:ssm:{HERE}:parameter/plain"),
        ("kms:Decrypt", KEY),
        ("ec2:AssignPrivateIpAddresses", "*"),
        ("ec2:CreateNetworkInterface", "*"),
        ("ec2:DeleteNetworkInterface", "*"),
        ("ec2:DescribeNetworkInterfaces", "*"),
        ("ec2:DescribeSubnets", "*"),
        ("ec2:UnassignPrivateIpAddresses", "*"),
    }


def test_conditions_are_those_of_the_contract_and_keys_serve_their_secrets_alone(assembly: Assembly) -> None:
    conditions = [one["Condition"] for one in statements(assembly) if "Condition" in one]
    regions = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}
    assert regions in conditions
    via = {assembly.agents.text(one["StringEquals"]["kms:ViaService"]) for one in conditions if one != regions}
    assert via == {f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}" for service in ("secretsmanager", "ssm")}


def test_the_function_is_set_up_as_the_contract_says(assembly: Assembly) -> None:
    properties = function(assembly).properties
    assert properties["Environment"]["Variables"]["CLAIMS_TABLE"] == "policies"
    assert properties["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "DEBUG"
    assert [assembly.agents.text(layer) for layer in properties["Layers"]] == [LAYER]
    assert properties["VpcConfig"] == {"SubnetIds": ["subnet-01234567"], "SecurityGroupIds": ["sg-01234567"]}
    assert properties["Architectures"] == ["arm64"]
    bundle = assembly.asset(Names().agents_stack, properties["Code"]["S3Key"]).read_bytes()
    assert b"installed.txt" in bundle
    (alias,) = [
        one
        for one in assembly.agents.all("AWS::Lambda::Alias")
        if one.properties["FunctionName"] == {"Ref": function(assembly).id}
    ]
    assert alias.properties["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": 3}


def test_what_a_contract_does_not_name_is_not_there(without: Assembly) -> None:
    properties = function(without).properties
    assert not {"Layers", "VpcConfig", "PackageType", "ImageConfig"} & properties.keys()
    assert properties["Environment"]["Variables"]["POWERTOOLS_LOG_LEVEL"] == "INFO"
    aliases = [one.properties for one in without.agents.all("AWS::Lambda::Alias")]
    assert not any("ProvisionedConcurrencyConfig" in alias for alias in aliases)


def test_where_functions_run_locally_there_is_no_network_layer_image_or_other_processor(
    synthesize: Synthesize,
) -> None:
    imaged = replace(plain, name="stored_image", image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/claims:1.4")
    assembly = synthesize(calling(touching, imaged), bundle_platform="x86_64-manylinux2014")
    for name in ("touching", "stored_image"):
        properties = function(assembly, name).properties
        assert not {"Layers", "VpcConfig", "PackageType", "ImageConfig"} & properties.keys()
        assert properties["Architectures"] == ["x86_64"]
        assert "S3Key" in properties["Code"]
    assert not any("ec2:" in action for action, _ in allowed(assembly, statements(assembly)))


def test_the_settings_name_the_network_where_the_contract_leaves_it_to_them(synthesize: Synthesize) -> None:
    anywhere = calling(replace(plain, vpc=Vpc()))
    assembly = synthesize(anywhere, vpc_subnets="subnet-01234567", vpc_security_groups="sg-01234567")
    assert function(assembly).properties["VpcConfig"] == {
        "SubnetIds": ["subnet-01234567"],
        "SecurityGroupIds": ["sg-01234567"],
    }
    with pytest.raises(SynthesisError, match=r"agent touching: .*set vpc_subnets and vpc_security_groups"):
        synthesize(anywhere, vpc_subnets="subnet-01234567")


@pytest.mark.parametrize("version", [":1.4", f"@sha256:{'0' * 64}"])
def test_an_image_of_a_registry_is_run_as_it_is(synthesize: Synthesize, version: str) -> None:
    image = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/claims{version}"
    assembly = synthesize(calling(replace(plain, name="stored_image", image=image)))
    properties = function(assembly, "stored_image").properties
    assert properties["PackageType"] == "Image"
    uri = assembly.agents.text(properties["Code"]["ImageUri"])
    assert uri.replace("${AWS::URLSuffix}", "amazonaws.com") == image
    assert properties["ImageConfig"] == {"Command": ["lambdas.stored_image.handler.handler"]}
    assert "Runtime" not in properties


def test_an_image_of_a_folder_is_built_with_the_bundle_beside_its_dockerfile(
    synthesize: Synthesize, project: Project
) -> None:
    folder = project.root / "images"
    folder.mkdir()
    agent = replace(plain, name="built_image", image="images", architecture="arm64")
    with pytest.raises(SynthesisError, match="there is no Dockerfile"):
        synthesize(calling(agent))
    (folder / "Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\nCOPY bundle/ ${LAMBDA_TASK_ROOT}/\n")
    assembly = synthesize(calling(agent))
    assert function(assembly, "built_image").properties["PackageType"] == "Image"
    assets = json.loads((assembly.folder / f"{Names().agents_stack}.assets.json").read_text())["dockerImages"]
    (source,) = [one["source"] for one in assets.values()]
    assert source["platform"] == "linux/arm64"
    context = assembly.folder / source["directory"]
    assert (context / "Dockerfile").is_file()
    assert (context / "bundle/lambdas/built_image/handler.py").is_file()


def test_cdk_nag_is_content_with_the_reasons_of_the_contract(tmp_path: Path, project: Project) -> None:
    app = create_app(tmp_path, {"environment": DEFAULT_ENVIRONMENT})
    settings = Settings.from_context(app.node, project)
    add_stacks(app, calling(touching), replace(Bundler.of(project, settings), install=no_wheels), settings=settings)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with suppress(RuntimeError):
        app.synth()
    report = (tmp_path / "validation-report.json").read_text()
    found = [
        (violation["ruleName"], construct["constructPath"])
        for plugin in json.loads(report)["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]
    assert found == []
