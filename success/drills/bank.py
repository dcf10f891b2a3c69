"""Questions that come with the program, with the pages they come from; a lead changes them as text."""

from functools import cache
from pathlib import Path
from typing import Final

from knowledge.language import TRADITIONAL, to_script
from success import quizzes
from success.drills.model import tongue
from success.quizzes import Question

FOLDER: Final = Path(__file__).with_name("questions")


@cache
def questions(language: str) -> tuple[Question, ...]:
    """The questions in a language of the desk."""
    text = (FOLDER / f"{tongue(language)}.txt").read_text("utf-8")
    return quizzes.read(to_script(text, TRADITIONAL) if language == TRADITIONAL else text)
