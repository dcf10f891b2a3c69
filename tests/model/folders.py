"""Real models in folders, made from weights that packages carry: nothing is fetched."""

from pathlib import Path

import numpy as np

from knowledge.e5_weights import Weights, find_weights


def e5_folder(folder: Path) -> Path:
    """Write multilingual-e5-small as sentence-transformers keeps a model; return its folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer

    weights = Weights(find_weights())
    plain = folder / "plain"
    _bert(weights).save_pretrained(plain)
    _tokeniser(weights).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=512)
    pooling = Pooling(weights.shape.hidden, pooling_mode="mean")
    made = folder / "multilingual-e5-small"
    SentenceTransformer(modules=[transformer, pooling, Normalize()], device="cpu").save(str(made))
    return made


def _bert(weights: Weights):
    from transformers import BertConfig, BertModel

    shape = weights.shape
    config = BertConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions,
        type_vocab_size=len(weights.tensor("emb.type")) // shape.hidden,
        layer_norm_eps=shape.epsilon,
        hidden_act="gelu",
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state(weights), strict=True)
    return model


def _state(weights: Weights) -> dict:
    import torch

    def held(name: str, *shape: int):
        return torch.from_numpy(np.array(weights.tensor(name), dtype=np.float32).reshape(shape))

    width = weights.shape.hidden
    words = np.array(weights.words(np.arange(weights.shape.vocabulary)), dtype=np.float32)
    state = {
        "embeddings.word_embeddings.weight": torch.from_numpy(words),
        "embeddings.position_embeddings.weight": held("emb.pos", -1, width),
        "embeddings.token_type_embeddings.weight": held("emb.type", -1, width),
        "embeddings.LayerNorm.weight": held("emb.ln.w", width),
        "embeddings.LayerNorm.bias": held("emb.ln.b", width),
    }
    dense = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "fi": "intermediate.dense",
        "fo": "output.dense",
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    for layer in range(weights.shape.layers):
        for ours, theirs in dense.items():
            bias = held(f"l{layer}.{ours}.b", -1)
            state[f"encoder.layer.{layer}.{theirs}.weight"] = held(f"l{layer}.{ours}.w", len(bias), -1)
            state[f"encoder.layer.{layer}.{theirs}.bias"] = bias
        for ours, theirs in norms.items():
            state[f"encoder.layer.{layer}.{theirs}.weight"] = held(f"l{layer}.{ours}.w", width)
            state[f"encoder.layer.{layer}.{theirs}.bias"] = held(f"l{layer}.{ours}.b", width)
    return state


def _tokeniser(weights: Weights):
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.Unigram(weights.pieces(), unk_id=3))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )


def cross_encoder_folder(source: Path, folder: Path, *, labels: int = 1) -> Path:
    """Put a head with fixed random weights on a sentence-transformers model: a real cross-encoder that knows nothing."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    torch.manual_seed(7)
    model = AutoModelForSequenceClassification.from_pretrained(str(source), num_labels=labels, local_files_only=True)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(source), local_files_only=True).save_pretrained(folder)
    return folder
