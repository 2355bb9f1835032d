#!/usr/bin/env bash
# Make the checkout the merged result, as it will be on the target branch: GitLab's own, where it made one, else ours.
set -euo pipefail
. "$(dirname "$0")/api.sh"

target="$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
git fetch --quiet origin "+refs/heads/$target:refs/remotes/origin/$target"
if [ "$CI_MERGE_REQUEST_EVENT_TYPE" = detached ]; then
  head="$CI_COMMIT_SHA"
  git checkout --quiet --detach "refs/remotes/origin/$target"
  git -c user.name=kt-budgets -c user.email=kt-budgets@localhost merge --quiet --no-ff --no-edit "$head" \
    || stop 4 "This merge request conflicts with $target: merge or rebase it, then it is planned."
else
  head="$CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"
fi
echo "$head" > head.txt
