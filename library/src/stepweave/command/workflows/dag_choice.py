"""The DAG file that a person names."""

import math
from pathlib import Path

from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.command.errors import CommandError
from stepweave.command.terminal.console import say_warning
from stepweave.dag_files.dag_file import DagFile

_NAMED = 3


def choose_dag(dag: Path, time_scale: float | None, *, shorten_ids: bool) -> DagDeployment:
    """Return how a DAG file is to be deployed.

    Raises
    ------
    CommandError
        If the time scale is no number that one can multiply with.
    """
    scale = 1.0 if time_scale is None else time_scale
    if not (math.isfinite(scale) and scale >= 0):
        raise CommandError(f"--time-scale {scale}: must be a number of at least 0", "for example 0.01")
    return DagDeployment(dag, scale, shorten_ids)


def check_one_given(workflow: str | None, dag: Path | None, **only_with_dag: bool) -> None:
    """Make sure that either a workflow or a DAG file is named, and nothing that belongs to a DAG file without one.

    Raises
    ------
    CommandError
        If not.
    """
    if (workflow is None) == (dag is None):
        which = "neither a workflow nor a DAG file is" if dag is None else "both a workflow and a DAG file are"
        raise CommandError(f"{which} named", "give the name of a workflow, or --dag FILE")
    for option, given in only_with_dag.items():
        if given and dag is None:
            raise CommandError(f"--{option.replace('_', '-')} belongs to a DAG file", "add --dag FILE, or leave it out")


def report_shortened(file: DagFile) -> None:
    """Say which tasks have other ids here than in their file."""
    if file.shortened:
        named = [f"{old} is {new}" for old, new in list(file.shortened.items())[:_NAMED]]
        more = [f"and {len(file.shortened) - _NAMED} more"] if len(file.shortened) > _NAMED else []
        say_warning(f"ids were shortened to the 80 characters of a state's name: {'; '.join([*named, *more])}")
