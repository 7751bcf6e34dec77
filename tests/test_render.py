"""Turns and articles to HTML: everything that somebody wrote arrives as text, character by character."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from qa import (
    Answer,
    Article,
    Citation,
    QAError,
    ShortAnswer,
    Statement,
    load_article,
    load_articles,
    short_span,
)
from qa.types import LANGUAGES, SupportLabel
from ui.handle import Opening
from ui.render import (
    Turn,
    alert_html,
    answer_html,
    cited_html,
    confidence_html,
    conversation,
    escape,
    nearest_html,
    status_html,
    titles_of,
    turn_html,
)
from ui.source import article_html, edition_html, source_html
from ui.texts import TEXTS

NASTY = [
    "<script>alert(1)</script>",
    '<img src="http://evil.example/x.png" onerror="alert(1)">',
    "![x](http://evil.example/x.png)",
    "[click](javascript:alert(1))",
    "$$\\frac{1}{2}$$ and $x$",
    "2*3*4 _a_ `b` **c** # d",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "&lt;b&gt; &amp; &#60;",
    "${alert(1)} {{constructor}} `${1}`",
    "</div></aside><iframe src=//evil.example>",
    "« 50 % » — l’œuf 𝒳 é\u0301 \u202e",
    "[1] [2] [99] [",
]


class _Reader(HTMLParser):
    """Elements and text of some HTML, as a browser reads it; the elements must nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.short = ""
        """The text in bold."""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "link", "wbr"}:  # these are never closed
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "strong" in self._open:
            self.short += data

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [attributes.get(name) for found, attributes in self.tags if found == tag]


def _citation(number: int, quote: str, article_id: str = "a") -> Citation:
    size = len(quote)
    return Citation(number, article_id, f"{article_id}:en:0-{size}", "en", quote, 0, size, "en", quote, 0, size, 0.9)


def _answer(text: str, *citations: Citation, **changes: object) -> Answer:
    answer = Answer("?", "en", text, False, None, 0.9, citations, ())
    return replace(answer, **changes)  # type: ignore[arg-type]


def _refusal(*sentences: str) -> Answer:
    nearest = tuple(_citation(number, text) for number, text in enumerate(sentences, start=1))
    return Answer("?", "en", "Not in the article.", True, "off_topic", 0.1, (), (), nearest=nearest)


def _shortened(quote: str, short: str) -> Answer:
    """An answer of one sentence that stands at character 100 of its edition, with a short answer in it."""
    citation = replace(_citation(1, quote), start=100, end=100 + len(quote))
    start = citation.start + quote.index(short)
    words = ShortAnswer(short, "en", start, start + len(short), 1)
    return _answer(f"{quote} [1]", citation, short=words)


def _assert_harmless(html: str) -> _Reader:
    read = _Reader(html)
    for tag, attributes in read.tags:
        assert tag not in {"script", "img", "svg", "iframe", "object", "embed", "style", "link"}
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    return read


@pytest.mark.parametrize("nasty", NASTY)
def test_escaped_text_reads_as_itself(nasty: str) -> None:
    assert _Reader(f"<p>{escape(nasty)}</p>").text == nasty
    assert _Reader(f'<p title="{escape(nasty)}"></p>').tags == [("p", {"title": nasty})]


def test_a_carriage_return_survives_the_parser() -> None:
    assert escape("a\r\nb") == "a&#13;\nb"


@pytest.mark.parametrize("nasty", NASTY)
def test_a_question_is_shown_as_text(nasty: str) -> None:
    assert nasty in _assert_harmless(turn_html(Turn(nasty), "en", {})).text


@pytest.mark.parametrize("nasty", NASTY)
def test_an_answer_is_shown_as_text(nasty: str) -> None:
    answer = _answer(f"{nasty} [1]", _citation(1, nasty), notice=nasty, question=nasty)
    read = _assert_harmless(answer_html(answer, "en", {"a": nasty}))
    assert f"{nasty} [1]" in read.text
    assert read.text.count(nasty) == 2  # the notice and the sentence
    assert read.attributes("button", "data-copy") == [answer.to_markdown()]


@pytest.mark.parametrize("nasty", NASTY)
def test_a_partial_answer_is_shown_as_text(nasty: str) -> None:
    read = _assert_harmless(turn_html(Turn("?", text=nasty), "en", {}))
    assert re.sub(r"\s*\[\d*$", "", nasty) in read.text


@pytest.mark.parametrize("nasty", NASTY)
def test_the_nearest_sentences_of_a_refusal_are_shown_as_text(nasty: str) -> None:
    assert nasty in _assert_harmless(answer_html(_refusal(nasty), "fr", {})).text


@pytest.mark.parametrize("nasty", NASTY)
def test_an_article_is_shown_as_text(nasty: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(f"Title {nasty}\nA sentence with {nasty} in it.\n{nasty}", encoding="utf-8", newline="")
    article = load_article(file)
    read = _assert_harmless(edition_html(article, article.editions[article.original]))
    assert read.text == article.text(article.original)
    _assert_harmless(source_html([article]))


def _cited(answer: Answer, titles: dict[str, str] | None = None) -> str:
    return cited_html(
        answer.text, answer.citations, "en", titles or {}, short=short_span(answer), statements=answer.statements
    )


def test_each_marker_links_to_its_passage() -> None:
    answer = _answer("One. [1] Two. [2]", _citation(1, "One."), replace(_citation(2, "Two."), start=7, end=11))
    read = _Reader(_cited(answer, {"a": "The title"}))
    assert read.attributes("a", "href") == ["#src-a-en-0-4", "#src-a-en-7-11"]
    assert read.attributes("a", "title")[0] == "Passage 1: open it in “The title”"
    assert read.text == answer.text


def test_a_marker_that_cites_nothing_is_no_link() -> None:
    assert not _Reader(_cited(_answer("One. [2]", _citation(1, "One.")))).attributes("a", "href")


def test_an_articles_own_bracketed_number_is_no_marker() -> None:
    quote = "He said so [1] twice."
    read = _Reader(_cited(_answer(f"{quote} [1]", _citation(1, quote))))
    assert len(read.attributes("a", "href")) == 1
    assert read.text == f"{quote} [1]"


def test_an_unusual_article_id_reaches_the_link_unchanged() -> None:
    read = _Reader(_cited(_answer("One. [1]", _citation(1, "One.", 'l\'été "1" 100%'))))
    (href,) = read.attributes("a", "href")
    assert href is not None
    assert " " not in href
    assert unquote(href) == '#src-l\'été "1" 100%-en-0-4'


def test_a_long_last_word_may_break_from_its_marker() -> None:
    word = "x" * 31  # one more than is kept on one line
    assert "glued" not in _cited(_answer(f"{word} [1]", _citation(1, word)))
    assert "glued" in _cited(_answer("short [1]", _citation(1, "short")))


@pytest.mark.parametrize(
    "short",
    [
        "The visit",  # at the beginning
        "visit was on",
        "17 June.",  # up to the end: into the last word, which is kept beside the marker
        "17 June",
        "17 Ju",
        "June.",
        "The visit was on 17 June.",
    ],
)
def test_the_short_answer_is_in_bold_in_its_sentence(short: str) -> None:
    answer = _shortened("The visit was on 17 June.", short)
    read = _Reader(_cited(answer))
    assert read.short == short
    assert read.text == answer.text
    assert set(read.attributes("strong", "class")) == {"short"}


def test_a_short_answer_in_a_long_last_word_is_in_bold() -> None:
    assert _Reader(_cited(_shortened("x" * 20 + "y" * 20, "xyy"))).short == "xyy"


@pytest.mark.parametrize("nasty", NASTY)
def test_a_short_answer_is_shown_as_text(nasty: str) -> None:
    answer = _shortened(f"He wrote {nasty} there.", nasty)
    read = _assert_harmless(answer_html(answer, "en", {}))
    assert read.short == nasty
    assert answer.text in read.text


def test_a_sentence_cited_twice_has_its_short_answer_before_the_right_marker() -> None:
    citations = (_citation(1, "On 17 June."), replace(_citation(2, "On 17 June."), article_id="b"))
    answer = _answer("On 17 June. [1] On 17 June. [2]", *citations, short=ShortAnswer("17 June", "en", 3, 10, 2))
    first, second = _cited(answer).split("[1]</a>")
    assert "strong" not in first
    assert "strong" in second


def test_an_answer_without_a_short_one_has_nothing_in_bold() -> None:
    answer = replace(_shortened("On 17 June.", "17 June"), short=None)
    assert "strong" not in answer_html(answer, "en", {})


def test_a_short_answer_whose_sentence_is_not_quoted_is_not_in_bold() -> None:
    answer = replace(_shortened("On 17 June.", "17 June"), text="It was on 17 June [1], he says.")
    html = _cited(answer)
    assert _Reader(html).text == answer.text
    assert "strong" not in html


def test_a_marker_in_the_middle_of_a_short_answer_stays_a_link_of_its_own() -> None:
    quote = "so [1] it is"
    answer = replace(_shortened(quote, quote), text=f"{quote} {quote} [1]")  # quoted once without a marker after it
    read = _Reader(_cited(answer))
    assert read.text == answer.text
    assert re.sub(r"\s+", " ", read.short) == "so it is"


def test_what_is_copied_has_no_bold() -> None:
    answer = _shortened("On 17 June.", "17 June")
    (copied,) = _Reader(answer_html(answer, "en", {})).attributes("button", "data-copy")
    assert copied == replace(answer, short=None).to_markdown()


def test_a_marker_is_a_link_while_the_answer_is_still_written() -> None:
    turn = Turn("Who?", text="One. [1] Tw", citations=(_citation(1, "One."),))
    read = _Reader(turn_html(turn, "en", {}))
    assert read.attributes("a", "href") == ["#src-a-en-0-4"]
    assert "One. [1] Tw" in read.text


def _statement(text: str, whole: str, support: SupportLabel, **fields: Any) -> Statement:
    start = whole.find(text)
    return Statement(text, max(start, 0), max(start, 0) + len(text) * (start >= 0), (1,), support, 0.5, **fields)


def test_what_is_not_supported_is_struck_out_and_said_aloud() -> None:
    text = "He came. [1] He left in 2019. [1]"
    statements = (
        _statement("He came. [1]", text, "supported"),
        _statement("He left in 2019. [1]", text, "unsupported", missing=("2019",)),
    )
    answer = _answer(text, _citation(1, "He came."), statements=statements, written_by="ollama:x")
    html = answer_html(answer, "en", {})
    struck = re.findall(r"<s [^>]*>(.*?)</s>", html)
    assert [re.sub("<[^>]*>", "", part) for part in struck] == ["He left in 2019. [1]"]
    read = _Reader(html)
    assert len(read.attributes("a", "href")) == 2  # its citation can be opened all the same
    assert "(not supported)" in read.text
    assert "Not in the cited passage: 2019." in read.text
    assert "sentences checked: 1 of 2" in read.text


def test_a_weak_sentence_is_marked_without_being_struck_out() -> None:
    text = "Il vint. [1]"
    answer = _answer(text, _citation(1, "Il vint."), statements=(_statement(text, text, "weak"),), written_by="x:y")
    html = answer_html(answer, "fr", {})
    assert 'class="weak"' in html
    assert "<s " not in html
    assert "à vérifier" in _Reader(html).text


def test_a_removed_sentence_is_told_of_below_the_answer() -> None:
    removed = Statement("It was red. [1]", 12, 12, (1,), "unsupported", 0.1)
    answer = _answer("He came. [1]", _citation(1, "He came."), statements=(removed,), written_by="x:y")
    html = answer_html(answer, "en", {})
    assert "removed from the answer" in _Reader(html).text
    assert "red" not in _Reader(_cited(answer)).text


@pytest.mark.parametrize("nasty", NASTY)
def test_what_a_chat_model_writes_is_shown_as_text(nasty: str) -> None:
    text = f"It says {nasty} [1]"
    statement = _statement(text, text, "unsupported", missing=(nasty,))
    answer = _answer(text, _citation(1, "It."), statements=(statement,), written_by=nasty, unknown_markers=2)
    _assert_harmless(answer_html(answer, "en", {}))
    _assert_harmless(turn_html(Turn("Q", text=text, standalone=nasty, statements=(statement,)), "en", {}))


def test_a_stopped_answer_keeps_what_was_written() -> None:
    read = _Reader(turn_html(Turn("Q", text="He ca", stopped=True), "en", {}))
    assert "He ca" in read.text
    assert "Answer stopped." in read.text


def test_what_a_follow_up_was_understood_to_ask_is_shown() -> None:
    read = _Reader(turn_html(Turn("When?", standalone="When did he come?"), "en", {}))
    assert "Understood as: When did he come?" in re.sub(r"\s+", " ", read.text)


@pytest.mark.parametrize(
    ("confidence", "label"),
    [(0.8, "High confidence"), (0.79, "Medium confidence"), (0.5, "Medium confidence"), (0.49, "Low confidence")],
)
def test_confidence_is_said_in_words(confidence: float, label: str) -> None:
    assert label in _Reader(confidence_html(confidence, "en")).text


def test_a_refusal_names_its_nearest_sentences_as_no_answer() -> None:
    read = _Reader(answer_html(_refusal("Near."), "en", {}))
    assert "No answer in the article" in read.text
    assert "Nearest sentences (not an answer)" in read.text
    assert "confidence" not in read.text


def test_each_nearest_sentence_links_to_where_it_stands() -> None:
    first, second = _refusal("Near.", "Less near.").nearest
    second = replace(second, article_id="l'été", language="fr", start=7, end=17)
    read = _Reader(nearest_html((first, second), "en"))
    assert read.attributes("a", "href") == ["#src-a-en-0-5", "#src-l%27%C3%A9t%C3%A9-fr-7-17"]
    assert read.attributes("blockquote", "lang") == ["en", "fr"]


def test_the_links_of_nearest_sentences_are_told_apart_by_their_names() -> None:
    read = _Reader(nearest_html(_refusal("Near.", "Less near.").nearest, "fr"))
    assert read.attributes("a", "aria-label") == [
        "Voir la phrase proche n° 1 dans l’article",
        "Voir la phrase proche n° 2 dans l’article",
    ]


def test_the_nearest_sentences_are_behind_a_closed_disclosure() -> None:
    read = _Reader(nearest_html(_refusal("Near.").nearest, "en"))
    assert [attributes for tag, attributes in read.tags if tag == "details"] == [{"class": "nearest"}]


def test_a_refusal_without_nearest_sentences_lists_none() -> None:
    assert nearest_html((), "en") == ""


def test_a_waiting_question_says_what_it_waits_for() -> None:
    assert TEXTS["fr"].waiting in _Reader(turn_html(Turn("?", waiting=True), "fr", {})).text
    assert TEXTS["fr"].searching in _Reader(turn_html(Turn("?"), "fr", {})).text


def test_an_empty_conversation_offers_examples_in_both_languages() -> None:
    welcome = conversation((), "fr", {}, examples=True)["welcome"]
    questions = _Reader(welcome).attributes("button", "data-question")
    assert questions == [*TEXTS["fr"].examples, *TEXTS["en"].examples]


def test_another_article_has_no_examples() -> None:
    assert not _Reader(conversation((), "en", {}, examples=False)["welcome"]).attributes("button", "data-question")


def test_a_conversation_has_no_welcome() -> None:
    drawn = conversation((Turn("?"),), "en", {}, examples=True)
    assert drawn["welcome"] == ""
    assert len(drawn["turns"]) == 1


@pytest.mark.parametrize("phase", ["loading", "indexing", "ready", "failed"])
def test_the_status_is_said_in_both_languages(phase: str) -> None:
    opening = Opening(phase, 12, 80, QAError(detail="x") if phase == "failed" else None)  # type: ignore[arg-type]
    texts = [_Reader(status_html(opening, language)).text for language in LANGUAGES]
    assert all(texts)
    assert texts[0] != texts[1]
    assert ("12" in texts[0]) == (phase == "indexing")


def test_no_error_leaves_no_box() -> None:
    assert alert_html("") == ""
    assert _Reader(alert_html("<b>")).text == "<b>"


@pytest.fixture(scope="module")
def seed() -> Article:
    return load_articles(())[0]


def test_the_panel_holds_every_character_of_every_edition(seed: Article) -> None:
    for language in LANGUAGES:
        assert _Reader(edition_html(seed, seed.editions[language])).text == seed.text(language)


def test_every_sentence_is_an_element_with_its_offsets(seed: Article) -> None:
    for language in LANGUAGES:
        read = _Reader(edition_html(seed, seed.editions[language]))
        found = [attributes for tag, attributes in read.tags if attributes.get("class") == "s"]
        wanted = [(str(s.index), str(s.start), str(s.end)) for s in seed.editions[language].sentences]
        assert [(a["data-i"], a["data-start"], a["data-end"]) for a in found] == wanted
        assert [a["id"] for a in found] == [f"src-{seed.id}-{language}-{start}-{end}" for _, start, end in wanted]


def test_the_offsets_of_an_edition_leave_no_hole(seed: Article) -> None:
    for language in LANGUAGES:
        read = _Reader(edition_html(seed, seed.editions[language]))
        spans = [(int(a["data-start"] or 0), int(a["data-end"] or 0)) for _, a in read.tags if "data-start" in a]
        assert [start for start, _ in spans] == [0, *(end for _, end in spans[:-1])]
        assert spans[-1][1] == len(seed.text(language))


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\n\n", "\n \n"])
def test_line_endings_are_kept(newline: str, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(newline.join(["One is here.", "Two is here. Three too.", ""]).encode())
    article = load_article(file)
    assert _Reader(edition_html(article, article.editions["en"])).text == article.text("en")


def test_headings_and_bullets_are_told_apart(seed: Article) -> None:
    classes = _Reader(edition_html(seed, seed.editions["fr"])).attributes("div", "class")
    assert classes.count("points") == 1
    assert classes.count("line bullet") == 3
    assert "line bare" not in classes  # the address and the stray "- |" are not shown again
    assert _Reader(edition_html(seed, seed.editions["fr"])).attributes("h4", "class") == ["line heading"] * 2


def test_the_original_edition_is_labelled(seed: Article) -> None:
    read = _Reader(article_html(seed, hidden=False))
    assert read.attributes("section", "data-original") == ["fr"]
    assert "original" in read.text
    assert "translation" in read.text


def test_the_address_is_a_link_only_where_it_is_of_the_web(seed: Article) -> None:
    (rel,) = _Reader(article_html(seed, hidden=False)).attributes("a", "rel")
    assert rel == "noopener noreferrer"
    odd = replace(seed, address="javascript:alert(1)")
    read = _Reader(article_html(odd, hidden=False))
    assert not read.attributes("a", "href")
    assert "javascript:alert(1)" in read.text


def test_several_articles_have_a_section_each_and_a_chooser(seed: Article, tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("Another title\nThis is another article.", encoding="utf-8")
    other = load_article(file)
    read = _Reader(source_html([seed, other]))
    assert read.attributes("option", "value") == [seed.id, "other"]
    sections = [attributes for tag, attributes in read.tags if attributes.get("class") == "article"]
    assert ["hidden" in attributes for attributes in sections] == [False, True]
    assert not _Reader(source_html([seed])).attributes("option", "value")


def test_titles_are_in_the_language_of_the_page_where_there_is_one(seed: Article) -> None:
    assert titles_of([seed], "en")[seed.id].startswith("The new friendship")
    alone = replace(seed, title={"fr": "Titre"})
    assert titles_of([alone], "en") == {seed.id: "Titre"}
