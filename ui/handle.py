"""Opens the engine in a thread, so that the page is there while the models are still being loaded."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from qa import QAError

if TYPE_CHECKING:
    from qa import Engine, Settings

logger = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[int, int], None]
Opener: TypeAlias = Callable[[Progress], "Engine"]
Phase: TypeAlias = Literal["loading", "indexing", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class Opening:
    """How far the opening of the engine has come."""

    phase: Phase = "loading"
    done: int = 0
    """Texts indexed so far; above 0 only while indexing."""
    total: int = 0
    error: QAError | None = None
    """Why it failed; None unless it did."""


class EngineHandle:
    """An engine that may still be opening. Safe to use from several threads."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._settled = threading.Event()
        self._thread: threading.Thread | None = None
        self._engine: Engine | None = None
        self._opening = Opening()

    @classmethod
    def of_settings(cls, settings: Settings) -> EngineHandle:
        """A handle that opens an engine with `settings`."""

        def opener(progress: Progress) -> Engine:
            from qa import Engine

            return Engine.open(settings, progress=progress)

        return cls(opener)

    @property
    def opening(self) -> Opening:
        """How far it has come."""
        return self._opening

    @property
    def engine(self) -> Engine | None:
        """The engine once it is open."""
        return self._engine

    def start(self) -> None:
        """Begin to open the engine, unless it is open or opening already; begin again where it failed."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if self._engine is not None or running:
                return
            self._opening = Opening()
            self._settled.clear()
            self._thread = threading.Thread(target=self._open, name="open-engine", daemon=True)
            self._thread.start()

    def wait(self, timeout: float | None = None) -> Engine | None:
        """The engine, or None where it is not open within `timeout` seconds. Raises the QAError that it failed with."""
        if not self._settled.wait(timeout):
            return None
        if self._opening.error is not None:
            raise self._opening.error
        return self._engine

    def close(self) -> None:
        """Close the engine where it is open."""
        if self._engine is not None:
            self._engine.close()

    def _open(self) -> None:
        try:
            self._engine = self._opener(self._progress)
            self._opening = Opening("ready")
        except QAError as error:
            logger.error("the engine can't be opened: %s", error)
            self._opening = Opening("failed", error=error)
        except Exception as error:  # a defect, not a condition: it must reach the page all the same
            logger.exception("the engine can't be opened")
            self._opening = Opening("failed", error=QAError(detail=f"{type(error).__name__}: {error}"))
        finally:
            self._settled.set()

    def _progress(self, done: int, total: int) -> None:
        self._opening = Opening("indexing", done, total)
