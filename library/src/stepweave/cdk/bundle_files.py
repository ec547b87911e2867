"""Which files of an agent's folder go into its bundle: those of kinds that a handler imports or reads.

A list of what is left out would never be complete: file managers, editors, notebooks and version control leave their
files everywhere, and one of them in a folder that all agents share would deploy every function anew. Secrets too lie
in files that nobody meant to deploy.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath
from typing import Final

KINDS: Final = frozenset(
    kind
    for kinds in (
        "py so typed",
        "json jsonl ndjson yaml yml toml xml xsd xsl csv tsv parquet avsc proto graphql sql cfg ini properties",
        "txt md rst html htm css js mjs j2 jinja jinja2 tmpl tpl template mustache ftl po mo",
        "png jpg jpeg gif svg ico webp ttf otf woff woff2 pdf docx xlsx pptx",
        "gz zip zst npy npz onnx pkl pickle joblib safetensors model sqlite sqlite3 wasm bin dat",
    )
    for kind in kinds.split()
)
"""Suffixes, without the dot, of what is code or what code reads."""

_FOR_PEOPLE: Final = frozenset({"README.md", "requirements.in", "requirements.txt"})
"""Files at the root of an agent's folder that no function needs."""

_OF_MACHINES: Final = frozenset({"desktop.ini", "Thumbs.db", "ehthumbs.db", "__pycache__"})
"""What has a kind that is taken, or none, and comes by itself."""

_OF_EDITORS: Final = ("*~", "#*#", "*.swp", "*.swo", "*.swn", "*.bak", "*.orig", "*.rej", "*.tmp", "*.pyc", "*.pyo")


@dataclass(frozen=True)
class BundleFiles:
    """Tells which files go into a bundle.

    Parameters
    ----------
    patterns : tuple[str, ...]
        Shell patterns of names or of paths below the project, for files of other kinds: ``*.weights`` or
        ``lambdas/scanner/bin/*``.

    Example
    -------
    >>> BundleFiles().takes(PurePath("lambdas/reporter/templates/review.html.j2"))
    True
    >>> BundleFiles().takes(PurePath("lambdas/reporter/.env"))
    False
    """

    patterns: tuple[str, ...] = ()

    def takes(self, path: PurePath) -> bool:
        """Tell whether a file goes into a bundle.

        Parameters
        ----------
        path : PurePath
            The file, relative to the project: ``lambdas/AGENT/...``.
        """
        if self._is_named(path):
            return True
        return not self.is_noise(path) and path.suffix.removeprefix(".").lower() in KINDS

    def is_noise(self, path: PurePath) -> bool:
        """Tell whether nobody will miss a file that is left out: it is hidden, of some tool, or for people."""
        if self._is_named(path):
            return False
        hidden = any(part.startswith(".") or part in _OF_MACHINES for part in path.parts)
        for_people = len(path.parts) == 3 and path.name in _FOR_PEOPLE
        return hidden or for_people or any(fnmatchcase(path.name, pattern) for pattern in _OF_EDITORS)

    def _is_named(self, path: PurePath) -> bool:
        names = (path.name, path.as_posix())
        return any(fnmatchcase(name, pattern) for pattern in self.patterns for name in names)
