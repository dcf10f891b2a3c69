"""What the author of a text wants of the conversation itself: stop for now, leave this one open, put right. Pure.

A wish is a clause that says little else: "we continue to sell" is no wish to go on, "no later than May" none to pause.
"""

import re
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final


class Wish(StrEnum):
    """What the author wants of the conversation itself."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    SKIP = "skip"
    SUMMARY = "summary"
    CHANGE = "change"


def _any(*words: str) -> str:
    return "|".join(words)


_LEFT_OPEN: Final = re.compile(_any(
    "没(?:怎么|太|咋)?(?:关注|留意|注意|研究|了解)过?|不(?:怎么|太)?(?:关注|关心)|想不(?:出来?|到|起来?)"
    "|(?:回头|之后|稍后|晚点|以后|等下|改天|再)(?:整理好|找到|想到|想好|确定)?了?再?(?:发|传|给)(?:给)?[你您]们?|先看(?:看)?(?:方案|报价)",
    r"就这些|没有?别的|没了$|\bthat'?s (?:all|it)\b|\bthat is all\b|\bnothing else\b|\bno more\b",
    "跳过|略过|下一[个题项]|先?空着|先?不填|还?没(?:有)?(?:想|考虑|确定|决定|定)(?:好|过|下来|清楚)?|不(?:知道|清楚"
    "|确定|晓得|了解|懂)|说不准|不好说",
    "无所谓|没关系|(?:暂时|目前|现在|还|暂)*(?:没有?|无)(?:什么|啥)?(?:特别|特殊|具体|明确)?(?:的|要求|想法|计划"
    "|概念|偏好|数|参考)*|未定|待定",
    "随便|随意|都[行可]以?|不限|你们?(?:看着?|来|先)*(?:定|决定|安排|推荐|建议|看着办|办|看|说|报价?|出方案)|看着办"
    "|听你们的?|你们?专业|看情况|看方案|再说",
    "先?不?(?:方便|想|便)(?:说|透露|谈)|保密|先不谈|不谈|(?:先|以后|回头|之后|晚点|稍后|待会)(?:再)?(?:谈|说|定|聊"
    "|看|告诉你?)",
    r"\bskip\b|\bnext(?: one| question)?\b|\bpass\b|\bnot (?:yet )?(?:sure|decided|certain|known)(?: yet)?\b"
    r"|\bundecided\b|\bunsure\b|\bno (?:real )?(?:idea|clue|preference|opinion)s?\b",
    r"\b(?:i |we )?(?:really |honestly )?(?:do not|don'?t|dont) (?:really )?(?:know|mind|care|have (?:one|any"
    r"|a preference|an? (?:fixed|set|exact)|an?)(?: yet)?)\b|\bdunno\b|\bidk\b"
    r"|\b(?:none|nothing|no one)\b(?: (?:comes?|springs?) to mind)?|\bcan'?t think of (?:any|one|anything)\b"
    r"|\bno\b|\bnope\b"
    r"|\bn/?a\b|\btb[dc]\b"
    r"|\bto be (?:decided|confirmed|discussed)\b",
    r"\bup to you\b|\byou (?:guys )?(?:decide|choose|tell me|suggest|recommend)\b|\bwhat(?:ever)? (?:do "
    r"|would )?you (?:guys )?(?:suggest|recommend|think"
    r"|advise)(?: (?:is best|works|fits|looks (?:good|best|right)))?\b|\bany(?:thing)?(?: is fine| works)?\b"
    r"|\bopen\b",
    r"\bhaven'?t (?:really )?(?:thought|decided|got)(?: about (?:it|that|this))?\b|\b(?:i'?d |we'?d )?(?:rather"
    r"|prefer) not (?:to )?say\b|\bconfidential\b|\bit depends\b|\bdepends\b",
    r"\b(?:we can |we'll |i'll |let's )?(?:discuss|talk about|tell you|decide|come back to) ?(?:this|that|it"
    r"|you)? ?(?:later)?\b|\bnot (?:right )?now\b",
))  # fmt: skip
"""What leaves a question open: nothing known, nothing wanted, you decide."""
_PENDING: Final = re.compile(_any(
    "(?:还|得|先|需要?|要|等)[^,]{0,3}(?:跟|和|与|等|问|看)[^,]{0,8}(?:商量|商议|讨论|审批|批|决定|定|拍板|确认|同意|点头)",
    "还?在(?:商量|讨论|考虑|审批|申请|算)|还没(?:有)?(?:批|谈|报批|审批)",
    r"\b(?:need|have|got) to (?:ask|check|discuss|clear|run|talk)\b|\bwaiting (?:for|on)\b"
    r"|\bstill (?:discussing|waiting|deciding|being|working)\b",
))  # fmt: skip
_THIS_ONE: Final = re.compile(
    "(?:这|那)[个题项一]|\\b(?:this|that|it|you)\\b.{0,12}\\blater\\b|告诉你|再告诉|\\b(?:discuss|decide"
    "|tell)\\b.*\\blater\\b"
)
_SMALL: Final = re.compile(
    "[嗯哦额呃哈啊呀吧呢的了啦嘛哎唉这那我您你它就先也还真太]|我们|目前|暂时|现在|问题|好的?|抱歉|不好意思|谢谢"
    "|老实说|说实话|其实|都|个|题|设计|钱"
    r"|\b(?:um|well|so|ok|okay|hmm|honestly|sorry|please|thanks|thank you|for|the|a|an|this|that|one|it|yet"
    r"|at the moment|currently|right now"
    r"|really|tbh|i|we|to|be|honest|is|are|of|on|just|us|have|specific|particular|question|guess|think|best|fine|with"
    r"|me|anything|any|about|fixed|date|set|there)\b"
)
_DAYS: Final = r"(?:明天|后天|改天|下次|回头|晚点|晚些|等会|待会|稍后|过几天|下午|晚上|有空|下周|周[一二三四五六日])"
_WISHES: Final = (
    (Wish.STOP, _any(
        "(?:算了)?我?们?(?<!就)(?:不想?)(?:填|做|弄|搞|答|回答)了|算了不(?:填|问)|取消(?:问卷|填写)?|不用(?:再)?问了"
        "|别(?:再)?问了",
        r"\bcancel\b(?: (?:it|this|the (?:questions|questionnaire|form)))?|\bstop(?: asking| it| this)?\b"
        r"|\bforget it\b|\bno more questions\b",
    )),
    (Wish.PAUSE, _any(
        f"先到这里?|先这样|{_DAYS}(?:我?们?)?(?:再|继续|接着)(?:说|填|答|聊|来|弄|看|继续)?|暂停|先停一?下",
        r"(?:maybe |let'?s |i'?ll |we'?ll |can we )?(?:continue |finish |do (?:it|this) |answer "
        r"|come back )?(?:to (?:it|this) )?\blater\b(?: today| on)?",
        r"\bpause\b|\bnot now\b|\bto be continued\b|continue (?:tomorrow|another day|next week|on \w+day)"
        r"|\bback (?:tomorrow|later)\b",
    )),
    (Wish.RESUME, _any(
        "继续|接着(?:填|说|来)|我?们?回来了|刚才说到(?:哪)?",
        r"(?:let'?s |please )?\b(?:continue|resume|go on|carry on|keep going)\b|\bi'?m back\b|where were we",
    )),
    (Wish.SUMMARY, _any(
        "(?:看看|看一下|总结|汇总|目前).{0,6}(?:填了|记了|答了|汇总|总结).{0,4}|都记了什么",
        r"\bsummary\b|what (?:do you|have you) (?:have|got|noted)(?: so far)?",
    )),
)  # fmt: skip
_PATTERNS: Final = tuple((name, re.compile(pattern)) for name, pattern in _WISHES)
_CHANGE: Final = re.compile(
    _any(
        "改成|改为|改到|改一下|改下|改了|要改|修改|更正|纠正|不对|[说写搞打填选弄讲记看]错|应该是|其实是|换成|调整"
        "|更新一下|(?:预算|时间).{0,4}[加提降减]到",
        r"\bchange\b|\bactually\b|\bcorrection\b|\bcorrect\b|\binstead\b|\bi meant\b|\bmistake\b|\bwrong\b",
        r"\bmake (?:it|that)\b|\brather\b|\bupdate\b|\b(?:can|could) (?:stretch|go up) to\b",
    )
)
_SOFTLY: Final = re.compile(r"应该是|其实是|\b(?:actually|instead|rather)\b")
_ONLY_CHANGE: Final = re.compile(
    "改成|改为|改到|改一下|改下|改|修改|更正|纠正|不对|[说写搞打填选弄讲记看]错|应该是|其实是|其实|换成|调整|更新|一下"
    "|刚才|刚刚|之前|前面|上面|抱歉|不好意思|等等|是|我|了"
    r"|\b(?:change|changed|actually|correction|correct|instead|i|meant|mean|mistake|wrong|make|it|that|was|is|my|oops"
    r"|sorry|update|please|rather|wait|no|one|said|what|earlier|just now|a|s)\b"
)
_NOT_THAT: Final = re.compile(r"(?:而?不是|not|instead of)\s*[$€£¥]?[\d一二两三四五六七八九十][^，,]{0,6}$")
_ASKS: Final = re.compile(
    _any(
        r"[?](?:\s|$)|(?:多少钱?|啥价|什么价|怎么收费)[啊呀呢哦]*[\s.!~]*$|怎么|怎样|如何|为什么|为啥|多久|什么意思|哪里|哪儿|在哪|能不能|可不可以|有没有|是不是|要不要"
        r"|[吗呢][\s.!~]*$",
        "请问|请教|求助|忘了|忘记|找不到|打不开|进不去|登不上",
        r"(?:^|[.!,;\n]\s*|\bbut |\band )(?:so )?(?:how|what|why|where|when|which|who) (?:do|does|did|is|are|can"
        r"|could|should|would|will|much|many|long)\b",
        r"(?:^|[.!,;\n]\s*)(?:can|could|would|will|do|does|did|is|are|should) (?:you|i|we|it|they|there|this|that"
        r"|the)\b",
        r"\b(?:forgot|forgotten|unable to|trying to|help me|help us|how to)\b|\b(?:can'?t|cannot|can not) (?:log"
        r"|find|see|open|access|get|reach|upload|edit)\b",
    )
)
_FILLER: Final = re.compile(
    "^(?:嗯|哦|好的?|对|是的?|那|就|你好|您好|谢谢你?们?|呃|额|可以|行|没问题|麻烦了?|辛苦了?"
    "|ok|okay|yes|well|um|hi|hello|hey|thanks|thank you|cheers|sure|great|there| )+[啊呀吧呢的了~!. ]*$"
)
_INTRODUCES: Final = re.compile(
    r"(?:[Hh](?:i|ello|ey)[ !]+)?(?:I['’]?m|I am|[Tt]his is|[Mm]y name(?: is|['’]s))"
    r"(?: [A-Z][a-z'’-]+){1,2}(?: here)?[.! ]*$"
    r"|(?:您?你?好[!！~ ]*)?(?:我叫\S{1,4}|我姓\S|我是[小老]\S{1,2})[。~！! ]*$"
)
_MOST_BESIDES: Final = 6


def wish_of(clauses: Collection[str], *, cues: Collection[str]) -> Wish | None:
    """The wish that folded clauses say; `cues` are the words of the question that was asked."""
    said = [each for each in clauses if not _FILLER.match(each)]
    for name, pattern in _PATTERNS:
        if any(_says_little(pattern, each) and not _leaves_open_this(each) for each in said):
            return name
    return Wish.SKIP if said and leaves_open(said, cues=cues) else None


def leaves_open(clauses: Iterable[str], *, cues: Collection[str]) -> bool:
    """Whether every clause leaves the question open."""
    return all(_leaves_open(each, cues) for each in clauses)


def says_wrong(folded: str) -> bool:
    """Whether it says so outright: "it should be" and "actually" alone may begin an answer like any."""
    return bool(_CHANGE.search(_SOFTLY.sub(" ", folded)))


def pending(folded: str) -> bool:
    """Whether somebody else has yet to say: "that I have to discuss with my partners"."""
    return bool(_PENDING.search(folded))


def changes(folded: str) -> bool:
    """Whether it says that something is to be put right."""
    return bool(_CHANGE.search(folded))


def only_changes(clause: str, *, cues: Collection[str] = ()) -> bool:
    """Whether a clause says that something was wrong, and not what is right ("刚才说错了", "not 60k")."""
    if _NOT_THAT.match(clause):
        return True
    rest = clause
    for cue in sorted(cues, key=len, reverse=True):
        rest = rest.replace(cue, " ")
    return bool(_CHANGE.search(clause)) and len(re.sub(r"[\W\d_]", "", _ONLY_CHANGE.sub("", rest))) < 2  # noqa: PLR2004


def asks_back(folded: str) -> bool:
    """Whether a text has the form of a question, or of a call for help: an answer often only holds words of one."""
    return bool(_ASKS.search(folded))


def introduces(clause: str) -> bool:
    """Whether a clause, as it was written, says its author's name, and no more."""
    return bool(_INTRODUCES.match(clause))


def filler(clause: str) -> bool:
    """Whether a clause says nothing."""
    return bool(_FILLER.match(clause))


def _says_little(pattern: re.Pattern[str], clause: str) -> bool:
    found = pattern.search(clause)
    if found is None or re.search(r"\bno$|\bnot$|n't$", clause[: found.start()].strip()):
        return False
    rest = _SMALL.sub("", f"{clause[: found.start()]} {clause[found.end() :]}")
    return len(re.findall(r"[a-z0-9']+|[\u3400-\u9fff]", rest)) < _MOST_BESIDES


def _leaves_open_this(clause: str) -> bool:
    return bool(_THIS_ONE.search(clause))


def _leaves_open(clause: str, cues: Collection[str]) -> bool:
    rest = clause
    for cue in sorted(cues, key=len, reverse=True):
        rest = rest.replace(cue, " ")
    left, count = _LEFT_OPEN.subn(" ", rest)
    return count > 0 and not re.sub(r"[\W_]", "", _SMALL.sub("", left))
