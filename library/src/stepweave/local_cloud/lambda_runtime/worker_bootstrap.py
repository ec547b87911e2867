"""What a worker process runs: sets its search path, then hands over to AWS's runtime interface client.

Runs as a script, under ``python -I -S``, with nothing but the standard library; never imported by the rest.

Arguments: the parent's process id, the handler, a JSON list of the hooks of tests as pairs of a script and what its
``install`` is given, then the directories that go before the standard library.
"""

import os
import site
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when the parent is gone, whichever way it went (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - not needed, and not everywhere to be had, on other systems

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != parent:  # It went before the kernel was told.
        os._exit(1)


def run_hooks(hooks: str) -> None:
    """Run what controls this process in a test."""
    import json  # noqa: PLC0415 - only where it is needed: a worker's start is what callers wait for
    import runpy  # noqa: PLC0415

    for script, argument in json.loads(hooks):
        runpy.run_path(script)["install"](argument)


def main() -> None:
    """Become the runtime of the handler that the arguments name."""
    parent, handler, hooks, *directories = sys.argv[1:]
    die_with_parent(int(parent))
    sys.path[:0] = directories
    # -S leaves out what site.py adds to the builtins too; handlers may rely on exit() and help().
    site.setquit()
    site.sethelper()
    if hooks != "[]":
        run_hooks(hooks)
    from awslambdaric.__main__ import main as run  # noqa: PLC0415 - found on the path just set

    run(["bootstrap", handler])


if __name__ == "__main__":
    main()
