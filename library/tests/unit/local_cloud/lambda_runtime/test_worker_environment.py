from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.lambda_runtime.function_spec import FunctionSpec
from stepweave.local_cloud.lambda_runtime.worker_environment import Platform, Sandbox, search_path, worker_environment

PLATFORM = Platform(Path("/py/bin/python"), Path("/runtime"), "http://localhost:1", "127.0.0.1:2000")
SANDBOX = Sandbox("127.0.0.1:9", Path("/private"), "stream", None)


def spec(environment: dict[str, str] | None = None, layers: tuple[Path, ...] = ()) -> FunctionSpec:
    return FunctionSpec(
        name="f",
        arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
        handler="app.handler",
        code_directory=Path("/code"),
        layer_directories=layers,
        environment=environment or {},
        memory_mb=256,
    )


def test_it_holds_what_lambda_sets() -> None:
    environment = worker_environment(spec(), PLATFORM, SANDBOX)
    assert (
        environment.items()
        >= {
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/f",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.11",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": "http://localhost:1",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "LAMBDA_TASK_ROOT": "/code",
            "LAMBDA_RUNTIME_DIR": "/runtime",
            "TMPDIR": "/private",
            "HOME": "/private",
            "TZ": ":UTC",
            "_HANDLER": "app.handler",
        }.items()
    )


@given(st.dictionaries(st.sampled_from(["A", "TZ", "PATH", "_HANDLER", "AWS_REGION", "AWS_SESSION_TOKEN"]), st.text()))
def test_the_functions_own_variables_win_but_for_the_reserved_ones(own: dict[str, str]) -> None:
    plain = worker_environment(spec(), PLATFORM, SANDBOX)
    environment = worker_environment(spec(own), PLATFORM, SANDBOX)
    reserved = {"_HANDLER", "AWS_REGION", "AWS_SESSION_TOKEN"}
    assert environment == plain | {name: value for name, value in own.items() if name not in reserved}


def test_code_comes_first_and_a_later_layer_hides_an_earlier_one() -> None:
    path = search_path(spec(layers=(Path("/one"), Path("/two"))), Path("/runtime"), "3.12")
    assert path == [
        "/code",
        "/two/python",
        "/two/python/lib/python3.12/site-packages",
        "/one/python",
        "/one/python/lib/python3.12/site-packages",
        "/runtime",
    ]


def test_programs_in_layers_are_found() -> None:
    environment = worker_environment(spec(layers=(Path("/one"), Path("/two"))), PLATFORM, SANDBOX)
    assert environment["PATH"].split(":")[0] == "/py/bin"
    assert environment["PATH"].split(":")[-2:] == ["/two/bin", "/one/bin"]
