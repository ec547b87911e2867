import shlex

from stepweave.command.local.usage import usage


def test_every_line_can_be_copied_into_a_shell() -> None:
    told = dict(usage("http://localhost:4599", ["word-count", "other"], "stepweave local down"))
    lines = [line for group in told.values() for line in group]
    assert all(shlex.split(line) for line in lines)
    (export,) = [shlex.split(line) for line in lines if line.startswith("export ")]
    variables = dict(word.split("=", 1) for word in export[1:])
    assert variables.pop("AWS_ENDPOINT_URL") == "http://localhost:4599"
    assert variables.pop("AWS_DISABLE_HOST_PREFIX_INJECTION") == "true"  # for StartSyncExecution
    assert variables.keys() == {"AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert told["see what a workflow takes, to run it"] == ("stepweave run word-count --help",)
    assert {"AWS CLI", "boto3", "stop"} <= told.keys()
    assert any(what.startswith("CDK") for what in told)


def test_boto3_and_python_agree_on_the_line() -> None:
    (line,) = dict(usage("http://localhost:1", [], "Ctrl-C"))["boto3"]
    program = shlex.split(line)
    assert program[:2] == ["python3", "-c"]
    compile(program[2], "line", "exec")
