"""What a function loads when it starts, out of its bundle: none of what made it."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.platform import Platform
from stepweave.project.settings import require_project

SAMPLE = Path(__file__).parents[1] / "sample"
LOADED = Path(__file__).with_name("loaded_modules.json")
PROGRAM = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(sys.modules)))
"""
ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "stepweave-reader",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "STEPWEAVE_IDEMPOTENCY_TABLE": "idempotency",
    "STEPWEAVE_PAYLOAD_BUCKET": "payload",
    "STEPWEAVE_GATES_TABLE": "gates",
    "STEPWEAVE_BREAKERS_TABLE": "breakers",
    "POWERTOOLS_TRACE_DISABLED": "true",
}


@pytest.fixture(scope="module")
def bundler(tmp_path_factory: pytest.TempPathFactory) -> Bundler:
    return Bundler(require_project(SAMPLE), Platform.native())


def loaded(bundler: Bundler, function: str, folder: Path) -> list[str]:
    """Return the modules that are loaded once the handler's module is, as Lambda loads it."""
    bundle = bundler.bundle(function)
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(folder)
    # The SDK comes with the managed runtime: here it is found behind what the bundle holds, which comes first.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, bundle.handler.rpartition(".")[0]],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    modules: list[str] = json.loads(done.stdout)
    return modules


@pytest.mark.parametrize("function", ["reader", "replayer", "dead_letters", "admission"])
def test_a_function_loads_the_modules_that_are_listed(bundler: Bundler, function: str, tmp_path: Path) -> None:
    """A module more makes every cold start longer; after a change that is meant, write the new list."""
    modules = loaded(bundler, function, tmp_path)
    assert [module for module in modules if module.split(".")[0] == "stepweave"] == json.loads(LOADED.read_text())[
        function
    ]


@pytest.mark.parametrize("function", ["reader", "replayer", "dead_letters", "admission"])
def test_a_function_loads_nothing_that_makes_functions(bundler: Bundler, function: str, tmp_path: Path) -> None:
    modules = loaded(bundler, function, tmp_path)
    allowed = {"contract", "runtime", *(["functions"] if function != "reader" else [])}
    assert {module.split(".")[1] for module in modules if module.startswith("stepweave.")} == allowed
    top = {module.split(".")[0] for module in modules}
    assert top.isdisjoint({"aws_cdk", "jsii", "moto", "typer", "rich", "pytest", "hypothesis", "flask", "networkx"})
