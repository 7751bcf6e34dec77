"""The reader: exact spans, any language, every length; and how its word is weighed."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from qa import ModelError, Reader, ReadingJudge, SentenceReading, Settings, read_candidates, threshold_for
from qa.cross_encoder import CrossEncoder
from qa.evidence import LinearJudge
from qa.reading import WINDOW_TOKENS, best_span

BRIDGE = (
    "Le pont de la Tannerie a été fermé mardi après la découverte de deux fissures. "
    "La maire, Odile Ferrand, attend le rapport du cabinet Structa. "
    "Quelque 9 000 véhicules l’empruntent chaque jour."
)
BAKERY = "The bakery on Mill Street sells forty kinds of bread. It opens at six."


@pytest.fixture(scope="module")
def reader(embedder):
    return Reader.open(Settings(), embedder)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Qui est la maire ?", "Odile Ferrand"),
        ("Who is the mayor?", "Odile Ferrand"),
        ("Combien de véhicules empruntent le pont chaque jour ?", "9 000"),
        ("How many vehicles use the bridge every day?", "9 000"),
        ("When was the Tannery bridge closed?", "mardi"),
    ],
)
def test_the_words_that_answer_are_found_in_either_language(reader, question, words):
    (reading,) = reader.read(question, [BRIDGE])
    assert words in reading.span
    assert BRIDGE[reading.start : reading.end] == reading.span
    assert len(reading.span) < len(BRIDGE) / 2


def test_the_passage_that_answers_is_ranked_above_the_one_that_does_not(reader):
    other, right = reader.read("Qui est la maire ?", [BAKERY, BRIDGE])
    assert right.score > other.score
    assert right.answerable > 0.5 > other.answerable


def test_readings_come_in_the_order_of_the_passages(reader):
    passages = [BRIDGE, "Court.", BAKERY, BRIDGE * 4]
    together = reader.read("When does the bakery open?", passages)
    alone = [reader.read("When does the bakery open?", [passage])[0] for passage in passages]
    assert together == alone


@pytest.mark.parametrize("passage", ["", "   \n", "https://example.org/only-an-address", "…"])
def test_a_passage_without_a_sentence_answers_nothing(reader, passage):
    (reading,) = reader.read("Qui ?", [passage])
    assert (reading.span, reading.answerable, reading.score) == ("", 0.0, -math.inf)


def test_no_passages_give_no_readings(reader):
    assert reader.read("Qui ?", []) == []


@pytest.mark.parametrize(
    "passage",
    ["mot " * 3000, "a" * 5000, "Une phrase courte. " * 400, "𝒳é\u0301« » \u202e« 50 % »" * 50, "1) 2) 3) x"],
    ids=["words", "one word", "sentences", "odd characters", "bullets"],
)
def test_anything_is_read_and_offsets_hold(reader, passage):
    (reading,) = reader.read("Combien ? " * 300, [passage])
    assert passage[reading.start : reading.end] == reading.span


def test_a_span_has_no_space_or_closing_mark_around_it(reader):
    for question in ("Qui est la maire ?", "Pourquoi le pont est-il fermé ?", "Quel rapport ?"):
        span = reader.read(question, [BRIDGE])[0].span
        assert span == span.strip(" \u00a0\u202f,;:.«»")


def test_windows_hold_every_sentence_once(reader):
    sentences = ["Une phrase de quelques mots.", "mot " * 300, *["Une autre phrase, plus longue que la première."] * 40]
    runs = reader.windows(sentences)
    assert [index for run in runs for index in run] == list(range(len(sentences)))
    assert range(1, 2) in runs  # too long to share a window
    assert max(len(run) for run in runs) > 3


def test_neighbours_are_read_with_a_sentence_while_there_is_room(reader):
    sentences = ["Une phrase de quelques mots."] * 5
    assert reader.around(sentences, 2) == range(5)
    long = "mot " * WINDOW_TOKENS
    assert reader.around([sentences[0], long, sentences[0]], 1) == range(1, 2)
    assert reader.around([long, sentences[0], sentences[0]], 1) == range(1, 3)


def test_the_best_span_begins_before_it_ends():
    starts = np.array([0.0, 1.0, 5.0, 0.0], np.float32)
    ends = np.array([9.0, 0.0, 2.0, 3.0], np.float32)
    # 0–0 scores 9, 2–3 scores 8; 2–0, with 14, would end before it begins
    assert best_span(starts, ends) == (0, 0)
    assert best_span(starts, ends - np.array([2, 0, 0, 0], np.float32)) == (2, 3)


def test_a_span_is_at_most_48_tokens_long():
    starts, ends = np.zeros(100, np.float32), np.zeros(100, np.float32)
    starts[0], ends[99], ends[40] = 5, 5, 1
    assert best_span(starts, ends) == (0, 40)


def test_a_damaged_model_is_said(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"\x00\x00\x00\x00\x00\x00\x00\x7fgarbage")
    with pytest.raises(ModelError, match=str(tmp_path)):
        Reader(CrossEncoder("reader.onnx", tmp_path)).read("Qui ?", [BRIDGE])


def test_nothing_is_loaded_before_the_first_reading():
    code = (
        "import sys; from qa import Reader; reader = Reader(); "
        "assert 'onnxruntime' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("risk", "threshold"),
    # from 0.2 on, 30 % are wrong; from 0.5, 10 %; from 0.9, 2 %
    [(1.0, 0.2), (0.3, 0.2), (0.29, 0.5), (0.1, 0.5), (0.05, 0.9), (0.01, 1.0)],
)
def test_the_threshold_is_the_lowest_that_keeps_the_risk(risk, threshold):
    assert threshold_for(risk, [(0.2, 0.3), (0.5, 0.1), (0.9, 0.02)]) == threshold


class Marked:
    """Reads as the reader does, with evidence known beforehand: high for sentences that hold a word."""

    def __init__(self, word):
        self.word = word
        self.read = 0

    def around(self, sentences, index):
        return range(index, index + 1)

    def read_sentences(self, question, windows):
        self.read += len(windows)
        return [[SentenceReading(8.0 if self.word in text else -8.0, 0, 4) for text in window] for window in windows]


def test_reading_ends_when_an_answer_is_found_and_goes_on_while_there_is_none(engine):
    candidates = engine.examine("When was the visit announced?")
    weighed = LinearJudge().weigh(candidates)
    found, nowhere = Marked("June 17"), Marked("no such word")
    read_candidates(found, candidates, weighed)
    read_candidates(nowhere, candidates, weighed)
    assert found.read == 2
    assert nowhere.read == 6


def test_what_was_read_decides_between_sentences(engine):
    candidates = engine.examine("When was the visit announced?")
    scores = LinearJudge().weigh(candidates).scores
    third = candidates.sentences[sorted(range(len(scores)), key=lambda place: -scores[place])[2]]
    judgement = ReadingJudge(Marked(third.sentence("en").text), 1.0).judge(candidates)
    assert judgement.evidence[0].found == third
    assert judgement.evidence[0].span == (0, 4)


def test_where_nothing_that_was_read_answers_the_article_does_not_say(engine):
    candidates = engine.examine("When was the visit announced?")
    sure = ReadingJudge(Marked("June 17"), 0.2).judge(candidates)
    unsure = ReadingJudge(Marked("no such word"), 0.2).judge(candidates)
    assert sure.confidence > unsure.confidence
    assert (sure.refusal, unsure.refusal) == (None, "not_stated")
    assert unsure.evidence  # the nearest sentences are still told
