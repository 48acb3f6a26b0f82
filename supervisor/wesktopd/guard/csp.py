"""The Content-Security-Policy of the app's documents: the default, and additions to it. No I/O.

W3C Content Security Policy Level 3, sections 2.2 (syntax) and 6.8.3 (fallback of the fetch directives).
"""

import re
from collections.abc import Iterable, Mapping

from wesktopd.errors import ConfigurationError

DEFAULT_CSP = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' blob: data:; frame-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
"""Own origin only: a page loads from no other origin, sends nothing there, and is not framed by one.

Inline scripts and styles run: they are the app's own, and a developer is to notice nothing.
"""

ADDS = "+"
"""What a policy begins with that adds to the default one."""

_NAME = re.compile(r"[a-z][a-z-]*")
_SOURCE = re.compile(r"[!-+\--:<-~]+")  # visible ASCII without ; and ,
_FALLBACK = {  # of what is fetched; all others have none
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "style-src-elem": ("style-src", "default-src"),
    "style-src-attr": ("style-src", "default-src"),
    "worker-src": ("child-src", "script-src", "default-src"),
    "frame-src": ("child-src", "default-src"),
    **dict.fromkeys(("child-src", "font-src", "img-src", "manifest-src", "media-src"), ("default-src",)),
}


def serialize(additions: object) -> str:
    """Return additions to the default policy, such as {"img-src": ["https://tile.example"]}, as text.

    Raises ConfigurationError for a name or a source that no policy can have.
    """
    if not isinstance(additions, Mapping):
        raise ConfigurationError(f"csp must be a string or a dict of directives, not {additions!r}.")
    return ADDS + "; ".join(_directive(name, sources) for name, sources in additions.items())


def _directive(name: object, sources: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"csp: a directive must be a name such as 'img-src', not {name!r}.")
    if isinstance(sources, str) or not isinstance(sources, Iterable):
        raise ConfigurationError(f"csp: {name!r} must be a list of sources, not {sources!r}.")
    words = [*sources]
    for word in words:
        if not isinstance(word, str) or not _SOURCE.fullmatch(word):
            raise ConfigurationError(
                f"csp: a source of {name!r} must be one such as 'https://a.example', not {word!r}."
            )
    return " ".join([name, *words])


def check_csp(csp: str | None) -> None:
    """Raise ConfigurationError for a policy that no header can hold."""
    if csp is not None and not all(" " <= char <= "~" for char in csp):
        raise ConfigurationError(f"csp must be one line of ASCII, not {csp!r}.")


def whole_policy(csp: str | None) -> str:
    """Return the policy to send: None stands for the default one, and "+..." adds to that."""
    if csp is None:
        return DEFAULT_CSP
    if not csp.startswith(ADDS):
        return csp
    policy = _parse(DEFAULT_CSP)
    for name, sources in _parse(csp.removeprefix(ADDS)).items():
        base = next((policy[other] for other in (name, *_FALLBACK.get(name, ())) if other in policy), [])
        kept = [] if base == ["'none'"] else base
        policy[name] = [*kept, *(source for source in sources if source not in kept)]
    return "; ".join(" ".join([name, *sources]) for name, sources in policy.items())


def _parse(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for directive in policy.split(";"):
        if words := directive.split():
            found.setdefault(words[0].lower(), words[1:])
    return found
