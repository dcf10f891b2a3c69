"""LangChain as its documentation builds question answering: recursive splitter, Chroma, BM25, both as an ensemble.

The splitter is the tutorial's (1,000 characters, 200 shared), with the separators that its page recommends for writing
without spaces; BM25 gets jieba for Chinese through `preprocess_func`; the ensemble is the documented half and half.
"""

from collections.abc import Mapping, Sequence

import jieba
from langchain_chroma import Chroma
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.searching import DEPTH, Way, play

SEPARATORS = ["\n\n", "\n", " ", ".", ",", "\u200b", "，", "、", "．", "。", ""]


class Ours(Embeddings):
    """The comparison's embedder as LangChain wants one."""

    def __init__(self, embedder: Kept) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.passages(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.queries([text])[0].tolist()


def way(retriever: BaseRetriever) -> Way:
    return lambda text: [found.metadata["page"] for found in retriever.invoke(text)]


def build(documents: Sequence[tuple[str, str]], embedder: Kept, chinese: bool) -> Mapping[str, Way]:
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=1000, chunk_overlap=200, separators=SEPARATORS if chinese else None
    )
    whole = [Document(page_content=text, metadata={"page": name}) for name, text in documents]
    parts = splitter.split_documents(whole)
    store = Chroma(embedding_function=Ours(embedder), collection_metadata={"hnsw:space": "cosine"})
    for start in range(0, len(parts), 1000):
        store.add_documents(parts[start : start + 1000])
    vectors = store.as_retriever(search_kwargs={"k": DEPTH})
    cut = {"preprocess_func": jieba.lcut} if chinese else {}
    words = BM25Retriever.from_documents(parts, k=DEPTH, **cut)
    both = EnsembleRetriever(retrievers=[words, vectors], weights=[0.5, 0.5])
    return {"vector": way(vectors), "bm25": way(words), "hybrid": way(both)}


if __name__ == "__main__":
    jieba.setLogLevel("ERROR")
    play(build, "langchain-core", "langchain-classic", "langchain-chroma", "langchain-text-splitters", "chromadb")
