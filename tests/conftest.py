from __future__ import annotations

import os
from pathlib import Path

import pytest
from browsing import browser, harmful, seed, urls, visit  # noqa: F401 — the fixtures of tests in a browser
from tiny import WordEmbedder

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory):
    """No test touches the user's index or settings. The unpacked model is shared with the user's: it never changes."""
    os.environ["PASSAGE_DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    settings = tmp_path_factory.mktemp("settings") / "settings.toml"
    settings.touch()
    os.environ["PASSAGE_SETTINGS"] = str(settings)


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """The default article with the default model: everything real."""
    from qa import Engine, Settings

    with Engine.open(Settings(data_dir=tmp_path_factory.mktemp("engine"))) as opened:
        yield opened


@pytest.fixture(scope="session")
def embedder(engine):
    """The default model, loaded once."""
    return engine._embedder


@pytest.fixture
def tiny():
    return WordEmbedder()


@pytest.fixture
def text_file(tmp_path):
    """Writes an article and gives its path."""

    def write(text, name="article.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write
