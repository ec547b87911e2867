"""``stepweave new``."""
