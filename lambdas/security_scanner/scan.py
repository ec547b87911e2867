"""What bandit finds in a tree.

Bandit is used as a library, one file at a time in child processes. It finds what the command line finds:

- ``--ini /dev/null``, if the review is isolated or the settings are elsewhere: a ``.bandit`` file in the repository,
  which ``-r`` would obey, is not read. ``# nosec`` comments count as ever.
- ``-x ./.git/``: bandit's default exclusions are parts of paths, and ``.git`` among them would leave out ``.github`` as
  well, though only where there is no ``.git`` directory. So without the option a clone and an archive of the same
  files would differ. What is tracked is reviewed.
"""

from importlib.metadata import version
from pathlib import Path

from bandit.core.config import BanditConfig
from bandit.core.manager import BanditManager

from lambdas.security_scanner.bandit_file import FileScan, scan_file, scan_file_by_settings
from lambdas.security_scanner.bandit_settings import BanditSettings, bandit_settings
from lambdas.security_scanner.contract import SecurityFinding, SecurityReport, security_scanner
from lambdas.shared.repository.contract import SkippedFile, Tool
from lambdas.shared.repository.files import display_name
from lambdas.shared.repository.isolation import Limits, inspect_files

COMMAND = "bandit -r . -x ./.git/ --ini /dev/null -f json -q --exit-zero"
"""The command line that finds the same by hand, at the top of the same files, without the repository's settings."""

_OWN_COMMANDS = {
    ".bandit": "bandit -r . --ini .bandit -f json -q --exit-zero",
    "pyproject.toml": "bandit -r . -x ./.git/ --ini /dev/null -c pyproject.toml -f json -q --exit-zero",
}

_LIMITS = Limits(memory_mb=security_scanner.memory_mb - 256)


def scan(tree: Path, limits: Limits = _LIMITS, *, isolated: bool = False) -> SecurityReport:
    """Run bandit on a tree.

    Parameters
    ----------
    tree : Path
        The top of a repository's files.
    limits : Limits
        What reading the files may cost.
    isolated : bool
        Whether the repository's own settings are left out.

    Returns
    -------
    SecurityReport
        The findings by file in the order of their names; files that could not be scanned, with bandit's reason or ours.

    Raises
    ------
    IsolationError
        If the agent's bundle is broken.
    """
    settings = BanditSettings() if isolated else bandit_settings(tree)
    scan_one = scan_file_by_settings if settings.source.files else scan_file
    files = [file for file in _files(tree) if not settings.excludes(file)]
    inspection = inspect_files(scan_one, FileScan, tree, files, limits)
    scans = inspection.results.items()
    return SecurityReport(
        tool=Tool(
            name="bandit",
            version=version("bandit"),
            command=next((_OWN_COMMANDS[file] for file in settings.source.files), COMMAND),
            settings=settings.source,
        ),
        files=sum(scan.skipped is None for _, scan in scans),
        lines_of_code=sum(scan.lines_of_code for _, scan in scans),
        findings=[
            SecurityFinding(path=display_name(path), **finding.model_dump())
            for path, scan in scans
            for finding in scan.findings
        ],
        skipped=sorted(
            inspection.skipped
            + [SkippedFile(path=display_name(path), reason=scan.skipped) for path, scan in scans if scan.skipped],
            key=lambda file: file.path,
        ),
    )


def _files(tree: Path) -> list[str]:
    """List the files that bandit itself would scan: links too, and those in hidden directories."""
    manager = BanditManager(BanditConfig(), "file")
    manager.discover_files([str(tree)], recursive=True)
    return [str(Path(file).relative_to(tree)) for file in manager.files_list]
