"""Which language a message is in: by script, marks and small words; unknown where nothing tells."""

import pytest

from knowledge.tongues import same, tongue


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("后台密码忘了怎么办", "zh-Hans"),
        ("後台密碼忘了怎麼辦", "zh-Hant"),
        ("Our contact form does not work since yesterday", "en"),
        ("お問い合わせフォームが動きません", "ja"),
        ("管理画面のパスワードを忘れました", "ja"),
        ("사이트가 열리지 않아요", "ko"),
        ("Сайт не открывается с утра", "ru"),
        ("Сайт не відкривається, допоможіть", "uk"),
        ("เว็บไซต์เปิดไม่ได้", "th"),
        ("الموقع لا يعمل منذ الصباح", "ar"),
        ("האתר לא עובד", "he"),
        ("Hola, la página no funciona desde ayer", "es"),
        ("Bonjour, notre site ne fonctionne pas", "fr"),
        ("Hallo, unser Formular geht nicht, bitte um Hilfe", "de"),
        ("Olá, a nossa página não abre desde ontem", "pt"),
        ("Ciao, il nostro sito non si apre", "it"),
        ("Halo, situs kami tidak bisa dibuka", "id"),
        ("Trang web của tôi không mở được", "vi"),
        ("Hallo, onze site is niet bereikbaar", "nl"),
        ("Das WordPress-Plugin https://a.example/the/is/of meldet: `the is of` und geht nicht", "de"),
        ("12345 !!! 👍", None),
        ("ok", None),
        ("WordPress", None),
        ("", None),
        ("••••••", None),
    ],
)
def test_tongues(text: str, language: str | None) -> None:
    """One message of each."""
    assert tongue(text) == language


def test_both_scripts_of_chinese_are_one_language() -> None:
    """Who reads one reads the other; nothing else is the same."""
    assert same("zh-Hans", "zh-Hant")
    assert not same("zh-Hans", "ja")
