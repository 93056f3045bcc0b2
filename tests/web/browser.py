# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, driven by chromedriver over plain HTTP (W3C WebDriver): just what the tests of
the web page need. Everything that the browser keeps is in a folder that goes with it."""

import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of a reference, by the specification
SECONDS = float(os.environ.get("WPKG_WEB_SECONDS", "60"))  # for what a page is to do by itself
LOGS = {"browser": "ALL", "performance": "ALL"}

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "Escape": "\ue00c", "Shift": "\ue008"}


def missing():
    """What must be installed to run these tests; empty: nothing."""
    return [name for name in ("chromium", "chromedriver") if not shutil.which(name)]


class WebDriverError(Exception):
    """A refusal of chromedriver: its word for it, and its message."""

    def __init__(self, error, message):
        super().__init__(f"{error}: {message}")
        self.error = error


class Element:
    def __init__(self, browser, reference):
        self.browser = browser
        self.reference = reference

    def _call(self, method, path, body=None):
        return self.browser.call(method, f"/element/{self.reference}{path}", body)

    def click(self):
        self._call("POST", "/click", {})

    def type(self, text):
        self._call("POST", "/value", {"text": text})

    def clear(self):
        self._call("POST", "/clear", {})

    @property
    def text(self):
        return self._call("GET", "/text")

    def attribute(self, name):
        return self._call("GET", f"/attribute/{name}")

    def property(self, name):
        return self._call("GET", f"/property/{name}")

    def is_shown(self):
        return self._call("GET", "/displayed")

    def find_all(self, selector):
        return [Element(self.browser, found[ELEMENT]) for found in self._call(
            "POST", "/elements", {"using": "css selector", "value": selector})]


class Browser:
    """A session; a context that ends browser and driver. origin: before each path given to open."""

    def __init__(self, origin, width=1280, height=900, javascript=True):
        self.origin = origin
        self.size = (width, height)
        self.javascript = javascript
        self.folder = tempfile.mkdtemp(prefix="wpkg-web-")
        self.driver = None
        self.connection = None
        self.session = None

    def __enter__(self):
        try:
            self._start_driver()
            self._start_session()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            if self.driver:
                self.driver.terminate()
                self.driver.wait(timeout=30)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _start_driver(self):
        log = os.path.join(self.folder, "chromedriver.log")
        environment = {**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
                       "XDG_CACHE_HOME": self.folder}
        with open(log, "wb") as out:
            self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=out, stderr=out,
                                           stdin=subprocess.DEVNULL, env=environment)
        port = None
        deadline = time.monotonic() + 30
        while not port and time.monotonic() < deadline and self.driver.poll() is None:
            with open(log, encoding="utf-8", errors="replace") as text:
                port = re.search(r"started successfully on port (\d+)", text.read())
            time.sleep(0.01)
        if not port:
            raise RuntimeError("chromedriver did not start: " + open(log).read())
        self.connection = http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=120)

    def _start_session(self):
        width, height = self.size
        arguments = ["--headless=new", f"--window-size={width},{height}", "--no-first-run",
                     "--disable-gpu", "--disable-dev-shm-usage", "--disable-component-update",
                     "--disable-background-networking", "--disable-sync",
                     "--force-color-profile=srgb", "--hide-scrollbars",
                     f"--user-data-dir={self.folder}/profile",
                     # Nothing but this machine has an address; by that name it is one that a
                     # browser does not take for itself.
                     "--host-resolver-rules=MAP plain.example 127.0.0.1, MAP * ~NOTFOUND, "
                     "EXCLUDE 127.0.0.1", "about:blank"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # its own, which Chromium refuses to root
        options = {"args": arguments, "binary": shutil.which("chromium")}
        if not self.javascript:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        answer = self._exchange("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": LOGS,
            "unhandledPromptBehavior": "ignore"}}})
        self.session = answer["sessionId"]
        self.version = answer["capabilities"]["browserVersion"]

    def _exchange(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        self.connection.request(method, path, data, {"Content-Type": "application/json"})
        value = json.loads(self.connection.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value and "stacktrace" in value:
            raise WebDriverError(value["error"], value["message"])
        return value

    def call(self, method, path, body=None):
        """A command of this session."""
        return self._exchange(method, f"/session/{self.session}{path}", body)

    def devtools(self, command, **parameters):
        """A command of the browser's own protocol, for what WebDriver has no word for."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, path):
        self.call("POST", "/url", {"url": self.origin + path if path.startswith("/") else path})

    @property
    def address(self):
        """The page's, without the origin."""
        return self.call("GET", "/url").removeprefix(self.origin)

    @property
    def title(self):
        return self.call("GET", "/title")

    def find_all(self, selector):
        return [Element(self, found[ELEMENT]) for found in self.call(
            "POST", "/elements", {"using": "css selector", "value": selector})]

    def find(self, selector):
        return Element(self, self.call("POST", "/element", {
            "using": "css selector", "value": selector})[ELEMENT])

    def run(self, script, *arguments):
        """The value of a function's body in the page."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """The same for a body that awaits."""
        script = ("const done = arguments[arguments.length - 1]; const given = arguments;"
                  f"(async () => {{ {script} }})().then(done, (e) => done({{failed: String(e)}}))")
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def wait(self, what, script, *arguments):
        """Until the script's value is true; it, or an error that says what did not come."""
        deadline = time.monotonic() + SECONDS
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.address}: {what} did not come; the page says: " +
                                   self.run("return document.body.innerText").strip()[-2000:])
            time.sleep(0.02)

    def wait_text(self, selector, text):
        """Until an element of that selector holds the text; that element's text."""
        return self.wait(f"{text!r} in {selector}",
                         "for (const e of document.querySelectorAll(arguments[0]))"
                         " if (e.innerText.includes(arguments[1])) return e.innerText;"
                         "return null", selector, text)

    def press(self, *chords):
        """Keys to whatever has the focus, a chord after the other: "Tab", "Shift+Tab", "Enter"."""
        actions = []
        for chord in chords:
            keys = [KEYS[name] for name in chord.split("+")]
            actions += [{"type": "keyDown", "value": key} for key in keys]
            actions += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._send_keys(actions)

    def write(self, text):
        """The keys of a text to whatever has the focus."""
        self._send_keys([{"type": kind, "value": letter} for letter in text
                         for kind in ("keyDown", "keyUp")])

    def _send_keys(self, actions):
        self.call("POST", "/actions", {"actions": [
            {"type": "key", "id": "keyboard", "actions": actions}]})

    @property
    def focus(self):
        """What the focus is on, in short: "a Packages", "input q"."""
        return self.run("const e = document.activeElement; return e.tagName.toLowerCase() + ' ' +"
                        "(e.name || e.textContent.trim().slice(0, 40))")

    def resize(self, width, height=900):
        """The page's own size, also below what a window can have."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)

    def set_scheme(self, scheme):
        """"light" or "dark", without anything on its way between two colours."""
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def screenshot(self, path, whole=True):
        """A PNG, of the whole page."""
        picture = self.devtools("Page.captureScreenshot", format="png",
                                captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def dialog(self):
        """The text of an open alert, confirm or prompt; None: there is none."""
        try:
            return self.call("GET", "/alert/text")
        except WebDriverError as error:
            if error.error != "no such alert":
                raise
            return None

    def messages(self):
        """What came to the console since the last call: errors, and what a policy refused."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """The addresses that were asked for since the last call."""
        found = []
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                found.append(event["params"]["request"]["url"])
        return found


if __name__ == "__main__":
    sys.exit("this is no test: it is what the tests share")
