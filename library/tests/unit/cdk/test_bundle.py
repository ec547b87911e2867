"""What is in a bundle, and when it is made anew."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stepweave.cdk.bundle import Bundle, Bundler
from stepweave.cdk.bundle_files import BundleFiles
from stepweave.cdk.bundle_size import MAX_UNZIPPED_BYTES, fit
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform
from stepweave.project.settings import Project

PINS = "pydantic==2.12 \\\n    --hash=sha256:11\nboto3==1.0 \\\n    --hash=sha256:22\n"


class FakeInstaller:
    """Puts a small wheel's worth of files into the folder, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Platform, str]] = []

    def __call__(self, requirements: str, target: Path, *, platform: Platform, python: str) -> None:
        self.calls.append((requirements, platform, python))
        package = target / "wheel"
        (package / "tests").mkdir(parents=True)
        (package / "__pycache__").mkdir()
        (package / "__init__.py").write_text("VALUE = 1\n")
        (package / "template.py").write_text("{{ not python }}\n")
        (package / "tests" / "test_wheel.py").write_text("")
        (package / "__pycache__" / "stale.cpython-311.pyc").write_bytes(b"")
        (target / ".lock").write_text("")
        (target / "bin").mkdir()
        (target / "bin" / "program").write_bytes(b"\x7fELF")
        (target / "bin" / "program").chmod(0o755)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {
        "lambdas/__init__.py": "",
        "lambdas/shared/repository/checkout.py": "",
        "lambdas/linter/__init__.py": "",
        "lambdas/linter/contract.py": "",
        "lambdas/linter/handler.py": "def handler(event, context): return 42\n",
        "lambdas/linter/templates/report.html": "<p>",
        "lambdas/linter/requirements.in": "pydantic\n",
        "lambdas/linter/requirements.txt": PINS,
        "lambdas/tester/__init__.py": "",
        "lambdas/tester/contract.py": "",
        "lambdas/tester/handler.py": "",
        "lambdas/tester/requirements.txt": PINS,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def installer() -> FakeInstaller:
    return FakeInstaller()


@pytest.fixture
def bundler(root: Path, installer: FakeInstaller) -> Bundler:
    return Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=installer)


def names(bundle: Bundle) -> set[str]:
    with zipfile.ZipFile(bundle.path) as archive:
        own = [name for name in archive.namelist() if not name.startswith("stepweave/")]
    return {name for name in own if not name.endswith(".pyc")}


def test_a_bundle_holds_the_agent_what_all_share_the_contracts_and_the_wheels(bundler: Bundler) -> None:
    assert names(bundler.bundle("linter")) == {
        "bin/program",
        "wheel/__init__.py",
        "wheel/template.py",
        "wheel/tests/test_wheel.py",
        "lambdas/__init__.py",
        "lambdas/shared/repository/checkout.py",
        "lambdas/linter/__init__.py",
        "lambdas/linter/contract.py",
        "lambdas/linter/handler.py",
        "lambdas/linter/templates/report.html",
        "lambdas/tester/__init__.py",
        "lambdas/tester/contract.py",
    }


def test_wheels_are_for_the_platform_and_leave_out_what_the_managed_runtime_has(
    root: Path, installer: FakeInstaller
) -> None:
    Bundler(Project(root, "test"), Platform.LINUX_ARM64, "3.13", install=installer).bundle("linter")
    assert installer.calls == [("pydantic==2.12 \\\n    --hash=sha256:11\n", Platform.LINUX_ARM64, "3.13")]


def test_an_agent_that_did_not_change_is_not_bundled_again(
    root: Path, bundler: Bundler, installer: FakeInstaller
) -> None:
    first = bundler.bundle("linter")
    assert Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=installer).bundle("linter") == first
    assert len(installer.calls) == 1


def test_the_same_input_gives_the_same_bytes(bundler: Bundler) -> None:
    first = bundler.bundle("linter")
    content = first.path.read_bytes()
    first.path.unlink()
    time.sleep(0.01)
    again = bundler.bundle("linter")
    assert (again.digest, again.path.read_bytes()) == (first.digest, content)


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("lambdas/linter/handler.py", True),
        ("lambdas/linter/new.py", True),
        ("lambdas/linter/templates/report.html", True),
        ("lambdas/tester/contract.py", True),
        ("lambdas/tester/handler.py", False),
        ("lambdas/linter/requirements.in", False),
        ("lambdas/linter/__pycache__/handler.cpython-311.pyc", False),
        ("lambdas/.DS_Store", False),
        ("lambdas/contract/.DS_Store", False),
        ("lambdas/runtime/.agent_handler.py.swp", False),
        ("lambdas/runtime/._agent_handler.py", False),
        ("lambdas/runtime/.#agent_handler.py", False),
        ("lambdas/runtime/#agent_handler.py#", False),
        ("library/src/stepweave/runtime/agent_handler.py~", False),
        ("lambdas/runtime/agent_handler.py.orig", False),
        ("lambdas/runtime/agent_handler.pyc", False),
        ("lambdas/linter/.ipynb_checkpoints/handler-checkpoint.py", False),
        ("lambdas/linter/.mypy_cache/3.11/handler.data.json", False),
        ("lambdas/linter/.venv/lib/x.py", False),
        ("lambdas/linter/Untitled.ipynb", False),
        ("lambdas/linter/.env", False),
        ("lambdas/linter/.env.json", False),
        ("lambdas/linter/prod.env", False),
        ("lambdas/linter/id_rsa", False),
        ("lambdas/linter/server.pem", False),
        ("lambdas/linter/server.key", False),
        ("lambdas/linter/Thumbs.db", False),
        ("lambdas/linter/desktop.ini", False),
        ("lambdas/linter/Icon\r", False),
        ("lambdas/linter/README.md", False),
        ("lambdas/linter/core.4711", False),
        ("lambdas/linter/prompts/system.md", True),
        ("lambdas/linter/data/rules.json", True),
        ("lambdas/linter/data/requirements.txt", True),
        ("lambdas/linter/templates/review.html.j2", True),
        ("lambdas/linter/templates/LOGO.PNG", True),
        ("lambdas/linter/model.onnx", True),
        ("README.md", False),
    ],
)
def test_the_digest_changes_with_what_is_in_the_bundle_and_with_nothing_else(
    root: Path, bundler: Bundler, file: str, changes: bool
) -> None:
    before = bundler.bundle("linter").digest
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text("# changed\n")
    assert (bundler.bundle("linter").digest != before) is changes


def test_a_virtual_environment_in_a_folder_stays_there(root: Path, bundler: Bundler) -> None:
    before = bundler.bundle("linter").digest
    for name in ("pyvenv.cfg", "lib/python3.13/site-packages/six.py"):
        (root / "lambdas/linter/venv" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "lambdas/linter/venv" / name).write_text("")
    assert bundler.bundle("linter").digest == before


def test_files_of_other_kinds_go_in_if_they_are_named(root: Path, installer: FakeInstaller) -> None:
    (root / "lambdas/linter/bin").mkdir()
    for name in ("bin/scan", "net.weights", "other.weights2", ".hidden"):
        (root / "lambdas/linter" / name).write_text("")
    files = BundleFiles(("*.weights", "lambdas/linter/bin/*", ".hidden"))
    bundle = Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=installer, files=files).bundle("linter")
    named = {"lambdas/linter/bin/scan", "lambdas/linter/net.weights", "lambdas/linter/.hidden"}
    assert named <= names(bundle)
    assert bundle.left_out == (Path("lambdas/linter/other.weights2"),)


def test_only_what_somebody_may_miss_is_told(root: Path, bundler: Bundler) -> None:
    for name in (".DS_Store", "x.py~", "net.weights", "Makefile", "README.md", "__pycache__/x.pyc"):
        (root / "lambdas/linter" / name).parent.mkdir(exist_ok=True)
        (root / "lambdas/linter" / name).write_text("")
    assert [path.name for path in bundler.bundle("linter").left_out] == ["Makefile", "net.weights"]


def test_a_bundle_that_lambda_would_refuse_is_not_made(root: Path) -> None:
    def install(requirements: str, target: Path, *, platform: Platform, python: str) -> None:
        for name, megabytes in (("numpy", 80), ("pandas", 150), ("six", 1), ("torch", 19)):
            (target / name).mkdir()
            with (target / name / "data.bin").open("wb") as file:
                file.truncate(megabytes * 1024 * 1024)

    assert MAX_UNZIPPED_BYTES == 250 * 1024 * 1024
    with pytest.raises(
        SynthesisError, match=r"agent linter: its bundle has 250\.\d MiB .* pandas 150\.0, numpy 80\.0, t"
    ):
        Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=install).bundle("linter")
    assert list((root / ".stepweave/bundles").iterdir()) == []


@pytest.mark.parametrize(("limit", "bytecode"), [(1100, True), (1099, False), (1000, False), (999, None)])
def test_bytecode_makes_way_for_what_a_function_needs(tmp_path: Path, limit: int, bytecode: bool | None) -> None:
    (tmp_path / "package/__pycache__").mkdir(parents=True)
    (tmp_path / "package/module.py").write_bytes(b"#" * 1000)
    (tmp_path / "package/__pycache__/module.pyc").write_bytes(b"#" * 100)
    if bytecode is None:
        with pytest.raises(SynthesisError, match="agent linter"):
            fit(tmp_path, "linter", limit)
    else:
        fit(tmp_path, "linter", limit)
        assert (tmp_path / "package/__pycache__").exists() is bytecode
        assert (tmp_path / "package/module.py").exists()


def test_the_digest_changes_with_pins_platform_and_python(
    root: Path, bundler: Bundler, installer: FakeInstaller
) -> None:
    digests = {
        bundler.bundle("linter").digest,
        Bundler(Project(root, "test"), Platform.LINUX_ARM64, install=installer).bundle("linter").digest,
        Bundler(Project(root, "test"), Platform.LINUX_X86_64, "3.99", install=installer).bundle("linter").digest,
    }
    (root / "lambdas/linter/requirements.txt").write_text(PINS.replace("2.12", "2.13"))
    digests.add(bundler.bundle("linter").digest)
    assert len(digests) == 4


def test_programs_stay_executable(bundler: Bundler) -> None:
    with zipfile.ZipFile(bundler.bundle("linter").path) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["bin/program"] == stat.S_IFREG | 0o755
    assert modes["lambdas/linter/handler.py"] == stat.S_IFREG | 0o644


def test_bytecode_is_there_and_is_used_unchecked(bundler: Bundler, tmp_path: Path) -> None:
    tree = tmp_path / "unpacked"
    with zipfile.ZipFile(bundler.bundle("linter").path) as archive:
        archive.extractall(tree)
    source = tree / "lambdas/linter/handler.py"
    compiled = Path(importlib.util.cache_from_source(str(source)))
    flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
    assert flags == 0b01, "hash-based and not checked against the source"
    program = "from lambdas.linter.handler import handler as h; print(h(0, 0), h.__code__.co_filename)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["42", str(source)]


def test_several_processes_may_make_one_bundle_at_once(root: Path, installer: FakeInstaller) -> None:
    def make(_: int) -> Bundle:
        return Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=installer).bundle("linter")

    with ThreadPoolExecutor(4) as pool:
        bundles = set(pool.map(make, range(4)))
    assert len(bundles) == 1
    assert sorted(path.name for path in (root / ".stepweave/bundles").iterdir()) == [bundles.pop().path.name]


def test_several_agents_are_told_apart(bundler: Bundler) -> None:
    bundles = bundler.bundle_all(["linter", "tester"])
    assert list(bundles) == ["linter", "tester"]
    assert "lambdas/tester/handler.py" in names(bundles["tester"])
    assert "lambdas/tester/handler.py" not in names(bundles["linter"])


def test_a_failed_installation_leaves_nothing_behind(root: Path) -> None:
    def fail(requirements: str, target: Path, *, platform: Platform, python: str) -> None:
        (target / "half.py").write_text("")
        raise SynthesisError("no network")

    with pytest.raises(SynthesisError, match=r"agent linter \(lambdas/linter/requirements\.txt\): no network"):
        Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=fail).bundle("linter")
    assert list((root / ".stepweave/bundles").iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("lambdas/linter/handler.py", "agent linter: there is no lambdas/linter/handler.py"),
        ("lambdas/linter/requirements.txt", "lambdas/linter/requirements.txt is missing; run `stepweave requirements`"),
    ],
)
def test_what_is_missing_is_named(root: Path, bundler: Bundler, missing: str, message: str) -> None:
    (root / missing).unlink()
    with pytest.raises(SynthesisError, match=message):
        bundler.bundle("linter")


def test_bundles_that_nobody_used_for_weeks_are_removed(root: Path, bundler: Bundler) -> None:
    old, used = bundler.bundle("linter"), bundler.bundle("tester")
    long_ago = time.time() - 30 * 24 * 3600
    for bundle in (old, used):
        os.utime(bundle.path, (long_ago, long_ago))
    bundler.bundle("tester")
    (root / "lambdas/linter/handler.py").write_text("# new\n")
    new = bundler.bundle("linter")
    assert set(bundler.cache.iterdir()) == {used.path, new.path}


def test_an_agent_without_wheels_needs_no_installer(root: Path, bundler: Bundler, installer: FakeInstaller) -> None:
    (root / "lambdas/linter/requirements.txt").write_text("# nothing\nboto3==1.0\n")
    bundler.bundle("linter")
    assert installer.calls == []


def test_the_project_may_be_a_folder_below_one_that_is_left_out(root: Path, installer: FakeInstaller) -> None:
    nested = root / "__pycache__" / "project"
    shutil.copytree(root / "lambdas", nested / "lambdas")
    here = Bundler(Project(root, "test"), Platform.LINUX_X86_64, install=installer).bundle("linter")
    there = Bundler(Project(nested, "test"), Platform.LINUX_X86_64, install=installer).bundle("linter")
    assert there.digest == here.digest
