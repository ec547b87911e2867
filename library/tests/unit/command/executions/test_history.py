from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stepweave.command.executions.history import HistoryReader


class PagedHistory:
    """GetExecutionHistory as AWS answers it: pages by token; a page's token stays good and sees what is added later."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.events: list[int] = []
        self.calls = 0

    def get_execution_history(self, **request: Any) -> dict[str, Any]:
        self.calls += 1
        assert request["includeExecutionData"] is False
        start = int(request.get("nextToken", 0))
        end = start + self.page
        page: dict[str, Any] = {"events": [{"id": number} for number in self.events[start:end]]}
        if end < len(self.events):
            page["nextToken"] = str(end)
        return page


@given(st.integers(1, 5), st.lists(st.integers(0, 9), max_size=8))
def test_every_event_is_read_once_at_least_and_in_order(page: int, growth: list[int]) -> None:
    service = PagedHistory(page)
    reader = HistoryReader(service, "arn")  # type: ignore[arg-type]
    seen: list[int] = []
    for gained in growth:
        service.events += range(len(service.events), len(service.events) + gained)
        seen += [event["id"] for event in reader.read() if event["id"] not in seen]
        assert seen == service.events


def test_full_pages_are_not_read_again() -> None:
    service = PagedHistory(page=10)
    service.events = list(range(95))
    reader = HistoryReader(service, "arn")  # type: ignore[arg-type]
    reader.read()
    service.calls = 0
    assert [event["id"] for event in reader.read()] == list(range(90, 95))
    assert service.calls == 1
