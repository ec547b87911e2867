"""Make the CloudFormation templates and bundles of the project's app, unless nothing changed since the last time."""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import stepweave
from stepweave.cdk.dag_deployment import DagDeployment
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT
from stepweave.cdk.platform import this_machine
from stepweave.command.errors import EXIT_FAILED, CommandError
from stepweave.command.target.aws_environment import without_aws
from stepweave.command.terminal.file_writing import replace_file, writing
from stepweave.command.terminal.step import step
from stepweave.project.settings import Project

_SOURCES = ("app.py", "cdk.json", "pyproject.toml", "stacks", "requirements")
_TOOLS = ("aws-cdk-lib", "cdk-nag", "constructs")
_ERROR_LINE = re.compile(r"(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Failure): .+")
_OWN = "app.py: "
"""How the app begins what it has to say to its author."""
_TAIL = 12


@contextmanager
def project_lock(project: Project) -> Iterator[None]:
    """Keep other commands from synthesizing and deploying the project at the same time."""
    with ExitStack() as held:
        with writing(project.state):
            project.state.mkdir(exist_ok=True)
            lock = held.enter_context((project.state / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def synthesize(project: Project, dag: DagDeployment | None = None, environment: str = DEFAULT_ENVIRONMENT) -> Path:
    """Synthesize the project's app as the local cloud needs it.

    Parameters
    ----------
    project : Project
        Whose app.
    dag : DagDeployment | None
        The DAG file that is deployed beside the project's workflows.
    environment : str
        Which deployment of the project it is to be.

    Returns
    -------
    Path
        The cloud assembly.

    Raises
    ------
    CommandError
        If the app fails; the message is that of its error, and the whole output is in a file.
    """
    stamp = project.state / "cdk.out.sha256"
    digest = " ".join([source_digest(project), environment, *([] if dag is None else [dag_digest(dag)])])
    if stamp.exists() and stamp.read_text() == digest and (project.assembly / "manifest.json").exists():
        return project.assembly
    if importlib.util.find_spec("aws_cdk") is None:
        raise CommandError(
            "the AWS CDK, which makes the templates, is not installed",
            "run `make setup` in the project, or: pip install 'stepweave[cdk,local]'",
        )
    with writing(stamp):
        stamp.unlink(missing_ok=True)
    shutil.rmtree(project.assembly, ignore_errors=True)
    first = not (project.state / "bundles").exists()
    with step("synthesizing the app" + (" and fetching what its agents need" if first else ""), "synthesized"):
        _run_app(project, {"environment": environment, **({} if dag is None else dag.context(dag.path.resolve()))})
    with writing(stamp):
        replace_file(stamp, digest)
    return project.assembly


def source_digest(project: Project) -> str:
    """Return a digest of everything that the app's templates and bundles are made of."""
    digest = hashlib.sha256(sys.version.encode())
    for tool in _TOOLS:
        digest.update(f"{tool} {_version(tool)}\n".encode())
    for file in _files(project):
        content = file.read_bytes()
        digest.update(os.fsencode(f"{_relative(file, project)} {len(content)}\n"))
        digest.update(content)
    return digest.hexdigest()


def dag_digest(dag: DagDeployment) -> str:
    """Return a digest of what a DAG file adds to the templates."""
    chosen = json.dumps(dag.context(dag.path.resolve()), sort_keys=True).encode()
    return hashlib.sha256(chosen + dag.path.read_bytes()).hexdigest()


def relevant_error(output: str) -> str:
    """Pick from the output of a failed app the lines that tell a person what is wrong.

    Example
    -------
    >>> relevant_error("Traceback ...\\n  File 'x'\\nImportError: no module here\\n")
    'no module here'
    """
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        if line.startswith(_OWN):
            return "\n".join([line.removeprefix(_OWN), *lines[index + 1 :]])
    for index in range(len(lines) - 1, -1, -1):
        # jsii prints the JavaScript error indented, below its own one
        line = lines[index].strip()
        if _ERROR_LINE.fullmatch(line) or line.startswith("Error: "):
            following = [more for more in lines[index + 1 :] if not more.lstrip().startswith(("at ", "File "))]
            return "\n".join([line.partition(": ")[2], *following])
    return "\n".join(lines[-_TAIL:]) or "it printed nothing"


def _files(project: Project) -> Iterator[Path]:
    library = Path(stepweave.__file__).parent
    sources = [
        *(project.root / source for source in _SOURCES),
        project.agents_folder,
        project.workflows_folder,
        library,
    ]
    for path in sources:
        found = path.rglob("*") if path.is_dir() else [path]
        for file in sorted(found):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def _relative(file: Path, project: Project) -> Path:
    return file.relative_to(project.root) if file.is_relative_to(project.root) else file


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _run_app(project: Project, context: Mapping[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "app.py"],
        cwd=project.root,
        env=_environment(project, context),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ended.returncode == 0 and (project.assembly / "manifest.json").exists():
        return
    shutil.rmtree(project.assembly, ignore_errors=True)
    log = project.state / "synth.log"
    try:
        log.write_text(ended.stdout, encoding="utf-8")
        where = f"all that it printed is in {log}"
    except OSError as error:  # what is wrong with the app is what a person has to know
        where = f"what it printed could not be kept in {log}: {error.strerror}"
    why = relevant_error(ended.stdout) if ended.returncode else "it wrote no cloud assembly"
    raise CommandError(f"{project.root / 'app.py'} failed: {why}", where, EXIT_FAILED)


def _environment(project: Project, context: Mapping[str, str]) -> dict[str, str]:
    # What is made for the local cloud must not depend on the account or the region that the user works with.
    kept = without_aws(os.environ)
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)]),
        "CDK_OUTDIR": str(project.assembly),
        # As `cdk -c` passes it on: the functions must run on this very machine.
        "CDK_CONTEXT_JSON": json.dumps({**this_machine(), **context}),
    }
