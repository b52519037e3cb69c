"""A lab's own Label Studio server, spoken to through its SDK; the only module that opens a connection to elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast

import httpx
from django.conf import settings

from backend.core.errors import Refused
from backend.labels.addresses import allowed_address
from backend.labels.formats.writing.sdk import part_of_sdk, quietly

TokenKind = Literal["legacy", "personal"]
Wait = Callable[[float], None]
PERSONAL = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
LEGACY = re.compile(r"[A-Za-z0-9]{20,64}")
UPLOADED = re.compile(r"/data/upload/\d{1,12}/[^/\\?#%]{1,300}")
PASSING = {429, 502, 503, 504}
PATIENCE_S = (1.0, 3.0, 10.0)
LONGEST_WAIT_S = 60.0
ANSWER_BYTES = 512 * 1024**2
"""A page of tasks with many painted masks is large; nothing sensible is larger."""


def kind_of(token: str) -> TokenKind:
    """Which of Label Studio's two kinds of token this is, by its form."""
    if PERSONAL.fullmatch(token):
        return "personal"
    if LEGACY.fullmatch(token):
        return "legacy"
    raise Refused(
        "bad_token",
        "This is neither a personal access token nor a legacy API token of Label Studio.",
        "Copy it whole from Label Studio: Account & Settings, Personal Access Token (or Legacy Token).",
    )


class _Bounded(httpx.SyncByteStream):
    """An answer that is cut off where it grows beyond all measure."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        read = 0
        for block in self._stream:
            read += len(block)
            if read > ANSWER_BYTES:
                raise Refused("answer_too_large", f"The server's answer is larger than {ANSWER_BYTES // 1024**2} MiB.", http_status=502)
            yield block

    def close(self) -> None:
        self._stream.close()


class _Door(httpx.BaseTransport):
    """Lets requests through to one address, one after another at the agreed pace; follows nothing to elsewhere."""

    def __init__(self, address: str, wait: Wait) -> None:
        self._base = httpx.URL(address)
        self._wait = wait
        self._inner = httpx.HTTPTransport(trust_env=False)
        self._next_at = 0.0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = request.url
        is_ours = (asked.scheme, asked.host, asked.port) == (self._base.scheme, self._base.host, self._base.port)
        if not is_ours or not asked.path.startswith(self._base.path.rstrip("/") + "/"):
            raise Refused("address_not_allowed", f"A request to {asked.host} was held back.", "Report this.", http_status=409)
        early = self._next_at - time.monotonic()
        if early > 0:
            self._wait(early)
        self._next_at = time.monotonic() + settings.LABEL_STUDIO_PACE_S
        response = self._inner.handle_request(request)
        if response.is_redirect:
            response.close()
            raise Refused(
                "server_redirects",
                f"The server at {self._base} sends us on to another address.",
                "Give the address that it sends browsers to, and have that one allowed.",
                http_status=502,
            )
        stream = _Bounded(cast(httpx.SyncByteStream, response.stream))
        return httpx.Response(response.status_code, headers=response.headers, stream=stream, request=request)

    def close(self) -> None:
        self._inner.close()


class Server:
    """One server for as long as the block runs; waits go through `wait`, so that a job notices when nobody wants it any more."""

    def __init__(self, address: str, token: str, *, wait: Wait = time.sleep) -> None:
        self.address = allowed_address(address)
        self.kind = kind_of(token)
        self._token, self._wait = token, wait
        self._client = httpx.Client(
            transport=_Door(self.address, wait),
            timeout=settings.LABEL_STUDIO_TIMEOUT_S,
            follow_redirects=False,
            trust_env=False,
            # Nothing is unpacked on the way, so that what is counted is what is held.
            headers={"Accept-Encoding": "identity"},
        )
        self._sdk: Any = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def base_path(self) -> str:
        """The path below which the server answers; usually empty."""
        return httpx.URL(self.address).path.rstrip("/")

    def version(self) -> str:
        """Which Label Studio answers; refuses where something else does, or the token is not taken."""
        said = self._ask("GET", "api/version")
        release = said.get("release") if isinstance(said, dict) else None
        if not isinstance(release, str):
            raise _no_label_studio(self.address)
        # The version is told to everybody; only this shows whether the token is taken.
        self._ask("GET", "api/current-user/whoami")
        return release[:40]

    def projects(self) -> list[dict[str, Any]]:
        """`[{id, title, tasks}]` of every project that the token's owner sees."""
        found: list[dict[str, Any]] = []
        for page in range(1, 1000):
            said = self._ask("GET", "api/projects", params={"page": page, "page_size": 100})
            rows = said.get("results") if isinstance(said, dict) else None
            if not isinstance(rows, list):
                raise _no_label_studio(self.address)
            found += [
                {"id": int(row["id"]), "title": str(row.get("title", ""))[:200], "tasks": int(row.get("task_number") or 0)} for row in rows
            ]
            if not said.get("next"):
                break
        return found

    def project(self, project: int) -> dict[str, Any]:
        """A project as the server says it: `task_number`, `label_config` and more."""
        said = self._ask("GET", f"api/projects/{project}/", missing=_no_project(project))
        if not isinstance(said, dict):
            raise _no_label_studio(self.address)
        return said

    def tasks(self, project: int, page: int, size: int, *, is_brief: bool = False) -> list[dict[str, Any]]:
        """One page of tasks with everything said of them, exactly as the server writes it; empty beyond the last."""
        params = {"project": project, "page": page, "page_size": size, "fields": "task_only" if is_brief else "all"}
        said = self._ask("GET", "api/tasks", params=params, missing={"tasks": []})
        rows = said.get("tasks") if isinstance(said, dict) else None
        if not isinstance(rows, list):
            raise _no_label_studio(self.address)
        return [row for row in rows if isinstance(row, dict)]

    def predict(self, task: int, *, result: list[Any], score: float, model_version: str) -> None:
        """Leave a prediction on a task."""
        said = {"task": task, "result": result, "score": score, "model_version": model_version}
        self._ask("POST", "api/predictions/", json=said)

    def predict_anew(self, prediction: int, *, result: list[Any], score: float) -> None:
        """Put another result into a prediction that is there."""
        self._ask("PATCH", f"api/predictions/{prediction}/", json={"result": result, "score": score})

    def add_picture(self, project: int, name: str, jpeg: bytes) -> None:
        """Make a task of a picture."""
        self._ask("POST", f"api/projects/{project}/import", files={"file": (name, jpeg, "image/jpeg")})

    def picture(self, path: str) -> bytes | None:
        """A picture that was uploaded to this very server, by its path there; None for any other path and where it is gone."""
        if not UPLOADED.fullmatch(path) or ".." in path:
            return None
        answer = self._request("GET", path.lstrip("/"))
        return answer.content if answer.status_code == 200 and answer.headers.get("content-type", "").startswith("image/") else None

    def _ask(self, method: str, path: str, *, missing: Any = None, **sent: Any) -> Any:
        """The answer as JSON; `missing` is raised or given for a 404."""
        answer = self._request(method, path, **sent)
        if answer.status_code == 404 and missing is not None:
            if isinstance(missing, Refused):
                raise missing
            return missing
        if answer.status_code in (401, 403):
            raise self._token_refused(answer.status_code)
        if not answer.is_success:
            raise Refused(
                "server_refused",
                f"{self.address} answered {method} {path} with {answer.status_code}: {answer.text[:300]}",
                "Look at the server's own log; the exchange can be asked for again.",
                http_status=502,
            )
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise _no_label_studio(self.address) from None

    def _request(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Asks again what may pass: a read whatever failed, a write only where the server did not take it."""
        for patience in (*PATIENCE_S, None):
            try:
                answer: httpx.Response = self._opened().request(path, method=method, **sent)
            except httpx.TransportError as error:
                if patience is None or method != "GET":
                    raise self._unreachable(error) from error
                self._wait(patience)
                continue
            may_pass = answer.status_code in PASSING if method == "GET" else answer.status_code == 429
            if patience is None or not may_pass:
                return answer
            self._wait(max(patience, _asked_patience(answer.headers)))
        raise AssertionError("unreachable: the last turn has no patience")

    def _opened(self) -> Any:
        """The SDK's own HTTP client, which signs requests and exchanges personal tokens."""
        refused = part_of_sdk("core.api_error").ApiError
        try:
            if self._sdk is None:
                self._sdk = part_of_sdk("").LabelStudio(base_url=self.address, api_key=self._token, httpx_client=self._client)
            # A personal token is exchanged here, so that its refusal is told from that of a request.
            with quietly():
                self._sdk._client_wrapper.get_headers()
        except refused as error:
            raise self._token_refused(error.status_code or 401) from error
        except ValueError as error:
            raise _no_label_studio(self.address) from error
        return self._sdk._client_wrapper.httpx_client

    def _token_refused(self, status: int) -> Refused:
        if status not in (401, 403):
            return Refused("server_refused", f"{self.address} answered the exchange of the token with {status}.", http_status=502)
        if status == 403:
            hint = "Give the token's owner the right in Label Studio, or enter the token of somebody who has it."
            return Refused(
                "token_not_enough", f"The owner of the {_named(self.kind)} may not do this on the server.", hint, http_status=409
            )
        if self.kind == "legacy":
            hint = "Label Studio can have legacy tokens turned off: make a personal access token there and enter that one."
            return Refused("legacy_token_refused", "The server does not take the legacy API token.", hint, http_status=409)
        hint = "It has expired or was withdrawn: make a new one in Label Studio, Account & Settings, Personal Access Token."
        return Refused("personal_token_refused", "The server does not exchange the personal access token.", hint, http_status=409)

    def _unreachable(self, error: Exception) -> Refused:
        hint = "Check that it runs and that this server may reach it; what was exchanged so far is kept."
        return Refused("server_unreachable", f"{self.address} cannot be reached ({type(error).__name__}).", hint, http_status=502)


def _named(kind: TokenKind) -> str:
    return "personal access token" if kind == "personal" else "legacy API token"


def _asked_patience(headers: Mapping[str, str]) -> float:
    """What the server asks for in Retry-After, within reason."""
    said = headers.get("retry-after", "")
    return min(float(said), LONGEST_WAIT_S) if said.isdigit() else 0.0


def _no_label_studio(address: str) -> Refused:
    return Refused("no_label_studio", f"What answers at {address} is no Label Studio.", "Check the address.", http_status=502)


def _no_project(project: int) -> Refused:
    return Refused(
        "no_such_project",
        f"The server has no project {project} that the token's owner sees.",
        "Check the connection again.",
        http_status=409,
    )
