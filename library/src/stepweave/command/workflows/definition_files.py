"""Write a compiled workflow's definitions to a folder."""

import tempfile
from pathlib import Path

from stepweave.command.terminal.file_writing import writing
from stepweave.compiler.compile import CompiledWorkflow
from stepweave.compiler.limits import definition_text

MAIN = "main"


def write_definitions(compiled: CompiledWorkflow, folder: Path) -> list[Path]:
    """Write the definition of a workflow, and those of its nested executions, each to a file of its own.

    Parameters
    ----------
    compiled : CompiledWorkflow
        The workflow.
    folder : Path
        Where to; it is made if it is not there. ``main.asl.json`` and ``NAME.asl.json`` in it are replaced, each at
        once.

    Raises
    ------
    CommandError
        If the folder cannot be written to.
    """
    texts = {MAIN: compiled.to_json()}
    texts |= {name: definition_text(definition) for name, definition in compiled.nested.items()}
    written = []
    with writing(folder, "choose another folder with --out"):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stepweave-", dir=folder) as scratch:
            for name, text in texts.items():
                Path(scratch, f"{name}.asl.json").write_text(text, encoding="utf-8")
            for name in texts:  # none is replaced before there is room for all
                file = folder / f"{name}.asl.json"
                Path(scratch, file.name).replace(file)
                written.append(file)
    return written
