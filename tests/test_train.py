"""What the reader is trained on: articles without faults, windows with the right labels."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import torch

from eval.train.examples import Draw, Item, Text, Tokens, read_articles, text_of
from eval.train.train import batch_of, pooled, rate
from eval.train.written import HELD_OUT, faults, offsets, read, write_source
from qa import Settings
from qa.bundled_model import unpack_bundled_model

WRITTEN = sorted((Path(__file__).parent.parent / "eval" / "train" / "written").glob("*.jsonl"))


@pytest.fixture(scope="module")
def tokens():
    return Tokens(unpack_bundled_model(Settings().cache_dir) / "tokenizer.json")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_written_articles_have_no_faults(path):
    articles = read(path)
    assert [fault for article in articles for fault in faults(article)] == []
    assert len({article["id"] for article in articles}) == len(articles)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"fr_answer": "nowhere in it"}, "is not in fr sentence"),
        ({"kind": "riddle"}, "kind"),
        ({"sentences": [99]}, "no sentence 99"),
        ({"fr": ["Une seule ?"]}, "two wordings"),
    ],
)
def test_a_fault_is_found(change, fault):
    article = read(WRITTEN[0])[0]
    article["facts"][0] |= change
    assert any(fault in found for found in faults(article))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"follow_up": "riddle"}, "follow_up 'riddle'"),
        ({"sentences": [99]}, "sentences [99]"),
        ({"fr": ""}, "are questions"),
    ],
)
def test_a_fault_of_a_conversation_is_found(change, fault):
    article = next(one for one in read(HELD_OUT) if one.get("conversations"))
    article["conversations"][0][1] |= change
    assert any(fault in found for found in faults(article))


def test_offsets_are_those_of_the_file_that_is_written(tmp_path):
    article = read(WRITTEN[0])[0]
    text = (write_source(article, tmp_path) / "fr.txt").read_text(encoding="utf-8")
    sentences = [sentence for paragraph in article["fr"] for sentence in paragraph]
    assert [text[start:end] for start, end in offsets(article, "fr")] == sentences


def test_the_answers_sentence_and_tokens_are_marked(tokens):
    passage = "Le pont est fermé. La maire, Odile Ferrand, attend un rapport. Odile Ferrand est réélue."
    start = passage.index("Odile")
    text = text_of(tokens, "fr", passage, start, start + len("Odile Ferrand"))
    assert text is not None
    assert (text.gold, text.unsure) == ({1}, {2})  # the name stands in the third sentence too
    sentence, first, last = text.span
    pieces, places = tokens("La maire, Odile Ferrand, attend un rapport.")
    assert text.sentences[sentence] == pieces
    assert "La maire, Odile Ferrand, attend un rapport."[places[first][0] : places[last][1]].strip() == "Odile Ferrand"


def test_windows_are_drawn_anew_in_the_same_order(tokens):
    items = read_articles(WRITTEN[:1], tokens)
    shares = {"written": 0.7, "written-silent": 0.3}
    first, again = (list(itertools.islice(Draw(items, tokens, shares).windows(3), 60)) for _ in range(2))
    assert first == again
    assert any(1.0 in window.gold for window in first)
    assert any(1.0 not in window.gold for window in first)


def test_a_window_without_the_answer_holds_none_of_it(tokens):
    text = Text("fr", [[10], [11], [12]], frozenset({1}), frozenset(), (1, 0, 0))
    item = Item("a", "written", [("fr", "Quoi ?")], [text])
    for window in itertools.islice(Draw([item], tokens, {"written": 1.0}).windows(0), 40):
        assert ([11] in window.sentences) == (1.0 in window.gold) == (window.span is not None)


def test_a_batch_points_at_the_tokens_of_the_answer(tokens):
    text = Text("fr", [[10, 20], [11, 21, 31], [12]], frozenset({1}), frozenset(), (1, 1, 2))
    item = Item("a", "written", [("fr", "Quoi ?")], [text])
    window = next(window for window in Draw([item], tokens, {"written": 1.0}).windows(0) if window.span)
    batch = batch_of([window])
    ids = batch["ids"][0].tolist()
    assert ids[batch["start"][0] : batch["end"][0] + 1] == [21, 31]
    place = window.sentences.index([11, 21, 31])
    assert [ids[at] for at in range(len(ids)) if batch["sentence"][0, at] == place] == [11, 21, 31]


def test_scores_of_tokens_are_pooled_by_sentence():
    scores = torch.tensor([[0.0, 1.0, 1.0, 3.0, 9.0]])
    sentence = torch.tensor([[-1, 0, 0, 1, -1]])
    # log(e¹ + e¹) = 1 + log 2; log(e³) = 3; tokens outside sentences count for none
    assert pooled(scores, sentence, 2)[0].tolist() == pytest.approx([1.6931, 3.0], abs=1e-4)


def test_the_rate_rises_then_falls_to_the_last():
    config = {"warmup": 0.1, "last_rate": 0.2}
    # half-way up; at the top; half-way from 1 down to 0.2; at the end
    assert [rate(done, config) for done in (0.05, 0.1, 0.55, 1.0)] == pytest.approx([0.5, 1.0, 0.6, 0.2])


@pytest.mark.parametrize("numbers", [2, 3])
def test_the_exported_graph_scores_as_the_network_does(tmp_path, numbers):
    onnx = pytest.importorskip("onnx", reason="pip install -e '.[train]'")
    import onnxruntime

    from eval.train.export import graph_of
    from eval.train.train import Network

    network = Network(unpack_bundled_model(Settings().cache_dir), numbers).eval()
    onnx.save(graph_of(network.trained()), tmp_path / "reader.onnx")
    ids, mask = torch.randint(5, 9000, (2, 30)), torch.ones(2, 30, dtype=torch.long)
    mask[1, 20:] = 0
    with torch.inference_mode():
        expected = network(ids, mask).numpy()
        embeddings = network.words(ids).numpy()
    session = onnxruntime.InferenceSession(tmp_path / "reader.onnx", providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"embeddings": embeddings, "mask": mask.int().numpy()})
    assert scores[mask.bool().numpy()] == pytest.approx(expected[mask.bool().numpy()], abs=1e-4)
