"""What the command writes to a person, and how: results on standard output, everything else on standard error."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from rich.console import Console
from rich.text import Text


def standard_output() -> Console:
    """Return a console on standard output; it prints no colours where that is no terminal, or NO_COLOR is set."""
    return Console(highlight=False)


def standard_error() -> Console:
    """Return a console on standard error."""
    return Console(stderr=True, highlight=False)


def say(message: str, style: str = "") -> None:
    """Write a line about what is going on to standard error."""
    _write(standard_error(), styled(message, style))


def say_warning(message: str) -> None:
    """Write a warning to standard error."""
    _write(standard_error(), styled("warning: ", "bold yellow").append(printable(message)))


def say_error(message: str, hint: str = "") -> None:
    """Write an error, and what to do about it, to standard error."""
    console = standard_error()
    _write(console, styled("error: ", "bold red").append(printable(message)))
    if hint:
        _write(console, styled("  " + hint, "dim"))


def show_pairs(pairs: Iterable[tuple[str, str]], styles: Mapping[str, str] = MappingProxyType({})) -> None:
    """Print labels and texts on standard output, the texts below one another.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Labels and texts; a text may have many lines.
    styles : mapping of str to str
        The styles of texts, by their labels.
    """
    console = standard_output()
    rows = [*pairs]
    width = max((len(label) for label, _ in rows), default=0)
    for label, text in rows:
        indented = text.replace("\n", "\n" + " " * (width + 2))
        console.print(
            styled(f"{label:<{width}}  ", "dim").append_text(styled(indented, styles.get(label, ""))), soft_wrap=True
        )


def styled(text: str, style: str = "") -> Text:
    """Make a text for a console, with nothing in it that a terminal would obey."""
    return Text(printable(text), style=style)


def printable(text: str) -> str:
    r"""Escape what a terminal would obey or cannot show.

    File names and error messages come from repositories that nobody has vouched for.

    Example
    -------
    >>> printable("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def seconds(value: float) -> str:
    """Write a duration for a person.

    Example
    -------
    >>> seconds(0.04), seconds(12.34), seconds(75)
    ('0.04s', '12.3s', '1m15s')
    """
    if value < 0.995:
        return f"{max(value, 0):.2f}s"
    if value < 59.95:
        return f"{value:.1f}s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02}m"


def _write(console: Console, text: Text) -> None:
    # Words are wrapped for a person; a log keeps one line per message.
    console.print(text, soft_wrap=not console.is_terminal)
