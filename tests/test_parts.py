"""Questions of several parts: where they are cut, and how the judgements of the parts become one."""

from __future__ import annotations

import dataclasses

import pytest

from qa.evidence import Evidence, Judgement
from qa.parts import Part, joined, split_question


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who did Putin visit, and when was the pact signed?", ["Who did Putin visit", "when was the pact signed"]),
        ("When was it signed? Where does the pact apply?", ["When was it signed", "Where does the pact apply"]),
        (
            "Qui a signé le pacte et quand la visite a-t-elle été annoncée ?",
            ["Qui a signé le pacte", "quand la visite a-t-elle été annoncée"],
        ),
        ("Depuis quand règne-t-il et dans quel pays vit-il ?", ["Depuis quand règne-t-il", "dans quel pays vit-il"]),
    ],
)
def test_a_question_is_cut_where_the_next_one_begins(question, parts):
    assert [part.text for part in split_question(question)] == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who did Putin visit?",
        "Where and when was the pact signed?",
        "Quels pays vendent des armes et des navires ?",
        "Which is the country that sells arms and which buys grain?",
        "Quel est le pays qui vend des armes et qui achète du blé ?",
        "What did the minister say when he left and what did she answer?",
    ],
)
def test_a_question_that_asks_one_thing_stays_whole(question):
    assert split_question(question) == (Part(question, question),)


def test_a_part_that_points_back_is_looked_for_behind_the_first():
    _, second = split_question("Who did Putin visit, and when did he arrive?")
    assert second == Part("when did he arrive", "Who did Putin visit ? when did he arrive ?", points_back=True)


@pytest.fixture
def found(engine):
    return engine.examine("Quand la visite a-t-elle été annoncée ?").sentences


def _judgement(*evidence, refusal=None, confidence=0.9):
    return Judgement(confidence, refusal, tuple(evidence))


def _part(text, points_back=False):
    return Part(text, text, points_back)


def test_the_best_sentence_of_each_part_is_cited_and_confidence_is_the_lowest(found):
    first, second, third = (Evidence(found[place], 0.9 - place / 10, cited=True) for place in range(3))
    judged = [(_part("a"), _judgement(first, third)), (_part("b"), _judgement(second, confidence=0.6))]
    judgement, notice = joined(judged, "fr")
    assert [evidence for evidence in judgement.evidence if evidence.cited] == [first, second]
    assert dataclasses.replace(third, cited=False) in judgement.evidence
    assert (judgement.confidence, judgement.refusal, notice) == (0.6, None, "")


def test_two_parts_that_one_sentence_answers_cite_it_once(found):
    one = Evidence(found[0], 0.9, cited=True)
    judgement, _ = joined([(_part("a"), _judgement(one)), (_part("b"), _judgement(one))], "en")
    assert [evidence for evidence in judgement.evidence if evidence.cited] == [one]


def test_a_part_that_points_back_is_answered_by_another_sentence(found):
    first, second = Evidence(found[0], 0.9, cited=True), Evidence(found[1], 0.8, cited=True)
    judged = [(_part("a"), _judgement(first)), (_part("b", points_back=True), _judgement(first, second))]
    judgement, _ = joined(judged, "en")
    assert [evidence for evidence in judgement.evidence if evidence.cited] == [first, second]


def test_a_part_without_an_answer_is_named(found):
    one = Evidence(found[0], 0.9, cited=True)
    judged = [(_part("who came"), _judgement(one)), (_part("how tall is it"), _judgement(one, refusal="not_stated"))]
    judgement, notice = joined(judged, "en")
    assert judgement.refusal is None
    assert "“how tall is it”" in notice


def test_parts_that_are_all_refused_are_one_refusal(found):
    one = Evidence(found[0], 0.2, cited=True)
    low = _judgement(one, refusal="not_stated", confidence=0.1)
    high = _judgement(one, refusal="not_stated", confidence=0.3)
    assert joined([(_part("a"), low), (_part("b"), high)], "fr") == (high, "")
