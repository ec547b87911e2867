"""Names that AWS accepts, and that tell deployments apart."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, Names, QueueKind, pascal_case, queue_name

AGENTS = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
WORKFLOWS = st.from_regex(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*){0,3}", fullmatch=True).filter(lambda name: len(name) < 40)
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
DEPLOYMENTS = st.builds(Names, WORDS, st.just(DEFAULT_ENVIRONMENT) | WORDS)
NAMED = st.builds(Names, WORDS, WORDS.filter(lambda environment: environment != DEFAULT_ENVIRONMENT))


@given(DEPLOYMENTS, AGENTS)
def test_aws_accepts_the_names_of_functions(names: Names, agent: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", names.function(agent))
    assert queue_name(names.function(agent), QueueKind.INVOCATIONS)


@given(DEPLOYMENTS)
def test_aws_accepts_the_names_of_stacks(names: Names) -> None:
    for stack in (names.storage_stack, names.agents_stack, names.workflows_stack, names.dag_stack("dag-x")):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", stack)
        assert names.owns_stack(stack)


@given(WORKFLOWS)
def test_cloudformation_accepts_ids(workflow: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", pascal_case(workflow))


@given(DEPLOYMENTS, WORKFLOWS, WORKFLOWS)
def test_two_workflows_never_share_an_id_or_a_name(names: Names, one: str, other: str) -> None:
    assume(one != other)
    assert pascal_case(one) != pascal_case(other)
    assert names.state_machine(one) != names.state_machine(other)
    assert names.owner(names.state_machine(one)) == one


@given(DEPLOYMENTS, DEPLOYMENTS, WORKFLOWS)
def test_two_deployments_share_no_stack(one: Names, other: Names, workflow: str) -> None:
    assume(one != other)
    for stack in (other.storage_stack, other.agents_stack, other.workflows_stack, other.dag_stack(f"dag-{workflow}")):
        assert not one.owns_stack(stack)


@given(NAMED, NAMED, AGENTS)
def test_two_named_environments_share_no_name(one: Names, other: Names, agent: str) -> None:
    """Nor does what stands for all names of one stand for a name of the other."""
    assume(one != other)
    assert not other.function(agent).startswith(f"{one.prefix}-")
    for attribute in ("event_bus", "transitions_log", "metrics_namespace", "storage_stack"):
        assert getattr(one, attribute) != getattr(other, attribute)


def test_names_are_read_off_easily() -> None:
    assert Names().function("security_scanner") == "stepweave-security-scanner"
    assert Names().state_machine("word-count") == "stepweave-word-count"
    assert pascal_case("word-count") == "WordCount"
    assert pascal_case("security_scanner") == "SecurityScanner"


def test_an_environment_is_part_of_every_name() -> None:
    names = Names("claims", "staging")
    assert names.function("payer") == "claims-staging-payer"
    assert names.function_log("payer") == "/aws/lambda/claims-staging-payer"
    assert names.state_machine("settle-claim") == "claims-staging-settle-claim"
    assert names.state_machine_log("settle-claim") == "/aws/vendedlogs/states/claims-staging-settle-claim"
    assert names.event_bus == "claims-staging"
    assert names.transitions_log == "/aws/events/claims-staging/breakers"
    assert names.metrics_namespace == "Claims/staging"
    assert names.storage_stack == "Claims-staging-Storage"
    assert names.dag_stack("dag-montage") == "Claims-staging-DagMontage"


@pytest.mark.parametrize(
    ("namespace", "environment"),
    [
        ("", "default"),
        ("Claims", "default"),
        ("claims-eu", "default"),
        ("claims_eu", "default"),
        ("1claims", "default"),
        ("claims", "pre-production"),
        ("claims", "Staging"),
        ("claims", "staging "),
        ("claims", "st\u00e4ging"),
        ("claims", "staging\n"),
        ("claims", ""),
    ],
)
def test_what_aws_or_others_names_would_not_bear_is_refused(namespace: str, environment: str) -> None:
    with pytest.raises(SynthesisError, match="use lower-case letters and digits"):
        Names(namespace, environment)


def test_namespace_and_environment_leave_room_for_what_follows() -> None:
    longest = Names("a" * 11, "b" * 11)
    assert len(longest.function("c" * 40)) == 64
    with pytest.raises(SynthesisError, match="have 23 characters together; with more than 22"):
        Names("a" * 11, "b" * 12)
    with pytest.raises(SynthesisError, match="have 23 characters together"):
        Names("a" * 23)
    with pytest.raises(SynthesisError, match=r"Step Functions takes 80 characters; shorten the name by 4"):
        longest.state_machine("c" * 60)
