"""Content codings: choosing the compressed variant of a file (RFC 9110, section 12.5.3)."""

SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""File suffixes of the compressed variants, in order of preference (RFC 7932, RFC 8878, RFC 1952)."""


def choose(accept_encoding: str, available: list[str]) -> str:
    """Return the coding to send, one of *available*; "" for the plain file, which can always be sent.

    The client's weights decide, then the order of *available*.
    """
    weights = _weights(accept_encoding)
    best, best_weight = "", weights.get("identity", 0.0)
    for coding in available:
        weight = weights.get(coding, weights.get("*", 0.0))
        if weight > best_weight:
            best, best_weight = coding, weight
    return best


def _weights(accept_encoding: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for entry in accept_encoding.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        if name:
            weights["gzip" if name == "x-gzip" else name] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
