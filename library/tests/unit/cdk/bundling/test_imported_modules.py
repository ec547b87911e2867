"""What a handler imports is in its bundle, or the bundle is not made: each way to import."""

import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stepweave.cdk.bundle import Bundle, Bundler
from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.platform import Platform
from stepweave.project.settings import Project

PINS = "wheel==1.0 \\\n    --hash=sha256:11\n"


class FakeInstaller:
    """Puts a regular package, a module, a namespace package and a compiled module into the folder."""

    def __call__(self, requirements: str, target: Path, *, platform: Platform, python: str) -> None:
        for name, text in {
            "wheel/__init__.py": "",
            "wheel/part.py": "",
            "flat.py": "",
            "cloud/storage/__init__.py": "",
            "native.cpython-313-x86_64-linux-gnu.so": "",
        }.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_text(text)


@dataclass
class World:
    """A project of two agents, whose files a test changes."""

    root: Path
    files: dict[str, str] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()

    def bundle(self, handler: str, python: str = "3.13", **files: str) -> Bundle:
        texts = {
            "lambdas/__init__.py": "",
            "lambdas/payer/__init__.py": "",
            "lambdas/payer/contract.py": "",
            "lambdas/payer/requirements.in": "wheel\n",
            "lambdas/payer/requirements.txt": PINS,
            "lambdas/payer/handler.py": handler,
            "lambdas/payer/limits.py": "LIMIT = 1\n",
            "lambdas/clerk/__init__.py": "",
            "lambdas/clerk/contract.py": "from lambdas.clerk.forms import FORM\n",
            "lambdas/clerk/forms.py": "FORM = 1\n",
            "lambdas/clerk/rules.py": "RULE = 1\n",
            "lambdas/clerk/rules.json": "{}",
            "lambdas/clerk/handler.py": "import nowhere\n",
            "lambdas/shared/__init__.py": "RATE = 1\n",
            "lambdas/shared/money.py": "",
            "claimslib/__init__.py": "",
            "claimslib/pricing.py": "from . import tables\n",
            "claimslib/tables.py": "import json\n",
            "claimslib/rates.json": "{}",
            "claimslib/.env": "SECRET=1",
            "loose/deep/module.py": "",
            "tariffs.py": "import claimslib.pricing\n",
            "unrelated.py": "import nowhere\n",
            **{name.replace("__", "/") + ".py": text for name, text in files.items()},
            **self.files,
        }
        for name, text in texts.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        project = Project(self.root, "test")
        bundler = Bundler(project, Platform.LINUX_X86_64, python, install=FakeInstaller(), layer_modules=self.elsewhere)
        return bundler.bundle("payer")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def names(bundle: Bundle) -> set[str]:
    with zipfile.ZipFile(bundle.path) as archive:
        return {name for name in archive.namelist() if not name.endswith(".pyc")}


THERE = {
    "nothing": "",
    "standard library": "import json, os.path\nfrom xml.etree import ElementTree",
    "future": "from __future__ import annotations",
    "own module": "from lambdas.payer.limits import LIMIT",
    "own module, relative": "from .limits import LIMIT\nfrom . import limits",
    "shared": "from lambdas.shared import money, RATE",
    "shared, relative": "from ..shared import money",
    "contract of another": "from lambdas.clerk.contract import FORM",
    "module of another": "from lambdas.clerk.rules import RULE",
    "package": "from claimslib.pricing import tables",
    "package, as": "import claimslib.pricing as pricing",
    "package, all of it": "from claimslib.pricing import *",
    "module that imports a package": "import tariffs",
    "namespace package": "import loose.deep.module\nfrom loose.deep import module\nfrom loose import deep",
    "in a function": "def f():\n    import tariffs",
    "by a call": "import importlib\nimportlib.import_module('claimslib.tables')",
    "by a call, relative": "from importlib import import_module as load\nload('.limits', __package__)",
    "by a call, relative to a name": "import importlib as i\ni.import_module('.tables', package='claimslib')",
    "by the built-in": "__import__('tariffs')",
    "data of a package": "import importlib.resources as r\nr.files('claimslib').joinpath('rates.json').open()",
    "wheel": "import wheel, wheel.part, flat",
    "namespace package of a wheel": "from cloud import storage\nimport cloud.storage",
    "only for types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere",
    "only for types, by module": "import typing as t\nif t.TYPE_CHECKING:\n    import nowhere\nelse:\n    import json",
    "not for types": "import typing\nif not typing.TYPE_CHECKING:\n    import json\nelse:\n    import nowhere",
    "optional": "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None",
    "optional, not found": "try:\n    import nowhere\nexcept (ValueError, ModuleNotFoundError):\n    pass",
    "optional, anything": "try:\n    import nowhere\nexcept:\n    pass",
    "optional, suppressed": "import contextlib\nwith contextlib.suppress(ImportError):\n    import nowhere",
    "optional, of the project": "try:\n    import unrelated\nexcept ImportError:\n    pass",
    "optional, and what follows it": "try:\n    import nowhere\nexcept ImportError:\n    pass\nelse:\n    import gone",
    "fallback that is needed": "try:\n    import nowhere\nexcept ImportError:\n    import json as nowhere",
    "fallback that is not needed": "try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib",
    "two paths to one module": "try:\n    import money\nexcept ImportError:\n    from lambdas.shared import money",
    "by version": "import sys\nif sys.version_info >= (3, 8):\n    import json\nelse:\n    import nowhere",
    "by version, sliced": "import sys\nif sys.version_info[:2] < (3, 8):\n    import nowhere",
    "by system": "import sys\nif sys.platform == 'win32':\n    import winreg",
    "as a program": "if __name__ == '__main__':\n    import nowhere",
    "lazy names of a package": "from lambdas.shared.lazy import anything",
    "own names of the library": "import stepweave as s\ns.RefusedError\nfrom stepweave.contract.refusal import *",
}


@pytest.mark.parametrize("source", THERE.values(), ids=THERE.keys())
def test_what_is_imported_is_there(world: World, source: str, tmp_path: Path) -> None:
    """The bundle is unpacked elsewhere, and Python imports its handler with nothing else of the project."""
    world.files = {"lambdas/shared/lazy/__init__.py": "def __getattr__(name): return 1\n"}
    bundle = world.bundle(source + "\n")
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(tmp_path / "unpacked")
    program = "import lambdas.payer.handler as h; [v() for k, v in vars(h).items() if k == 'f']"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path / "unpacked", check=True)


MISSING = {
    "wheel": (
        "import json\nimport pandas",
        "handler.py:2: no module pandas; add pandas to lambdas/payer/requirements.in",
    ),
    "wheel under another name": (
        "import yaml",
        "handler.py:1: no module yaml; add .*PyYAML to lambdas/payer/requirements",
    ),
    "submodule of one": ("import pandas.core", "handler.py:1: no module pandas.core; add pandas "),
    "namespace of a wheel": ("from cloud import queue", r"handler.py:1: no module cloud \(queue\)"),
    "in a function": ("def f():\n    import pandas", "handler.py:2: no module pandas"),
    "in a class, in a lambda, by a call": (
        "class A:\n    x = lambda: __import__('pandas')",
        "handler.py:2: no module pandas",
    ),
    "module of the project": (
        "import lambdas.payer.gone",
        "handler.py:1: the project has no module lambdas.payer.gone",
    ),
    "module of a package": (
        "from claimslib import gone",
        r"handler.py:1: the project has no module claimslib \(gone\)",
    ),
    "module of a namespace": ("from loose import gone", r"handler.py:1: the project has no module loose \(gone\)"),
    "spelled otherwise": ("from lambdas.shared import Money", r"the project has no module lambdas.shared \(Money\)"),
    "beside the handler": ("import limits", "handler.py:1: no module limits; write lambdas.payer.limits"),
    "imported by what is imported": ("import tariffs, unrelated", "unrelated.py:1: no module nowhere"),
    "another agent's handler": ("from lambdas.clerk.handler import x", "lambdas/clerk/handler.py:1: no module nowhere"),
    "compiler": (
        "from stepweave.compiler.compile import x",
        "handler.py:1: stepweave.compiler.compile .* is not in functions",
    ),
    "public name of the compiler": (
        "from stepweave import workflow",
        r"handler.py:1: stepweave \(workflow\) is not in",
    ),
    "attribute": ("import stepweave\nstepweave.workflow", r"handler.py:2: stepweave \(workflow\) is not in functions"),
    "no public name": ("from stepweave import gone", r"handler.py:1: stepweave \(gone\) is not in functions"),
    "tests": ("import stepweave.testing.plugin", "handler.py:1: stepweave.testing.plugin is not in functions"),
    "failure told otherwise": (
        "try:\n    import pandas\nexcept ImportError:\n    raise RuntimeError",
        "handler.py:2: no module",
    ),
    "another failure": ("try:\n    import pandas\nexcept ValueError:\n    pass", "handler.py:2: no module pandas"),
    "fallback": ("try:\n    import pandas\nexcept ImportError:\n    import polars", "handler.py:4: no module polars"),
    "after what is there": (
        "try:\n    import json\nexcept ImportError:\n    pass\nelse:\n    import pandas",
        "handler.py:6:",
    ),
    "optional, whose fallback is broken": (
        "try:\n    import unrelated\nexcept ImportError:\n    from shared import money",
        "handler.py:4: no module shared",
    ),
    "by version": ("import sys\nif sys.version_info >= (3, 13):\n    import pandas", "handler.py:3: no module pandas"),
    "of an older Python": ("import cgi", "handler.py:1: no module cgi"),
    "of another system": ("import winreg", "handler.py:1: no module winreg"),
    "beyond": ("from .... import x", "handler.py:1: a relative import beyond the top-level package"),
    "no Python": ("import json\nimport\n", "handler.py:2: not valid Python"),
    "no Python, imported": ("import broken", "broken.py:1: not valid Python"),
    "double": (
        "import calendar",
        "handler.py:1: imports calendar, which is both calendar.py of the project and a module",
    ),
    "runtime": (
        "from stepweave import agent_handler",
        "every function needs pydantic .* and the pins of lambdas/payer/requirements.in",
    ),
}


@pytest.mark.parametrize(("source", "said"), MISSING.values(), ids=MISSING.keys())
def test_what_is_imported_and_not_there_is_an_error_with_its_line(world: World, source: str, said: str) -> None:
    with pytest.raises(SynthesisError, match=said):
        world.bundle(source + "\n", broken="1 +\n", calendar="")
    folder = world.root / ".stepweave/bundles"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_package_is_there_whole_with_its_data_and_nothing_else(world: World) -> None:
    found = names(world.bundle("import tariffs\n"))
    assert {name for name in found if not name.startswith(("lambdas/", "stepweave/", "wheel/", "cloud/"))} == {
        "claimslib/__init__.py",
        "claimslib/pricing.py",
        "claimslib/tables.py",
        "claimslib/rates.json",
        "tariffs.py",
        "flat.py",
        "native.cpython-313-x86_64-linux-gnu.so",
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", {"__init__.py", "contract.py"}),
        ("import lambdas.clerk.contract", {"__init__.py", "contract.py", "forms.py"}),
        ("import lambdas.clerk.rules", {"__init__.py", "contract.py", "rules.py", "rules.json"}),
    ],
)
def test_of_another_agent_there_is_what_is_imported(world: World, source: str, found: set[str]) -> None:
    files = names(world.bundle(source + "\n"))
    # Its contract is in every bundle, and is imported only where something imports it.
    assert {name.removeprefix("lambdas/clerk/") for name in files if name.startswith("lambdas/clerk/")} >= found
    assert "lambdas/clerk/handler.py" not in files


def test_the_digest_changes_with_what_is_imported(world: World) -> None:
    before = world.bundle("import tariffs\n").digest
    world.files = {"claimslib/rates.json": "[1]"}
    after = world.bundle("import tariffs\n").digest
    world.files["unrelated.py"] = "import json\n"
    assert before != after == world.bundle("import tariffs\n").digest


def test_agents_may_lie_deeper(tmp_path: Path) -> None:
    for name, text in {
        "src/lambdas/payer/handler.py": "from src.claimslib import pricing\n",
        "src/lambdas/payer/requirements.txt": "",
        "src/lambdas/clerk/handler.py": "",
        "src/claimslib/pricing.py": "",
        "src/claimslib/rates.csv": "",
        "src/other/module.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    bundle = Bundler(Project(tmp_path, "test", agents="src.lambdas"), Platform.LINUX_X86_64).bundle("payer")
    assert {name for name in names(bundle) if name.startswith("src/") and name.endswith((".py", ".csv"))} == {
        "src/lambdas/payer/handler.py",
        "src/claimslib/pricing.py",
        "src/claimslib/rates.csv",
    }


def test_what_a_layer_has_need_not_be_there(world: World) -> None:
    world.elsewhere = frozenset({"pandas"})
    world.bundle("import pandas.core\nfrom pandas import DataFrame\n")


def test_a_package_of_the_project_does_not_replace_a_wheel(world: World) -> None:
    world.files = {"wheel/__init__.py": ""}
    with pytest.raises(SynthesisError, match=r"agent payer: wheel/__init__\.py of the project and of a wheel"):
        world.bundle("import wheel\n")


def test_a_folder_that_is_no_package_does_not_stand_for_a_wheel(world: World) -> None:
    world.files = {"wheel/README.md": "", "wheel/deploy.py": ""}
    assert "wheel/deploy.py" not in names(world.bundle("import wheel\n"))


def test_all_that_is_missing_is_told_at_once(world: World) -> None:
    with pytest.raises(SynthesisError) as raised:
        world.bundle("".join(f"import gone{number}\n" for number in range(12)))
    assert [line.split(":")[1] for line in str(raised.value).splitlines()[1:-1]] == [str(n) for n in range(1, 11)]
    assert str(raised.value).endswith("and 2 more")


def test_expressions_may_be_nested_deeply(world: World) -> None:
    world.bundle("TEXT = " + " + ".join(["'a'"] * 800) + "\n")
