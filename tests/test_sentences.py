from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.articles import default_sources
from qa.sentences import split_sentences

SEED = (default_sources()[0] / "fr.txt").read_bytes().decode("utf-8")


def texts(text):
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Il part.Elle reste.", ["Il part.", "Elle reste."]),
        ("Il part. Elle reste.", ["Il part.", "Elle reste."]),
        ("Le 17 juin.Et le 19 juin.", ["Le 17 juin.", "Et le 19 juin."]),
        ("Une aide militaire.« Un pacte », dit-il.", ["Une aide militaire.", "« Un pacte », dit-il."]),
        ("« Bien sûr. » dit-il.", ["« Bien sûr. » dit-il."]),
        ("« Il vient. » Elle dit oui.", ["« Il vient. »", "Elle dit oui."]),
        ('"Really?" She left.', ['"Really?"', "She left."]),
        ("Oui !Non ? Peut-être…Sans doute.", ["Oui !", "Non ?", "Peut-être…", "Sans doute."]),
        ("M. Dupont et Mme. Curie.Fin.", ["M. Dupont et Mme. Curie.", "Fin."]),
        ("Mr. Smith met Dr. Who. They left.", ["Mr. Smith met Dr. Who.", "They left."]),
        ("Selon l'art. 5. Rien.", ["Selon l'art. 5.", "Rien."]),
        ("Vers 45 av. J.-C. selon lui. Fin.", ["Vers 45 av. J.-C. selon lui.", "Fin."]),
        ("J. R. R. Tolkien wrote it. The U.S. Senate sat.", ["J. R. R. Tolkien wrote it.", "The U.S. Senate sat."]),
        ("Le taux est de 3.14 %. Il monte.", ["Le taux est de 3.14 %.", "Il monte."]),
        ("Voir https://a.b.fr/x.html?y=1 ici. Fin.", ["Voir https://a.b.fr/x.html?y=1 ici.", "Fin."]),
        ("Il utilise node.js chez lui.", ["Il utilise node.js chez lui."]),
        ("1. Premier point du plan", ["Premier point du plan"]),
        ("C'est fini. 12 hommes partent.", ["C'est fini.", "12 hommes partent."]),
    ],
)
def test_boundaries(text, expected):
    assert texts(text) == expected


def test_a_sentence_never_crosses_a_line():
    assert texts("Un titre\nLa suite") == ["Un titre", "La suite"]


def test_windows_line_ends_are_left_out_and_counted_once():
    sentences = split_sentences("Un.\r\n\r\nDeux.")
    assert [(s.text, s.line) for s in sentences] == [("Un.", 0), ("Deux.", 2)]


def test_the_article_has_its_29_sentences():
    # 3 bullets, 2 headings and 24 sentences of body text, 16 of them after a full stop without a space
    kinds = [sentence.kind for sentence in split_sentences(SEED)]
    assert (kinds.count("bullet"), kinds.count("heading"), kinds.count("body")) == (3, 2, 24)


def test_address_line_and_empty_bullet_are_no_sentences():
    assert split_sentences(SEED)[0].text.startswith("Les relations entre la Russie")


def test_the_body_can_be_rebuilt_from_the_sentences():
    sentences = split_sentences(SEED)
    body = SEED[SEED.index("- Les relations") :]
    offset = len(SEED) - len(body)
    left = list(body)
    for sentence in sentences:
        assert SEED[sentence.start : sentence.end] == sentence.text
        left[sentence.start - offset : sentence.end - offset] = ["\0"] * len(sentence.text)
    assert {character for character in left if character != "\0"} <= {"-", " ", "\n"}


@given(st.text(alphabet=st.sampled_from("aàbÉ. !?«»\n\r-1“”'’.J"), max_size=200))
def test_offsets_are_exact_and_no_letter_is_lost(text):
    sentences = split_sentences(text)
    end = 0
    for place, sentence in enumerate(sentences):
        assert sentence.index == place
        assert sentence.start >= end
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip()
        end = sentence.end
    kept = sum(character.isalpha() for sentence in sentences for character in sentence.text)
    assert kept == sum(character.isalpha() for character in text)
