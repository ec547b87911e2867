"""From a DAG file to its state machine."""

from stepweave.compiler.compile import CompiledWorkflow, compile_dag
from stepweave.compiler.options import CompileOptions
from stepweave.dag_files.dag_file import DagFile


def compile_dag_file(file: DagFile, time_scale: float = 1.0) -> CompiledWorkflow:
    """Compile a DAG file; what is recorded of its durations decides between gates and barriers.

    Parameters
    ----------
    file : DagFile
        The file.
    time_scale : float
        By what the seconds of replayed tasks are multiplied.

    Raises
    ------
    WorkflowError
        If the graph does not fit the limits of Step Functions.
    """
    durations = file.durations
    scaled = None if durations is None else {task: seconds * time_scale for task, seconds in durations.items()}
    return compile_dag(file.dag(time_scale), CompileOptions(durations=scaled))
