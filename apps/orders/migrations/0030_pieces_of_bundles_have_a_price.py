"""Single pieces out of bundles have a share of the price, and money can be given back for them."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):

    dependencies = [("orders", "0023_default_rates_translated")]

    operations = [
        migrations.AddField(
            model_name="orderpiece",
            name="weight",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="weight in the price"),
        ),
        migrations.AddField(
            model_name="orderpiece",
            name="refunded_quantity",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="given money back for"),
        ),
        migrations.AddField(
            model_name="orderpiece",
            name="returned_quantity",
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name="came back"),
        ),
        AddConstraintNotValid(
            model_name="orderpiece",
            constraint=models.CheckConstraint(
                condition=Q(("weight", None), ("weight__gte", 1), _connector="OR"), name="orders_piece_weighs_something"
            ),
        ),
        AddConstraintNotValid(
            model_name="orderpiece",
            constraint=models.CheckConstraint(
                condition=Q(("returned_quantity__lte", F("refunded_quantity"))),
                name="orders_piece_no_more_back_than_paid",
            ),
        ),
        migrations.CreateModel(
            name="OrderRefundPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("quantity", models.PositiveIntegerField(verbose_name="quantity")),
                ("amount_minor", models.BigIntegerField(verbose_name="amount")),
                (
                    "piece",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="refunds", to="orders.orderpiece"
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="pieces", to="orders.orderrefund"
                    ),
                ),
            ],
            options={
                "verbose_name": "piece of a refund",
                "verbose_name_plural": "pieces of refunds",
                "constraints": [
                    models.UniqueConstraint(fields=("refund", "piece"), name="orders_refund_piece_once"),
                    models.CheckConstraint(condition=Q(("quantity__gte", 1)), name="orders_refund_piece_quantity"),
                ],
            },
        ),
    ]
