"""What is wrong with a project's settings."""


class ProjectError(Exception):
    """A project cannot be found, or its settings cannot be used. The message names the place and says what to do."""
