from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT
from rich.console import Console
from typer.testing import CliRunner

from qa import Answer, Citation, ShortAnswer, cli
from qa.cli import app


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Runs the command line in this process, so that the heavy libraries are loaded once."""
    data = str(tmp_path_factory.mktemp("cli"))

    def run(*arguments, **environment):
        return CliRunner().invoke(app, list(arguments), env={"PASSAGE_DATA_DIR": data, "LC_ALL": "C", **environment})

    return run


@pytest.fixture
def printed(monkeypatch):
    """What is printed of an answer, on a terminal or into a pipe."""

    def printed(answer, *, terminal):
        file = io.StringIO()
        system = "standard" if terminal else None
        console = Console(file=file, force_terminal=terminal, color_system=system, width=80, highlight=False)
        monkeypatch.setattr(cli, "_out", console)
        cli._show(answer)
        return file.getvalue()

    return printed


def citation(quote):
    size = len(quote)
    return Citation(1, "a", f"a:en:0-{size}", "en", quote, 0, size, "en", quote, 0, size, 0.9)


def short_answer(quote, short):
    start = quote.index(short)
    words = ShortAnswer(short, "en", start, start + len(short), 1)
    return Answer("?", "en", f"{quote} [1]", False, None, 0.9, (citation(quote),), (), short=words)


def test_the_short_answer_is_in_bold_on_a_terminal(printed):
    assert "It was \x1b[1mon 17 June\x1b[0m, late. [1]" in printed(
        short_answer("It was on 17 June, late.", "on 17 June"), terminal=True
    )


def test_a_pipe_gets_the_answer_without_bold(printed):
    assert printed(short_answer("On 17 June.", "17 June"), terminal=False).startswith("On 17 June. [1]\n")


def test_control_characters_do_not_move_the_bold(printed):
    assert "On \x1b[1m17 June\x1b[0m. [1]" in printed(
        short_answer("\x07O\x00n 17\x1b June.", "17\x1b June"), terminal=True
    )


def test_a_refusal_lists_the_nearest_sentences_whole(printed):
    sentence = "A sentence " + "and more of it " * 20 + "to its end."
    refusal = Answer("?", "en", "No.", True, "not_stated", 0.1, (), (), nearest=(citation(sentence),))
    assert f"Nearest sentences, not an answer:\n  · {sentence}\n" in printed(refusal, terminal=False)


def test_a_refusal_with_nothing_near_lists_nothing(printed):
    assert printed(Answer("?", "en", "No.", True, "off_topic", 0.1, (), ()), terminal=False) == "No.\n\n"


def test_an_answered_question_exits_with_0_and_shows_where_it_stands(run):
    result = run("ask", "When was the visit announced?")
    assert result.exit_code == 0
    assert "June 17. [1]" in result.stdout
    assert "La visite a été annoncée" in result.stdout


def test_json_is_the_answer_and_nothing_else(run):
    result = run("ask", "Quand la visite a-t-elle été annoncée ?", "--json", "--top-k", "2")
    answer = json.loads(result.stdout)
    assert (answer["language"], answer["refused"], len(answer["passages"])) == ("fr", False, 2)
    assert answer["citations"][0]["quote"].endswith("le lundi 17 juin.")


def test_a_refusal_exits_with_3_and_shows_what_is_near(run):
    result = run("ask", "Comment cuire un œuf ?")
    assert result.exit_code == 3
    assert "L’article ne traite pas de ce sujet" in result.stdout
    assert "qui ne répondent pas" in result.stdout


def test_the_language_of_the_answer_can_be_chosen(run):
    assert "17 juin" in run("ask", "When was the visit announced?", "--lang", "fr").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ask", ""), "holds no words"),
        (("ask", "Quand ?", "--lang", "de"), "“de” is not a language"),
        (("ask", "x" * 50_000), "50000 characters"),
        (("ask", "When?", "--source", "/no/such/article.txt"), "no article at"),
        (("ask", "When?", "--top-k", "0"), "top-k"),
        (("ask",), "Missing argument"),
        (("eval", "no-such-set"), "no-such-set"),
    ],
)
def test_bad_input_exits_with_2_and_says_what_to_do(run, arguments, said):
    result = run(*arguments)
    plain = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", "", result.stderr).split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in plain


def test_errors_are_in_the_language_of_the_terminal(run):
    assert "ne contient aucun mot" in run("ask", " ", LC_ALL="fr_FR.UTF-8").stderr


def test_a_bad_setting_exits_with_2(run):
    result = run("ask", "When?", PASSAGE_TOP_K="many")
    assert result.exit_code == 2
    assert "top_k" in result.stderr


def test_a_folder_that_cannot_be_written_exits_with_1(run, tmp_path):
    (tmp_path / "file").touch()
    result = run("index", PASSAGE_DATA_DIR=str(tmp_path / "file" / "data"))
    assert result.exit_code == 1
    assert "can't be written" in " ".join(result.stderr.split())


def test_a_second_index_of_an_unchanged_article_embeds_nothing(run):
    run("index")
    assert ", 0 embedded" in run("index").stdout


def test_a_damaged_index_is_told_and_mended_by_rebuild(run, tmp_path):
    data = {"PASSAGE_DATA_DIR": str(tmp_path)}
    run("index", **data)
    next(tmp_path.glob("index-*/chroma.sqlite3")).write_bytes(b"damaged")
    damaged = run("ask", "When was the visit announced?", **data)
    assert damaged.exit_code == 1
    assert "passage index --rebuild" in " ".join(damaged.stderr.split())
    assert run("index", "--rebuild", **data).exit_code == 0
    assert "June 17" in run("ask", "When was the visit announced?", **data).stdout


def test_sources_lists_the_article_without_loading_a_model(run):
    result = run("sources")
    assert "russie-coree-du-nord" in result.stdout
    assert "fr (original), en; 29 sentences" in result.stdout


def test_eval_prints_a_table_and_writes_a_result(run, tmp_path):
    lines = (ROOT / "eval" / "sets" / "article.jsonl").read_text(encoding="utf-8").splitlines()
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(lines[:4] + lines[-4:]), encoding="utf-8")
    result = run("eval", str(few), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    assert "quote_validity" in result.stdout
    written = json.loads(next((tmp_path / "out").glob("few-*.json")).read_text(encoding="utf-8"))
    assert len(written["questions"]) == 8


@pytest.mark.parametrize("command", [(), ("ask",), ("chat",), ("index",), ("sources",), ("eval",)])
def test_help_needs_no_heavy_library(command):
    code = (
        "import sys\nfrom qa.cli import app\n"
        f"try: app({[*command, '--help']!r})\nexcept SystemExit: pass\n"
        "print([n for n in ('torch', 'chromadb', 'gradio', 'sentence_transformers') if n in sys.modules])"
    )
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=ROOT, check=True
    )
    assert done.stdout.strip().endswith("[]")
    assert "Usage:" in done.stdout
