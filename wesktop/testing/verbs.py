"""A method of the client for each method of HTTP."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

AnswerT = TypeVar("AnswerT")


class Verbs(ABC, Generic[AnswerT]):
    """Methods named after those of HTTP, which call `request`; AnswerT is its return type."""

    @abstractmethod
    def request(self, method: str, url: str, **options: Any) -> AnswerT:
        """Send a request."""

    def get(self, url: str, **options: Any) -> AnswerT:
        """Send a GET request, as `request` does."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> AnswerT:
        """Send a HEAD request, as `request` does."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> AnswerT:
        """Send an OPTIONS request, as `request` does."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Any) -> AnswerT:
        """Send a POST request, as `request` does."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> AnswerT:
        """Send a PUT request, as `request` does."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> AnswerT:
        """Send a PATCH request, as `request` does."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> AnswerT:
        """Send a DELETE request, as `request` does."""
        return self.request("DELETE", url, **options)
