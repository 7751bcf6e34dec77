"""Markers in a text that comes in pieces: the same result however it is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.markers import MarkerReader, Restart


def read(pieces, known=range(1, 6)):
    reader = MarkerReader(known)
    out = []
    for piece in itertools.chain(*map(reader.feed, pieces), reader.rest()):
        out = [] if piece is Restart.NOW else [*out, piece]
    text = "".join(piece if isinstance(piece, str) else f"[{piece}]" for piece in out)
    return text, reader.sources, reader.unknown


@pytest.mark.parametrize(
    ("written", "shown", "sources", "unknown"),
    [
        ("It closed [3].", "It closed [1].", [3], 0),
        ("A [4]. B [2]. C [4].", "A [1]. B [2]. C [1].", [4, 2], 0),  # numbered in the order they come
        ("A [2, 4].", "A [1] [2].", [2, 4], 0),
        ("A [2][4].", "A [1] [2].", [2, 4], 0),
        ("A [2; 2].", "A [1].", [2], 0),
        ("A [2–4].", "A [1] [2] [3].", [2, 3, 4], 0),
        ("A [1 et 3], B [1 and 3].", "A [1] [2], B [1] [2].", [1, 3], 0),
        ("A 【2】.", "A [1].", [2], 0),
        ("A [9].", "A.", [], 1),  # a passage that was not given
        ("A [2, 9].", "A [1].", [2], 1),
        ("A [0].", "A.", [], 1),
        ("A [1–400].", "A [1].", [1], 1),  # no range that wide: its two ends
        ("A [sic] B [x, 2].", "A [sic] B [x, 2].", [], 0),
        ("A [1", "A", [], 0),
        ("A [", "A", [], 0),
        ("<think>[1] or [2]?</think>\n\nA [2].", "A [1].", [2], 0),
        ("<think>never ends [1]", "", [], 0),
        ("<think>hm</think><think>hm</think>A [2].", "A [1].", [2], 0),
        ("I look at [3].\n</think>\n\nA [2].", "A [1].", [2], 0),  # the opening tag was in the prompt
        ("**A** [2]. `B` __C__ 2*3 a_b.", "A [1]. B C 2*3 a_b.", [2], 0),
        (
            "A [^2] B \\[3\\] C [[4]] D 【5†source】 E [n° 2] F [phrase 3 & 4].",
            "A [1] B [2] C [3] D [4] E [1] F [2] [3].",
            [2, 3, 4, 5],
            0,
        ),
        ("[2] A.\n[3] B.", "[1] A.\n[2] B.", [2, 3], 0),  # each line after its marker
        ("[9] A.\n[9] B.", "A.\nB.", [], 2),
        ("A.\n[2]\n\nB.\n[3]", "A. [1]\n\nB. [2]", [2, 3], 0),  # or a marker on a line of its own
        ("A [【9】1] B.", "A (1] B.", [], 1),  # nothing is left that looks like one of ours
        ("1 < 2 and <b>", "1 < 2 and <b>", [], 0),
        ("", "", [], 0),
        ("[" + "x" * 60, "[" + "x" * 60, [], 0),
    ],
)
def test_markers_are_read_however_the_text_is_cut(written, shown, sources, unknown):
    for size in (1, 2, 3, 7, 1000):
        pieces = [written[at : at + size] for at in range(0, len(written), size)]
        assert read(pieces) == (shown, sources, unknown)


@given(st.text(alphabet="ab [],1239–<think>/.\n*_\\", max_size=60), st.randoms())
def test_no_unknown_number_is_ever_a_marker_and_cuts_change_nothing(written, chance):
    pieces, at = [], 0
    while at < len(written):
        size = chance.randint(1, 9)
        pieces.append(written[at : at + size])
        at += size
    reader = MarkerReader(range(1, 3))
    numbers = [p for text in pieces for p in reader.feed(text) if isinstance(p, int)]
    assert set(numbers) <= {1, 2}
    assert set(reader.sources) <= {1, 2}
    assert read(pieces, range(1, 3)) == read([written], range(1, 3))


def test_a_marker_is_there_as_soon_as_it_is_complete():
    reader = MarkerReader(range(1, 3))
    assert list(reader.feed("Closed [2")) == ["Closed"]
    assert list(reader.feed("]")) == [" ", 1]


def test_pieces_join_to_a_text_that_begins_with_its_marker():
    reader = MarkerReader(range(1, 3))
    assert [*reader.feed(" [2] Closed"), *reader.rest()][:2] == [1, " Closed"]
