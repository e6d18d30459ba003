"""People who order without an account, and where parcels go. The check and the index of people are added without
holding up those who write."""

import apps.accounts.fields
import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0020_price_change_consent'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=150, verbose_name='name')),
                ('company', models.CharField(blank=True, max_length=200, verbose_name='company')),
                ('line1', models.CharField(max_length=120, verbose_name='street and number')),
                ('line2', models.CharField(blank=True, max_length=120, verbose_name='building, floor')),
                ('postal_code', models.CharField(blank=True, max_length=20, verbose_name='postcode')),
                ('city', models.CharField(blank=True, max_length=100, verbose_name='city')),
                ('region', models.CharField(blank=True, max_length=100, verbose_name='province or state')),
                ('country', models.CharField(max_length=2, verbose_name='country')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('is_default', models.BooleanField(default=False, verbose_name='used first')),
            ],
            options={
                'verbose_name': 'address',
                'verbose_name_plural': 'addresses',
                'ordering': ['customer', '-is_default', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='user',
            name='contact_email',
            field=apps.accounts.fields.LowerCaseEmailField(blank=True, db_default='', default='', editable=False, max_length=254, verbose_name='address of the guest'),
        ),
        migrations.AddField(
            model_name='user',
            name='is_guest',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Ordered without an account.', verbose_name='guest'),
        ),
        AddIndexConcurrently(
            model_name='user',
            index=models.Index(condition=models.Q(('is_guest', True)), fields=['contact_email'], name='accounts_guests_by_address'),
        ),
        AddConstraintNotValid(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('contact_email', ''), ('is_guest', False)), models.Q(('is_active', False), ('is_guest', True), ('is_staff', False), models.Q(('contact_email', ''), _negated=True)), _connector='OR'), name='accounts_guest_cannot_log_in'),
        ),
        ValidateConstraint("user", "accounts_guest_cannot_log_in"),
        migrations.AddField(
            model_name='address',
            name='customer',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='addresses', to=settings.AUTH_USER_MODEL, verbose_name='customer'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('customer',), name='accounts_one_default_address'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.CheckConstraint(condition=models.Q(('country__regex', '^[A-Z]{2}$')), name='accounts_address_country'),
        ),
    ]
