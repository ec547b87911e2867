"""What radon measures in one file."""

import io
import tokenize
from itertools import accumulate
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict
from radon.complexity import cc_rank, cc_visit, sorted_results
from radon.metrics import mi_rank, mi_visit
from radon.visitors import Class, Function

_MAX_RETOKENIZED = 5_000_000
_BETWEEN_STATEMENTS = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


class Block(BaseModel):
    """The complexity of one block without its file."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["function", "method", "class"]
    line: int
    end_line: int
    complexity: int
    rank: str


class FileQuality(BaseModel):
    """What radon says of one file; without an index, `index_failure` says why."""

    model_config = ConfigDict(frozen=True)

    blocks: list[Block]
    index: float | None = None
    index_rank: str | None = None
    index_failure: str | None = None


def measure_file(path: str) -> FileQuality:
    """Measure one file, read as radon reads it: in UTF-8, whatever encoding it declares.

    Raises
    ------
    OSError
        If the file cannot be read.
    SyntaxError, ValueError, RecursionError, MemoryError
        If radon cannot parse it.
    """
    source = Path(path).read_text(encoding="utf-8")
    blocks = [_block(found) for found in sorted_results(cc_visit(source))]
    try:
        index = maintainability(source)
    except Exception as error:  # noqa: BLE001  - radon's second look may fail where the first did not
        return FileQuality(blocks=blocks, index_failure=str(error) or type(error).__name__)
    return FileQuality(blocks=blocks, index=index, index_rank=mi_rank(index))


def maintainability(source: str) -> float:
    """Return radon's maintainability index.

    Raises
    ------
    ValueError
        If it would take radon minutes.
    """
    if retokenized_characters(source) > _MAX_RETOKENIZED:
        raise ValueError("not computed, since the time it takes grows with the square of the longest statement")
    return float(mi_visit(source, multi=True))


def retokenized_characters(source: str) -> int:
    """Tell how many characters radon reads to count the lines of code.

    It finds the end of a statement by reading it anew with each line, so a table of 5,000 lines takes minutes.

    Raises
    ------
    SyntaxError, tokenize.TokenError
        If the source has no end.
    """
    ends = [0, *accumulate(map(len, io.StringIO(source)))]
    total = 0
    before: int | None = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if before is None and token.type not in _BETWEEN_STATEMENTS:
            before = token.start[0] - 1
        if token.type == tokenize.NEWLINE and before is not None:
            end = min(token.end[0], len(ends) - 1)
            total += (end - before) * (ends[end] - ends[before]) // 2
            before = None
    return total


def _block(found: Function | Class) -> Block:
    kind: Literal["function", "method", "class"] = "class"
    if isinstance(found, Function):
        kind = "method" if found.is_method else "function"
    return Block(
        name=found.fullname,
        kind=kind,
        line=found.lineno,
        end_line=found.endline,
        complexity=found.complexity,
        rank=cc_rank(found.complexity),
    )
