import pytest

from stepweave.local_cloud.errors import LocalCloudError
from stepweave.local_cloud.lambda_runtime.worker_limit import DEFAULT, VARIABLE, worker_limit


@pytest.mark.parametrize(("variables", "limit"), [({}, DEFAULT), ({VARIABLE: ""}, DEFAULT), ({VARIABLE: "7"}, 7)])
def test_the_limit_is_what_the_variable_says(variables: dict[str, str], limit: int) -> None:
    assert worker_limit(variables) == limit


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "\u0663"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(LocalCloudError, match=VARIABLE):
        worker_limit({VARIABLE: text})
