"""Which of moto's services were used: what was not imported has no state, and to ask it would import it."""

import sys


def is_loaded(service: str) -> bool:
    """Tell whether a service, named as moto's package, was imported."""
    return f"moto.{service}.models" in sys.modules
