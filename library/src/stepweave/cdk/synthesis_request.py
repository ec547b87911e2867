"""What a test asks of the project's ``app.py``: the same app, with the test's workflows, for this machine.

``app.py`` runs in the process of the tests, as it is, so that what is tested is what is deployed: its customization,
and whatever else it adds. A test's workflows are Python objects that no command line could carry; they are handed over
in a context variable, which `Application` looks at.
"""

import runpy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stepweave.cdk.bundle import Bundler
from stepweave.cdk.errors import SynthesisError
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.project.settings import Project

_current: Final[ContextVar["SynthesisRequest | None"]] = ContextVar("synthesis_request", default=None)


@dataclass(frozen=True)
class SynthesisRequest:
    """What to synthesize in place of what the project's folders and the command line say.

    Parameters
    ----------
    workflows : Sequence[CompiledWorkflow]
        All workflows that are deployed.
    outdir : Path
        Where the cloud assembly is written.
    context : Mapping[str, object]
        Settings.
    bundler : Bundler | None
        What makes the functions' bundles, if not the project's own.
    """

    workflows: Sequence[CompiledWorkflow]
    outdir: Path
    context: Mapping[str, object] = field(default_factory=dict)
    bundler: Bundler | None = None


def current_request() -> SynthesisRequest | None:
    """Return what is asked for at the moment; None if the project is synthesized as it is."""
    return _current.get()


def run_app(project: Project, request: SynthesisRequest) -> None:
    """Run the project's ``app.py`` for a request.

    Raises
    ------
    SynthesisError
        If there is no ``app.py``, it ends otherwise than it should, or it has not made what was asked for.
    WorkflowError
        If a workflow cannot be deployed.
    """
    file = project.root / "app.py"
    if not file.is_file():
        raise SynthesisError(f"{file} is missing; it says what is deployed, and tests deploy the same")
    project.use()
    with _asking(request):
        try:
            runpy.run_path(str(file), run_name="__main__")
        except SystemExit as error:
            if error.code not in (None, 0):
                raise SynthesisError(f"{file} ended: {error.code}") from error
    if not (request.outdir / "manifest.json").is_file():
        raise SynthesisError(
            f"{file} has not synthesized the test's workflows; its last line must be: "
            "stepweave.cdk.Application(customize).synth()"
        )


@contextmanager
def _asking(request: SynthesisRequest) -> Iterator[None]:
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)
