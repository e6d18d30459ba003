from django.urls import path

from . import views

urlpatterns = [
    path("", views.mailbox, name="demo_mailbox"),
    path("<int:pk>/", views.mailbox_message, name="demo_mailbox_message"),
    path("<int:pk>/html/", views.mailbox_html, name="demo_mailbox_html"),
]
