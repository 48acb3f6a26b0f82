"""A Django app in one file, with its static files (`pip install django`)."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import path

import wesktop

HERE = Path(__file__).parent

settings.configure(
    SECRET_KEY=os.environ.get("SECRET_KEY", "for development alone"),
    DEBUG=True,
    ALLOWED_HOSTS=["127.0.0.1", ".localhost"],  # the app's window has a host of its own below localhost
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.staticfiles"],
    STATIC_URL="/static/",
    STATICFILES_DIRS=[HERE / "static"],
)
django.setup()


def index(_request: HttpRequest) -> HttpResponse:
    style = static("style.css")
    return HttpResponse(
        f'<!doctype html><title>Django</title><link rel="stylesheet" href="{style}"><h1>Hello from Django</h1>'
    )


urlpatterns = [path("", index)]
app = ASGIStaticFilesHandler(get_asgi_application())

if __name__ == "__main__":
    wesktop.run("django_app:app", title="Django", port=0)
