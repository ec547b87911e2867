"""Coverage data that a repository carries at its top."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lambdas.shared.repository.contract import SkippedFile
from lambdas.shared.repository.source import valid_text
from lambdas.tester.coverage_formats import DamagedDataError, Recorded, read_database, read_json, read_xml

_MAX_BYTES = 64 * 1024 * 1024

CoverageSource = Literal["coverage.xml", "coverage.json", ".coverage"]

_READERS: dict[CoverageSource, Callable[[Path], list[Recorded]]] = {
    "coverage.xml": read_xml,
    "coverage.json": read_json,
    ".coverage": read_database,
}


@dataclass(frozen=True)
class FileCoverage:
    """How many statements of a file ran; `statements` is None if the data does not say how many there are."""

    executed: int
    statements: int | None

    @property
    def reached(self) -> bool:
        """Whether anything ran, or nothing could."""
        return self.executed > 0 or self.statements == 0


@dataclass(frozen=True)
class Coverage:
    """The coverage of files by their paths in the tree."""

    source: CoverageSource
    files: dict[str, FileCoverage]


def read_coverage(tree: Path, paths: Sequence[str]) -> tuple[Coverage | None, list[SkippedFile]]:
    """Read the coverage data at the top of a tree.

    Parameters
    ----------
    tree : Path
        The top of the tree.
    paths : Sequence[str]
        Its Python files, relative to `tree`.

    Returns
    -------
    tuple[Coverage | None, list[SkippedFile]]
        The data of the first of ``coverage.xml``, ``coverage.json`` and ``.coverage`` that can be read and speaks of
        any of the files; and those before it, with what is wrong with them.
    """
    skipped: list[SkippedFile] = []
    for source, read in _READERS.items():
        place = tree / source
        if not place.is_file():
            continue
        try:
            if place.stat().st_size > _MAX_BYTES:
                raise DamagedDataError(f"larger than {_MAX_BYTES:,} bytes")
            recorded = read(place)
        except (DamagedDataError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else None
            skipped.append(SkippedFile(path=source, reason=valid_text(reason or str(error))))
            continue
        if files := _locate(recorded, paths):
            return Coverage(source, files), skipped
        skipped.append(SkippedFile(path=source, reason="it names none of the repository's Python files"))
    return None, skipped


def _locate(recorded: Iterable[Recorded], paths: Iterable[str]) -> dict[str, FileCoverage]:
    """Find the recorded files in the tree: they may have been recorded in another place, so the ends of paths count."""
    known = set(paths)
    found: list[tuple[str, str, FileCoverage]] = []
    for record in recorded:
        match = next((match for name in record.names if (match := _longest_end(name, known))), None)
        if match:
            found.append((*match, FileCoverage(record.executed, record.statements)))
    # A library outside the repository may end like one of its files; the repository is where most of them are.
    votes = Counter(place for place, _, _ in found)
    home = max(votes, key=lambda place: (votes[place], len(place)), default="")
    return {path: file for place, path, file in found if place == home}


def _longest_end(name: str, known: set[str]) -> tuple[str, str] | None:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    for start in range(len(parts)):
        if (end := "/".join(parts[start:])) in known:
            return "/".join(parts[:start]), end
    return None
