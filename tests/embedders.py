"""Embedders that tests share."""

from collections.abc import Sequence

from knowledge.embedders import HashingEmbedder, Vectors
from knowledge.errors import EmbedderUnreachable


class Away(HashingEmbedder):
    """Can go away."""

    away = False

    def passages(self, texts: Sequence[str]) -> Vectors:
        if self.away:
            raise EmbedderUnreachable("m", "busy: 503")
        return super().passages(texts)
