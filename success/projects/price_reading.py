"""Prices as they are written: YAML to a price list, and what is wrong with it by line, with what to do. Pure."""

from success.incident_errors import RulesBroken
from success.projects.errors import PricesBroken
from success.projects.price_rules import PriceList
from success.rule_reading import validated


def read_prices(source: str) -> PriceList:
    """The price list; raises PricesBroken with every problem, each at its line."""
    try:
        return validated(source, PriceList, begins="currency:")
    except RulesBroken as broken:
        raise PricesBroken(broken.problems) from broken
