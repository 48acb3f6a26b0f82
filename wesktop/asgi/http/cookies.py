"""Cookies (RFC 6265)."""

from collections.abc import Iterable, Mapping
from typing import Literal

from wesktop.asgi.http.headers import is_token
from wesktop.asgi.parameters import check_type

SameSite = Literal["strict", "lax", "none"]

# RFC 6265, section 4.1.1, cookie-octet: visible US-ASCII but for the quote, comma, semicolon and backslash.
_OCTETS = frozenset(map(chr, range(0x21, 0x7F))) - set('",;\\')


class Cookie:
    """A cookie to be set.

    max_age: seconds that it is kept; None until the browser ends, 0 removes it. path, domain: where it is sent to;
    by default everywhere on this host, and to no other. secure: over HTTPS alone. http_only: out of reach for
    scripts. same_site: "strict", "lax" (the default) or "none", which needs *secure*.

    Raises ValueError for a name that is not a token, a value or attribute that cannot stand in the header
    (percent-encode it), or a same_site other than these, and TypeError for a name or value that is not a str or a
    max_age that is not an int.
    """

    def __init__(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        http_only: bool = True,
        same_site: SameSite = "lax",
    ) -> None:
        check_type("cookie name", name, str)
        if not isinstance(value, str):  # not in the message: it may be a secret
            raise TypeError(f"cookie {name!r} has a value of type {type(value).__name__}, not str")
        if max_age is not None:
            check_type(f"cookie {name!r}: max_age", max_age, int)
        if not is_token(name):
            raise ValueError(f"cookie name must be a token, not {name!r}: use letters, digits, '-' and '_'")
        if not _OCTETS.issuperset(value):
            wrong = next(char for char in value if char not in _OCTETS)
            raise ValueError(f"cookie {name!r} has {wrong!r} in its value: percent-encode it")
        if same_site not in ("strict", "lax", "none"):
            raise ValueError(f"cookie {name!r}: same_site must be 'strict', 'lax' or 'none', not {same_site!r}")
        if same_site == "none" and not secure:
            raise ValueError(f"cookie {name!r}: browsers refuse same_site 'none' without secure=True")
        parts = [f"{name}={value}"]
        for attribute, text in (("Path", path), ("Domain", domain)):
            if text is not None:
                if not text.isascii() or not text.isprintable() or ";" in text:
                    raise ValueError(f"cookie {name!r}: {attribute.lower()} {text!r} cannot stand in a header")
                parts.append(f"{attribute}={text}")
        if max_age is not None:
            parts.append(f"Max-Age={max_age:d}")
        parts += [flag for flag, wanted in (("Secure", secure), ("HttpOnly", http_only)) if wanted]
        parts.append(f"SameSite={same_site.capitalize()}")
        self.name = name
        self.header = (b"set-cookie", "; ".join(parts).encode("ascii"))


Cookies = Mapping[str, str] | Iterable[Cookie]
"""Cookies to be set: names and values, or `Cookie` objects."""


def encode_cookies(cookies: Cookies | None) -> list[tuple[bytes, bytes]]:
    """The header fields that set *cookies*. Raises ValueError as `Cookie` does."""
    if not cookies:
        return []
    if isinstance(cookies, Mapping):
        cookies = [Cookie(name, value) for name, value in cookies.items()]
    return [cookie.header for cookie in cookies]


def parse_cookies(header: str) -> dict[str, str]:
    """The cookies of a Cookie header (RFC 6265, section 5.4); the first of a repeated name, which is the nearer one.

    Anything but a pair is left out: a browser sends whatever another program on this host has set.
    """
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        name, value = name.strip(" \t"), value.strip(" \t")
        if equals and name:
            if len(value) >= 2 and value[0] == value[-1] == '"':
                value = value[1:-1]
            cookies.setdefault(name, value)
    return cookies
