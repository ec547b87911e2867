"""The three formats of coverage.py's data: Cobertura XML, JSON, and its SQLite database."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from xml.parsers import expat

from pydantic import BaseModel, Field, ValidationError

_MAX_STEPS = 1000
_STEP = 100_000


class DamagedDataError(Exception):
    """The data cannot be read as what its name says it is."""


@dataclass(frozen=True)
class Recorded:
    """What was recorded of one file, which may go by any of `names` on the machine where it ran."""

    names: tuple[str, ...]
    executed: int
    statements: int | None


def read_xml(path: Path) -> list[Recorded]:
    """Read a Cobertura report.

    Raises
    ------
    DamagedDataError
        If it is not well-formed, or declares entities, which no report does and an entity bomb must.
    """
    reader = _CoberturaReader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = _refuse_entity
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except (expat.ExpatError, KeyError, ValueError) as error:
        raise DamagedDataError(f"not a Cobertura report: {error}") from None
    return reader.recorded()


def _refuse_entity(*_: object) -> None:
    raise DamagedDataError("it declares XML entities, which a Cobertura report has no use for")


class _CoberturaReader:
    """Gathers the lines of each class as the parser comes to them; a line's hits may come under a method too."""

    def __init__(self) -> None:
        self._sources: list[str] = []
        self._source: list[str] | None = None
        self._filename: str | None = None
        self._lines: dict[str, dict[int, bool]] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "source":
            self._source = []
        elif tag == "class":
            self._filename = attributes.get("filename", "")
            self._lines.setdefault(self._filename, {})
        elif tag == "line" and self._filename is not None:
            lines, number = self._lines[self._filename], int(attributes["number"])
            lines[number] = lines.get(number, False) or int(attributes["hits"]) > 0

    def end(self, tag: str) -> None:
        if tag == "source" and self._source is not None:
            self._sources.append("".join(self._source).strip())
            self._source = None
        elif tag == "class":
            self._filename = None

    def text(self, data: str) -> None:
        if self._source is not None:
            self._source.append(data)

    def recorded(self) -> list[Recorded]:
        return [
            Recorded(
                names=(*(f"{source}/{filename}" for source in self._sources), filename),
                executed=sum(lines.values()),
                statements=len(lines),
            )
            for filename, lines in self._lines.items()
        ]


class _Summary(BaseModel):
    covered_lines: Annotated[int, Field(ge=0)]
    num_statements: Annotated[int, Field(ge=0)]


class _File(BaseModel):
    summary: _Summary


class _JsonReport(BaseModel):
    files: dict[str, _File]


def read_json(path: Path) -> list[Recorded]:
    """Read what ``coverage json`` writes.

    Raises
    ------
    DamagedDataError
        If it is something else.
    """
    try:
        report = _JsonReport.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the top"
        raise DamagedDataError(f"not a report of coverage.py: {first['msg']}, at {place}") from None
    return [
        Recorded((name,), file.summary.covered_lines, file.summary.num_statements)
        for name, file in report.files.items()
    ]


def read_database(path: Path) -> list[Recorded]:
    """Read coverage.py's own database, which holds the lines that ran, but not how many there are.

    Raises
    ------
    DamagedDataError
        If it is something else.
    """
    steps = iter(range(_MAX_STEPS))
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            # A database from elsewhere may hold views that never end.
            database.set_progress_handler(lambda: next(steps, None) is None, _STEP)
            database.execute("PRAGMA trusted_schema = OFF")
            rows = database.execute(
                "SELECT path, EXISTS (SELECT 1 FROM line_bits WHERE file_id = file.id)"
                " OR EXISTS (SELECT 1 FROM arc WHERE file_id = file.id) FROM file"
            ).fetchall()
    except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
        raise DamagedDataError(f"not a database of coverage.py: {error}") from None
    return [Recorded((str(name),), int(bool(ran)), None) for name, ran in rows]
