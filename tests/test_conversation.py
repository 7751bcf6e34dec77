"""Follow-up questions: which point back, and what they are understood to ask."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT

from qa import Answer
from qa.conversation import points_back, says_something, standalone, without_opening
from qa.evidence import Judgement, weigh_follow_up


def turns(split):
    lines = (ROOT / "eval" / "sets" / "conversations.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines):
        if row["split"] == split:
            for turn in row["turns"][1:]:
                yield row["language"], turn


def answered(question, understood="", reason=None):
    return Answer(question, "en", "", reason is not None, reason, 1.0, (), (), standalone=understood)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("And when did he arrive?", "en"),
        ("Et pourquoi ?", "fr"),
        ("why?", "en"),
        ("Combien de jours y reste-t-il ?", "fr"),
        ("Which month?", "en"),
        ("Et la Corée du Sud ?", "fr"),
        ("What about the United States?", "en"),
        ("Offerte par qui ?", "fr"),
        ("Who gave it to them?", "en"),
        ("When was that?", "en"),
        ("What did he say about that?", "en"),
        ("C’est qui ?", "fr"),
        ("Est-ce qu’on les a retrouvés ?", "fr"),
        ("Et celui qui l’a écrit, qu’est-il devenu ?", "fr"),
        ("Comment les gens de là-bas vont-ils recevoir leurs vivres ?", "fr"),
        ("Pourquoi la postière a-t-elle trouvé ça louche ?", "fr"),
        ("À partir de quelle date ?", "fr"),
        ("So how will the people there get their food?", "en"),
        ("Do those work better than mercury?", "en"),
        ("And what do her opponents want now?", "en"),
    ],
)
def test_pronouns_and_fragments_point_back(question, language):
    assert points_back(question, language)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("When was the visit announced?", "en"),
        ("Kim Jong-un a-t-il dit que la Russie était son alliée ?", "fr"),
        ("Did Putin say that he would come back?", "en"),
        ("Quel temps fait-il à Paris aujourd’hui ?", "fr"),
        ("Is there a recipe for ratatouille in it?", "en"),
        ("Combien de jours dure la visite de Poutine à Pyongyang ?", "fr"),
        ("C’est qui Kim Jong-un ?", "fr"),
        ("Who announced that Putin would visit Pyongyang?", "en"),
        ("Which countries sent their soldiers to Ukraine?", "en"),
        ("Quels pays ont envoyé leurs soldats en Ukraine ?", "fr"),
        ("L’avenir des relations avec Moscou inquiète-t-il Séoul ?", "fr"),
        ("Was there a parade in Pyongyang?", "en"),
        ("best pizza in town", "en"),
        ("What is photosynthesis?", "en"),
        ("C’est quoi la photosynthèse ?", "fr"),
        ("Merci !", "fr"),
        ("Thank you very much.", "en"),
    ],
)
def test_a_complete_question_does_not_point_back(question, language):
    assert not points_back(question, language)


def test_a_follow_up_is_put_behind_what_was_asked():
    history = [answered("Who gave the car?"), answered("Where did Putin go?")]
    assert standalone("And when?", history, "en") == "Where did Putin go? when?"


def test_a_follow_up_to_a_follow_up_keeps_the_first_question():
    history = [answered("And when?", "Where did Putin go? when?")]
    assert standalone("Why?", history, "en") == "Where did Putin go? when? Why?"


def test_a_long_chain_keeps_its_first_and_its_last_question():
    history = [answered("Where did Putin go?")]
    for _ in range(9):
        history.append(answered("And when?", standalone("And when?", history, "en")))
    assert standalone("Why?", history, "en") == "Where did Putin go? when? Why?"


def test_a_question_off_the_topic_is_not_pointed_back_to():
    history = [answered("Where did Putin go?"), answered("How do I bake a cake?", reason="off_topic")]
    assert standalone("And when?", history, "en") == "Where did Putin go? when?"
    assert standalone("And when?", history[1:], "en") == "How do I bake a cake? when?"  # there is nothing else


def test_the_first_question_and_a_new_topic_stay_as_they_are():
    assert standalone("And when?", [], "en") == "And when?"
    question = "Which intelligence services noticed the flow of weapons?"
    assert standalone(question, [answered("Where did Putin go?")], "en") == question


def test_et_before_son_takes_nothing_of_it():
    assert (
        standalone("Et son avion ?", [answered("Où est allé Poutine ?")], "fr") == "Où est allé Poutine ? son avion ?"
    )


@pytest.mark.parametrize(
    ("question", "language", "own"),
    [
        ("And photosynthesis?", "en", True),
        ("Et les banques ?", "fr", True),
        ("What about the United States?", "en", True),
        ("Who gave it to them?", "en", True),
        ("Why did they do that?", "en", False),
        ("Quand a-t-il dit ça ?", "fr", False),
        ("Which month?", "en", False),
        ("Pourquoi ?", "fr", False),
    ],
)
def test_what_can_be_asked_of_anything_names_nothing_of_its_own(question, language, own):
    assert says_something(question, language) is own


def test_a_follow_up_that_finds_nothing_by_itself_is_refused():
    together = Judgement(0.6, None, ())
    assert weigh_follow_up(together, Judgement(0.5, None, ())) is together
    refused = weigh_follow_up(together, Judgement(0.001, "not_stated", ()))
    assert refused.refusal == "not_stated"
    assert refused.confidence < 0.1


def test_a_follow_up_that_is_refused_stays_so():
    together = Judgement(0.2, "not_stated", ())
    assert weigh_follow_up(together, Judgement(0.9, None, ())) is together


@pytest.mark.parametrize(
    ("first", "follow_up"),
    [
        ("Where did Putin meet Kim Jong-un?", "And photosynthesis?"),
        ("Where did Putin meet Kim Jong-un?", "What about Brexit?"),
        ("Où Poutine a-t-il rencontré Kim Jong-un ?", "Et la pizza là-bas ?"),
        ("Où Poutine a-t-il rencontré Kim Jong-un ?", "Et au football ?"),
    ],
)
def test_the_last_answer_is_not_given_again_to_a_question_about_something_else(engine, first, follow_up):
    answer = engine.ask(first)
    assert not answer.refused
    assert engine.ask(follow_up, history=[answer]).refused


def test_examining_a_follow_up_takes_what_it_points_back_to(engine):
    answer = engine.ask("Where did Putin meet Kim Jong-un?")
    query = engine.examine("When?", history=[answer]).query
    assert (query.text, query.asked) == ("Where did Putin meet Kim Jong-un? When?", "When?")


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("Et quel temps fait-il à Paris aujourd’hui ?", "Quel temps fait-il à Paris aujourd’hui ?"),
        ("But who signed the agreement?", "Who signed the agreement?"),
        ("Ethiopia signed what?", "Ethiopia signed what?"),
        ("Et alors ?", "Et alors ?"),
    ],
)
def test_and_before_a_complete_question_is_not_read(question, read):
    assert without_opening(question) == read


@pytest.mark.parametrize(("split", "share"), [("dev", 0.9), ("test", 0.75)])
def test_most_turns_of_the_set_are_told_apart(split, share):
    asked = list(turns(split))
    right = sum(points_back(t["question"], lang) == (t["follow_up"] != "new_topic") for lang, t in asked)
    assert right >= share * len(asked)
