"""dj-stripe's tables come from one migration of ours; they are those that its own migrations make."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.test import override_settings
from psycopg import sql

LABEL = "djstripe"
QUERIES = {
    "columns": """
        SELECT table_name, column_name, udt_name, character_maximum_length, numeric_precision, numeric_scale,
            is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name LIKE 'djstripe%%'
    """,
    "constraints": """
        SELECT c.conrelid::regclass::text, c.contype::text, pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
        WHERE t.relname LIKE 'djstripe%%'
    """,
    "indexes": r"""
        SELECT tablename, regexp_replace(indexdef, 'INDEX \S+ ON', 'INDEX ON')
        FROM pg_indexes WHERE schemaname = 'public' AND tablename LIKE 'djstripe%%'
    """,
}


def state_of(modules: dict[str, str]) -> ProjectState:
    """What the migrations of dj-stripe, and those they stand on, come to."""
    with override_settings(MIGRATION_MODULES=modules):
        loader = MigrationLoader(None)
        leaves = [leaf for leaf in loader.graph.leaf_nodes() if leaf[0] == LABEL]
        return loader.project_state(leaves)


def test_ours_comes_to_the_same_models_as_the_packages():
    """Fails after an upgrade of dj-stripe: delete ours and make it anew (docs/billing-stripe.md)."""
    package, ours = state_of({}), state_of(settings.MIGRATION_MODULES)
    assert len([key for key in ours.models if key[0] == LABEL]) > 40
    for first, second in ((package, ours), (ours, package)):
        first, second = first.clone(), second.clone()
        changes = MigrationAutodetector(first, second)._detect_changes(convert_apps={LABEL})
        assert LABEL not in changes, changes[LABEL][0].operations


@pytest.mark.prove
@pytest.mark.django_db
def test_the_tables_are_the_same_as_the_packages():
    """Its own migrations are run on an empty database beside the tests' (two minutes)."""
    name = f"{connection.settings_dict['NAME']}_djstripe"
    with connection.cursor() as cursor:
        mine = {what: sorted_rows(cursor, query) for what, query in QUERIES.items()}
    base = connection.settings_dict
    login = {"host": base["HOST"], "port": base["PORT"], "user": base["USER"], "password": base["PASSWORD"]}
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = f"postgres://{base['USER']}:{base['PASSWORD']}@{base['HOST']}:{base['PORT']}/{name}"
            code = (
                "from django.conf import settings; import django; settings.MIGRATION_MODULES = {}; django.setup(); "
                "from django.core.management import call_command; call_command('migrate', 'djstripe', verbosity=0)"
            )
            environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
            subprocess.run([sys.executable, "-c", code], env=environment, check=True)
            with psycopg.connect(**login, dbname=name) as other, other.cursor() as cursor:
                theirs = {what: sorted_rows(cursor, query) for what, query in QUERIES.items()}
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    for what in QUERIES:
        assert mine[what] == theirs[what], what
        assert mine[what]


def sorted_rows(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query.replace("%%", "%"))
    return sorted(tuple(map(str, row)) for row in cursor.fetchall())
