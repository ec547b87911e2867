"""The DAG file that is deployed beside the workflows: ``cdk deploy -c dag=FILE -c time_scale=0.01``."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from stepweave.cdk.errors import SynthesisError
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.dag_files.compile import compile_dag_file
from stepweave.dag_files.dag_file import DagFile
from stepweave.dag_files.read import read_dag_file

DAG = "dag"
TIME_SCALE = "time_scale"
SHORTEN_IDS = "shorten_ids"


@dataclass(frozen=True)
class DagDeployment:
    """A DAG file, and how it is deployed.

    Parameters
    ----------
    path : Path
        The file.
    time_scale : float
        By what the seconds of replayed tasks are multiplied, at least 0.
    shorten_ids : bool
        Whether ids of more than 80 characters are shortened.
    """

    path: Path
    time_scale: float = 1.0
    shorten_ids: bool = False

    @classmethod
    def from_context(cls, get: Callable[[str], object]) -> Self | None:
        """Read what is to be deployed from the CDK's context; None if it names no file.

        Parameters
        ----------
        get : Callable[[str], object]
            Returns the value of a name in the context, None if it has none.

        Raises
        ------
        SynthesisError
            If a value is none that it can have.
        """
        path = get(DAG)
        if path is None:
            return None
        if not isinstance(path, str) or not path:
            raise SynthesisError(f"context {DAG}: must be the path of a file")
        shorten = str(get(SHORTEN_IDS) or "false").lower()
        if shorten not in {"true", "false"}:
            raise SynthesisError(f"context {SHORTEN_IDS}={shorten}: must be true or false")
        return cls(Path(path), _time_scale(get(TIME_SCALE)), shorten == "true")

    def context(self, path: Path) -> dict[str, str]:
        """Return the context that deploys this, with the file at `path`."""
        chosen = {DAG: str(path), TIME_SCALE: f"{self.time_scale:.17g}"}
        return chosen | ({SHORTEN_IDS: "true"} if self.shorten_ids else {})

    def read(self) -> DagFile:
        """Read the file, and check that it can be deployed and run.

        Raises
        ------
        DagFileError
            If the file cannot be used.
        """
        file = read_dag_file(self.path, shorten_ids=self.shorten_ids)
        file.check_replay(self.time_scale)
        return file

    def compile(self) -> CompiledWorkflow:
        """Read the file and compile it.

        Raises
        ------
        WorkflowError
            If the file cannot be used, or its graph does not fit the limits of Step Functions.
        """
        return compile_dag_file(self.read(), self.time_scale)


def _time_scale(value: object) -> float:
    if value is None:
        return 1.0
    try:
        scale = float(str(value))
    except ValueError:
        scale = math.nan
    if not (math.isfinite(scale) and scale >= 0):
        raise SynthesisError(f"context {TIME_SCALE}={value}: must be a number of at least 0")
    return scale
