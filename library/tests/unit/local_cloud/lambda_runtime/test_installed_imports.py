from pathlib import Path

import pytest

from stepweave.local_cloud.lambda_runtime.installed_imports import installed_imports


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A function's code with one installed package and one installed module."""
    for name, text in {
        "app/__init__.py": "import before",
        "app/handler.py": "import json\nfrom app.own import x\nfrom .near import y\nfrom package.part import n as m\n",
        "app/own.py": "if True:\n    import package.late\nimport module\ndef f():\n    import package.later\n",
        "app/near.py": "import package.sub as s, os\nfrom app import handler\n",
        "before.py": "from package import first\n",
        "broken.py": "def (",
        "package/__init__.py": "raise SystemExit('never run')",
        "package-1.dist-info/RECORD": "package/__init__.py,,\npackage/part.py,,\n../bin/tool,,\n",
        "module.py": "",
        "module-1.dist-info/RECORD": "module.py,sha256=x,0\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_the_functions_own_modules_import_is_found_without_running_them(bundle: Path) -> None:
    found = installed_imports("app.handler.handler", [str(bundle)])
    assert set(found) == {"package", "package:first", "module", "package.part", "package.part:n", "package.sub"}


def test_layers_are_searched_too(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "function").mkdir()
    (tmp_path / "function/app.py").write_text("import package")
    assert installed_imports("app.handler", [str(tmp_path / "function"), str(bundle)]) == ["package"]


@pytest.mark.parametrize("handler", ["absent.handler", "broken.handler", "", "handler", "../x.handler"])
def test_what_cannot_be_read_has_no_imports(bundle: Path, handler: str) -> None:
    assert installed_imports(handler, [str(bundle)]) == []


@pytest.mark.parametrize(
    "statement", ['os.environ["A"] = "b"', "os.environ.setdefault('A', 'b')", "sys.path.append('x')"]
)
def test_a_function_that_prepares_its_imports_makes_them_itself(bundle: Path, statement: str) -> None:
    (bundle / "app/own.py").write_text(f"import os, sys\n{statement}\nimport package\n")
    assert installed_imports("app.handler.handler", [str(bundle)]) == []


def test_reading_the_environment_prepares_nothing(bundle: Path) -> None:
    (bundle / "app/own.py").write_text(
        "import os, package.own\nA = os.environ['A'] == os.environ.get('B')\nP = sys.path[:2]\n"
    )
    assert "package.own" in installed_imports("app.handler.handler", [str(bundle)])
