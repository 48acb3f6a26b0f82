"""Where a URL goes that the page leads to, and what it is called that is downloaded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wesktop.window.opening.options import check_flag, check_permissions
from wesktop.window.policy.rules import (
    MAX_FILE_NAME,
    MAX_URL,
    Rules,
    Verdict,
    decide,
    decide_frame,
    file_name,
    origin,
)
from wesktopd.errors import ConfigurationError

OWN = "http://127.0.0.1:8000"
SHOW, BROWSER, REFUSE = Verdict.SHOW, Verdict.BROWSER, Verdict.REFUSE


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        (f"{OWN}", SHOW),
        (f"{OWN}/", SHOW),
        (f"{OWN}/_wesktop/open?token=x", SHOW),
        (f"{OWN}?a=b", SHOW),
        (f"{OWN}/#part", SHOW),
        (f"{OWN}/@evil.example/", SHOW),
        ("HTTP://127.0.0.1:8000/", SHOW),
        (f"blob:{OWN}/1b2c", SHOW),
        ("about:blank", SHOW),
        # look-alikes
        ("http://127.0.0.1:8000@evil.example/", BROWSER),
        ("http://user@127.0.0.1:8000/", BROWSER),
        ("http://127.0.0.1:8000:8000@evil.example/", BROWSER),
        ("http://127.0.0.1:80000/", REFUSE),
        ("http://127.0.0.1:8001/", BROWSER),
        ("http://127.0.0.1/", BROWSER),
        ("https://127.0.0.1:8000/", BROWSER),
        ("http://127.0.0.1.:8000/", BROWSER),
        ("http://127.0.0.1.evil.example:8000/", BROWSER),
        ("http://evil.example/http://127.0.0.1:8000/", BROWSER),
        ("http://evil.example:8000/", BROWSER),
        ("http://localhost:8000/", BROWSER),
        ("http://127.1:8000/", BROWSER),
        ("http://2130706433:8000/", BROWSER),
        ("http://0.0.0.0:8000/", BROWSER),
        ("http://[::1]:8000/", BROWSER),
        ("http://[::ffff:127.0.0.1]:8000/", BROWSER),
        ("http://[127.0.0.1]:8000/", REFUSE),
        ("http://127.0.0.1%3A8000/", BROWSER),
        ("http://127.0.0.1%00:8000/", BROWSER),
        # what two readers may read in two ways
        ("http://127.0.0.1:8000\\@evil.example/", REFUSE),
        ("http:\\\\127.0.0.1:8000/", REFUSE),
        ("http:/127.0.0.1:8000/", REFUSE),
        ("http:127.0.0.1:8000", REFUSE),
        ("http:///127.0.0.1:8000/", REFUSE),
        ("//127.0.0.1:8000/", REFUSE),
        ("/path", REFUSE),
        ("", REFUSE),
        (" http://127.0.0.1:8000/", REFUSE),
        ("http://127.0.0.1:8000/ ", REFUSE),
        ("http://127.0.0.1:8000/\n", REFUSE),
        ("http://127.0.0.1\t:8000/", REFUSE),
        ("http://127.0.0.1:8000/\0", REFUSE),
        ("http://127.0.0.1:\uff18\uff10\uff10\uff10/", REFUSE),
        ("http://\uff11\uff12\uff17.0.0.1:8000/", REFUSE),
        ("http://127.0.0.1\u3002evil.example:8000/", REFUSE),
        ("http://ex\u00e4mple.org/", REFUSE),
        ("http://[::1", REFUSE),
        ("http://host:port/", REFUSE),
        ("http://", REFUSE),
        (f"{OWN}/{'a' * MAX_URL}", REFUSE),
        # other schemes
        ("https://example.org/a?b=c#d", BROWSER),
        ("https://xn--exmple-cua.org/%C3%A4", BROWSER),
        ("https://user:word@example.org/", BROWSER),
        ("mailto:a@example.org", BROWSER),
        ("mailto:a@example.org, b@example.org?subject=a%20b", BROWSER),
        ("mailto:a@example.org\r\nBcc: all", REFUSE),
        ("MAILTO:a@example.org", BROWSER),
        ("about:srcdoc", REFUSE),
        ("about:config", REFUSE),
        ("file:///etc/passwd", REFUSE),
        ("FILE:///etc/passwd", REFUSE),
        ("file://127.0.0.1:8000/", REFUSE),
        ("data:text/html,x", REFUSE),
        ("javascript:alert(1)", REFUSE),
        ("JavaScript:alert(1)", REFUSE),
        ("vbscript:x", REFUSE),
        ("blob:http://evil.example/1", REFUSE),
        ("blob:null/1", REFUSE),
        (f"blob:blob:{OWN}/1", REFUSE),
        ("view-source:http://127.0.0.1:8000/", REFUSE),
        (f"filesystem:{OWN}/temporary/x", REFUSE),
        ("ftp://example.org/", REFUSE),
        ("ws://127.0.0.1:8000/", REFUSE),
        ("tel:+123", REFUSE),
        ("x-app:do", REFUSE),
        ("ms-msdt:/id", REFUSE),
        ("--help", REFUSE),
        ("-http://example.org", REFUSE),
    ],
)
def test_only_its_own_origin_is_shown(url: str, verdict: Verdict) -> None:
    assert decide(url, origin(f"{OWN}/")) is verdict


@pytest.mark.parametrize(
    ("app", "url", "verdict"),
    [
        ("http://127.0.0.1", "http://127.0.0.1:80/", SHOW),
        ("http://127.0.0.1:80", "http://127.0.0.1/", SHOW),
        ("https://h", "https://h:443/", SHOW),
        ("https://h", "https://h:80/", BROWSER),
        ("http://[::1]:8000", "http://[::1]:8000/", SHOW),
        ("http://[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8000/", BROWSER),
        ("http://App.localhost:8000", "http://app.localhost:8000/", SHOW),
        ("http://app.localhost:8000", "http://localhost:8000/", BROWSER),
    ],
)
def test_an_origin_is_scheme_host_and_port(app: str, url: str, verdict: Verdict) -> None:
    rules = Rules()
    rules.belongs_to(app)
    assert rules.page(url) is verdict


def test_before_there_is_an_app_nothing_is_its_own() -> None:
    rules = Rules()
    assert rules.page("about:blank") is SHOW
    assert rules.page(f"{OWN}/") is REFUSE
    assert rules.frame(f"{OWN}/") is REFUSE
    assert rules.page("None://None:None/") is REFUSE


@given(st.text())
def test_what_is_shown_begins_with_the_app_s_origin(rest: str) -> None:
    for url in (rest, f"http:{rest}", f"http://{rest}", f"{OWN}{rest}", f"blob:{rest}"):
        if decide(url, origin(OWN)) is SHOW:
            bare = url.removeprefix("blob:").lower()
            assert url == "about:blank" or bare == OWN or bare.startswith((f"{OWN}/", f"{OWN}?", f"{OWN}#"))


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        (f"{OWN}/", SHOW),
        ("https://example.org/", SHOW),
        ("about:blank", SHOW),
        ("about:srcdoc", SHOW),
        ("data:text/html,x", SHOW),
        ("blob:null/1", SHOW),
        ("file:///etc/passwd", REFUSE),
        ("FILE:/etc", REFUSE),
        ("x-app:do", REFUSE),
        ("javascript:1", REFUSE),
        ("", REFUSE),
        ("mailto:a@example.org", BROWSER),
    ],
)
def test_a_frame_shows_what_is_of_the_web(url: str, verdict: Verdict) -> None:
    assert decide_frame(url) is verdict


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (["camera"], True),
        (["camera", "microphone"], False),
        (["microphone"], False),
        ([], False),
        (["everything"], False),
    ],
)
def test_a_page_has_the_permissions_that_were_asked_for(asked: list[str], allowed: bool) -> None:
    assert Rules(["camera"]).allows(*asked) is allowed


@pytest.mark.parametrize(
    ("suggested", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../.bashrc", "bashrc"),
        ("..\\..\\run.exe", "run.exe"),
        ("/etc/passwd", "passwd"),
        ("a/", "download"),
        ("", "download"),
        (".", "download"),
        ("...", "download"),
        (" .profile ", "profile"),
        ("a\0b\nc.txt", "abc.txt"),
        ("gpj.\u202eexe.txt", "gpj.exe.txt"),
        ("\u00fcber \u2603.txt", "\u00fcber \u2603.txt"),
        ("a" * 300 + ".tar", "a" * (MAX_FILE_NAME - 4) + ".tar"),
        ("\u2603" * 100 + ".txt", "\u2603" * 65 + ".txt"),
        ("a." + "b" * 300, "a." + "b" * (MAX_FILE_NAME - 2)),
        ("name.", "name"),
    ],
)
def test_a_download_is_called_by_one_visible_name(suggested: str, name: str) -> None:
    assert file_name(suggested) == name


@given(st.text())
def test_any_suggestion_makes_a_name(suggested: str) -> None:
    name = file_name(suggested)
    assert 0 < len(name.encode()) <= MAX_FILE_NAME
    assert name.isprintable()
    assert not set(name) & set("/\\")
    assert not name.startswith(".")


def test_permissions_are_taken_once_each() -> None:
    assert check_permissions(("microphone", "camera", "camera")) == ["camera", "microphone"]


@pytest.mark.parametrize(
    ("permissions", "message"),
    [
        ("camera", "permissions must be a list"),
        (True, "permissions must be a list"),
        (None, "permissions must be a list"),
        (
            ["Camera"],
            "permission 'Camera' is unknown: there are camera, microphone, screen, geolocation, notifications, ",
        ),
        ([["camera"]], "permission ['camera'] is unknown: "),
    ],
)
def test_what_is_no_list_of_permissions_is_refused(permissions: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_permissions(permissions)
    assert raised.value.message.startswith(message)


@pytest.mark.parametrize("value", [None, 0, 1, "no", []])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        check_flag("downloads", value)
    assert f"downloads {value!r}" in raised.value.message


@pytest.mark.parametrize(
    ("failed", "shown", "repeated"),
    [
        (f"{OWN}/", "about:blank", True),
        (f"{OWN}/", f"{OWN}/", True),
        (f"{OWN}/asked", f"{OWN}/", False),
        (f"{OWN}/asked", "http://127.0.0.1:8001/", True),
    ],
)
def test_what_the_window_may_load_again_by_itself(failed: str, shown: str, repeated: bool) -> None:
    rules = Rules()
    rules.belongs_to(OWN)
    assert rules.may_repeat(failed, shown) is repeated
