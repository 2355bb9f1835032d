#!/usr/bin/env bash
# note.sh FILE      keep one note of ours in the merge request, with this text; an older pipeline never replaces a newer
# note.sh --failed  say above the text that stands there that it is not current
set -euo pipefail
. "$(dirname "$0")/api.sh"

number="${MERGE_REQUEST:-$CI_MERGE_REQUEST_IID}"
notes="$project/merge_requests/$number/notes"
mark="<!-- kt-budgets:v1 pipeline=$CI_PIPELINE_ID -->"
me="$(api "$CI_API_V4_URL/user" | jq .id)"
found="" page=1
while [ -z "$found" ]; do
  listed="$(api "$notes?sort=asc&order_by=created_at&per_page=100&page=$page")"
  if [ "$(jq length <<< "$listed")" = 0 ]; then break; fi
  found="$(jq --argjson me "$me" 'first(.[] | select(.author.id == $me and (.body | startswith("<!-- kt-budgets:v1")))) // empty' <<< "$listed")"
  page=$((page + 1))
done
before="$(jq --raw-output '.body // empty' <<< "$found")"
newest="$(sed -nE '1s/.* pipeline=([0-9]+) .*/\1/p' <<< "$before")"
if [ "${newest:-0}" -gt "$CI_PIPELINE_ID" ]; then
  echo "A newer pipeline wrote the note; it is left as it is."
  exit 0
fi

if [ "$1" = --failed ]; then
  why="$(cat reason.txt 2> /dev/null || echo "the job failed")"
  text="> **Not current.** Pipeline $CI_PIPELINE_ID made no plan of ${CI_COMMIT_SHA:0:8}: $why ($CI_JOB_URL)

$(sed -E '1{/^<!-- kt-budgets:v1/d;}; /^> \*\*Not current\.\*\* /d' <<< "$before")"
else
  text="$(sed -E '1{/^<!-- kt-budgets:v1/d;}' "$1")"
fi
id="$(jq '.id // empty' <<< "$found")"
if [ -n "$id" ]; then method=PUT; else method=POST; fi
printf '%s\n%s\n\n<sub>[Pipeline %s](%s), its artefacts hold the full report.</sub>\n' "$mark" "$text" "$CI_PIPELINE_ID" "$CI_PIPELINE_URL" \
  | jq --raw-input --slurp '{body: .}' \
  | api --output /dev/null --request "$method" --header "Content-Type: application/json" --data @- "$notes${id:+/$id}"
