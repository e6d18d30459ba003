"""Declarations are evidence: they are not edited. Erasure blanks who declared, and the words that name them."""

from django.db import migrations

from apps.core.append_only import protect


class Migration(migrations.Migration):
    dependencies = [("memberships", "0060_declarations")]

    operations = [protect("memberships_declaration", personal=("name", "email", "cause", "contract", "words"))]
