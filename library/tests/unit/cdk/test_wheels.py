"""Which pinned requirements are installed."""

import re

from hypothesis import given
from hypothesis import strategies as st

from stepweave.cdk.wheels import distribution_names, without

NAMES = st.sampled_from(["ruff", "PyYAML", "ruamel.yaml", "typing_extensions", "boto3", "botocore", "boto3-stubs"])
ENTRIES = st.builds(
    lambda name, marker, hashes: (
        f"{name}==1.0{marker}" + "".join(f" \\\n    --hash=sha256:{number:064x}" for number in hashes)
    ),
    NAMES,
    st.sampled_from(["", " ; python_full_version < '3.12'", " ; sys_platform == 'darwin'"]),
    st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=3),
)


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@given(st.lists(ENTRIES), st.frozensets(NAMES))
def test_what_is_left_out_goes_with_its_hashes_and_the_rest_stays_as_it_was(
    entries: list[str], names: frozenset[str]
) -> None:
    left_out = frozenset(normalized(name) for name in names)
    kept = [entry for entry in entries if normalized(entry.split("==")[0]) not in left_out]
    text = "# compiled\n" + "\n".join(entries) + "\n"
    assert without(text, left_out) == ("\n".join(kept) + "\n" if kept else "")


@given(st.lists(ENTRIES))
def test_names_are_normalized_so_that_spelling_does_not_matter(entries: list[str]) -> None:
    text = "\n".join(entries)
    assert distribution_names(text) == {normalized(entry.split("==")[0]) for entry in entries}
    assert without(text, distribution_names(text)) == ""


def test_extras_belong_to_the_name() -> None:
    assert distribution_names("aws-lambda-powertools[tracer]==3.37 \\\n    --hash=sha256:00") == {
        "aws-lambda-powertools"
    }
