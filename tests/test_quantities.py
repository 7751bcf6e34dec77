from __future__ import annotations

import pytest

from qa.quantities import asked_quantity, gives_quantity


@pytest.mark.parametrize(
    ("question", "sentence", "given"),
    [
        ("Combien de soldats combattent ?", "Mille soldats nord-coréens combattent.", True),
        ("Combien de soldats combattent ?", "Ils combattent depuis 2022.", False),
        ("Combien d’obus ont été livrés ?", "Trois millions d'obus ont été livrés.", True),
        ("Combien d’obus ont été livrés ?", "Les deux pays ont nié livrer des obus.", False),
        ("How many North Korean soldiers died?", "About 300 soldiers died.", True),
        ("How many North Korean soldiers died?", "The two countries deny it.", False),
        ("How many days did it last?", "It was a two-day visit.", True),
        ("Combien d'années se sont écoulées ?", "Il revient 24 ans après.", True),
        ("How long did the visit last?", "It was a two-day visit.", True),
        ("How long did the visit last?", "He arrived on June 19.", False),
        ("Depuis combien de temps durent les sanctions ?", "Elles durent depuis 2006.", True),
        ("Quel âge a Kim Jong-un ?", "Il revient 24 ans après.", False),
        ("Quel âge a Kim Jong-un ?", "Âgé de 40 ans, il dirige le pays.", True),
        ("How old is he?", "The 40-year-old leader spoke.", True),
        ("How old is he?", "He was born in 1984.", True),
        ("How old is he?", "24 years after the last visit.", False),
        ("How far is it?", "It lies 6,400 km away.", True),
        ("À quelle distance est-ce ?", "La visite dure deux jours.", False),
    ],
)
def test_a_sentence_gives_the_quantity_asked_for_or_not(question, sentence, given):
    quantity = asked_quantity(question)
    assert quantity is not None
    assert gives_quantity(quantity, sentence) is given


@pytest.mark.parametrize("question", ["When did he arrive?", "Pourquoi ?", "Combien ?", "How much does it cost?"])
def test_other_questions_ask_for_no_quantity_that_could_be_missed(question):
    assert asked_quantity(question) is None
