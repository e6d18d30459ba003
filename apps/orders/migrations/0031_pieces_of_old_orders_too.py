"""The pieces of old orders obey the new checks too. Reads the table without holding up those who write."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("orders", "0030_pieces_of_bundles_have_a_price")]

    operations = [
        ValidateConstraint(model_name="orderpiece", name="orders_piece_weighs_something"),
        ValidateConstraint(model_name="orderpiece", name="orders_piece_no_more_back_than_paid"),
    ]
