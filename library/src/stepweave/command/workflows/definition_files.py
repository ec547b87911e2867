"""Write a compiled workflow's definitions to a folder."""

import os
import tempfile
from pathlib import Path

from stepweave.command.errors import CommandError
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stepweave-", dir=folder) as scratch:
            for name, text in texts.items():
                file = folder / f"{name}.asl.json"
                Path(scratch, file.name).write_text(text, encoding="utf-8")
                Path(scratch, file.name).replace(file)
                written.append(file)
    except OSError as error:
        where = os.fsdecode(error.filename or folder)
        raise CommandError(f"{where}: {error.strerror}", "choose another folder with --out") from error
    return written
