"""A reader at a browser that runs no scripts: opens pages, fills in forms, copies samples."""

import http.cookiejar
import urllib.parse
import urllib.request
from html.parser import HTMLParser

TIMEOUT_S = 30


class Page(HTMLParser):
    """What a reader takes from a page: its samples by their ids, the links, and the forms with what stands in them."""

    def __init__(self, text):
        super().__init__()
        self.samples, self.links, self.forms, self.values = {}, [], {}, {}
        self.sample = self.form = self.choice = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        it = dict(attributes)
        if tag == "code" and it.get("id", "").startswith("sample-"):
            self.sample = it["id"].removeprefix("sample-")
            self.samples[self.sample] = ""
        elif tag == "a":
            self.links.append(it.get("href", ""))
        elif tag == "form":
            self.form = self.forms.setdefault(it.get("action", ""), [])
        elif tag == "input":
            self.input(it)
        elif tag == "select":
            self.choice = it.get("name")
        elif tag == "option" and self.choice and self.form is not None:
            if "selected" in it or all(name != self.choice for name, _ in self.form):
                self.form[:] = [pair for pair in self.form if pair[0] != self.choice]
                self.form.append((self.choice, it.get("value", "")))

    def input(self, it):
        kind = it.get("type", "text")
        if "id" in it:
            self.values[it["id"]] = it.get("value", "")
        ticked = kind not in ("checkbox", "radio") or "checked" in it
        if self.form is not None and it.get("name") and kind != "submit" and ticked:
            self.form.append((it["name"], it.get("value", "")))

    def handle_endtag(self, tag):
        if tag == "code":
            self.sample = None
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self.choice = None

    def handle_data(self, text):
        if self.sample:
            self.samples[self.sample] += text


class Reader:
    def __init__(self, origin):
        self.origin = origin
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def get(self, path):
        return self.ask(urllib.request.Request(self.origin + path))

    def send(self, page, action, **fields):
        """Sends the form of a page that leads to `action`, as it stands but for these fields."""
        pairs = [(name, value) for name, value in page.forms[action] if name not in fields] + list(fields.items())
        headers = {"sec-fetch-site": "same-origin"}
        return self.ask(urllib.request.Request(self.origin + action, urllib.parse.urlencode(pairs).encode(), headers))

    def ask(self, request):
        with self.browser.open(request, timeout=TIMEOUT_S) as answer:
            return Page(answer.read().decode())
