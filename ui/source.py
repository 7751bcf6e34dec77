"""Articles to the HTML of the source panel: every character of every edition, in its place.

The text of an edition's element is the edition's text; each sentence and each gap between sentences is an element
that carries its offsets, so that source.js can highlight any stretch. Labels stand there in both languages, and
the page's language chooses between them: the panel is drawn once, and citations in earlier turns keep working.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from qa import Article, Edition, Language, Sentence
from ui.render import anchor, escape
from ui.texts import LANGUAGE_NAMES, TEXTS, Texts

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def source_html(articles: Sequence[Article]) -> str:
    """The panel: one section for each article, the first one shown."""
    chooser = ""
    if len(articles) > 1:
        options = "".join(
            f'<option value="{escape(article.id)}">{escape(article.title[article.original])}</option>'
            for article in articles
        )
        chooser = (
            f'<label class="chooser"><span class="sr">{both(lambda words: words.choose_article)}</span>'
            f'<select class="choose-article">{options}</select></label>'
        )
    sections = "".join(article_html(article, hidden=number > 0) for number, article in enumerate(articles))
    return f"""<div class="backdrop" hidden></div>
<aside id="source" class="source" aria-labelledby="source-heading" tabindex="-1">
<div class="source-bar"><h2 id="source-heading">{both(lambda words: words.source)}</h2>{chooser}
<button type="button" class="close-source"><span class="sr">{both(lambda words: words.close)}</span></button></div>
<p class="missing" role="status" hidden>{both(lambda words: words.missing)}</p>
<div class="source-scroll">{sections}</div>
<section class="aligned" hidden>
<h3 class="aligned-heading"><span class="of-original">{both(lambda words: words.same_passage_original)}</span>
<span class="of-translation">{both(lambda words: words.same_passage_translation)}</span></h3>
<blockquote class="aligned-text"></blockquote>
<p class="aligned-actions"><button type="button" class="show-there">{both(lambda words: words.show_there)}</button>
<button type="button" class="back">{both(lambda words: words.back)}</button></p>
</section>
</aside>"""


def article_html(article: Article, *, hidden: bool) -> str:
    """An article with its title, its address, and a switch between its editions."""
    languages = [article.original, *(language for language in article.editions if language != article.original)]
    titles = "".join(
        f'<h3 class="article-title" lang="{language}" data-edition="{language}"{_hidden(language, article)}>'
        f"{escape(article.title[language])}</h3>"
        for language in languages
    )
    switches = "".join(_switch(language, article) for language in languages)
    editions = "".join(
        f'<div class="edition" lang="{language}" data-edition="{language}"{_hidden(language, article)}>'
        f"{edition_html(article, article.editions[language])}</div>"
        for language in languages
    )
    return (
        f'<section class="article" data-article="{escape(article.id)}" data-original="{article.original}"'
        f'{" hidden" if hidden else ""}><header class="article-header">{titles}{_address(article.address)}</header>'
        f'<div class="edition-bar"><div class="editions" role="group"><span class="sr">'
        f"{both(lambda words: words.choose_edition)}</span>{switches}</div></div>{editions}</section>"
    )


def edition_html(article: Article, edition: Edition) -> str:
    """An edition line by line; the text of the result is the edition's text."""
    lines = list(_lines(article, edition))
    parts = []
    for bullets, group in groupby(lines, key=lambda line: line[0] == "bullet"):
        inner = "".join(html for _, html in group)
        parts.append(f'<div class="points">{inner}</div>' if bullets else inner)
    return "".join(parts)


def both(choose: Callable[[Texts], str]) -> str:
    """A label in both languages, of which the style sheet shows the page's."""
    return "".join(
        f'<span class="in-{language}" lang="{language}">{escape(choose(words))}</span>'
        for language, words in TEXTS.items()
    )


def _lines(article: Article, edition: Edition) -> Iterator[tuple[str, str]]:
    """The kind of each line and its HTML."""
    groups = deque(list(group) for _, group in groupby(edition.sentences, key=lambda sentence: sentence.line))
    for match in _LINE.finditer(edition.text):
        start, end = match.span()
        found = groups.popleft() if groups and groups[0][0].start < end else []
        kind = found[0].kind if found else "bare" if _says_something(match.group(), article) else "empty"
        tag = "h4" if kind == "heading" else "div"
        yield kind, f'<{tag} class="line {kind}">{_segments(article, edition, found, start, end)}</{tag}>'


def _segments(article: Article, edition: Edition, sentences: Sequence[Sentence], start: int, end: int) -> str:
    """The sentences of a line and what stands between them, as elements that carry their offsets."""
    parts = []
    for sentence in sentences:
        if start < sentence.start:
            parts.append(_gap(edition, start, sentence.start))
        elif parts:
            parts.append("<wbr>")  # no space in the file: the style sheet sets one, and a line may break here
        name = anchor(article.id, edition.language, sentence.start, sentence.end)
        parts.append(
            f'<span class="s" id="{escape(name)}" data-i="{sentence.index}" data-start="{sentence.start}" '
            f'data-end="{sentence.end}">{escape(sentence.text)}</span>'
        )
        start = sentence.end
    if start < end:
        parts.append(_gap(edition, start, end))
    return "".join(parts)


def _gap(edition: Edition, start: int, end: int) -> str:
    return f'<span class="g" data-start="{start}" data-end="{end}">{escape(edition.text[start:end])}</span>'


def _says_something(line: str, article: Article) -> bool:
    """Whether a line that holds no sentence is worth showing: not the address again, not stray punctuation."""
    return line.strip() != article.address and any(character.isalnum() for character in line)


def _switch(language: Language, article: Article) -> str:
    original = language == article.original
    kind = both(lambda words: words.original if original else words.translation)
    return (
        f'<button type="button" class="choose-edition" data-edition="{language}" '
        f'aria-pressed="{"true" if original else "false"}"><span lang="{language}">{LANGUAGE_NAMES[language]}</span> '
        f"<small>{kind}</small></button>"
    )


def _address(address: str) -> str:
    """Where the article was published, as text; a link only where it is an address of the web."""
    if not address:
        return ""
    shown = escape(address)
    if re.match(r"https?://", address):
        shown = f'<a href="{shown}" target="_blank" rel="noopener noreferrer">{shown}</a>'
    return f'<p class="address"><span>{both(lambda words: words.published_at)}</span> {shown}</p>'


def _hidden(language: Language, article: Article) -> str:
    return "" if language == article.original else " hidden"
