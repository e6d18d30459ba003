"""The ways to send parcels that a shop starts with, in its other languages; what staff wrote is left alone."""

from django.db import migrations

# Of each name and detail the Italian, French and Romanian text.
_NAMES = {
    "Standard": ("Standard", "Standard", "Standard"),
    "Express": ("Espresso", "Express", "Expres"),
    "Freight": ("Trasporto su pallet", "Transport sur palette", "Transport pe palet"),
    "International": ("Internazionale", "International", "Internațional"),
}
_DETAILS = {
    "2 to 3 working days": ("Da 2 a 3 giorni lavorativi", "De 2 à 3 jours ouvrés", "2–3 zile lucrătoare"),
    "4 to 6 working days": ("Da 4 a 6 giorni lavorativi", "De 4 à 6 jours ouvrés", "4–6 zile lucrătoare"),
    "8 to 12 working days": ("Da 8 a 12 giorni lavorativi", "De 8 à 12 jours ouvrés", "8–12 zile lucrătoare"),
    "Next working day": ("Il giorno lavorativo successivo", "Le jour ouvré suivant", "Următoarea zi lucrătoare"),
    "By appointment, on a pallet": (
        "Su appuntamento, su un pallet",
        "Sur rendez-vous, sur une palette",
        "Cu programare, pe un palet",
    ),
}
_LANGUAGES = ("it", "fr", "ro")


def translate(apps, schema_editor) -> None:
    rates = apps.get_model("orders", "ShippingRate").objects.filter(i18n__isnull=True)
    for name, names in _NAMES.items():
        for detail, details in _DETAILS.items():
            texts = {f"name_{code}": said for code, said in zip(_LANGUAGES, names, strict=True)}
            texts |= {f"detail_{code}": said for code, said in zip(_LANGUAGES, details, strict=True)}
            rates.filter(name=name, detail=detail).update(i18n=texts)


class Migration(migrations.Migration):
    dependencies = [("orders", "0022_translations")]

    operations = [migrations.RunPython(translate, migrations.RunPython.noop)]
