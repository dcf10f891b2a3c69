"""bm25s alone, as its documentation uses it: whole pages, English stemmed; Chinese by jieba and by characters."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import bm25s
import jieba
import Stemmer

from benchmarks.rivals.searching import DEPTH, Way, play

HAN_OR_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


def characters(text: str) -> list[str]:
    """Han characters one by one and in pairs, other words whole."""
    signs = HAN_OR_WORD.findall(text.lower())
    return signs + [a + b for a, b in pairwise(signs) if len(a) == len(b) == 1]


def words(text: str) -> list[str]:
    return [word for word in jieba.lcut(text.lower()) if word.strip()]


def english(documents: Sequence[tuple[str, str]]) -> Mapping[str, Way]:
    stemmer = Stemmer.Stemmer("english")
    retriever = bm25s.BM25()
    texts = [text for _, text in documents]
    retriever.index(bm25s.tokenize(texts, stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)

    def ask(text: str) -> list[str]:
        cut = bm25s.tokenize(text, stopwords="en", stemmer=stemmer, show_progress=False)
        return found(retriever, cut, documents)

    return {"bm25": ask}


def found(retriever: bm25s.BM25, cut: object, documents: Sequence[tuple[str, str]]) -> list[str]:
    rows, _ = retriever.retrieve(cut, k=min(DEPTH, len(documents)), show_progress=False)
    return [documents[row][0] for row in rows[0]]


def build(documents: Sequence[tuple[str, str]], _: None, chinese: bool) -> Mapping[str, Way]:
    if not chinese:
        return english(documents)
    ways = {}
    for name, cutter in (("bm25", words), ("bm25, characters", characters)):
        retriever = bm25s.BM25()
        retriever.index([cutter(text) for _, text in documents], show_progress=False)

        def ask(text: str, retriever: bm25s.BM25 = retriever, cutter=cutter) -> list[str]:
            return found(retriever, [cutter(text) or [""]], documents)

        ways[name] = ask
    return ways


if __name__ == "__main__":
    jieba.setLogLevel("ERROR")
    play(build, "bm25s", "jieba", embeds=False)
