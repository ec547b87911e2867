"""An agent's bundle: the zip file that AWS Lambda unpacks and runs, made without Docker.

At its root lie the agent's wheels, whole; of the project the agent's folder, what all agents share, the contracts of
the others, and whatever else the handler imports; and of this library the packages ``contract`` and ``runtime``. A
bundle that lacks what its handler imports is not made. It is known by a digest of all that it is made of, and kept
under that digest, so that an agent that did not change is not bundled again.
"""

import hashlib
import os
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Final, Self

import stepweave
from stepweave.cdk.bundle_files import BundleFiles
from stepweave.cdk.bundle_size import fit
from stepweave.cdk.bundling.import_check import ImportCheck
from stepweave.cdk.bundling.import_errors import missing_modules
from stepweave.cdk.bundling.project_files import project_files
from stepweave.cdk.bundling.target import Target
from stepweave.cdk.bytecode import Bytecode
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.managed_runtime import MANAGED_RUNTIME
from stepweave.cdk.platform import RUNNING_PYTHON, Platform
from stepweave.cdk.settings import Settings
from stepweave.cdk.wheels import InstallWheels, install_wheels, without
from stepweave.project.settings import Project

_FORMAT: Final = "3"  # part of the digest: raise it when the same input shall give another bundle
_LIBRARY: Final = ("contract", "runtime")
_FUNCTIONS: Final = "functions"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_INSTALLED: Final = Path(stepweave.__file__).parent
_UNUSED_FOR: Final = timedelta(days=14)


@dataclass(frozen=True)
class Bundle:
    """A zip file, the digest of what it was made of, and the handler in it that the function calls.

    Parameters
    ----------
    path : Path
        The zip file.
    digest : str
        What it is known by.
    handler : str
        What the function calls, as ``module.function``.
    left_out : tuple of Path
        The files of its folders that somebody may miss in it.
    """

    path: Path
    digest: str
    handler: str
    left_out: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Bundler:
    """Makes bundles, and keeps them.

    Parameters
    ----------
    project : Project
        Whose agents.
    platform : Platform
        What the wheels must run on.
    python : str
        The Python that the function runs, for example ``"3.13"``. If it is the one that runs here, bytecode goes in.
    install : InstallWheels
        What installs the wheels.
    bytecode : Bytecode
        What compiles the sources.
    files : BundleFiles
        What tells which files of an agent's folder go into its bundle.
    layer_modules : frozenset[str]
        Top-level modules that functions have from layers, so that bundles need not hold them.

    Example
    -------
    >>> Bundler(require_project(), Platform.deployed()).bundle("linter").path  # doctest: +SKIP
    PosixPath('.stepweave/bundles/linter-4f1c....zip')
    """

    project: Project
    platform: Platform
    python: str = RUNNING_PYTHON
    install: InstallWheels = field(default=install_wheels)
    bytecode: Bytecode = field(default_factory=Bytecode, compare=False)
    files: BundleFiles = field(default_factory=BundleFiles)
    layer_modules: frozenset[str] = frozenset()

    @classmethod
    def of(cls, project: Project, settings: Settings) -> Self:
        """Return what makes the bundles of a deployment of a project."""
        return cls(
            project,
            settings.bundle_platform,
            settings.python,
            files=BundleFiles(settings.bundle_files),
            layer_modules=frozenset(settings.layer_modules),
        )

    def built_for(self, platform: Platform) -> Self:
        """Return what makes the same bundles for a platform."""
        return self if platform is self.platform else replace(self, platform=platform)

    @property
    def cache(self) -> Path:
        """The folder that keeps the bundles."""
        return self.project.bundles

    def bundle(self, agent: str) -> Bundle:
        """Return the bundle of an agent; make it if it is not there yet.

        Several processes may do so at once: each makes its own and the last one stays.

        Parameters
        ----------
        agent : str
            The agent's name, which is its folder in the project's package of agents; or that of a function of the
            library.

        Raises
        ------
        SynthesisError
            If the agent has no handler or no compiled requirements, its wheels cannot be installed, it imports what
            the bundle would lack, or the bundle is larger than AWS Lambda takes.
        """
        found = self._found(agent)
        sources = list(self._sources(agent, found))
        requirements = self._requirements(agent)
        digest = self._digest(sources, requirements)
        path = self.cache / f"{agent}-{digest}.zip"
        if path.is_file():
            os.utime(path)
        else:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._remove_unused()
            self._make(agent, sources, requirements, path)
        return Bundle(path, digest, self.handler(agent), tuple(self._left_out(found)))

    def bundle_all(self, agents: Sequence[str], platforms: Mapping[str, Platform] | None = None) -> dict[str, Bundle]:
        """Return the bundles of several agents by their names; make what is missing at the same time.

        Parameters
        ----------
        agents : Sequence[str]
            The agents' names.
        platforms : Mapping[str, Platform] | None
            What an agent's wheels must run on, where that is another platform than the bundler's.
        """

        def one(agent: str) -> Bundle:
            return self.built_for((platforms or {}).get(agent, self.platform)).bundle(agent)

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return dict(zip(agents, pool.map(one, agents), strict=True))

    def handler(self, agent: str) -> str:
        """Return what the function of an agent calls, as ``module.function``."""
        package = f"{_INSTALLED.name}.{_FUNCTIONS}" if self._is_of_library(agent) else self.project.agents
        return f"{package}.{agent}.handler.handler"

    def _sources(self, agent: str, found: Iterable[Path]) -> Iterator[Path]:
        """Yield the files to copy, as paths in the bundle, in order."""
        of_library = self._is_of_library(agent)
        yield from (file for file in found if self.files.takes(file))
        yield from _of_library([*_LIBRARY, *([f"{_FUNCTIONS}/{agent}"] if of_library else [])])

    def _left_out(self, found: Iterable[Path]) -> Iterator[Path]:
        """Yield the files beside them that are not copied, though nobody can tell that they are not needed."""
        return (file for file in found if not self.files.takes(file) and not self.files.is_noise(file))

    def _found(self, agent: str) -> list[Path]:
        """Return the files of the project that belong into a bundle, relative to the project, in order."""
        if self._is_of_library(agent):
            return []
        if not (self.project.agents_folder / agent / "handler.py").is_file():
            where = self.project.agents_folder.relative_to(self.project.root) / agent / "handler.py"
            raise SynthesisError(f"agent {agent}: there is no {where.as_posix()} to put into its function")
        return project_files(self.project, agent, self._target)

    @property
    def _target(self) -> Target:
        major, minor = self.python.split(".")
        return Target((int(major), int(minor)), self.platform.system)

    def _is_of_library(self, agent: str) -> bool:
        own = (self.project.agents_folder / agent / "handler.py").is_file()
        return not own and (_INSTALLED / _FUNCTIONS / agent / "handler.py").is_file()

    def _source(self, path: Path) -> Path:
        """Return where a file of the bundle is copied from."""
        return (_INSTALLED.parent if path.parts[0] == _INSTALLED.name else self.project.root) / path

    def _requirements(self, agent: str) -> str:
        """Return what to install: what the agent pins, but for what the managed runtime has."""
        file = self._requirements_file(agent)
        if not file.is_file():
            raise SynthesisError(f"agent {agent}: {self._shown(file)} is missing; run `stepweave requirements`")
        return without(file.read_text(encoding="utf-8"), MANAGED_RUNTIME)

    def _requirements_file(self, agent: str) -> Path:
        """Return the file of an agent's pins; that of the runtime if the agent needs nothing else."""
        folder = (_INSTALLED / _FUNCTIONS if self._is_of_library(agent) else self.project.agents_folder) / agent
        needs_more = any((folder / name).exists() for name in ("requirements.in", "requirements.txt"))
        return (folder if needs_more else _INSTALLED / "runtime") / "requirements.txt"

    def _shown(self, file: Path) -> str:
        root = self.project.root
        return (file.relative_to(root) if file.is_relative_to(root) else file).as_posix()

    def _digest(self, sources: list[Path], requirements: str) -> str:
        digest = hashlib.sha256()
        for part in (_FORMAT, self.platform.value, self.python, requirements):
            digest.update(f"{len(part)}:{part}".encode())
        for source in sources:
            content = hashlib.sha256(self._source(source).read_bytes()).hexdigest()
            digest.update(f"{source.as_posix()}\0{content}\n".encode())
        return digest.hexdigest()

    def _make(self, agent: str, sources: list[Path], requirements: str, path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".making-", dir=self.cache) as folder:
            tree = Path(folder, "tree")
            tree.mkdir()
            if requirements:
                try:
                    self.install(requirements, tree, platform=self.platform, python=self.python)
                except SynthesisError as error:
                    raise SynthesisError(
                        f"agent {agent} ({self._shown(self._requirements_file(agent))}): {error}"
                    ) from error
            for source in sources:
                self._copy(source, tree, agent)
            _strip(tree)
            self._check_imports(agent, tree, sources)
            if self.python == RUNNING_PYTHON:
                self.bytecode.add_to(tree)
            fit(tree, agent)
            archive = Path(folder, "bundle.zip")
            _write_zip(tree, archive)
            archive.replace(path)

    def _copy(self, source: Path, tree: Path, agent: str) -> None:
        if (tree / source).exists():
            raise SynthesisError(
                f"agent {agent}: {source.as_posix()} of the project and of a wheel that it requires are the same file "
                "of its bundle; rename the project's package"
            )
        (tree / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._source(source), tree / source)

    def _check_imports(self, agent: str, tree: Path, sources: list[Path]) -> None:
        start = PurePath(*self.handler(agent).split(".")[:-1]).with_suffix(".py")
        missing = ImportCheck(tree, frozenset(sources), start, self._target, self.layer_modules).missing()
        if missing:
            requirements = self._shown(self.project.agents_folder / agent / "requirements.in")
            raise missing_modules(agent, missing, self.project.root, requirements)

    def _remove_unused(self) -> None:
        oldest = time.time() - _UNUSED_FOR.total_seconds()
        for path in self.cache.glob("*.zip"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:
                continue  # another process was faster


def _of_library(packages: Iterable[str]) -> Iterator[Path]:
    """Yield the files of some of the library's packages, as paths in the bundle, in order."""
    yield Path(_INSTALLED.name, "__init__.py")
    for package in packages:
        parents = Path(package).parents
        yield from (Path(_INSTALLED.name, parent, "__init__.py") for parent in parents if parent != Path())
        for path in sorted((_INSTALLED / package).rglob("*.py")):
            yield path.relative_to(_INSTALLED.parent)


def _strip(tree: Path) -> None:
    """Remove what no import can need: bytecode of another Python, and the installer's lock."""
    # Not the folders called `tests`: packages import from theirs, as numpy.testing does.
    for folder in list(tree.rglob("__pycache__")):
        shutil.rmtree(folder)
    (tree / ".lock").unlink(missing_ok=True)


def _write_zip(tree: Path, archive: Path) -> None:
    """Write a tree so that the same files give the same bytes; of their modes only 'executable' is kept."""
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(tree).as_posix(), _EPOCH)
                info.create_system = 3  # Unix: only then do the modes count
                info.external_attr = (stat.S_IFREG | (0o755 if os.access(path, os.X_OK) else 0o644)) << 16
                # the lowest level takes a third of the time of the default one, for a tenth more bytes
                bundle.writestr(info, path.read_bytes(), compress_type=zipfile.ZIP_DEFLATED, compresslevel=1)
