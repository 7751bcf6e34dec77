"""Evidence to answer: who is cited, how often, and what a refusal looks like."""

from __future__ import annotations

import dataclasses

import pytest

from qa import Answer, Candidates, Citation, ShortAnswer, short_span
from qa.citations import cite, verify
from qa.errors import QAError
from qa.evidence import Evidence, Judgement, LinearJudge
from qa.expectation import expectation_of, meets
from qa.extractive import answer_from, choose, chunks_of


@pytest.fixture(scope="module")
def candidates(engine):
    return engine.examine("When was the visit announced?")


def evidence(candidates, **scores):
    by_index = {found.index: found for found in candidates.sentences}
    return [Evidence(by_index[int(key[1:])], score, cited) for key, (score, cited) in scores.items()]


def test_the_citation_points_into_both_editions(engine, candidates):
    citation = cite(1, next(found for found in candidates.sentences if found.index == 19), "en", 0.9)
    article = engine.articles[0]
    assert citation.quote == "The visit was announced at the last minute, on Monday, June 17."
    assert citation.source_quote == "La visite a été annoncée à la dernière minute, le lundi 17 juin."
    assert article.text("en")[citation.start : citation.end] == citation.quote
    assert article.text("fr")[citation.source_start : citation.source_end] == citation.source_quote
    assert (citation.language, citation.source_language) == ("en", "fr")


@pytest.mark.parametrize("change", [{"start": 0}, {"quote": "Made up."}, {"source_end": 3}, {"quote": "", "end": 0}])
def test_a_citation_that_does_not_match_the_file_is_never_let_out(engine, candidates, change):
    citation = dataclasses.replace(cite(1, candidates.sentences[0], "en", 0.9), **change)
    with pytest.raises(QAError, match="does not match"):
        verify(citation, engine.articles[0])


def test_only_what_is_good_enough_is_cited_and_three_at_most(candidates):
    ranked = evidence(candidates, s19=(0.9, True), s20=(0.8, True), s21=(0.1, False), s3=(0.5, True), s4=(0.5, True))
    assert [one.found.index for one in choose(ranked, "en")] == [19, 20, 3]


def test_a_sentence_that_repeats_a_better_one_is_cited_once(candidates):
    twice = evidence(candidates, s19=(0.9, True)) * 2
    assert len(choose(twice, "en")) == 1


def test_each_sentence_of_an_answer_carries_its_marker(candidates):
    judgement = Judgement(0.9, None, tuple(evidence(candidates, s19=(0.9, True), s20=(0.8, True))))
    answer = answer_from(candidates.query, candidates.hits, judgement)
    first, second = answer.citations
    assert answer.text == f"{first.quote} [1] {second.quote} [2]"
    assert (answer.refused, answer.reason, answer.confidence) == (False, None, 0.9)


@pytest.mark.parametrize("reason", ["off_topic", "not_stated"])
@pytest.mark.parametrize(("language", "word"), [("fr", "L’article"), ("en", "The article")])
def test_a_refusal_is_in_the_questions_language_and_cites_nothing(candidates, reason, language, word):
    query = dataclasses.replace(candidates.query, language=language)
    answer = answer_from(query, candidates.hits[:3], Judgement(0.1, reason, ()))
    assert (answer.refused, answer.reason, answer.citations) == (True, reason, ())
    assert answer.text.startswith(word)
    assert len(answer.passages) == 3


def test_the_pieces_of_a_stream_are_the_answer(candidates):
    judgement = Judgement(0.9, None, tuple(evidence(candidates, s19=(0.9, True))))
    answer = answer_from(candidates.query, candidates.hits, judgement)
    pieces = list(chunks_of(answer))
    assert "".join(piece.text for piece in pieces) == answer.text
    assert [piece.answer for piece in pieces[:-1]] == [None] * (len(pieces) - 1)
    assert pieces[-1].answer is answer


@pytest.fixture
def weights():
    """A judge that looks at nothing but similarity."""
    by_similarity = {"bias": 0.0, "similarity": 1.0}
    models = {"sentence": by_similarity, "topic": by_similarity, "confidence": by_similarity}
    return {"models": {"within": models}, "on_topic": 0.0, "threshold": {"fr": 0.5, "en": 0.5}, "cited_share": 0.9}


def test_the_judge_puts_the_best_sentence_first(candidates, weights):
    judgement = LinearJudge(weights=weights).judge(candidates)
    best = max(candidates.sentences, key=lambda found: found.similarity)
    assert judgement.evidence[0].found == best
    assert judgement.refusal is None


def test_below_the_threshold_the_article_does_not_say(candidates, weights):
    assert LinearJudge(threshold=1.0, weights=weights).judge(candidates).refusal == "not_stated"


def test_far_from_every_passage_is_off_topic_whatever_the_confidence(candidates, weights):
    judgement = LinearJudge(weights={**weights, "on_topic": 1.1}).judge(candidates)
    assert judgement.refusal == "off_topic"
    assert judgement.confidence <= 0.5


def test_without_candidates_there_is_no_answer(candidates):
    assert LinearJudge().judge(Candidates(candidates.query, (), ())).refusal == "off_topic"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Quand est-il arrivé ?", "time"),
        ("When did he arrive?", "time"),
        ("Combien de jours dure la visite ?", "number"),
        ("How long is it?", "number"),
        ("Qui a signé ?", "person"),
        ("Where did he go?", "place"),
        ("Pourquoi ?", "reason"),
        ("Quel cadeau ?", "open"),
    ],
)
def test_what_a_question_asks_for(question, expected):
    assert expectation_of(question) == expected


def test_what_a_sentence_holds():
    assert meets("time", "Le lundi 17 juin.") == 1
    assert meets("time", "Il est venu.") == 0
    assert meets("person", "Ici, Vladimir Poutine parle.") == 1
    assert meets("open", "Rien.") == 0.5


def test_markdown_shows_an_articles_markup_as_text(candidates):
    judgement = Judgement(0.9, None, tuple(evidence(candidates, s19=(0.9, True))))
    answer = answer_from(candidates.query, candidates.hits, judgement)
    nasty = dataclasses.replace(answer, text="![x](http://a) <script> *b* [1]")
    assert nasty.to_markdown().startswith(r"!\[x\](http://a) \<script> \*b\* [1]")


def answer_of(*quotes, short, cited=1, **changes):
    """An answer of `quotes`, which stand one behind the other in an article; `short` is in the one that is cited."""
    citations, start = [], 100
    for number, quote in enumerate(quotes, start=1):
        end = start + len(quote)
        citations.append(Citation(number, "a", "p", "en", quote, start, end, "en", quote, start, end, 0.9))
        start = end + 1
    first = citations[cited - 1].start + quotes[cited - 1].index(short)
    answer = Answer(
        "?", "en", " ".join(f"{c.quote} [{c.number}]" for c in citations), False, None, 0.9, tuple(citations), ()
    )
    words = ShortAnswer(short, "en", first, first + len(short), cited)
    return dataclasses.replace(answer, **{"short": words, **changes})


@pytest.mark.parametrize(
    ("quotes", "short", "cited", "span"),
    [
        (("On 17 June.",), "17 June", 1, (3, 10)),
        (("On 17 June.",), "On 17 June.", 1, (0, 11)),
        (("He left.", "On 17 June."), "17 June", 2, (16, 23)),
        (("On 17 June.", "On 17 June."), "17 June", 1, (3, 10)),
        (("On 17 June.", "On 17 June."), "17 June", 2, (19, 26)),
        (("On 17 June [1] he left.",), "left", 1, (18, 22)),  # the article's own “[1]”
        (("Yes. [2] No.", "Yes."), "Yes", 2, (17, 20)),  # the second sentence and its marker, within the first
        (("(.*) cost \\$5 [a-z]+.",), "\\$5", 1, (10, 13)),
    ],
)
def test_the_short_answer_is_found_in_the_answer(quotes, short, cited, span):
    answer = answer_of(*quotes, short=short, cited=cited)
    assert short_span(answer) == span
    assert answer.text[slice(*span)] == short


@pytest.mark.parametrize("text", ["It was on 17 June [1].", "On 17 June. [2]", "On 17 June.", "[1]", ""])
def test_a_short_answer_is_not_found_where_its_sentence_is_not_quoted_before_its_marker(text):
    assert short_span(answer_of("On 17 June.", short="17 June", text=text)) is None


def test_a_sentence_that_is_not_quoted_does_not_hide_the_next_ones_short_answer():
    answer = answer_of("He left.", "On 17 June.", short="17 June", cited=2, text="Gone. [1] On 17 June. [2]")
    assert short_span(answer) == (13, 20)


@pytest.mark.parametrize(
    "change",
    [
        {"start": 0},
        {"end": 999},
        {"start": 92, "end": 99},  # counted from the end, the sentence has the words there
        {"text": "", "start": 103, "end": 103},
        {"citation": 7},
    ],
)
def test_a_short_answer_that_is_not_in_its_sentence_is_not_found(change):
    answer = answer_of("On 17 June.", short="17 June")
    odd = dataclasses.replace(answer.short, **change)
    assert short_span(dataclasses.replace(answer, short=odd)) is None


def test_without_a_short_answer_there_is_nothing_to_find():
    assert short_span(dataclasses.replace(answer_of("On 17 June.", short="17 June"), short=None)) is None
