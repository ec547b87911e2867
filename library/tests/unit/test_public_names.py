"""What `from stepweave import ...` gives, and that asking for it loads no more than it takes."""

import subprocess
import sys

import pytest

import stepweave

HEAVY = {"boto3", "botocore", "aws_cdk", "aws_lambda_powertools", "moto", "typer", "rich"}
IMPORT = """
import sys
from stepweave import {name}
print(*sorted({{module.partition(".")[0] for module in sys.modules}} & set({heavy!r})), sep=",")
"""


def test_every_public_name_can_be_had_and_is_listed() -> None:
    assert dir(stepweave) == sorted(stepweave.__all__)
    for name in stepweave.__all__:
        assert getattr(stepweave, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Agnet'"):
        _ = stepweave.Agnet


@pytest.mark.parametrize(
    ("name", "loaded"),
    [("Agent", ""), ("Stored", ""), ("Argument", ""), ("RefusedError", ""), ("workflow", ""), ("TaskContext", "")],
)
def test_a_contract_and_a_workflow_load_no_sdk(name: str, loaded: str) -> None:
    program = IMPORT.format(name=name, heavy=sorted(HEAVY))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == loaded
