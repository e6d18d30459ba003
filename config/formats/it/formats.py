"""Italian dates without the weekday and without a leading zero, so that they can stand in a sentence."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
