"""Keeps the compiled ASL beside each workflow, so that a change of the compiler shows up as a readable diff.

``python -m stepweave.project.golden`` writes the files; with ``--check`` it only says which are out of date.
"""

import sys
from pathlib import Path

from stepweave.compiler.compile import compile_workflow
from stepweave.project.catalog import workflows

_FOLDER = Path(__file__).parent


def golden_files() -> dict[Path, str]:
    """Return the text that each golden file ought to have."""
    return {
        _FOLDER / f"{name.replace('-', '_')}.asl.json": compile_workflow(workflow).to_json()
        for name, workflow in workflows().items()
    }


def out_of_date() -> list[Path]:
    """Return the golden files that differ from what the compiler writes, and those that belong to no workflow."""
    wanted = golden_files()
    differing = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    return differing + [path for path in sorted(_FOLDER.glob("*.asl.json")) if path not in wanted]


def main(arguments: list[str]) -> int:
    """Write or check the golden files; return the exit code."""
    stale = out_of_date()
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path}: out of date; run 'make golden' and read the difference")  # noqa: T201 - it is a command
        return 1 if stale else 0
    wanted = golden_files()
    for path in stale:
        if path in wanted:
            path.write_text(wanted[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
