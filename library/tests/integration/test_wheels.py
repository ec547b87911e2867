"""Wheels installed by the real uv, from an index that is a folder."""

import base64
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform
from stepweave.cdk.wheels import install_wheels


@dataclass(frozen=True)
class Index:
    """A folder of wheels."""

    folder: Path

    def add(self, name: str, tag: str, content: str) -> str:
        """Put a wheel of version 1.0 into the index and return its hash."""
        info = f"{name}-1.0.dist-info"
        files = {
            f"{name}.py": content,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
            f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
        }
        record = "".join(
            f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
            f"{len(text.encode())}\n"
            for path, text in files.items()
        )
        path = self.folder / f"{name}-1.0-{tag}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                wheel.writestr(file, text)
        return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return Index(folder)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("python", ["3.11", "3.14"])
def test_the_wheel_of_the_functions_platform_and_python_is_taken(
    index: Index, target: Path, platform: Platform, python: str
) -> None:
    systems = {
        Platform.LINUX_X86_64: "manylinux2014_x86_64",
        Platform.LINUX_ARM64: "manylinux2014_aarch64",
        Platform.MACOS_X86_64: "macosx_11_0_x86_64",
        Platform.MACOS_ARM64: "macosx_11_0_arm64",
    }
    hashes = [
        index.add("native", f"cp{version}-cp{version}-{system}", f"BUILT_FOR = {version, other.value}\n")
        for other, system in systems.items()
        for version in ("311", "314")
    ]
    requirements = "native==1.0" + "".join(f" \\\n    --hash=sha256:{digest}" for digest in hashes) + "\n"
    install_wheels(requirements, target, platform=platform, python=python)
    built_for = (python.replace(".", ""), platform.value)
    assert (target / "native.py").read_text() == f"BUILT_FOR = {built_for}\n"


def test_launchers_are_left_out_since_they_name_the_builders_python(index: Index, target: Path) -> None:
    digest = index.add("plain", "py3-none-any", "def main(): ...\n")
    install_wheels(f"plain==1.0 --hash=sha256:{digest}\n", target, platform=Platform.LINUX_X86_64, python="3.11")
    assert (target / "plain.py").is_file()
    assert not list(target.glob("bin/*"))


def test_markers_are_those_of_the_functions_python(index: Index, target: Path) -> None:
    digest = index.add("backport", "py3-none-any", "")
    requirements = f"backport==1.0 ; python_full_version < '3.12' --hash=sha256:{digest}\n"
    install_wheels(requirements, target, platform=Platform.LINUX_X86_64, python="3.13")
    assert not (target / "backport.py").exists()
    install_wheels(requirements, target, platform=Platform.LINUX_X86_64, python="3.11")
    assert (target / "backport.py").is_file()


def test_a_wheel_with_another_hash_is_refused(index: Index, target: Path) -> None:
    index.add("plain", "py3-none-any", "")
    with pytest.raises(SynthesisError, match=r"(?i)hash mismatch"):
        install_wheels(f"plain==1.0 --hash=sha256:{'0' * 64}\n", target, platform=Platform.LINUX_X86_64, python="3.11")


def test_without_a_wheel_for_the_platform_the_error_says_what_to_do(index: Index, target: Path) -> None:
    digest = index.add("native", "cp311-cp311-manylinux2014_aarch64", "")
    with pytest.raises(SynthesisError, match=r"wheels for x86_64-manylinux2014, Python 3\.11(?s:.*)pin a version"):
        install_wheels(f"native==1.0 --hash=sha256:{digest}\n", target, platform=Platform.LINUX_X86_64, python="3.11")


def test_without_a_network_the_error_says_what_to_do(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    with pytest.raises(SynthesisError, match=r"check the network, or name an index with UV_DEFAULT_INDEX"):
        install_wheels(f"plain==1.0 --hash=sha256:{'0' * 64}\n", target, platform=Platform.LINUX_X86_64, python="3.11")
