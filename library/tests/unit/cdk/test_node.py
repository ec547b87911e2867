"""Node.js without a Node.js on the machine."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from stepweave.cdk.node import use_packaged_node


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})


def test_the_packaged_node_is_the_program_itself_and_runs() -> None:
    use_packaged_node()
    node = Path(os.environ["JSII_NODE"])
    assert node.read_bytes()[:2] != b"#!", "a launcher would start a second Python"
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("v")


def test_another_node_may_be_chosen() -> None:
    os.environ["JSII_NODE"] = "/opt/node"
    use_packaged_node()
    assert os.environ["JSII_NODE"] == "/opt/node"


def test_without_the_package_the_path_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    use_packaged_node()
    assert "JSII_NODE" not in os.environ
