"""The reference page of the keys is what the code says, and no key is without words."""

from optimize.reference import reference
from tests.support.paths import ROOT


def test_the_page_is_what_the_code_says():
    page = (ROOT / "docs" / "reference" / "keys.md").read_text()
    assert page == reference(), "python -m optimize.reference > docs/reference/keys.md"


def test_every_key_is_described():
    assert not [line for line in reference().splitlines() if line.endswith("|  |")]
