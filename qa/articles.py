"""Files to Article: a folder with article.toml and one text file per edition, or a single .txt file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from qa.errors import (
    ArticleDescriptionError,
    ArticleEmpty,
    ArticleNotFound,
    ArticleNotText,
    ArticleUnreadable,
    EditionsNotAligned,
)
from qa.language import detect_language
from qa.sentences import split_sentences
from qa.types import LANGUAGES, Article, Edition, Language


def bundled_articles() -> Path:
    """The folder of the articles that come with Passage: in an installed package, or in a checkout."""
    package = Path(__file__).parent
    installed = package / "seeds"
    return installed if installed.is_dir() else package.parent / "seeds"


def default_sources() -> tuple[Path, ...]:
    """The article that questions are about when no other is named."""
    return (bundled_articles() / "russie-coree-du-nord",)


def load_articles(sources: Iterable[Path]) -> tuple[Article, ...]:
    """Each source as an Article, in order; the default article where there is none.

    Raises ArticleError where a source can't be read, or where two articles have the same id.
    """
    articles: dict[str, Article] = {}
    for source in tuple(sources) or default_sources():
        article = load_article(source)
        if article.id in articles:
            cause = f"the article id “{article.id}” is taken by {articles[article.id].path}"
            raise ArticleDescriptionError(path=source, cause=cause)
        articles[article.id] = article
    return tuple(articles.values())


def load_article(path: Path) -> Article:
    """One article from a folder that holds article.toml, or from a text file in UTF-8.

    A text file is an article of one edition, in the language that it is written in.
    Raises ArticleNotFound, ArticleUnreadable, ArticleNotText, ArticleEmpty, ArticleDescriptionError
    or EditionsNotAligned.
    """
    path = path.expanduser()
    try:
        if path.is_dir():
            return _load_folder(path)
        if path.is_file():
            return _load_file(path)
    except OSError as error:
        raise ArticleUnreadable(path=path, cause=error.strerror or error) from error
    raise ArticleNotFound(path=path)


def _load_folder(folder: Path) -> Article:
    description = folder / "article.toml"
    if not description.is_file():
        raise ArticleDescriptionError(path=description, cause="there is no such file")
    try:
        values = tomllib.loads(_read(description))
    except tomllib.TOMLDecodeError as error:
        raise ArticleDescriptionError(path=description, cause=error) from error
    original = values.get("original")
    if original not in LANGUAGES:
        raise ArticleDescriptionError(path=description, cause="original must be “fr” or “en”")
    files = {language: folder / f"{language}.txt" for language in LANGUAGES}
    editions = {language: _edition(file, language) for language, file in files.items() if file.is_file()}
    if original not in editions:
        raise ArticleNotFound(path=files[original])
    for language, edition in editions.items():
        _check_aligned(folder, editions[original], edition, language)
    titles = values.get("title", {})
    if not isinstance(titles, dict):
        titles = {original: str(titles)}
    return Article(
        id=_valid_id(str(values.get("id", folder.resolve().name))),
        title={language: str(titles.get(language, folder.resolve().name)) for language in editions},
        original=cast("Language", original),
        editions=editions,
        path=folder,
        address=str(values.get("address", "")),
    )


def _load_file(file: Path) -> Article:
    text = _read(file)
    sample = " ".join(sentence.text for sentence in split_sentences(text)[:50])
    language = detect_language(sample).language
    edition = _edition(file, language)
    first = edition.sentences[0]
    title = first.text if first.kind == "heading" else file.stem
    return Article(_valid_id(file.stem), {language: title}, language, {language: edition}, file)


def _valid_id(name: str) -> str:
    """An id without the colon that separates the parts of a passage id."""
    return "-".join(name.replace(":", " ").split()) or "article"


def _edition(file: Path, language: Language) -> Edition:
    text = _read(file)
    sentences = split_sentences(text)
    if not sentences:
        raise ArticleEmpty(path=file)
    return Edition(language, text, sentences)


def _read(file: Path) -> str:
    data = file.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        cause = f"byte {error.start} is 0x{data[error.start]:02x}"
        raise ArticleNotText(path=file, cause=cause) from error
    if "\0" in text:
        raise ArticleNotText(path=file, cause=f"it holds a null character at {text.index(chr(0))}")
    return text


def _check_aligned(path: Path, original: Edition, other: Edition, language: Language) -> None:
    lines = [sentence.line for sentence in original.sentences]
    others = [sentence.line for sentence in other.sentences]
    if lines == others:
        return
    different = next((n for n in sorted({*lines, *others}) if lines.count(n) != others.count(n)), 0)
    cause = f"line {different + 1} has {lines.count(different)} and {others.count(different)} sentences"
    raise EditionsNotAligned(path=path, first=original.language, second=language, cause=cause)
