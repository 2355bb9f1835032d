"""Requests to GitHub: rate limits, broken answers, pages, and where the token may go."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from forge.forge_world import Waits
from forge.github_standin import State, answer

from reconciler.findings import (
    RejectedError,
    RemoteError,
    UnauthorizedError,
    UnreachableError,
    UnreadableError,
    UsageError,
)
from reconciler.forge.check import CheckVerdict, instant
from reconciler.forge.github.channel import Channel, Connection, rate_limit_wait
from reconciler.forge.github.check_run import publish_check
from reconciler.forge.github.identity import identify
from reconciler.forge.github.repository import Repository, commit_id, default_branch, pull_request
from reconciler.forge.gitlab import channel as gitlab
from reconciler.http.failures import ForbiddenError, LostAnswerError

ANY = r"GET /repos/acme/ai-budgets"


def speaking(handler: Callable[[httpx.Request], httpx.Response], waits: Waits | None = None) -> Channel:
    connection = Connection(token="ghs_secret", backoff=0.001, retries=2)
    return Channel(connection, transport=httpx.MockTransport(handler), wait=waits or Waits())


def test_a_secondary_rate_limit_is_waited_for_as_long_as_github_asks(
    github: State, channel: Channel, repository: Repository, waits: Waits
) -> None:
    github.fail(ANY, answer(403, "You have exceeded a secondary rate limit", retry_after="7"))
    assert default_branch(channel, repository) == "main"
    assert waits.seconds == [7.0]


def test_a_primary_rate_limit_is_waited_for_until_it_is_reset_by_githubs_own_clock(waits: Waits) -> None:
    limited = httpx.Response(
        403,
        headers={
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "1781773210",
            "date": "Thu, 18 Jun 2026 09:00:00 GMT",
        },
    )
    answers = iter([limited, httpx.Response(200, json={"default_branch": "trunk"})])
    with speaking(lambda _: next(answers), waits) as channel:
        assert default_branch(channel, Repository("acme", "x")) == "trunk"
    assert waits.seconds == [10.0]


def test_a_secondary_rate_limit_that_names_no_time_costs_a_minute(
    github: State, channel: Channel, repository: Repository, waits: Waits
) -> None:
    github.fail(ANY, answer(429, "slow down"), answer(403, "You have exceeded a secondary rate limit."))
    default_branch(channel, repository)
    assert waits.seconds == [60.0, 60.0]


@pytest.mark.parametrize(
    ("message", "page"),
    [
        ("You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.", ""),
        ("Please wait a few minutes before you try again.", "https://developer.github.com/v3/#abuse-rate-limits"),
        ("Please wait.", "https://docs.github.com/rest/overview/resources-in-the-rest-api#secondary-rate-limits"),
        ("You have exceeded a secondary Rate Limit.", ""),
    ],
)
def test_a_secondary_rate_limit_is_known_by_the_words_of_every_age(message: str, page: str, waits: Waits) -> None:
    body = {"message": message, **({"documentation_url": page} if page else {})}
    limited = httpx.Response(403, json=body, headers={"x-ratelimit-remaining": "4321"})
    answers = iter([limited, httpx.Response(200, json={"default_branch": "trunk"})])
    with speaking(lambda _: next(answers), waits) as channel:
        assert default_branch(channel, Repository("acme", "x")) == "trunk"
    assert waits.seconds == [60.0]


def test_a_missing_permission_is_no_rate_limit(waits: Waits) -> None:
    page = "https://docs.github.com/enterprise-server@3.4/rest/repos/repos#list-repository-activities"
    body = {"message": "Resource not accessible by integration", "documentation_url": page}
    refused = httpx.Response(403, json=body, headers={"x-ratelimit-remaining": "4321"})
    with speaking(lambda _: refused, waits) as channel, pytest.raises(ForbiddenError):
        default_branch(channel, Repository("acme", "x"))
    assert waits.seconds == []


def test_a_rate_limit_longer_than_our_patience_is_said(
    github: State, channel: Channel, repository: Repository, waits: Waits
) -> None:
    github.fail(ANY, answer(429, "slow down", retry_after="3600"))
    with pytest.raises(RejectedError, match="3600 seconds"):
        default_branch(channel, repository)
    assert waits.seconds == []


def test_a_write_that_was_rate_limited_is_sent_again(github: State, channel: Channel, waits: Waits) -> None:
    github.fail(r"POST .*", answer(403, "You have exceeded a secondary rate limit", retry_after="1"))
    channel.write("POST", "/repos/acme/ai-budgets/issues/128/comments", {"body": "once"})
    assert [item["body"] for item in github.comments] == ["once"]


def test_a_read_survives_servers_that_break(github: State, channel: Channel, repository: Repository) -> None:
    github.fail(ANY, answer(502), answer(503))
    assert default_branch(channel, repository) == "main"


def test_a_read_that_never_works_is_an_error(github: State, channel: Channel, repository: Repository) -> None:
    github.fail(ANY, *[answer(500, "boom")] * 5)
    with pytest.raises(RemoteError, match="500"):
        default_branch(channel, repository)


def test_a_write_is_never_repeated_blindly(github: State, channel: Channel) -> None:
    github.fail(r"POST .*", answer(502))
    with pytest.raises(LostAnswerError):
        channel.write("POST", "/repos/acme/ai-budgets/issues/128/comments", {"body": "once"})
    assert len(github.writes) == 1


def test_a_missing_permission_is_named(github: State, channel: Channel) -> None:
    github.fail(r"POST .*", answer(403, "Resource not accessible by integration"))
    with pytest.raises(ForbiddenError) as error:
        channel.write("POST", "/repos/acme/ai-budgets/issues/128/comments", {"body": "x"})
    assert error.value.hint == "grant `pull-requests: write`"


@pytest.mark.parametrize(
    "address", ["https://api.github.com", "https://github.example/api/v3", "https://example.test/git/api/v3/"]
)
@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "/orgs/acme/teams/finance/memberships/bob", "members: read"),
        ("GET", "/orgs/acme/members", "members: read"),
        ("GET", "/repos/a/b/commits/c/check-runs", "`checks: read`"),
        ("PATCH", "/repos/a/b/check-runs/7", "`checks: write`"),
        ("GET", "/repos/a/b/commits/c/pulls", "`pull-requests: read`"),
        ("POST", "/repositories/7/issues/128/comments", "`pull-requests: write`"),
        ("GET", "/repos/a/b/issues", "`issues: read`"),
        ("POST", "/repos/a/b/actions/workflows/resume.yml/dispatches", "`actions: write`"),
        ("GET", "/repos/a/b/collaborators/bob", "somebody who may push"),
        ("GET", "/repos/a/b/collaborators/bob/permission", "somebody who may push"),
        ("GET", "/repos/a/b", "`contents: read`"),
        ("GET", "/repos/a/pulls", "`contents: read`"),
        ("GET", "/repos/orgs/issues/branches/comments", "`contents: read`"),
    ],
)
def test_every_kind_of_request_names_its_permission_wherever_the_api_is(
    address: str, method: str, path: str, hint: str
) -> None:
    refused = httpx.MockTransport(lambda _: httpx.Response(403, json={}))
    with Channel(Connection(token="t", api_url=address), transport=refused) as channel:
        asked = channel.get if method == "GET" else lambda path: channel.write(method, path, {})
        with pytest.raises(ForbiddenError) as error:
            asked(path)
    assert hint in error.value.hint
    assert f" to {method} {httpx.URL(address).path.rstrip('/')}{path}" in error.value.message


@pytest.mark.parametrize("address", ["https://api.github.com", "https://example.test/git/api/v3"])
def test_the_token_for_members_asks_about_people_alone_wherever_the_api_is(address: str) -> None:
    asked: dict[str, str] = {}

    def answers(request: httpx.Request) -> httpx.Response:
        asked[request.url.path.removeprefix(httpx.URL(address).path)] = request.headers["authorization"]
        return httpx.Response(200, json={"data": {}})

    connection = Connection(token="own", members_token="members", api_url=address)
    with Channel(connection, transport=httpx.MockTransport(answers)) as channel:
        for path in (
            "orgs/acme/teams/finance/members",
            "repos/a/b/collaborators/bob",
            "repos/orgs/teams/pulls",
            "repos/a/b/issues/collaborators/1",
        ):
            channel.get(f"/{path}")
        channel.query("{ viewer { login } }", {})
    by_members = {path for path, token in asked.items() if token == "Bearer members"}
    graphql = {path for path in asked if path.endswith("graphql")}
    assert len(graphql) == 1
    assert by_members - graphql == {
        path for path in asked if path.lstrip("/") in ("orgs/acme/teams/finance/members", "repos/a/b/collaborators/bob")
    }
    assert graphql < by_members


@pytest.mark.parametrize(
    "address", ["https://gitlab.com/api/v4", "https://example.test/groups/api/v4", "https://example.test/api/v4"]
)
@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/groups/acme%2Fsupport/members", "the group's members"),
        ("/projects/acme%2Fgroups%2Fbudgets/notes", "scope `read_api`"),
        ("/projects/7/members/all/9", "scope `read_api`"),
    ],
)
def test_gitlab_names_what_a_token_needs_wherever_it_is(address: str, path: str, hint: str) -> None:
    refused = httpx.MockTransport(lambda _: httpx.Response(403, json={}))
    connection = gitlab.Connection(token="t", api_url=address)
    with gitlab.Channel(connection, transport=refused) as channel, pytest.raises(ForbiddenError) as error:
        channel.get(path)
    assert hint in error.value.hint


def test_a_token_that_an_answer_echoes_is_not_shown() -> None:
    with (
        speaking(lambda _: httpx.Response(422, text="bad ghs_secret\x1b")) as channel,
        pytest.raises(RejectedError) as error,
    ):
        channel.get("/user")
    assert "ghs_secret" not in error.value.message
    assert "\\x1b" in error.value.message


def test_a_token_is_in_no_representation() -> None:
    assert "ghs_secret" not in repr(Connection(token="ghs_secret"))


def test_the_next_page_is_not_fetched_from_another_host() -> None:
    page = httpx.Response(200, json=[], headers={"link": '<https://evil.example/x>; rel="next"'})
    with speaking(lambda _: page) as channel, pytest.raises(UnreadableError, match="token was not sent"):
        list(channel.pages("/repos/a/b/issues"))


def test_a_redirect_is_followed_on_the_same_host_only() -> None:
    def moved(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/repos/a/old":
            return httpx.Response(301, headers={"location": "/repositories/1"})
        if request.url.path == "/repos/a/evil":
            return httpx.Response(301, headers={"location": "https://evil.example/"})
        return httpx.Response(200, json={"default_branch": "main"})

    with speaking(moved) as channel:
        assert default_branch(channel, Repository("a", "old")) == "main"
        with pytest.raises(UnreadableError, match=r"evil\.example"):
            default_branch(channel, Repository("a", "evil"))


def test_a_listing_without_an_end_is_given_up() -> None:
    page = httpx.Response(200, json=[{"id": 1}], headers={"link": '<https://api.github.com/again>; rel="next"'})
    connection = Connection(token="t", max_pages=3)
    with (
        Channel(connection, transport=httpx.MockTransport(lambda _: page)) as channel,
        pytest.raises(UnreadableError, match="3 pages"),
    ):
        list(channel.pages("/repos/a/b/issues"))


@pytest.mark.parametrize("body", ["<html>", "[1]", '{"a": 1}'])
def test_a_listing_that_is_none_is_unreadable(body: str) -> None:
    with speaking(lambda _: httpx.Response(200, text=body)) as channel, pytest.raises(UnreadableError):
        list(channel.pages("/repos/a/b/issues"))


@pytest.mark.parametrize(
    "document", [[], {"number": "x"}, {"number": 1}, {"number": 1, "head": {"sha": ""}, "base": {}}]
)
def test_a_pull_request_that_lacks_what_decides_is_unreadable(document: object) -> None:
    with speaking(lambda _: httpx.Response(200, json=document)) as channel, pytest.raises(UnreadableError):
        pull_request(channel, Repository("a", "b"), 1)


def test_a_lost_connection_is_an_error_that_says_so() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with speaking(broken) as channel:
        with pytest.raises(UnreachableError):
            channel.get("/user")
        with pytest.raises(LostAnswerError):
            channel.write("POST", "/x", {"a": 1})


def test_a_missing_thing_is_none_and_any_other_refusal_is_an_error() -> None:
    with speaking(lambda request: httpx.Response(404 if "no" in request.url.path else 410, json={})) as channel:
        assert channel.find("/no") is None
        with pytest.raises(RejectedError):
            channel.find("/gone")
        channel.delete("/no")
        with pytest.raises(RejectedError):
            channel.delete("/gone")


@pytest.mark.parametrize("url", ["ftp://x", "http://github.example", "https://a@b", "https://x?y=1", ""])
def test_an_address_that_a_token_must_not_go_to_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Connection(api_url=url, token="t")


def test_plain_http_is_allowed_to_this_machine_only() -> None:
    assert Connection(api_url="http://localhost:1/", token="t").is_loopback
    assert Connection(api_url="http://127.0.0.1:1", token="t").is_loopback


@pytest.mark.parametrize("token", ["", "a b", "ключ"])
def test_a_token_that_cannot_be_one_is_refused(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        Connection(token=token)


@pytest.mark.parametrize("text", ["acme", "acme/", "/x", "acme/a/b", "acme/..", "acme/a b", "a" * 101 + "/b"])
def test_a_repository_is_owner_and_name(text: str) -> None:
    with pytest.raises(UsageError):
        Repository.parse(text)
    assert str(Repository.parse("acme/ai-budgets")) == "acme/ai-budgets"


@pytest.mark.parametrize("text", ["main", "abc", "A" * 40, "a" * 39, "../../x"])
def test_only_a_whole_commit_id_becomes_part_of_a_path(text: str) -> None:
    with pytest.raises(UsageError):
        commit_id(text)


def test_who_we_are_is_asked_as_far_as_github_tells() -> None:
    with speaking(lambda _: httpx.Response(404, json={})) as channel:
        assert identify(channel).login == "github-actions[bot]"
    with speaking(lambda _: httpx.Response(200, json={"login": "dana"})) as channel:
        assert identify(channel).app is None
    with speaking(lambda _: httpx.Response(410, json={})) as channel, pytest.raises(RejectedError):
        identify(channel)
    with speaking(lambda _: httpx.Response(200, json={})) as channel, pytest.raises(UnreadableError):
        identify(channel)


def test_a_check_run_without_an_id_is_unreadable() -> None:
    def answers(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"check_runs": []} if request.method == "GET" else {})

    verdict = CheckVerdict("success", "t", "s", "no record")
    with speaking(answers) as channel, pytest.raises(UnreadableError):
        publish_check(channel, Repository("a", "b"), "a" * 40, verdict, app="x")


def test_a_time_that_is_none_is_unknown() -> None:
    assert instant("yesterday") is None
    assert instant(None) is None


def test_a_reset_without_a_date_is_counted_by_our_own_clock() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}
    assert rate_limit_wait(httpx.Response(403, headers=headers)) == 1.0


def listing(count: int, headers: Callable[[int, int], dict[str, str]], *, ignores: bool = False) -> tuple[int, int]:
    """Return how many items of `count` are read, and in how many requests, where a page of ten has these headers."""
    asked: list[str] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        number = 1 if ignores else int(request.url.params.get("page", "1"))
        last = max(-(-count // 10), 1)
        items = [{"id": item} for item in range(count)][10 * (number - 1) : 10 * number]
        return httpx.Response(200, json=items, headers=headers(number, last))

    with Channel(Connection(token="t", page_size=10), transport=httpx.MockTransport(page)) as channel:
        found = [item["id"] for item in channel.pages("/things")]
    assert found == sorted(set(found))
    return len(found), len(asked)


def linked(number: int, last: int) -> dict[str, str]:
    address = "https://api.github.com/things?per_page=10&page="
    following = f'<{address}{number + 1}>; rel="next", ' if number < last else ""
    return {"link": f'{following}<{address}1>; rel="first"'}


def numbered(number: int, last: int) -> dict[str, str]:
    return {"x-next-page": str(number + 1) if number < last else ""}


def silent(number: int, last: int) -> dict[str, str]:
    del number, last
    return {}


@pytest.mark.parametrize("count", [0, 9, 10, 11, 20, 35])
def test_a_listing_is_read_whole_where_the_header_that_links_its_pages_is_lost(count: int) -> None:
    pages = max(-(-count // 10), 1)
    assert listing(count, linked) == (count, pages)
    assert listing(count, numbered) == (count, pages)
    assert listing(count, silent) == (count, count // 10 + 1)


def test_a_listing_that_knows_no_page_by_number_is_read_once() -> None:
    assert listing(10, silent, ignores=True) == (10, 2)


@pytest.mark.parametrize(("count", "is_whole"), [(9, True), (10, False), (11, False)])
def test_the_first_page_is_all_there_is_only_where_that_is_told(count: int, is_whole: bool) -> None:
    page = httpx.Response(200, json=[{"id": item} for item in range(min(count, 10))])
    connection = Connection(token="t", page_size=10)
    with Channel(connection, transport=httpx.MockTransport(lambda _: page)) as channel:
        assert channel.first_page("/things")[1] is is_whole
