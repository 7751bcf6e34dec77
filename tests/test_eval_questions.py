import json
from pathlib import Path

import pytest

from eval.questions import (
    EvidenceNotFound,
    QuestionFieldMissing,
    QuestionNotJSON,
    QuestionSetEmpty,
    QuestionSetError,
    QuestionSetNotFound,
    QuestionSetUnreadable,
    QuestionValueInvalid,
    load_questions,
)
from qa import QAError, load_article

ROW = {
    "query_id": "m1-fr",
    "fact": "m1",
    "split": "dev",
    "kind": "answerable",
    "language": "fr",
    "wording": "plain",
    "question": "Quand le musée ouvre-t-il ?",
    "answers": ["1900"],
    "evidence": ["Le musée ouvre en 1900."],
}


@pytest.fixture
def articles(tmp_path):
    path = tmp_path / "musee.txt"
    path.write_text("Le musée ouvre en 1900.\nIl ferme le lundi, jour où la ville dort.\n", encoding="utf-8")
    return (load_article(path),)


def write(folder: Path, *rows: object, name: str = "set.jsonl") -> Path:
    path = folder / name
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_evidence_becomes_a_span_of_the_original(tmp_path, articles):
    path = write(tmp_path, {**ROW, "evidence": ["Il ferme le lundi"]})
    (question,) = load_questions(str(path), articles).questions
    (span,) = question.evidence
    # The first line has 23 characters and its line break: the second begins at 24; "Il ferme le lundi" has 17.
    assert (span.article_id, span.start, span.end) == ("musee", 24, 41)
    assert question.answerable
    assert question.answers == ("1900",)


def test_split_after_a_path_keeps_the_questions_of_that_split(tmp_path, articles):
    path = write(tmp_path, ROW, {**ROW, "query_id": "m2-fr", "split": "test"})
    assert [q.query_id for q in load_questions(f"{path}:test", articles).questions] == ["m2-fr"]
    assert load_questions(f"{path}:test", articles).split == "test"
    assert len(load_questions(str(path), articles).questions) == 2


def test_bundled_set_is_found_by_its_bare_name():
    from qa import load_articles

    found = load_questions("article:dev", load_articles(()))
    assert (found.name, found.split) == ("article", "dev")
    assert {question.split for question in found.questions} == {"dev"}


def test_blank_lines_are_passed_over(tmp_path, articles):
    assert len(load_questions(str(write(tmp_path, "", ROW, "  ")), articles).questions) == 1


def test_line_separators_inside_a_question_do_not_end_the_line(tmp_path, articles):
    path = write(tmp_path, {**ROW, "question": "Quand\u2028ouvre-t-il ?"})
    assert load_questions(str(path), articles).questions[0].question == "Quand\u2028ouvre-t-il ?"


def test_missing_file_names_the_bundled_sets(articles):
    with pytest.raises(QuestionSetNotFound, match=r"no question set nowhere.*article"):
        load_questions("nowhere", articles)


def test_unknown_split_is_not_taken_for_one(articles):
    with pytest.raises(QuestionSetNotFound):
        load_questions("article:train", articles)


def test_file_that_is_not_utf8(tmp_path, articles):
    path = tmp_path / "latin.jsonl"
    path.write_bytes("é".encode("latin-1"))
    with pytest.raises(QuestionSetUnreadable, match="UTF-8"):
        load_questions(str(path), articles)


def test_no_question_in_the_split(tmp_path, articles):
    with pytest.raises(QuestionSetEmpty):
        load_questions(f"{write(tmp_path, ROW)}:test", articles)


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_bad_json_is_told_with_its_line(tmp_path, articles, line):
    with pytest.raises(QuestionNotJSON, match="line 2"):
        load_questions(str(write(tmp_path, ROW, line)), articles)


@pytest.mark.parametrize("field", sorted(ROW))
def test_missing_field_is_named(tmp_path, articles, field):
    row = {key: value for key, value in ROW.items() if key != field}
    with pytest.raises(QuestionFieldMissing, match=f"line 1.*{field}"):
        load_questions(str(write(tmp_path, row)), articles)


@pytest.mark.parametrize("field", ["question", "answers", "evidence"])
def test_field_that_an_answerable_question_needs_is_not_empty(tmp_path, articles, field):
    with pytest.raises(QuestionFieldMissing, match=field):
        load_questions(str(write(tmp_path, {**ROW, field: type(ROW[field])()})), articles)


def test_unanswerable_question_needs_no_answers_and_no_evidence(tmp_path, articles):
    path = write(tmp_path, {**ROW, "kind": "near_miss", "answers": [], "evidence": []})
    assert not load_questions(str(path), articles).questions[0].answerable


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "hard"),
        ("language", "it"),
        ("wording", "odd"),
        ("split", "train"),
        ("question", 3),
        ("answers", "1900"),
        ("answers", [1900]),
        ("evidence", [""]),
    ],
)
def test_invalid_value_is_told_with_what_was_expected(tmp_path, articles, field, value):
    with pytest.raises(QuestionValueInvalid, match=f"line 1: “{field}”"):
        load_questions(str(write(tmp_path, {**ROW, field: value})), articles)


def test_repeated_query_id(tmp_path, articles):
    with pytest.raises(QuestionValueInvalid, match=r"line 2.*m1-fr"):
        load_questions(str(write(tmp_path, ROW, ROW)), articles)


def test_evidence_that_no_article_holds(tmp_path, articles):
    path = write(tmp_path, {**ROW, "evidence": ["Le musée ouvre en 1901."]})
    with pytest.raises(EvidenceNotFound, match=r"1901.*musee"):
        load_questions(str(path), articles)


def test_errors_are_told_in_both_languages():
    for error in QuestionSetError.__subclasses__():
        assert issubclass(error, QAError)
        assert set(error.texts) == {"en", "fr"}
        assert error.texts["en"] != error.texts["fr"]
