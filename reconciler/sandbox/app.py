"""The embedded Keeptrusts as an ASGI application: routing, tokens, errors. State is in the Store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from reconciler.sandbox.call import Call, Principal, Reply
from reconciler.sandbox.routes import BILLING, MEMBER, ROUTES, RouteSpec
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import ApiError, Presentation, parse_json

READER = Principal("usr_reader", "user", (MEMBER, "wallets:read"))
TREASURER = Principal("svc_budgets", "service_account", (MEMBER, "wallets:read", BILLING))
HOSTS = ("127.0.0.1", "localhost", "[::1]")


@dataclass(slots=True)
class Deployment:
    """One running sandbox: its state, its tokens, how it writes answers and where its object storage is."""

    store: Store
    principals: Mapping[str, Principal]
    presentation: Presentation
    object_origin: str = ""

    def application(self) -> Starlette:
        numbers = count(1)
        routes = [Route(spec.path, _Endpoint(self, spec, numbers), methods=[spec.method]) for spec in ROUTES]
        routes.append(Route("/objects/{key:path}", self._object, methods=["GET"]))
        return Starlette(routes=routes, exception_handlers={HTTPException: self._not_found})

    def principal(self, request: Request, permission: str) -> Principal:
        """Return who asks; ApiError when the token is unknown or does not allow it."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        principal = self.principals.get(token.strip()) if kind.casefold() == "bearer" else None
        if principal is None:
            raise ApiError(401, "unauthorized", "the bearer token is missing or not known")
        if permission not in principal.permissions:
            raise ApiError(403, "forbidden", f"this needs the permission {permission}")
        return principal

    def answer(self, reply: Reply, request_id: str = "") -> Response:
        body = b"" if reply.status == 204 else self.presentation.body(reply.document)
        headers = {"X-Request-Id": request_id, **reply.headers}
        return Response(body, reply.status, headers, media_type="application/json")

    async def _not_found(self, request: Request, problem: Exception) -> Response:
        if not isinstance(problem, HTTPException):
            raise problem
        code = "method_not_allowed" if problem.status_code == 405 else "not_found"
        document = ApiError(
            problem.status_code, code, f"{request.method} {request.url.path}: {problem.detail}"
        ).document
        return self.answer(Reply(document, problem.status_code, problem.headers or {}))

    async def _object(self, request: Request) -> Response:
        """Serve object storage: as real ones do, it refuses a bearer token that was not meant for it."""
        try:
            require_loopback(request)
            if "authorization" in request.headers:
                raise ApiError(400, "invalid_argument", "only one authentication mechanism is allowed")
            job = self.store.jobs.of_object(request.path_params["key"])
        except ApiError as refusal:
            return self.answer(Reply(refusal.document, refusal.status))
        path = self.store.directory / job["file"]
        if not path.exists():
            await to_thread.run_sync(self.store.usage.export(job, self.store.directory))
        return FileResponse(path, media_type="application/octet-stream")


class _Endpoint:
    """Runs a handler for a request: host, token, body, errors, request id."""

    def __init__(self, deployment: Deployment, spec: RouteSpec, numbers: count[int]) -> None:
        self.deployment = deployment
        self.spec = spec
        self.numbers = numbers

    async def __call__(self, scope, receive, send):  # type: ignore[no-untyped-def]
        request = Request(scope, receive)
        request_id = f"req_{next(self.numbers):08d}"
        try:
            reply = self.spec.handler(await self._call(request))
        except ApiError as refusal:
            reply = Reply(refusal.document, refusal.status)
        await self.deployment.answer(reply, request_id)(scope, receive, send)

    async def _call(self, request: Request) -> Call:
        require_loopback(request)
        principal = self.deployment.principal(request, self.spec.permission)
        return Call(
            self.deployment.store,
            self.deployment.presentation,
            principal,
            request.path_params,
            request.query_params,
            {} if request.method in ("GET", "DELETE") else _document(await request.body()),
            self.deployment.object_origin,
            hidden=request.scope.get("sandbox.hidden", ()),
            shifting=request.scope.get("sandbox.shifting", False),
        )


def require_loopback(request: Request) -> None:
    """Refuse a request that a web page smuggled in under another name than the loopback's."""
    host = request.headers.get("host", "")
    if host.removesuffix(f":{host.rpartition(':')[2]}") not in HOSTS and host not in HOSTS:
        raise ApiError(421, "misdirected_request", "the sandbox answers on loopback names only")


def _document(body: bytes) -> Mapping[str, object]:
    document = parse_json(body)
    if not isinstance(document, dict):
        raise ApiError(400, "invalid_json", "the request body must be a JSON object")
    return document
