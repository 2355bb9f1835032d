# For the other scripts of this folder: GitLab's API, with a token that stands in no command line.
project="$CI_API_V4_URL/projects/$CI_PROJECT_ID"

api() {
  curl --fail --silent --show-error --location --config <(printf 'header = "PRIVATE-TOKEN: %s"\n' "$BUDGETS_API_TOKEN") "$@"
}

# $1: an exit code, $2: why. The receipt says it in the merge request.
stop() {
  echo "$2" | tee reason.txt >&2
  exit "$1"
}
