"""No text keeps our patterns busy: each is tried on long runs of what it repeats, in a process with little CPU time."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CPU_S = 100
"""In all; with a pattern that tries again from every letter, one run alone takes more."""
LENGTH = 60_000
PROGRAM = f"""
import resource
from bot import masking, own_words
from bot.shipped import load_rules
from knowledge import claims, hidden_claims, injections, remarks
from knowledge.front_matter import read
from success.rule_patterns import found
rules = load_rules()
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_S}, {CPU_S}))
pieces = [
    "a", "1 ", "1-", "@", "你好", "你好 ", "a.", "a-", "[", "`", "``` \\n", "http://", "谢谢", "收到 ok ", " ", "\\n", "→", "> ",
    "一", "zero ", "密码 ", "密码:", "<!--", "*", "怎么还没好吗", "how long ", "x@", "a@b.", "dot ", "加微信", "1.1.", "( ", "我网站",
    "ignore all the all the ", "忽略所有的所有的", "ab:",
]
for piece in pieces:
    for end in ("", "!x"):
        text = piece * ({LENGTH} // len(piece)) + end
        rules.read(text), masking.mask(text), list(claims.claims(text)), list(hidden_claims.hidden(text))
        injections._orders(text), remarks.without(text), read(text), found("(?i)a+b", text)
        list(own_words.about_itself(text, sources=[]))
print("done")
"""


@pytest.mark.timeout(600)
def test_no_text_keeps_them_busy() -> None:
    """Every pattern that a client's message, a page or a model's answer meets."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False, timeout=580)  # fmt: skip
    assert ran.stdout == "done\n", (ran.returncode, ran.stderr[-2000:])
