"""The plugin chooses where tests run, and skips what cannot run there."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with the plugin, on a machine that has no AWS account."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("STEPWEAVE_TEST_DEPLOYED", "STEPWEAVE_TEST_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(pytester.path))
    pytester.makepyfile(
        """
        def test_agent(cloud):
            cloud.agent("linter").fails()

        def test_service(deployed):
            deployed.service("sqs").throttles()

        def test_kind(deployed):
            assert type(deployed).__name__ == "DeployedBackend"
        """
    )
    return pytester


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(
        "-p", "stepweave.testing.plugin", "-p", "no:cacheprovider", "-rs", "-W", "ignore", *options
    )


def test_faults_are_skipped_where_they_cannot_be_injected(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--deployed-endpoint-url", "http://localhost:1")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["*faults of agents are not available on http://localhost:1: use the fixture local_cloud"]
    )


def test_without_an_account_the_reason_is_given(pytester: pytest.Pytester) -> None:
    result = run(pytester, "--deployed")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["*no AWS account is configured: set AWS_PROFILE, or credentials and AWS_REGION"])


def test_nothing_runs_in_an_account_that_was_not_asked_for(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "somebody's")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    result = run(pytester, "-k", "kind")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*no deployment was chosen: give --deployed*"])
    run(pytester, "-k", "kind", "--deployed").assert_outcomes(passed=1)


def test_the_environment_chooses_as_options_do(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPWEAVE_TEST_ENDPOINT_URL", "http://localhost:1")
    run(pytester).assert_outcomes(passed=1, skipped=2)
