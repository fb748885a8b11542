"""The page to read about each code."""

import re

import pytest

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.verdict import Code


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_page_of_aws(code: Code) -> None:
    """Whoever reads about a finding goes on at AWS's own documentation."""
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/[\w./-]+\.html", PAGES[code])
