"""What ruff finds in a tree.

The options of the command make the result a function of the files alone:

- ``--isolated``, if that was asked for, or the repository has no settings of its own that may be read: neither they
  count nor those of the user who runs ruff. So two repositories are measured alike, and none can switch off what it is
  reviewed for. ``# noqa`` comments count as ever.
- ``--no-fix``: settings may ask for files to be changed.
- ``--no-respect-gitignore``: what is tracked is reviewed. Ruff heeds ``.gitignore`` only where it finds ``.git``, so
  without the option a clone and an archive of the same files would differ.
- ``--no-cache``, ``--exit-zero``: nothing is written into the tree, and findings are no failure.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel

from lambdas.linter.contract import LintFinding, LintReport
from lambdas.linter.ruff_binary import ruff_binary
from lambdas.linter.ruff_process import Ruff, RuffCrashedError, RuffFailedError
from lambdas.linter.ruff_settings import ruff_settings
from lambdas.shared.repository.contract import SkippedFile, Tool, ToolSettings
from lambdas.shared.repository.files import display_name

COMMAND = "ruff check --isolated --no-cache --no-respect-gitignore --exit-zero --output-format=json ."
"""The command line that finds the same by hand, at the top of the same files, without the repository's settings."""

OWN_COMMAND = COMMAND.replace("--isolated", "--no-fix")
"""The command line that finds the same by hand with the repository's own settings."""

_CHECK = ("check", "--no-cache", "--no-respect-gitignore", "--no-fix")
# The same as lines of JSON, of which one after the other can be read.
_LINT = ("--exit-zero", "--output-format=json-lines")

_SOURCE_SUFFIXES = (b".py", b".pyi", b".pyw", b".ipynb")
_SUFFIXES = (".py", ".pyi", ".pyw", ".ipynb", "pyproject.toml")
_BATCH = 256
_MOST_OF_A_FILE = 10_000
_MOST = 250_000


class _Location(BaseModel):
    row: int = 1
    column: int = 1


class _Fix(BaseModel):
    applicability: str


class _Violation(BaseModel):
    filename: str
    location: _Location | None
    end_location: _Location | None
    code: str | None
    message: str
    url: str | None
    fix: _Fix | None
    cell: int | None = None


def lint(tree: Path, *, isolated: bool = False) -> LintReport:
    """Run ruff on a tree.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    isolated : bool
        Whether the repository's own settings are left out.

    Returns
    -------
    LintReport
        The findings in ruff's order. A file that ruff cannot read or parse is a finding too, as ruff has it:
        ``E902`` or ``invalid-syntax``. A file that crashes ruff is among the skipped; so is one with more than 10,000
        findings, for those that were left out, and one that comes after the 250,000th of all.

    Raises
    ------
    RuffFailedError
        If ruff ends abnormally, though not because of a file.
    """
    top = tree.resolve()  # as ruff sees it, so that its absolute paths begin with it
    names = _Names(top)
    skipped: list[SkippedFile] = []
    settings = ToolSettings() if isolated else ruff_settings(top)
    with ruff_binary() as binary:
        ruff = Ruff(binary, top)
        version = b"".join(ruff.run("--version")).decode().removeprefix("ruff ").strip()
        check = (*_CHECK,) if settings.files else (*_CHECK, "--isolated")
        try:
            files = _listed(ruff, check, top)
        except RuffCrashedError:
            raise
        except RuffFailedError as error:
            if not settings.files:
                raise
            # Settings of another version, or that ruff does not understand.
            settings = ToolSettings(problem=f"ruff refused the settings in {', '.join(settings.files)}: {error.said}")
            check = (*_CHECK, "--isolated")
            files = _listed(ruff, check, top)
        command = (*check, *_LINT)
        try:
            findings = _within_bounds(ruff.run(*command, "."), names, skipped)
        except RuffCrashedError:
            findings = _within_bounds(_apart(ruff, command, _candidates(top), skipped), names, skipped)
    return LintReport(
        tool=Tool(name="ruff", version=version, command=OWN_COMMAND if settings.files else COMMAND, settings=settings),
        files=sum(file.endswith(_SOURCE_SUFFIXES) for file in files),
        findings=findings,
        skipped=skipped,
    )


def _listed(ruff: Ruff, check: Sequence[str], top: Path) -> list[bytes]:
    """List the files that ruff checks, relative to `top`. A name may hold line breaks, but each begins with `top`."""
    beginning = b"\n" + os.fsencode(top).decode(errors="replace").encode() + os.fsencode(os.sep)
    return (b"\n" + b"".join(ruff.run(*check, "--show-files", "."))).removesuffix(b"\n").split(beginning)[1:]


def _within_bounds(lines: Iterable[bytes], names: "_Names", skipped: list[SkippedFile]) -> list[LintFinding]:
    """Read the findings, but no more than fit into memory: ruff has one for each null byte of a file."""
    findings: list[LintFinding] = []
    found: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for line in lines:
        violation = _Violation.model_validate_json(line)
        path = violation.filename
        if found[path] < _MOST_OF_A_FILE and len(findings) < _MOST:
            findings.append(_finding(violation, names))
            found[path] += 1
        else:
            left_out[path] += 1
    skipped.extend(
        SkippedFile(path=names.of(path), reason=f"{number} more findings are left out")
        for path, number in left_out.items()
    )
    return findings


def _candidates(top: Path) -> list[str]:
    return [
        os.fspath(path.relative_to(top))
        for path in sorted(top.rglob("*"))
        if path.name.endswith(_SUFFIXES) and not path.is_dir()
    ]


def _apart(ruff: Ruff, command: Sequence[str], files: Sequence[str], skipped: list[SkippedFile]) -> Iterator[bytes]:
    """Lint files in ever smaller batches, until those that make ruff crash stand alone and are skipped."""
    for first in range(0, len(files), _BATCH):
        batch = files[first : first + _BATCH]
        try:
            # A file that is named is linted even where "." would leave it out, unless its exclusion is enforced.
            yield from ruff.run(*command, "--force-exclude", "--", *batch)
        except RuffCrashedError as error:
            if len(batch) == 1:
                skipped.append(SkippedFile(path=display_name(batch[0]), reason=str(error)))
            else:
                middle = len(batch) // 2
                yield from _apart(ruff, command, batch[:middle], skipped)
                yield from _apart(ruff, command, batch[middle:], skipped)


def _finding(violation: _Violation, names: "_Names") -> LintFinding:
    start = violation.location or _Location()
    end = violation.end_location or start
    return LintFinding(
        path=names.of(violation.filename),
        line=start.row,
        column=start.column,
        end_line=end.row,
        end_column=end.column,
        code=violation.code or "invalid-syntax",
        message=violation.message,
        url=violation.url,
        fixable=violation.fix is not None and violation.fix.applicability == "safe",
        cell=violation.cell,
    )


class _Names:
    """Turns ruff's absolute paths, in which what is not UTF-8 is replaced, into the names that other agents use."""

    def __init__(self, top: Path) -> None:
        self._top = display_name(top)
        self._undecodable: dict[str, list[str]] = defaultdict(list)
        for directory, _, files in os.walk(os.fsencode(top)):
            for file in files:
                path = os.path.join(directory, file)  # noqa: PTH118  - pathlib has no paths of bytes
                if (shown := path.decode(errors="replace")) != os.fsdecode(path):
                    self._undecodable[shown].append(display_name(os.fsdecode(path)))

    def of(self, filename: str) -> str:
        candidates = self._undecodable.get(filename)
        return os.path.relpath(candidates[0] if candidates else filename, self._top)
