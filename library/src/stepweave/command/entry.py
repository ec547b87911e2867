"""Where the ``stepweave`` command begins: before it is loaded, so that Ctrl-C ends it quietly from the first moment.

Loading takes a few tenths of a second, in which there is nothing to tidy up.
"""

import os


def main() -> None:
    """Load the command and run it."""
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            # No exception: raised in the middle of an import, some modules would take it for a reason to do without.
            signal.signal(signal.SIGINT, _end)
        from stepweave.command.main import main as run

        run()
    except KeyboardInterrupt:
        _end()


def _end(*_: object) -> None:
    """End the process as one that Ctrl-C interrupted."""
    try:
        os.write(2, b"interrupted\n")
    finally:
        os._exit(130)
