"""Prices to which tax is added, and the tax of each period, which a credit gives back."""

from django.db import migrations, models

# As billing's lines were computed until now: the tax inside the amount, rounded half away from zero.
TAX_SO_FAR = """
UPDATE memberships_period
SET tax_minor = round(gross_minor::numeric * tax_basis_points / (10000 + tax_basis_points))
WHERE tax_basis_points > 0 AND gross_minor <> 0;
"""


class Migration(migrations.Migration):

    dependencies = [('memberships', '0022_price_words')]

    operations = [
        migrations.AddField(
            model_name='price',
            name='tax_included',
            field=models.BooleanField(db_default=True, default=True, help_text="Prices for consumers include tax. Otherwise the tax of the customer's country is added.", verbose_name='tax included'),
        ),
        migrations.AddField(
            model_name='period',
            name='tax_minor',
            field=models.BigIntegerField(db_default=0, default=0, verbose_name='tax in it'),
        ),
        migrations.RunSQL(TAX_SO_FAR, migrations.RunSQL.noop),
    ]
