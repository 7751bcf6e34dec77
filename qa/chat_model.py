"""Any chat model of LangChain's `init_chat_model`, asked within limits of time and tokens."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from qa.errors import ChatModelFailed, ChatModelNotUsable
from qa.settings import Settings
from qa.types import Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

logger = logging.getLogger(__name__)

_PACKAGED = ("openai", "ollama", "mistralai", "anthropic")
"""Providers whose packages are in the extra `llm`."""
_KEYS = {"openai": "OPENAI_API_KEY", "mistralai": "MISTRAL_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_MOST_WRITTEN = 2000
_PER_MESSAGE = 8
"""Tokens that a message costs beside its text, about."""


class ChatModel:
    """A chat model that writes piece by piece, and what it took. Safe in several threads."""

    def __init__(self, model: BaseChatModel, settings: Settings) -> None:
        """`model` may be any of LangChain's; its own limits are left as they are."""
        self._model = model
        self.name = settings.llm or "openai:default"
        self.timeout = settings.llm_timeout
        self.budget = settings.llm_budget
        self.most_written = most_written(settings)

    @classmethod
    def open(cls, settings: Settings) -> ChatModel:
        """The model of `settings.llm`; nothing is asked of it yet. Raises ChatModelNotUsable."""
        from langchain.chat_models import init_chat_model

        provider, _, name = (settings.llm or "openai:default").partition(":")
        key = _KEYS.get(provider, "")
        if key and not os.environ.get(key) and not settings.llm_base_url:
            raise ChatModelNotUsable(name=settings.llm, cause=f"{key} is not set", advice=f"export {key}=…")
        try:
            model = init_chat_model(name, model_provider=provider, **_options(provider, settings))
        except ImportError as error:
            missing = error.name or getattr(error.__cause__, "name", None) or f"langchain_{provider}"
            package = "passage-qa[llm]" if provider in _PACKAGED else missing.partition(".")[0].replace("_", "-")
            cause = f"{missing} is not installed"
            raise ChatModelNotUsable(name=settings.llm, cause=cause, advice=f"pip install '{package}'") from error
        except Exception as error:  # each provider has errors of its own for a missing key or a wrong name
            advice = "PASSAGE_LLM=ollama:qwen3:4b"
            raise ChatModelNotUsable(name=settings.llm, cause=_cause(error), advice=advice) from error
        return cls(model, settings)

    def tokens(self, *texts: str) -> int:
        """About how many tokens a prompt of these messages has."""
        return sum(_estimate(text) + _PER_MESSAGE for text in texts)

    def stream(
        self, system: str, user: str, spent: list[Usage], deadline: float | None = None
    ) -> Generator[str, None, None]:
        """What the model writes, piece by piece; what it took is appended to `spent`, however it ends.

        `deadline`: when it must be done, by `time.monotonic()`. Closing the iterator ends the request. Raises
        ChatModelFailed where the model can't be reached, takes too long, or is cut off.
        """
        from langchain_core.messages import HumanMessage, SystemMessage

        deadline = deadline or time.monotonic() + self.timeout
        if time.monotonic() > deadline:  # all of it was taken by the request before
            raise ChatModelFailed(reason="timeout", name=self.name, cause=f"{self.timeout:.0f} s")
        written = ""
        told: AIMessageChunk | None = None
        stream: Any = self._model.stream([SystemMessage(system), HumanMessage(user)])
        try:
            for chunk in stream:
                told = chunk if told is None else told + chunk
                if time.monotonic() > deadline:
                    raise ChatModelFailed(reason="timeout", name=self.name, cause=f"{self.timeout:.0f} s")
                if text := str(chunk.text):
                    written += text
                    yield text
                if _estimate(written) > 2 * self.most_written:  # a model that was not told its limit
                    raise ChatModelFailed(reason="budget", name=self.name, cause=f"{self.most_written} tokens")
            if _cut_off(told):
                raise ChatModelFailed(reason="budget", name=self.name, cause=f"{self.most_written} tokens")
        except ChatModelFailed:
            raise
        except Exception as error:  # each provider has errors of its own
            slow = "timeout" in type(error).__name__.lower() or "timed out" in str(error).lower()
            logger.warning("the chat model failed: %s", _cause(error))
            raise ChatModelFailed(
                reason="timeout" if slow else "unreachable", name=self.name, cause=_cause(error)
            ) from error
        finally:
            stream.close()
            spent.append(self._usage(told, system + user, written))

    def write(self, system: str, user: str, spent: list[Usage], deadline: float | None = None) -> str:
        """All of what the model writes. Raises as `stream`."""
        return "".join(self.stream(system, user, spent, deadline))

    def _usage(self, told: AIMessageChunk | None, prompt: str, written: str) -> Usage:
        usage = told.usage_metadata if told is not None else None
        if usage and usage["input_tokens"]:
            return Usage(usage["input_tokens"], usage["output_tokens"])
        return Usage(self.tokens(prompt), _estimate(written), estimated=True)


def _estimate(text: str) -> int:
    """About how many tokens a text has: a tokenizer of ours would not be the model's."""
    return len(text) // 3


def most_written(settings: Settings) -> int:
    """Tokens that a model may write for one answer, so that its prompt has its share of the budget."""
    return min(_MOST_WRITTEN, settings.llm_budget // 4)


def _options(provider: str, settings: Settings) -> dict[str, Any]:
    """How each provider's class names the limits; only those in the extra `llm` are known."""
    most = most_written(settings)
    limits: dict[str, Any] = {"timeout": settings.llm_timeout, "max_retries": 0, "max_tokens": most}
    options: dict[str, dict[str, Any]] = {
        "openai": {**limits, "stream_usage": True},
        "mistralai": {**limits, "timeout": max(1, round(settings.llm_timeout)), "temperature": 0.0},
        "anthropic": limits,
        "ollama": {
            "num_predict": most, "temperature": 0.0, "reasoning": False,
            "client_kwargs": {"timeout": settings.llm_timeout},
        },
    }  # fmt: skip
    chosen = dict(options.get(provider, {}))
    if settings.llm_base_url:
        chosen["base_url"] = settings.llm_base_url
        if provider == "openai":
            chosen["temperature"] = 0.0
            if not os.environ.get("OPENAI_API_KEY"):
                chosen["api_key"] = "none"  # a server of one's own asks for none, but the client does
    return chosen


def _cut_off(told: AIMessageChunk | None) -> bool:
    """Whether the model stopped because it had written all that it may."""
    details = told.response_metadata if told is not None else {}
    reasons = (str(details.get(key)).lower() for key in ("finish_reason", "done_reason", "stop_reason"))
    return any("length" in reason or reason.startswith("max_tokens") for reason in reasons)


def _cause(error: BaseException) -> str:
    """An error in one short line, without anything that is a key."""
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    for name, value in os.environ.items():
        if len(value) > 5 and re.search(r"KEY|TOKEN|SECRET|PASSWORD", name, re.IGNORECASE):
            text = text.replace(value, "…")
    return re.sub(r"\b(?:(?:sk|key)-[\w*.…-]{4,}|AIza[\w*-]+)", "…", text)[:300]
