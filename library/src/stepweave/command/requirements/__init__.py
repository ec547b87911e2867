"""``stepweave requirements``."""
