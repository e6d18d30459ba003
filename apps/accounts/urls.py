from django.urls import path

from . import views

urlpatterns = [path("mail/unsubscribe/<str:token>/", views.Unsubscribe.as_view(), name="unsubscribe")]
