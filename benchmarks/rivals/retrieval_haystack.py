"""Haystack as its tutorials build retrieval: splitter, Chroma, BM25 in memory, both joined by reciprocal ranks.

English is split by 150 words with 50 shared, as in the tutorial of hybrid retrieval. That splitter finds no words in
Chinese, so its recursive splitter cuts there, at 300 characters, and BM25 gets a pattern that takes Han characters one
by one (`bm25_tokenization_regex`): with the default a whole sentence would be one word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from haystack import Document, Pipeline, component
from haystack.components.joiners import DocumentJoiner
from haystack.components.preprocessors import DocumentSplitter, RecursiveDocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.retrievers.chroma import ChromaEmbeddingRetriever
from haystack_integrations.document_stores.chroma import ChromaDocumentStore

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.searching import DEPTH, Way, play

HAN_OR_WORD = r"(?u)[\u3400-\u9fff]|[^\W\u3400-\u9fff]+"


@component
class Ours:
    """The comparison's embedder of a question as a component."""

    def __init__(self, embedder: Kept) -> None:
        self._embedder = embedder

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        return {"embedding": self._embedder.queries([text])[0].tolist()}


def split(documents: Sequence[tuple[str, str]], *, chinese: bool) -> list[Document]:
    whole = [Document(content=text, meta={"page": name}) for name, text in documents]
    if chinese:
        separators = ["\n\n", "\n", "。", "！", "？", "；", "，", " "]
        splitter = RecursiveDocumentSplitter(
            split_length=300, split_overlap=0, split_unit="char", separators=separators
        )
        splitter.warm_up()
        return splitter.run(whole)["documents"]
    return DocumentSplitter(split_by="word", split_length=150, split_overlap=50).run(whole)["documents"]


def build(documents: Sequence[tuple[str, str]], embedder: Kept, chinese: bool) -> Mapping[str, Way]:
    parts = split(documents, chinese=chinese)
    rows = embedder.passages([part.content or "" for part in parts])
    parts = [
        replace(part, embedding=row.tolist(), meta={"page": part.meta["page"]})
        for part, row in zip(parts, rows, strict=True)
    ]
    chroma = ChromaDocumentStore(distance_function="cosine")
    memory = InMemoryDocumentStore(**({"bm25_tokenization_regex": HAN_OR_WORD} if chinese else {}))
    chroma.write_documents(parts)
    memory.write_documents(parts)
    vector = Pipeline()
    vector.add_component("question", Ours(embedder))
    vector.add_component("vectors", ChromaEmbeddingRetriever(chroma, top_k=DEPTH))
    vector.connect("question.embedding", "vectors.query_embedding")
    words = Pipeline()
    words.add_component("words", InMemoryBM25Retriever(memory, top_k=DEPTH))
    both = Pipeline()
    both.add_component("question", Ours(embedder))
    both.add_component("vectors", ChromaEmbeddingRetriever(chroma, top_k=DEPTH))
    both.add_component("words", InMemoryBM25Retriever(memory, top_k=DEPTH))
    both.add_component("joined", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=DEPTH))
    both.connect("question.embedding", "vectors.query_embedding")
    both.connect("vectors", "joined")
    both.connect("words", "joined")

    def way(pipeline: Pipeline, last: str, *, embeds: bool, reads: bool) -> Way:
        def ask(text: str) -> list[str]:
            given = ({"question": {"text": text}} if embeds else {}) | ({"words": {"query": text}} if reads else {})
            return [str(found.meta["page"]) for found in pipeline.run(given)[last]["documents"]]

        return ask

    return {
        "vector": way(vector, "vectors", embeds=True, reads=False),
        "bm25": way(words, "words", embeds=False, reads=True),
        "hybrid": way(both, "joined", embeds=True, reads=True),
    }


if __name__ == "__main__":
    play(build, "haystack-ai", "chroma-haystack", "chromadb")
