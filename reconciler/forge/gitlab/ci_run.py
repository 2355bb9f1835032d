"""What GitLab calls things, and what its CI/CD says about the job that we are in: what it does not say is left out."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.forge.ci_run import Cause, CiRun
from reconciler.model.forge_words import ForgeWords

WORDS = ForgeWords(
    forge="GitLab",
    request="merge request",
    sign="!",
    pipeline="pipeline",
    planner="review",
    check="status",
    planning="`KT_BUDGETS_TASK=review` and `KT_BUDGETS_PULL_REQUEST={number}` in a pipeline of the default branch",
    history="`GIT_DEPTH: 0` in a job",
    recorder="a bot, which GitLab makes for a project or group access token,",
    recording="run it in a pipeline of the default branch, with a project access token in the protected variable"
    " GITLAB_TOKEN",
    token="GITLAB_TOKEN",  # noqa: S106 - the name of a variable
    seeing="the bot of GITLAB_TOKEN is a member of that group",
    afterwards="by a thumb up, since nobody can approve what is merged",
    again="revoke the approval and approve again",
    variables="KT_BUDGETS_",
)
_CAUSES: dict[str, Cause] = {
    "": "",
    "api": "manual",
    "external_pull_request_event": "other",
    "merge_request_event": "change request",
    "push": "push",
    "schedule": "schedule",
    "trigger": "manual",
    "web": "manual",
}
_TEST_MERGES = ("merged_result", "merge_train")
_NOTHING = "0" * 40


def run_of(variables: Mapping[str, str]) -> CiRun:
    """Return what the environment says; GitLab writes no file about what started a job.

    The head is the merge request's own last commit: in a pipeline for merged results, CI_COMMIT_SHA is a merge made for
    testing. A job that is started again keeps the number of its pipeline, which orders runs.
    """
    event = variables.get("CI_PIPELINE_SOURCE", "")
    is_request = event == "merge_request_event"
    commit = variables.get("CI_COMMIT_SHA") or None
    number, pipeline = variables.get("CI_MERGE_REQUEST_IID", ""), variables.get("CI_PIPELINE_ID", "")
    before = variables.get("CI_COMMIT_BEFORE_SHA", "")
    return CiRun(
        cause=_CAUSES.get(event, "other"),
        event=event,
        repository=variables.get("CI_PROJECT_PATH") or None,
        number=int(number) if number.isdigit() else None,
        head=(variables.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit) if is_request else None,
        base=variables.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or None,
        target=variables.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
        is_test_merge=variables.get("CI_MERGE_REQUEST_EVENT_TYPE") in _TEST_MERGES,
        before=before if before and before != _NOTHING else None,
        commit=commit,
        reference=variables.get("CI_MERGE_REQUEST_REF_PATH") or variables.get("CI_COMMIT_REF_NAME", ""),
        branch=variables.get("CI_COMMIT_BRANCH", ""),
        run=(int(pipeline), 1) if pipeline.isdigit() else None,
        has_event=bool(event),
        actor=variables.get("GITLAB_USER_LOGIN", ""),
        url=variables.get("CI_JOB_URL", ""),
    )
