"""What the models publish is what stands in `schemas/`, whoever wrote it there."""

from __future__ import annotations

from pathlib import Path

from reconciler.app.schemas import schemas
from reconciler.source.schemas import schema_text

PUBLISHED = Path(__file__).parents[2] / "schemas"


def test_the_published_schemas_are_those_of_the_models() -> None:
    made = {name: schema_text(schema) for name, schema in schemas().items()}
    assert made == {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.glob("*.schema.json")}
