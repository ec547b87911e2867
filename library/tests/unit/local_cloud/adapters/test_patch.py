import pytest

from stepweave.local_cloud.adapters.patch import replaced


class Base:
    @staticmethod
    def inherited() -> str:
        return "inherited"


class Owner(Base):
    @staticmethod
    def static() -> str:
        return "static"

    @property
    def computed(self) -> str:
        return "computed"


def test_puts_back_exactly_what_was_there() -> None:
    before = dict(vars(Owner))
    with (
        replaced(Owner, "static", staticmethod(lambda: "new")),
        replaced(Owner, "computed", property(lambda _: "new")),
        replaced(Owner, "inherited", staticmethod(lambda: "new")),
    ):
        assert (Owner.static(), Owner().computed, Owner.inherited()) == ("new", "new", "new")
    assert dict(vars(Owner)) == before
    assert Owner.inherited() == "inherited"


def test_puts_back_after_an_error() -> None:
    with pytest.raises(RuntimeError), replaced(Owner, "static", staticmethod(lambda: "new")):
        raise RuntimeError
    assert Owner.static() == "static"


def test_refuses_to_add_what_upstream_does_not_have() -> None:
    with pytest.raises(AttributeError), replaced(Owner, "absent", None):
        pass
