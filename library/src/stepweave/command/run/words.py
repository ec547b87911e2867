"""What is left of a command line when the command's own options are taken out: the workflow, and its inputs."""

from collections.abc import Sequence

from stepweave.command.errors import CommandError


def split_words(first: str | None, more: Sequence[str]) -> tuple[str | None, tuple[str, ...]]:
    """Return the workflow's name, and the options that are named after its inputs.

    The workflow may be named behind them: ``--depth 3 word-count``.

    Parameters
    ----------
    first : str | None
        The word that came first; None if there is none.
    more : Sequence[str]
        Those that followed.

    Raises
    ------
    CommandError
        If options come first, and no workflow is among the words.
    """
    if first is None or not first.startswith("-"):
        return first, tuple(more)
    words = [first, *more]
    index = workflow_index(words)
    if index is None:
        raise CommandError(
            f"no such option: {first.partition('=')[0]}", "name the workflow first: see `stepweave list`"
        )
    return words[index], tuple(words[:index] + words[index + 1 :])


def workflow_index(words: Sequence[str]) -> int | None:
    """Return where the first name of a workflow of this project stands; None if there is none."""
    from stepweave.project.catalog import workflows

    if all(word.startswith("-") for word in words):
        return None  # so that the project need not be imported
    known = workflows()
    return next((index for index, word in enumerate(words) if word.replace("_", "-") in known), None)
