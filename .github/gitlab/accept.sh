#!/usr/bin/env bash
# Fetch the plan that this pipeline's apply job refused, for somebody who looked at it.
set -euo pipefail
. "$(dirname "$0")/api.sh"

job="$(api "$project/pipelines/$CI_PIPELINE_ID/jobs?per_page=100" | jq 'first(.[] | select(.name == "apply") | .id) // empty')"
[ -n "$job" ] || stop 2 "This pipeline has no apply job."
api --output plan.json "$project/jobs/$job/artifacts/plan.json"
api --output merge-request.txt "$project/jobs/$job/artifacts/merge-request.txt" || true
echo "@$GITLAB_USER_LOGIN, who pressed accept" > approved.txt
