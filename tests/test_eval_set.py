"""The bundled question set keeps the promises that its measures rest on."""

import json
from collections import Counter
from pathlib import Path

import pytest

import eval.questions
from eval.qrels import evidence_sentences
from eval.questions import load_questions
from qa import load_articles

ARTICLES = load_articles(())
QUESTIONS = load_questions("article", ARTICLES).questions


def plain(text):
    return " ".join(text.replace("’", "'").casefold().split())


def test_evidence_stands_exactly_once_in_the_original():
    text = ARTICLES[0].text(ARTICLES[0].original)
    path = Path(eval.questions.__file__).parent / "sets" / "article.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    evidence = {one for row in rows for one in row["evidence"]}
    assert evidence
    assert {one: text.count(one) for one in evidence if text.count(one) != 1} == {}


def test_evidence_lies_within_one_sentence():
    crossing = [
        q.query_id for q in QUESTIONS if len(evidence_sentences(q, ARTICLES)) != len({s.start for s in q.evidence})
    ]
    assert crossing == []


def test_every_accepted_answer_stands_in_the_evidence_in_the_language_of_the_question():
    for question in QUESTIONS:
        sentences = [
            plain(ARTICLES[0].editions[question.language].sentences[index].text)
            for _, index in evidence_sentences(question, ARTICLES)
        ]
        assert all(any(plain(answer) in text for text in sentences) for answer in question.answers), question.query_id
        assert all(any(plain(answer) in text for answer in question.answers) for text in sentences), question.query_id


def test_a_fact_is_in_one_split_and_of_one_kind():
    facts = {question.fact: set() for question in QUESTIONS}
    for question in QUESTIONS:
        facts[question.fact].add((question.split, question.kind))
    assert {fact: seen for fact, seen in facts.items() if len(seen) > 1} == {}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_there_are_enough_questions_in_each_language(language):
    written = [question for question in QUESTIONS if question.language == language]
    assert len({question.fact for question in written if question.answerable}) >= 40
    assert len([question for question in written if not question.answerable]) >= 40


@pytest.mark.parametrize("split", ["dev", "test"])
def test_splits_ask_as_many_questions_of_each_kind_in_both_languages(split):
    chosen = [question for question in QUESTIONS if question.split == split]
    french, english = (
        Counter((q.kind, q.wording) for q in chosen if q.language == language) for language in ("fr", "en")
    )
    assert french == english


def test_no_question_is_asked_twice():
    asked = Counter((question.language, plain(question.question)) for question in QUESTIONS)
    assert [question for question, times in asked.items() if times > 1] == []
