"""``stepweave init``."""
