# SPDX-License-Identifier: Apache-2.0
"""What the browser's tests share: a registry with packages that were made by clang, signed and
pushed by the client, and the end of a test that has no browser."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "api"))
from wpkgd import OUT, ROOT, Server

import browser

GREET = "example.com/greet"
README = """# Greet

Says hello to *everybody*.

## Use

    greet world

| argument | what |
| --- | --- |
| a name | is greeted |

See [the site](https://code.example/greet) and `greet.wasm`.
"""
MORE = """description = "Greets people"
authors = ["Jo Example <jo@example.com>"]
license = "Apache-2.0"
keywords = ["greeting", "hello"]
repository = "https://code.example/greet"

[dependencies]
"example.com/words" = "^0.3"
"""
PASSWORD = "correct horse"
KEY = "Jo Example <jo@example.com>"


def need(results, *programs):
    """Ends the test, skipped, when one of them is not installed."""
    absent = [name for name in ("chromium", "chromedriver", "clang", *programs)
              if not shutil.which(name)]
    if absent:
        results.skip(f"no {', '.join(absent)}: tools/dev/setup installs what there is to install")
        results.close()


@functools.cache
def compile_c(source):
    """The module that clang makes of a C file."""
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "program.wasm")
        subprocess.run(["clang", "--target=wasm32-wasi", "--sysroot=/usr", "-O2", "-s", "-o",
                        target, source], check=True)
        with open(target, "rb") as file:
            return file.read()


class Registry(Server):
    """A server with one user, "jo", whose key it trusts, and whose client works in a home of its
    own."""

    def __init__(self, *options):
        super().__init__(*options)
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home)
        self.keyring = self.path("keyring.toml")
        self.options += ["--htpasswd", self.path("users"), "--keyring", self.keyring]
        self.client("key", "create", KEY)
        self.path("keyring.toml", self.client("key", "export"))
        self.operator("user", "add", "--htpasswd", self.path("users"), "jo", text=PASSWORD)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def with_password(self, path):
        """The path's whole address with the user's name and password, as one may type it."""
        return f"http://jo:{urllib.parse.quote(PASSWORD)}@127.0.0.1:{self.port}{path}"

    def operator(self, *arguments, text=""):
        done = subprocess.run([os.path.join(OUT, "wpkgd"), *arguments], input=text + "\n",
                              text=True, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        return done.stdout

    def token(self, *arguments):
        return self.operator("token", "create", "--data", self.data, "--user", "jo",
                             *arguments).split()[-1]

    def client(self, *arguments, **environment):
        """wpkg; what it prints."""
        variables = {name: value for name, value in os.environ.items()
                     if not name.startswith(("WPKG_", "XDG_"))}
        variables |= {"HOME": self.home, "NO_COLOR": "1", **environment}
        if self.port:
            variables["WPKG_REGISTRY"] = self.origin
        done = subprocess.run([os.path.join(OUT, "wpkg"), *arguments], env=variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"wpkg {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def __enter__(self):
        super().__enter__()
        self.secret = self.token()
        self.client("key", "fetch", "--yes", WPKG_TOKEN=self.secret)
        return self

    def push(self, folder):
        return self.client("push", folder, WPKG_TOKEN=self.secret)

    def push_program(self, name, version, source, more="", files=()):
        """A package with a command that clang makes of the C file; files are (name, bytes)."""
        folder = os.path.join(self.folder, f"{name}-{version}".replace("/", "_"))
        program = os.path.basename(source).removesuffix(".c") + ".wasm"
        os.makedirs(folder)
        parcels = "".join(f'[[parcel]]\npath = "{path}"\n' for path, _ in files)
        for path, data in [(program, compile_c(source)), *files]:
            with open(os.path.join(folder, path), "wb") as file:
                file.write(data)
        with open(os.path.join(folder, "wpkg.toml"), "w", encoding="utf-8") as file:
            file.write(f'[package]\nname = "{name}"\nversion = "{version}"\n{more}\n'
                       f'[[parcel]]\npath = "{program}"\n{parcels}')
        return self.push(folder)

    def push_greet(self):
        """A package as people have them: two versions, one of them yanked, of a small program."""
        source = os.path.join(ROOT, "tools", "dev", "example", "greet.c")
        self.push_program("example.com/words", "0.3.0", source, 'description = "For others"')
        for version in ("1.0.0", "1.1.0"):
            files = [("README.md", README.encode()), ("notes.txt", f"of {version}\n".encode())]
            self.push_program(GREET, version, source, MORE, files)
        self.client("yank", f"{GREET}/1.0.0", "--reason", "greets everybody alike",
                    WPKG_TOKEN=self.secret)

    def browse(self, **options):
        return browser.Browser(self.origin, **options)
