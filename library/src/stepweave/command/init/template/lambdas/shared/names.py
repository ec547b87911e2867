"""Names of people."""


def tidy(name: str) -> str:
    """Return a name with single spaces and none around it."""
    return " ".join(name.split())
