import json

import pytest

from eval.readme import COLUMNS, evaluation_table, replace_between, with_tables

README = "".join(f"<!-- {name} -->\nstale {name}\n<!-- /{name} -->\n" for name in ("figures", "reading", "speed"))


def result_of(reader, share, **changes):
    """A result whose citation_hit is `share` in every slice."""
    measures = {
        "citation_hit": share,
        "aurc": share / 3,
        "short_given": 1.0 if reader else 0.0,
        "short_contains": 0.8 if reader else None,
        "latency_p50_ms": 100 * share,
    }
    part = {"counts": {"questions": 4, "answerable": 3}, "measures": measures}
    return {
        "set": "article",
        "split": "test",
        "commit": "abc1234",
        "settings": {"reader": reader},
        "slices": dict.fromkeys(("all", *COLUMNS), part),
        **changes,
    }


READER, SIMILARITY = result_of(True, 0.75), result_of(False, 0.5)


def rows_of(*results):
    """The table as cells, by their first."""
    lines = list(evaluation_table(results))
    assert len({line.count("|") for line in lines}) == 1
    return {cells[0]: cells[1:] for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)}


@pytest.mark.parametrize("results", [(READER, SIMILARITY), (SIMILARITY, READER)])
def test_similarity_alone_stands_beside_the_reader_whichever_is_named_first(results):
    rows = rows_of(*results)
    names = rows["`article:test` at abc1234, with the reader"]
    assert names == [*COLUMNS, "similarity alone: fr", "similarity alone: en"]
    assert rows["questions (answerable)"] == ["4 (3)"] * 8
    assert rows["a cited sentence is evidence"] == ["0.75"] * 6 + ["0.50"] * 2
    assert rows["short answers that hold an accepted one, or stand in one"] == ["0.80"] * 6 + [""] * 2
    assert rows["latency p50, ms"] == ["75"] * 6 + ["50"] * 2


def test_area_under_the_curve_is_shown_and_says_which_way_is_better():
    (label,) = (label for label in rows_of(READER) if "area under" in label)
    assert "lower is better" in label
    assert rows_of(READER, SIMILARITY)[label] == ["0.25"] * 6 + ["0.17"] * 2


@pytest.mark.parametrize(("result", "judge"), [(READER, "with the reader"), (SIMILARITY, "similarity alone")])
def test_one_result_makes_a_table_that_says_which_judge_it_is_of(result, judge):
    rows = rows_of(result)
    assert rows[f"`article:test` at abc1234, {judge}"] == list(COLUMNS)
    assert len(rows["a cited sentence is evidence"]) == 6


def test_measure_that_no_column_has_is_left_out():
    rows = rows_of(SIMILARITY)
    assert "short answers that hold an accepted one, or stand in one" not in rows
    assert "refusals that are right" not in rows
    assert rows["answers that come with a short answer"] == ["0.00"] * 6


def test_result_older_than_the_reader_is_of_similarity():
    rows = rows_of(result_of(False, 0.5, settings={}))
    assert "`article:test` at abc1234, similarity alone" in rows


@pytest.mark.parametrize(
    "other",
    [
        result_of(True, 0.5),  # the reader's as well
        result_of(False, 0.5, commit="def5678"),
        result_of(False, 0.5, split="dev"),
        result_of(False, 0.5, set="other"),
    ],
)
def test_results_that_can_not_be_compared_are_not(other):
    with pytest.raises(ValueError, match="article:test at abc1234"):
        list(evaluation_table([READER, other]))


def test_each_file_goes_to_its_place(tmp_path):
    reading = {
        "commit": "abc1234",
        "figures": {
            "AfriQA fr": {
                "questions": 7,
                "reader": {"sentence right": 0.9, "F1": 0.8},
                "similarity": {"sentence right": 0.6, "F1": 0.1},
            }
        },
    }
    contents = {
        "article-test-similarity-abc1234": SIMILARITY,
        "article-test-abc1234": READER,
        "reading-abc1234": reading,
        "speed-abc1234": {"table": "| fast |\n"},
    }
    paths = [tmp_path / f"{name}.json" for name in contents]
    for path, content in zip(paths, contents.values(), strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    text = with_tables(README, paths)
    assert "stale" not in text
    figures, read, speed = (
        text.split(f"<!-- {name} -->\n")[1].split(f"\n<!-- /{name} -->")[0] for name in ("figures", "reading", "speed")
    )
    assert figures == "\n".join(evaluation_table([READER, SIMILARITY]))
    assert "| AfriQA fr | 7 | sentence right | 0.900 | 0.600 |" in read
    assert not read.endswith("\n")
    assert speed == "| fast |"
    # Only the places whose files are given change.
    assert with_tables(README, paths[3:]) == README.replace("stale speed", "| fast |")


def test_place_that_is_not_marked_is_named():
    with pytest.raises(ValueError, match="'reading'"):
        replace_between("no marks", "reading", "table")
