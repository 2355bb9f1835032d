#!/usr/bin/env bash
# Say in the merge request what became of it: applied, or not and why.
set -euo pipefail

[ -s merge-request.txt ] || { echo "There is no merge request to say it in."; exit 0; }
MERGE_REQUEST="$(cat merge-request.txt)"
export MERGE_REQUEST
{
  if [ "$CI_JOB_STATUS" = success ]; then echo "#### Applied from \`${CI_COMMIT_SHA:0:8}\`"; else echo "#### **Not applied, or not whole**, from \`${CI_COMMIT_SHA:0:8}\`"; fi
  echo
  echo "Approved by $(cat approved.txt 2> /dev/null || echo "nobody that counts"). [The job]($CI_JOB_URL) says more."
  echo
  if [ -s reason.txt ]; then cat reason.txt; elif [ -s run.txt ]; then sed 's/^/    /' run.txt; else echo "It stopped before anything was written, or its outcome is in the journal: see the job."; fi
} > receipt.md
bash "$(dirname "$0")/note.sh" receipt.md
