"""Numbers, dates and names, the same in both languages."""

from __future__ import annotations

import pytest

from qa.mentions import mentions_of, missing


@pytest.mark.parametrize(
    ("text", "language", "numbers"),
    [
        ("24 ans après", "fr", {"24"}),
        ("vingt-quatre ans après", "fr", {"24"}),
        ("twenty-four years later", "en", {"24"}),
        ("9 000 soldats", "fr", {"9000"}),
        ("9,000 soldiers", "en", {"9000"}),
        ("3,5 %", "fr", {"3.5"}),
        ("3.50 percent", "en", {"3.5"}),
        ("deux millions d'euros", "fr", {"2000000"}),
        ("1.5 billion dollars", "en", {"1500000000"}),
        ("27,5 milliards", "fr", {"27500000000"}),
        ("the 3rd visit in 2024", "en", {"3", "2024"}),
        ("un pays et une visite", "fr", set()),
    ],
)
def test_numbers_are_read_in_words_and_digits(text, language, numbers):
    assert mentions_of(text, language).numbers == numbers


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Putin arrived on June 19.", "Le 19 juin, Poutine est arrivé."),
        ("It was announced on Monday, June 17.", "La visite a été annoncée le lundi 17 juin."),
        ("NATO and the United States were concerned.", "Les États-Unis et l’OTAN se sont dits préoccupés."),
        ("La visite de Poutine à Moscou", "Putin in Moscow"),
        ("The Germans paid Chile.", "L’Allemagne a payé le Chili."),
        ("Des armes américaines", "American weapons"),
        ("Il dit que l’Ukraine a perdu.", "l'invasion deUkraine a échoué"),  # glued, as in the article
    ],
)
def test_what_both_languages_mention_is_not_missing(claim, passage):
    for one, other in ((claim, passage), (passage, claim)):
        absent = missing(one, [other])
        assert not absent.numbers
        assert not absent.dates
        assert not absent.names


@pytest.mark.parametrize(
    ("claim", "passage", "kind", "absent"),
    [
        ("It took 25 years.", "Cela a pris 24 ans.", "numbers", {"25"}),
        ("He came in July.", "Il est venu en juin.", "dates", {"month 7"}),
        ("They met in Paris.", "Ils se sont vus à Londres.", "names", {"Paris"}),
        ("Ils ont vu le président Macron.", "They saw president Biden.", "names", {"Macron"}),
    ],
)
def test_what_a_passage_does_not_mention_is_missing(claim, passage, kind, absent):
    assert getattr(missing(claim, [passage]), kind) == absent


@pytest.mark.parametrize("claim", ["The two leaders met.", "Les deux dirigeants se sont vus."])
def test_who_the_two_are_is_no_number(claim):
    assert not missing(claim, ["Putin met Kim."]).numbers
    assert missing(claim.replace("two", "three").replace("deux", "trois"), ["Putin met Kim."]).numbers == {"3"}


def test_passages_are_taken_together():
    assert not missing("From 2019 to 2023.", ["In 2019.", "En 2023."]).numbers
