"""Which of the choices that we listed a client means: "2", "第二个吧", "B", "the second one". Pure."""

import re

from knowledge.language import fold

_PLACES = {
    1: ("1", "一", "a", "one", "first", "1st", "头一", "前一", "前面那"),
    2: ("2", "二", "b", "two", "second", "2nd"),
    3: ("3", "三", "c", "three", "third", "3rd"),
    -1: ("最后一", "最后那", "最下面那", "last"),
}
_LEAD = (
    r"(?:好的?|嗯+|是的?|对|行|ok|yes|那就|那|就是?|我|想|要|选择?|问|指|说|的?是|应该|大概|"
    r"it.?s|i(?: mean|.?d like|.?ll take| want| choose)?|the|option|number|no|choice|choose|pick|[#\s,.:、(第-])*+"
)
_TAIL = r"(?:个|种|条|项|号|点|页|那个|这个|one|option|吧|呢|啊|呀|哦|的|谢谢|please|thanks|thank you|[\s,.。!?、)])*+"
_ONES = {
    place: re.compile(rf"{_LEAD}(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))}){_TAIL}")
    for place, words in _PLACES.items()
}


def chosen(text: str, *, among: int) -> int | None:
    """The place (from 0) of the one of `among` choices that `text` means; None if it says something else."""
    said = fold(text).strip()
    place = next((place for place, pattern in _ONES.items() if pattern.fullmatch(said)), None)
    if place is None or place > among or among < 1:
        return None
    return place - 1 if place > 0 else among - 1
