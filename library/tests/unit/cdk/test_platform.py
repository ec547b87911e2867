"""Which wheels are for which machine."""

import platform
import sys

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform

MACHINES = [("x86_64", False), ("AMD64", False), ("aarch64", True), ("arm64", True)]


@pytest.mark.parametrize(("machine", "arm"), MACHINES)
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_what_is_deployed_is_linux_of_the_machines_architecture(
    monkeypatch: pytest.MonkeyPatch, machine: str, arm: bool, system: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", system)
    assert Platform.deployed() is (Platform.LINUX_ARM64 if arm else Platform.LINUX_X86_64)
    assert Platform.deployed().is_arm64 is arm


@pytest.mark.parametrize(("machine", "arm"), MACHINES)
def test_what_runs_locally_is_for_the_very_machine(monkeypatch: pytest.MonkeyPatch, machine: str, arm: bool) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", "linux")
    assert Platform.native() is Platform.deployed()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert Platform.native() is (Platform.MACOS_ARM64 if arm else Platform.MACOS_X86_64)


def test_no_function_can_run_on_a_machine_that_lambda_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(SynthesisError, match=r"riscv64.*what is deployed to AWS does not depend on it"):
        Platform.deployed()
