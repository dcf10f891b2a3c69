"""LlamaIndex as its documentation builds retrieval: sentence splitter, Chroma, BM25, both fused by reciprocal ranks.

The splitter cuts at 512 tokens with 50 shared (its page's advice to stay within the embedder's window); BM25 gets a
pattern that takes Han characters one by one for Chinese (`token_pattern`), its English stemmer for English.
"""

from collections.abc import Mapping, Sequence

import chromadb
import Stemmer
from llama_index.core import Document, Settings, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.retrievers import BaseRetriever, QueryFusionRetriever
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.chroma import ChromaVectorStore
from pydantic import PrivateAttr

from benchmarks.rivals.embedding import Kept
from benchmarks.rivals.searching import DEPTH, Way, play

HAN_OR_WORD = r"(?u)[\u3400-\u9fff]|[^\W\u3400-\u9fff]+"


class Ours(BaseEmbedding):
    """The comparison's embedder as LlamaIndex wants one."""

    _embedder: Kept = PrivateAttr()

    def __init__(self, embedder: Kept) -> None:
        super().__init__(model_name="multilingual-e5-small", embed_batch_size=64)
        self._embedder = embedder

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embedder.queries([query])[0].tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._embedder.passages([text])[0].tolist()

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.passages(texts).tolist()


def way(retriever: BaseRetriever) -> Way:
    return lambda text: [str(found.node.metadata["page"]) for found in retriever.retrieve(text)]


def build(documents: Sequence[tuple[str, str]], embedder: Kept, chinese: bool) -> Mapping[str, Way]:
    Settings.embed_model, Settings.llm = Ours(embedder), MockLLM()
    hidden = {"excluded_embed_metadata_keys": ["page"], "excluded_llm_metadata_keys": ["page"]}
    whole = [Document(text=text, metadata={"page": name}, **hidden) for name, text in documents]
    nodes = SentenceSplitter(chunk_size=512, chunk_overlap=50).get_nodes_from_documents(whole)
    collection = chromadb.EphemeralClient().create_collection(
        "manual", metadata={"hnsw:space": "cosine"}, embedding_function=None
    )
    context = StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection))
    vectors = VectorStoreIndex(nodes, storage_context=context).as_retriever(similarity_top_k=DEPTH)
    cut = (
        {"token_pattern": HAN_OR_WORD, "skip_stemming": True}
        if chinese
        else {"stemmer": Stemmer.Stemmer("english"), "language": "english"}
    )
    words = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(DEPTH, len(nodes)), **cut)
    both = QueryFusionRetriever(
        [vectors, words], similarity_top_k=DEPTH, num_queries=1, mode="reciprocal_rerank", use_async=False
    )
    return {"vector": way(vectors), "bm25": way(words), "hybrid": way(both)}


if __name__ == "__main__":
    play(build, "llama-index-core", "llama-index-retrievers-bm25", "llama-index-vector-stores-chroma", "chromadb")
