from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from qa.errors import SettingsError
from qa.settings import BUNDLED_MODEL, Settings


def test_defaults_name_the_bundled_model_and_the_default_article():
    settings = Settings()
    assert (settings.embedding_model, settings.sources) == (BUNDLED_MODEL, ())


def test_arguments_win_over_variables_and_variables_over_the_file(monkeypatch, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("top_k = 7\npassage_tokens = 99\nlock_timeout = 1")
    monkeypatch.setenv("PASSAGE_SETTINGS", str(file))
    monkeypatch.setenv("PASSAGE_TOP_K", "8")
    monkeypatch.setenv("PASSAGE_PASSAGE_TOKENS", "100")
    settings = Settings(top_k=9)
    assert (settings.top_k, settings.passage_tokens, settings.lock_timeout) == (9, 100, 1)


def test_sources_are_split_like_a_path(monkeypatch):
    monkeypatch.setenv("PASSAGE_SOURCES", os.pathsep.join(["a.txt", "b"]))
    assert Settings().sources == (Path("a.txt"), Path("b"))


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().top_k = 3


@pytest.mark.parametrize(
    "values",
    [
        {"top_k": 0},
        {"risk": 2},
        {"risk": 0},
        {"embedding_model": " "},
        {"no_such_setting": 1},
        {"passage_tokens": 9999},
    ],
)
def test_a_bad_setting_is_said_by_name(values):
    with pytest.raises(SettingsError, match=next(iter(values))):
        Settings(**values)


def test_a_malformed_file_is_said_by_path(monkeypatch, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text("top_k = ")
    monkeypatch.setenv("PASSAGE_SETTINGS", str(file))
    with pytest.raises(SettingsError, match=r"bad\.toml"):
        Settings()


def test_a_settings_file_that_is_not_there_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PASSAGE_SETTINGS", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml"):
        Settings()


def test_a_tilde_is_the_users_home():
    assert Settings(data_dir="~/passage").data_dir == Path.home() / "passage"
