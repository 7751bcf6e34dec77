"""A chat model whose replies are recorded: for tests of everything around the model."""

from __future__ import annotations

import re
import time

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from qa.prompts import PROMPTS


class Recorded(BaseChatModel):
    """Replies with recorded texts in pieces; {announced} stands for the number of the sentence that answers."""

    replies: list[str]
    prompts: list[list[str]]
    fails_after: int | None = None
    finish: str = "stop"
    delay: float = 0.0
    """Seconds before the first piece."""
    pace: float = 0.0
    """Seconds before each piece."""

    @property
    def _llm_type(self):
        return "recorded"

    def _reply(self, messages):
        return self.replies[min(len(self.prompts), len(self.replies)) - 1]

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        self.prompts.append([str(message.content) for message in messages])
        time.sleep(self.delay)
        reply = self._reply(messages)
        number = re.search(r"\[(\d+)\] (?:The visit was announced|La visite a été annoncée)", str(messages[-1].content))
        reply = reply.replace("{announced}", number[1] if number else "")
        pieces = re.findall(r".{1,4}", reply, flags=re.DOTALL) or [""]
        for place, piece in enumerate(pieces):
            if self.fails_after == place:
                raise ConnectionError("connection lost")
            time.sleep(self.pace)
            yield ChatGenerationChunk(message=AIMessageChunk(piece))
        end = AIMessageChunk("", response_metadata={"finish_reason": self.finish})
        yield ChatGenerationChunk(message=end)

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        text = "".join(chunk.message.text for chunk in self._stream(messages))
        return ChatResult(generations=[ChatGeneration(message=AIMessageChunk(text))])


class Conversing(Recorded):
    """Replies in the language that it is asked in, slowly; a follow-up is always about the announcement.

    One sentence is right, one is not, one cites nothing.
    """

    replies: list[str] = Field(default_factory=list)
    prompts: list[list[str]] = Field(default_factory=list)
    pace: float = 0.03

    def _reply(self, messages):
        system = str(messages[0].content)
        if system == PROMPTS["fr"].rewrite_system:
            return "Quand la visite a-t-elle été annoncée ?"
        if system == PROMPTS["en"].rewrite_system:
            return "When was the visit announced?"
        if system == PROMPTS["fr"].answer_system:
            return (
                "La visite a été annoncée le lundi 17 juin [{announced}]. Emmanuel Macron l’avait préparée à Paris en "
                "2011 [{announced}][99]. Tout le monde en a été surpris."
            )
        return (
            "The visit was announced on Monday, June 17 [{announced}]. Emmanuel Macron had prepared it in Paris in "
            "2011 [{announced}][99]. Everybody was surprised by it."
        )
