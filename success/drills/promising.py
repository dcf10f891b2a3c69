"""What a named time promises: a repair, or an answer to come; clause by clause. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from success.drills.clock import in_figures
from success.drills.times import Named, Span, instants, spans
from success.drills.wording import clauses

_REPAIR: Final = re.compile(
    r"修复|修好|恢复|解决|搞定|搞好|弄好|弄完|做好|做出来|处理好|处理完|能用|打开|上线|交付|做完|完成|改完|发布"
    r"|就好|就能好|准好|会好|能好|能上(?!传|网|来|手)|就上(?!传|网|报)|可以上(?!传|网|报)|会上线|出来给|交给您|弄出来|搞出来|赶上|赶得上|来得及|赶得及"
    r"|\brunning again\b|\bworking again\b|\bback\b|\b(?:be|is|are|it) up\b|\bup again\b"
    r"|\bfix(?:ed)?\b|\brepair(?:s|ed)?\b|\brestor\w+\b|\bresolv\w+\b|\bsolv\w+\b"
    r"|\bdone\b|\blive\b|\bdeliver\w*\b|\bfinish\w*\b|\blaunch\w*\b|\bready\b|\bsorted\b|\bcomplet\w+\b|\bonline\b"
    r"|\bopen again\b|\baccessible\b"
)
_ANSWER: Final = re.compile(
    r"进展|进度|答复|回复|回覆|回话|回报|回您|汇报|告知|告诉|同步|通报|通知|反馈|联系|电话|消息|结果|情况|报价"
    r"|方案|书面|计划"
    r"|说明|邮件|时间表|排期|[跟和给向对]您[说讲谈]|发[给您]|找您|[来一]报|报一次|更新一次"
    r"|\bupdates?\b|\bprogress\b|\bget[s]? back\b|\b(?:come|back) (?:back )?to you\b|\breports?\b|\blet you know\b"
    r"|\b(?:calls?|contacts?|writes?|message|messages|emails?|mails?|sends?)\b"
    r"|\b(?:informs?|phones?|rings?)\b|\bin touch\b|\btells? (?:you|us)\b"
    r"|\bnews\b|\breply\b|\brepl(?:y|ies)\b|\bresponds?\b|\bestimate\b|\boffer\b|\bproposal\b|\bschedule\b"
    r"|\bplan\b|\bpaper\b"
    r"|\bquot\w+\b|\bwritten\b|\bin writing\b|\bhears?\b|\banswers?\b|\bexplain\w*\b"
)
_NOT_PROMISED: Final = re.compile(
    r"如果|要是|假如|万一|若|倘|(?:没(?!问题|事|关系)有?|未)能?[^,。]{0,8}?(?:恢复|修好|修复|做完|做好|弄好|完成"
    r"|解决|收到|上线|交付|发布|改完|赶上|兑现|能)"
    r"|(?:恢复|修|弄|搞|做|查|解决|打|上)不(?:了|好|完|出|开|上)|后来?改[为到成]|又改[为到成]|再改[为到成]|承诺过"
    r"|保证过|原定|原订|原计划|原本|本来|本该|本应|说好|之前说|之前答应|上次|还没"
    r"|(?:理解|明白|知道|清楚|体谅|体会)[^,，。]{0,30}(?:心情|想法|愿望|期望|期待|需求|压力|着急|急)"
    r"|\b(?:understand|know|see|realise|realize|appreciate)\b.{0,20}"
    r"\byou(?:'d| would)? (?:want|need|like|wish|hope|have)"
    r"|能不能|能否|是否|会不会|不能|无法|没法|不敢|不便|不好说|不承诺|不保证|不乱|不随口|不瞎|希望|争取|不知道"
    r"|两次|为什么|至周|到周"
    r"|已经?(?:修|恢复|完成|做)|昨天|前天|上周|刚才|刚刚|(?:到今天|到现在|至今)(?:还|都|也|仍)|推了|推到了|推迟了"
    r"|改到了|病|请假|了\s?\d"
    r"|(?<!even )\bif\b|\bunless\b|\bshould (?:it|he|she|this|that|they)\b"
    r"|\bsupposed to\b|\bmissed\b|\bwhether\b|\buntil\b"
    r"|\bcan(?:no|')t\b|\bcannot\b|\bnot able\b|\bunable\b|\bmissing\b|\bhop(?:e|ing)\b|\bno (?:promises?"
    r"|guarantees?|dates?)\b"
    r"|(?:\bnot|n't|\bnever|\brather not|\bwithout) (?:\w+ ){0,2}?(?:promis|guarantee|commit|guess|name|speculat"
    r"|throw|pretend)\w*"
    r"|\bwas\b|\bwere\b|\bhad been\b|\bago\b|\byesterday\b|\bplanned for\b|\bpromised\b|\bto thursday\b"
    r"|\bnot (?:finished|done|ready|fixed)\b|n't (?:finished|done|ready|fixed)\b"
    r"|\bshould have\b|\bonly (?:from|between)\b"
)


_EVENT: Final = re.compile(
    r"(?:展会|展览|活动|开学|周末|月底|年底|节|会议)(?:之前|以前|前|当天)|赶上|赶得上|月底|月初|年底|年前|周末"
    r"|(?:下|这|本)个?(?:周|星期|礼拜|月)(?![一二三四五六日天])|[这过][几两]天|过几天"
    r"|[两三几][三五]?天(?!前)(?:内|就|后|可以|能|左右)"
    r"|\b(?:by|before|for|in time for) (?:the |your )?(?:fair|show|weekend|event|holiday|deadline|end of)\b"
    r"|\b(?:make|at) (?:the|your) (?:fair|show)\b|\b(?:next|this) (?:week|month)\b|\bend of (?:the |this "
    r"|next )?(?:week|month)\b"
    r"|\b(?:a|in a) (?:few|couple of) (?:days|weeks)\b|\bin (?:two|three|two or three) (?:days|weeks)\b"
)


_DO: Final = re.compile(
    r"做得完|做出|加上|弄出|安排好|没问题|用上|用得上|\b(?:squeeze|fit|get|make|have|add|manage|do) (?:it|this"
    r"|that|them)\b"
)
_SURE: Final = re.compile(
    r"肯定|一定|保证|应该[能会可]|估计[能会可]|差不多[能会可]|大概[能会可]|预计[能会可]|基本上?[能会可]|绝对|包您|准能|赶出来|没问题|放心|误不了|不会误|不会耽误"
    r"|\bguarantee\w*|\bdefinitely\b"
    r"|\bpromise\b|\bfor sure\b|\bmy word\b|\bprobably\b|\bmost likely\b|\breckon\b|\bmy guess\b"
    r"|\bi'd say\b|\bshould be (?:able|fine|possible|doable)\b"
)
_BARE: Final = 4
_AT_ONCE: Final = re.compile(
    r"马上|立刻|立即|立马|现在|今天|今晚|明天|明早|今早|上午|下午|早上|晚上|周[一二三四五]|下周|这周|这就|直接"
    r"|先(?=做|开|动|搭|写|弄|改|上|给|把|将)|[这过][两几]天|顺[手便带路]|回头就|已经(?!病)"
    r"|right away|right now|immediately|straight away|straightaway|at once|today|tonight|tomorrow|this week|next week"
    r"|this (?:morning|afternoon|evening)|already|\bnow\b|\bon (?:monday|tuesday|wednesday|thursday|friday)\b"
    r"|\bin the meantime\b"
)
_BEGIN: Final = re.compile(
    r"开工|开始(?!日|整理|梳理|评估|估|收集|查|排查|确认|写需求|做方案|做报价|准备)|动手|动工|开做|做起来|给您加|帮您加|安排开发|着手|写代码|搭起来|搭个|排进|排上|插进|[先把将][^,。]{0,10}(?:做|搭|写|建|加|弄|改)(?:上|好|起来|出来|了|完|着)"
    r"|安排(?:同事|人|技术|程序员|小\w)[^,。]{0,4}(?:做|写|开|弄|加|改)|让(?:同事|技术|开发|小\w)[^,。]{0,6}(?:做"
    r"|写|弄|加|改)"
    r"|(?:顺[手便带路]|先)[^,。]{0,4}(?:做|加|弄|改|搞|搭|写)(?!个?(?:评估|方案|报价|记录|估))"
    r"|\bstart\w*|\bbegin\w*|\bget going\b|\bbuild\w*|\badd (?:it|that|this)\b|\bkick\w* off\b|\bgo ahead\b"
    r"|\b(?:get|put|have) (?:the team|someone|somebody|two people|a developer|our developers?"
    r"|the developers?) (?:on|to work|working|build|start)"
)
_AFTER: Final = re.compile(
    r"后(?!补|面|台|续|来)|才|再(?!补)|等|\bafter\b(?!wards)|\bonce\b|\bonly\b|\bwhen\b|\bbefore (?:we|i|anyone"
    r"|anybody|anything|any|work)\b"
    r"|\bneeds?\b|[?？]|不|没|还未|\bnot\b|n't\b|\bnever\b|\bnothing\b|\bnobody\b|\bno\b|评估"
    r"|报价单?[^,。]{0,3}[做写出]|estimat|quot"
)
_WAIVES: Final = re.compile(
    r"(?:不用|不必|无需|无须|不需要|别|免)(?:您|你|再|先|等|走)*[^,。]{0,6}?(?=先|就|直接|今天|马上|现在|,|。|$)"
    r"|\bwithout (?:waiting|any|the|a|your) (?:\w+ ){0,2}(?:approval|signature|quote|quotation|estimate|paperwork"
    r"|confirmation)\b"
    r"|\bno need (?:to|for) [^,.]{0,30}?(?=,|\.|$)"
)
_ORAL: Final = re.compile(
    r"(?:您|你|您这边|你这边)(?:这边)?[^,。]{0,6}(?:回个?|说一?声|说句|一句话|点个头|口头|微信|回复个?"
    r"|发个)[^,。]{0,8}(?:就|便|马上|立刻)[^,。]{0,6}(?:开工|开始|动手|做|安排|开发)"
    r"|\b(?:your (?:ok|okay|word|yes|thumbs up)|you say (?:yes|go|ok|okay)|say the word|just say (?:yes|go"
    r"|the word))\b"
)
_GIVEN_FIRST: Final = re.compile(
    r"(?:同意|确认|签字|签了|签好|批准|授权)[^,。]{0,6}(?:后|了|好)$|(?:等|只要|一旦)[^,。]*(?:同意|确认|签|批准)"
    r"|\b(?:as soon as|once|after|when)\b.*\b(?:approv|sign|confirm|agree)"
)
"""What a clause says that another one may begin after."""
_PAPER_LATER: Final = re.compile(
    r"(?:手续|报价|合同|流程|签字|审批|单子|文件|书面)[^,。]{0,6}(?:(?:慢慢|回头|后面|之后|以后|事后|随后|再)[^,。]{0,3}补|后补|补上|补给|补一)"
    r"|\b(?:paperwork|quote|quotation|estimate|approval|signature|formalities)\b[^,.]{0,30}"
    r"\b(?:later(?! than)|afterwards|along the way)\b"
)
_FORMAL: Final = re.compile(r"书面|授权|联系人|签|不够|不行|不能|written|in writing|authori[sz]|sign|not enough|n't")


_SOON: Final = re.compile(
    r"(?:马上|立刻|立马|很快|一会儿?|一下子|分分钟|几分钟|两下|几下|说话间)[^,。]{0,5}(?:就好|就能好|修好|恢复"
    r"|搞定|弄好|解决|能用|好了|打开)"
    r"|\b(?:back|up|fixed|solved|running|online|restored|repaired|sorted)\b[^,.]{0,14}"
    r"\b(?:in no time|very soon|shortly|any minute|any moment|any second|in a minute|in a moment|in a few minutes"
    r"|in minutes|in seconds)\b"
    r"|\b(?:any minute now|in no time)\b"
)


_YOU: Final = re.compile(r"您|你|给|\byou\b|\byours?\b")


class Aim(StrEnum):
    """What a named time is for."""

    REPAIR = "repair"
    ANSWER = "answer"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Timed:
    """A time that a sentence names, and what for."""

    aim: Aim
    time: Span | Named


def aim(folded: str) -> Aim:
    """What a text that names a time promises: repair or delivery, or an answer to come; the latter first."""
    found = [_aim(each) for each in clauses(folded) if not _NOT_PROMISED.search(each)]
    if Aim.ANSWER in found:
        return Aim.ANSWER
    return Aim.REPAIR if Aim.REPAIR in found else Aim.OTHER


def timed(folded: str) -> tuple[Timed, ...]:
    """The times that a sentence promises, each with its clause's aim, else with that of the next or the one before.

    A length of time takes another clause's only where little else stands beside it ("20 minutes, then I report").
    Clauses that tell of what was planned, of what is not promised, or of what happens otherwise, are left out.
    """
    kept = [each for each in clauses(folded) if not _NOT_PROMISED.search(each)]
    aims = [_aim(each) for each in kept]
    found: list[Timed] = []
    for at, clause in enumerate(kept):
        near = [aims[at], *aims[at + 1 : at + 3], *aims[max(0, at - 1) : at]]
        meant = next((each for each in near if each is not Aim.OTHER), Aim.OTHER)
        own = aims[at] is not Aim.OTHER
        named: list[Span | Named] = list(instants(clause))
        named += [each for each in spans(clause) if own or len(in_figures(clause)) - len(each.words) <= _BARE]
        found += [Timed(aim=meant, time=each) for each in named]
    return tuple(each for each in found if each.aim is not Aim.OTHER)


def heard_by(folded: str) -> tuple[Named, ...]:
    """The hours that a sentence names to the client for nothing else: "you have it by five"."""
    kept = (each for each in clauses(folded) if not _NOT_PROMISED.search(each) and _YOU.search(each))
    return tuple(
        each for clause in kept if _aim(clause) is Aim.OTHER for each in instants(clause) if each.hour is not None
    )


def for_a_day(folded: str) -> bool:
    """Whether a sentence promises something for a day that it does not name: by the fair, before the weekend."""
    return any(
        _EVENT.search(each)
        and (_REPAIR.search(each) or _DO.search(each) or _SURE.search(each))
        and not _ANSWER.search(each)
        and not _NOT_PROMISED.search(each)
        for each in clauses(folded)
    )


def soon(folded: str) -> bool:
    """Whether a sentence promises a repair in words that only say that it is soon."""
    return any(_SOON.search(each) and not _NOT_PROMISED.search(each) for each in clauses(folded))


def begins_now(folded: str) -> bool:
    """Whether a sentence has work begin at once, after nobody's word or one that was only spoken."""
    return any(
        (_ORAL.search(each) and _BEGIN.search(each) and not _FORMAL.search(each))
        or (_PAPER_LATER.search(each) and not _NOT_PROMISED.search(each))
        or (_at_once(_WAIVES.sub("", each)) and not _GIVEN_FIRST.search(_WAIVES.sub("", before)))
        for before, each in pairwise(("", *clauses(folded)))
    )


def _at_once(clause: str) -> bool:
    """Whether a clause, without what it waives, has work begin after nothing."""
    begins = _AT_ONCE.search(clause) and _BEGIN.search(clause)
    return bool(begins) and not _AFTER.search(clause) and not _NOT_PROMISED.search(clause)


def _aim(clause: str) -> Aim:
    if _ANSWER.search(clause):
        return Aim.ANSWER
    return Aim.REPAIR if _REPAIR.search(clause) or _SURE.search(clause) else Aim.OTHER
