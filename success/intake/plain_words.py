"""Cantonese said as in the written language, so that every rule reads it: "唔使賣嘢" is "不用卖东西". Pure.

What people wrote is kept as they wrote it; only what is read of it goes by this.
"""

import re
from typing import Final

from knowledge.language import fold

_SAID: Final = {
    "唔使": "不用", "唔洗": "不用", "唔好": "不要", "唔系": "不是", "唔该": "谢谢", "唔知": "不知道", "唔": "不",
    "冇": "没有", "未想": "没想", "未谂": "没想", "未决定": "没决定", "未知": "不知道", "谂住": "打算", "谂": "想",
    "净系": "只是", "我哋系": "我们是", "主要系": "主要是", "都系": "都是", "就系": "就是", "系咪": "是不是",
    "佢哋": "他们", "哋": "们", "嘅": "的", "咗": "了", "嘢": "东西", "而家": "现在", "畀": "给", "俾": "给",
    "同埋": "和", "啲": "些", "几多": "多少", "睇": "看", "边个": "谁", "点样": "怎样", "琴日": "昨天", "听日": "明天",
    "倾": "聊", "搵": "找",
}  # fmt: skip
_CANTONESE: Final = re.compile("|".join(sorted(_SAID, key=len, reverse=True)))
_OTHER_DIGIT: Final = re.compile(r"(?![0-9])\d")
_SO_MUCH: Final = re.compile(r"(?<=[万千百蚊元])度(?=$|[\s,.!~吧啦左右])")


def plain(text: str) -> str:
    """A text folded, its Cantonese in the words of the written language, digits of other scripts as 0 to 9."""
    said = _CANTONESE.sub(lambda found: _SAID[found[0]], fold(text))
    said = _OTHER_DIGIT.sub(lambda found: str(int(found[0])), said)
    return _SO_MUCH.sub("左右", said)
