"""A tiny embedding model for tests of everything around the model: one dimension per word, so vectors are known."""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np

DIMENSION = 256


class WordEmbedder:
    """Bag of words: each word adds 1 to the dimension that its checksum names. `name` makes another model of it."""

    dimension = DIMENSION
    max_tokens = 510

    def __init__(self, name="words"):
        self.fingerprint = name
        self.embedded = []

    def encode_query(self, text):
        return self.encode_queries([text])[0]

    def encode_queries(self, texts):
        vectors = np.full((len(texts), DIMENSION), 1e-3, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                vector[crc32(f"{self.fingerprint}{word}".encode()) % DIMENSION] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_documents(self, texts):
        self.embedded += texts
        return self.encode_queries(texts)

    def count_tokens(self, text):
        return len(text.split())
