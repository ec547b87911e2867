import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepweave.local_cloud.xray.trace_header import TraceHeader, new_segment_id, new_trace_id

HEX = "0123456789abcdef"


@given(
    st.text(HEX, min_size=8, max_size=8),
    st.text(HEX, min_size=24, max_size=24),
    st.none() | st.text(HEX, min_size=16, max_size=16),
    st.sampled_from([None, True, False]),
)
def test_a_header_is_read_as_it_was_written(time: str, rest: str, parent: str | None, is_sampled: bool | None) -> None:
    header = TraceHeader(f"1-{time}-{rest}", parent, is_sampled)
    assert TraceHeader.parse(str(header)) == header


@pytest.mark.parametrize("text", [None, "", "Root=no;Sampled=1", "Parent=1", "nonsense"])
def test_what_names_no_trace_is_none(text: str | None) -> None:
    assert TraceHeader.parse(text) is None


def test_other_parts_are_left_out() -> None:
    header = TraceHeader.parse("Self=1-1-1; Root=1-5759e988-bd862e3fe1be46a994272793 ;Lineage=a:0;Sampled=?")
    assert header == TraceHeader("1-5759e988-bd862e3fe1be46a994272793")


def test_ids_are_of_awss_form() -> None:
    assert TraceHeader.parse(f"Root={new_trace_id()}") is not None
    assert len(new_segment_id()) == 16
