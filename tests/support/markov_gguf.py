"""A model small enough to be made by a test, whose answers are known: a bigram machine in the llama architecture.

Attention and feed-forward are zero, so the next token depends on the last one alone: each token's embedding is its own
unit vector, and the output matrix says who follows whom. At temperature 0 the real server then answers

    plain chat           ANSWER, and the end of the turn
    with tools offered   a call of `call`'s tool; the server's grammar bends it to the tools that are there
    after a tool result  ANSWER again

Nothing is trained and nothing downloaded. Every word of the answer may occur once: a machine with one token of memory
would go round in circles otherwise; `endless=True` makes one that does, for tests that stop a running answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

WORDS = ("Hello", "from", "the", "tiny", "model", ".", "Café", "naïve", "😀", "works", "!", "Bye")
ANSWER = " ".join(WORDS)
CALL = '{"name": "overview", "arguments": {}}'
NAME = "tiny-markov"

_SPACE = "▁"
_HEADS = 4
_FEED_FORWARD = 64
_CERTAIN = 3.0
"""The weight of "follows": after normalisation a logit far above all others."""

_TEMPLATE = (
    "{%- if tools %}<|im_start|>system\n<tools>{%- for tool in tools %}\n{{ tool | tojson }}{%- endfor %}\n</tools>\n"
    'Answer with <tool_call>\n{"name": <name>, "arguments": <object>}\n</tool_call><|im_end|>\n{%- endif %}'
    "{%- for m in messages %}<|im_start|>{{ m.role }}\n{%- if m.content is string %}{{ m.content }}{%- endif %}"
    "{%- for call in (m.tool_calls or []) %}<tool_call>\n"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>'
    "{%- endfor %}<|im_end|>\n{%- endfor %}"
    "{%- if add_generation_prompt %}<|im_start|>assistant\n"
    "{%- if tools and messages[-1].role != 'tool' %}<|act|>{%- else %}<|say|>{%- endif %}{%- endif %}"
)


@dataclass
class _Vocabulary:
    """Tokens in the order of their numbers: the three that llama wants, all bytes, then ours."""

    texts: list[bytes] = field(default_factory=list)
    kinds: list[gguf.TokenType] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def with_bytes(cls) -> _Vocabulary:
        vocabulary = cls()
        vocabulary.add("<unk>", gguf.TokenType.UNKNOWN)
        vocabulary.add("<s>", gguf.TokenType.CONTROL)
        vocabulary.add("</s>", gguf.TokenType.CONTROL)
        for byte in range(256):
            vocabulary.add(f"<0x{byte:02X}>", gguf.TokenType.BYTE)
        return vocabulary

    def add(self, text: str, kind: gguf.TokenType = gguf.TokenType.NORMAL, score: float = 0.0) -> int:
        """The number of this token. Lower scores are merged later when the server cuts a prompt into tokens."""
        if text not in self.numbers:
            self.numbers[text] = len(self.texts)
            self.texts.append(text.encode())
            self.kinds.append(kind)
            self.scores.append(float(score))
        return self.numbers[text]

    def byte(self, character: str) -> int:
        return self.numbers[f"<0x{ord(character):02X}>"]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass
class _Machine:
    """Who follows whom, with which weight."""

    size: int
    weights: dict[tuple[int, int], float] = field(default_factory=dict)

    def chain(self, tokens: Iterable[int], weight: float = _CERTAIN) -> None:
        for before, after in pairwise(tokens):
            self.weights.setdefault((before, after), weight)

    def matrix(self, width: int, never: Sequence[int], seldom: Sequence[int]) -> npt.NDArray[np.float32]:
        """Row: the token that follows; column: the one before. A little noise breaks ties the same way each time."""
        matrix = np.random.default_rng(3).normal(0, 0.01, (self.size, width)).astype(np.float32)
        matrix[list(seldom), :] -= 0.5
        for (before, after), weight in self.weights.items():
            matrix[after, before] = weight
        matrix[list(never), :] = -_CERTAIN
        return matrix


def write_markov_gguf(path: Path, *, context: int = 4096, call: str = CALL, endless: bool = False) -> None:
    """Writes the model. `context` is in tokens."""
    vocabulary = _Vocabulary.with_bytes()
    say, act = (vocabulary.add(text, gguf.TokenType.CONTROL) for text in ("<|say|>", "<|act|>"))
    vocabulary.add("<|im_start|>", gguf.TokenType.CONTROL)
    end = vocabulary.add("<|im_end|>", gguf.TokenType.CONTROL)
    opening, calling, closing = (
        vocabulary.add(text, gguf.TokenType.USER_DEFINED) for text in ("<tool_call>", call, "</tool_call>")
    )
    words = [vocabulary.add(_SPACE * bool(n) + word, score=-1 - n / 100) for n, word in enumerate(WORDS)]
    space = vocabulary.add(_SPACE, score=-5)
    for code in range(33, 127):
        vocabulary.add(chr(code), score=-6 - code / 1000)

    machine = _Machine(len(vocabulary))
    machine.chain([say, *words, words[1] if endless else end])
    line = vocabulary.byte("\n")
    machine.chain([act, opening, line, calling, closing, end])
    # A call that the grammar spelled out letter by letter ends after its last brace.
    for brace in (vocabulary.byte("}"), vocabulary.numbers["}"]):
        machine.chain([brace, closing])
        machine.chain([brace, end], _CERTAIN * 0.9)
    blanks = (line, vocabulary.byte(" "), vocabulary.byte("\t"), space)
    width = -(-len(vocabulary) // 64) * 64
    _write(path, vocabulary, machine.matrix(width, never=(0, 1, 2), seldom=blanks), end=end, context=context)


def _write(path: Path, vocabulary: _Vocabulary, output: npt.NDArray[np.float32], *, end: int, context: int) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    size, width = output.shape
    _describe(writer, width, size, context)
    _add_tokens(writer, vocabulary, end)
    _add_tensors(writer, output, size, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, width: int, size: int, context: int) -> None:
    writer.add_name(NAME)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(width // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(size)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _add_tokens(writer: gguf.GGUFWriter, vocabulary: _Vocabulary, end: int) -> None:
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(vocabulary.texts)
    writer.add_token_scores(vocabulary.scores)
    writer.add_token_types([int(kind) for kind in vocabulary.kinds])
    writer.add_add_space_prefix(False)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(end)
    writer.add_eot_token_id(end)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(_TEMPLATE)


def _add_tensors(writer: gguf.GGUFWriter, output: npt.NDArray[np.float32], size: int, width: int) -> None:
    """One block that adds nothing, between embeddings that are unit vectors and the output matrix."""
    writer.add_tensor("token_embd.weight", np.eye(size, width, dtype=np.float32))
    for name in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros((width, width), np.float32))
    for name in ("ffn_gate", "ffn_up"):
        writer.add_tensor(f"blk.0.{name}.weight", np.zeros((_FEED_FORWARD, width), np.float32))
    writer.add_tensor("blk.0.ffn_down.weight", np.zeros((width, _FEED_FORWARD), np.float32))
    writer.add_tensor("output.weight", output)
