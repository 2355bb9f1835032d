"""The YAML language server that editors use, as an editor speaks with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

ROOT = Path(__file__).parents[2]
SERVER = ROOT / ".venv" / "language-server" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
MISSING = "the YAML language server is not there: run `make editors`, which needs npm"


def is_there() -> bool:
    return SERVER.exists() and which("node") is not None


class LanguageServer:
    """One server over files of a folder, each of which `schema` is for."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path, schema: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out, self._folder, self._sent = process.stdin, process.stdout, folder, 0
        self._settings = {
            "schemas": {schema.as_uri(): ["*.yaml"]},
            "schemaStore": {"enable": False},
            "completion": True,
        }
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"diagnostic": {}}}
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": capabilities})
        self._send({"method": "initialized", "params": {}})

    def diagnostics(self, name: str, text: str) -> list[str]:
        """Open a file and return what the editor underlines, as sentences."""
        uri = (self._folder / f"{name}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        told = self._until(lambda message: message.get("params", {}).get("uri") == uri)
        return [each["message"] for each in told["params"]["diagnostics"]]

    def completions(self, name: str, text: str, after: str) -> list[str]:
        """Open a file and return what is offered behind `after`."""
        self.diagnostics(name, text)
        offered = self._ask("textDocument/completion", self._place(name, text, text.index(after) + len(after)))
        return [item["label"] for item in (offered["items"] if isinstance(offered, dict) else offered or [])]

    def hover(self, name: str, text: str, over: str) -> str:
        """Open a file and return what is shown over a word."""
        self.diagnostics(name, text)
        shown = self._ask("textDocument/hover", self._place(name, text, text.index(over) + 1))
        return str(shown["contents"]["value"]) if shown else ""

    def _place(self, name: str, text: str, offset: int) -> dict[str, Any]:
        line, column = text.count("\n", 0, offset), offset - text.rfind("\n", 0, offset) - 1
        uri = (self._folder / f"{name}.yaml").as_uri()
        return {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}

    def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._sent += 1
        number = self._sent
        self._send({"id": number, "method": method, "params": params})
        return self._until(lambda message: message.get("id") == number and "method" not in message)["result"]

    def _until(self, is_it: Any) -> dict[str, Any]:
        while not is_it(message := self._receive()):
            if message.get("method") == "workspace/configuration":
                asked = message["params"]["items"]
                answer = [self._settings if item.get("section") == "yaml" else {} for item in asked]
                self._send({"id": message["id"], "result": answer})
            elif "id" in message and "method" in message:
                self._send({"id": message["id"], "result": None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._in.flush()

    def _receive(self) -> dict[str, Any]:
        length = 0
        while line := self._out.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        assert length, "the language server has ended"
        message: dict[str, Any] = json.loads(self._out.read(length))
        return message


@contextmanager
def language_server(folder: Path, schema: Path) -> Iterator[LanguageServer]:
    """Run the server until the end of the block."""
    process = subprocess.Popen(
        ["node", str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        yield LanguageServer(process, folder, schema)
    finally:
        process.kill()
        process.communicate()
