"""Synthesize workflows by the project's own stacks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepweave.cdk.naming import DEFAULT_ENVIRONMENT
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.testing.own_environment import own_environment

if TYPE_CHECKING:
    from stepweave.cdk.bundle import Bundler


def synthesize(workflows: Sequence[CompiledWorkflow], folder: Path, bundler: Bundler | None = None) -> Path:
    """Write the cloud assembly that holds these workflows, and return its folder.

    Parameters
    ----------
    workflows : Sequence[CompiledWorkflow]
        All that is to be deployed.
    folder : Path
        Where it is written.
    bundler : Bundler | None
        What makes the functions' bundles; None for those of this project.

    Raises
    ------
    SynthesisError
        If a workflow cannot be deployed, or an agent not be bundled.
    """
    with own_environment():
        from stepweave.cdk.application import add_stacks, create_app  # noqa: PLC0415 - starts Node.js
        from stepweave.cdk.platform import this_machine  # noqa: PLC0415

        # Tests do not depend on what the environment of whoever runs them is called.
        app = create_app(folder, {**this_machine(), "environment": DEFAULT_ENVIRONMENT})
        add_stacks(app, workflows, bundler)
        app.synth()
    return folder
