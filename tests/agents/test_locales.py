"""What agents say of names does not depend on the locale that they run in."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C"},
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_names_are_the_same_in_every_locale(tmp_path: Path, environment: dict[str, str]) -> None:
    repository = tmp_path / "bücher"
    repository.mkdir()
    (repository / "größe.py").write_text("import os\n")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    done = subprocess.run(
        [sys.executable, "-c", _REVIEW, str(repository), str(tmp_path)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"name": "bücher", "lint": ["größe.py"], "scan": 1}


_REVIEW = """
import json, sys
from pathlib import Path
from lambdas.linter.lint import lint
from lambdas.shared.repository.extract import extract
from lambdas.security_scanner.scan import scan
from scripts.repository.archive import archive_repository
source, place = sys.argv[1:]
archive = archive_repository(source, Path(place))
tree = Path(place) / "tree"
tree.mkdir()
extract(archive.path, tree)
paths = sorted({finding.path for finding in lint(tree).findings})
print(json.dumps({"name": archive.name, "lint": paths, "scan": scan(tree).files}))
"""
