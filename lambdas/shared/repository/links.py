"""Where a symbolic link of a tree leads, found without following it on a file system.

Both who writes an archive and who reads it ask this, so that they agree on which links stay inside the tree.
"""

from collections.abc import Mapping

_MOST_FOLLOWED = 40
"""Links followed for one path; Linux gives up after as many and calls it a loop."""


def leaves_tree(path: str, links: Mapping[str, str]) -> bool:
    """Tell whether following a symbolic link leaves its tree, at any step of the way.

    Parameters
    ----------
    path : str
        The link, relative to the top of the tree, with ``/`` between components.
    links : Mapping[str, str]
        The target of every symbolic link of the tree, by the link's path.

    Returns
    -------
    bool
        True if a target on the way is absolute or climbs above the top of the tree, or if the way never ends:
        what a loop leads to is not in the tree either, and Python's own ``realpath`` errs on some.

    Example
    -------
    >>> leaves_tree("docs/latest", {"docs/latest": "../README.md"})
    False
    >>> leaves_tree("a/b", {"a/b": "../c/..", "c": ".."})
    True
    """
    ahead = path.split("/")[::-1]  # what is still to be walked, the next component last
    at: list[str] = []
    followed = 0
    while ahead:
        component = ahead.pop()
        if component in ("", "."):
            continue
        if component == "..":
            if not at:
                return True
            at.pop()
            continue
        at.append(component)
        target = links.get("/".join(at))
        if target is not None:
            followed += 1
            if followed > _MOST_FOLLOWED or target.startswith("/"):
                return True
            at.pop()
            ahead.extend(target.split("/")[::-1])
    return False
