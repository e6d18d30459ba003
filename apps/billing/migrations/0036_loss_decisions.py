"""What staff decide about lost disputes, and credit notes for those whose sale is taken back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.append_only import protect


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0035_tax_number_tries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='LossDecision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(verbose_name='loss')),
                ('choice', models.CharField(choices=[('bad_debt', 'left as bad debt'), ('credit_note', 'taken back by a credit note')], max_length=20, verbose_name='decision')),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('actor', models.CharField(max_length=254, verbose_name='by')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'decision about a loss',
                'verbose_name_plural': 'decisions about losses',
                'ordering': ['pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='creditnote',
            name='billing_credit_note_settlement',
        ),
        migrations.AlterField(
            model_name='creditnote',
            name='settlement',
            field=models.CharField(choices=[('card', 'back to the card'), ('credit', "to the customer's credit"), ('open', 'against what was still owed'), ('bank', "given back by the customer's bank")], max_length=20, verbose_name='settled'),
        ),
        migrations.AddConstraint(
            model_name='creditnote',
            constraint=models.CheckConstraint(condition=models.Q(('settlement__in', ['card', 'credit', 'open', 'bank'])), name='billing_credit_note_settlement'),
        ),
        migrations.AddField(
            model_name='lossdecision',
            name='credit_note',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='loss', to='billing.creditnote', verbose_name='credit note'),
        ),
        migrations.AddField(
            model_name='lossdecision',
            name='dispute',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='billing.dispute', verbose_name='dispute'),
        ),
        migrations.AddConstraint(
            model_name='lossdecision',
            constraint=models.UniqueConstraint(fields=('dispute', 'number'), name='billing_loss_decided_once'),
        ),
        migrations.AddConstraint(
            model_name='lossdecision',
            constraint=models.UniqueConstraint(condition=models.Q(('choice', 'credit_note')), fields=('dispute',), name='billing_loss_credited_once'),
        ),
        migrations.AddConstraint(
            model_name='lossdecision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('choice', 'credit_note'), ('credit_note__isnull', False)), models.Q(('choice', 'bad_debt'), ('credit_note', None)), _connector='OR'), name='billing_loss_note_where_chosen'),
        ),
        protect("billing_lossdecision"),
    ]
