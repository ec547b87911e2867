from tests.in_no_project import in_no_project

__all__ = ["in_no_project"]
