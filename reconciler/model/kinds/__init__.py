"""The kinds of objects that are managed besides money, one module each: what `ManagedKind` asks of a kind is there.

To add a kind, write its module here (model, key, wire form, words), name it in `registry.py`, and give its YAML a field
in `model/organization.py` or `model/team.py`. Everything else is told by the kind: the three-way comparison, drift and
what is unmanaged (`plan/`), reading and writing (`keeptrusts/`), carrying out, proving and remembering (`apply/`),
plan.json and its schema (`model/change.py`), tables and sentences (`report/`). A kind whose changes deserve more than
the usual table names one in `report/object_tables.py`.
"""
