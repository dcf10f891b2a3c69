"""Which of the world's languages a chat message is in, told by its script, its marks and its small words. Pure.

Beyond `language.detect`, which tells apart what the manual is written in. Honest about doubt: None is "unknown".
"""

import re
from collections.abc import Mapping
from typing import Final

from knowledge.language import ENGLISH, SIMPLIFIED, TRADITIONAL, detect, is_chinese

_QUIET: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`|https?://\S+|[\w.+-]+@[\w.-]+|•+|\[[^\]]{0,20}\]", re.DOTALL)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SCRIPTS: Final = (
    ("ja", re.compile(r"[぀-ヿｦ-ﾟ]")),
    ("ko", re.compile(r"[가-힣ᄀ-ᇿ㄰-㆏]")),
    ("th", re.compile(r"[฀-๿]")),
    ("ar", re.compile(r"[؀-ۿݐ-ݿ]")),
    ("he", re.compile(r"[֐-׿]")),
    ("el", re.compile(r"[Ͱ-Ͽ]")),
    ("hi", re.compile(r"[ऀ-ॿ]")),
    ("ru", re.compile(r"[Ѐ-ӿ]")),
)
_UKRAINIAN: Final = re.compile(r"[іїєґІЇЄҐ]")
_VIETNAMESE: Final = re.compile(r"[ăđơưĂĐƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_SMALL_WORDS: Final = {
    "en": "the is are and of to in it not my we you our can how what does do have has this that i please "
    "with on for why a an be was when",
    "es": "el la los las un una de del que y en no mi es está se con por para como cómo hola nuestro "
    "nuestra puedo desde página gracias favor qué",
    "fr": "le la les un une des du de et est pas ne je nous vous notre mon ma ce que qui pour dans sur avec "
    "comment bonjour merci depuis site ça",
    "de": "der die das und ist nicht ich wir sie ein eine unser unsere wie mit auf für den dem zu kann seit "
    "hallo bitte von es geht warum",
    "pt": "o a os as um uma de do da que e em não meu minha é com por para como olá nosso nossa posso desde "
    "página obrigado está você",
    "it": "il lo la gli le un una di del della che e è non mio mia nostro nostra con per come ciao posso dal "
    "sito grazie si sono perché",
    "id": "yang dan di ke dari tidak bisa saya kami kita ini itu dengan untuk bagaimana tolong halo situs "
    "ada sudah boleh cara tak",
    "vi": "không của và là tôi có được trang cho với như thế nào xin chào bị",
    "nl": "de het een en is niet ik wij we onze hoe met op voor van kan hallo graag sinds deze",
}
_SMALL: Final[Mapping[str, frozenset[str]]] = {name: frozenset(said.split()) for name, said in _SMALL_WORDS.items()}
_MARKS: Final[Mapping[str, re.Pattern[str]]] = {
    "es": re.compile(r"[ñ¿¡]"),
    "pt": re.compile(r"[ãõ]"),
    "de": re.compile(r"[ßäöü]"),
    "fr": re.compile(r"[èêëîïœùûç]"),
    "it": re.compile(r"[ìò]"),
}
_LEAST: Final = 2
_SHARE: Final = 0.17
_KANA_SHARE: Final = 0.12
_SCRIPT_SHARE: Final = 0.5


def tongue(text: str) -> str | None:
    """A language's tag, such as "ja" or "zh-Hant"; None where a text is too short or too mixed to tell."""
    said = _QUIET.sub(" ", text)
    letters = sum(letter.isalpha() for letter in said)
    if not letters:
        return None
    for language, script in _SCRIPTS:
        share = len(script.findall(said)) / letters
        if share >= (_KANA_SHARE if language == "ja" else _SCRIPT_SHARE):
            return "uk" if language == "ru" and _UKRAINIAN.search(said) else language
    if is_chinese(said):
        return detect(said)
    return _latin(said)


def same(one: str, other: str) -> bool:
    """Whether who reads one reads the other: the two scripts of Chinese count as one language."""
    chinese = (SIMPLIFIED, TRADITIONAL)
    return one == other or (one in chinese and other in chinese)


def _latin(said: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(said)]
    if len(_VIETNAMESE.findall(said.lower())) >= _LEAST:
        return "vi"
    scores = {language: float(sum(word in small for word in words)) for language, small in _SMALL.items()}
    for language, marks in _MARKS.items():
        if scores[language]:
            scores[language] += 0.7 * bool(marks.search(said.lower()))
    (best, most), (_, second) = sorted(scores.items(), key=lambda each: -each[1])[:2]
    enough = most >= _LEAST and most > second and most / max(len(words), 1) >= _SHARE
    if enough:
        return best
    return ENGLISH if words and said.isascii() and most == scores[ENGLISH] and most >= 1 else None
