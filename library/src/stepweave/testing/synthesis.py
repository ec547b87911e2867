"""Synthesize workflows by the project's own ``app.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stepweave.cdk.naming import DEFAULT_ENVIRONMENT
from stepweave.cdk.node import use_packaged_node
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.project.settings import require_project
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
        If there is no ``app.py`` that deploys them, a workflow cannot be deployed, or an agent not be bundled.
    """
    with own_environment():
        # The package chose it when it was first imported, which an environment put back since then has forgotten.
        use_packaged_node()
        from stepweave.cdk.platform import this_machine  # noqa: PLC0415 - starts Node.js
        from stepweave.cdk.synthesis_request import SynthesisRequest, run_app  # noqa: PLC0415

        # Tests do not depend on what the environment of whoever runs them is called.
        context = {**this_machine(), "environment": DEFAULT_ENVIRONMENT}
        run_app(require_project(), SynthesisRequest(workflows, folder, context, bundler))
    return folder
