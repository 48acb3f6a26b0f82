"""The policy of documents, and what is added to it."""

from typing import Any

import pytest

from wesktopd.errors import ConfigurationError
from wesktopd.guard.csp import DEFAULT_CSP, serialize, whole_policy


def directives(policy: str) -> dict[str, str]:
    return {name: sources for name, _, sources in (part.partition(" ") for part in policy.split("; "))}


def test_without_a_policy_it_is_the_default_one_and_another_stands_for_itself() -> None:
    assert whole_policy(None) == DEFAULT_CSP
    for policy in ("", "default-src *", "script-src 'self'; img-src *"):
        assert whole_policy(policy) == policy


def test_nothing_added_is_the_default_policy() -> None:
    assert whole_policy(serialize({})) == DEFAULT_CSP


@pytest.mark.parametrize(
    ("name", "source", "whole"),
    [
        ("script-src", "'unsafe-eval'", "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob: 'unsafe-eval'"),
        ("connect-src", "wss://a.example", "'self' blob: data: wss://a.example"),
        ("img-src", "https://tile.example", "'self' data: blob: https://tile.example"),  # as default-src has it
        ("worker-src", "https://a.example", "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob: https://a.example"),
        ("style-src-elem", "https://a.example", "'self' 'unsafe-inline' https://a.example"),
        ("object-src", "'self'", "'self'"),  # in place of 'none'
        ("frame-ancestors", "https://a.example", "https://a.example"),
        ("script-src", "'self'", "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:"),  # is there already
        ("report-to", "endpoint", "endpoint"),
    ],
)
def test_a_source_is_added_to_those_that_hold_without_it(name: str, source: str, whole: str) -> None:
    before = directives(DEFAULT_CSP)
    after = directives(whole_policy(serialize({name: [source]})))
    assert after.pop(name) == whole
    before.pop(name, None)
    assert after == before


def test_a_directive_without_sources_can_be_added_and_text_with_a_plus_is_the_same() -> None:
    assert whole_policy(serialize({"upgrade-insecure-requests": []})).endswith("; upgrade-insecure-requests")
    as_text = whole_policy("+ img-src https://a.example;connect-src https://b.example")
    assert as_text == whole_policy(
        serialize({"img-src": ["https://a.example"], "connect-src": ["https://b.example"]})
    )


@pytest.mark.parametrize(
    ("additions", "named"),
    [
        ({"img src": ["*"]}, "'img src'"),
        ({"img-src;": ["*"]}, "'img-src;'"),
        ({3: ["*"]}, "3"),
        ({"img-src": "*"}, "'*'"),
        ({"img-src": 5}, "5"),
        ({"img-src": ["a b"]}, "'a b'"),
        ({"img-src": ["a;b"]}, "'a;b'"),
        ({"img-src": ["a,b"]}, "'a,b'"),
        ({"img-src": ["ü"]}, "'ü'"),
        ({"img-src": [""]}, "''"),
        ({"img-src": [None]}, "None"),
        (5, "5"),
    ],
)
def test_what_no_policy_can_have_is_refused_by_its_value(additions: Any, named: str) -> None:
    with pytest.raises(ConfigurationError, match="csp") as raised:
        serialize(additions)
    assert named in raised.value.message
