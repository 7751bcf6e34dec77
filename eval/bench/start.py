"""How soon the chat page is up, beside the time that importing its toolkit takes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from eval.bench.comparison import Line, Skipped

_NAME = "chat page up"
_LIMIT = 120
"""Seconds until the page is given up."""

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class _NoPage(Exception):
    """The command ended, or its page did not come."""


def start_chat(data_dir: Path, repeats: int) -> Line | Skipped:
    """Time from starting `passage chat` to its page, and of `import gradio`, in turns; each a new process.

    `data_dir` holds an index already: what is timed is a start, not indexing.
    """
    command = shutil.which("passage", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if command is None:
        return Skipped(_NAME, "the command passage is not installed beside this Python")
    pages, imports = [], []
    try:
        _time_page(command, data_dir)  # not counted: it reads the disk for both
        for _ in range(repeats):
            imports.append(_time_import())
            pages.append(_time_page(command, data_dir))
    except _NoPage as error:
        return Skipped(_NAME, str(error))
    ratio = median(page / imported for page, imported in zip(pages, imports, strict=True))
    return Line(
        _NAME, median(pages), median(imports), "s", "`import gradio` alone", repeats=repeats, target=1.6, paired=ratio
    )


def _time_import() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True, capture_output=True)
    return time.perf_counter() - started


def _time_page(command: str, data_dir: Path) -> float:
    port = _free_port()
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [command, "chat", "--port", str(port)],
            env={**os.environ, "PASSAGE_DATA_DIR": str(data_dir)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            while not _answers(port):
                if process.poll() is not None or time.perf_counter() - started > _LIMIT:
                    output.seek(0)
                    said = output.read().decode(errors="replace").strip().splitlines()
                    raise _NoPage(f"passage chat gave no page: {said[-1] if said else 'it said nothing'}")
                time.sleep(0.02)
            return time.perf_counter() - started
        finally:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with _OPENER.open(f"http://127.0.0.1:{port}/", timeout=5) as response:
            return int(response.status) == 200
    except (OSError, urllib.error.URLError):
        return False
