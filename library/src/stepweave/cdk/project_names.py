"""The names of a deployment of a project, as the project and the environment say."""

import os

from stepweave.cdk.errors import SynthesisError
from stepweave.cdk.naming import DEFAULT_ENVIRONMENT, DEFAULT_NAMESPACE, Names
from stepweave.project.settings import ENVIRONMENT_VARIABLE, Project, find_project


def names_of(project: Project | None, environment: str | None = None) -> Names:
    """Return the names of a deployment of a project.

    Parameters
    ----------
    project : Project | None
        The project; the names of a project that says nothing of itself if there is none.
    environment : str | None
        The environment that was asked for; if None or empty, that of ``STEPWEAVE_ENVIRONMENT``, else that of the
        project, else the default one.

    Raises
    ------
    SynthesisError
        If the namespace or the environment is spelled wrongly, or both together are too long.
    """
    own = None if project is None else project.settings.get("environment")
    if own is not None and not isinstance(own, str):
        raise SynthesisError(f"pyproject.toml: [tool.stepweave] environment must be text, not {own!r}")
    chosen = environment or os.environ.get(ENVIRONMENT_VARIABLE) or own or DEFAULT_ENVIRONMENT
    return Names(DEFAULT_NAMESPACE if project is None else project.namespace, chosen)


def project_names(environment: str | None = None) -> Names:
    """Return the names of what is deployed of the current folder's project.

    Parameters
    ----------
    environment : str | None
        The environment that was asked for; if None, what ``STEPWEAVE_ENVIRONMENT`` or the project says.

    Raises
    ------
    SynthesisError
        If a name cannot be used.
    ProjectError
        If the project's settings cannot be read.
    """
    return names_of(find_project(), environment)
