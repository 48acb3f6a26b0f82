"""A Flask app: it is WSGI, so a2wsgi makes an ASGI app of it (`pip install flask a2wsgi`)."""

import a2wsgi
import flask

import wesktop

app = flask.Flask(__name__)


@app.get("/")
def index() -> str:
    style = flask.url_for("static", filename="style.css")
    return f'<!doctype html><title>Flask</title><link rel="stylesheet" href="{style}"><h1>Hello from Flask</h1>'


asgi = a2wsgi.WSGIMiddleware(app)

if __name__ == "__main__":
    wesktop.run("flask_app:asgi", title="Flask", port=0)
