# kt-budgets as an image, for runners that start containers: what it needs as it is pinned by hash, git, and nobody's root.
# docker build --tag kt-budgets .
# docker run --rm --volume "$PWD:/work" --user "$(id -u)" kt-budgets validate
FROM python:3.12-slim@sha256:57cd7c3a7a273101a6485ba99423ee568157882804b1124b4dd04266317710de AS build
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/kt-budgets
COPY constraints.txt ./
RUN /opt/kt-budgets/bin/python -m pip install --quiet --no-deps --only-binary :all: --require-hashes --requirement constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY .github/budgets.example.yml .github/gitlab-ci.example.yml .github/
COPY budgets budgets
COPY reconciler reconciler
RUN /opt/kt-budgets/bin/python -m pip install --quiet --no-deps --no-index --no-build-isolation .

FROM python:3.12-slim@sha256:57cd7c3a7a273101a6485ba99423ee568157882804b1124b4dd04266317710de
RUN apt-get update \
  && apt-get install --yes --no-install-recommends git \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --create-home --shell /usr/sbin/nologin kt-budgets \
  && git config --system --add safe.directory /work
COPY --from=build /opt/kt-budgets /opt/kt-budgets
ENV PATH="/opt/kt-budgets/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["kt-budgets"]
CMD ["--help"]
