import json
import subprocess
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from tiny import WordEmbedder

from eval.bench.comparison import Line, Skipped, to_dicts, to_markdown
from eval.questions import load_questions
from eval.report import commit_of, evaluate
from qa import Engine, Settings, __version__

ROWS = [
    ("1", "answerable", "fr", "Quand le musée ouvre-t-il ?", ["1900"], ["Le musée ouvre en 1900."]),
    ("2", "answerable", "fr", "Quand " + "le musée " * 30 + "?", ["1900"], ["Le musée ouvre en 1900."]),
    ("3", "off_topic", "fr", "Comment cuire un œuf ?", [], []),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    article = folder / "musee.txt"
    article.write_text("Le musée ouvre en 1900.\nIl ferme le lundi, jour où la ville dort.\n", encoding="utf-8")
    names = ("query_id", "kind", "language", "question", "answers", "evidence")
    rows = [{**dict(zip(names, row, strict=True)), "fact": row[0], "split": "dev", "wording": "plain"} for row in ROWS]
    questions = folder / "small.jsonl"
    questions.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    # The second question is longer than 100 characters: the engine raises QuestionTooLong.
    settings = Settings(sources=(article,), data_dir=folder / "data", max_question_length=100, reader=False)
    seen = []
    with Engine.open(settings, embedder=WordEmbedder()) as engine:
        found = evaluate(engine, load_questions(f"{questions}:dev", engine.articles), lambda *step: seen.append(step))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    return found


def test_question_that_raises_is_kept_and_counts_as_wrong(report):
    everything = report.slices[0]
    assert everything.counts["errors"] == 1
    assert everything.measures["Success@1"] <= 1 / 2
    failed = report.to_dict()["questions"][1]
    assert failed["error"].startswith("QuestionTooLong: ")
    assert failed["RR@10"] == 0
    assert failed["seconds"] is None


def test_file_holds_what_the_figures_were_made_with(report, tmp_path):
    path = report.write(tmp_path / "new")
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["models"]["embedding"] == "multilingual-e5-small"
    assert set(written["articles"]["musee"]) == {"fr"}
    assert written["settings"]["max_question_length"] == 100
    assert written["machine"]["cpus"] >= 1
    assert len(written["questions"]) == 3
    assert next(iter(written["slices"])) == "all"
    assert written["settings"]["reader"] is False
    assert list(written["risk_coverage"]) == ["all", "fr"]  # no question is in English
    assert written["risk_coverage"]["all"][0]["coverage"] == 1
    assert {"would_hit", "short", "short_right"} <= set(written["questions"][0])


@pytest.mark.parametrize(
    ("reader", "split", "name"),
    [
        (False, "dev", "small-dev-similarity-abc1234"),
        (True, "dev", "small-dev-abc1234"),
        (False, "all", "small-similarity-abc1234"),
        (True, "all", "small-abc1234"),
    ],
)
def test_results_of_either_judge_lie_side_by_side_each_with_its_picture(report, tmp_path, reader, split, name):
    made = replace(report, commit="abc1234", split=split, settings={**report.settings, "reader": reader})
    assert made.write(tmp_path) == tmp_path / f"{name}.json"
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.json", f"{name}.svg"}
    picture = ElementTree.parse(tmp_path / f"{name}.svg")
    assert ("similarity alone" in picture.findtext("{*}title")) is not reader


def test_a_version_for_a_commit_keeps_its_dots(report, tmp_path):
    path = replace(report, commit="0.1.0").write(tmp_path)
    assert path.name == "small-dev-similarity-0.1.0.json"
    assert (tmp_path / "small-dev-similarity-0.1.0.svg").exists()


def test_file_names_no_folder_of_the_machine(report, tmp_path):
    assert str(tmp_path.parent) not in report.write(tmp_path).read_text(encoding="utf-8")


def test_markdown_has_a_column_for_each_slice_and_leaves_out_what_was_not_measured(report):
    lines = report.to_markdown().splitlines()
    assert lines[0].count("|") == len(report.slices) + 2
    assert {line.count("|") for line in lines} == {len(report.slices) + 2}
    assert any(line.startswith("| Success@1 |") for line in lines)
    assert not any("near_miss |" in line and "recall" in line for line in lines)


def test_terminal_has_a_table_for_each_language_and_one_for_both(report):
    assert [str(table.title).rsplit(": ", 1)[1] for table in report.to_tables()] == ["fr", "en", "all"]


def test_terminal_has_the_curves_too(report):
    lines = report.to_text().splitlines()
    assert lines[0] == f"small dev @ {report.commit}, similarity alone"
    assert lines[3].split() == ["all", "fr"]


def git(folder, *arguments):
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.invalid")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_commit_tells_whether_the_checkout_differs_from_it(tmp_path):
    code = tmp_path / "eval"
    (code / "results").mkdir(parents=True)
    (code / "report.py").write_text("1\n")
    git(tmp_path, "init")
    assert commit_of(code) == __version__  # in a checkout that does not track the code
    git(tmp_path, "add", ".")
    assert commit_of(code) == __version__  # no commit yet
    git(tmp_path, "commit", "-m", "First")
    commit = commit_of(code)
    assert commit != __version__
    (code / "results" / "small.json").write_text("{}")
    assert commit_of(code) == commit
    (code / "report.py").write_text("2\n")
    assert commit_of(code) == f"{commit}-dirty"


def test_outside_a_checkout_the_version_stands_for_the_commit(tmp_path):
    assert commit_of(tmp_path) == __version__


def test_benchmark_line_prefers_the_ratio_of_interleaved_pairs():
    line = Line("answer", 3.0, 2.0, "ms", "embedding", repeats=5, target=1.5, paired=1.4)
    assert line.ratio == 1.4
    assert Line("answer", 3.0, 2.0, "ms", "embedding", repeats=5).ratio == 1.5


def test_benchmark_line_beside_nothing_has_no_ratio_and_misses_its_target():
    line = Line("Success@1", 0.5, 0.0, "", "another", repeats=1, target=1)
    assert line.ratio is None
    assert not line.met
    assert "| – | ≤ 1 ✗ |" in to_markdown([line])


def test_benchmark_table_tells_targets_and_what_was_skipped():
    found = [Line("page", 5.0, 2.0, "s", "`import gradio`", 3, target=1.6), Skipped("stack", "psutil is missing")]
    table = to_markdown(found)
    assert "| page | 5 s | 2 s | 2.50 | ≤ 1.6 ✗ | 3 | `import gradio` |" in table
    assert "Skipped: stack: psutil is missing" in table
    assert to_dicts(found)[0]["ratio"] == 2.5
