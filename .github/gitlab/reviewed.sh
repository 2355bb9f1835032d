#!/usr/bin/env bash
# reviewed.sh PLAN   refuse PLAN unless it is what the merge request showed for its last commit, and somebody other than its
#                    author approved that; write who to approved.txt and the merge request to merge-request.txt
set -euo pipefail
. "$(dirname "$0")/api.sh"

of_commit="$(api "$project/repository/commits/$CI_COMMIT_SHA/merge_requests" | jq --arg sha "$CI_COMMIT_SHA" --arg branch "$CI_DEFAULT_BRANCH" \
  'first(.[] | select(.state == "merged" and .target_branch == $branch and ([.merge_commit_sha, .squash_commit_sha, .sha] | index($sha)))) // empty')"
[ -n "$of_commit" ] || stop 4 "$CI_COMMIT_SHA was merged by no merge request, so nobody approved it. Revert it, or press accept."
number="$(jq .iid <<< "$of_commit")" head="$(jq --raw-output .sha <<< "$of_commit")" author="$(jq --raw-output .author.username <<< "$of_commit")"
echo "$number" > merge-request.txt
approved="$(api "$project/merge_requests/$number/approvals" \
  | jq --raw-output --arg author "$author" '[.approved_by[].user.username | select(. != $author) | "@" + .] | unique | join(", ")')"
[ -n "$approved" ] || stop 4 "Nobody but its author approved merge request !$number. Revert it, or press accept."
echo "$approved" > approved.txt

rm -f reviewed.json
for pipeline in $(api "$project/merge_requests/$number/pipelines?per_page=100" | jq 'sort_by(-.id)[].id'); do
  job="$(api "$project/pipelines/$pipeline/jobs?per_page=100" | jq 'first(.[] | select(.name == "plan" and .status == "success") | .id) // empty')"
  if [ -n "$job" ] && [ "$(api "$project/jobs/$job/artifacts/head.txt")" = "$head" ]; then
    api --output reviewed.json "$project/jobs/$job/artifacts/plan.json"
    break
  fi
done
[ -e reviewed.json ] || stop 5 "No plan was shown for ${head:0:8}, the last commit of merge request !$number. Look at plan.json of this job, then press accept."
moved="$(jq --raw-output --slurpfile reviewed reviewed.json \
  '. as $now | $reviewed[0] as $shown | if $now.period != $shown.period then "the month"
   else [$now.changes[].team] | unique | map(select($now.fingerprints[.] != $shown.fingerprints[.])) | join(", ") end' "$1")"
[ -z "$moved" ] || stop 5 "It is not what merge request !$number showed any more: $moved. Nothing was applied. Look at plan.json of this job, then press accept."
echo "As shown in merge request !$number, and approved by $approved."
