"""What docs/testing.md shows to copy works as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(240)
def test_the_example_runs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text(encoding="utf-8"), re.DOTALL
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile(test_naps=example)
    result = pytester.runpytest_subprocess("-p", "scripts.testing.plugin", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3)
