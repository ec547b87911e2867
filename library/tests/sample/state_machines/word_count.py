"""Count the words and lines of a folder of texts."""

from datetime import timedelta

from lambdas.counter.contract import counter
from lambdas.publisher.contract import Published, publisher
from lambdas.reader.contract import reader
from lambdas.shared.texts import Texts
from stepweave import workflow


@workflow(timeout=timedelta(minutes=10))
def word_count(texts: Texts) -> Published:
    """Count words and lines side by side, and publish both."""
    text = reader("read", texts=texts)
    words = counter("count_words", text=text)
    lines = counter("count_lines", text=text, unit="lines").optional()
    return publisher("publish", words=words, lines=lines)
