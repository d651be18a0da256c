from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from saas.redirects import safe_local_path


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/invoices/history",
        "/invoices?type=rent&page=2",
        "/invoices/0190a5b2-0000-7000-8000-000000000000#lines",
        "/search?q=a%20b&next=/x",
        "/search?q=//evil.com",
        "/@me",
        "/a:b",
    ],
)
def test_a_path_of_this_host_passes_unchanged(target: str) -> None:
    assert safe_local_path(target) == target


def test_letters_outside_ascii_are_encoded() -> None:
    assert safe_local_path("/buscar?q=año") == "/buscar?q=a%C3%B1o"


BAD = [
    None, "", "invoices", "?a=b", "#x", "//evil.com", "///evil.com", "////evil.com", "/\\evil.com", "\\\\evil.com",
    "/\\/evil.com", "\\/evil.com", "https:evil.com", "https:///evil.com", "https://evil.com", "http:/evil.com",
    "HtTpS:evil.com", "javascript:alert(1)", "data:text/html,x", "//evil.com\\@localhost", "/\t/evil.com",
    "/\n/evil.com", "/\r\nSet-Cookie: a=b", "\t//evil.com", " //evil.com", " /x", "/x ", "/\x00/evil.com", "/\x7f",
    "\x01//evil.com", "/%2f/evil.com", "/%2F%2Fevil.com", "/%2fevil.com", "/%5cevil.com", "/%5C%5Cevil.com",
    "/%252f%252fevil.com", "/%09/evil.com", "/%0d%0aSet-Cookie:a=b", "/%00", "/.//evil.com", "/..//evil.com",
    "/../evil", "/a/../../b", "/%2e%2e/x", "/a//b", "/%", "/%zz", "/%2", "/\u2028", "/\u00a0/x", "/\ud800",
    "/<script>", '/"x', "/{x}", "/|", "/^", "/`", "/[x]", "/x#a#b", "/" + "a" * 3000, "/%25252525252525252f/x",
    "\u2215\u2215evil.com", "．/evil", "@evil.com", ":80/x",
]  # fmt: skip


@pytest.mark.parametrize("target", BAD)
def test_everything_else_is_refused(target: str | None) -> None:
    assert safe_local_path(target) is None


PIECES = st.sampled_from(
    ["/", "\\", "//", ":", "@", "?", "#", ".", "..", "%2f", "%5c", "%09", "%25", "https:", "evil.com", "\t", "\n", "\r",
     "\x00", " ", "a", "ñ", "\u2028", "\uff0f", "localhost"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60))
@example("https:evil.com")
@example("/\t/evil.com")
def test_what_passes_stays_on_the_host_however_it_is_read(target: str) -> None:
    path = safe_local_path(target)
    if path is None:
        return
    assert re.fullmatch(r"/(?![/\\])[!-~]*", path) and "\\" not in path
    assert safe_local_path(path) == path
    # As a browser does it: drop tabs and line ends, take a backslash for a slash, then resolve.
    browser = re.sub("[\t\r\n]", "", path).replace("\\", "/")
    resolved = urlsplit(urljoin("https://here.example/login", browser))
    assert (resolved.scheme, resolved.netloc) == ("https", "here.example")
