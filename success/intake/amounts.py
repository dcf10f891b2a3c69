"""Amounts of money as people write them: "5-8万", "五万左右", "80k RMB", "$12,000", "十几万", "8.000 €". Pure.

The text is folded before. Nothing is invented: "about 50 000" stays one amount that is said to be about so, an open
end stays open, and a number that may be something else (a phone, a day, people, a turnover, a price) is none.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from success.intake.numerals import in_digits
from success.intake.values import Money

_UNITS: Final = {"百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000, "万": 10_000, "w": 10_000, "千": 1000,
                 "百": 100, "k": 1000, "m": 1_000_000, "million": 1_000_000, "mil": 1_000_000, "mio": 1_000_000,
                 "hundred thousand": 100_000, "thousand": 1000, "grand": 1000, "hundred": 100}  # fmt: skip
_UNIT: Final = (
    r"百万|千万|亿|万|千|百|hundred thousand|million|thousand|hundred|grand|mi[lo](?![a-z])|[wkm](?![a-z0-9²])"
)
_CURRENCIES: Final = (
    ("HKD", r"hk\$|hkd\$?|港币|港元|港纸|蚊"), ("TWD", r"nt\$|ntd?\$?|twd\$?|新台币|台币"),
    ("SGD", r"s\$|sgd\$?|新币|新加坡元"), ("AUD", r"au?\$|aud\$?|澳元|澳币"), ("CAD", r"ca?\$|cad\$?|加元|加币"),
    ("JPY", r"jpy|日元|日币|日圆|yen"),
    ("EUR", r"€|eur|euros?|欧元|欧(?!洲|美)"), ("GBP", r"£|gbp|pounds?|quid|英镑|镑"),
    ("", (r"nz\$|nzd|chf|myr|rm|krw|thb|inr|rs|aed|sek|nok|dkk|pln|brl|zar|php|idr|vnd|rub|mop|btc|rupees?|rubles?|"
         r"francs?|ringgit|baht|won|₹|₽|₩|฿|卢布|韩元|韩币|泰铢|卢比|林吉特|瑞郎|法郎|比特币|葡币|澳门元|越南盾|印尼盾")),
    ("USD", r"us\$|usd\$?|\$|美元|美金|美刀|刀|dollars?|bucks"), ("CNY", r"rmb|cny|¥|人民币|元|块钱|块|yuan"),
)  # fmt: skip
"""What names a currency; of those without a name of ours an amount is none, rather than one in another currency."""
_GENERAL: Final = ("$", "¥", "dollar", "dollars")  # "$5,000 CAD"
_MARK: Final = rf"(?<![a-z])(?:{'|'.join(pattern for _, pattern in _CURRENCIES)})(?![a-z])"
_NUMBER: Final = (
    r"\d{1,3},\d{1,2}(?=\s?(?:k|m|thousand|million)\b)|\d{1,3}(?:[,']\d{3})+(?:\.\d+)?"
    r"|\d{1,3}(?:\.\d{3})+(?![\d万千百亿kwm])|\d{1,3}(?: \d{3})+(?!\d)"
    r"|\d{1,15}(?:\.\d{1,4})?"
)
_AMOUNT: Final = re.compile(
    rf"(?:(?P<before>{_MARK})\s*|(?<![\da-z.]))(?P<low>{_NUMBER})\s*(?P<low_unit>{_UNIT})?\s*(?P<low_mark>{_MARK})?"
    rf"(?P<range>\s*(?P<join>-|–|—|~|到|至|或者?|\bto\b|\bor\b|\band\b)\s*(?P<mid>{_MARK})?\s*"
    rf"(?P<high>{_NUMBER})\s*(?P<high_unit>{_UNIT})?)?"
    rf"\s*(?P<half>半)?\s*(?P<more>多|出头|来)?\s*(?P<after>{_MARK})?"
)
_FIGURES: Final = re.compile(r"(?<!\d)(?P<n>[4-8])(?:位数|[- ]figures?\b)")
_HIDDEN: Final = re.compile(
    r"(?<!\d)(?:19|20)\d{2}[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?!\d)|(?<!\d)\d{1,2}[-/.]\d{1,2}[-/.]\d{4}(?!\d)"
    r"|\d{1,2}:\d{2}|\d{1,2}\s*[ap]\.?m\b"
    r"|\+\d[\d ()-]{6,}|(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|\d*月\d*[日号]?"
)
_ABOUT: Final = re.compile(
    r"左右|大概|大约|差不多|上下|约|样子|将近|接近|来万|\babout\b|\baround\b|\broughly\b|\bapprox|\bcirca\b|ish\b|小$"
    r"|~\s*$|^~"
)
_UP_TO: Final = re.compile(
    r"(?:不|别|没有?)[^,，\d]{0,4}(?:超|过\s*$)|最多|顶多|上限|封顶|不到|(?<!不)[低少]于|不[高大多]于|控制在|\bup to\b"
    r"|(?<!not )(?<!no )\bunder\b"
    r"|\bat most\b|\bmax"
    r"|\bno more than\b|\bnot more than\b"
    r"|(?<!not )(?<!no )\b(?:less than|below)\b|\bwithin\b|\bcap"
    r"|(?:\bno\b|\bnot\b|n't\b|\bnever\b|\bcannot\b)(?! -)[^.,;:\d]{0,20}"
    r"\b(?:over|above|beyond|past|exceed|(?:more|higher) than)\b"
)
_UP_TO_AFTER: Final = re.compile(
    r"\s*(?:元|块钱?)?\s*(?:以内|以下|之内|内|不到|max|tops?\b|at most|at the most|or less"
    r"|(?:就?是|为|算)?(?:我们的?|预算的?)?(?:封顶|上限|打住|为止|顶了|顶天|到顶|到头|极限|天花板)|(?:的话)?就(?:不|没|太|超|算了|免)"
    r"|(?:以上)?(?:的话)?(?:就|都|也)?(?:要|得|需要?)(?:报批|审批|申请|上报|老板|领导|开会)"
    r"|(?:needs?|requires?) (?:\w+ )?(?:approval|sign-?off|permission)"
    r"|(?:is|would be) (?:out\b|too (?:much|expensive)|off the table|(?:my|our|the) (?:(?:upper|absolute|hard) )?"
    r"(?:limit|ceiling|max|cap|top|most)))"
)
_FROM: Final = re.compile(
    r"至少|最少|起步|不[低少]于|超过|高于|打底|\bat least\b|\bmin|\bmore than\b|\bover\b|\babove\b"
    r"|\bstarting (?:at|from)\b|\b(?:no|not) (?:less than|under|below)\b"
)
_FROM_AFTER: Final = re.compile(
    r"\s*(?:元|块钱?)?\s*(?:以上|起步?|打底|往上|\+(?!\s*(?:vat|tax|gst|税))|and up\b|or more\b|upwards\b"
    r"|minimum\b|plus\b|(?:就?是|为)(?:下限|底线)|is (?:my|our|the) (?:minimum|floor))"
)
_NO_MONEY: Final = re.compile(
    r"[年月日号天周个人款种页张件单次家间台套平分秒岁位名条粉后代倍级期点%％:°]|\s?(?:用户|会员|粉丝|访问|阅读|流量"
    r"|平米|sku)"
    r"|[- ]?(?:days?|weeks?|months?|years?|yrs?|people|users?|visitors?|orders?|products?|items?|pages?|languages?"
    r"|skus?|staff"
    r"|employees|customers?|clients?|members?|subscribers?|followers?|views|hits|hours?|minutes?|shops?|stores?"
    r"|branches"
    r"|locations?|rooms?|seats?|sq|m2|km|kg|g|gb|mb|kb|ms|s|%|st|nd|rd|th)\b|[a-z]"
)
_RATE: Final = re.compile(
    r"\s*(?:(?:/|每|一个?|per |a |an |each |every )(?:年|月|天|单|人|个|季|箱|盒|件|份|次|month|year|week|day|hour"
    r"|box|piece|order|unit"
    r"|item|person|head|kg|night)|monthly\b|yearly\b|annually\b|each\b|apiece\b)"
)
OTHER_MONEY: Final = re.compile(
    r"营业|年销|销售|流水|产值|利润|注册资|单价|客单|售价|卖价|定价|价格|运费|邮费|满$|退款|退货|赔|定金|押金|工资"
    r"|月薪|房租|租金|年费|月费"
    r"|每年|每月|每单|每天|每个|一个月|一年|广告|推广|投放|营销|seo|维护|域名|服务器|融资|市值|罚|花了|花过|花掉|付了"
    r"|付过|收了|之前|以前"
    r"|上次|去年|原来|原先|当初|旧站|别人|人家|别家|他们|她们|对手|竞品|同行|友商|卖$|编号|单号|电话|手机|微信|qq"
    r"|号码|邮编"
    r"|\brevenue|\bturnover|\bsales\b|\bmonthly|\byearly|\bannual|\bper month|\bprices?\b|\bpriced|\bcosts? (?:us )?$"
    r"|\bproducts?\b.*\bat\b"
    r"|\bpaid\b|\bspent\b|\bads?\b|\badvertis|\bmarketing\b|\brefund|\bshipping\b|\bdelivery\b|\bsalar|\brent\b"
    r"|\bdeposit\b|\blast (?:year|time|month)"
    r"|\bold (?:web)?site|\bcompetitor|\brival|\bthey\b|\btheir\b|\bothers\b|\braised\b|\bfunding\b|\bhosting\b"
    r"|\bdomain\b|\bsell\b.*\bat\b"
    r"|\bselling at\b|\bphone\b|\bcall\b|\border (?:no|number)|\binvoice\b|\bwas quoted\b|\bquoted us\b|\bused to\b"
    r"|\bcosts\b|\bfees?\b"
)
"""Money that is something else than what may be spent on the project, and numbers that are no money."""
_NEGATED: Final = re.compile(r"(?:不是|并非|不要|\bnot|n't|\binstead of|\brather than)\s*$")
_MOVED: Final = re.compile(r"改|提|加|升|降|调|变|减|涨|砍|缩|压|\bto\b|\bnow\b|→|->")
_MOVES: Final = re.compile(r"从|由|\b(?:change|raise|increase|cut|lower|move|bump|reduce|up)\w*\b.*\bfrom\b")
_TALK: Final = re.compile(
    r"我们?|咱们?|公司|老板|大概|大约|差不多|左右|上下|应该|可能|也许|吧|的话?|呢|啊|呀|哈|嘛|了|是|在|能|可以|只有?"
    r"|就|最好|想|控制|范围"
    r"|之间|以内|以下|之内|以上|不超过|不到|不要|别|超过?|最多|最少|至少|顶多|封顶|起步?|出|给|拿|做|投入?|准备|计划"
    r"|打算|暂定|暂时|目前"
    r"|现在|初步|先|按|算|一个|这个|那个?|嗯|好|预计|预算|不多|有限|样子|行|吗|[元块钱整多来从到至或者和约把]|总共"
    r"|一共|总|全部|改成|改为|改到|改"
    r"|[加降提调减]到?|换成|不对|不是|而|说错|写错|刚才|其实|实际|更正|纠正|抱歉|不好意思|对|为|要|价位|报价|接受|也"
    r"|都|还|整体|整站|内|里"
)
_TALK_EN: Final = frozenset(
    """
    a about above actually afford all an and anywhere approx approx. approximately are around as at ballpark be
    below between bit bring brings budget budgets can cap capped change changed circa correct correction could
    current currently cut d do exact exactly figure figures for from go got has have hi high hope hoping i i'd i'm
    ideally in increase instead is ish it it's its just least less like limit limited ll low lower m make max max.
    maximum maybe mean meant mid min min. minimum more most much no not now of ok okay only or our over pay perhaps
    please probably project raise rather re region right roughly s say set should site small so something somewhere
    sorry spend stretch t than that the think tight to together tops total under up ve want we we'd we're we've
    website will within would yes
    """.split()  # noqa: SIM905 - a list of words says no more
)
_LONGEST_PLAIN: Final = 8
_MOST: Final = 10**15


@dataclass(frozen=True, kw_only=True)
class _Place:
    """An amount and where it stands. `plain`: neither a currency nor a unit was said."""

    money: Money
    start: int
    end: int
    plain: bool
    named: bool
    before: str


def amount(text: str, *, currency: str, sure: bool, cues: Collection[str] = (), least: int = 0) -> Money | None:
    """The amount of money in a folded text; None where there is none, or where it may be something else.

    `sure`: it speaks of money, so that a number without a currency is one too; it is meant in `currency` then, and a
    bare one below `least` is none. `cues` are the words that speak of it.
    """
    text = _HIDDEN.sub(lambda found: "、" * len(found[0]), in_digits(text))
    if sure and (found := _FIGURES.search(text)):
        digits = int(found["n"])
        return Money(currency=currency, low=10 ** (digits - 1), high=10**digits - 1, about=True)
    places = list(_places(text, currency))
    bare = _is_only(text, places, cues)
    held = [each for each in places if _meant(each, text, sure=sure, only=bare, cues=cues, least=least)]
    if not held:
        return None
    if len(held) > 1 and (both := both_ends(held[0].money, held[1].money)) is not None:
        return both
    moved = len(held) > 1 and _MOVES.search(text[: held[0].start]) and _MOVED.search(text[held[0].end : held[1].start])
    return held[-1 if moved else 0].money


def number(text: str) -> int | None:
    """The first whole number in a folded text: "200", "两百", "1.2万"; a range is none."""
    digits = in_digits(text)
    for found in _AMOUNT.finditer(digits):
        if found["before"] or found["low_mark"] or (found["after"] and found["after"] != "块"):
            continue
        low = _value(found["low"], found["low_unit"])
        vague = digits[found.end("low") :].startswith("几")
        spans = found["range"] and (found["join"] != "and" or "between" in digits[: found.start()])
        return None if vague or spans else low
    return None


def _places(text: str, currency: str) -> Iterator[_Place]:
    at = 0
    while found := _AMOUNT.search(text, at):
        spans = bool(found["range"]) and (found["join"] != "and" or "between" in text[: found.start()])
        end = found.start() + len(found[0].rstrip()) if spans or not found["range"] else found.start("range")
        names = ("before", "low_mark", "mid", "after") if spans or not found["range"] else ("before", "low_mark")
        marks = [found[name] for name in names if found[name]]
        named = next((mark for mark in marks if mark not in _GENERAL), next(iter(marks), ""))
        before, at = text[at : found.start()], max(end, found.start() + 1)
        kind = _currency(named) if named else currency
        money = _money(found, before, text[end : end + 30], kind, spans=spans)
        if money is not None:
            plain = not (named or found["low_unit"] or (spans and found["high_unit"]))
            yield _Place(money=money, start=found.start(), end=end, plain=plain, named=bool(named), before=before)


def _money(found: re.Match[str], before: str, after: str, currency: str, *, spans: bool) -> Money | None:
    high_unit = found["high_unit"] if spans else None
    low = _value(found["low"], found["low_unit"] or high_unit)
    if low is None or not currency:
        return None
    about = bool(_ABOUT.search(before[-16:]) or _ABOUT.search(after[:8]) or found["more"])
    if spans:
        high = _value(found["high"], high_unit or found["low_unit"])
        if high is None:
            return None
        return Money(currency=currency, low=min(low, high), high=max(low, high), about=about)
    low += _UNITS.get(found["low_unit"] or "", 0) // 2 if found["half"] else 0
    up_to = bool(_UP_TO.search(before[-32:]) or _UP_TO_AFTER.match(after))
    at_least = not up_to and bool(_FROM.search(before[-32:]) or _FROM_AFTER.match(after))
    return Money(currency=currency, low=None if up_to else low, high=None if at_least else low, about=about)


def _meant(place: _Place, text: str, *, sure: bool, only: bool, cues: Collection[str], least: int) -> bool:
    """Whether an amount is what the project may cost."""
    after = text[place.end :]
    if _NEGATED.search(place.before) or _RATE.match(after) or OTHER_MONEY.search(place.before):
        return False
    if not place.named and _NO_MONEY.match(after):
        return False
    if not sure:
        return place.named and only
    if not place.plain:
        return True
    size = place.money.high or place.money.low or 0
    told = only or _cued(place.before, cues)
    odd = len(str(size)) >= _LONGEST_PLAIN and bool(size % 1000)
    return told and size >= least and not odd


def _cued(before: str, cues: Collection[str]) -> bool:
    """Whether nothing but small words stands between what speaks of money and the number."""
    ends = [before.rfind(cue) + len(cue) for cue in cues if cue in before]
    return bool(ends) and not _said_besides(before[max(ends) :])


def _is_only(text: str, places: list[_Place], cues: Collection[str]) -> bool:
    """Whether a clause says nothing but amounts."""
    rest, at = "", 0
    for each in places:
        rest, at = f"{rest}{text[at : each.start]} ", each.end
    rest += text[at:]
    for cue in sorted(cues, key=len, reverse=True):
        rest = rest.replace(cue, " ")
    return not _said_besides(rest)


def _said_besides(text: str) -> bool:
    words = re.findall(r"[a-z][a-z'.]*", text)
    han = re.sub(r"[^\u3400-\u9fff]", "", _TALK.sub("", text))
    return bool(han) or bool(re.search(r"\d", text)) or any(each.rstrip(".") not in _TALK_EN for each in words)


def both_ends(first: Money, second: Money) -> Money | None:
    """As "至少3万，最多5万", "6万左右，最多8万": one from the other; None where they are no two ends."""
    if first.currency != second.currency or second.high is None or second.low is not None or first.low is None:
        return None
    if first.low > second.high:
        return None
    return Money(currency=first.currency, low=first.low, high=second.high, about=first.about or second.about)


def _value(written: str, unit: str | None) -> int | None:
    grouped = re.fullmatch(r"\d{1,3}(?:\.\d{3})+", written) and not unit
    written = re.sub(r",(?=\d{1,2}$)", ".", written)
    base = float(re.sub(r"[,' .]" if grouped else r"[,' ]", "", written))
    value = base * _UNITS.get(unit or "", 1)
    return round(value) if value < _MOST else None


def _currency(mark: str) -> str:
    return next((name for name, pattern in _CURRENCIES if re.fullmatch(pattern, mark)), "")
