import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

from stepweave.local_cloud.adapters.patch import replaced, witnessed
from stepweave.local_cloud.adapters.upstream_digests import declared_digests, digests_of

UPSTREAM = """
class Owner:
    def method(self):
        return {0}

    @staticmethod
    def static():
        return {0}

    @classmethod
    def of_class(cls):
        return {0}

    @property
    def computed(self):
        return {0}

def function():
    return {0}
"""
NAMES = ("Owner.method", "Owner.static", "Owner.of_class", "Owner.computed", "function", "Owner")

Load = Callable[[int], Any]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads a version of an upstream module."""

    def load(version: int) -> Any:
        file = tmp_path / f"version_{version}.py"
        file.write_text(UPSTREAM.format(version))
        spec = importlib.util.spec_from_file_location("upstream_package", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "upstream_package", module)  # where the source of a class is looked for
        spec.loader.exec_module(module)
        return module

    return load


def values(module: Any) -> list[object]:
    owner = module.Owner
    return [owner.method, owner.static, owner.of_class, owner.computed, module.function, owner]


def test_each_replaced_function_is_the_one_that_its_adapter_was_written_against() -> None:
    # In a process of its own: in this one, other tests may have replaced something.
    script = (
        "import json; from stepweave.local_cloud.adapters.upstream_digests import installed_digests;"
        "print(json.dumps(installed_digests()))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    declared, found = declared_digests(), json.loads(ran.stdout.splitlines()[-1])
    differing = sorted(name for name in declared.keys() | found if declared.get(name) != found.get(name))
    assert not differing, (
        "upstream has changed, or what is replaced has: look at the adapters of these, then run "
        "`python -m stepweave.local_cloud.adapters.upstream_digests`: " + ", ".join(differing)
    )


def test_tells_one_source_from_another_for_all_that_can_be_replaced(load: Load) -> None:
    first, again, second = [digests_of(values(load(version))) for version in (1, 1, 2)]
    assert set(first) == {f"upstream_package.{name}" for name in NAMES}
    assert first == again
    assert not first.items() & second.items()


def test_passes_over_what_is_ours_or_of_python_itself_or_has_no_source() -> None:
    assert digests_of([digests_of, json.dumps, json, dict.__init__, len, 0.5, [], None]) == {}


def test_sees_what_was_there_before_it_was_replaced(load: Load) -> None:
    module = load(1)
    upstream = module.function
    with witnessed() as seen, replaced(module, "function", len):
        assert seen == [upstream]
    with replaced(module, "function", len):
        pass
    assert seen == [upstream]


def test_moto_is_pinned_to_one_version() -> None:
    pins = [line for line in requires("stepweave") or [] if line.startswith("moto")]
    assert pins
    assert all("==" in line.partition(";")[0] for line in pins)
