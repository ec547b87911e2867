"""Names that AWS accepts."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from stepweave.cdk.naming import function_name, pascal_case, state_machine_name

AGENTS = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)
WORKFLOWS = st.from_regex(r"[a-z][a-z0-9]*(-[a-z][a-z0-9]*){0,3}", fullmatch=True)


@given(AGENTS)
def test_aws_accepts_the_names_of_functions(agent: str) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", function_name(agent))


@given(WORKFLOWS)
def test_cloudformation_accepts_ids(workflow: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", pascal_case(workflow))


@given(WORKFLOWS, WORKFLOWS)
def test_two_workflows_never_share_an_id_or_a_name(one: str, other: str) -> None:
    assume(one != other)
    assert pascal_case(one) != pascal_case(other)
    assert state_machine_name(one) != state_machine_name(other)


def test_names_are_read_off_easily() -> None:
    assert function_name("security_scanner") == "stepweave-security-scanner"
    assert state_machine_name("code-review") == "stepweave-code-review"
    assert pascal_case("code-review") == "CodeReview"
    assert pascal_case("security_scanner") == "SecurityScanner"
