#!/usr/bin/env bash
# Plan the budgets and show the plan in the pull request of this run, as the action at the top of this repository does it.
# kt-budgets is on the path; its settings are in the environment, as action.yml names them.
set -euo pipefail

refuse() {
  echo "::error::$1"
  exit 2
}

# Runs a command whose outputs are not those of this step.
quietly() {
  GITHUB_OUTPUT="" "$@"
}

# $1: a word. Whether fail-on has it.
fails_on() {
  [[ " $FAIL_ON " == *" $1 "* ]]
}

show() {
  [ "$COMMENT" = true ] || return 0
  case "${GITHUB_EVENT_NAME:-}" in
    pull_request) quietly kt-budgets pr comment "$@" ;;
    *) echo "This run is of no pull request: nothing is commented." ;;
  esac
}

[ "$COMMAND" = plan ] || refuse "command is '$COMMAND', and may be plan or setup"
[[ "$COMMENT" =~ ^(true|false)$ ]] || refuse "comment is '$COMMENT', and may be true or false"
FAIL_ON="${FAIL_ON//,/ }"
for word in $FAIL_ON; do
  [[ "$word" =~ ^(findings|refused|changes|never)$ ]] \
    || refuse "fail-on has '$word', and may have findings, refused and changes, or be never"
done
cd -- "$WORKING_DIRECTORY" || refuse "working-directory is '$WORKING_DIRECTORY', which is no folder of the workspace: check the repository out first, or name where it is"
export KT_BUDGETS_FOLDER="$BUDGETS"

if [ -z "${KEEPTRUSTS_API_TOKEN:-}" ]; then
  echo "::notice::No KEEPTRUSTS_API_TOKEN is given, as for a fork's pull request: the budgets are validated, and nothing is planned."
  code=0
  kt-budgets validate --format github || code=$?
  if [ "$code" = 3 ] && ! fails_on findings; then code=0; fi
  exit "$code"
fi

options=()
while IFS= read -r line; do
  if [ -n "$line" ]; then options+=(--usage "$line"); fi
done <<< "$USAGE"
if [ -n "$JOURNAL" ]; then options+=(--journal "$JOURNAL"); fi
rm -f plan.json
code=0 count=0
kt-budgets plan "${options[@]}" --output plan.json || code=$?
if [ "$code" = 4 ] && [ ! -e plan.json ]; then exit 4; fi
case "$code" in
  0 | 4)
    [ "$WORKING_DIRECTORY" = . ] && file=plan.json || file="${WORKING_DIRECTORY%/}/plan.json"
    count="$(python3 -I -c 'import json, sys; print(len(json.load(open(sys.argv[1], encoding="utf-8"))["changes"]))' plan.json)"
    [ "$code" = 0 ] && word=planned || word=refused
    printf '%s\n' "plan=$file" "outcomes={\"$word\": $count}" >> "$GITHUB_OUTPUT"
    quietly kt-budgets validate --suggestions cures.json > /dev/null
    suggestions=(--suggestions cures.json)
    # Without it, the plan is shown all the same.
    if quietly kt-budgets recommend --plan plan.json --suggestions recommended.json > /dev/null; then
      suggestions+=(--suggestions recommended.json)
    fi
    show --plan plan.json "${suggestions[@]}"
    ;;
  3)
    quietly kt-budgets validate --format json --output findings.json --suggestions cures.json || true
    quietly kt-budgets validate --format github || true
    show --findings findings.json --suggestions cures.json
    ;;
  *) exit "$code" ;;
esac
case "$code" in
  3) if fails_on findings; then exit 3; fi ;;
  4) if fails_on refused; then exit 4; fi ;;
esac
if [ "$count" != 0 ] && fails_on changes; then
  echo "::error::the plan has changes, and fail-on names them"
  exit 10
fi
