from dataclasses import replace

import pytest
from ir_measures import Qrel

from eval.measures import curve_of, curves_of, measures_of, slices_of
from eval.qrels import qrels_of
from eval.questions import Question, Span
from eval.runs import Outcome
from eval.scores import score_outcomes
from qa import Answer, Citation, Hit, Passage, ShortAnswer, load_article

FR = ("Le musée ouvre en 1900.", "Il ferme le lundi, jour où l’on dort.")
EN = ("The museum opens in 1900.", "It closes on Mondays, when people sleep.")


@pytest.fixture
def article(tmp_path):
    folder = tmp_path / "musee"
    folder.mkdir()
    (folder / "article.toml").write_text('original = "fr"\ntitle = "Le musée"\n', encoding="utf-8")
    (folder / "fr.txt").write_text("\n".join(FR), encoding="utf-8")
    (folder / "en.txt").write_text("\n".join(EN), encoding="utf-8")
    return load_article(folder)


def question_of(article, query_id, language, kind="answerable", sentence=None, answers=(), wording="plain"):
    spans = ()
    if sentence is not None:
        found = article.editions["fr"].sentences[sentence]
        spans = (Span("musee", found.start, found.end),)
    return Question(query_id, query_id, "dev", kind, language, wording, "?", answers, spans)


def citation_of(article, language, index, number=1):
    quoted, source = (article.editions[edition].sentences[index] for edition in (language, "fr"))
    return Citation(
        number,
        "musee",
        "",
        language,
        quoted.text,
        quoted.start,
        quoted.end,
        "fr",
        source.text,
        source.start,
        source.end,
        0.5,
    )


def answer_of(language, confidence, total, *citations, short=None, nearest=()):
    text = " ".join(f"{c.quote} [{c.number}]" for c in citations) or "1900 mondays"  # a refusal proves nothing
    return Answer(
        question="?",
        language=language,
        text=text,
        refused=not citations,
        reason=None if citations else "not_stated",
        confidence=confidence,
        citations=citations,
        passages=(),
        short=None if short is None else ShortAnswer(short, language, 0, len(short), 1),
        nearest=nearest,
        timings={"total": total},
    )


def hit_of(article, language, *sentences):
    found = [article.editions[language].sentences[index] for index in sentences]
    start, end = found[0].start, found[-1].end
    passage = Passage("musee", language, start, end, article.text(language)[start:end], sentences)
    return Hit(passage, 0.5, 0.5, 0.5, 0.5)


@pytest.fixture
def scores(article):
    """Five questions: answered, refused wrongly, failed, refused rightly, answered wrongly."""
    off_by_one = citation_of(article, "fr", 0)
    outcomes = [
        Outcome(
            question_of(article, "q1", "fr", sentence=0, answers=("1900",)),
            answer_of("fr", 0.9, 0.1, citation_of(article, "fr", 0), citation_of(article, "fr", 1, number=2)),
            "",
            (hit_of(article, "fr", 1), hit_of(article, "fr", 0)),
        ),
        Outcome(
            question_of(article, "q2", "en", sentence=1, answers=("mondays",), wording="paraphrase"),
            answer_of("en", 0.3, 0.2, nearest=(citation_of(article, "en", 1), citation_of(article, "en", 0))),
            "",
            (hit_of(article, "en", 1),),
        ),
        Outcome(question_of(article, "q3", "en", sentence=0, answers=("1900",)), None, "OSError: gone", ()),
        Outcome(
            question_of(article, "q4", "fr", "near_miss"), answer_of("fr", 0.2, 0.3, nearest=(off_by_one,)), "", ()
        ),
        Outcome(
            question_of(article, "q5", "en", "off_topic"),
            answer_of("fr", 0.5, 0.4, replace(off_by_one, start=off_by_one.start + 1)),
            "",
            (hit_of(article, "fr", 0),),
        ),
    ]
    return score_outcomes(outcomes, (article,))


@pytest.fixture
def slices(scores):
    return {part.name: part for part in slices_of(scores)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Ranks of the first relevant passage: 2 (q1), 1 (q2), none (q3 failed).
        ("Success@1", 1 / 3),
        ("Success@3", 2 / 3),
        ("Success@5", 2 / 3),
        ("RR@10", (1 / 2 + 1 + 0) / 3),
        # Only q1 is answered, with one right and one wrong sentence.
        ("answer_containment", 1 / 3),
        ("citation_hit", 1 / 3),
        ("citation_precision", 1 / 2),
        ("citation_precision_refused_0", (1 / 2 + 0 + 0) / 3),
        ("false_refusal_rate", 2 / 3),
        # Refused: q2 wrongly, q4 rightly; q5 should have been.
        ("refusal_precision", 1 / 2),
        ("refusal_recall", 1 / 2),
        ("refusal_precision/near_miss", 1 / 2),
        ("refusal_recall/near_miss", 1),
        ("refusal_precision/off_topic", 0),
        ("refusal_recall/off_topic", 0),
        ("refusal_recall/instruction", None),
        ("refusal_precision/instruction", None),
        # Answerable 0.9, 0.3 and 0 (failed) against 0.2 and 0.5: 0.9 beats both, 0.3 one, 0 none: 3 pairs of 6.
        ("refusal_auroc", 3 / 6),
        ("refusal_auroc/near_miss", 2 / 3),
        ("refusal_auroc/off_topic", 1 / 3),
        ("refusal_auroc/instruction", None),
        # Surest first: q1 right, q5 wrong, q2 right (its nearest sentence), q4 wrong, q3 wrong (failed).
        ("aurc", (0 + 1 / 2 + 1 / 3 + 2 / 4 + 3 / 5) / 5),
        # Three quotes; that of q5 begins one character late.
        ("quote_validity", 2 / 3),
        # q3 failed, q5 was answered in French.
        ("answer_language", 3 / 5),
        # 100, 200, 300 and 400 ms: the median lies between the two in the middle; 0.95 × 3 steps = 2.85 steps up.
        ("latency_p50_ms", 250),
        ("latency_p95_ms", 385),
    ],
)
def test_measure_over_all_questions(slices, name, expected):
    assert slices["all"].measures[name] == (None if expected is None else pytest.approx(expected))


def test_counts_of_a_slice(slices):
    assert slices["all"].counts == {
        "questions": 5,
        "answerable": 3,
        "near_miss": 1,
        "off_topic": 1,
        "instruction": 0,
        "answered": 2,
        "citations": 3,
        "errors": 1,
    }


def test_slices_keep_to_their_language_and_wording(slices):
    assert list(slices) == ["all", "fr", "fr/plain", "fr/paraphrase", "en", "en/plain", "en/paraphrase"]
    assert slices["fr"].counts["questions"] == 2
    assert slices["fr/plain"].counts["questions"] == 1  # q4 is plain too, but unanswerable
    assert slices["en/paraphrase"].measures["Success@1"] == 1
    assert slices["fr/paraphrase"].measures["Success@1"] is None
    assert slices["en/paraphrase"].measures["aurc"] == 0  # q2 alone, and it would be right
    assert slices["fr/paraphrase"].measures["aurc"] is None


def test_curve_trades_answers_for_refusals(scores):
    points = {point.threshold: point for point in curve_of(scores)}
    assert list(points) == [0.0, 0.2, 0.3, 0.5, 0.9]
    # From 0.3 on: q1, q2 of three answerable, and q5, which has no answer; q4 (0.2) is refused.
    assert points[0.3].coverage == pytest.approx(3 / 5)
    assert points[0.3].risk == pytest.approx(1 / 3)
    assert points[0.3].answered == pytest.approx(2 / 3)
    assert points[0.3].refused == {"near_miss": 1.0, "off_topic": 0.0, "instruction": None}
    # All of them: q4 and q5 have no answer, and q3, which has one, failed.
    assert (points[0.0].coverage, points[0.0].risk) == (1, pytest.approx(3 / 5))


def test_there_is_a_curve_of_each_language_that_questions_are_in(scores):
    curves = curves_of(scores)
    assert list(curves) == ["all", "fr", "en"]
    # q1 (0.9) and q4 (0.2) are French, and q4 has no answer.
    assert [(point.threshold, point.coverage, point.risk) for point in curves["fr"]] == [(0.2, 1, 0.5), (0.9, 0.5, 0)]
    assert list(curves_of([score for score in scores if score.question.language == "en"])) == ["all", "en"]


@pytest.mark.parametrize(
    ("cited", "nearest", "hits"),
    [
        ((0,), (), True),
        ((1, 0), (), True),  # any sentence cited
        ((1,), (), False),  # answered, with the wrong sentence
        ((), (0, 1), True),
        ((), (1, 0), False),  # of a refusal only the first
        ((), (), False),
    ],
)
def test_an_answer_is_wrong_when_nothing_cited_is_evidence_and_a_refusal_when_its_nearest_is_not(
    article, cited, nearest, hits
):
    cited, nearest = (tuple(citation_of(article, "fr", index) for index in which) for which in (cited, nearest))
    question = question_of(article, "q", "fr", sentence=0, answers=("1900",))
    (score,) = score_outcomes(
        [Outcome(question, answer_of("fr", 0.5, 0.1, *cited, nearest=nearest), "", ())], (article,)
    )
    assert score.would_hit is hits
    (point,) = curve_of([score])
    assert point.risk == 1 - hits


@pytest.mark.parametrize("right_first", [True, False])
def test_the_order_of_equally_sure_questions_does_not_change_the_area(article, right_first):
    question = question_of(article, "q", "fr", sentence=0, answers=("1900",))
    sentences = (0, 1, 1) if right_first else (1, 0, 1)
    outcomes = [
        Outcome(question, answer_of("fr", confidence, 0.1, citation_of(article, "fr", index)), "", ())
        for index, confidence in zip(sentences, (0.5, 0.5, 0.4), strict=True)
    ]
    # One of the two surest is wrong: risk 1/2 with either first, 1/2 with both, 2/3 with the third, wrong as well.
    expected = (1 / 2 + 1 / 2 + 2 / 3) / 3
    assert measures_of(score_outcomes(outcomes, (article,)))["aurc"] == pytest.approx(expected)


def test_curve_has_at_most_as_many_points_as_asked_for(scores):
    assert [point.threshold for point in curve_of(scores, points=3)] == [0.0, 0.3, 0.9]


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        (("OUVRE  en\u00a01900",), True),
        (("190",), False),  # part of a number
        (("1",), False),  # only in the marker
        (("l'on dort",), True),  # the article has a curly apostrophe
        (("mardi", "lundi"), True),
        (("samedi",), False),
    ],
)
def test_answer_is_sought_in_whole_words_whatever_case_space_and_apostrophe(article, answers, holds):
    question = question_of(article, "q", "fr", sentence=0, answers=answers)
    answer = answer_of("fr", 0.9, 0.1, citation_of(article, "fr", 0), citation_of(article, "fr", 1, number=2))
    (score,) = score_outcomes([Outcome(question, answer, "", ())], (article,))
    assert score.holds_answer is holds


@pytest.mark.parametrize(
    ("short", "right"),
    [
        ("1900", True),
        ("En\u00a01900", True),  # holds it
        ("l'on dort", True),  # stands in "lundi, où l’on dort"
        ("190", False),  # part of a number
        ("mardi", False),
        (" ", False),  # no word, though it stands between a comma and the next
        (None, False),
    ],
)
def test_short_answer_is_right_when_it_holds_an_accepted_answer_or_stands_in_one(article, short, right):
    question = question_of(article, "q", "fr", sentence=0, answers=("1900", "lundi, où l’on dort"))
    answer = answer_of("fr", 0.9, 0.1, citation_of(article, "fr", 0), short=short)
    (score,) = score_outcomes([Outcome(question, answer, "", ())], (article,))
    assert score.short_right is right


def test_short_answers_are_measured_where_an_answerable_question_is_answered(article):
    answerable = question_of(article, "q", "fr", sentence=0, answers=("1900",))
    near_miss = question_of(article, "n", "fr", "near_miss")
    cited = citation_of(article, "fr", 0)
    outcomes = [
        Outcome(answerable, answer_of("fr", 0.9, 0.1, cited, short="1900"), "", ()),
        Outcome(answerable, answer_of("fr", 0.9, 0.1, cited, short="Le musée"), "", ()),
        Outcome(answerable, answer_of("fr", 0.9, 0.1, cited), "", ()),
        Outcome(answerable, answer_of("fr", 0.1, 0.1), "", ()),
        Outcome(near_miss, answer_of("fr", 0.9, 0.1, cited, short="1900"), "", ()),
    ]
    measures = measures_of(score_outcomes(outcomes, (article,)))
    # Three answerable questions are answered, two of them with a short answer, one of these with the right one.
    assert measures["short_given"] == pytest.approx(2 / 3)
    assert measures["short_contains"] == pytest.approx(1 / 2)
    none = measures_of(score_outcomes(outcomes[2:4], (article,)))
    assert (none["short_given"], none["short_contains"]) == (0, None)


def test_english_citation_is_judged_by_its_place_in_the_original(article):
    question = question_of(article, "q", "en", sentence=1, answers=("mondays",))
    right, wrong = (answer_of("en", 0.9, 0.1, citation_of(article, "en", index)) for index in (1, 0))
    scores = score_outcomes([Outcome(question, right, "", ()), Outcome(question, wrong, "", ())], (article,))
    assert [score.cited_evidence for score in scores] == [1, 0]


@pytest.mark.parametrize(
    "change",
    [
        {"article_id": "other"},
        {"quote": "Le musée ferme en 1900."},
        {"start": -23},
        {"quote": "", "end": 0},
        {"source_end": 5},
        {"language": "de"},
    ],
)
def test_quote_that_does_not_stand_where_it_says_is_not_valid(article, change):
    citation = replace(citation_of(article, "fr", 0), **change)
    outcome = Outcome(question_of(article, "q", "fr", "near_miss"), answer_of("fr", 0.9, 0.1, citation), "", ())
    (score,) = score_outcomes([outcome], (article,))
    assert score.valid_quotes == 0


def test_passage_and_its_translation_are_one_document(article):
    question = question_of(article, "q", "fr", sentence=1)
    passages = [hit_of(article, *where).passage for where in (("fr", 0), ("en", 0, 1), ("fr", 0, 1))]
    assert list(qrels_of([question], passages, (article,))) == [Qrel("q", "musee:0-0", 0), Qrel("q", "musee:0-1", 1)]
